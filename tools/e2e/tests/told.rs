//! Reports of `bakehouse build` and `bakehouse doctor` about the real engine.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bakehouse_e2e::tiny::{self, tiny};
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Ran, Turn, Workspace, bakehouse, unique};
use serde_json::Value;

fn command(workspace: &Workspace) -> Command {
    let mut command = bakehouse::command(workspace.dir());
    command.env("REGISTRY", workspace.images.namespace());
    command
}

fn build(workspace: &Workspace, further: &[&str]) -> Ran {
    Ran::of(command(workspace).arg("build").args(further)).succeeded()
}

/// Builds with these arguments and returns the last event, and the time by the clock.
fn timed(workspace: &Workspace, arguments: &[&str]) -> (Value, f64) {
    let begun = Instant::now();
    let ran = build(workspace, &[&["--progress", "json"], arguments].concat());
    let took = begun.elapsed().as_secs_f64();
    let last = ran.stdout.lines().last().unwrap_or_default();
    let done = serde_json::from_str(last).unwrap_or_else(|_| panic!("{ran}"));
    (done, took)
}

/// Returns the seconds under `key`, which may be missing.
fn seconds(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or_default()
}

/// Returns the seconds of the newest build of a target in the builder's history.
fn in_history(workspace: &Workspace, target: &str) -> f64 {
    let folder = workspace.dir().file_name().expect("a folder with a name");
    let all = docker(["buildx", "history", "ls", "--no-trunc", "--format", "json"]);
    let all = all.lines().map(|line| {
        let build: Value = serde_json::from_str(line).expect("a build as JSON");
        build
    });
    let own = |build: &Value| {
        let name = build["name"].as_str().unwrap_or_default();
        name.contains(folder) && name.ends_with(&format!("({target})"))
    };
    let newest = all
        .filter(own)
        .max_by_key(|build| build["created_at"].to_string());
    let newest = newest.unwrap_or_else(|| panic!("no build of {target} in {folder}"));
    let id = newest["ref"].as_str().expect("a ref");
    let id = id.rsplit('/').next().unwrap_or_default();
    let said = docker(["buildx", "history", "inspect", id, "--format", "json"]);
    let said: Value = serde_json::from_str(&said).expect("a record as JSON");
    seconds(&said, "Duration") / 1e9
}

/// Another build, which holds a cache mount.
struct Holder(Child);

impl Holder {
    /// Returns when it has the mount, which it keeps for `seconds`.
    fn start(mount: &str, seconds: u32) -> Self {
        let dockerfile = format!(
            "FROM {}\nARG TRY\nRUN --network=none --mount=type=cache,id={mount},target=/held,sharing=locked echo $TRY held; sleep {seconds}\n",
            tiny::BASES[1]
        );
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a Dockerfile");
        let mut child = Command::new("docker")
            .args([
                "buildx",
                "build",
                "--progress",
                "plain",
                "--output",
                "type=cacheonly",
            ])
            .args(["--build-arg", &format!("TRY={}", unique::unique())])
            .arg(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker");
        let said = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut lines = said.lines().map_while(Result::ok);
        let held = lines.find(|line| line.ends_with(" held") && !line.contains("RUN"));
        assert!(held.is_some(), "the mount {mount} is not held");
        // Nobody reads the rest.
        std::thread::spawn(move || lines.count());
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        _ = self.0.wait();
    }
}

/// Returns the columns of a service's row, in the order of the heading.
fn row<'a>(ran: &'a Ran, service: &str) -> [&'a str; 6] {
    let rows = bakehouse::rows(ran);
    let row = rows.get(service);
    *row.unwrap_or_else(|| panic!("no row of {service}: {ran}"))
}

/// Returns the reason why a stage ran, from the lines below the table.
fn why<'a>(ran: &'a Ran, stage: &str) -> Option<&'a str> {
    let mut lines = ran
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("  "));
    let line = lines.find(|line| line.split(' ').next() == Some(stage))?;
    Some(line.split_once("compiled  ")?.1)
}

