//! `build --push` with PROVENANCE and SBOM: one of each for each digest, however often it is published.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bakehouse_e2e::ready::{Ready, digest, push, raw, registry};
use bakehouse_testkit::own_registry::Settings;
use bakehouse_testkit::{OwnRegistry, Ran, Turn, bakehouse};
use serde_json::{Value, json};

const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
const SPDX: &str = "https://spdx.dev/Document";

/// The tag of all images.
const LATEST: &str = "latest";

/// Both attestations.
const BOTH: [(&str, &str); 2] = [("PROVENANCE", "max"), ("SBOM", "true")];

/// Two services whose images are there, and an image of another Dockerfile.
struct Shop(Ready);

impl Shop {
    fn at(registry: &str) -> Self {
        let base = push(
            &format!("{}/base:1", bakehouse_e2e::ready::registry()),
            &[],
            "FROM scratch\nCOPY <<x /x\nfile\nx\n",
        );
        let ready = Ready::at(registry, &["api", "worker"], &base, "");
        let workspace = &ready.workspace;
        workspace.append("bakehouse.toml", "\n[images.front]\ncontext = \"front\"\n");
        workspace.write("front/Dockerfile", "FROM scratch\nCOPY page /\n");
        workspace.write("front/page", "front");
        ready.bake(LATEST, &[]);
        workspace.git(["init", "--quiet"]);
        let shop = Self(ready);
        shop.commit();
        shop
    }

