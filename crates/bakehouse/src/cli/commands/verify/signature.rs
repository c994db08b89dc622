//! Signatures, checked by cosign.

use std::process::Command;

use serde::Serialize;
use serde_json::Value;

use crate::cli::args::VerifyArgs;
use crate::registry::{Digest, RepositoryName};

/// The result of the check of a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Signature {
    /// It is there and right, by these.
    Verified {
        by: Vec<String>,
    },
    NotChecked {
        why: String,
    },
    /// It is not there, or not right.
    Refused {
        why: String,
    },
}

/// Checks the signature of a digest, if there is something to check it with.
pub fn check(repository: &RepositoryName, digest: &Digest, arguments: &VerifyArgs) -> Signature {
    let options = options(arguments);
    let cosign = which::which("cosign");
    let (cosign, options) = match (cosign, options.is_empty()) {
        (Ok(cosign), false) => (cosign, options),
        (Ok(_), true) => {
            return not_checked("neither --key nor --certificate-identity is given");
        }
        (Err(_), true) => return not_checked("cosign is not installed"),
        (Err(_), false) => {
            return Signature::Refused {
                why: "cosign is not installed, which checks it".to_owned(),
            };
        }
    };
    let image = format!("{repository}@{digest}");
    let ran = Command::new(cosign)
        .args(["verify", "--output", "json"])
        .args(&options)
        .args(&arguments.cosign)
        .arg(&image)
        .output();
    let ran = match ran {
        Ok(ran) => ran,
        Err(error) => {
            let why = format!("cosign cannot be run: {error}");
            return Signature::Refused { why };
        }
    };
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        let mut lines = said.lines().filter(|line| !line.trim().is_empty());
        let last = lines.next_back().unwrap_or("cosign does not say why");
        return Signature::Refused {
            why: last.trim_start_matches("Error: ").to_owned(),
        };
    }
    signed(&ran.stdout, digest, arguments)
}

fn not_checked(why: &str) -> Signature {
    Signature::NotChecked {
        why: why.to_owned(),
    }
}

/// Returns cosign's options that say who has to have signed.
fn options(arguments: &VerifyArgs) -> Vec<String> {
    let options = [
        ("--key", &arguments.key),
        ("--certificate-identity", &arguments.identity),
        ("--certificate-identity-regexp", &arguments.identity_regexp),
        ("--certificate-oidc-issuer", &arguments.issuer),
    ];
    let given = options.into_iter();
    let given = given.filter_map(|(name, value)| Some([name.to_owned(), value.clone()?]));
    given.flatten().collect()
}

/// Reads what cosign prints about signatures that are right. They have to be about this digest.
fn signed(said: &[u8], digest: &Digest, arguments: &VerifyArgs) -> Signature {
    let payloads: Vec<Value> = serde_json::from_slice(said).unwrap_or_default();
    let about = |payload: &&Value| {
        payload["critical"]["image"]["docker-manifest-digest"] == digest.as_str()
    };
    let by: Vec<String> = payloads
        .iter()
        .filter(about)
        .map(|payload| {
            let optional = &payload["optional"];
            let text = |key: &str| optional[key].as_str().unwrap_or_default();
            match (text("Subject"), text("Issuer"), &arguments.key) {
                ("", _, Some(key)) => format!("the key {key}"),
                ("", _, None) => "somebody whom cosign does not name".to_owned(),
                (subject, "", _) => subject.to_owned(),
                (subject, issuer, _) => format!("{subject} ({issuer})"),
            }
        })
        .collect();
    match by.is_empty() {
        true => Signature::Refused {
            why: "what cosign has checked is not about this digest".to_owned(),
        },
        false => Signature::Verified { by },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(digest: &Digest, optional: &str) -> String {
        format!(
            r#"[{{"critical":{{"identity":{{"docker-reference":"r/api"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"x"}},"optional":{optional}}}]"#
        )
    }

    #[test]
    fn signatures_name_who_signed_and_are_about_the_image() {
        let digest = Digest::of(b"image");
        let with_key = VerifyArgs {
            key: Some("cosign.pub".to_owned()),
            ..VerifyArgs::default()
        };
        let verified = |by: &str| Signature::Verified {
            by: vec![by.to_owned()],
        };
        let signer = r#"{"Subject":"me@example","Issuer":"https://issuer"}"#;
        let table = [
            (payload(&digest, "null"), verified("the key cosign.pub")),
            (
                payload(&digest, signer),
                verified("me@example (https://issuer)"),
            ),
        ];
        for (said, expected) in table {
            assert_eq!(signed(said.as_bytes(), &digest, &with_key), expected);
        }
        for said in [
            payload(&Digest::of(b"other"), "null"),
            "[]".to_owned(),
            String::new(),
        ] {
            let found = signed(said.as_bytes(), &digest, &with_key);
            assert!(matches!(found, Signature::Refused { .. }), "{said}");
        }
    }
}
