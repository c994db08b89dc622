//! Requests to registries: authentication, retries, errors.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::http::{HeaderMap, Method, Response, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, SendBody};

use super::challenge::Challenge;
use super::credentials::{Login, Logins, of_docker};
use super::reference::RepositoryName;
use super::refusal::{Refusal, unreachable, wrong};
use crate::problem::Problem;

/// The longest time that a request is tried again.
const PATIENCE: Duration = Duration::from_secs(20);
/// The first wait before a request is tried again. It doubles.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The number of bytes of an error's text, and of a token's, that are read.
const FEW: u64 = 64 * 1024;

/// A client of registries.
pub struct Client {
    agent: Agent,
    logins: Logins,
    patience: Duration,
    /// The values of `Authorization`.
    known: Mutex<HashMap<Purpose, String>>,
}

/// The requests that share a token: those to a repository that read, write or delete, with the same further scope.
type Purpose = (RepositoryName, Act, Option<String>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Act {
    Read,
    Write,
    Delete,
}

/// A repository, and the client that reaches it.
#[derive(Clone, Copy)]
pub struct Repository<'a> {
    pub client: &'a Client,
    pub name: &'a RepositoryName,
}

/// A request.
pub(super) struct Request<'a> {
    pub method: Method,
    pub url: String,
    /// The request in messages, e.g. `the manifest latest`.
    pub asked: &'a str,
    pub headers: Vec<(header::HeaderName, String)>,
    pub body: Option<&'a [u8]>,
    /// A scope that a token needs beside that of the challenge.
    pub scope: Option<String>,
}

impl<'a> Request<'a> {
    pub fn new(method: Method, url: String, asked: &'a str) -> Self {
        Self {
            method,
            url,
            asked,
            headers: Vec::new(),
            body: None,
            scope: None,
        }
    }

    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(mut self, body: &'a [u8]) -> Self {
        self.body = Some(body);
        self
    }

    pub fn scope(mut self, scope: Option<String>) -> Self {
        self.scope = scope;
        self
    }

    fn purpose(&self, to: &RepositoryName) -> Purpose {
        let act = match self.method {
            Method::GET | Method::HEAD => Act::Read,
            Method::DELETE => Act::Delete,
            _ => Act::Write,
        };
        (to.clone(), act, self.scope.clone())
    }
}

/// The answer of a service of tokens.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Default for Client {
    fn default() -> Self {
        Self::new(of_docker(), PATIENCE)
    }
}

impl Client {
    /// Makes a client with those logins. It tries a request again for as long as `patience`.
    pub fn new(logins: Logins, patience: Duration) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_per_read(Some(Duration::from_secs(60)))
            .tls_config(tls.build())
            .user_agent(concat!("bakehouse/", env!("CARGO_PKG_VERSION")));
        Self {
            agent: config.build().into(),
            logins,
            patience,
            known: Mutex::default(),
        }
    }

    /// Returns a repository of a registry.
    pub fn repository<'a>(&'a self, name: &'a RepositoryName) -> Repository<'a> {
        Repository { client: self, name }
    }

    /// Sends a request once, with this body, and returns the answer, whatever it says.
    pub(super) fn send_once(
        &self,
        to: &RepositoryName,
        request: &Request<'_>,
        body: Option<&mut dyn Read>,
    ) -> Result<Response<Body>, ureq::Error> {
        let mut builder = ureq::http::Request::builder()
            .method(&request.method)
            .uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if is_at(&request.url, to)
            && let Some(value) = self.authorization(&request.purpose(to))
        {
            builder = builder.header(header::AUTHORIZATION, value);
        }
        match body {
            Some(body) => self.agent.run(builder.body(SendBody::from_reader(body))?),
            None => self.agent.run(builder.body(())?),
        }
    }

    fn authorization(&self, purpose: &Purpose) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(purpose).cloned()
    }

    /// Takes a challenge up: the next request for the purpose will have what it asks for. Returns whether there is a
    /// login that it can be met with.
    ///
    /// # Errors
    /// The service that hands out tokens cannot be reached or refuses.
    fn authorize(&self, purpose: Purpose, challenge: &Challenge) -> Result<bool, Problem> {
        let (to, _, scope) = &purpose;
        let login = (self.logins)(to.login());
        let value = match (challenge, login) {
            (Challenge::Basic, Some(Login::Password { user, password })) => {
                Some(basic(&user, &password))
            }
            (Challenge::Basic, _) => None,
            (
                Challenge::Bearer {
                    realm,
                    service,
                    scope: asked,
                },
                login,
            ) => {
                if login.is_some() && !challenge.is_safe() {
                    let what = format!("it wants the login to be sent to {realm}, without TLS");
                    return Err(wrong(to, "a request", &what));
                }
                let scopes = asked.iter().chain(scope).map(String::as_str);
                let scopes: Vec<&str> = scopes.collect();
                let token = self.token(to, realm, service.as_deref(), &scopes, login)?;
                Some(format!("Bearer {token}"))
            }
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match value {
            Some(value) => {
                known.insert(purpose, value);
                true
            }
            None => false,
        })
    }

    fn token(
        &self,
        to: &RepositoryName,
        realm: &str,
        service: Option<&str>,
        scopes: &[&str],
        login: Option<Login>,
    ) -> Result<String, Problem> {
        let asked = "a token";
        let had_login = login.is_some();
        let answer = match login {
            Some(Login::Identity(token)) => {
                let mut form = vec![
                    ("grant_type", "refresh_token"),
                    ("client_id", "bakehouse"),
                    ("refresh_token", token.as_str()),
                ];
                form.extend(service.map(|service| ("service", service)));
                let scopes = scopes.join(" ");
                form.push(("scope", &scopes));
                self.agent.post(realm).send_form(form)
            }
            login => {
                let mut request = self.agent.get(realm);
                if let Some(service) = service {
                    request = request.query("service", service);
                }
                for scope in scopes {
                    request = request.query("scope", scope);
                }
                if let Some(Login::Password { user, password }) = login {
                    request = request.header(header::AUTHORIZATION, basic(&user, &password));
                }
                request.call()
            }
        };
        let mut answer = answer.map_err(|error| unreachable(to, asked, &error.to_string()))?;
        let body = few(&mut answer);
        if !answer.status().is_success() {
            return Err(Refusal {
                repository: to,
                asked,
                status: answer.status(),
                body: &body,
                had_login,
            }
            .problem());
        }
        let token = serde_json::from_slice::<Token>(&body).ok();
        let token = token.and_then(|token| token.token.or(token.access_token));
        token.ok_or_else(|| wrong(to, asked, "there is none in it"))
    }
}

