//! The reference platform under Compose: its packs are edited, added, rebuilt, and copied by a process that is killed.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Compose, Ran, Reach, Running, Turn, Workspace, unique};
use serde_json::{Value, json};

use crate::platform::{checkout, cold};

const ECHO: &str = "packs/core/actions/echo.sh";
const TIMER: &str = "crates/attune/core-timer-sensor/src/main.rs";
const BINARY: &str = "pack-core-attune-core-timer-sensor";

/// Creates a checkout of the platform with its images and its pack binary.
fn baked(turn: &Turn) -> Workspace {
    cold(turn);
    let workspace = checkout();
    let _ = workspace.bake(["default", "packs"]).run(turn);
    workspace
}

/// Starts the platform.
fn up(workspace: &Workspace) -> Compose {
    let compose = Compose::new(workspace);
    compose.run(["up", "--detach", "--no-build"]);
    compose
}

/// Returns the pack `reference` as soon as the api lists it and `wanted` returns a value.
fn pack<T>(compose: &Compose, reference: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
    compose.wait_for("api", "/packs", |packs| {
        let packs = packs["packs"].as_array()?;
        let pack = packs.iter().find(|pack| pack["ref"] == reference)?;
        wanted(pack)
    })
}

/// Returns the answer of `core.echo` to `message`.
fn echo(compose: &Compose, message: &str) -> String {
    let execution = compose.execute("core.echo", &json!({ "message": message }));
    assert_eq!(execution["status"], "succeeded", "{execution}");
    execution["stdout"].as_str().unwrap_or_default().to_owned()
}

/// Returns the image that each container runs.
fn running_images(compose: &Compose) -> BTreeMap<String, String> {
    let listed = compose.run(["ps", "--all", "--format", "{{.ID}}"]);
    let image = |id: &str| {
        let said = docker([
            "container",
            "inspect",
            "--format",
            "{{.Name}} {{.Image}}",
            id,
        ]);
        let (name, image) = said.split_once(' ').expect("a name and an image");
        (name.to_owned(), image.to_owned())
    };
    listed.lines().map(image).collect()
}

/// Returns the checksums of all files that services see in the volume of packs, without the copies behind them.
fn volume(compose: &Compose) -> BTreeMap<String, String> {
    let script = "cd /opt/attune/packs && find -L ./* -type f -exec sha256sum {} +";
    let listed = compose.run(["exec", "-T", "api", "sh", "-c", script]);
    let file = |line: &str| {
        let (sum, path) = line.split_once("  ")?;
        Some((path.to_owned(), sum.to_owned()))
    };
    listed.lines().filter_map(file).collect()
}

#[test]
fn the_platform_runs() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let compose = up(&workspace);
    let problems = pack(&compose, "core", |core| Some(core["problems"].clone()));
    assert_eq!(problems, json!([]));
    assert_eq!(echo(&compose, "hello $HOME"), "hello $HOME\n");
    for (action, key) in [("core.py_info", "python"), ("core.node_info", "node")] {
        let execution = compose.execute(action, &json!({ "note": "x" }));
        assert!(execution["result"][key].is_string(), "{execution}");
    }
    let event = compose.event("core.timer", |_| true);
    assert!(event["payload"]["tick"].is_number(), "{event}");

    let mut write = compose.command(["exec", "-T", "api", "touch", "/opt/attune/packs/core/x"]);
    Ran::of(&mut write).exited(1).says("Read-only file system");
    let owner = [
        "exec",
        "-T",
        "api",
        "stat",
        "-Lc",
        "%u:%g",
        "/opt/attune/packs/core/pack.yaml",
    ];
    assert_eq!(compose.run(owner), "10001:10001");
    // All of this works for services with an unprivileged user and a read-only file system.
    let running = compose.run(["ps", "--format", "{{.ID}}"]);
    assert!(running.lines().count() > 4, "{running}");
    for id in running.lines() {
        let format = "{{.HostConfig.ReadonlyRootfs}} {{.Config.User}} {{.HostConfig.CapDrop}}";
        let said = docker(["container", "inspect", "--format", format, id]);
        assert_eq!(said, "true 10001:10001 [ALL]", "{id}");
    }
    drop(turn);
}

