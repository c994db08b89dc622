//! `bakehouse handover kubernetes`: manifests that Kubernetes' own schemas take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::shop::{Shop, bakehouse, stderr, stdout};
use crate::tree::Tree;

/// A workspace with everything that a manifest can say, or cannot.
const CONFIG: &str = r#"registry = "registry.example/shop"
platforms = ["linux/amd64", "linux/arm64"]

[runtime]
packs = "/packs"
packs-dev = "own"

[services.web]
package = "web"
bin = "shop-web"
ports = [80, 8443]
health = ["/usr/local/bin/shop-web", "--say", "$(HOME) $$ $x"]
env = { GREETING = "$(HOME) $$ $x", YES = "yes", LINES = "a: b # c" }
depends-on = ["batch", "front_end"]
platforms = ["linux/arm64"]
state = "volume"
packs = "rw"
user = "0:0"

[services.batch]
state = "memory"
ports = [9000]
healthcheck = { command = ["/usr/local/bin/batch", "check"], interval = "1m30s", timeout = "500ms", retries = 5 }
variants.shell = {}
variants.python = { runtime = "docker.io/library/python:3.12-slim-bookworm", default = false }

[images.front_end]
context = "front"
ports = [8080]
health = "/up"
env = { MODE = "on" }

[images.files]
context = "front"
default = false

[packs.base]
path = "packs/base"
binaries = [{ package = "probe", to = "bin/" }]
"#;

fn shop() -> Shop {
    let shop = Shop::new();
    shop.write("bakehouse.toml", CONFIG);
    shop.write("front/Dockerfile", "FROM scratch\n");
    shop.folder("own");
    shop
}

fn manifests(folder: &Path, further: &[&str]) -> String {
    let output = bakehouse(folder, &[&["handover", "kubernetes"], further].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

fn documents(text: &str) -> Vec<Value> {
    let documents = text.split("---\n").skip(1);
    documents
        .map(|text| serde_saphyr::from_str(text).unwrap())
        .collect()
}

/// The schemas of Kubernetes, by kind. They refuse fields that do not exist.
fn schemas() -> BTreeMap<&'static str, jsonschema::Validator> {
    let text = include_str!("fixtures/kubernetes/v1.35.0-strict.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let kinds = [
        ("Deployment", "io.k8s.api.apps.v1.Deployment"),
        ("Service", "io.k8s.api.core.v1.Service"),
        (
            "PersistentVolumeClaim",
            "io.k8s.api.core.v1.PersistentVolumeClaim",
        ),
    ];
    let schema = |name: &str| {
        let mut schema = all.clone();
        schema["$ref"] = json!(format!("#/$defs/{name}"));
        jsonschema::validator_for(&schema).unwrap()
    };
    kinds
        .into_iter()
        .map(|(kind, name)| (kind, schema(name)))
        .collect()
}

/// Returns the first thing that Kubernetes would refuse.
fn fault(document: &Value, schemas: &BTreeMap<&str, jsonschema::Validator>) -> Option<String> {
    let kind = document["kind"].as_str()?;
    let fault = schemas[kind].validate(document).err();
    fault.map(|fault| format!("{}: {fault}", fault.instance_path))
}

/// Checks what schemas do not: that names lead somewhere and have the form that the API server asks for.
fn names_fit(documents: &[Value]) {
    let label = |name: &Value| {
        let name = name.as_str().unwrap();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
        assert!(
            starts && name.len() <= 63 && name.chars().all(plain) && !name.ends_with('-'),
            "{name}"
        );
        name.to_owned()
    };
    let named = |kind: &str| -> BTreeMap<String, &Value> {
        let found = documents.iter().filter(|document| document["kind"] == kind);
        let named: Vec<(String, &Value)> = found
            .map(|document| (label(&document["metadata"]["name"]), document))
            .collect();
        let count = named.len();
        let named: BTreeMap<_, _> = named.into_iter().collect();
        assert_eq!(named.len(), count, "two are called alike");
        named
    };
    let (services, claims) = (named("Service"), named("PersistentVolumeClaim"));
    for (name, deployment) in named("Deployment") {
        let spec = &deployment["spec"];
        let labels = &spec["template"]["metadata"]["labels"];
        assert_eq!(*labels, spec["selector"]["matchLabels"]);
        if let Some(service) = services.get(&name) {
            assert_eq!(*labels, service["spec"]["selector"]);
        }
        let pod = &spec["template"]["spec"];
        let volumes = pod["volumes"].as_array().into_iter().flatten();
        let volumes: Vec<String> = volumes
            .map(|volume| {
                let claim = &volume["persistentVolumeClaim"]["claimName"];
                assert!(
                    claim
                        .as_str()
                        .is_none_or(|claim| claims.contains_key(claim))
                );
                label(&volume["name"])
            })
            .collect();
        let container = &pod["containers"][0];
        let mounts = container["volumeMounts"].as_array().into_iter().flatten();
        let mounts: Vec<String> = mounts.map(|mount| label(&mount["name"])).collect();
        assert_eq!(volumes, mounts);
        let ports = container["ports"].as_array().into_iter().flatten();
        let listened: Vec<&Value> = ports.map(|port| &port["containerPort"]).collect();
        let reached = services.get(&name).into_iter();
        let reached = reached.flat_map(|service| service["spec"]["ports"].as_array().unwrap());
        let reached: Vec<&Value> = reached
            .map(|port| {
                label(&port["name"]);
                &port["port"]
            })
            .collect();
        assert_eq!(listened, reached);
    }
}

/// Returns the pod of a deployment.
fn pod<'a>(documents: &'a [Value], name: &str) -> &'a Value {
    let mut deployments = documents.iter().filter(|one| one["kind"] == "Deployment");
    let found = deployments.find(|one| one["metadata"]["name"] == name);
    &found.unwrap_or_else(|| panic!("no {name}"))["spec"]["template"]["spec"]
}

