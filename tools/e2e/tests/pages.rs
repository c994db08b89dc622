//! Commands in `docs/` do what the pages say. `bakehouse_testkit::pages` documents how to write such a page.

use bakehouse_e2e::{cosign, cross_bases, ready};
use bakehouse_testkit::pages::{Page, Player};
use bakehouse_testkit::workspace::repository;
use bakehouse_testkit::{Compose, Member, Turn, Workspace, bakehouse, engine, unique};

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
    let player = Player::new(workspace.dir())
        .variable("PATH", &path)
        .variable("NO_COLOR", "1")
        .variable("COMPOSE_PROGRESS", "plain")
        .variable("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .alias(workspace.images.namespace(), "attune");
    let mut player = with_author(player);
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

/// Lets git commit without the user's settings.
fn with_author(player: Player) -> Player {
    let mut player = player.variable("GIT_CONFIG_GLOBAL", "/dev/null");
    for (role, value) in [("NAME", "e2e"), ("EMAIL", "e2e@localhost")] {
        for who in ["AUTHOR", "COMMITTER"] {
            player = player.variable(&format!("GIT_{who}_{role}"), value);
        }
    }
    player
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

/// The way of a release in `docs/releases.md`, for two small services. A program stands for cosign.
#[test]
#[ignore = "slow: tools/test --slow"]
fn releases() {
    let turn = Turn::take();
    engine::bases(&cross_bases::BASES);
    let registry = ready::registry();
    let members = ["api", "worker"].map(|name| {
        let source = format!("fn main() {{\n    println!(\"{name}\");\n}}\n");
        Member::binary(name, &source)
    });
    let workspace = Workspace::of(&members, "");
    let runtime = cross_bases::runtime_dockerfile("");
    let base = |name: &str, more: &str| {
        let name = format!("{registry}/base:{name}");
        let dockerfile = format!("{runtime}{more}");
        ready::push(&name, &cross_bases::PLATFORMS, &dockerfile)
    };
    let (old, new) = (base("1", ""), base("2", "COPY <<end /etc/fix\n1\nend\n"));
    let builder = cross_bases::builder(&workspace);
    let config = format!(
        "registry = \"{registry}\"\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n\n[bases]\nbuilder = \"{builder}\"\nruntime = \"{old}\"\n\n\
         [services.api]\npackage = \"api\"\n\n[services.worker]\npackage = \"worker\"\n"
    );
    workspace.write("bakehouse.toml", &config);
    // Debian's Rust is older than the pinned one.
    workspace.remove("rust-toolchain.toml");
    workspace.generate();
    workspace.git(["init", "--quiet", "--initial-branch", "main"]);
    workspace.git(["add", "--all"]);
    workspace.git(["commit", "--quiet", "--message", "As it was"]);
    let programs = programs();
    cosign::install(programs.path());
    let path = std::env::var("PATH").unwrap_or_default();
    let player = Player::new(workspace.dir())
        .variable("PATH", &format!("{}:{path}", programs.path().display()))
        .variable("NO_COLOR", "1")
        .variable("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .variable("BASE", &new)
        .alias(&registry, "ghcr.io/acme/shop");
    let player = with_author(player);
    let file = "docs/releases.md";
    let text = std::fs::read_to_string(repository().join(file)).expect("the page is there");
    let way = section(&text, "## From a commit to a release");
    let page = Page::read(file, &way).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(page.steps.len() > 10, "{page:?}");
    if let Err(fault) = player.play(&page) {
        panic!("{fault}");
    }
    drop(turn);
}

/// Returns the lines of a section, each in its place on the page.
fn section(page: &str, heading: &str) -> String {
    let mut inside = false;
    let lines = page.lines().map(|line| {
        inside = match line.starts_with("## ") {
            true => line == heading,
            false => inside,
        };
        if inside { line } else { "" }
    });
    lines.map(|line| format!("{line}\n")).collect()
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