#[test]
fn an_edited_pack_is_seen_and_no_image_is_touched() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let compose = up(&workspace);
    assert_eq!(echo(&compose, "one"), "one\n");
    let images = (running_images(&compose), workspace.images.digests());

    workspace.replace(
        "packs/core/actions/echo.yaml",
        "Prints a message",
        "Says it",
    );
    workspace.replace(ECHO, "'%s\\n'", "'said: %s\\n'");
    compose.run(["restart"]);
    pack(&compose, "core", |core| {
        let actions = core["actions"].as_array()?;
        actions
            .iter()
            .find(|action| action["description"] == "Says it")
            .map(drop)
    });
    assert_eq!(echo(&compose, "two"), "said: two\n");

    // A new pack that is edited in place needs no command at all.
    let manifest = "ref: mine\nname: Mine\nversion: 0.1.0\n";
    workspace.write("packs.dev/mine/pack.yaml", manifest);
    let action = "ref: mine.hi\nrunner: shell\nentry_point: hi.sh\n";
    workspace.write("packs.dev/mine/actions/hi.yaml", action);
    script(&workspace, "packs.dev/mine/actions/hi.sh", "echo hi");
    pack(&compose, "mine", |_| Some(()));
    let execution = compose.execute("mine.hi", &json!({}));
    assert_eq!(execution["stdout"], "hi\n");
    script(&workspace, "packs.dev/mine/actions/hi.sh", "echo hi again");
    let execution = compose.execute("mine.hi", &json!({}));
    assert_eq!(execution["stdout"], "hi again\n");

    // An unreadable pack does not block the others.
    workspace.write("packs.dev/broken/pack.yaml", "ref: [oops\n");
    compose.wait_for("api", "/packs", |packs| {
        let problems = packs["problems"].as_array()?;
        let broken = |problem: &&Value| problem["path"] == "packs.dev/broken/pack.yaml";
        problems.iter().find(broken).map(drop)
    });
    workspace.write("packs/core/pack.yaml", "ref: [oops\n");
    compose.run(["restart", "init-packs"]);
    compose.wait_for("api", "/packs", |packs| {
        let problems = packs["problems"].as_array()?;
        problems
            .iter()
            .find(|problem| problem["path"] == "core/pack.yaml")
            .map(drop)
    });
    let execution = compose.execute("mine.hi", &json!({}));
    assert_eq!(execution["stdout"], "hi again\n");

    assert_eq!(
        (running_images(&compose), workspace.images.digests()),
        images
    );
    drop(turn);
}

fn script(workspace: &Workspace, path: &str, line: &str) {
    workspace.write(path, &format!("#!/bin/sh\n{line}\n"));
    let path = workspace.dir().join(path);
    let _ = Ran::of(Command::new("chmod").args(["+x", path.as_str()])).succeeded();
}

#[test]
fn a_rebuilt_binary_changes_alone() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let compose = up(&workspace);
    pack(&compose, "core", |_| Some(()));
    let images = (running_images(&compose), workspace.images.digests());
    let before = volume(&compose);

    let mark = unique::unique();
    workspace.replace(
        TIMER,
        "\"tick\": tick,",
        &format!("\"tick\": tick, \"mark\": \"{mark}\","),
    );
    workspace.generate();
    let _ = workspace.bake([BINARY]).run(&turn);
    compose.run(["restart", "init-packs"]);
    let event = compose.event("core.timer", |event| event["payload"]["mark"] == *mark);
    assert!(event["payload"]["tick"].is_number(), "{event}");

    let after = volume(&compose);
    let changed: Vec<&str> = after
        .iter()
        .filter(|(path, sum)| before.get(*path) != Some(sum))
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(changed, ["./core/sensors/attune-core-timer-sensor"]);
    assert_eq!(before.len(), after.len());
    assert_eq!(
        (running_images(&compose), workspace.images.digests()),
        images
    );

    // If a build puts a binary into the volume itself, the pack's binary does not replace it.
    let copy = "cd /to/core/sensors && cp /bin/true new && mv new attune-core-timer-sensor && cp /bin/true other";
    let volume_name = format!("{}:/to", compose.volume("packs_data"));
    docker([
        "run",
        "--rm",
        "--network",
        "none",
        "--volume",
        &volume_name,
        "debian:bookworm-slim",
        "sh",
        "-c",
        copy,
    ]);
    workspace.append("packs/core/pack.yaml", "# edited\n");
    let built = volume(&compose);
    compose.run(["restart", "init-packs"]);
    let kept = volume(&compose);
    for binary in ["attune-core-timer-sensor", "other"] {
        let path = format!("./core/sensors/{binary}");
        assert_eq!(kept[&path], built[&path], "{binary}");
    }
    assert_ne!(kept["./core/pack.yaml"], built["./core/pack.yaml"]);
    drop(turn);
}

