//! Features of a service's dependencies: those that the service requests or, with `unify = "all"`, those that all
//! services together request.

use std::collections::BTreeMap;

use bakehouse_e2e::at_once::at_once;
use bakehouse_e2e::strategy::STRATEGIES;
use bakehouse_testkit::{Member, Turn, Workspace, container, unique};

/// The service `quiet` requests fewer features than `loud`. `again` is a second binary of `loud`'s package and shares
/// its selection.
const CONFIG: &str = r#"registry = "tiny"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.quiet]
package = "quiet"

[services.loud]
package = "loud"
bin = "loud"

[services.again]
package = "loud"
bin = "again"
"#;

/// Prints the features of a library of the workspace and of a third-party crate. `log` has one maximum level for all
/// profiles, and one for optimised profiles, which applies here.
const PRINT: &str =
    "fn main() {\n    println!(\"{} {}\", flags::flags(), log::STATIC_MAX_LEVEL);\n}\n";

const FLAGS: &str = r#"pub fn flags() -> &'static str {
    match (cfg!(feature = "quiet"), cfg!(feature = "loud")) {
        (true, true) => "quiet+loud",
        (true, false) => "quiet",
        (false, true) => "loud",
        (false, false) => "none",
    }
}
"#;

fn workspace() -> Workspace {
    let service = |name: &str, level: &str| {
        Member::binary(name, PRINT)
            .depends(&format!(
                "flags = {{ path = \"../flags\", features = [\"{name}\"] }}"
            ))
            .depends(&format!(
                "log = {{ version = \"=0.4.22\", features = [\"{level}\"] }}"
            ))
    };
    let members = [
        Member::library("flags", FLAGS).depends("\n[features]\nquiet = []\nloud = []"),
        service("quiet", "max_level_error"),
        service("loud", "release_max_level_debug").file("src/bin/again.rs", PRINT),
    ];
    Workspace::of(&members, CONFIG)
}

/// Checks the output of the services, and how often each of the crates is compiled.
#[track_caller]
fn check(unify: &str, expected: [(&str, &str); 3], compiled: [(&str, usize); 4]) {
    let turn = Turn::share();
    at_once(STRATEGIES, |strategy| {
        let workspace = workspace();
        workspace.replace(
            "bakehouse.toml",
            "registry = \"tiny\"\n",
            &format!("registry = \"tiny\"\nunify = \"{unify}\"\n"),
        );
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        let run = workspace.bake([]).run(&turn);
        for (service, prints) in expected {
            let printed = container::prints(&workspace.images.name(service), []);
            assert_eq!(printed, prints, "{service}, strategy {}", strategy.name);
        }
        let compiled: BTreeMap<String, usize> = compiled
            .map(|(name, count)| (name.to_owned(), count))
            .into();
        let mut counted = run.compiled();
        // Empty members of the skeleton.
        counted.retain(|name, _| !name.ends_with(" v0.0.0"));
        assert_eq!(counted, compiled, "strategy {}", strategy.name);
    });
}

#[test]
fn each_service_has_its_own() {
    check(
        "each",
        [
            ("quiet", "quiet ERROR"),
            ("loud", "loud DEBUG"),
            ("again", "loud DEBUG"),
        ],
        // Once per selection.
        [
            ("log v0.4.22", 2),
            ("flags v0.1.0", 2),
            ("quiet v0.1.0", 1),
            // Two binaries with a stage each.
            ("loud v0.1.0", 2),
        ],
    );
}

#[test]
fn no_service_gets_a_feature_of_a_local_package_from_another() {
    check(
        "services",
        [
            ("quiet", "quiet ERROR"),
            ("loud", "loud DEBUG"),
            ("again", "loud DEBUG"),
        ],
        // Once per chain.
        [
            ("log v0.4.22", 2),
            ("flags v0.1.0", 2),
            ("quiet v0.1.0", 1),
            ("loud v0.1.0", 2),
        ],
    );
}

#[test]
fn all_services_have_those_of_all() {
    check(
        "all",
        [
            ("quiet", "quiet+loud DEBUG"),
            ("loud", "quiet+loud DEBUG"),
            ("again", "quiet+loud DEBUG"),
        ],
        [
            ("log v0.4.22", 1),
            ("flags v0.1.0", 1),
            ("quiet v0.1.0", 1),
            ("loud v0.1.0", 2),
        ],
    );
}

#[test]
fn features_of_dependencies_are_asked_for_as_on_cargos_command_line() {
    let turn = Turn::share();
    at_once(STRATEGIES, |strategy| {
        let workspace = workspace();
        workspace.replace(
            "bakehouse.toml",
            "package = \"quiet\"\n",
            "package = \"quiet\"\nfeatures = [\"flags/loud\", \"log/std\"]\n",
        );
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        workspace.bake([]).run(&turn);
        let host = std::process::Command::new("cargo")
            .args([
                "run",
                "--locked",
                "--quiet",
                "--release",
                "--package",
                "quiet",
            ])
            .args(["--features", "flags/loud,log/std"])
            .current_dir(workspace.dir())
            .output()
            .expect("cargo runs the tests");
        let host = String::from_utf8(host.stdout).expect("a line");
        assert_eq!(host.trim(), "quiet+loud ERROR");
        for (service, prints) in [("quiet", host.trim()), ("loud", "loud DEBUG")] {
            let printed = container::prints(&workspace.images.name(service), []);
            assert_eq!(printed, prints, "{service}, strategy {}", strategy.name);
        }
    });
}
