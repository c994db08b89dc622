//! `bakehouse build --push`: pushes the images that the registry does not have, and trusts only the right ones there.

use std::thread;

use bakehouse_e2e::tiny::{self, SERVICES, tiny};
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Ran, Turn, Workspace, bakehouse, runner, unique};

/// A workspace with image names in the registry.
struct Published {
    workspace: Workspace,
    registry: String,
}

impl Published {
    fn new() -> Self {
        let workspace = tiny();
        Self {
            workspace,
            registry: format!("{}/push-{}", runner::registry(), unique::unique()),
        }
    }

    fn command(&self) -> std::process::Command {
        let mut command = bakehouse::command(self.workspace.dir());
        command.env("REGISTRY", &self.registry);
        command
    }

    fn push(&self, further: &[&str]) -> Ran {
        let ran = Ran::of(self.command().args(["build", "--push"]).args(further));
        ran.succeeded()
    }

    fn name(&self, service: &str, tag: &str) -> String {
        format!("{}/{service}:{tag}", self.registry)
    }

    /// Returns the digest that the registry has for a tag of a service.
    fn digest(&self, service: &str, tag: &str) -> String {
        Self::digest_of(&self.name(service, tag))
    }

    /// Returns the digest that a registry has for a name.
    fn digest_of(name: &str) -> String {
        let said = docker([
            "buildx",
            "imagetools",
            "inspect",
            name,
            "--format",
            "{{json .Manifest}}",
        ]);
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        said["digest"].as_str().expect("a digest").to_owned()
    }

    fn hashed(&self, service: &str) -> String {
        let said = Ran::of(self.command().args(["plan", "--format", "json"])).succeeded();
        let plan: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
        let services = plan["services"].as_array().expect("a list");
        let service = services.iter().find(|one| one["name"] == service);
        let hash = &service.expect("it is there")["input_hash"];
        format!("in-{}", hash.as_str().expect("a hash"))
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        let pattern = format!("reference={}/*", self.registry);
        let names = docker([
            "image",
            "ls",
            "--filter",
            &pattern,
            "--format",
            "{{.Repository}}:{{.Tag}}",
        ]);
        let mut all = vec!["rmi"];
        all.extend(names.lines());
        if all.len() > 1 {
            docker(all);
        }
    }
}

/// Returns the result of each requested service in the table. Whether it is built or cached depends on what other tests
/// left in the builder, so both count as the same.
fn results(ran: &Ran) -> Vec<&str> {
    let results = bakehouse::results(ran);
    let results = SERVICES
        .into_iter()
        .filter_map(|service| results.get(service));
    let results = results.map(|result| match *result {
        "built" | "cached" => BAKED,
        result => result,
    });
    results.collect()
}

const BAKED: &str = "baked";
const SKIPPED: &str = "skipped";

#[test]
fn what_the_registry_has_is_neither_built_nor_pushed_again() {
    let _turn = Turn::share();
    let published = Published::new();
    published.workspace.generate();
    assert_eq!(results(&published.push(&[])), [BAKED; 3]);
    let before = SERVICES.map(|service| published.digest(service, "latest"));
    let pattern = format!("reference={}/*", published.registry);
    assert_eq!(docker(["image", "ls", "--quiet", "--filter", &pattern]), "");
    let again = published.push(&[]);
    assert_eq!(results(&again), [SKIPPED; 3], "{again}");
    let digests = SERVICES.map(|service| published.digest(service, "latest"));
    assert_eq!(digests, before);

    // A release is another name for an image that was tested.
    let release = Ran::of(
        published
            .command()
            .env("TAG", "1.2.3")
            .args(["build", "--push"]),
    )
    .succeeded();
    assert_eq!(results(&release), [SKIPPED; 3], "{release}");
    let digests = SERVICES.map(|service| published.digest(service, "1.2.3"));
    assert_eq!(digests, before);

    tiny::set(&published.workspace, "a", "B");
    let changed = published.push(&[]);
    assert_eq!(results(&changed), [BAKED, SKIPPED, SKIPPED], "{changed}");
    assert_ne!(published.digest("a", "latest"), before[0]);
    assert_eq!(published.digest("a", "1.2.3"), before[0]);
    // After reverting the edit, the tag moves back, and nothing is built.
    tiny::set(&published.workspace, "a", "A");
    let back = published.push(&[]);
    assert_eq!(results(&back), [SKIPPED; 3], "{back}");
    assert_eq!(published.digest("a", "latest"), before[0]);
    let forced = published.push(&["--force"]);
    assert_eq!(results(&forced), [BAKED; 3], "{forced}");
    assert_eq!(published.digest("a", "latest"), before[0]);
}

