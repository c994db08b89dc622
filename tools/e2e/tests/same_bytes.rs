//! The same inputs give the same bytes: on another engine, from another folder, at another time.

use std::process::Command;
use std::time::Duration;

use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{BASES, SERVICES, tiny};
use bakehouse_testkit::{Contents, Ran, Runner, Turn, Workspace, engine, unique};

/// The services, one of which ships files, and their images' namespace.
fn workspace(strategy: Strategy) -> Workspace {
    let workspace = tiny();
    workspace.replace(
        "bakehouse.toml",
        "[services.b]\npackage = \"b\"\n",
        "[services.b]\npackage = \"b\"\nfiles = { \"shipped\" = \"/opt/shipped\" }\n",
    );
    workspace.write("shipped/one.txt", "one\n");
    workspace.write("shipped/deep/two.txt", "two\n");
    (strategy.prepare)(&workspace);
    workspace
}

/// Bakes all services of `dir` on the engine of `host`.
#[track_caller]
fn bake(dir: &str, registry: &str, host: Option<&str>, further: &[(&str, &str)]) {
    let mut command = Command::new("docker");
    command
        .current_dir(dir)
        .args(["buildx", "bake", "--progress=plain"])
        .env("REGISTRY", registry)
        .envs(further.iter().copied());
    if let Some(host) = host {
        command.env("DOCKER_HOST", host);
    }
    let _ = Ran::of(&mut command).succeeded();
}

/// Of the manifest of the engine's own platform.
#[track_caller]
fn digest(host: Option<&str>, image: &str) -> String {
    let mut command = Command::new("docker");
    command.args(["image", "inspect", "--format", "{{.Id}}", image]);
    if let Some(host) = host {
        command.env("DOCKER_HOST", host);
    }
    Ran::of(&mut command).succeeded().stdout
}

#[track_caller]
fn expect_same(registry: &str, hosts: [Option<&str>; 2], about: &str) {
    for service in SERVICES {
        let image = format!("{registry}/{service}:latest");
        let [one, two] = hosts.map(|host| digest(host, &image));
        if one != two {
            let [one, two] = hosts.map(|host| Contents::of(host, &image));
            let differences = one.differences(&two);
            panic!("{about}, {service}: {differences:#?}");
        }
    }
}

#[test]
fn another_engine_folder_and_time_give_the_same_images() {
    let _turn = Turn::take();
    let runner = Runner::start("same", &BASES);
    for strategy in STRATEGIES {
        let workspace = workspace(*strategy);
        workspace.make_cold(&unique::unique());
        let registry = workspace.images.namespace();
        bake(workspace.dir().as_str(), registry, None, &[]);

        // A checkout of the same commit elsewhere, with times and modes of its own.
        let folder = tempfile::tempdir().expect("a folder can be made");
        let copy = folder.path().join("a longer name of a folder/checkout");
        std::fs::create_dir_all(&copy).expect("a folder can be made");
        let copied = format!(
            "cp -R {}/. .; umask 077; cp -R shipped other; rm -r shipped; mv other shipped",
            workspace.dir()
        );
        let _ = Ran::of(Command::new("sh").args(["-c", &copied]).current_dir(&copy)).succeeded();
        let copy = copy.to_str().expect("its name is UTF-8");
        let touch = "find . -exec touch -h -d 2001-02-03 {} +";
        let _ = Ran::of(Command::new("sh").args(["-c", touch]).current_dir(copy)).succeeded();
        std::thread::sleep(Duration::from_secs(2));
        let other = [("TZ", "Asia/Tokyo"), ("LC_ALL", "C"), ("USER", "somebody")];
        bake(copy, registry, Some(runner.host()), &other);
        expect_same(registry, [None, Some(runner.host())], strategy.name);
    }
}

/// `SOURCE_DATE_EPOCH` of the commit.
#[test]
fn the_time_of_a_release_makes_another_image_and_compiles_nothing() {
    let turn = Turn::take();
    for strategy in STRATEGIES {
        let workspace = workspace(*strategy);
        workspace.make_cold(&unique::unique());
        let created = |time: &str| {
            let run = workspace
                .bake(["a", "b"])
                .variable("SOURCE_DATE_EPOCH", time)
                .run(&turn);
            let image = workspace.images.name("a");
            let created = engine::docker(["image", "inspect", "--format", "{{.Created}}", &image]);
            (run, created)
        };
        let (_, first) = created("0");
        assert!(first.starts_with("1970-01-01T00:00:00"), "{first}");
        let (run, second) = created("1700000000");
        assert!(second.starts_with("2023-11-14T22:13:20"), "{second}");
        let compiled: Vec<String> = run.compiled().into_keys().collect();
        assert_eq!(compiled, Vec::<String>::new(), "{run}");
    }
}