#[test]
fn a_build_tells_of_each_service_what_became_of_it_and_why_stages_ran() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let cold = build(&workspace, &["--verbose"]);
    for service in tiny::SERVICES {
        let [_, time, size, digest, hash, result] = row(&cold, service);
        assert_eq!(result, "built", "{cold}");
        assert!(time.ends_with(" s") && size.ends_with("MB"), "{cold}");
        assert_eq!((digest.len(), hash.len()), (12, 16), "{cold}");
    }
    assert_eq!(
        why(&cold, "deps"),
        Some("it never ran for this folder"),
        "{cold}"
    );
    assert!(
        cold.stdout.lines().all(|line| line.chars().count() <= 80),
        "{cold}"
    );

    let skipped = build(&workspace, &[]);
    for service in tiny::SERVICES {
        assert_eq!(row(&skipped, service)[5], "skipped", "{skipped}");
        assert_eq!(
            row(&skipped, service)[3],
            row(&cold, service)[3],
            "{skipped}"
        );
    }
    assert!(
        skipped
            .stdout
            .contains("skipped: the engine has the image of that input hash"),
        "{skipped}"
    );

    let forced = build(&workspace, &["--force"]);
    for service in tiny::SERVICES {
        assert_eq!(row(&forced, service)[5], "cached", "{forced}");
    }
    assert!(!forced.stdout.contains("slowest"), "{forced}");

    tiny::set(&workspace, "left", "B");
    let changed = build(&workspace, &[]);
    let results = tiny::SERVICES.map(|service| row(&changed, service)[5]);
    assert_eq!(results, ["built", "built", "skipped"], "{changed}");
    let reason = Some("changed: crates/left/src/lib.rs");
    for stage in ["lib-left", "build-a", "build-b"] {
        assert_eq!(why(&changed, stage), reason, "{changed}");
    }
    assert!(
        !changed.stdout.contains("compiled more than once"),
        "{changed}"
    );

    // A loss in the builder's cache is reported differently from a change.
    let again = build(&workspace, &["--verbose", "a", "--", "--no-cache"]);
    let reason = Some("nothing changed: it was not in the cache");
    assert_eq!(why(&again, "build-a"), reason, "{again}");
}

#[test]
fn what_a_build_waits_for_a_mount_of_another_one_is_not_its_time() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let (done, took) = timed(&workspace, &["a"]);
    let row = &done["services"][0];
    assert!(seconds(row, "seconds") <= took, "{took} s: {done}");
    assert_eq!(row["waited"], Value::Null, "{done}");

    // The stage `deps` runs again, and another build has its mount.
    let dockerfile = workspace.read("docker/Dockerfile");
    let mount = dockerfile.split("id=").find(|text| text.contains("-deps-"));
    let mount = mount
        .and_then(|text| text.split(',').next())
        .expect("a mount");
    let mount = mount.replace("${TARGETPLATFORM}", "linux/amd64");
    workspace.replace(
        "Cargo.toml",
        "[profile.release.package",
        "[profile.release]\nopt-level = 1\n\n[profile.release.package",
    );
    workspace.generate();
    let holder = Holder::start(&mount, 15);
    let (done, took) = timed(&workspace, &["a"]);
    drop(holder);
    let row = &done["services"][0];
    let (own, waited) = (seconds(row, "seconds"), seconds(row, "waited"));
    assert!(waited > 4.0, "{took} s: {done}");
    assert!(own + waited <= took, "{took} s: {done}");
    let built = in_history(&workspace, "a");
    assert!(
        own + waited <= built + 0.1 && own + waited > built - 3.0,
        "{built} s: {done}"
    );
    let stages = done["stages"].as_array().expect("stages");
    let deps = stages.iter().find(|stage| stage["stage"] == "deps");
    let deps = deps.expect("deps ran");
    assert!(seconds(deps, "waited") > 4.0, "{done}");
    assert!(
        seconds(deps, "seconds") + seconds(deps, "waited") <= built,
        "{built} s: {done}"
    );
}

#[test]
fn a_step_that_another_build_began_is_waited_for() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    build(&workspace, &["a"]);
    workspace.write("crates/c/pause", "20");
    workspace.generate();
    let begun = Instant::now();
    let mut first = command(&workspace)
        .args(["build", "--progress", "json", "c"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("bakehouse");
    let mut lines = BufReader::new(first.stdout.take().expect("a pipe")).lines();
    let last_before = |line: &std::io::Result<String>| {
        line.as_ref()
            .is_ok_and(|line| line.contains("\"stage\":\"lib-right\""))
    };
    assert!(lines.find(last_before).is_some(), "lib-right did not run");
    std::thread::sleep(Duration::from_secs(6));
    // An engine cannot give two images one name at the same moment.
    let second = timed(&workspace, &["c", "--", "--set", "c.output=type=cacheonly"]);
    let done = lines.map_while(Result::ok).last().expect("an event");
    let done: Value = serde_json::from_str(&done).expect("an event as JSON");
    assert!(first.wait().expect("bakehouse").success(), "{done}");
    let first = (done, begun.elapsed().as_secs_f64());
    for (done, took) in [&first, &second] {
        let row = &done["services"][0];
        let (own, waited) = (seconds(row, "seconds"), seconds(row, "waited"));
        assert!(own + waited <= *took, "{took} s: {done}");
        let of_stages = done["stages"].as_array().expect("stages").iter();
        let longest = of_stages.map(|stage| seconds(stage, "seconds"));
        assert!(longest.fold(0.0, f64::max) <= *took, "{took} s: {done}");
    }
    let row = &second.0["services"][0];
    assert!(seconds(row, "waited") > 2.0, "{second:?}");
    assert!(seconds(row, "seconds") < second.1 / 2.0, "{second:?}");
}

#[test]
fn a_quiet_build_prints_nothing_but_what_fails() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let good = build(&workspace, &["--quiet", "a"]);
    assert_eq!((&*good.stdout, &*good.stderr), ("", ""));
    workspace.write("crates/a/src/main.rs", "fn main() { no }\n");
    let failed = Ran::of(command(&workspace).args(["build", "--quiet", "a"])).exited(1);
    assert_eq!(failed.stdout, "", "{failed}");
    for text in ["cannot find value `no`", "[build-a ", "bake-failed"] {
        assert!(failed.stderr.contains(text), "{text}: {failed}");
    }
    for text in ["[vendor ", "[deps ", "[lib-left ", "DONE"] {
        assert!(!failed.stderr.contains(text), "{text}: {failed}");
    }
}