#[test]
fn what_a_tag_only_claims_to_be_is_built() {
    let _turn = Turn::share();
    let published = Published::new();
    published.workspace.generate();
    let _ = published.push(&[]);
    let right = published.digest("a", "latest");
    let hashed = published.hashed("a");
    let (hash, name) = (
        hashed.trim_start_matches("in-"),
        published.name("a", &hashed),
    );
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(
        folder.path().join("Dockerfile"),
        "FROM scratch\nCOPY Dockerfile /\n",
    )
    .expect("a file can be written");
    let folder = folder.path().to_str().expect("its name is UTF-8");
    let made = |platform: &str, hash: &str| {
        let label = format!("dev.bakehouse.input-hash={hash}");
        docker([
            "buildx",
            "build",
            "--quiet",
            "--push",
            "--provenance=false",
            "--platform",
            platform,
            "--label",
            &label,
            "--tag",
            &name,
            folder,
        ]);
    };
    // Platforms and label → whether the image is accepted as the service's.
    let table = [
        ("linux/amd64", "0000000000000000", BAKED),
        ("linux/arm64", hash, BAKED),
        ("linux/amd64,linux/arm64", hash, BAKED),
        // A forged image with the same label as the real one is accepted, because the registry is trusted.
        ("linux/amd64", hash, SKIPPED),
    ];
    for (platforms, label, expected) in table {
        made(platforms, label);
        let ran = published.push(&["a"]);
        assert_eq!(results(&ran)[0], expected, "{platforms} {label}: {ran}");
        if expected == BAKED {
            assert_eq!(
                published.digest("a", "latest"),
                right,
                "{platforms} {label}"
            );
        }
    }
    // An image with unknown inputs has no input hash and is not skipped.
    let base = Ran::of(
        published
            .command()
            .env("RUNTIME_BASE", tiny::BASES[1])
            .args(["build", "--push", "a"]),
    )
    .succeeded();
    assert_eq!(results(&base)[0], BAKED, "{base}");
}

#[test]
fn two_jobs_that_push_at_once_leave_one_and_the_same() {
    let _turn = Turn::share();
    let published = Published::new();
    published.workspace.make_cold(&unique::unique());
    published.workspace.generate();
    let jobs = thread::scope(|scope| {
        let job = || scope.spawn(|| published.push(&[]));
        let jobs = [job(), job()];
        jobs.map(|job| job.join().expect("it pushes"))
    });
    let digests = SERVICES.map(|service| published.digest(service, "latest"));
    for service in 0..SERVICES.len() {
        let short = &digests[service].trim_start_matches("sha256:")[..12];
        for job in &jobs {
            assert!(job.stdout.contains(short), "{job}");
        }
        let hashed = published.hashed(SERVICES[service]);
        assert_eq!(
            published.digest(SERVICES[service], &hashed),
            digests[service]
        );
    }
}

#[test]
fn a_registry_that_is_missing_or_down_is_named() {
    let _turn = Turn::share();
    let workspace = tiny();
    workspace.replace("bakehouse.toml", "registry = \"tiny\"\n", "");
    workspace.generate();
    let with = |registry: &str| {
        let mut command = bakehouse::command(workspace.dir());
        Ran::of(
            command
                .env("REGISTRY", registry)
                .args(["build", "--push", "a"]),
        )
    };
    let ran = with("").exited(2);
    ran.says("registry-missing").says("REGISTRY");
    let ran = with("127.0.0.1:1/down").exited(1);
    ran.says("in-")
        .says("counts as missing")
        .says("bake-failed");
}

/// An attestation is stored beside the image, which stays as it is.
#[test]
fn attestations_and_labels_are_there_where_they_are_asked_for() {
    let _turn = Turn::share();
    let published = Published::new();
    let manifest = published.workspace.read("crates/a/Cargo.toml");
    let about = "license = \"MIT\"\nrepository = \"https://example.com/shop\"\n";
    published.workspace.write(
        "crates/a/Cargo.toml",
        &manifest.replace("[package]\n", &format!("[package]\n{about}")),
    );
    published.workspace.generate();
    let inspect = |what: &str| {
        let name = published.name("a", "latest");
        docker(["buildx", "imagetools", "inspect", &name, "--format", what])
    };
    let _ = published.push(&["a"]);
    let plain = inspect("{{json .Image}}");
    let labels: serde_json::Value =
        serde_json::from_str(&inspect("{{json .Image.Config.Labels}}")).expect("JSON");
    let label = |key: &str| labels[format!("org.opencontainers.image.{key}")].clone();
    assert_eq!(label("licenses"), "MIT");
    assert_eq!(label("source"), "https://example.com/shop");
    assert_eq!(label("version"), "0.1.0");
    assert_eq!(label("revision"), serde_json::Value::Null);

    // The image is not built again for it, and keeps its digest.
    let digest = inspect("{{.Manifest.Digest}}");
    let attested = Ran::of(
        published
            .command()
            .args(["build", "--push", "a"])
            .env("PROVENANCE", "max"),
    )
    .succeeded();
    assert_eq!(results(&attested)[0], SKIPPED, "{attested}");
    attested.prints("attached: 1 provenance");
    assert_eq!(inspect("{{json .Image}}"), plain);
    assert_eq!(inspect("{{.Manifest.Digest}}"), digest);

    let _ = Ran::of(
        published
            .command()
            .args(["build", "--push", "--force", "a"])
            .env("REVISION", "c0ffee"),
    )
    .succeeded();
    let labels = inspect("{{json .Image.Config.Labels}}");
    assert!(
        labels.contains("\"org.opencontainers.image.revision\": \"c0ffee\""),
        "{labels}"
    );
}

