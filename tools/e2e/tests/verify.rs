//! `bakehouse verify`: what holds of a published image, and what does not.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use bakehouse_e2e::cosign;
use bakehouse_e2e::ready::{Ready, digest, push, registry};
use bakehouse_testkit::own_registry::{Settings, USER};
use bakehouse_testkit::{OwnRegistry, Ran, Turn};
use serde_json::Value;

fn base(registry: &str) -> String {
    push(
        &format!("{registry}/base:1"),
        &[],
        "FROM scratch\nCOPY <<x /x\nfile\nx\n",
    )
}

#[test]
fn what_holds_and_what_does_not_is_told() {
    let _turn = Turn::share();
    let registry = registry();
    let base = base(&registry);
    let ready = Ready::at(&registry, &["api"], &base, "");
    let revision = "0123456789012345678901234567890123456789";
    let label = format!("labels.org.opencontainers.image.revision={revision}");
    ready.bake("1.0.0", &[&label, "attest=type=provenance,mode=max"]);
    let name = ready.name("api", "1.0.0");
    let verify = |more: &[&str]| ready.run(&[&["verify", &name], more].concat());

    let right = verify(&[]).succeeded();
    let hash = ready.hash("api");
    right
        .prints(&digest(&name))
        .prints(&format!("{hash}, equal"))
        .prints(revision);
    right
        .prints(&format!("{base}, 0 days old"))
        .prints("linux/amd64");
    right.prints("by a builder without a name, commit not named");
    right.prints("not checked: ");
    let json = verify(&["--format", "json"]).succeeded();
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let image = &json["images"][0];
    assert_eq!(json["version"], 1);
    assert_eq!(image["digest"], digest(&name));
    assert_eq!(image["input_hash"]["state"], "equal");
    assert_eq!(image["base"]["name"], base);
    assert_eq!(image["base"]["age_days"], 0);
    assert_eq!(image["signature"]["state"], "not-checked");
    assert_eq!(image["failed"], Value::Array(Vec::new()));

    // Another checkout, no label, no image, an image of somebody else.
    ready
        .workspace
        .write("crates/api/src/main.rs", "fn main() { }\n");
    let other = verify(&[]).exited(1);
    other
        .prints("different")
        .says("verify-failed")
        .says(&format!("its input hash is {hash}"));
    ready.bake_as("bare", &[], |_| None);
    let bare = ready.run(&["verify", &ready.name("api", "bare")]).exited(1);
    bare.prints("-, none")
        .says("has no label dev.bakehouse.input-hash");
    bare.prints("provenance  none");
    let none = ready
        .run(&["verify", &ready.name("api", "none"), &name])
        .exited(1);
    none.says("image-unknown")
        .says("api:none")
        .prints(&digest(&name));
    let stranger = ready.run(&["verify", &base]).exited(1);
    stranger.says("has no label");
}

#[test]
fn signatures_are_cosigns_matter() {
    let _turn = Turn::share();
    let registry = registry();
    let ready = Ready::at(&registry, &["api"], &base(&registry), "");
    ready.bake("1.0.0", &[]);
    let name = ready.name("api", "1.0.0");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = std::env::var("PATH").expect("there is one");
    let verify = |path: &str, more: &[&str]| {
        let mut command = ready.command();
        Ran::of(command.env("PATH", path).args(["verify", &name]).args(more))
    };
    let has_cosign = std::env::split_paths(&path).any(|folder| folder.join("cosign").exists());
    if !has_cosign {
        verify(&path, &[])
            .succeeded()
            .prints("not checked: cosign is not installed");
        let asked = verify(&path, &["--key", "ours.pub"]).exited(1);
        asked.says("verify-failed").says("cosign is not installed");
    }
    cosign::install(folder.path());
    let path = format!("{}:{path}", folder.path().display());
    verify(&path, &[])
        .succeeded()
        .prints("not checked: neither --key nor");
    let unsigned = verify(&path, &["--key", "cosign.pub"]).exited(1);
    unsigned.says("verify-failed").says("no signatures found");
    let image = format!("{registry}/api@{}", digest(&name));
    let mut sign = Command::new(folder.path().join("cosign"));
    let _ = Ran::of(sign.args(["sign", "--key", "cosign.key", &image])).succeeded();
    verify(&path, &["--key", "cosign.pub"])
        .succeeded()
        .prints("by the key cosign.pub");
    let other = verify(&path, &["--key", "other.pub"]).exited(1);
    other.says("verify-failed").says("no matching signatures");
    // What cosign has checked is another digest.
    let moved = verify(&path, &["--certificate-identity", "me@example"]).exited(1);
    moved.says("is not about this digest");
    let _ = verify(
        &path,
        &["--key", "cosign.pub", "--", "--insecure-ignore-tlog"],
    )
    .succeeded();
    let called = std::fs::read_to_string(folder.path().join("cosign.called")).expect("it ran");
    let last = called.lines().last().expect("a line");
    assert_eq!(
        last,
        format!("verify --output json --key cosign.pub --insecure-ignore-tlog {image}")
    );
}

/// A login of Docker's configuration, also of a helper. It is shown nowhere.
#[test]
fn registries_are_asked_with_dockers_logins() {
    let _turn = Turn::share();
    let mut own = OwnRegistry::start(Settings::default());
    let at = format!("{}/shop", own.address());
    let shared = registry();
    let ready = Ready::at(&at, &["api"], &base(&shared), "");
    ready.bake("1.0.0", &[]);
    own.restart(Settings {
        wants_login: true,
        ..Settings::default()
    });
    let folder = tempfile::tempdir().expect("a folder can be made");
    let verify = |config: &str| {
        std::fs::write(folder.path().join("config.json"), config).expect("a file can be written");
        let mut command = ready.command();
        let path = std::env::var("PATH").expect("there is one");
        command.env("DOCKER_CONFIG", folder.path());
        command.env("PATH", format!("{}:{path}", folder.path().display()));
        let ran = Ran::of(command.args(["verify", "-vv", &ready.name("api", "1.0.0")]));
        assert!(!ran.said().contains(USER[1]), "{ran}");
        ran
    };
    let none = verify("{}").exited(1);
    none.says("registry-denied")
        .says("answers 401")
        .says(&format!("docker login {}", own.address()));
    let host = own.address();
    // `tester:U*U` and `tester:wrong`.
    let auths = |auth: &str| format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{auth}\"}}}}}}");
    verify(&auths("dGVzdGVyOndyb25n"))
        .exited(1)
        .says("is not accepted");
    verify(&auths("dGVzdGVyOlUqVQ=="))
        .succeeded()
        .prints("equal");
    let helper = folder.path().join("docker-credential-test");
    let script = format!(
        "#!/bin/sh\ncat >/dev/null\necho '{{\"Username\":\"{}\",\"Secret\":\"{}\"}}'\n",
        USER[0], USER[1]
    );
    std::fs::write(&helper, script).expect("a file can be written");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&helper, executable).expect("its mode can be set");
    verify(&format!("{{\"credHelpers\":{{\"{host}\":\"test\"}}}}"))
        .succeeded()
        .prints("equal");
    verify("{\"credsStore\":\"test\"}")
        .succeeded()
        .prints("equal");
}
