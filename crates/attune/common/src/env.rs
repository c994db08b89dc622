//! Typed configuration from environment variables, with all errors reported at once.

use std::{
    collections::HashMap, ffi::OsString, fmt, fmt::Display, path::PathBuf, str::FromStr,
    time::Duration,
};

/// Reads variables and collects errors. An empty variable counts as unset, since Compose files with `${X:-}` leave
/// variables empty.
#[derive(Debug)]
pub struct Env {
    values: HashMap<String, OsString>,
    errors: Vec<String>,
}

/// All errors of the environment, one line each.
#[derive(Debug, PartialEq)]
pub struct Errors(pub Vec<String>);

impl Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is not usable")?;
        for error in &self.0 {
            write!(f, "\n  {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

impl Env {
    /// Returns this process's environment.
    pub fn process() -> Self {
        Self::from_values(
            std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value))),
        )
    }

    /// Returns an environment that consists of these variables, for tests.
    pub fn of<const N: usize>(values: [(&str, &str); N]) -> Self {
        Self::from_values(values.map(|(key, value)| (key.to_owned(), value.into())))
    }

    fn from_values(values: impl IntoIterator<Item = (String, OsString)>) -> Self {
        Self {
            values: values.into_iter().filter(|(_, v)| !v.is_empty()).collect(),
            errors: Vec::new(),
        }
    }

    /// Returns the variable as `T`, or `default` if it is unset. `expected` completes "must be …".
    pub fn parse<T: FromStr>(&mut self, key: &str, default: T, expected: &str) -> T {
        self.with(key, default, expected, |text| text.parse().ok())
    }

    /// Returns the variable as a path, or `default`. The path need not exist.
    pub fn path(&mut self, key: &str, default: &str) -> PathBuf {
        self.values
            .get(key)
            .map_or_else(|| default.into(), PathBuf::from)
    }

    /// Returns the variable as a number of seconds above zero (fractions allowed), or `default`.
    pub fn seconds(&mut self, key: &str, default: Duration) -> Duration {
        self.with(key, default, "a number of seconds above 0", |text| {
            let seconds: f64 = text.parse().ok()?;
            let duration = Duration::try_from_secs_f64(seconds).ok()?;
            // The upper limit keeps sums of times far from overflow.
            (!duration.is_zero() && duration <= Duration::from_secs(365 * 86400))
                .then_some(duration)
        })
    }

    /// Returns the variable as a plain-HTTP base address without trailing slash, or `default`.
    pub fn url(&mut self, key: &str, default: &str) -> String {
        self.with(key, default.to_owned(), HTTP, |text| http_url(&text))
    }

    /// Returns an address like [`Env::url`], or `None` for the word `off`.
    pub fn url_or_off(&mut self, key: &str, default: &str) -> Option<String> {
        let expected = format!("{HTTP}, or off");
        self.with(key, Some(default.to_owned()), &expected, |text| {
            if text == "off" {
                Some(None)
            } else {
                http_url(&text).map(Some)
            }
        })
    }

    /// Returns the variable as a comma-separated list, or `None` if it is unset.
    pub fn list<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<Vec<T>> {
        self.with(key, None, expected, |text| {
            let items: Option<Vec<T>> = text.split(',').map(|i| i.trim().parse().ok()).collect();
            items.map(Some)
        })
    }

    /// Returns whether everything read so far was valid.
    ///
    /// # Errors
    /// All errors, in the order in which the variables were read.
    pub fn finish(&mut self) -> Result<(), Errors> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Errors(std::mem::take(&mut self.errors)))
        }
    }

    /// Adds an error that concerns more than one variable.
    pub fn reject(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }

    fn with<T>(
        &mut self,
        key: &str,
        default: T,
        expected: &str,
        parse: impl FnOnce(String) -> Option<T>,
    ) -> T {
        let Some(raw) = self.values.get(key) else {
            return default;
        };
        let parsed = raw.to_str().and_then(|text| parse(text.trim().to_owned()));
        parsed.unwrap_or_else(|| {
            self.errors.push(format!(
                "{key} is \"{}\" but must be {expected}",
                raw.display()
            ));
            default
        })
    }
}

const HTTP: &str = "an address such as http://api:8080 (plain http)";

fn http_url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?.trim_end_matches('/');
    let host = !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || "?#@".contains(c));
    host.then(|| format!("http://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported() {
        let mut env = Env::of([
            ("LISTEN", "nowhere"),
            ("WAIT", "-1"),
            ("API", "ftp://x"),
            ("GOOD", "7"),
        ]);
        let listen = env.parse("LISTEN", ([127, 0, 0, 1], 1).into(), "host:port");
        let _: std::net::SocketAddr = listen;
        env.seconds("WAIT", Duration::from_secs(1));
        env.url("API", "http://api:8080");
        assert_eq!(env.parse("GOOD", 0u8, "a number"), 7);
        let errors = env.finish().unwrap_err().0;
        assert_eq!(errors.len(), 3);
        assert_eq!(errors[0], "LISTEN is \"nowhere\" but must be host:port");
    }

    #[test]
    fn empty_is_unset_and_off_is_none() {
        let mut env = Env::of([("A", ""), ("B", "off"), ("C", "http://n:1/"), ("D", "a, b")]);
        assert_eq!(env.url("A", "http://d"), "http://d");
        assert_eq!(env.url_or_off("B", "http://d"), None);
        assert_eq!(env.url_or_off("C", "http://d"), Some("http://n:1".into()));
        let list: Option<Vec<String>> = env.list("D", "words");
        assert_eq!(list, Some(vec!["a".into(), "b".into()]));
        assert_eq!(env.finish(), Ok(()));
    }

    #[test]
    fn durations_stay_sane() {
        let mut env = Env::of([("A", "1e300"), ("B", "0"), ("C", "0.25"), ("D", "NaN")]);
        for key in ["A", "B", "D"] {
            env.seconds(key, Duration::from_secs(1));
        }
        assert_eq!(
            env.seconds("C", Duration::from_secs(1)),
            Duration::from_millis(250)
        );
        assert_eq!(env.finish().unwrap_err().0.len(), 3);
    }
}
