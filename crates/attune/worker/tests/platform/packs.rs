use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Copies the repository's core pack to `root`, builds its timer, and adds a demo pack.
pub fn prepare(root: &Path) {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    copy(&crates.join("../../packs/core"), &root.join("core"));
    let timer = timer(&crates.join("core-timer-sensor/Cargo.toml"));
    let place = root.join("core/sensors/attune-core-timer-sensor");
    fs::copy(timer, place).unwrap();

    let actions = root.join("demo/actions");
    fs::create_dir_all(&actions).unwrap();
    fs::write(
        root.join("demo/pack.yaml"),
        "ref: demo\nname: Demo\nversion: 1.0.0\n",
    )
    .unwrap();
    let file = "parameters: {file: {type: string, required: true}}\n";
    let waits = "while ! [ -e \"$ATTUNE_ACTION_PARAM_FILE\" ]; do sleep 0.05; done";
    for (name, more, script) in [
        ("fails", "", "echo broken >&2; exit 3"),
        ("slow", "timeout_seconds: 1\n", "echo started; sleep 30"),
        ("waits", file, waits),
    ] {
        let yaml = format!("ref: demo.{name}\nrunner: shell\nentry_point: {name}.sh\n{more}");
        fs::write(actions.join(format!("{name}.yaml")), yaml).unwrap();
        let path = actions.join(format!("{name}.sh"));
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Builds the timer into the target folder of this test. Cargo has no other way to give a test the binaries of other
/// packages.
fn timer(manifest: &Path) -> PathBuf {
    let test = env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--offline", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(target)
        .env_remove("CARGO_BUILD_TARGET")
        .status()
        .unwrap();
    assert!(built.success(), "the timer does not build");
    target.join("debug/attune-core-timer-sensor")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
