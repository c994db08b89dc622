//! A workspace whose crates come from crates.io, some above others, and changes of its lock.

use std::collections::BTreeSet;
use std::process::Command;

use bakehouse_testkit::{Member, Ran, Runner, Workspace, bakehouse, runner, unique};
use camino::Utf8PathBuf;

/// The packages of the services.
pub const SERVICES: [&str; 3] = ["a", "b", "c"];

const CONFIG: &str = r#"registry = "locked"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.a]
package = "a"

[services.b]
package = "b"

[services.c]
package = "c"
"#;

/// A change of what the workspace locks.
pub struct Change {
    pub name: &'static str,
    pub make: fn(&Workspace),
    /// Whether the host has members from another time than the seed of this lock, so that it may compile fewer.
    pub is_return: bool,
}

/// The usual changes, to be made one after the other.
pub const CHANGES: [Change; 14] = [
    Change {
        name: "a leaf moved",
        make: |workspace| moved(workspace, "itoa", "1.0.10"),
        is_return: false,
    },
    Change {
        name: "nothing that is compiled",
        make: |workspace| workspace.append("README.md", "More.\n"),
        is_return: false,
    },
    Change {
        name: "a crate in the middle moved",
        make: |workspace| moved(workspace, "memchr", "2.7.2"),
        is_return: false,
    },
    Change {
        name: "the root of all macros moved",
        make: |workspace| moved(workspace, "unicode-ident", "1.0.13"),
        is_return: false,
    },
    Change {
        name: "a crate added",
        make: |workspace| depends(workspace, "b", "hex = \"=0.4.2\""),
        is_return: false,
    },
    Change {
        name: "a crate removed",
        make: |workspace| {
            workspace.replace("crates/c/Cargo.toml", "ryu = \"=1.0.17\"\n", "");
            workspace.lock();
        },
        is_return: false,
    },
    Change {
        name: "a feature switched on",
        make: |workspace| {
            depends(
                workspace,
                "right",
                "smallvec = { version = \"=1.13.1\", features = [\"union\"] }",
            );
        },
        is_return: false,
    },
    Change {
        name: "a crate for another platform",
        make: |workspace| {
            let line = "\n[target.'cfg(windows)'.dependencies]\nfnv = \"=1.0.7\"\n";
            workspace.append("crates/left/Cargo.toml", line);
            workspace.lock();
        },
        is_return: false,
    },
    Change {
        name: "the profile of one crate",
        make: |workspace| {
            let lines = "\n[profile.release.package.memchr]\nopt-level = 1\n";
            workspace.append("Cargo.toml", lines);
        },
        is_return: false,
    },
    Change {
        name: "several at once, and a source",
        make: |workspace| {
            moved(workspace, "scopeguard", "1.1.0");
            moved(workspace, "itoa", "1.0.11");
            workspace.append("crates/left/src/lib.rs", "\npub const MORE: u8 = 1;\n");
        },
        is_return: false,
    },
    Change {
        name: "a source alone",
        make: |workspace| {
            workspace.append("crates/right/src/lib.rs", "\npub const MORE: u8 = 2;\n");
        },
        is_return: false,
    },
    Change {
        name: "nothing that is compiled, once more",
        make: |workspace| workspace.append("README.md", "More.\n"),
        is_return: false,
    },
    Change {
        name: "back again",
        make: |workspace| {
            moved(workspace, "scopeguard", "1.2.0");
            moved(workspace, "itoa", "1.0.10");
        },
        is_return: true,
    },
    Change {
        name: "nothing that is compiled, at last",
        make: |workspace| workspace.append("README.md", "More.\n"),
        is_return: false,
    },
];

/// Makes one of the changes.
///
/// # Panics
/// If there is none of this name.
#[track_caller]
pub fn change(workspace: &Workspace, name: &str) {
    let mut changes = CHANGES.iter();
    let change = changes.find(|change| change.name == name);
    (change.expect("a change of this name").make)(workspace);
}