#[test]
fn the_manifests_of_the_reference_platform_are_as_reviewed() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = manifests(&repository, &[]);
    let schemas = schemas();
    let documents = documents(&text);
    for document in &documents {
        assert_eq!(fault(document, &schemas), None);
    }
    names_fit(&documents);
    insta::assert_snapshot!(text);
}

#[test]
fn a_small_service_has_a_short_manifest() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[package]
name = "hello"
version = "0.1.0"
edition = "2021"
-- src/main.rs --
fn main() {}
"#,
    );
    insta::assert_snapshot!(manifests(&tree.path(""), &[]));
}

#[test]
fn what_kubernetes_has_its_own_words_for_is_said_in_them() {
    let shop = shop();
    let text = manifests(&shop.path(""), &["--namespace", "live"]);
    let schemas = schemas();
    let documents = documents(&text);
    for document in &documents {
        assert_eq!(fault(document, &schemas), None, "{text}");
        assert_eq!(document["metadata"]["namespace"], "live");
    }
    names_fit(&documents);
    insta::assert_snapshot!(text);
    let web = pod(&documents, "web");
    // Kubernetes reads `$$` as `$`, and `$(HOME)` as a reference.
    let escaped = "$$(HOME) $$$ $x";
    assert_eq!(web["containers"][0]["env"][0]["value"], escaped);
    assert_eq!(
        web["containers"][0]["readinessProbe"]["exec"]["command"][2],
        escaped
    );
    assert_eq!(web["nodeSelector"]["kubernetes.io/arch"], "arm64");
}

/// The schemas find a misspelt or misplaced field anywhere, so the tests above can fail.
#[test]
fn a_misspelt_field_is_found() {
    let schemas = schemas();
    let documents = documents(&manifests(&shop().path(""), &[]));
    let pointers = [
        (
            "Deployment",
            "/spec/template/spec/containers/0/securityContext",
            "readOnlyRootFileSystem",
        ),
        (
            "Deployment",
            "/spec/template/spec/containers/0/readinessProbe",
            "periodSecond",
        ),
        (
            "Deployment",
            "/spec/template/spec/volumes/2/image",
            "refrence",
        ),
        (
            "Deployment",
            "/spec/template/spec",
            "terminationGracePeriod",
        ),
        ("Deployment", "/metadata", "label"),
        ("Service", "/spec/ports/0", "containerPort"),
        ("PersistentVolumeClaim", "/spec", "accessMode"),
    ];
    for (kind, at, field) in pointers {
        let mut document = documents
            .iter()
            .find(|one| one["kind"] == kind)
            .unwrap()
            .clone();
        assert_eq!(fault(&document, &schemas), None);
        document.pointer_mut(at).unwrap()[field] = json!(true);
        let found = fault(&document, &schemas).unwrap();
        assert!(found.contains(field), "{found}");
    }
    let mut document = documents[0].clone();
    document["metadata"]["name"] = json!(1);
    assert!(fault(&document, &schemas).is_some());
}

