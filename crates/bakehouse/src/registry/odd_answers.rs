//! Answers of registries, also odd ones, and the client's reaction to them.

use std::time::Duration;

use super::credentials::Login;
use super::digest::Digest;
use super::documents::{Descriptor, OCI_MANIFEST};
use super::served::{Answer, Asked, Served};
use super::{Client, Repository, RepositoryName};
use crate::problem::{Code, Problem};

const SECRET: &str = "s3cret-of-a-test";

fn client(login: Option<Login>) -> Client {
    Client::new(
        Box::new(move |_| login.clone()),
        Duration::from_millis(1500),
    )
}

fn password() -> Option<Login> {
    Some(Login::Password {
        user: "me".to_owned(),
        password: SECRET.to_owned(),
    })
}

fn status(status: u16) -> Answer {
    (status, Vec::new(), Vec::new())
}

fn said(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#);
    (status, Vec::new(), body.into_bytes())
}

fn name(served: &Served, path: &str) -> RepositoryName {
    RepositoryName::new(&format!("{}/{path}", served.host))
}

fn descriptor(bytes: &[u8]) -> Descriptor {
    let size = bytes.len() as u64;
    Descriptor::new("application/octet-stream", Digest::of(bytes), size)
}

/// Asks the repository `acme/api` of a registry that answers like that.
fn ask<T>(
    answer: impl Fn(&str, &[Asked]) -> Answer + Send + 'static,
    login: Option<Login>,
    ask: impl FnOnce(&Repository<'_>) -> Result<T, Problem>,
) -> (Result<T, Problem>, Served) {
    let served = Served::start(answer);
    let client = client(login);
    let name = name(&served, "acme/api");
    let result = ask(&client.repository(&name));
    (result, served)
}

fn tags(repository: &Repository<'_>) -> Result<Option<Vec<String>>, Problem> {
    repository.tags()
}

#[test]
fn a_token_is_fetched_once_for_reading_and_once_for_writing() {
    let answer = |host: &str, asked: &[Asked]| {
        let last = asked.last().unwrap();
        if last.path.starts_with("/token") {
            let scope = last.path.contains("pull%2Cpush") || last.path.contains("pull,push");
            let token = if scope { "write" } else { "read" };
            return (
                200,
                vec![],
                format!(r#"{{"token":"{token}"}}"#).into_bytes(),
            );
        }
        let (need, actions) = match last.method.as_str() {
            "GET" | "HEAD" => ("Bearer read", "pull"),
            _ => ("Bearer write", "pull,push"),
        };
        if last.header("authorization") != Some(need) {
            let challenge = format!(
                "Bearer realm=\"http://{host}/token\",service=\"a registry\",scope=\"repository:acme/api:{actions}\""
            );
            return (401, vec![("www-authenticate", challenge)], vec![]);
        }
        match last.method.as_str() {
            "PUT" => status(201),
            _ => (200, vec![], b"{}".to_vec()),
        }
    };
    let (result, served) = ask(answer, password(), |repository| {
        repository.manifest("latest")?;
        repository.manifest("latest")?;
        repository.put_manifest("latest", OCI_MANIFEST, b"{}")?;
        repository.put_manifest("other", OCI_MANIFEST, b"{}")
    });
    result.unwrap();
    let asked = served.asked();
    let tokens = asked
        .iter()
        .filter(|asked| asked.path.starts_with("/token"));
    let tokens: Vec<&Asked> = tokens.collect();
    assert_eq!(tokens.len(), 2, "{:?}", served.lines());
    for token in tokens {
        let login = token.header("authorization").unwrap();
        assert!(login.starts_with("Basic "), "{login}");
        assert!(token.path.contains("service=a"), "{}", token.path);
    }
    // The login itself goes nowhere else.
    let others = asked.iter().filter(|asked| asked.path.starts_with("/v2/"));
    assert!(
        others
            .filter_map(|asked| asked.header("authorization"))
            .all(|value| value.starts_with("Bearer "))
    );
}

#[test]
fn an_identity_token_is_exchanged() {
    let answer = |host: &str, asked: &[Asked]| {
        let last = asked.last().unwrap();
        if last.line() == "POST /token" {
            return (200, vec![], br#"{"access_token":"a"}"#.to_vec());
        }
        match last.header("authorization") {
            Some("Bearer a") => status(404),
            _ => {
                let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"x\"");
                (401, vec![("www-authenticate", challenge)], vec![])
            }
        }
    };
    let login = Some(Login::Identity(SECRET.to_owned()));
    let (result, served) = ask(answer, login, tags);
    assert_eq!(result.unwrap(), None);
    let asked = served.asked();
    let form = asked.iter().find(|asked| asked.method == "POST").unwrap();
    let form = String::from_utf8_lossy(&form.body);
    assert!(form.contains("grant_type=refresh_token"), "{form}");
    assert!(form.contains(SECRET), "{form}");
}

#[test]
fn refusals_name_host_request_status_and_remedy_and_no_login() {
    let basic = || {
        (
            401,
            vec![("www-authenticate", "Basic realm=\"x\"".to_owned())],
            vec![],
        )
    };
    type Row = (
        fn() -> Answer,
        Option<Login>,
        Code,
        &'static str,
        &'static str,
    );
    let rows: [Row; 6] = [
        (
            basic,
            None,
            Code::RegistryDenied,
            "401",
            "has no login for it",
        ),
        (
            basic,
            password(),
            Code::RegistryDenied,
            "401",
            "not accepted",
        ),
        (
            || said(403, "DENIED", "not yours"),
            None,
            Code::RegistryDenied,
            "403 to the tags of acme/api: not yours",
            "another one",
        ),
        (
            || said(429, "TOOMANYREQUESTS", "slow down"),
            None,
            Code::RegistryFailed,
            "429",
            "limit",
        ),
        (
            || status(500),
            None,
            Code::RegistryFailed,
            "500",
            "its own log",
        ),
        (
            || said(418, "TEAPOT", ""),
            None,
            Code::RegistryRefused,
            "418 to the tags of acme/api: TEAPOT",
            "settings",
        ),
    ];
    for (answer, login, code, text, hint) in rows {
        let (result, served) = ask(move |_, _| answer(), login, tags);
        let problem = result.unwrap_err();
        assert_eq!(problem.code, code, "{problem}");
        assert!(problem.message.contains(text), "{problem}");
        assert!(problem.message.contains(&served.host), "{problem}");
        let told = problem.hint.clone().unwrap();
        assert!(told.contains(hint), "{told}");
        let shown = format!("{problem:?}");
        assert!(
            !shown.contains(SECRET) && !shown.contains("Basic bWU"),
            "{shown}"
        );
    }
}

#[test]
fn a_login_is_not_sent_to_a_service_without_tls() {
    let answer = |_: &str, _: &[Asked]| {
        let challenge = "Bearer realm=\"http://tokens.example/\"".to_owned();
        (401, vec![("www-authenticate", challenge)], vec![])
    };
    let (result, served) = ask(answer, password(), tags);
    let problem = result.unwrap_err();
    assert!(problem.message.contains("without TLS"), "{problem}");
    assert_eq!(served.asked().len(), 1);
}

#[test]
fn a_busy_registry_is_asked_again_for_a_while() {
    let busy = |times: usize| {
        move |_: &str, asked: &[Asked]| match asked.len() {
            n if n <= times => (503, vec![("retry-after", "0".to_owned())], vec![]),
            _ => (200, vec![], br#"{"tags":["a"]}"#.to_vec()),
        }
    };
    let (result, served) = ask(busy(3), None, tags);
    assert_eq!(result.unwrap(), Some(vec!["a".to_owned()]));
    assert_eq!(served.asked().len(), 4);
    // A wait that is longer than its patience is not waited for.
    let long = |_: &str, _: &[Asked]| (429, vec![("retry-after", "3600".to_owned())], vec![]);
    let (result, served) = ask(long, None, tags);
    assert_eq!(result.unwrap_err().code, Code::RegistryFailed);
    assert_eq!(served.asked().len(), 1);
}

#[test]
fn a_registry_that_is_not_there_is_named() {
    let name = RepositoryName::new("127.0.0.1:1/acme/api");
    let client = client(None);
    let problem = client.repository(&name).tags().unwrap_err();
    assert_eq!(problem.code, Code::RegistryFailed);
    assert!(
        problem
            .message
            .starts_with("127.0.0.1:1 cannot be asked for the tags"),
        "{problem}"
    );
}

#[test]
fn content_that_is_not_what_its_digest_says_is_refused() {
    let other = |_: &str, _: &[Asked]| (200, vec![], b"something else".to_vec());
    let wanted = Digest::of(b"wanted");
    let (result, _) = ask(other, None, |repository| {
        repository.manifest(wanted.as_str())
    });
    assert!(
        result
            .unwrap_err()
            .message
            .contains("its content is sha256:")
    );
    let (result, _) = ask(other, None, |repository| {
        repository.blob(&descriptor(b"wanted"))
    });
    assert!(
        result
            .unwrap_err()
            .message
            .contains("its content is sha256:")
    );
    // The header of a tag counts as well.
    let header = |_: &str, _: &[Asked]| {
        let digest = Digest::of(b"wanted").to_string();
        (200, vec![("docker-content-digest", digest)], b"{}".to_vec())
    };
    let (result, _) = ask(header, None, |repository| repository.manifest("latest"));
    assert!(
        result
            .unwrap_err()
            .message
            .contains("its content is sha256:")
    );
    let right = |_: &str, _: &[Asked]| (200, vec![], b"wanted".to_vec());
    let (result, _) = ask(right, None, |repository| {
        repository.blob(&descriptor(b"wanted"))
    });
    assert_eq!(result.unwrap(), b"wanted");
}

#[test]
fn all_pages_of_the_tags_are_read() {
    let answer = |host: &str, asked: &[Asked]| {
        let last = asked.last().unwrap();
        let (body, link) = match last.path.as_str() {
            "/v2/acme/api/tags/list?n=1000" => (
                r#"{"tags":["a","b"]}"#,
                "</v2/acme/api/tags/list?n=2&last=b>; rel=\"next\"".to_owned(),
            ),
            "/v2/acme/api/tags/list?n=2&last=b" => (
                r#"{"tags":["c"]}"#,
                format!("<http://{host}/v2/acme/api/tags/list?n=2&last=c>; rel=\"next\""),
            ),
            _ => (r#"{"tags":null}"#, String::new()),
        };
        (200, vec![("link", link)], body.as_bytes().to_vec())
    };
    let (result, _) = ask(answer, None, tags);
    assert_eq!(result.unwrap().unwrap(), ["a", "b", "c"]);
}

#[test]
fn referrers_are_found_with_and_without_an_api() {
    let index = |digest: &Digest| {
        format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{OCI_MANIFEST}","digest":"{digest}","size":2}}]}}"#
        )
    };
    let subject = Digest::of(b"image");
    let referrer = Digest::of(b"signature");
    let (api, tag) = (
        format!("/v2/acme/api/referrers/{subject}"),
        format!("/v2/acme/api/manifests/{}", subject.fallback_tag()),
    );
    for place in [Some(api), Some(tag), None] {
        let body = index(&referrer);
        let expected: Vec<Digest> = place.iter().map(|_| referrer.clone()).collect();
        let answer = move |_: &str, asked: &[Asked]| match &place {
            Some(place) if asked.last().unwrap().path == *place => {
                (200, vec![], body.clone().into_bytes())
            }
            _ => status(404),
        };
        let (result, _) = ask(answer, None, |repository| repository.referrers(&subject));
        let found: Vec<Digest> = result.unwrap().into_iter().map(|one| one.digest).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_registry_that_deletes_nothing_says_what_to_set() {
    type Row = (fn() -> Answer, Result<bool, &'static str>);
    let rows: [Row; 4] = [
        (|| status(202), Ok(true)),
        (|| said(404, "MANIFEST_UNKNOWN", ""), Ok(false)),
        (
            || said(405, "UNSUPPORTED", "The operation is unsupported."),
            Err("storage.delete.enabled"),
        ),
        (|| status(405), Err("maintenance.readonly")),
    ];
    for (answer, expected) in rows {
        let (result, served) = ask(
            move |_, _| answer(),
            None,
            |repository| repository.delete(&Digest::of(b"x")),
        );
        match (result, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(problem), Err(hint)) => {
                assert_eq!(problem.code, Code::RegistryRefused);
                assert!(problem.hint.unwrap().contains(hint));
            }
            (result, _) => panic!("{result:?}"),
        }
        assert_eq!(served.asked().len(), 1);
    }
}

#[test]
fn a_blob_is_mounted_or_else_copied() {
    let blob = b"layer".to_vec();
    for mounts in [true, false] {
        let content = blob.clone();
        let answer = move |_: &str, asked: &[Asked]| {
            let last = asked.last().unwrap();
            match (last.method.as_str(), last.path.as_str()) {
                ("HEAD", _) => status(404),
                ("POST", _) if mounts => status(201),
                ("POST", _) => (
                    202,
                    vec![("location", "/upload?state=1".to_owned())],
                    vec![],
                ),
                ("GET", _) => (200, vec![], content.clone()),
                _ => status(201),
            }
        };
        let served = Served::start(answer);
        let client = client(None);
        let (api, base) = (name(&served, "acme/api"), name(&served, "acme/base"));
        let (to, from) = (client.repository(&api), client.repository(&base));
        to.take_blob(&descriptor(&blob), &from).unwrap();
        let digest = Digest::of(&blob);
        let mut expected = vec![
            format!("HEAD /v2/acme/api/blobs/{digest}"),
            format!("POST /v2/acme/api/blobs/uploads/?mount={digest}&from=acme/base"),
        ];
        if !mounts {
            expected.push(format!("GET /v2/acme/base/blobs/{digest}"));
            expected.push(format!("PUT /upload?state=1&digest={digest}"));
        }
        assert_eq!(served.lines(), expected);
        if !mounts {
            assert_eq!(served.asked()[3].body, blob);
        }
    }
}

#[test]
fn a_small_blob_is_pushed_once() {
    let answer = |_: &str, asked: &[Asked]| match asked.last().unwrap().method.as_str() {
        "HEAD" if asked.len() > 1 => status(200),
        "HEAD" => status(404),
        "POST" => (202, vec![("location", "/upload".to_owned())], vec![]),
        _ => status(201),
    };
    let (result, served) = ask(answer, None, |repository| {
        repository.put_blob(b"config")?;
        repository.put_blob(b"config")
    });
    result.unwrap();
    let methods: Vec<String> = served
        .asked()
        .into_iter()
        .map(|asked| asked.method)
        .collect();
    assert_eq!(methods, ["HEAD", "POST", "PUT", "HEAD"]);
    assert_eq!(served.asked()[2].body, b"config");
}
