//! Statements that are attached to images of registries of every kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::digest::Digest;
use super::documents::{ATTESTATION, Descriptor, OCI_INDEX, OCI_MANIFEST, PREDICATE_TYPE};
use super::served::{Answer, Asked, Served};
use super::{Client, RepositoryName, Statement};
use crate::problem::{Code, Problem};

/// A registry that has what was put into it.
#[derive(Clone, Copy, Default)]
struct Kind {
    lists_referrers: bool,
    /// The number of writes to a list that somebody else's write undoes.
    loses: usize,
    /// The status and the code of its answer to new manifests.
    refuses: Option<(u16, &'static str)>,
}

/// The content of a registry, by path.
type Store = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

fn start(kind: Kind, store: &Store) -> Served {
    let store = Arc::clone(store);
    let lost = Mutex::new(0);
    Served::start(move |_, asked| answer(kind, &store, &lost, asked.last().expect("a request")))
}

fn answer(kind: Kind, store: &Store, lost: &Mutex<usize>, asked: &Asked) -> Answer {
    let mut store = store.lock().unwrap();
    let path = asked.path.split('?').next().unwrap_or_default();
    match asked.method.as_str() {
        "POST" => (
            202,
            vec![("location", "/upload?x=1".to_owned())],
            Vec::new(),
        ),
        "PUT" if path == "/upload" => {
            let (_, digest) = asked.path.split_once("digest=").unwrap();
            let blob = format!("/v2/acme/api/blobs/{digest}");
            store.insert(blob, asked.body.clone());
            (201, Vec::new(), Vec::new())
        }
        "PUT" => {
            if let Some((status, code)) = kind.refuses {
                let body = format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
                return (status, Vec::new(), body.into_bytes());
            }
            let mut lost = lost.lock().unwrap();
            if path.contains("/sha256-") && *lost < kind.loses {
                *lost += 1;
                return (201, Vec::new(), Vec::new());
            }
            store.insert(path.to_owned(), asked.body.clone());
            let body: Value = serde_json::from_slice(&asked.body).unwrap();
            let subject = body["subject"]["digest"].as_str();
            let header = subject.filter(|_| kind.lists_referrers);
            let header = header.map(|subject| ("OCI-Subject", subject.to_owned()));
            (201, header.into_iter().collect(), Vec::new())
        }
        _ => match store.get(path) {
            Some(body) => {
                let media_type = match path.contains("/sha256-") {
                    true => OCI_INDEX,
                    false => OCI_MANIFEST,
                };
                let headers = vec![("content-type", media_type.to_owned())];
                (200, headers, body.clone())
            }
            None => (404, Vec::new(), Vec::new()),
        },
    }
}

fn subject() -> Descriptor {
    Descriptor::new(OCI_MANIFEST, Digest::of(b"image"), 5)
}

fn attach(kind: Kind, store: &Store, texts: &[&str]) -> (Result<(), Problem>, Served) {
    let served = start(kind, store);
    let name = RepositoryName::new(&format!("{}/acme/api", served.host));
    let client = Client::new(Box::new(|_| None), Duration::from_millis(500));
    let repository = client.repository(&name);
    let mut texts = texts.iter();
    let done = texts.try_for_each(|text| {
        let statement = Statement {
            predicate_type: text,
            text: text.as_bytes(),
        };
        repository.attach(&subject(), &statement)
    });
    let known = repository.attached(&subject().digest);
    if done.is_ok() && !kind.lists_referrers {
        assert_eq!(known.unwrap(), texts_of(store), "what is attached is found");
    }
    (done, served)
}

/// Returns the types in the list with the tag after the digest.
fn texts_of(store: &Store) -> std::collections::BTreeSet<String> {
    let list = list(store);
    let manifests = list["manifests"].as_array().cloned().unwrap_or_default();
    let types = manifests
        .iter()
        .filter(|one| one["artifactType"] == ATTESTATION);
    types
        .map(|one| {
            one["annotations"][PREDICATE_TYPE]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn list_path() -> String {
    format!("/v2/acme/api/manifests/{}", subject().digest.fallback_tag())
}

fn list(store: &Store) -> Value {
    let store = store.lock().unwrap();
    let list = store.get(&list_path());
    list.map_or(Value::Null, |list| serde_json::from_slice(list).unwrap())
}

#[test]
fn a_registry_without_an_api_gets_a_list_that_keeps_what_others_wrote() {
    let signature = json!({
        "mediaType": OCI_MANIFEST, "digest": Digest::of(b"signature").as_str(), "size": 9,
        "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json",
    });
    let others = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [signature]});
    let store = Store::default();
    let path = list_path();
    store
        .lock()
        .unwrap()
        .insert(path, others.to_string().into_bytes());
    // The same statement twice is there once.
    let (done, _) = attach(Kind::default(), &store, &["one", "two", "one"]);
    done.unwrap();
    let list = list(&store);
    let manifests = list["manifests"].as_array().unwrap();
    assert_eq!(manifests.len(), 3);
    assert_eq!(manifests[0], signature);
    for manifest in &manifests[1..] {
        let own = format!(
            "/v2/acme/api/manifests/{}",
            manifest["digest"].as_str().unwrap()
        );
        let own: Value = serde_json::from_slice(&store.lock().unwrap()[&own]).unwrap();
        assert_eq!(own["subject"]["digest"], subject().digest.as_str());
        assert_eq!(own["artifactType"], manifest["artifactType"]);
        assert_eq!(own["annotations"], manifest["annotations"]);
        let layer = &own["layers"][0];
        assert_eq!(layer["annotations"], manifest["annotations"]);
        let blob = format!("/v2/acme/api/blobs/{}", layer["digest"].as_str().unwrap());
        assert!(store.lock().unwrap().contains_key(&blob));
    }
}

#[test]
fn a_registry_with_an_api_gets_no_list() {
    let store = Store::default();
    let kind = Kind {
        lists_referrers: true,
        ..Kind::default()
    };
    let (done, served) = attach(kind, &store, &["one"]);
    done.unwrap();
    let lists = |line: &String| line.starts_with("PUT") && line.contains("/sha256-");
    assert!(!served.lines().iter().any(lists), "{:?}", served.lines());
}

#[test]
fn a_list_that_somebody_else_overwrites_is_written_again() {
    for (loses, is_done) in [(1, true), (3, true), (5, false)] {
        let store = Store::default();
        let kind = Kind {
            loses,
            ..Kind::default()
        };
        let (done, _) = attach(kind, &store, &["one"]);
        assert_eq!(done.is_ok(), is_done, "{loses}");
        if let Err(problem) = done {
            assert_eq!(problem.code, Code::RegistryFailed);
            assert!(
                problem.message.contains("is not in it"),
                "{}",
                problem.message
            );
        }
    }
}

#[test]
fn a_registry_that_takes_no_new_manifests_says_so() {
    let table = [
        (
            405,
            "UNSUPPORTED",
            Code::RegistryRefused,
            "can only be read",
        ),
        (403, "DENIED", Code::RegistryDenied, "let the account"),
        (
            400,
            "MANIFEST_INVALID",
            Code::RegistryRefused,
            "does not do this",
        ),
    ];
    for (status, code, expected, hint) in table {
        let kind = Kind {
            refuses: Some((status, code)),
            ..Kind::default()
        };
        let (done, _) = attach(kind, &Store::default(), &["one"]);
        let problem = done.unwrap_err();
        assert_eq!(problem.code, expected);
        let told = problem.hint.unwrap_or_default();
        assert!(told.contains(hint), "{status}: {told}");
    }
}
