//! Pack binaries: only changed ones are built, they share all stages with the services, and the file in a pack is
//! complete at every moment. The platform can read each pack that passes the check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use ::bakehouse::engine::progress::{Progress, Step};
use ::bakehouse::packs::check::{Expected, check};
use ::bakehouse::packs::folder::Folder;
use ::bakehouse::packs::platform::Platform;
use attune_common::packs;
use bakehouse_e2e::strategy::STRATEGIES;
use bakehouse_testkit::{Member, Ran, Reach, Running, Turn, Workspace, bakehouse, stages, unique};
use camino::Utf8Path;
use serde_json::Value;

const CONFIG: &str = r#"registry = "ticking"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.a]
package = "a"

[packs.demo]
path = "packs/demo"
binaries = [{ package = "tick", to = "sensors/" }, { package = "tock", to = "sensors/" }]
"#;

const TICK: &str = "packs/demo/sensors/tick";
const TOCK: &str = "packs/demo/sensors/tock";

fn source(name: &str, value: &str) -> String {
    format!("fn main() {{\n    println!(\"{name}-{value} {{}}\", common::value());\n}}\n")
}

/// Creates a service and two pack binaries that use one library, without any cache.
fn ticking() -> Workspace {
    let program = |name: &str| Member::binary(name, &source(name, "A")).uses("common");
    let members = [
        Member::library(
            "common",
            "pub fn value() -> &'static str {\n    \"common-A\"\n}\n",
        )
        .depends("cfg-if = \"=1.0.0\""),
        program("a"),
        program("tick").file("build.rs", PAUSE),
        program("tock"),
    ];
    let workspace = Workspace::of(&members, CONFIG);
    workspace.write(
        "packs/demo/pack.yaml",
        "ref: demo\nname: Demo\nversion: 1.0.0\n",
    );
    for name in ["tick", "tock"] {
        let manifest = format!("ref: demo.{name}\nentry_point: {name}\n");
        workspace.write(&format!("packs/demo/sensors/{name}.yaml"), &manifest);
    }
    workspace.make_cold(&unique::unique());
    workspace.generate();
    workspace
}

/// A build script that sleeps for the seconds in the file `pause`, so that a build can be killed in the middle.
const PAUSE: &str = r#"fn main() {
    let pause = std::fs::read_to_string("pause").unwrap_or_default();
    if let Ok(seconds) = pause.trim().parse() {
        std::thread::sleep(std::time::Duration::from_secs(seconds));
    }
}
"#;

fn build(workspace: &Workspace) -> Command {
    let mut command = bakehouse::command(workspace.dir());
    command.args(["packs", "build"]);
    command
}

#[track_caller]
fn built(workspace: &Workspace) -> BTreeMap<String, String> {
    results(&Ran::of(&mut build(workspace)).succeeded())
}

/// Returns the result that `packs build` prints for each binary.
fn results(ran: &Ran) -> BTreeMap<String, String> {
    let result = |line: &str| {
        let mut words = line.split_whitespace();
        let (file, words) = (words.next()?, words.skip(2).collect::<Vec<_>>());
        Some((file.rsplit('/').next()?.to_owned(), words.join(" ")))
    };
    let binaries = ran.stdout.lines().filter(|line| line.starts_with("packs/"));
    binaries.filter_map(result).collect()
}

#[track_caller]
fn assert_results(results: &BTreeMap<String, String>, tick: &str, tock: &str) {
    let expected = [("tick", tick), ("tock", tock)];
    let expected = expected.map(|(name, result)| (name.to_owned(), result.to_owned()));
    assert_eq!(*results, BTreeMap::from(expected));
}

#[track_caller]
fn prints(workspace: &Workspace, file: &str) -> String {
    let ran = Ran::of(&mut Command::new(workspace.dir().join(file))).succeeded();
    ran.stdout.trim().to_owned()
}

#[track_caller]
fn changed_at(workspace: &Workspace, file: &str) -> SystemTime {
    let about = std::fs::metadata(workspace.dir().join(file));
    about
        .and_then(|about| about.modified())
        .expect("the file is there")
}

/// Returns the state of each binary in `packs list`.
fn states(workspace: &Workspace) -> BTreeMap<String, String> {
    let listed = workspace
        .bakehouse(["packs", "list", "--format", "json"])
        .succeeded();
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let binaries = listed["packs"][0]["binaries"].as_array().expect("a list");
    let state = |binary: &Value| {
        let text = |key: &str| binary[key].as_str().unwrap_or_default().to_owned();
        (text("name"), text("state"))
    };
    binaries.iter().map(state).collect()
}