/// Creates the workspace. The services print what the crates return, so they link them.
pub fn locked() -> Workspace {
    let members = [
        Member::library(
            "left",
            "pub fn find(text: &str) -> usize { aho_corasick::AhoCorasick::new([\"b\"]).unwrap().find_iter(text).count() }\n",
        )
        .depends("aho-corasick = \"=1.1.2\"")
        .file("build.rs", "fn main() {}\n"),
        Member::library(
            "right",
            "pub fn lock() -> u8 { *parking_lot::Mutex::new(7).lock() }\n",
        )
        .depends("parking_lot = \"=0.12.2\""),
        Member::binary(
            "a",
            "fn main() { println!(\"{} {}\", itoa::Buffer::new().format(1), left::find(\"abc\")); }\n",
        )
        .uses("left")
        .depends("itoa = \"1\""),
        Member::binary(
            "b",
            "fn main() { println!(\"{} {}\", right::lock(), left::find(\"abc\")); }\n",
        )
        .uses("left")
        .uses("right"),
        Member::binary(
            "c",
            "#[derive(Debug, thiserror::Error)]\n#[error(\"wrong\")]\nstruct Wrong;\nfn main() { println!(\"{Wrong}\"); }\n",
        )
        .depends("thiserror = \"=1.0.60\"")
        .depends("ryu = \"=1.0.17\"")
        .file("build.rs", "fn main() {}\n"),
    ];
    let workspace = Workspace::of(&members, CONFIG);
    workspace.write("README.md", "# Locked\n");
    workspace.lock();
    for (package, version) in [
        ("itoa", "1.0.9"),
        ("memchr", "2.7.1"),
        ("unicode-ident", "1.0.12"),
        ("smallvec", "1.13.1"),
        ("scopeguard", "1.2.0"),
        ("syn", "2.0.60"),
        ("libc", "0.2.153"),
    ] {
        moved(&workspace, package, version);
    }
    workspace
}

fn moved(workspace: &Workspace, package: &str, version: &str) {
    let _ = workspace
        .cargo(["update", "--package", package, "--precise", version])
        .succeeded();
}

fn depends(workspace: &Workspace, member: &str, line: &str) {
    let manifest = format!("crates/{member}/Cargo.toml");
    workspace.replace(
        &manifest,
        "[dependencies]\n",
        &format!("[dependencies]\n{line}\n"),
    );
    workspace.lock();
}

/// Builds of a workspace, each on a new runner, with the registry cache as the one before left it.
pub struct Builds<'a> {
    workspace: &'a Workspace,
    pub runner: &'a Runner,
    /// The repository of the registry cache.
    pub cache: String,
}

impl<'a> Builds<'a> {
    pub fn new(workspace: &'a Workspace, runner: &'a Runner) -> Self {
        Self {
            workspace,
            runner,
            cache: format!("{}/locks-{}", runner::registry(), unique::unique()),
        }
    }

    /// Runs `bakehouse build` on a runner that has nothing.
    #[track_caller]
    pub fn build(&self, arguments: &[&str]) -> Ran {
        self.on("main", arguments)
    }

    /// Runs it there for a branch.
    #[track_caller]
    pub fn on(&self, branch: &str, arguments: &[&str]) -> Ran {
        self.runner.forget();
        self.run(branch, arguments)
    }

    /// Runs it on the runner as the build before left it.
    #[track_caller]
    pub fn again(&self, arguments: &[&str]) -> Ran {
        self.run("main", arguments)
    }

    #[track_caller]
    fn run(&self, branch: &str, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(branch, arguments)).succeeded()
    }

    /// Returns the command that does.
    pub fn command(&self, branch: &str, arguments: &[&str]) -> Command {
        let mut command = bakehouse::command(self.workspace.dir());
        command
            .args(["build", "--force"])
            .args(arguments)
            .env("CACHE_REF", &self.cache)
            .env("CACHE_BRANCH", branch)
            .env("REGISTRY", self.workspace.images.namespace())
            .env("DOCKER_HOST", self.runner.host());
        command
    }

    /// Returns the name of the cache within the registry.
    pub fn repository(&self) -> &str {
        self.cache.split_once('/').map_or("", |(_, name)| name)
    }
}

/// Cargo on the host, with a target folder that it keeps.
pub struct HostCargo {
    target: tempfile::TempDir,
}

impl HostCargo {
    /// Creates an empty target folder.
    ///
    /// # Panics
    /// If there is no room for it.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let target = tempfile::tempdir().expect("a folder can be made");
        Self { target }
    }

    /// Builds all services, and returns the crates that it compiled, as `crate vVersion`.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn build(&self, workspace: &Workspace) -> BTreeSet<String> {
        let mut command = Command::new("cargo");
        command
            .current_dir(workspace.dir())
            .args(["build", "--release", "--locked"])
            .env("CARGO_TARGET_DIR", self.target.path());
        for service in SERVICES {
            command.args(["-p", service]);
        }
        compiled(&Ran::of(&mut command).succeeded())
    }

    /// Returns the path of a binary that it built.
    pub fn binary(&self, name: &str) -> Utf8PathBuf {
        let path = self.target.path().join("release").join(name);
        Utf8PathBuf::from_path_buf(path).expect("UTF-8")
    }
}

/// Returns the crates that a command reports as compiled, without the empty stand-ins of members.
pub fn compiled(ran: &Ran) -> BTreeSet<String> {
    let lines = ran.stderr.lines();
    let crates = lines.filter_map(|line| {
        let (_, name) = line.split_once(" Compiling ")?;
        let mut words = name.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?))
    });
    crates.filter(|name| !name.ends_with(" v0.0.0")).collect()
}
