//! What stands for the actions of workflows. An action that is not in the table fails the test.

use std::process::Command;

use bakehouse_testkit::Ran;
use serde_json::Value;

use super::job::Machine;

/// The effect of an action on a runner.
pub type Action = fn(&mut Machine<'_>, with: &Value);

/// The actions by name, without their commit.
pub const ACTIONS: &[(&str, Action)] = &[
    ("actions/checkout", check_out),
    // Nothing is kept from run to run, as in the first run of all.
    ("actions/cache", |_, _| {}),
    // The engine of this machine builds.
    ("docker/setup-buildx-action", |_, _| {}),
    ("docker/login-action", log_in),
];

fn check_out(machine: &mut Machine<'_>, with: &Value) {
    let event = machine.event;
    let folder = machine.folder();
    let git = |arguments: &[&str]| {
        let _ = Ran::of(Command::new("git").current_dir(&folder).args(arguments)).succeeded();
    };
    git(&["init", "--quiet"]);
    git(&["remote", "add", "origin", event.repository.as_str()]);
    let depth = match with["fetch-depth"].as_u64() {
        Some(0) => &["--no-tags"][..],
        _ => &["--no-tags", "--depth", "1"],
    };
    let all = "+refs/heads/*:refs/remotes/origin/*";
    let wanted = match with["fetch-depth"].as_u64() {
        Some(0) => &[all, event.commit.as_str()][..],
        _ => &[event.commit.as_str()],
    };
    git(&[&["fetch", "--quiet"], depth, &["origin"], wanted].concat());
    git(&["checkout", "--quiet", "--detach", event.commit.as_str()]);
}

/// The registry of the test wants no login, so this one only has to be able to log in.
fn log_in(machine: &mut Machine<'_>, with: &Value) {
    let given = |key: &str| with[key].as_str().is_some_and(|text| !text.is_empty());
    assert!(given("username") && given("password"), "it logs in: {with}");
    machine.logins += 1;
}
