//! Answers of registries that are errors: who said what to which request, and what to do about it.

use serde::Deserialize;
use ureq::http::StatusCode;

use super::reference::RepositoryName;
use crate::problem::{Code, Problem};

/// The body of an error.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    errors: Vec<SaidError>,
}

#[derive(Deserialize)]
struct SaidError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// An answer that is an error.
pub struct Refusal<'a> {
    pub repository: &'a RepositoryName,
    /// The request, e.g. `the manifest latest`.
    pub asked: &'a str,
    pub status: StatusCode,
    pub body: &'a [u8],
    /// Whether the request had a login.
    pub had_login: bool,
}

impl Refusal<'_> {
    /// Returns the code that the registry gives the error, e.g. `UNSUPPORTED`; empty if it gives none.
    pub fn code(&self) -> String {
        let said = serde_json::from_slice::<Said>(self.body).ok();
        let first = said.and_then(|said| said.errors.into_iter().next());
        first.map(|error| error.code).unwrap_or_default()
    }

    /// Returns the problem, with the registry's own words.
    pub fn problem(&self) -> Problem {
        let RepositoryName { host, path } = self.repository;
        let message = format!(
            "{host} answers {} to {} of {path}{}",
            self.status.as_u16(),
            self.asked,
            self.words()
        );
        match self.status.as_u16() {
            401 => Problem::new(Code::RegistryDenied, message).hint(match self.had_login {
                true => format!("its login in Docker's configuration is not accepted: run `docker login {host}` again"),
                false => format!("Docker's configuration has no login for it: run `docker login {host}`"),
            }),
            403 => Problem::new(Code::RegistryDenied, message)
                .hint("let the account read, write or delete there, or log in with another one"),
            429 => Problem::new(Code::RegistryFailed, message)
                .hint("its limit is reached: try again later, or log in, which raises it on most registries"),
            500..=599 => Problem::new(Code::RegistryFailed, message)
                .hint("try again later; its own log says why"),
            _ => Problem::new(Code::RegistryRefused, message)
                .hint("the registry does not do this: see its documentation and settings"),
        }
    }

    fn words(&self) -> String {
        let said = serde_json::from_slice::<Said>(self.body).ok();
        let errors = said.map(|said| said.errors).unwrap_or_default();
        let words = errors.iter().map(|error| match error.message.as_str() {
            "" => error.code.as_str(),
            message => message,
        });
        let words: Vec<&str> = words.filter(|words| !words.is_empty()).collect();
        match words.as_slice() {
            [] => String::new(),
            words => format!(": {}", words.join("; ")),
        }
    }
}

/// Returns the problem of a registry that cannot be reached.
pub fn unreachable(repository: &RepositoryName, asked: &str, why: &str) -> Problem {
    let RepositoryName { host, path } = repository;
    let message = format!("{host} cannot be asked for {asked} of {path}: {why}");
    Problem::new(Code::RegistryFailed, message)
        .hint("correct the name, or use a network that reaches the registry")
}

/// Returns the problem of an answer that is not what was asked for.
pub fn wrong(repository: &RepositoryName, asked: &str, what: &str) -> Problem {
    let RepositoryName { host, path } = repository;
    let message = format!("{host} gives a wrong answer to {asked} of {path}: {what}");
    Problem::new(Code::RegistryFailed, message).hint(
        "its store, or something between here and there, changes content: nothing of it was used",
    )
}
