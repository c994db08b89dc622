//! Measures how long an edit of a pack takes until the running platform shows it, compared with a rebuild of images
//! that have packs baked in: `cargo run --package bakehouse-testkit --example packs -- [ROUNDS]`. It has the same
//! requirements as the end-to-end tests.

use std::process::Command;
use std::time::{Duration, Instant};

use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Compose, Ran, Turn, Workspace, unique};
use serde_json::{Value, json};

const ECHO: &str = "packs/core/actions/echo";
const TIMER: &str = "crates/attune/core-timer-sensor/src/main.rs";

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|rounds| rounds.parse().ok());
    let rounds: usize = rounds.unwrap_or(5);
    let turn = Turn::take();
    let workspace = Workspace::platform();
    workspace.generate();
    let _ = workspace.bake(["default", "packs"]).run(&turn);
    let original = [
        ECHO.to_owned() + ".yaml",
        ECHO.to_owned() + ".sh",
        TIMER.to_owned(),
    ]
    .map(|path| (workspace.read(&path), path));
    let reset = || {
        for (text, path) in &original {
            workspace.write(path, text);
        }
    };

    let compose = Compose::new(&workspace);
    compose.run(["up", "--detach", "--no-build"]);
    for kind in [Edit::Yaml, Edit::Script, Edit::Binary] {
        for (how, command) in [
            ("restart init-packs", &["restart", "init-packs"][..]),
            ("run init-packs", &["run", "--rm", "init-packs"][..]),
        ] {
            if (kind, how) == (Edit::Binary, "run init-packs") {
                continue;
            }
            let before = workspace.images.digests();
            let times = (0..rounds).map(|_| {
                reset();
                let mark = kind.make(&workspace);
                let since = Instant::now();
                if kind == Edit::Binary {
                    workspace.generate();
                    let _ = workspace.bake(["packs"]).run(&turn);
                }
                compose.run(command.iter().copied());
                kind.wait(&compose, &mark);
                since.elapsed()
            });
            say(&format!("{kind:?}, {how}"), times.collect());
            assert_eq!(workspace.images.digests(), before, "images were touched");
        }
    }
    reset();
    drop(compose);

    // The same platform with packs copied into the images of the services that use them.
    let users = [
        "api",
        "sensor",
        "worker-full",
        "worker-node",
        "worker-python",
        "worker-shell",
    ];
    let own: Vec<String> = users
        .iter()
        .map(|service| workspace.images.name(service))
        .collect();
    let plain: Vec<String> = users
        .iter()
        .map(|service| workspace.images.name(&format!("plain-{service}")))
        .collect();
    for (own, plain) in own.iter().zip(&plain) {
        docker(["tag", own, plain]);
    }
    let build = || {
        for (own, plain) in own.iter().zip(&plain) {
            let dockerfile =
                format!("FROM {plain}\nCOPY --chmod=u=rwX,go=rX packs /opt/attune/packs\n");
            workspace.write("Baked.Dockerfile", &dockerfile);
            let mut command = Command::new("docker");
            command.current_dir(workspace.dir()).args([
                "build",
                "--quiet",
                "--file",
                "Baked.Dockerfile",
                "--tag",
                own,
                ".",
            ]);
            let _ = Ran::of(&mut command).succeeded();
        }
    };
    // The api keeps the volume of its state, and no other.
    let state = "volumes: !override [api_state:/var/lib/attune]";
    let users_yaml: String = users
        .iter()
        .map(|service| {
            let volumes = if *service == "api" {
                state
            } else {
                "volumes: !reset []"
            };
            format!("  {service}: {{ {volumes}, depends_on: !reset {{}} }}\n")
        })
        .collect();
    workspace.write(
        "docker/baked.yaml",
        &format!("services:\n  init-packs: !reset null\n{users_yaml}"),
    );
    build();
    let compose = Compose::new(&workspace).file("docker/baked.yaml");
    compose.run(["up", "--detach", "--no-build"]);
    for kind in [Edit::Yaml, Edit::Script, Edit::Binary] {
        let times = (0..rounds).map(|_| {
            reset();
            let mark = kind.make(&workspace);
            let since = Instant::now();
            if kind == Edit::Binary {
                workspace.generate();
                let _ = workspace.bake(["packs"]).run(&turn);
            }
            build();
            compose.run(["up", "--detach", "--no-build"]);
            kind.wait(&compose, &mark);
            since.elapsed()
        });
        say(
            &format!("{kind:?}, baked into {} images", users.len()),
            times.collect(),
        );
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Edit {
    Yaml,
    Script,
    Binary,
}

impl Edit {
    /// Makes a new edit, and returns the text that identifies it.
    fn make(self, workspace: &Workspace) -> String {
        let mark = unique::unique();
        match self {
            Self::Yaml => workspace.replace(&format!("{ECHO}.yaml"), "Prints a message", &mark),
            Self::Script => {
                workspace.replace(&format!("{ECHO}.sh"), "'%s\\n'", &format!("'{mark} %s\\n'"));
            }
            Self::Binary => workspace.replace(
                TIMER,
                "\"tick\": tick,",
                &format!("\"tick\": tick, \"mark\": \"{mark}\","),
            ),
        }
        mark
    }

    /// Waits until the running services show the edit.
    fn wait(self, compose: &Compose, mark: &str) {
        match self {
            Self::Yaml => compose.wait_for("api", "/packs", |packs| {
                packs.to_string().contains(mark).then_some(())
            }),
            Self::Script => {
                // A service that restarts does not answer immediately.
                compose.wait_for("api", "/packs", |packs: &Value| {
                    packs["packs"].as_array().map(drop)
                });
                let said = compose.execute("core.echo", &json!({ "message": "x" }));
                assert_eq!(said["stdout"], format!("{mark} x\n"));
            }
            Self::Binary => {
                let _ = compose.event("core.timer", |event| event["payload"]["mark"] == *mark);
            }
        }
    }
}

fn say(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let median = times[times.len() / 2].as_secs_f64();
    let all: Vec<String> = times
        .iter()
        .map(|time| format!("{:.2}", time.as_secs_f64()))
        .collect();
    println!("{what}: median {median:.2} s of {}", all.join(", "));
}
