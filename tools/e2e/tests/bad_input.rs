//! Invalid input: the message is clear, with a stable code, the place and a remedy, and no file is partial.

use std::os::unix::fs::{PermissionsExt, symlink};

use bakehouse_e2e::tiny::tiny;
use bakehouse_testkit::{Ran, Workspace, bakehouse};

#[test]
fn a_folder_without_a_workspace_is_refused() {
    let empty = Workspace::empty();
    let ran = empty.bakehouse(["generate"]).exited(2);
    ran.says("manifest-missing").says("help:");
    assert_eq!(empty.tree().paths().count(), 0);
}

#[test]
fn a_missing_engine_is_said_with_a_remedy() {
    let workspace = tiny();
    workspace.generate();
    let ran = Ran::of(
        bakehouse::command(workspace.dir())
            .arg("build")
            .env_remove("DOCKER_CONTEXT")
            .env("DOCKER_HOST", "unix:///nonexistent/docker.sock"),
    );
    ran.exited(1)
        .says("engine-missing")
        .says("help: start the engine");
}

#[test]
fn a_missing_docker_command_is_said_with_a_remedy() {
    let workspace = tiny();
    workspace.generate();
    let cargo = std::env::var("CARGO").expect("cargo runs the tests");
    let cargo_only = std::path::Path::new(&cargo).parent().expect("a folder");
    let ran = Ran::of(
        bakehouse::command(workspace.dir())
            .arg("build")
            .env("PATH", cargo_only),
    );
    ran.exited(1).says("engine-missing").says("help:");
}

#[test]
fn an_old_engine_or_buildx_is_refused() {
    for (engine, buildx, named) in [
        ("20.10.5", "v0.29.1", "Docker Engine 20.10.5"),
        ("28.5.2", "v0.8.2", "docker buildx 0.8.2"),
    ] {
        let workspace = tiny();
        workspace.generate();
        let path = with_fake_docker(&workspace, engine, buildx);
        let ran = Ran::of(
            bakehouse::command(workspace.dir())
                .arg("build")
                .env("PATH", path),
        );
        ran.exited(1)
            .says("engine-too-old")
            .says(named)
            .says("help: install");
    }
}

/// Returns a PATH with a fake `docker` of these versions that cannot bake. An old buildx does not read the file.
fn with_fake_docker(workspace: &Workspace, engine: &str, buildx: &str) -> String {
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\n\
         version) echo {engine} ;;\n\
         buildx) [ \"$2\" = version ] && echo github.com/docker/buildx {buildx} abcdef ;;\n\
         *) exit 1 ;;\nesac\n"
    );
    workspace.write("fake/docker", &script);
    let docker = workspace.dir().join("fake/docker");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(docker, executable).expect("a mode can be set");
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", workspace.dir().join("fake"))
}

#[test]
fn an_unknown_service_gets_a_proposal() {
    let platform = Workspace::platform();
    let ran = platform.bakehouse(["build", "apj"]).exited(2);
    ran.says("service-unknown").says("did you mean `api`?");
}

#[test]
fn a_binary_that_does_not_exist_is_shown_where_it_is_configured() {
    let workspace = tiny();
    workspace.replace(
        "bakehouse.toml",
        "package = \"b\"\n",
        "package = \"b\"\nbin = \"bee\"\n",
    );
    let before = workspace.tree();
    let ran = workspace.bakehouse(["generate"]).exited(2);
    let line = 1 + workspace
        .read("bakehouse.toml")
        .lines()
        .position(|line| line == "bin = \"bee\"")
        .expect("it was put there");
    ran.says("binary-unknown")
        .says(&format!("bakehouse.toml:{line}:"))
        .says("bin = \"bee\"");
    assert_eq!(workspace.tree(), before);
}

#[test]
fn all_wrong_configuration_is_said_at_once() {
    let workspace = tiny();
    workspace.replace("bakehouse.toml", "package = \"a\"", "package = \"aa\"");
    workspace.replace("bakehouse.toml", "package = \"b\"", "package = \"bb\"");
    let ran = workspace.bakehouse(["generate"]).exited(2);
    ran.says("`aa`").says("`bb`");
}

#[test]
fn a_place_that_cannot_be_written_leaves_everything_as_it_was() {
    // Root may write despite permissions, but cannot create a file below a file.
    let workspace = tiny();
    workspace.write("docker", "in the way\n");
    let before = workspace.tree();
    let ran = workspace.bakehouse(["generate"]).exited(1);
    ran.says("docker").says("help:");
    assert_eq!(before.differences(&workspace.tree()), [""; 0]);
}