#[test]
fn services_are_those_that_compose_starts_or_those_that_are_named() {
    let shop = shop();
    let names = |further: &[&str]| -> Vec<String> {
        let documents = documents(&manifests(&shop.path(""), further));
        let deployments = documents.iter().filter(|one| one["kind"] == "Deployment");
        deployments
            .map(|one| one["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&[]), ["batch-shell", "web", "front-end"]);
    assert_eq!(names(&["batch"]), ["batch-shell"]);
    assert_eq!(names(&["batch-python"]), ["batch-python"]);
    assert_eq!(names(&["files"]), ["files"]);
    let text = manifests(&shop.path(""), &["web"]);
    assert!(
        text.contains("named: batch-python, batch-shell, files, front_end.\n"),
        "{text}"
    );
}

/// Writes a file of digests for these images.
fn digests(shop: &Shop, images: &[&str]) -> PathBuf {
    let images = images.iter().map(|name| {
        json!({
            "name": name, "image": format!("registry.example/shop/{name}"),
            "digest": format!("sha256:{}", "a".repeat(64)),
            "platforms": {},
            "repositories": [{"name": format!("mirror.example/shop/{name}"), "tags": ["1"]}],
            "input_hash": "0123456789abcdef", "result": "built",
        })
    });
    let file = json!({"version": 1, "images": images.collect::<Vec<_>>()});
    shop.write("digests.json", &file.to_string());
    shop.path("digests.json")
}

fn handover(shop: &Shop, further: &[&str]) -> Output {
    let arguments = ["handover", "kubernetes", "--digests", "digests.json"];
    shop.bakehouse(&[&arguments[..], further].concat())
}

#[test]
fn with_digests_every_image_is_named_by_its_digest_or_none() {
    let shop = shop();
    digests(&shop, &["web", "batch-shell"]);
    let pack = format!("r.example/pack-base@sha256:{}", "b".repeat(64));
    let output = handover(&shop, &["web", "--pack", &format!("base={pack}")]);
    assert!(output.status.success(), "{}", stderr(&output));
    let documents = documents(&stdout(&output));
    let web = pod(&documents, "web");
    let pinned = format!("mirror.example/shop/web@sha256:{}", "a".repeat(64));
    assert_eq!(web["containers"][0]["image"], pinned);
    assert_eq!(web["volumes"][2]["image"]["reference"], pack);
    // The file was written for other sources.
    assert!(
        stderr(&output).contains("another state of the sources"),
        "{}",
        stderr(&output)
    );

    let output = handover(&shop, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).is_empty());
    let said = stderr(&output);
    assert!(said.contains("digest-missing"), "{said}");
    assert!(said.contains("does not have `front_end`"), "{said}");
}

#[test]
fn names_follow_the_variables_of_the_bake_file() {
    let shop = shop();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("bakehouse"));
    command
        .current_dir(shop.path(""))
        .args(["handover", "kubernetes", "web"]);
    command
        .env("REGISTRY", "r.example/x,r2.example")
        .env("TAG", "1.2.3,1");
    let documents = documents(&stdout(&command.output().unwrap()));
    let web = pod(&documents, "web");
    assert_eq!(web["containers"][0]["image"], "r.example/x/web:1.2.3");
    assert_eq!(
        web["volumes"][2]["image"]["reference"],
        "r.example/x/pack-base:1.2.3"
    );
}

#[test]
fn mistakes_on_the_command_line_are_told() {
    let shop = shop();
    let table = [
        (vec!["--namespace", "Live"], "lower-case letters"),
        (vec!["--pack", "base"], "has no `=`"),
        (vec!["--pack", "base=A b"], "the image contains ` `"),
        (vec!["--pack", "bas=r.example/x:1"], "did you mean `base`?"),
        (vec!["wbe"], "did you mean `web`?"),
        (vec!["--registry", "r.example"], "--digests"),
    ];
    for (further, expected) in table {
        let output = shop.bakehouse(&[&["handover", "kubernetes"], &further[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{further:?}");
        assert!(
            stderr(&output).contains(expected),
            "{expected}: {}",
            stderr(&output)
        );
    }
}

/// Manifests by tag, with the component that `handover kustomize` prints, are manifests by digest.
#[test]
fn kustomize_pins_the_manifests_that_were_handed_over_by_tag() {
    let shop = shop();
    digests(&shop, &["batch-python", "batch-shell", "front_end", "web"]);
    let manifests = manifests(&shop.path(""), &[]);
    let pinned = stdout(&handover(&shop, &[]));
    let component = shop.bakehouse(&["handover", "kustomize", "--digests", "digests.json"]);
    shop.write("overlay/images/kustomization.yaml", &stdout(&component));
    shop.write("overlay/shop.yaml", &manifests);
    shop.write(
        "overlay/kustomization.yaml",
        "resources: [shop.yaml]\ncomponents: [images]\n",
    );
    let mut kustomize = Command::new("kubectl");
    let Ok(output) = kustomize
        .arg("kustomize")
        .arg(shop.path("overlay"))
        .output()
    else {
        println!("not tried: there is no kubectl, whose `kustomize` reads the manifests");
        return;
    };
    assert!(output.status.success(), "{}", stderr(&output));
    let read = |text: &str| -> BTreeMap<String, Value> {
        let documents = text
            .split("---\n")
            .map(|text| -> Value { serde_saphyr::from_str(text).unwrap() });
        let documents = documents.filter(|document| !document.is_null());
        documents
            .map(|document| {
                (
                    format!("{} {}", document["kind"], document["metadata"]["name"]),
                    document,
                )
            })
            .collect()
    };
    let (by_kustomize, by_digest) = (read(&stdout(&output)), read(&pinned));
    assert_eq!(by_kustomize.len(), 7);
    assert_eq!(by_kustomize, by_digest);
}