#[test]
fn only_what_changed_is_built_and_the_rest_is_not_touched() {
    let _turn = Turn::share();
    let workspace = ticking();
    assert_results(&states(&workspace), "missing", "missing");
    let services = workspace.tree();
    assert_results(&built(&workspace), "built", "built");
    assert_eq!(prints(&workspace, TICK), "tick-A common-A");
    assert_results(&states(&workspace), "current", "current");
    let differences = services.differences(&workspace.tree());
    let records = [
        "packs/demo/sensors/.tick.bakehouse.json",
        "packs/demo/sensors/.tock.bakehouse.json",
        TICK,
        TOCK,
    ];
    assert_eq!(differences, records);
    let record: Value = serde_json::from_str(&workspace.read(records[0])).expect("JSON");
    assert_eq!(record["version"], 1);
    assert!(
        record["glibc"]
            .as_str()
            .is_some_and(|glibc| glibc.starts_with("2.")),
        "{record}"
    );
    let mode = std::fs::metadata(workspace.dir().join(TICK))
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
    let _ = workspace.bakehouse(["packs", "check"]).succeeded();

    // Nothing has to be done, so no engine is needed.
    let times = || (changed_at(&workspace, TICK), changed_at(&workspace, TOCK));
    let before = times();
    let again = Ran::of(build(&workspace).env("DOCKER_HOST", "unix:///nowhere")).succeeded();
    assert_results(&results(&again), "current", "current");
    assert_eq!(times(), before);

    // The hash in the Bake file is outdated, which is no reason to refuse.
    workspace.write("crates/tick/src/main.rs", &source("tick", "B"));
    assert_results(&states(&workspace), "stale", "current");
    let third = Ran::of(&mut build(&workspace)).succeeded();
    assert_results(&results(&third), "built", "current");
    assert!(third.stdout.contains("run `bakehouse generate`"), "{third}");
    assert_eq!(prints(&workspace, TICK), "tick-B common-A");
    assert_eq!(changed_at(&workspace, TOCK), before.1);

    // After reverting the edit, the binary is that of the first build.
    workspace.write("crates/tick/src/main.rs", &source("tick", "A"));
    assert_results(&built(&workspace), "built", "current");
    assert_eq!(prints(&workspace, TICK), "tick-A common-A");

    // An edit of the library of both.
    workspace.replace("crates/common/src/lib.rs", "common-A", "common-B");
    assert_results(&built(&workspace), "built", "built");
    assert_eq!(prints(&workspace, TOCK), "tock-A common-B");
    // Generating again does not change the binary.
    workspace.generate();
    assert_results(&built(&workspace), "current", "current");
}

#[test]
fn what_somebody_put_in_a_binarys_place_is_seen() {
    let _turn = Turn::share();
    let workspace = ticking();
    assert_results(&built(&workspace), "built", "built");
    let before = changed_at(&workspace, TOCK);

    workspace.write(TICK, "mine");
    assert_results(&states(&workspace), "replaced", "current");
    let ran = Ran::of(&mut build(&workspace)).succeeded();
    ran.says("sensors/tick: somebody changed it after it was built; it is built again");
    assert_results(&results(&ran), "built", "current");
    assert_eq!(prints(&workspace, TICK), "tick-A common-A");

    // Bake alone writes the same bytes without a record. They are accepted as they are.
    workspace.remove("packs/demo/sensors/.tock.bakehouse.json");
    let ran = Ran::of(&mut build(&workspace)).succeeded();
    ran.says("sensors/tock: there is no record of how it was built");
    assert_results(&results(&ran), "current", "built, and the same as before");
    assert_eq!(changed_at(&workspace, TOCK), before);

    // With --force there is a build, and the binary is the same.
    let ran = Ran::of(build(&workspace).arg("--force")).succeeded();
    assert_results(
        &results(&ran),
        "built, and the same as before",
        "built, and the same as before",
    );
}

/// Returns the RUN steps that were carried out in a build with JSON output.
fn steps(ran: &Ran) -> Vec<Step> {
    let mut progress = Progress::default();
    ran.stderr
        .split_inclusive('\n')
        .for_each(|line| progress.add(line));
    let steps = progress.steps().into_iter();
    steps
        .filter(|step| step.executed && step.is_run())
        .collect()
}

/// Returns the crates that it compiled.
fn compiled(ran: &Ran) -> BTreeSet<String> {
    let steps = steps(ran);
    steps.iter().flat_map(Step::compiled).collect()
}