#[test]
fn a_program_gets_a_line_of_json_for_each_step_and_one_for_the_end() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let ran = build(&workspace, &["--progress", "json", "a"]);
    let events = |ran: &Ran| -> Vec<Value> {
        let lines = ran.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line} of {ran}")))
            .collect()
    };
    let all = events(&ran);
    assert!(all.iter().all(|event| event["version"] == 1), "{ran}");
    let steps: Vec<&Value> = all
        .iter()
        .filter(|event| event["event"] == "step")
        .collect();
    let stage = |name: &str| {
        steps.iter().find(|step| {
            step["stage"] == name
                && step["instruction"]
                    .as_str()
                    .is_some_and(|text| text.starts_with("RUN"))
        })
    };
    let leaf = stage("build-a").unwrap_or_else(|| panic!("{ran}"));
    assert_eq!(
        (&leaf["cached"], &leaf["error"]),
        (&Value::Bool(false), &Value::Null)
    );
    assert!(
        leaf["seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds > 0.0),
        "{leaf}"
    );
    let done = all.last().expect("an event");
    assert_eq!(done["event"], "done", "{ran}");
    let service = &done["services"][0];
    assert_eq!(
        (&service["name"], &service["result"]),
        (&"a".into(), &"built".into()),
        "{done}"
    );
    assert!(
        service["digest"]
            .as_str()
            .is_some_and(|digest| digest.starts_with("sha256:")),
        "{done}"
    );
    let stages = done["stages"].as_array().expect("stages");
    let deps = stages
        .iter()
        .find(|stage| stage["stage"] == "deps")
        .expect("deps ran");
    assert!(
        deps["compiled"]
            .as_u64()
            .is_some_and(|compiled| compiled > 0),
        "{done}"
    );
    assert_eq!(done["compiled_again"], Value::Array(Vec::new()), "{done}");

    workspace.write("crates/a/src/main.rs", "fn main() { no }\n");
    let failed = Ran::of(command(&workspace).args(["build", "--progress", "json", "a"])).exited(1);
    let all = events(&failed);
    let end = all.last().expect("an event");
    assert_eq!(
        (&end["event"], &end["problems"][0]["code"]),
        (&"failed".into(), &"bake-failed".into()),
        "{failed}"
    );
    let step = all
        .iter()
        .find(|event| event["stage"] == "build-a" && event["error"].is_string());
    assert!(step.is_some(), "{failed}");
    assert!(failed.stderr.contains("bake-failed"), "{failed}");
}

#[test]
fn what_compiles_twice_is_told_with_the_reason() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    let config = workspace.read("bakehouse.toml");
    workspace.write(
        "bakehouse.toml",
        &config.replacen("[bases]", "unify = \"each\"\n\n[bases]", 1),
    );
    workspace.generate();
    let ran = build(&workspace, &["--verbose"]);
    let again = ran.stdout.split("compiled more than once").nth(1);
    let again = again.unwrap_or_else(|| panic!("{ran}"));
    let line = again.lines().find(|line| {
        line.trim()
            .starts_with("common v0.1.0 in lib-common-for-a, lib-common-for-b")
    });
    assert!(
        line.is_some_and(|line| line.ends_with("features are not unified: `unify = \"each\"`")),
        "{ran}"
    );
    // The chain of `b` begins with the third-party crates of `a`.
    assert!(!again.contains("cfg-if"), "{ran}");
}

