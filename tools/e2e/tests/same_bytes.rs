//! Reproducible images: the same inputs give the same bytes on another engine, from another folder and at another time.

use std::process::Command;
use std::time::Duration;

use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{BASES, SERVICES, tiny};
use bakehouse_testkit::images::Images;
use bakehouse_testkit::{Bake, Contents, Ran, Runner, Turn, Workspace, engine, unique};
use camino::Utf8Path;

/// Creates the services, one of which ships files, with a namespace for their images.
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

/// Compares the images of the first engine with those of `runner`.
#[track_caller]
fn expect_same(images: &Images, runner: &Runner, about: &str) {
    for service in SERVICES {
        let image = images.name(service);
        let there = runner.docker(["image", "inspect", "--format", "{{.Id}}", &image]);
        if images.digest(service) != there {
            let [one, two] = [None, Some(runner.host())].map(|host| Contents::of(host, &image));
            let differences = one.differences(&two);
            panic!("{about}, {service}: {differences:#?}");
        }
    }
}

#[test]
fn another_engine_folder_and_time_give_the_same_images() {
    let turn = Turn::take();
    let runner = Runner::start("same", &BASES);
    for strategy in STRATEGIES {
        let workspace = workspace(*strategy);
        workspace.make_cold(&unique::unique());
        let _ = workspace.bake([]).run(&turn);

        // A checkout of the same commit in another folder, with other times and modes.
        let folder = tempfile::tempdir().expect("a folder can be made");
        let copy = folder.path().join("a longer name of a folder/checkout");
        std::fs::create_dir_all(&copy).expect("a folder can be made");
        let copied = format!(
            "cp -R {}/. .; umask 077; cp -R shipped other; rm -r shipped; mv other shipped",
            workspace.dir()
        );
        let _ = Ran::of(Command::new("sh").args(["-c", &copied]).current_dir(&copy)).succeeded();
        let touch = "find . -exec touch -h -d 2001-02-03 {} +";
        let _ = Ran::of(Command::new("sh").args(["-c", touch]).current_dir(&copy)).succeeded();
        std::thread::sleep(Duration::from_secs(2));
        let copy = Utf8Path::from_path(&copy).expect("its name is UTF-8");
        let _ = Bake::new(copy, workspace.images.namespace())
            .variable("DOCKER_HOST", runner.host())
            .variable("TZ", "Asia/Tokyo")
            .variable("LC_ALL", "C")
            .variable("USER", "somebody")
            .run(&turn);
        expect_same(&workspace.images, &runner, strategy.name);
    }
}

/// With `SOURCE_DATE_EPOCH` of the commit.
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