#[test]
fn after_a_bake_of_the_services_only_the_leaves_compile() {
    let turn = Turn::share();
    let workspace = ticking();
    let _ = workspace.bake(["default"]).run(&turn);
    let ran = Ran::of(build(&workspace).env("BUILDKIT_PROGRESS", "rawjson")).succeeded();
    let steps = steps(&ran);
    let ran_stages: BTreeSet<String> = steps.iter().map(|step| step.stage.clone()).collect();
    assert_eq!(
        ran_stages,
        stages(["build-pack-demo-tick", "build-pack-demo-tock"]),
        "{ran}"
    );
    assert_eq!(
        compiled(&ran),
        stages(["tick v0.1.0", "tock v0.1.0"]),
        "{ran}"
    );

    // `build` puts the binaries there in the same way, and finds existing ones.
    let workspace_build = |workspace: &Workspace| {
        let mut command = bakehouse::command(workspace.dir());
        command
            .args(["build", "pack-demo-tick"])
            .env("REGISTRY", workspace.images.namespace());
        Ran::of(&mut command).succeeded().stdout
    };
    assert!(workspace_build(&workspace).contains("skipped: the pack has"));
    workspace.write(TICK, "mine");
    assert!(workspace_build(&workspace).contains("baked into packs/demo/sensors"));
    assert_results(&states(&workspace), "current", "current");
}

#[test]
fn a_build_that_is_killed_leaves_the_old_binary_whole() {
    let _turn = Turn::share();
    let workspace = ticking();
    assert_results(&built(&workspace), "built", "built");
    let before = workspace.tree();

    for reach in [Reach::Group, Reach::Process] {
        workspace.write(
            "crates/tick/src/main.rs",
            &source("tick", &unique::unique()),
        );
        workspace.write("crates/tick/pause", "20");
        let mut building = Running::start(&mut build(&workspace));
        building.wait_for("Compiling tick v0.1.0");
        std::thread::sleep(Duration::from_secs(1));
        building.signal("KILL", reach);
        if matches!(reach, Reach::Group) {
            assert_eq!(building.wait().code, None);
        }
        let changed = before.differences(&workspace.tree());
        assert_eq!(changed, ["crates/tick/pause", "crates/tick/src/main.rs"]);
        assert_eq!(prints(&workspace, TICK), "tick-A common-A");
        assert_results(&states(&workspace), "stale", "current");
        workspace.remove("crates/tick/pause");
    }
    workspace.write("crates/tick/src/main.rs", &source("tick", "C"));
    assert_results(&built(&workspace), "built", "current");
    assert_eq!(prints(&workspace, TICK), "tick-C common-A");
}

#[test]
fn a_binary_that_would_not_run_is_refused_and_the_old_one_stays() {
    let _turn = Turn::share();
    let workspace = ticking();
    assert_results(&built(&workspace), "built", "built");
    let before = workspace.tree();
    let old = "glibc = { \"docker.io/library/debian:bookworm-slim\" = \"2.28\" }";
    workspace.replace("bakehouse.toml", "[bases]\n", &format!("[bases]\n{old}\n"));
    workspace.write("crates/tick/src/main.rs", &source("tick", "B"));
    workspace.generate();
    let ran = Ran::of(&mut build(&workspace)).exited(1);
    ran.says("error: tick needs GLIBC_2.")
        .says("debian:bookworm-slim has glibc 2.28");
    let changed = before.differences(&workspace.tree());
    assert!(
        changed.iter().all(|path| !path.starts_with("packs/")),
        "{changed:?}"
    );
    assert_eq!(prints(&workspace, TICK), "tick-A common-A");
}

/// Returns the glibc that a binary needs according to its record; none for a static one.
fn glibc(workspace: &Workspace, name: &str) -> Option<String> {
    let record = format!("packs/demo/sensors/.{name}.bakehouse.json");
    let record: Value = serde_json::from_str(&workspace.read(&record)).expect("JSON");
    record["glibc"].as_str().map(str::to_owned)
}

/// Returns the output of a binary in an image that contains nothing else.
#[track_caller]
fn prints_alone(workspace: &Workspace, name: &str) -> String {
    let image = workspace.images.name("alone");
    let folder = workspace.dir().join("packs/demo/sensors");
    let import = format!("tar -C {folder} -c {name} | docker import - {image}");
    let _ = Ran::of(Command::new("bash").args(["-o", "pipefail", "-c", &import])).succeeded();
    let program = format!("/{name}");
    let run = ["run", "--rm", "--network", "none", &image, &program];
    let ran = Ran::of(Command::new("docker").args(run)).succeeded();
    ran.stdout.trim().to_owned()
}

