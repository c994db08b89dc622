//! Services that ship files of images of other Dockerfiles, and run on them.

use bakehouse_testkit::{
    Compose, Member, Ran, Turn, Workspace, bakehouse, container, engine, unique,
};

/// Files of another user, of several modes, with a link, and with the times of the build.
const DOCKERFILE: &str = r#"FROM docker.io/library/debian:bookworm-slim AS build
COPY . /front-end
RUN --network=none mkdir -p /dist/assets && cp /front-end/page.txt /dist/index.html && \
    echo 'echo run' >/dist/assets/run && chmod 0700 /dist/assets/run && chmod 0600 /dist/index.html && \
    ln -s index.html /dist/home && chown -R 4711:4712 /dist

FROM docker.io/library/debian:bookworm-slim
ENV GREETING=hello
COPY --from=build /dist /dist
"#;

const CONFIG: &str = r#"registry = "parts"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"

[services.server]
files = { "ui:/dist" = "/opt/web", "ui:/dist/index.html" = "/etc/page/", "notes.txt" = "/etc/notes.txt" }
workdir = "/srv/pages"

[services.upon]
package = "server"
bin = "server"
runtime = "ui"

[images.ui]
context = "ui"
default = false
"#;

const SERVER: &str = r#"fn main() {
    let files: Vec<String> = std::env::args().skip(1).map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let greeting = std::env::var("GREETING").unwrap_or_default();
    print!("{} {greeting} {}", std::env::current_dir().unwrap().display(), files.concat());
}
"#;

fn workspace() -> Workspace {
    let workspace = Workspace::of(&[Member::binary("server", SERVER)], CONFIG);
    workspace.write("ui/Dockerfile", DOCKERFILE);
    workspace.write("ui/page.txt", "one\n");
    workspace.write("notes.txt", "notes\n");
    workspace.generate();
    workspace
}

/// Returns what the service upon the image prints with a file of that image, which only root may read.
fn upon(workspace: &Workspace) -> String {
    let image = workspace.images.name("upon");
    engine::docker(["run", "--rm", "--user", "0:0", &image, "/dist/home"])
}

#[test]
fn files_of_an_image_are_in_the_service_with_the_same_bytes_in_every_bake() {
    let turn = Turn::share();
    let workspace = workspace();
    workspace.make_cold(&unique::unique());
    let _ = workspace.bake([]).run(&turn);
    let server = workspace.images.name("server");
    let mut entries = container::entries(&server);
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    let shipped = ["opt/web", "etc/page", "etc/notes"];
    let shipped = |path: &str| shipped.iter().any(|begin| path.starts_with(begin));
    let found: Vec<String> = entries
        .into_iter()
        .filter(|entry| shipped(&entry.path))
        .map(|entry| format!("{} {} {}", entry.mode, entry.owner, entry.path))
        .collect();
    let expected = [
        "-rw-r--r-- 0/0 etc/notes.txt",
        "drwxr-xr-x 0/0 etc/page/",
        "-rw-r--r-- 0/0 etc/page/index.html",
        "drwxr-xr-x 0/0 opt/web/",
        "drwxr-xr-x 0/0 opt/web/assets/",
        "-rwxr-xr-x 0/0 opt/web/assets/run",
        "lrwxrwxrwx 0/0 opt/web/home",
        "-rw-r--r-- 0/0 opt/web/index.html",
    ];
    assert_eq!(found, expected);
    let prints = |service: &str, files: &[&str]| {
        let name = workspace.images.name(service);
        container::prints(&name, files.iter().copied())
    };
    let both = ["/opt/web/home", "/etc/page/index.html"];
    assert_eq!(prints("server", &both), "/srv/pages  one\none");
    // It has the variables and files of its base.
    assert_eq!(upon(&workspace), "/var/lib/app hello one");

    // The image itself is built anew, with other times.
    let first = workspace.images.digest("server");
    let _ = workspace.bake([]).set("*.no-cache=true").run(&turn);
    assert_eq!(workspace.images.digest("server"), first);
    workspace.write("ui/page.txt", "two\n");
    let _ = workspace.bake([]).run(&turn);
    assert_eq!(prints("server", &both), "/srv/pages  two\ntwo");
    assert_eq!(upon(&workspace), "/var/lib/app hello two");
    workspace.write("ui/page.txt", "one\n");
    let _ = workspace.bake([]).run(&turn);
    assert_eq!(workspace.images.digest("server"), first);
}

#[test]
fn a_build_skips_a_service_until_an_image_that_it_has_changes() {
    let _turn = Turn::share();
    let workspace = workspace();
    let results = || -> Vec<String> {
        let mut build = bakehouse::command(workspace.dir());
        build
            .arg("build")
            .env("REGISTRY", workspace.images.namespace());
        let ran = Ran::of(&mut build).succeeded();
        let results = bakehouse::results(&ran);
        let results = ["server", "upon"].map(|name| results[name].to_owned());
        results.into_iter().collect()
    };
    let _ = results();
    assert_eq!(results(), ["skipped", "skipped"]);
    workspace.write("ui/page.txt", "two\n");
    let after = results();
    assert!(after.iter().all(|result| result != "skipped"), "{after:?}");
    assert_eq!(results(), ["skipped", "skipped"]);
}

#[test]
fn compose_builds_the_images_that_services_ship_and_run_on() {
    let _turn = Turn::share();
    let workspace = workspace();
    let compose = Compose::new(&workspace);
    compose.run(["build", "server", "upon"]);
    let name = workspace.images.name("server");
    assert_eq!(
        container::prints(&name, ["/opt/web/index.html"]),
        "/srv/pages  one"
    );
    assert_eq!(upon(&workspace), "/var/lib/app hello one");
}
