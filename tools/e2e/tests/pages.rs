//! Commands in `docs/` do what the pages say. `bakehouse_testkit::pages` documents how to write such a page.

use bakehouse_testkit::pages::{Page, Player};
use bakehouse_testkit::workspace::repository;
use bakehouse_testkit::{Compose, Turn, Workspace, bakehouse, unique};

/// Pages that are played, each by a test of the same name.
const PAGES: [&str; 8] = [
    "tutorial",
    "layers",
    "quick-bake",
    "quick-packs",
    "migration",
    "troubleshooting",
    "add-service",
    "add-pack-binary",
];

/// Plays `docs/<name>.md` in a clone of this repository, with its own images, containers and ports.
#[track_caller]
fn play(name: &str) {
    let turn = Turn::take();
    let file = format!("docs/{name}.md");
    let text = std::fs::read_to_string(repository().join(&file)).expect("the page is there");
    let page = Page::read(&file, &text).unwrap_or_else(|fault| panic!("{fault}"));
    let workspace = clone();
    let compose = Compose::new(&workspace);
    let programs = programs();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", programs.path().display());
    let mut player = Player::new(workspace.dir())
        .variable("PATH", &path)
        .variable("NO_COLOR", "1")
        .variable("COMPOSE_PROGRESS", "plain")
        .variable("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .variable("GIT_CONFIG_GLOBAL", "/dev/null")
        .alias(workspace.images.namespace(), "attune");
    for (role, value) in [("NAME", "e2e"), ("EMAIL", "e2e@localhost")] {
        for who in ["AUTHOR", "COMMITTER"] {
            player = player.variable(&format!("GIT_{who}_{role}"), value);
        }
    }
    for (name, value) in compose.command([]).get_envs() {
        if let (Some(name), Some(value)) = (name.to_str(), value.and_then(|value| value.to_str())) {
            player = player.variable(name, value);
            if name == "COMPOSE_PROJECT_NAME" {
                player = player.alias(value, "attune");
            }
        }
    }
    if let Err(fault) = player.play(&page) {
        panic!("{fault}");
    }
    drop(turn);
}

/// Creates a fresh clone of this repository, with everything committed. It shares no layers with earlier processes,
/// which may have had other results of the same steps. All pages of this process share one.
fn clone() -> Workspace {
    let workspace = Workspace::platform();
    workspace.share_no_layer(unique::of_process());
    workspace.generate();
    workspace.git(["init", "--quiet", "--initial-branch", "main"]);
    workspace.git(["add", "--all"]);
    workspace.git(["commit", "--quiet", "--message", "As it was"]);
    workspace
}

/// Creates a folder with the programs that a reader has installed.
fn programs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let command = bakehouse::command(repository());
    let link = folder.path().join("bakehouse");
    std::os::unix::fs::symlink(command.get_program(), link).expect("a link can be made");
    folder
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn tutorial() {
    play("tutorial");
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn layers() {
    play("layers");
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn quick_bake() {
    play("quick-bake");
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn quick_packs() {
    play("quick-packs");
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn migration() {
    play("migration");
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn troubleshooting() {
    play("troubleshooting");
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn add_service() {
    play("add-service");
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn add_pack_binary() {
    play("add-pack-binary");
}

#[test]
fn the_readme_leads_to_each_page() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("a readme");
    for page in PAGES {
        assert!(readme.contains(&format!("(docs/{page}.md)")), "{page}");
    }
}

#[test]
fn every_file_of_a_page_is_named_above_it() {
    for page in PAGES {
        let path = repository().join(format!("docs/{page}.md"));
        let text = std::fs::read_to_string(&path).expect("a page");
        let mut above = "";
        for line in text.lines() {
            let file = line.strip_prefix("<!-- file: ");
            if let Some(file) = file.and_then(|rest| rest.strip_suffix(" -->")) {
                let name = file.rsplit('/').next().unwrap_or_default();
                let is_named = above.contains('`') && above.contains(name);
                assert!(is_named, "{path}: {file} stands below: {above}");
            }
            if !line.is_empty() {
                above = line;
            }
        }
    }
}