impl Repository<'_> {
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.name.url())
    }

    /// Sends a request, and again while the registry is busy or fails. Returns what is neither a denial nor a failure.
    pub(super) fn send(&self, request: &Request<'_>) -> Result<Response<Body>, Problem> {
        let began = Instant::now();
        let mut wait = FIRST_WAIT;
        let mut asked_for_login = false;
        loop {
            let mut bytes = request.body.unwrap_or_default();
            let patient = |wait: Duration| began.elapsed() + wait <= self.client.patience;
            let body = request
                .body
                .is_some()
                .then_some(&mut bytes as &mut dyn Read);
            let mut answer = match self.client.send_once(self.name, request, body) {
                Ok(answer) => answer,
                Err(error) if may_pass(&error) && patient(wait) => {
                    tracing::debug!("{} is asked again: {error}", self.name.host);
                    sleep(wait);
                    wait *= 2;
                    continue;
                }
                Err(error) => {
                    return Err(unreachable(self.name, request.asked, &error.to_string()));
                }
            };
            let status = answer.status().as_u16();
            if status == 401 && !asked_for_login {
                asked_for_login = true;
                if self.log_in(answer.headers(), request)? {
                    continue;
                }
            }
            if !matches!(status, 401 | 403 | 429 | 500 | 502..=504) {
                return Ok(answer);
            }
            let next = retry_after(answer.headers()).unwrap_or(wait);
            if !matches!(status, 401 | 403) && patient(next) {
                tracing::debug!("{} answers {status}, and is asked again", self.name.host);
                sleep(next);
                wait *= 2;
                continue;
            }
            return Err(self.refused(request, &mut answer));
        }
    }

    /// Sends a request for something that may not be there. Returns the answer that has it, or `None`.
    pub(super) fn find(&self, request: &Request<'_>) -> Result<Option<Response<Body>>, Problem> {
        let mut answer = self.send(request)?;
        match answer.status().as_u16() {
            200 => Ok(Some(answer)),
            404 => Ok(None),
            _ => Err(self.refused(request, &mut answer)),
        }
    }

    /// Takes up the first challenge that can be met. Returns whether there is one.
    fn log_in(&self, headers: &HeaderMap, request: &Request<'_>) -> Result<bool, Problem> {
        let headers = headers.get_all(header::WWW_AUTHENTICATE).iter();
        let texts = headers.filter_map(|value| value.to_str().ok());
        for challenge in texts.filter_map(Challenge::parse) {
            let purpose = request.purpose(self.name);
            if self.client.authorize(purpose, &challenge)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the problem of an answer that is an error.
    pub(super) fn refused(&self, request: &Request<'_>, answer: &mut Response<Body>) -> Problem {
        fn told(refusal: &Refusal<'_>) -> Problem {
            refusal.problem()
        }
        self.refusal(request, answer, told)
    }

    pub(super) fn refusal<T>(
        &self,
        request: &Request<'_>,
        answer: &mut Response<Body>,
        tell: impl FnOnce(&Refusal<'_>) -> T,
    ) -> T {
        let body = few(answer);
        tell(&Refusal {
            repository: self.name,
            asked: request.asked,
            status: answer.status(),
            body: &body,
            had_login: (self.client.logins)(self.name.login()).is_some(),
        })
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Returns whether an address is of the repository's own host. Others, such as a store behind the registry, get no
/// login.
fn is_at(url: &str, repository: &RepositoryName) -> bool {
    let own = repository.url();
    let origin = |url: &str| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    origin(url) == origin(&own)
}

/// Returns whether an error of the network may be gone at the next try.
fn may_pass(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() != std::io::ErrorKind::ConnectionRefused,
        ureq::Error::Timeout(_) => true,
        _ => false,
    }
}

/// Returns the time that a registry asks to wait, in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// Returns the beginning of a body; less of it if it breaks off.
fn few(answer: &mut Response<Body>) -> Vec<u8> {
    let body = answer.body_mut().with_config().limit(FEW);
    body.read_to_vec().unwrap_or_default()
}

/// Returns the address that a header names, which may be relative to the repository's host.
pub(super) fn location(repository: &RepositoryName, headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::LOCATION)?.to_str().ok()?;
    Some(absolute(repository, text))
}

/// Returns an address that may be relative to the repository's host.
pub(super) fn absolute(repository: &RepositoryName, text: &str) -> String {
    match text.starts_with('/') {
        true => {
            let own = repository.url();
            let origin: Vec<&str> = own.splitn(4, '/').take(3).collect();
            origin.join("/") + text
        }
        false => text.to_owned(),
    }
}