    /// Commits everything, and returns the commit.
    fn commit(&self) -> String {
        let workspace = &self.0.workspace;
        workspace.git(["add", "--all"]);
        workspace.git(["commit", "--quiet", "--message", "x"]);
        workspace.git(["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn command(&self, variables: &[(&str, &str)]) -> Command {
        let mut command = self.0.command();
        // The tests may run on a forge themselves.
        for name in ["GITHUB_ACTIONS", "GITLAB_CI", "REVISION"] {
            command.env_remove(name);
        }
        command
            .args(["build", "--push"])
            .envs(variables.iter().copied());
        command
    }

    fn publish(&self, variables: &[(&str, &str)]) -> Ran {
        Ran::of(&mut self.command(variables))
    }

    fn digest(&self, image: &str) -> String {
        digest(&self.0.name(image, LATEST))
    }

    fn digests(&self) -> [String; 3] {
        ["api", "worker", "front"].map(|image| self.digest(image))
    }

    /// Returns the referrers of an image that the registry lists.
    fn referrers(&self, image: &str, digest: &str) -> Vec<Value> {
        let name = self.0.name(image, &digest.replace(':', "-"));
        let mut command = Command::new("docker");
        let ran = Ran::of(command.args(["buildx", "imagetools", "inspect", "--raw", &name]));
        if ran.code != Some(0) {
            ran.says("not found");
            return Vec::new();
        }
        let list: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        list["manifests"].as_array().expect("a list").clone()
    }

    /// Returns how many statements of which type an image has.
    fn count(&self, image: &str) -> BTreeMap<String, usize> {
        self.count_of(image, &self.digest(image))
    }

    fn count_of(&self, image: &str, digest: &str) -> BTreeMap<String, usize> {
        let mut counted = BTreeMap::new();
        for referrer in self.referrers(image, digest) {
            let kind = &referrer["annotations"]["in-toto.io/predicate-type"];
            let kind = kind.as_str().expect("a type").to_owned();
            *counted.entry(kind).or_default() += 1;
        }
        counted
    }

    /// Returns the statement of a type about an image.
    fn statement(&self, image: &str, kind: &str) -> Value {
        let digest = self.digest(image);
        let referrers = self.referrers(image, &digest);
        let mut referrers = referrers.iter();
        let referrer = referrers
            .find(|one| one["annotations"]["in-toto.io/predicate-type"] == kind)
            .expect("it is attached");
        let at = |digest: &Value| format!("{}/{image}@{}", self.0.registry, text(digest));
        let manifest = raw(&at(&referrer["digest"]));
        assert_eq!(manifest["subject"]["digest"], digest);
        assert_eq!(manifest["artifactType"], referrer["artifactType"]);
        assert_eq!(
            manifest["layers"][0]["mediaType"],
            "application/vnd.in-toto+json"
        );
        let (host, path) = self.0.registry.split_once('/').expect("host and path");
        let blob = text(&manifest["layers"][0]["digest"]);
        let url = format!("http://{host}/v2/{path}/{image}/blobs/{blob}");
        let got = Ran::of(Command::new("curl").args(["--fail", "--silent", &url])).succeeded();
        serde_json::from_str(&got.stdout).expect("JSON")
    }
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is a text"))
}

fn hex(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

fn kinds(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    let expected = expected.iter();
    expected
        .map(|(kind, number)| ((*kind).to_owned(), *number))
        .collect()
}

#[test]
fn repeated_publishes_leave_one_of_each_for_each_digest() {
    publishes_leave_one_of_each(5);
}

#[test]
#[ignore = "slow: fifty publishes"]
fn fifty_publishes_leave_one_of_each_for_each_digest() {
    publishes_leave_one_of_each(50);
}

fn publishes_leave_one_of_each(times: usize) {
    let _turn = Turn::share();
    // The images of the services are there, and the third is baked without attestations and with them.
    let plain = Shop::at(&registry());
    let _ = plain.publish(&[]).succeeded();
    let shop = Shop::at(&registry());
    let expected = [
        shop.digest("api"),
        shop.digest("worker"),
        plain.digest("front"),
    ];
    let first = shop.publish(&BOTH).succeeded();
    first.prints("attached: 2 SBOM, 3 provenance");
    first.says("`front` gets no SBOM");
    assert_eq!(shop.digests(), expected);
    let services = kinds(&[(PROVENANCE, 1), (SPDX, 1)]);
    let is_right = || {
        assert_eq!(shop.count("api"), services);
        assert_eq!(shop.count("worker"), services);
        assert_eq!(shop.count("front"), kinds(&[(PROVENANCE, 1)]));
    };
    is_right();
    for _ in 1..times {
        let ran = shop.publish(&BOTH).succeeded();
        let results = bakehouse::results(&ran);
        assert!(results.values().all(|result| *result == "skipped"), "{ran}");
        assert!(!ran.stdout.contains("attached"), "{ran}");
    }
    is_right();
    assert_eq!(shop.digests(), expected);

    // A change of one service adds a pair for its new digest, and nothing else.
    let before = shop.digest("api");
    let source = "fn main() {\n    println!(\"changed\");\n}\n";
    shop.0.workspace.write("crates/api/src/main.rs", source);
    shop.0.program("api", b"changed");
    shop.0.bake(LATEST, &[]);
    shop.publish(&BOTH)
        .succeeded()
        .prints("attached: 1 SBOM, 1 provenance");
    assert_ne!(shop.digest("api"), before);
    assert_eq!(shop.count_of("api", &before), services);
    is_right();
}

#[test]
fn statements_say_what_is_known_and_verify_reads_them() {
    let _turn = Turn::share();
    let shop = Shop::at(&registry());
    let commit = shop.commit_of_head();
    let ci = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://forge.example"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        (
            "GITHUB_WORKFLOW_REF",
            "acme/shop/.github/workflows/bakehouse.yml@refs/heads/main",
        ),
    ];
    let mut command = shop.command(&BOTH);
    let _ = Ran::of(command.envs(ci)).succeeded();
    let builder = "https://forge.example/acme/shop/.github/workflows/bakehouse.yml@refs/heads/main";
    for (image, built_by) in [("api", ""), ("front", builder)] {
        let digest = shop.digest(image);
        let statement = shop.statement(image, PROVENANCE);
        assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(statement["predicateType"], PROVENANCE);
        let digests = statement["subject"].as_array().expect("a list").iter();
        let digests: Vec<&Value> = digests
            .map(|subject| &subject["digest"]["sha256"])
            .collect();
        assert!(digests.contains(&&json!(hex(&digest))), "{statement}");
        let predicate = &statement["predicate"];
        let build = &predicate["buildDefinition"];
        assert_eq!(build["externalParameters"]["target"], image);
        assert_eq!(predicate["runDetails"]["builder"]["id"], built_by);
        let materials = build["resolvedDependencies"].as_array().expect("a list");
        assert_eq!(materials[0]["digest"]["gitCommit"], commit);
        let name = shop.0.name(image, LATEST);
        let verified = shop.0.run(&["verify", &name]).succeeded();
        let by = if built_by.is_empty() {
            "a builder without a name"
        } else {
            builder
        };
        verified.prints(&format!("by {by}, commit {commit}"));
    }
    // The base, by the digest that the configuration has.
    let statement = shop.statement("api", PROVENANCE);
    let config = shop.0.workspace.read("bakehouse.toml");
    let (_, base) = config.split_once("base:1@sha256:").expect("it is pinned");
    let materials = &statement["predicate"]["buildDefinition"]["resolvedDependencies"];
    let mut materials = materials.as_array().expect("a list").iter();
    assert!(
        materials.any(|one| one["digest"]["sha256"] == base[..64]),
        "{statement}"
    );
    let bill = shop.statement("api", SPDX);
    assert_eq!(bill["predicateType"], SPDX);
    assert_eq!(bill["predicate"]["spdxVersion"], "SPDX-2.3");
    let packages = bill["predicate"]["packages"].as_array().expect("a list");
    assert!(
        packages.iter().any(|package| package["name"] == "api"),
        "{bill}"
    );

    // A label that names another commit wins over the checkout, since the image was built there.
    let other = "0123456789012345678901234567890123456789";
    let label = format!("labels.org.opencontainers.image.revision={other}");
    let labelled = Shop::at(&registry());
    labelled.0.bake(LATEST, &[&label]);
    let _ = labelled.publish(&BOTH).succeeded();
    let name = labelled.0.name("api", LATEST);
    labelled
        .0
        .run(&["verify", &name])
        .succeeded()
        .prints(&format!("commit {other}"));
    // A commit that does not have what is in the work tree is not named.
    let edited = Shop::at(&registry());
    edited.0.workspace.write("front/page", "edited");
    let _ = edited.publish(&BOTH).succeeded();
    let name = edited.0.name("api", LATEST);
    edited
        .0
        .run(&["verify", &name])
        .succeeded()
        .prints("commit not named");
}

impl Shop {
    fn commit_of_head(&self) -> String {
        self.0
            .workspace
            .git(["rev-parse", "HEAD"])
            .trim()
            .to_owned()
    }
}

/// A push that is killed after its images are there, and before anything is attached to them: Cargo, which is asked for
/// what is in a bill, never answers.
#[test]
fn a_push_that_was_killed_before_its_attestations_is_completed_by_the_next() {
    let _turn = Turn::share();
    let shop = Shop::at(&registry());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (cargo, marker) = (folder.path().join("cargo"), folder.path().join("asked"));
    let real = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *\" tree \"*) echo $$ >'{0}.new'; mv '{0}.new' '{0}'; exec sleep 600 ;; esac\nexec '{real}' \"$@\"\n",
        marker.display()
    );
    std::fs::write(&cargo, script).expect("a file can be written");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&cargo, executable).expect("its mode can be set");
    let mut command = shop.command(&BOTH);
    command
        .env("CARGO", &cargo)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut push = command.spawn().expect("it starts");
    let began = Instant::now();
    while !marker.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(300),
            "Cargo is not asked"
        );
        assert!(
            push.try_wait().expect("it is a child").is_none(),
            "it ended"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    push.kill().expect("it can be killed");
    push.wait().expect("it ends");
    let sleeping = std::fs::read_to_string(&marker).expect("a process");
    let _ = Ran::of(Command::new("kill").arg(sleeping.trim())).succeeded();

    let digests = shop.digests();
    for image in ["api", "worker", "front"] {
        assert_eq!(shop.count(image), BTreeMap::new(), "{image}");
    }
    let next = shop.publish(&BOTH).succeeded();
    let results = bakehouse::results(&next);
    assert!(
        results.values().all(|result| *result == "skipped"),
        "{next}"
    );
    assert_eq!(shop.digests(), digests);
    for image in ["api", "worker"] {
        assert_eq!(
            shop.count(image),
            kinds(&[(PROVENANCE, 1), (SPDX, 1)]),
            "{image}"
        );
    }
    assert_eq!(shop.count("front"), kinds(&[(PROVENANCE, 1)]));
}

