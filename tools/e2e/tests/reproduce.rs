//! `bakehouse reproduce`: an image is rebuilt from its commit, from nothing; a difference is named file by file; and an
//! image of which nobody knows what it was built from is refused.

use bakehouse_e2e::ready::{Ready, digest, push, push_files, registry};
use bakehouse_testkit::{Member, Ran, Turn, Workspace, bakehouse, unique};
use camino::Utf8PathBuf;
use serde_json::Value;

/// Pushes a base of made-up files for two platforms.
fn base(registry: &str, name: &str) -> String {
    let dockerfile = format!(
        "FROM scratch\nCOPY <<release /usr/lib/os-release\nID=made-up\nrelease\nCOPY <<name /etc/name\n{name}\nname\n"
    );
    let platforms = ["linux/amd64", "linux/arm64"];
    push(&format!("{registry}/base:{name}"), &platforms, &dockerfile)
}

/// Creates services on a base, for two platforms and in a repository with one commit. Returns its id, too.
fn released(services: &[&str], base: &str, registry: &str) -> (Ready, String) {
    let head = "platforms = [\"linux/amd64\", \"linux/arm64\"]";
    let ready = Ready::at(registry, services, base, head);
    ready.workspace.generate();
    let id = commit(&ready.workspace);
    (ready, id)
}

/// Commits everything, and returns the id.
fn commit(workspace: &Workspace) -> String {
    workspace.git(["init", "--quiet"]);
    workspace.git(["add", "--all"]);
    workspace.git(["commit", "--quiet", "--message", "x"]);
    workspace.git(["rev-parse", "HEAD"]).trim().to_owned()
}

/// Pushes the image of a program, which stands for the stage that compiles it. Returns the setting of `bake` that puts it
/// there. A folder would not do: its times in a builder are those of the transfer.
fn program(registry: &str, service: &str, files: &[(&str, u32, &str)]) -> String {
    let folder = "/dist/image/usr/local/bin";
    // Folders that a copy makes get the mode of its file.
    let mut dockerfile = format!("FROM scratch\nCOPY --chmod=0755 <<end {folder}/same\n\nend\n");
    for (name, mode, content) in files {
        dockerfile += &format!("COPY --chmod=0{mode:o} <<end {folder}/{name}\n{content}\nend\n");
    }
    let name = format!("{registry}/program:{service}-{}", unique::unique());
    let image = push_files(&name, &dockerfile);
    format!("contexts.build-{service}=docker-image://{image}")
}

/// Pushes the usual program of a service.
fn usual(registry: &str, service: &str) -> String {
    program(registry, service, &[(service, 0o755, service)])
}

/// Reproduces images with these programs, one for each service.
fn reproduce(ready: &Ready, programs: &[&str], arguments: &[&str]) -> Ran {
    let programs = ready.services.iter().zip(programs);
    let programs = programs.map(|(service, program)| format!("--set={service}.{program}"));
    let programs: Vec<String> = programs.collect();
    let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
    ready.run(&[&["reproduce"], arguments, &["--"], &programs].concat())
}

fn revision(id: &str) -> String {
    format!("labels.org.opencontainers.image.revision={id}")
}

