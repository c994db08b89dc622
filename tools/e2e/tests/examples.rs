//! The examples in `docs/examples` are baked as they stand, and their images do what the page says.

use std::process::Command;
use std::time::Duration;

use bakehouse_testkit::container::{self, Container};
use bakehouse_testkit::unique::unique;
use bakehouse_testkit::workspace::repository;
use bakehouse_testkit::{Ran, Turn, Workspace, stages};

/// Returns a copy of an example whose generated files are up to date.
fn example(name: &str) -> Workspace {
    let workspace = Workspace::empty();
    let files = format!("{}/docs/examples/{name}/.", repository());
    let mut copy = Command::new("cp");
    let _ = Ran::of(copy.args(["-R", &files, workspace.dir().as_str()])).succeeded();
    let _ = workspace.bakehouse(["generate", "--check"]).succeeded();
    workspace
}

#[test]
fn services_share_a_library_and_an_edit_of_one_builds_one() {
    let turn = Turn::share();
    let workspace = example("services");
    let baked = workspace.bake([]).run(&turn);
    let twice = |(_, times): (_, usize)| times > 1;
    assert!(!baked.compiled().into_iter().any(twice), "{baked}");
    for (service, port, expected) in [("hello", 8080, "hello\n"), ("clock", 8081, "")] {
        let started = Container::start(&workspace.images.name(service), port);
        let patience = Duration::from_secs(20);
        assert_eq!(started.get(port, "/health", patience).trim(), "ok");
        let said = started.get(port, "/", patience);
        match service {
            "hello" => assert_eq!(said.trim(), expected.trim()),
            _ => assert!(said.trim().parse::<u64>().is_ok(), "{said}"),
        }
    }
    let clock = workspace.images.digest("clock");
    // No bake before has seen it.
    let line = format!("\n// {}\n", unique());
    workspace.append("hello/src/main.rs", &line);
    let baked = workspace.bake([]).run(&turn);
    assert_eq!(baked.ran_stages(), stages(["build-hello"]), "{baked}");
    assert_eq!(workspace.images.digest("clock"), clock);
}

#[test]
fn a_service_has_a_library_of_the_system_a_front_end_and_words_from_elsewhere() {
    let turn = Turn::share();
    let workspace = example("front-end");
    let _ = workspace.bake([]).run(&turn);
    let prints = || container::prints(&workspace.images.name("web"), []);
    let page = "<title>The bakery</title>";
    // The sum is zlib's crc32 of the page and its line break.
    assert_eq!(prints(), format!("{page}\neef9a308 bread rolls"));

    // Another word compiles the service; another page compiles nothing.
    // No bake before has seen them.
    let new = unique();
    workspace.write("words/en.txt", &format!("bread\n{new}\n"));
    let baked = workspace.bake([]).run(&turn);
    assert_eq!(baked.ran_stages(), stages(["build-web"]), "{baked}");
    let words = format!(" bread {new}");
    assert!(prints().ends_with(&words), "{}", prints());
    let page = format!("<title>@TITLE@, {new}</title>\n");
    workspace.write("ui/index.html", &page);
    let baked = workspace.bake([]).run(&turn);
    assert!(baked.compiled().is_empty(), "{baked}");
    let page = format!("<title>The bakery, {new}</title>");
    assert!(prints().starts_with(&page), "{}", prints());
}

#[test]
fn a_release_has_its_variants_under_their_tags() {
    let turn = Turn::share();
    let workspace = example("release");
    let bake = |targets: &[&str]| {
        let bake = workspace.bake(targets.iter().copied());
        bake.variable("TAG", "1.2").run(&turn)
    };
    let _ = bake(&["release"]);
    let image = |name: &str| format!("{}/{name}", workspace.images.namespace());
    let absent = container::run(&image("ship:1.2-debug"), []);
    assert_ne!(absent.code, Some(0), "{absent}");
    let _ = bake(&["ship-debug"]);
    for (name, program, prints) in [
        ("ship:1.2", "shipd", "shipd 0.1.0"),
        ("ship:1.2", "shipctl", "shipctl 0.1.0"),
        ("ship:1.2-metrics", "shipd", "shipd 0.1.0 with metrics"),
        ("ship:1.2-debug", "shipd", "shipd 0.1.0 and checks"),
        ("shipctl:1.2", "shipctl", "shipctl 0.1.0"),
    ] {
        let options = ["--entrypoint", program];
        let printed = container::prints_on(native(), &options, &image(name), &[]);
        assert_eq!(printed, prints, "{name}");
    }
}

/// Returns the engine's platform.
fn native() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "linux/arm64",
        _ => "linux/amd64",
    }
}
