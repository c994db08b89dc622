//! A builder of two nodes, one for each platform: each builds its own images, and a lost node is reported.

use std::process::Command;

use bakehouse_e2e::cross_bases;
use bakehouse_e2e::tiny::{self, expected, tiny};
use bakehouse_testkit::{
    Node, Ran, Runner, Running, Turn, Workspace, bakehouse, container, engine, runner, unique,
};
use camino::Utf8PathBuf;

const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// A builder that is removed at the end of the test.
struct Fleet {
    name: String,
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["buildx", "rm", &self.name])
            .output();
    }
}

fn workspace(builder: &str, nodes: [&str; 2]) -> Workspace {
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    // Debian's Rust is older than the pinned one.
    workspace.remove("rust-toolchain.toml");
    for (base, own) in [
        (tiny::BASES[0], cross_bases::builder(&workspace)),
        (tiny::BASES[1], cross_bases::runtime(&workspace)),
    ] {
        workspace.replace("bakehouse.toml", base, &own);
    }
    let config = workspace.read("bakehouse.toml");
    let [amd64, arm64] = nodes;
    workspace.write(
        "bakehouse.toml",
        &format!(
            "platforms = [\"linux/amd64\", \"linux/arm64\"]\n{config}\n\
             [builders.{builder}]\n\
             driver = \"remote\"\n\
             nodes = [\n\
             \x20 {{ endpoint = \"{amd64}\", platforms = [\"linux/amd64\"] }},\n\
             \x20 {{ endpoint = \"{arm64}\", platforms = [\"linux/arm64\"] }},\n\
             ]\n"
        ),
    );
    workspace.generate();
    workspace
}

fn push(workspace: &Workspace, registry: &str, builder: &str) -> Command {
    let mut command = bakehouse::command(workspace.dir());
    command
        .args(["build", "--push", "a", "c"])
        .env("REGISTRY", registry)
        .env("BUILDX_BUILDER", builder);
    command
}

/// Returns the output of a service's image in the registry on a platform.
#[track_caller]
fn pulled(registry: &str, service: &str, platform: &str) -> String {
    let image = format!("{registry}/{service}:latest");
    container::prints_on(platform, &["--pull", "always"], &image, &[])
}

#[test]
#[ignore = "starts a second engine and builds on both, three minutes: tools/test --slow"]
fn each_node_builds_its_platform_and_a_lost_one_is_told() {
    let _turn = Turn::take();
    engine::bases(&cross_bases::BASES);
    engine::emulate_arm64();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let socket = |name: &str| {
        let path = folder.path().join(name);
        Utf8PathBuf::from_path_buf(path).expect("its name is UTF-8")
    };
    let name = format!("fleet-{}", unique::unique());
    let addresses = ["amd64", "arm64"].map(|name| format!("unix://{}", socket(name)));
    let workspace = workspace(&name, [&addresses[0], &addresses[1]]);
    let bases = ["builder", "runtime"].map(|base| workspace.images.name(base));
    let second = Runner::start("fleet", &[&bases[0], &bases[1]]);
    let _first = Node::start(socket("amd64"), None);

    // The commands are printed in the shell's syntax, and the builder is not created while a node is unreachable.
    let printed = workspace.bakehouse(["builder"]).succeeded().stdout;
    assert_eq!(printed.lines().count(), 3, "{printed}");
    let fleet = Fleet { name: name.clone() };
    let said = workspace.bakehouse(["builder", "--create"]);
    assert_eq!(said.code, Some(1), "{said}");
    assert!(said.stderr.contains("builder-failed"), "{said}");

    let arm64 = Node::start(socket("arm64"), Some(second.host()));
    let said = workspace.bakehouse(["builder", "--create"]);
    assert!(said.stderr.contains("already"), "{said}");
    let _ = workspace.bakehouse(["builder", "--replace"]).succeeded();

    let registry = format!("{}/{name}", runner::registry());
    let pushed = Ran::of(&mut push(&workspace, &registry, &fleet.name)).succeeded();
    let crossed = |said: &str| said.contains("linux/amd64->arm64");
    assert!(crossed(&pushed.stderr), "{pushed}");
    for service in ["a", "c"] {
        for platform in PLATFORMS {
            assert_eq!(
                pulled(&registry, service, platform),
                expected(service, "A", "A", "A"),
                "{service} {platform}"
            );
        }
    }
    let other = format!("{registry}/b:");
    assert!(!pushed.stdout.contains(&other), "{pushed}");
    // The second engine compiled for its platform.
    let kept = second.docker([
        "buildx",
        "du",
        "--filter",
        "type=exec.cachemount",
        "--verbose",
    ]);
    assert!(kept.contains("-deps-"), "{kept}");

    // A node is lost while it compiles.
    tiny::set(&workspace, "common", "B");
    workspace.write("crates/c/pause", "10");
    let mut building = Running::start(&mut push(&workspace, &registry, &fleet.name));
    building.wait_for("Compiling c v0.1.0");
    std::thread::sleep(std::time::Duration::from_secs(3));
    drop(arm64);
    building
        .wait()
        .exited(1)
        .says("bake-failed")
        .says("the engine is gone");
    for platform in PLATFORMS {
        let printed = pulled(&registry, "c", platform);
        assert_eq!(printed, expected("c", "A", "A", "A"), "{platform}");
    }

    // The node is back.
    let _arm64 = Node::start(socket("arm64"), Some(second.host()));
    workspace.write("crates/c/pause", "0");
    let _ = Ran::of(&mut push(&workspace, &registry, &fleet.name)).succeeded();
    for platform in PLATFORMS {
        let printed = pulled(&registry, "c", platform);
        assert_eq!(printed, expected("c", "A", "B", "A"), "{platform}");
    }
}