#[test]
fn images_are_equal_in_both_forms_and_for_each_platform() {
    let _turn = Turn::take();
    let registry = registry();
    let base = base(&registry, "one");
    let (ready, id) = released(&["api", "worker"], &base, &registry);
    let revision = revision(&id);
    let programs = ["api", "worker"].map(|service| usual(&registry, service));
    let programs = [programs[0].as_str(), programs[1].as_str()];
    let outputs = [
        ("1.0.0", "output=type=image,push=true,store=false"),
        (
            "oci",
            "output=type=image,push=true,store=false,oci-mediatypes=true",
        ),
        ("attested", "attest=type=provenance,mode=min"),
    ];
    for (tag, output) in outputs {
        ready.bake(tag, &[&revision, programs[0], programs[1], output]);
    }
    // Edits that are not committed change nothing.
    ready.workspace.write("crates/api/src/main.rs", "broken");
    ready.workspace.append("docker-bake.hcl", "# by hand\n");

    let names = outputs.map(|(tag, _)| ready.name("api", tag));
    let worker = ready.name("worker", "1.0.0");
    let all = [&names[0], &names[1], &names[2], &worker].map(String::as_str);
    let ran = reproduce(&ready, &programs, &all).succeeded();
    assert_eq!(ran.stdout.matches("  equal  ").count(), 8, "{ran}");
    for digest in ready.platforms("worker", "1.0.0") {
        ran.prints(&digest);
    }
    let arguments = [&names[0], "--platform", "linux/arm64", "--format", "json"];
    let one = reproduce(&ready, &programs, &arguments).succeeded();
    let json: Value = serde_json::from_str(&one.stdout).expect("JSON");
    let image = &json["images"][0];
    assert_eq!(json["version"], 1);
    assert_eq!(image["digest"], digest(&names[0]));
    assert_eq!(image["service"], "api");
    assert_eq!(image["revision"], id);
    let platforms = image["platforms"].as_array().expect("a list");
    assert_eq!(platforms.len(), 1);
    assert_eq!(platforms[0]["platform"], "linux/arm64");
    assert_eq!(platforms[0]["state"], "equal");
    assert_eq!(platforms[0]["published"], platforms[0]["rebuilt"]);
}

/// The published image has another program than the commit, under the same labels.
#[test]
fn a_planted_difference_is_named_file_by_file() {
    let _turn = Turn::take();
    let registry = registry();
    let base = base(&registry, "one");
    let (ready, id) = released(&["api"], &base, &registry);
    let planted = [("api", 0o755, "planted"), ("more", 0o600, "more")];
    let planted = program(&registry, "api", &planted);
    let label = "labels.extra=planted";
    ready.bake("1.0.0", &[&revision(&id), &planted, label]);
    let honest = program(&registry, "api", &[("api", 0o700, "honest one")]);
    let name = ready.name("api", "1.0.0");

    let ran = reproduce(&ready, &[&honest], &[&name]).exited(1);
    ran.says("reproduce-failed")
        .says("was not reproduced for linux/amd64, linux/arm64");
    assert_eq!(ran.stdout.matches("  different  ").count(), 2, "{ran}");
    ran.prints("config.Labels.extra: planted published, none rebuilt")
        .prints("usr/local/bin/more: only published")
        .prints("usr/local/bin/api:\n        mode 0755 published, 0700 rebuilt\n        size 8 published, 11 rebuilt\n        content sha256:");
    // Everything that is equal is left out.
    assert!(!ran.stdout.contains("usr/local/bin/same"), "{ran}");
    assert!(!ran.stdout.contains("modified"), "{ran}");

    let json = reproduce(&ready, &[&honest], &[&name, "--format", "json"]).exited(1);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let platform = &json["images"][0]["platforms"][0];
    assert_eq!(platform["state"], "different");
    assert_eq!(
        platform["configuration"][0],
        serde_json::json!({"key": "config.Labels.extra", "published": "planted", "rebuilt": null})
    );
    let layers = platform["layers"].as_array().expect("a list");
    assert_eq!(layers.len(), 1, "{layers:?}");
    assert_eq!(layers[0]["state"], "different");
    let files = layers[0]["files"].as_array().expect("a list");
    let text = |file: &Value, key: &str| file[key].as_str().expect("a text").to_owned();
    let states: Vec<_> = files
        .iter()
        .map(|file| (text(file, "path"), text(file, "state")))
        .collect();
    let expected = [
        ("usr/local/bin/api", "different"),
        ("usr/local/bin/more", "only-published"),
    ];
    let expected = expected.map(|(path, state)| (path.to_owned(), state.to_owned()));
    assert_eq!(states, expected);
}

#[test]
fn a_base_that_an_image_was_moved_to_is_named() {
    let _turn = Turn::take();
    let registry = registry();
    let (old, new) = (base(&registry, "old"), base(&registry, "new"));
    let (ready, id) = released(&["api"], &old, &registry);
    let program = usual(&registry, "api");
    ready.bake("latest", &[&revision(&id), &program]);
    let moved = ready.run(&["rebase", "--base", &new]).succeeded();
    moved.prints("rebased");
    let name = ready.name("api", "latest");
    let without = reproduce(&ready, &[&program], &[&name]).exited(1);
    without.says("reproduce-refused").says("--base");
    let with = reproduce(&ready, &[&program], &[&name, "--base", &new]).succeeded();
    assert_eq!(with.stdout.matches("  equal  ").count(), 2, "{with}");
}