#[test]
fn what_fails_while_writing_leaves_everything_as_it_was() {
    let workspace = tiny();
    workspace.generate();
    workspace.remove("docker/skeleton");
    // The link leads nowhere, so nothing can be read or created there.
    symlink(
        "/nonexistent/skeleton",
        workspace.dir().join("docker/skeleton"),
    )
    .expect("a link can be made");
    workspace.replace("bakehouse.toml", "\"tiny\"", "\"other\"");
    let before = listing(&workspace);
    let ran = workspace.bakehouse(["generate"]).exited(1);
    ran.says("file-unwritable").says("help:");
    assert_eq!(listing(&workspace), before);
}

#[test]
fn a_link_leads_no_generated_file_out_of_the_workspace() {
    let workspace = tiny();
    let outside = tempfile::tempdir().expect("a folder can be made");
    let link = workspace.dir().join("docker");
    symlink(outside.path(), &link).expect("a link can be made");
    let before = listing(&workspace);
    let ran = workspace.bakehouse(["generate"]).exited(2);
    ran.says("path-outside")
        .says("`docker` leads to")
        .says("help:");
    assert_eq!(listing(&workspace), before);
    let mut written = std::fs::read_dir(&outside).expect("it is there");
    assert!(written.next().is_none());

    // The files may go elsewhere in the workspace, and a link in the place of a file is replaced.
    std::fs::remove_file(&link).expect("a link can be removed");
    workspace.write("build/kept", "");
    symlink("build", &link).expect("a link can be made");
    let file = outside.path().join("file");
    std::fs::write(&file, "somebody's").expect("a file can be written");
    symlink(&file, workspace.dir().join("build/Dockerfile")).expect("a link can be made");
    let ran = workspace.bakehouse(["generate"]);
    assert_ne!(ran.code, Some(0), "{ran}");
    ran.says("file-hand-edited").says("docker/Dockerfile");
    let _ = workspace.bakehouse(["generate", "--force"]).succeeded();
    assert_eq!(
        std::fs::read_to_string(&file).expect("it is there"),
        "somebody's"
    );
    let _ = workspace.bakehouse(["generate", "--check"]).succeeded();
}

/// Lists the files outside the dangling link, and the content of the link's folder.
fn listing(workspace: &Workspace) -> Vec<String> {
    let list = Ran::of(
        std::process::Command::new("find")
            .current_dir(workspace.dir())
            .args([".", "-printf", "%p %l %T@\n"]),
    );
    let mut lines: Vec<String> = list.succeeded().stdout.lines().map(str::to_owned).collect();
    // The folders' own times change with each temporary file.
    lines.retain(|line| !line.starts_with(". ") && !line.starts_with("./docker "));
    lines.sort();
    lines
}

#[test]
fn an_out_of_date_file_is_shown_with_its_diff_and_the_remedy() {
    let workspace = tiny();
    workspace.generate();
    let _ = workspace.bakehouse(["generate", "--check"]).succeeded();
    workspace.replace("bakehouse.toml", "\"tiny\"", "\"other\"");
    let before = workspace.tree();
    let ran = workspace.bakehouse(["generate", "--check"]).exited(3);
    ran.says("files-out-of-date")
        .says("docker-bake.hcl")
        .says("- default = \"tiny\"")
        .says("+ default = \"other\"")
        .says("help: run `bakehouse generate`");
    assert_eq!(workspace.tree(), before);
}

#[test]
fn a_generated_file_that_is_missing_or_left_over_is_out_of_date() {
    let workspace = tiny();
    workspace.generate();
    workspace.remove("docker/Dockerfile");
    let ran = workspace.bakehouse(["generate", "--check"]).exited(3);
    ran.says("docker/Dockerfile");
    workspace.generate();
    workspace.rename(
        "docker/skeleton/own/crates/a",
        "docker/skeleton/own/crates/z",
    );
    let ran = workspace.bakehouse(["generate", "--check"]).exited(3);
    ran.says("docker/skeleton/own/crates/a/Cargo.toml")
        .says("docker/skeleton/own/crates/z/Cargo.toml");
}

#[test]
fn a_hand_written_bake_file_is_not_overwritten() {
    let workspace = tiny();
    workspace.write("docker-bake.hcl", "target \"mine\" {}\n");
    let before = workspace.tree();
    let ran = workspace.bakehouse(["generate"]);
    assert_ne!(ran.code, Some(0), "{ran}");
    ran.says("file-hand-edited")
        .says("docker-bake.hcl")
        .says("help:");
    assert_eq!(workspace.tree(), before);
}

#[test]
fn generating_twice_touches_nothing() {
    let workspace = tiny();
    workspace.generate();
    let before = listing(&workspace);
    workspace.generate();
    assert_eq!(listing(&workspace), before);
}