#[test]
fn each_name_of_an_image_points_to_it_whether_it_is_built_or_skipped() {
    let _turn = Turn::share();
    let published = Published::new();
    let workspace = &published.workspace;
    let other = format!("{}-other", published.registry);
    workspace.replace(
        "bakehouse.toml",
        "registry = \"tiny\"\n",
        &format!("registries = [\"{}\", \"{other}\"]\n", published.registry),
    );
    workspace.replace(
        "bakehouse.toml",
        "[services.a]\npackage = \"a\"\n",
        "[services.a]\npackage = \"a\"\nimage = \"letters/a\"\nvariants.fixed = { tag = \"fixed\", default = false }\n",
    );
    workspace.generate();
    let build = |tag: &str, targets: &[&str]| {
        let mut command = published.command();
        let command = command.env("TAG", tag).args(["build", "--push"]);
        Ran::of(command.args(targets)).succeeded()
    };
    let digests = |image: &str, tags: &[&str]| {
        let names = tags.iter().flat_map(|tag| {
            [&published.registry, &other]
                .map(|registry| (registry.as_str(), format!("{image}:{tag}")))
        });
        let digests =
            names.map(|(registry, name)| Published::digest_of(&format!("{registry}/{name}")));
        digests.collect::<Vec<_>>()
    };
    let built = build("1.2.3,1.2", &["a", "a-fixed"]);
    assert_eq!(bakehouse::results(&built).len(), 2, "{built}");
    let hashed = published.hashed("a");
    let all = digests("letters/a", &["1.2.3", "1.2", &hashed]);
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(|digest| *digest == all[0]), "{all:?}");
    // One image with two services has one input hash, and each its own tags.
    let fixed = digests("letters/a", &["fixed"]);
    assert!(fixed.iter().all(|digest| *digest == fixed[0]), "{fixed:?}");

    let again = build("1.2.4,1.2,latest,", &["a"]);
    assert_eq!(bakehouse::results(&again)["a"], SKIPPED, "{again}");
    let moved = digests("letters/a", &["1.2.4", "1.2", "latest", &hashed]);
    assert_eq!(moved, vec![all[0].clone(); 8]);
}

#[test]
fn results_that_are_files_are_made_each_time_and_never_pushed() {
    let _turn = Turn::share();
    let published = Published::new();
    let workspace = &published.workspace;
    workspace.replace(
        "bakehouse.toml",
        "[services.a]\npackage = \"a\"\n",
        "[services.a]\npackage = \"a\"\nvariants.archive = { output = \"type=docker,dest=out/images/a.tar\", default = false }\nvariants.root = { output = \"type=local,dest=out/root\", default = false }\n",
    );
    workspace.generate();
    for _ in 0..2 {
        let built = published.push(&["a-archive", "a-root"]);
        let results = bakehouse::results(&built);
        assert!(results.values().all(|result| *result != SKIPPED), "{built}");
        let archive = workspace.dir().join("out/images/a.tar");
        let listed = Ran::of(std::process::Command::new("tar").args(["-tf", archive.as_str()]));
        let listed = listed.succeeded();
        assert!(listed.stdout.contains("manifest.json"), "{listed}");
        let program = workspace.dir().join("out/root/usr/local/bin/a");
        assert!(program.exists(), "{program}");
        workspace.remove("out/images/a.tar");
    }
    let name = format!("{}/a-archive:latest", published.registry);
    let missing = Ran::of(std::process::Command::new("docker").args([
        "buildx",
        "imagetools",
        "inspect",
        &name,
    ]));
    assert_ne!(missing.code, Some(0), "{missing}");
}