#[test]
fn images_of_which_nobody_knows_the_sources_are_refused() {
    let _turn = Turn::take();
    let registry = registry();
    let base = base(&registry, "one");
    let (ready, id) = released(&["api"], &base, &registry);
    let unknown = "0123456789abcdef0123456789abcdef01234567";
    let dirty = format!("{id}-dirty");
    ready.bake("bare", &[]);
    ready.bake("unknown", &[&revision(unknown)]);
    ready.bake("dirty", &[&revision(&dirty)]);
    ready.bake("branch", &[&revision("main")]);
    let other = |_: &String| Some("0123456789abcdef".to_owned());
    ready.bake_as("other", &[&revision(&id)], other);
    let own = ready.hash("api");
    let refused = "reproduce-refused";
    let table = [
        (
            "bare",
            1,
            refused,
            "no label org.opencontainers.image.revision",
        ),
        ("unknown", 2, "revision-unknown", "git finds no revision"),
        ("dirty", 1, refused, "were not committed"),
        ("branch", 1, refused, "main is not the id of a commit"),
        ("other", 1, refused, own.as_str()),
        ("none", 1, "image-unknown", "api:none"),
    ];
    for (tag, code, kind, says) in table {
        let ran = ready.run(&["reproduce", &ready.name("api", tag)]);
        let ran = ran.exited(code);
        ran.says(kind).says(says).says(tag);
        assert!(ran.stdout.is_empty(), "{ran}");
    }
    ready.run(&["reproduce", &base]).exited(1).says(refused);
    let name = ready.name("api", "bare");
    let platform = ready.run(&["reproduce", &name, "--platform", "linux/s390x"]);
    platform.exited(1).says("it has no linux/s390x");

    // A clone that lacks the commit says how to get it.
    ready.bake("old", &[&revision(&id)]);
    let source = "crates/api/src/main.rs";
    ready.workspace.write(source, "fn main() { }\n");
    let git = ["commit", "--quiet", "--all", "--message", "y"];
    ready.workspace.git(git);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let shallow = Utf8PathBuf::from_path_buf(folder.path().join("shallow"));
    let shallow = shallow.expect("its name is UTF-8");
    let from = format!("file://{}", ready.workspace.dir());
    let clone = ["clone", "--quiet", "--depth", "1", &from, shallow.as_str()];
    ready.workspace.git(clone);
    let ran = bakehouse(&shallow, ["reproduce", &ready.name("api", "old")]);
    ran.exited(2).says("revision-unknown").says("shallow");
}

/// A real compiler, real crates and warm mounts, none of which a rebuild uses.
#[test]
fn everything_is_compiled_again_from_nothing() {
    let _turn = Turn::take();
    let registry = registry();
    let source = "fn main() {\n    println!(\"{}\", itoa::Buffer::new().format(7));\n}\n";
    let member = Member::binary("api", source).depends("itoa = \"=1.0.9\"");
    let config = format!(
        "registry = \"{registry}\"\n\n[bases]\nbuilder = \"docker.io/library/rust:1.95.0-slim-bookworm\"\n\
         runtime = \"docker.io/library/debian:bookworm-slim\"\n\n[services.api]\npackage = \"api\"\n"
    );
    let workspace = Workspace::of(&[member], &config);
    workspace.generate();
    let id = commit(&workspace);
    let mut build = bakehouse::command(workspace.dir());
    build.env("REVISION", &id).args(["build", "--push"]);
    let _ = Ran::of(&mut build).succeeded();
    let name = format!("{registry}/api:latest");
    let ran = bakehouse(workspace.dir(), ["reproduce", &name]).succeeded();
    ran.prints("linux/amd64  equal");
    ran.says("Compiling itoa v1.0.9").says("Compiling api");
}