#[test]
fn what_a_killed_init_packs_left_is_put_right_by_the_next_start() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let compose = up(&workspace);
    assert_eq!(echo(&compose, "one"), "one\n");
    // The file is large enough to kill the copy in the middle.
    let large = workspace.dir().join("packs/core/large");
    let make = ["if=/dev/urandom", "bs=1M", "count=200", "status=none"];
    let _ = Ran::of(Command::new("dd").args(make).arg(format!("of={large}"))).succeeded();
    workspace.replace(ECHO, "'%s\\n'", "'new: %s\\n'");
    let before = volume(&compose);

    let container = compose.container("init-packs");
    docker(["start", &container]);
    docker(["kill", "--signal", "KILL", &container]);
    let code = docker([
        "container",
        "inspect",
        "--format",
        "{{.State.ExitCode}}",
        &container,
    ]);
    assert_eq!(code, "137", "it was killed before it was done");
    assert_eq!(volume(&compose), before, "nothing of the new pack is seen");
    assert_eq!(echo(&compose, "two"), "two\n");

    compose.run(["up", "--detach", "--no-build"]);
    assert_eq!(echo(&compose, "three"), "new: three\n");
    let after = volume(&compose);
    assert!(after.contains_key("./core/large"));
    let copies = [
        "exec",
        "-T",
        "api",
        "sh",
        "-c",
        "ls /opt/attune/packs/.init-packs",
    ];
    let copies = compose.run(copies);
    assert!(
        copies
            .lines()
            .filter(|name| name.starts_with("core."))
            .count()
            == 2,
        "one copy and its sums: {copies}"
    );
    drop(turn);
}

#[test]
fn compose_watch_brings_an_edit_to_the_services() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let compose = up(&workspace);
    let watch = Running::start(&mut compose.command(["watch", "--no-up"]));
    // It reports this on standard output, which nobody reads here.
    std::thread::sleep(Duration::from_secs(3));
    let manifest = "packs/core/actions/echo.yaml";
    workspace.replace(manifest, "Prints a message", "Watched");
    pack(&compose, "core", |core| {
        let actions = core["actions"].as_array()?;
        let watched = |action: &&Value| action["description"] == "Watched";
        actions.iter().find(watched).map(drop)
    });
    let end = std::time::Instant::now() + Duration::from_secs(300);
    let old = running_images(&compose);
    let version = format!("0.1.0-{}", unique::unique());
    let source = "version: env!(\"CARGO_PKG_VERSION\")";
    workspace.replace(
        "crates/attune/notifier/src/config.rs",
        source,
        &format!("version: \"{version}\""),
    );
    let said = || {
        let mut command =
            compose.command(["exec", "-T", "notifier", "attune-notifier", "--version"]);
        Ran::of(&mut command).stdout
    };
    while !said().contains(&version) {
        assert!(std::time::Instant::now() < end, "no new image");
        std::thread::sleep(Duration::from_millis(200));
    }
    watch.signal("INT", Reach::Group);
    let _ = watch.wait();
    let new = running_images(&compose);
    let changed: Vec<&String> = new
        .iter()
        .filter(|(name, image)| old.get(*name) != Some(image))
        .map(|(name, _)| name)
        .collect();
    assert!(
        matches!(changed[..], [name] if name.contains("notifier")),
        "{changed:?}"
    );
    drop(turn);
}

#[test]
fn packs_can_be_mounted_as_images() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let compose = Compose::new(&workspace).file("docker/compose.oci.yaml");
    compose.run(["build", "pack-core"]);
    compose.run(["up", "--detach", "--no-build"]);
    let problems = pack(&compose, "core", |core| Some(core["problems"].clone()));
    assert_eq!(problems, json!([]));
    assert_eq!(echo(&compose, "hello"), "hello\n");
    assert_eq!(compose.container("init-packs"), "");
    let _ = compose.event("core.timer", |_| true);
    drop(turn);
}
