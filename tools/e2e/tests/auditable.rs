//! `auditable`: each binary contains the list of its crates, and only the binary is compiled for that.

use std::collections::{BTreeMap, BTreeSet};

use auditable_info::audit_info_from_file;
use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{self, tiny};
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Turn, Workspace, container, unique};

/// Returns the crates that a binary lists, as `name version`; none if it has no list.
fn crates(file: &std::path::Path) -> Option<BTreeSet<String>> {
    let told = audit_info_from_file(file, Default::default()).ok()?;
    let packages = told.packages.iter();
    Some(
        packages
            .map(|one| format!("{} {}", one.name, one.version))
            .collect(),
    )
}

/// Returns the crates of the binary in a service's image.
fn crates_of(workspace: &Workspace, service: &str) -> Option<BTreeSet<String>> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join(service);
    let container = docker([
        "create",
        "--network",
        "none",
        &workspace.images.name(service),
    ]);
    let from = format!("{container}:/usr/local/bin/{service}");
    docker([
        "cp",
        "--quiet",
        &from,
        file.to_str().expect("its name is UTF-8"),
    ]);
    docker(["rm", &container]);
    crates(&file)
}

fn names(names: &[&str]) -> Option<BTreeSet<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

fn cold(strategy: &Strategy, keys: &str) -> Workspace {
    let workspace = tiny();
    workspace.replace(
        "bakehouse.toml",
        "path = \"packs/demo\"\n",
        "path = \"packs/demo\"\nbinaries = [{ package = \"b\", to = \"bin/\", static = true }]\n",
    );
    workspace.make_cold(&unique::unique());
    let config = workspace.read("bakehouse.toml");
    workspace.write("bakehouse.toml", &format!("{keys}{config}"));
    (strategy.prepare)(&workspace);
    workspace
}

/// Returns how often each package was compiled, for all services together.
fn compiled(turn: &Turn, workspace: &Workspace) -> BTreeMap<String, usize> {
    let run = workspace.bake(["default", "packs"]).run(turn);
    run.compiled()
}

#[test]
#[ignore = "compiles cargo-auditable: tools/test --slow"]
fn binaries_tell_their_crates_and_nothing_else_compiles_for_it() {
    let turn = Turn::take();
    for strategy in STRATEGIES {
        let usual = cold(strategy, "");
        let expected = compiled(&turn, &usual);
        assert_eq!(crates_of(&usual, "a"), None, "{}", strategy.name);

        let workspace = cold(strategy, "auditable = true\n");
        assert_eq!(compiled(&turn, &workspace), expected, "{}", strategy.name);
        let a = names(&[
            "a 0.1.0",
            "cfg-if 1.0.0",
            "common 0.1.0",
            "itoa 1.0.9",
            "left 0.1.0",
        ]);
        assert_eq!(crates_of(&workspace, "a"), a, "{}", strategy.name);
        let c = names(&[
            "c 0.1.0",
            "cfg-if 1.0.0",
            "common 0.1.0",
            "right 0.1.0",
            "ryu 1.0.17",
        ]);
        assert_eq!(crates_of(&workspace, "c"), c, "{}", strategy.name);
        let b = names(&["b 0.1.0", "cfg-if 1.0.0", "common 0.1.0", "left 0.1.0"]);
        let of_pack = crates(workspace.dir().join("packs/demo/bin/b").as_std_path());
        assert_eq!(of_pack, b, "{}", strategy.name);
        assert!(!container::prints(&workspace.images.name("a"), []).is_empty());

        // A change compiles the same packages as without the key, and the list stays.
        tiny::set(&workspace, "left", "B");
        (strategy.prepare)(&workspace);
        let run = workspace.bake(["a"]).run(&turn);
        let own: Vec<_> = run.compiled().into_keys().collect();
        assert_eq!(own, ["a v0.1.0", "left v0.1.0"], "{}\n{run}", strategy.name);
        assert_eq!(crates_of(&workspace, "a"), a, "{}", strategy.name);

        // Without the key the binary is different, although Cargo sees no change.
        workspace.replace("bakehouse.toml", "auditable = true\n", "");
        (strategy.prepare)(&workspace);
        workspace.bake(["a"]).run(&turn);
        assert_eq!(crates_of(&workspace, "a"), None, "{}", strategy.name);
    }
}
