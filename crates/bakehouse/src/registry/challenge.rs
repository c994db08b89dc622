//! Challenges of a registry: how it wants to be told who asks.

use std::collections::BTreeMap;

use super::reference::is_local;

/// A value of the header `WWW-Authenticate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// User and password with each request.
    Basic,
    /// A token of another service.
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

impl Challenge {
    /// Parses one value of the header; `None` if its scheme is not known.
    pub fn parse(header: &str) -> Option<Self> {
        let header = header.trim();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut parameters = parameters(rest);
        Some(Self::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope"),
        })
    }

    /// Returns whether a login may be sent to where the challenge says: by TLS, or to this machine.
    pub fn is_safe(&self) -> bool {
        let Self::Bearer { realm, .. } = self else {
            return true;
        };
        let local = realm.strip_prefix("http://").map(|rest| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            is_local(authority)
        });
        local.unwrap_or_else(|| realm.starts_with("https://"))
    }
}

/// Parses `key="value",key=value`. Values in quotes may contain commas.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([' ', ',']).to_ascii_lowercase();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.insert(key, value.trim().to_owned());
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn challenges_are_parsed() {
        let realm = "https://auth.example/token";
        let table = [
            ("Basic realm=\"a registry\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://auth.example/token\",service=\"registry.example\",scope=\"repository:a/b:pull,push\"",
                Some(bearer(
                    realm,
                    Some("registry.example"),
                    Some("repository:a/b:pull,push"),
                )),
            ),
            (
                "bearer Realm=\"https://auth.example/token\", error=\"invalid_token\"",
                Some(bearer(realm, None, None)),
            ),
            (
                "Bearer service=x, realm=https://auth.example/token",
                Some(bearer(realm, Some("x"), None)),
            ),
            ("Bearer service=\"x\"", None),
            ("Negotiate", None),
            ("", None),
        ];
        for (header, expected) in table {
            assert_eq!(Challenge::parse(header), expected, "{header}");
        }
    }

    #[test]
    fn logins_are_sent_only_by_tls_or_to_this_machine() {
        let table = [
            ("https://auth.example/token", true),
            ("http://127.0.0.1:5001/token", true),
            ("http://auth.example/token", false),
            ("http://localhost@auth.example/token", false),
            ("ftp://auth.example", false),
        ];
        for (realm, expected) in table {
            assert_eq!(bearer(realm, None, None).is_safe(), expected, "{realm}");
        }
    }
}