#[test]
fn libraries_of_a_group_run_one_stage_and_the_binaries_are_right() {
    let turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.append(
        "bakehouse.toml",
        "\n[groups]\nsmall = [\"common\", \"left\"]\n",
    );
    workspace.generate();
    let cold = workspace.bake([]).run(&turn);
    let twice: Vec<String> = cold
        .compiled()
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(name, _)| name)
        .collect();
    assert!(twice.is_empty(), "{twice:?} {cold}");
    for (library, values) in [
        ("left", ["A", "B"]),
        ("common", ["B", "B"]),
        ("left", ["B", "A"]),
    ] {
        let [common, left] = values;
        tiny::set(
            &workspace,
            library,
            if library == "left" { left } else { common },
        );
        let run = workspace.bake([]).run(&turn);
        // All contain the group, and `right` needs none of its libraries.
        let expected = ["libs-small", "build-a", "build-b", "build-c"];
        assert_eq!(
            run.ran_stages(),
            bakehouse_testkit::stages(expected),
            "{run}"
        );
        assert_eq!(
            tiny::prints(&workspace, "a"),
            tiny::expected("a", "A", common, left)
        );
        assert_eq!(
            tiny::prints(&workspace, "c"),
            tiny::expected("c", "A", common, "A")
        );
    }
}

/// Returns the MiB of the engine's cache mounts whose description has `text`, by the engine's own account.
fn of_engine(text: &str) -> u64 {
    let said = (0..10).find_map(|_| {
        // It fails where somebody deletes an image meanwhile.
        let format = ["--verbose", "--format", "{{json .BuildCache}}"];
        let ran = Ran::of(Command::new("docker").args(["system", "df"]).args(format));
        (ran.code == Some(0)).then_some(ran.stdout)
    });
    let said = said.expect("the engine's account");
    let all: Vec<Value> = serde_json::from_str(&said).expect("records as JSON");
    let bytes = |record: &Value| {
        let size = record["Size"].as_str().expect("a size");
        let digits = size.trim_end_matches(char::is_alphabetic);
        let factor = match &size[digits.len()..] {
            "GB" => 1e9,
            "MB" => 1e6,
            "kB" => 1e3,
            unit => {
                assert_eq!(unit, "B", "{record}");
                1.0
            }
        };
        digits.parse::<f64>().expect("a number") * factor
    };
    let own = all.iter().filter(|record| {
        let about = record["Description"].as_str().unwrap_or_default();
        record["CacheType"] == "exec.cachemount" && about.contains(text)
    });
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size of some megabytes"
    )]
    let mib = (own.map(bytes).sum::<f64>() / 1_048_576.0) as u64;
    mib
}

#[test]
fn the_doctor_finds_a_real_engine_ready() {
    let _turn = Turn::take();
    let workspace = tiny();
    let name = unique::unique();
    workspace.make_cold(&name);
    let name = format!("e2e-{name}");
    workspace.generate();
    let ran = Ran::of(command(&workspace).args(["doctor", "--format", "json"]));
    let said: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    let checks = said["checks"].as_array().expect("checks");
    for name in [
        "engine",
        "buildx",
        "frontend",
        "store",
        "platforms",
        "files",
    ] {
        let check = checks.iter().find(|check| check["name"] == name);
        let check = check.unwrap_or_else(|| panic!("{name}: {ran}"));
        assert_eq!(check["verdict"], "good", "{check}");
    }
    let cache = checks
        .iter()
        .find(|check| check["name"] == "cache")
        .expect("a cache");
    assert!(
        cache["found"]
            .as_str()
            .is_some_and(|found| found.contains(" of cache, ")),
        "{cache}"
    );
    assert!(
        cache["needed"]
            .as_str()
            .is_some_and(|needed| needed.contains("unused for")),
        "{cache}"
    );
    let mounts = |checks: &[Value]| -> u64 {
        let cache = checks.iter().find(|check| check["name"] == "cache");
        let found = cache.and_then(|cache| cache["found"].as_str());
        let (_, mounts) = found
            .and_then(|found| found.split_once(" of cache, "))
            .expect("a size");
        mounts
            .split(' ')
            .next()
            .and_then(|mib| mib.parse().ok())
            .expect("a number")
    };
    assert_eq!(mounts(checks), 0, "nothing of it was built: {ran}");
    build(&workspace, &[]);
    let ran = Ran::of(command(&workspace).args(["doctor", "--format", "json"]));
    let said: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    let told = mounts(said["checks"].as_array().expect("checks"));
    let engine = of_engine(&format!("with id \"/{name}-"));
    assert!(
        told > 0 && told.abs_diff(engine) <= 1,
        "{engine} MiB: {ran}"
    );
    // An engine that does not support the Dockerfile reports that itself.
    workspace.write("docker/Dockerfile", "FROM scratch\nBAKE all\n");
    let ran = Ran::of(command(&workspace).args(["doctor"])).exited(1);
    assert!(ran.stdout.contains("unknown instruction: BAKE"), "{ran}");
}
