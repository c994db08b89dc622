//! Many changes of Cargo.lock in a row: mounts, layers and images are as large afterwards as those of a clean build.

use std::collections::BTreeMap;

use bakehouse_e2e::locked::locked;
use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::BASES;
use bakehouse_testkit::engine::{self, docker};
use bakehouse_testkit::{Turn, Workspace, runner, unique};

/// Versions that follow one another, over and over. No two crates have as many.
const VERSIONS: [(&str, &[&str]); 3] = [
    ("itoa", &["1.0.10", "1.0.11", "1.0.13", "1.0.14", "1.0.15"]),
    ("memchr", &["2.7.2", "2.7.3", "2.7.4"]),
    ("scopeguard", &["1.1.0", "1.2.0"]),
];

/// The number of changes.
const ROUNDS: usize = 50;

/// The permitted growth, in percent.
const PERCENT: u64 = 5;

/// Plays the changes on a builder that stays. Every fifth one adds a crate or takes it away.
fn plays(strategy: &Strategy, layout: &str) {
    let turn = Turn::take();
    let workspace = locked();
    let base = workspace.images.name("base");
    engine::image(&base, &format!("FROM {}\n{layout}", BASES[0]));
    workspace.replace("bakehouse.toml", BASES[0], &base);
    let name = unique::unique();
    workspace.make_cold(&name);
    (strategy.prepare)(&workspace);
    let bake = || {
        let _ = workspace.bake(["default"]).run(&turn);
    };
    bake();
    for round in 0..ROUNDS {
        if round % 5 == 4 {
            toggle(&workspace);
        } else {
            let (package, versions) = VERSIONS[round % VERSIONS.len()];
            let version = versions[round % versions.len()];
            let moved = ["update", "--package", package, "--precise", version];
            let _ = workspace.cargo(moved).succeeded();
        }
        workspace.generate();
        bake();
    }
    let grown = sizes(&workspace, &turn, &name);
    // The same lock, with mounts of another name. These are in no cache key, so all has to compile for another reason, too.
    let clean_name = unique::unique();
    for file in ["bakehouse.toml", "Cargo.toml"] {
        workspace.replace(file, &name, &clean_name);
    }
    workspace.generate();
    bake();
    let clean = sizes(&workspace, &turn, &clean_name);
    println!(
        "{}: clean {clean:?}, after {ROUNDS} changes {grown:?}",
        strategy.name
    );
    assert_eq!(
        grown.keys().collect::<Vec<_>>(),
        clean.keys().collect::<Vec<_>>()
    );
    for (what, size) in &grown {
        let most = clean[what] + clean[what] * PERCENT / 100 + 4096;
        assert!(
            *size <= most,
            "{what}: {size} after {ROUNDS} changes, {} in a clean build",
            clean[what]
        );
    }
}

fn toggle(workspace: &Workspace) {
    let (manifest, line) = ("crates/b/Cargo.toml", "hex = \"=0.4.2\"\n");
    let text = workspace.read(manifest);
    if text.contains(line) {
        workspace.replace(manifest, line, "");
    } else {
        workspace.replace(
            manifest,
            "[dependencies]\n",
            &format!("[dependencies]\n{line}"),
        );
    }
    workspace.lock();
}

/// Returns bytes by name: of mounts as `du` counts them, of a seed's layers, and of images.
fn sizes(workspace: &Workspace, turn: &Turn, name: &str) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    let text = workspace.read("docker/Dockerfile");
    let platform = docker(["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]);
    let mounts = text.split("--mount=type=cache,id=").skip(1);
    for mount in mounts.filter_map(|rest| rest.split(',').next()) {
        let id = mount.replace("${TARGETPLATFORM}", platform.trim());
        let short = mount.replace(name, "").replace("${TARGETPLATFORM}", "");
        // Downloads stay, since each version is fetched once.
        if !short.contains("downloads") {
            sizes.insert(short, mount_size(&id));
        }
    }
    let cache = format!("{}/growth-{}", runner::registry(), unique::unique());
    let save = workspace.bake(["deps-save"]).variable("CACHE_REF", &cache);
    let _ = save.run(turn);
    let tag = format!("{cache}:deps..main");
    let manifest = docker(["buildx", "imagetools", "inspect", "--raw", &tag]);
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    let layers = manifest["layers"].as_array().expect("layers").iter();
    let layers = layers.map(|layer| layer["size"].as_u64().expect("a size"));
    sizes.insert("seed".to_owned(), layers.sum());
    for service in bakehouse_e2e::locked::SERVICES {
        let image = workspace.images.name(service);
        let size = docker(["image", "inspect", "--format", "{{.Size}}", &image]);
        sizes.insert(
            format!("image {service}"),
            size.trim().parse().expect("a size"),
        );
    }
    sizes
}

/// Returns the bytes in a cache mount.
fn mount_size(id: &str) -> u64 {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let dockerfile = format!(
        "FROM {} AS at\nARG AGAIN={}\nRUN --network=none --mount=type=cache,id={id},target=/mount du --summarize --bytes /mount | cut -f 1 >/size\n\
         FROM scratch\nCOPY --from=at /size /\n",
        BASES[1],
        unique::unique()
    );
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file can be written");
    let path = folder.path().to_str().expect("UTF-8");
    let output = format!("type=local,dest={path}/out");
    docker(["buildx", "build", "--quiet", "--output", &output, path]);
    let size = std::fs::read_to_string(folder.path().join("out/size")).expect("a size");
    size.trim().parse().expect("a number")
}

/// The layout of the build folder that Cargo changes to, switched on in a stable compiler.
const NEW_LAYOUT: &str = "ENV RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT=true\n";

#[test]
#[ignore = "slow: fifty changes of the lock"]
fn fifty_changes_of_the_lock_leave_no_more_than_a_clean_build() {
    plays(&STRATEGIES[0], "");
}

#[test]
#[ignore = "slow: fifty changes of the lock, with Cargo's new layout"]
fn fifty_changes_of_the_lock_leave_no_more_with_the_new_layout() {
    plays(&STRATEGIES[0], NEW_LAYOUT);
}
