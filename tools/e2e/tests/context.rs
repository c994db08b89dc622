//! The Docker context: it contains the files that the images are built from, and no others.

use std::collections::BTreeSet;
use std::process::Command;

use bakehouse_testkit::{Ran, Turn, Workspace};

/// A layout of a workspace, and all files that are sent for it.
struct Row {
    layout: &'static str,
    /// The workspace's folder in the repository.
    workspace: &'static str,
    files: &'static [(&'static str, &'static str)],
    sent: &'static [&'static str],
}

const MAIN: &str = "fn main() {}\n";

const ROWS: &[Row] = &[
    Row {
        layout: "members in a folder, one of which no service needs",
        workspace: "",
        files: &[
            (
                "Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
            ),
            ("README.md", "read me"),
            (".env", "SECRET=1"),
            (
                "bakehouse.toml",
                "[services.api]\nfiles = { \"config\" = \"/etc/api/\" }\n[inputs.api]\npaths = [\"proto/**\"]\n",
            ),
            ("config/api.toml", ""),
            ("proto/api.proto", ""),
            (
                "crates/api/Cargo.toml",
                "[package]\nname = \"api\"\nedition = \"2024\"\n",
            ),
            ("crates/api/src/main.rs", MAIN),
            ("crates/api/templates/page.html", ""),
            ("crates/api/tests/all.rs", ""),
            ("crates/api/node_modules/x/index.js", ""),
            ("crates/api/.git/HEAD", ""),
            (
                "crates/other/Cargo.toml",
                "[package]\nname = \"other\"\nedition = \"2024\"\n",
            ),
            ("crates/other/src/lib.rs", ""),
            ("target/debug/api", ""),
        ],
        sent: &[
            "config/api.toml",
            "crates/api/src/main.rs",
            "crates/api/templates/page.html",
            "docker/skeleton/deps/Cargo.toml",
            "docker/skeleton/deps/crates/api/Cargo.toml",
            "docker/skeleton/deps/stubs.txt",
            "docker/skeleton/lock/Cargo.lock",
            "docker/skeleton/own/Cargo.toml",
            "docker/skeleton/own/crates/api/Cargo.toml",
            "proto/api.proto",
        ],
    },
    Row {
        layout: "a root package around its members, one of them inside another",
        workspace: "",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"root\"\nedition = \"2024\"\n[workspace]\nmembers = [\"lib\", \"lib/macros\"]\n\
                 [dependencies]\nlib.path = \"lib\"\n",
            ),
            ("bakehouse.toml", ""),
            ("src/main.rs", MAIN),
            ("docs/guide.md", ""),
            (
                "lib/Cargo.toml",
                "[package]\nname = \"lib\"\nedition = \"2024\"\n",
            ),
            ("lib/src/lib.rs", ""),
            ("lib/src/target/mod.rs", ""),
            (
                "lib/macros/Cargo.toml",
                "[package]\nname = \"macros\"\nedition = \"2024\"\n",
            ),
            ("lib/macros/src/lib.rs", ""),
        ],
        sent: &[
            "docker/skeleton/deps/Cargo.toml",
            "docker/skeleton/deps/lib/Cargo.toml",
            "docker/skeleton/deps/stubs.txt",
            "docker/skeleton/lock/Cargo.lock",
            "docker/skeleton/own/Cargo.toml",
            "docker/skeleton/own/lib/Cargo.toml",
            "docker/skeleton/root/Cargo.toml",
            "lib/src/lib.rs",
            "lib/src/target/mod.rs",
            "src/main.rs",
        ],
    },
    Row {
        layout: "a workspace below a package that it depends on",
        workspace: "server",
        files: &[
            (".git/HEAD", ""),
            (
                "sdk/Cargo.toml",
                "[package]\nname = \"sdk\"\nedition = \"2024\"\n",
            ),
            ("sdk/src/lib.rs", ""),
            ("sdk/examples/show.rs", ""),
            ("web/index.html", ""),
            (
                "server/Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"api\"]\n",
            ),
            (
                "server/api/Cargo.toml",
                "[package]\nname = \"api\"\nedition = \"2024\"\n[dependencies]\nsdk.path = \"../../sdk\"\n",
            ),
            ("server/api/src/main.rs", MAIN),
        ],
        sent: &[
            "sdk/src/lib.rs",
            "server/api/src/main.rs",
            "server/docker/skeleton/deps/sdk/Cargo.toml",
            "server/docker/skeleton/deps/server/Cargo.toml",
            "server/docker/skeleton/deps/server/api/Cargo.toml",
            "server/docker/skeleton/deps/stubs.txt",
            "server/docker/skeleton/lock/Cargo.lock",
            "server/docker/skeleton/own/server/Cargo.toml",
            "server/docker/skeleton/own/server/api/Cargo.toml",
        ],
    },
];

#[test]
fn exactly_what_images_are_built_from_is_sent() {
    let _turn = Turn::share();
    for row in ROWS {
        let workspace = Workspace::empty();
        for (path, text) in row.files {
            workspace.write(path, text);
        }
        let manifest = format!("{}/Cargo.toml", row.workspace);
        let manifest = manifest.trim_start_matches('/');
        let lock = ["generate-lockfile", "--offline", "--manifest-path"];
        let _ = workspace
            .cargo(lock.into_iter().chain([manifest]))
            .succeeded();
        let _ = workspace
            .bakehouse(["generate", "--manifest-path", manifest])
            .succeeded();
        let sent = sent(&workspace, row.workspace);
        let (scripts, sent): (Vec<&String>, Vec<&String>) = sent
            .iter()
            .partition(|path| path.contains("docker/stages/"));
        assert_eq!(sent, row.sent, "{}", row.layout);
        let scripts: BTreeSet<&str> = scripts
            .iter()
            .filter_map(|path| path.rsplit('/').next())
            .collect();
        let dockerfile = format!("{}/docker/Dockerfile", row.workspace);
        let dockerfile = workspace.read(dockerfile.trim_start_matches('/'));
        assert_eq!(scripts, called(&dockerfile), "{}", row.layout);
    }
}

/// Returns the scripts that a Dockerfile mounts.
fn called(dockerfile: &str) -> BTreeSet<&str> {
    let mounts = dockerfile.split("target=/run/").skip(1);
    let names = mounts.filter_map(|rest| rest.split([' ', ',']).next());
    names.collect()
}

/// Returns the files that reach the engine with the generated ignore file.
fn sent(workspace: &Workspace, folder: &str) -> Vec<String> {
    let docker = format!("{folder}/docker");
    let docker = docker.trim_start_matches('/');
    let ignore = workspace.read(&format!("{docker}/Dockerfile.dockerignore"));
    // The engine uses the ignore file that is named after the Dockerfile.
    workspace.write("Everything", "FROM scratch\nCOPY . /\n");
    workspace.write("Everything.dockerignore", &ignore);
    let output = Workspace::empty();
    let _ = Ran::of(
        Command::new("docker")
            .current_dir(workspace.dir())
            .args(["buildx", "build", "--file", "Everything", "--no-cache"])
            .arg(format!("--output=type=local,dest={}", output.dir()))
            .arg("."),
    )
    .succeeded();
    output.tree().paths().map(str::to_owned).collect()
}