#[test]
fn a_static_binary_runs_anywhere_and_nothing_else_is_compiled_for_it() {
    let turn = Turn::share();
    for strategy in STRATEGIES {
        let workspace = ticking();
        (strategy.prepare)(&workspace);
        let _ = workspace.bake(["default"]).run(&turn);
        let dynamic = "{ package = \"tock\", to = \"sensors/\" }";
        let linked = "{ package = \"tock\", to = \"sensors/\", static = true }";
        workspace.replace("bakehouse.toml", dynamic, linked);
        workspace.generate();
        let ran = Ran::of(build(&workspace).env("BUILDKIT_PROGRESS", "rawjson")).succeeded();
        let compiled = compiled(&ran);
        assert_eq!(
            compiled,
            stages(["tick v0.1.0", "tock v0.1.0"]),
            "{}: {ran}",
            strategy.name
        );
        assert_eq!(glibc(&workspace, "tock"), None, "{}", strategy.name);
        assert!(glibc(&workspace, "tick").is_some());
        assert_eq!(prints_alone(&workspace, "tock"), "tock-A common-A");

        // After changing the linking and reverting it, no mount keeps a binary that was linked differently.
        workspace.replace("bakehouse.toml", linked, dynamic);
        workspace.generate();
        assert_results(&built(&workspace), "current", "built");
        assert!(glibc(&workspace, "tock").is_some(), "{}", strategy.name);
        workspace.replace("bakehouse.toml", dynamic, linked);
        workspace.write("crates/tock/src/main.rs", &source("tock", "B"));
        workspace.generate();
        assert_results(&built(&workspace), "current", "built");
        assert_eq!(prints_alone(&workspace, "tock"), "tock-B common-A");
    }
}

/// Values that people write, correct and wrong ones.
const VALUES: [&str; 28] = [
    "x",
    "demo.x",
    "run.sh",
    "shell",
    "1",
    "0",
    "-1",
    "1.5",
    "010",
    "1_000",
    "0x10",
    "\"1\"",
    "true",
    "yes",
    "~",
    "",
    "[a, b]",
    "{a: b}",
    "'quoted'",
    "!!str 1",
    "!!int 1",
    "&a x",
    "\"\"",
    "../run.sh",
    "./run.sh",
    "2026-01-01",
    "1e3",
    "\"a\\0b\"",
];

const PACK: &str = "ref: demo\nname: Demo\nversion: 1.0.0\ndescription: d\n";
const ACTION: &str = "ref: demo.x\ndescription: d\nrunner: shell\nentry_point: run.sh\ntimeout_seconds: 5\nparameters:\n  \
    p:\n    type: string\n    description: d\n    required: true\n    default: d\n";
const SENSOR: &str = "ref: demo.x\ndescription: d\nentry_point: run.sh\nenvironment:\n  A: b\n";

/// The platform reads every manifest that passes the check. The opposite is not required, because the check covers
/// more.
#[test]
fn a_pack_that_passes_the_check_is_one_that_the_platform_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let write = |path: &str, text: &str| {
        let path = root.join("demo").join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    for script in ["actions/run.sh", "sensors/run.sh"] {
        write(script, "#!/bin/sh\n");
        let path = root.join("demo").join(script);
        std::fs::set_permissions(path, Permissions::from_mode(0o755)).expect("a mode");
    }
    let files = [
        ("pack.yaml", PACK),
        ("actions/x.yaml", ACTION),
        ("sensors/x.yaml", SENSOR),
    ];
    for (file, text) in files {
        write(file, text);
    }
    assert_eq!(disagreement(root), Ok(true));
    let (mut passed, mut refused) = (0, 0);
    for (file, text) in files {
        for (at, line) in text.lines().enumerate() {
            let Some((key, _)) = line.split_once(':') else {
                continue;
            };
            let variants = VALUES.iter().map(|value| format!("{key}: {value}"));
            let others = [
                String::new(),
                format!("{line}\n{line}"),
                format!("{key}s: x"),
                format!("{key}:\n  - x"),
            ];
            for variant in variants.chain(others) {
                let lines = text.lines().enumerate();
                let lines = lines.map(|(other, line)| if other == at { &variant } else { line });
                let spoiled = lines.collect::<Vec<_>>().join("\n") + "\n";
                write(file, &spoiled);
                match disagreement(root) {
                    Ok(true) => passed += 1,
                    Ok(false) => refused += 1,
                    Err(said) => {
                        panic!("the check lets pass, and the platform says {said}:\n{spoiled}")
                    }
                }
            }
        }
        write(file, text);
    }
    assert!(
        passed > 100 && refused > 300,
        "{passed} passed, {refused} refused"
    );
}

/// Returns whether the check passes, and fails with the platform's message if the platform disagrees.
fn disagreement(root: &Path) -> Result<bool, String> {
    let demo = root.join("demo");
    let path = Utf8Path::from_path(&demo).expect("UTF-8");
    let folder = Folder::read(path, Utf8Path::new("demo")).expect("a folder");
    let expected = Expected {
        platforms: vec![Platform::of_machine(std::env::consts::ARCH)],
        glibc: None,
        built: BTreeMap::new(),
    };
    let (_, found) = check(&folder, &expected);
    if !found.is_empty() {
        return Ok(false);
    }
    let loaded = packs::load(root);
    let said: Vec<String> = loaded
        .all_problems()
        .map(|problem| problem.message.clone())
        .collect();
    if said.is_empty() {
        Ok(true)
    } else {
        Err(said.join("; "))
    }
}