#[test]
fn what_is_lacking_is_attached_and_what_a_bake_attested_is_not_attested_again() {
    let _turn = Turn::share();
    let shop = Shop::at(&registry());
    let _ = shop.publish(&[("PROVENANCE", "min")]).succeeded();
    assert_eq!(shop.count("api"), kinds(&[(PROVENANCE, 1)]));
    shop.publish(&BOTH).succeeded().prints("attached: 2 SBOM\n");
    assert_eq!(shop.count("api"), kinds(&[(PROVENANCE, 1), (SPDX, 1)]));
    // BuildKit's provenance lies in the list that the tag names.
    let baked = Shop::at(&registry());
    baked.0.bake(LATEST, &["attest=type=provenance,mode=max"]);
    baked
        .publish(&BOTH)
        .succeeded()
        .prints("attached: 2 SBOM, 1 provenance");
    assert_eq!(baked.count("api"), kinds(&[(SPDX, 1)]));
    let name = baked.0.name("api", LATEST);
    baked
        .0
        .run(&["verify", &name])
        .succeeded()
        .prints("by a builder without a name");
}

#[test]
fn a_registry_that_takes_no_referrers_says_so_and_no_digest_is_written_down() {
    let _turn = Turn::share();
    let mut own = OwnRegistry::start(Settings::default());
    let shop = Shop::at(&format!("{}/shop", own.address()));
    let _ = shop.publish(&[]).succeeded();
    own.restart(Settings {
        is_read_only: true,
        ..Settings::default()
    });
    let mut command = shop.command(&BOTH);
    let ran = Ran::of(command.args(["--digests", "digests.json"])).exited(1);
    ran.says("registry-refused")
        .says("storage.maintenance.readonly");
    ran.says(&format!(
        "the attestations of `front`, {}",
        &shop.digest("front")[..19]
    ));
    ran.says("the attestations of `api`");
    assert!(!shop.0.workspace.dir().join("digests.json").exists());
    own.restart(Settings::default());
    shop.publish(&BOTH)
        .succeeded()
        .prints("attached: 2 SBOM, 3 provenance");
}
