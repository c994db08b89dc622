//! Places in an image that two things want, and mounts of Compose that hide one: each is refused where it is written.

use crate::shop::{Shop, stderr};

/// Returns the shop with files to ship, and these lines for the service `web`, which has the binary `shop-web`.
fn shop(lines: &str) -> Shop {
    let shop = Shop::native();
    for (path, text) in [
        ("a.toml", "a"),
        ("z.toml", "z"),
        ("conf/app.toml", ""),
        ("conf/sub/deep.toml", ""),
        ("conf/shop-web", ""),
        ("over/app.toml", "over"),
        ("over/sub", "a file"),
        ("node_modules/a.js", ""),
        ("dashboard/node_modules/a.js", ""),
        (".git/HEAD", ""),
        ("dashboard/Dockerfile", "FROM scratch\n"),
    ] {
        shop.write(path, text);
    }
    std::os::unix::fs::symlink("conf", shop.path("link")).unwrap();
    shop.write("bakehouse.toml", &config(lines));
    shop
}

fn config(lines: &str) -> String {
    format!(
        "[images.ui]\ncontext = \"dashboard\"\n[services.web]\npackage = \"web\"\nbin = \"shop-web\"\n{lines}\n"
    )
}

/// The lines from the sixth on, the places that are shown, and the message; or a configuration that is right.
type Row = (&'static str, &'static [&'static str], &'static str);

const FILES: &[Row] = &[
    // Two files.
    (
        "files = { \"a.toml\" = \"/etc/a\", \"z.toml\" = \"/etc/a\" }",
        &["6:32"],
        "`a.toml` and `z.toml` go to one place, /etc/a",
    ),
    (
        "files = { \"a.toml\" = \"/etc/app/\", \"conf/app.toml\" = \"/etc//app/./a.toml\" }",
        &["6:35"],
        "`a.toml` and `conf/app.toml` go to one place, /etc/app/a.toml",
    ),
    (
        "files = { \"a.toml\" = \"/etc/a\" }\nvariants.x = { files = { \"z.toml\" = \"/etc/a\" } }",
        &["7:26"],
        "`a.toml` and `z.toml` go to one place, /etc/a",
    ),
    (
        "files = { \"a.toml\" = \"/etc/a\", \"ui:/dist\" = \"/etc/a\" }",
        &["6:32"],
        "`a.toml` and `ui:/dist` go to one place, /etc/a",
    ),
    (
        "files = { \"a.toml\" = \"/etc/a\", \"./a.toml\" = \"/etc/b\" }",
        &["6:32"],
        "`./a.toml` and `a.toml` are one path",
    ),
    (
        "files = { \"ui:/dist\" = \"/a\", \"ui:/dist/\" = \"/b\" }",
        &["6:30"],
        "`ui:/dist` and `ui:/dist/` are one path",
    ),
    (
        "files = { \"a.toml\" = \"/etc/a\", \"z.toml\" = \"/etc/b\" }",
        &[],
        "",
    ),
    (
        "files = { \"a.toml\" = \"/etc/a\" }\nvariants.x = { files = { \"./a.toml\" = \"/etc/b\" } }",
        &[],
        "",
    ),
    // A file and a folder.
    (
        "files = { \"a.toml\" = \"/etc/app\", \"conf\" = \"/etc/app\" }",
        &["6:34"],
        "`a.toml` is a file at /etc/app, where the content of `conf` is",
    ),
    (
        "files = { \"a.toml\" = \"/etc/app\", \"link\" = \"/etc/app/\" }",
        &["6:34"],
        "write `/etc/app/` to put it into the folder",
    ),
    (
        "files = { \"a.toml\" = \"/etc/app\", \"conf\" = \"/etc/app/sub\" }",
        &["6:34"],
        "`conf` lies at /etc/app/sub, and `a.toml` is a file at /etc/app",
    ),
    (
        "files = { \"a.toml\" = \"/etc/app\", \"ui:/dist\" = \"/etc/app/sub\" }",
        &["6:34"],
        "`ui:/dist` lies at /etc/app/sub, and `a.toml` is a file at /etc/app",
    ),
    (
        "files = { \"a.toml\" = \"/etc/app\", \"ui:/dist\" = \"/etc/app/\" }",
        &["6:34"],
        "`a.toml` is a file at /etc/app, where the content of `ui:/dist` is",
    ),
    (
        "files = { \"a.toml\" = \"/var/lib/app\" }",
        &["6:11"],
        "`a.toml` is a file at /var/lib/app, where the working folder is",
    ),
    (
        "workdir = \"/srv/a\"\nfiles = { \"a.toml\" = \"/srv\" }",
        &["7:11"],
        "the working folder lies at /srv/a, and `a.toml` is a file at /srv",
    ),
    (
        "files = { \"a.toml\" = \"/etc\" }",
        &["6:11"],
        "`a.toml` is a file at /etc, which is a folder of every container",
    ),
    (
        "files = { \"a.toml\" = \"/etc/app/.\" }",
        &["6:11"],
        "write `/etc/app/` to put it into the folder",
    ),
    (
        "files = { \"a.toml\" = \"/opt/packs\" }\npacks = \"none\"\n[packs.demo]\npath = \"packs\"",
        &["6:11"],
        "`a.toml` is a file at /opt/packs, where the folder of packs is",
    ),
    ("files = { \"a.toml\" = \"/etc/\" }", &[], ""),
    ("files = { \"a.toml\" = \"/\" }", &[], ""),
    // Folders are laid over each other, and files over those of folders.
    (
        "files = { \"conf\" = \"/etc/app\", \"dashboard\" = \"/etc/app\" }",
        &[],
        "",
    ),
    (
        "files = { \"conf\" = \"/etc/app\", \"z.toml\" = \"/etc/app/app.toml\" }",
        &[],
        "",
    ),
    (
        "files = { \"conf\" = \"/etc/app\", \"z.toml\" = \"/etc/app/other.toml\" }",
        &[],
        "",
    ),
    (
        "files = { \"ui:/dist\" = \"/srv\", \"ui:/more\" = \"/srv\" }",
        &[],
        "",
    ),
    (
        "files = { \"ui:/dist\" = \"/srv\", \"z.toml\" = \"/srv/z.toml\" }",
        &[],
        "",
    ),
    (
        "files = { \"a.toml\" = \"/etc/app/app.toml\", \"conf\" = \"/etc/app\" }",
        &["6:43"],
        "app.toml of `conf` would replace `a.toml` at /etc/app/app.toml",
    ),
    (
        "files = { \"conf\" = \"/etc/app\", \"over\" = \"/etc/app\" }",
        &["6:32"],
        "`conf` and `over` have a file and a folder for one place, /etc/app/sub",
    ),
    (
        "files = { \"conf\" = \"/etc/app\", \"z.toml\" = \"/etc/app/sub\" }",
        &["6:32"],
        "`z.toml` is a file at /etc/app/sub, and sub of `conf` is a folder",
    ),
    (
        "files = { \"over\" = \"/etc/app\", \"conf\" = \"/etc/app/sub\" }",
        &["6:32"],
        "`conf` is a folder at /etc/app/sub, and sub of `over` is a file",
    ),
    (
        "files = { \"over\" = \"/etc/app\", \"z.toml\" = \"/etc/app/sub/z\" }",
        &["6:32"],
        "`z.toml` lies at /etc/app/sub/z, below the file sub of `over`",
    ),
];

const BUILT: &[Row] = &[
    (
        "files = { \"a.toml\" = \"/usr/local/bin/shop-web\" }",
        &["6:11"],
        "the binary `shop-web` and `a.toml` go to one place, /usr/local/bin/shop-web",
    ),
    (
        "files = { \"ui:/web\" = \"/usr/local/bin/shop-web\" }",
        &["6:11"],
        "the binary `shop-web` and `ui:/web` go to one place, /usr/local/bin/shop-web",
    ),
    (
        "files = { \"conf\" = \"/usr/local/bin/shop-web\" }",
        &["6:11"],
        "the binary `shop-web` is a file at /usr/local/bin/shop-web, where the content of `conf` is",
    ),
    (
        "files = { \"conf\" = \"/usr/local/bin\" }",
        &["6:11"],
        "the binary `shop-web` would replace shop-web of `conf` at /usr/local/bin/shop-web",
    ),
    (
        "files = { \"a.toml\" = \"/usr/local\" }",
        &["6:11"],
        "the binary `shop-web` lies at /usr/local/bin/shop-web, and `a.toml` is a file at /usr/local",
    ),
    (
        "files = { \"a.toml\" = \"/usr/local/bin/shop-web/a\" }",
        &["6:11"],
        "`a.toml` lies at /usr/local/bin/shop-web/a, and the binary `shop-web` is a file",
    ),
    (
        "workdir = \"/usr/local/bin/shop-web\"",
        &["6:11"],
        "the binary `shop-web` is a file at /usr/local/bin/shop-web, where the working folder is",
    ),
    (
        "libs = [\"libz.so.1\"]\nfiles = { \"a.toml\" = \"/usr/local/lib/libz.so.1\" }",
        &["7:11"],
        "the shared library `libz.so.1` and `a.toml` go to one place, /usr/local/lib/libz.so.1",
    ),
    (
        "files = { \"a.toml\" = \"/usr/local/lib/libz.so.1\" }\nvariants.x = { libs = [\"libz.so.1\"] }",
        &["7:24"],
        "the shared library `libz.so.1` and `a.toml` go to one place",
    ),
    (
        "libs = [\"libz.so.1\", \"libz.so.1\"]",
        &["6:22"],
        "two shared libraries of the image are named `libz.so.1`",
    ),
    ("files = { \"a.toml\" = \"/usr/local/bin/\" }", &[], ""),
    ("files = { \"over\" = \"/usr/local/bin\" }", &[], ""),
];

/// Files that Docker is never sent.
const SENT: &[Row] = &[
    (
        "files = { \".git\" = \"/g\", \"dashboard/node_modules\" = \"/n\" }",
        &["6:11", "6:26"],
        "Docker is never sent `dashboard/node_modules`",
    ),
    (
        "files = { \".\" = \"/a\" }",
        &["6:11"],
        "`.` is all that Docker can be sent",
    ),
    (
        "[inputs.web]\npaths = [\"node_modules/**\", \"./\"]",
        &["7:10", "7:29"],
        "Docker is never sent `node_modules/**`",
    ),
    (
        "files = { \"conf\" = \"/a\" }\n[inputs.web]\npaths = [\"conf/**\"]",
        &[],
        "",
    ),
];

/// The places of files of an image in the build of a package.
const EMBEDDED: &[Row] = &[
    (
        "[inputs.web]\nimages = { \"ui:/dist\" = \".\" }",
        &["7:25"],
        "files of the image `ui` cannot go to the root of the context: builds read Cargo.toml",
    ),
    (
        "[inputs.web]\nimages = { \"ui:/dist\" = \"Cargo.lock\", \"ui:/a\" = \"web/Cargo.toml\" }",
        &["7:25", "7:49"],
        "files of the image `ui` cannot go to Cargo.lock: builds read Cargo.lock",
    ),
    (
        "[inputs.web]\nimages = { \"ui:/dist\" = \"target/release\" }",
        &["7:25"],
        "Cargo writes to target",
    ),
    (
        "[inputs.common]\npaths = [\"conf/sub\"]\n[inputs.web]\nimages = { \"ui:/dist\" = \"conf\" }",
        &["9:25"],
        "files of the image `ui` cannot go to conf: builds read conf/sub",
    ),
    (
        "[inputs.web]\nimages = { \"ui:/dist\" = \"web/ui/dist\" }",
        &[],
        "",
    ),
];

/// Mounts of Compose.
const MOUNTS: &[Row] = &[
    (
        "workdir = \"/\"\nstate = \"volume\"",
        &["7:9"],
        "the working folder / cannot be a volume: it is the root of the file system",
    ),
    (
        "state = \"memory\"\nvariants.x = { workdir = \"/./\" }",
        &["7:26"],
        "the working folder / cannot be in memory: it is the root of the file system",
    ),
    (
        "state = \"memory\"\n[runtime]\nworkdir = \"/tmp\"",
        &["8:11"],
        "the working folder /tmp cannot be in memory: it is in memory with each `state`",
    ),
    (
        "workdir = \"/proc/app\"\nstate = \"volume\"",
        &["7:9"],
        "the working folder /proc/app cannot be a volume: each container has a /proc of its own",
    ),
    (
        "workdir = \"/usr/local\"\nstate = \"memory\"",
        &["7:9"],
        "the working folder /usr/local is empty at each start, and the binary `shop-web` lies in it",
    ),
    (
        "workdir = \"/usr/local/bin\"\nstate = \"volume\"",
        &["7:9"],
        "the working folder /usr/local/bin keeps what the first image has there, and the binary `shop-web` lies in it",
    ),
    (
        "state = \"memory\"\nfiles = { \"a.toml\" = \"/var/lib/app/\" }",
        &["7:11"],
        "the working folder /var/lib/app is empty at each start, and `a.toml` lies in it, at /var/lib/app/a.toml",
    ),
    (
        "files = { \"a.toml\" = \"/dev/a\" }",
        &["6:11"],
        "`a.toml` goes to /dev/a, and each container has a /dev of its own",
    ),
    (
        "workdir = \"/opt/packs/app\"\nstate = \"volume\"\n[packs.demo]\npath = \"packs\"",
        &["7:9"],
        "the working folder /opt/packs/app lies in /opt/packs, where Compose mounts packs",
    ),
    (
        "workdir = \"/p.dev\"\nstate = \"volume\"\n[runtime]\npacks = \"/p\"\npacks-dev = \"packs.dev\"",
        &["7:9"],
        "the working folder /p.dev lies in /p.dev, where Compose mounts packs",
    ),
    (
        "files = { \"a.toml\" = \"/opt/packs/a\" }\n[packs.demo]\npath = \"packs\"",
        &["6:11"],
        "`a.toml` lies at /opt/packs/a, and Compose mounts packs over /opt/packs",
    ),
    (
        "[runtime]\npacks = \"/usr/local\"\n[packs.demo]\npath = \"packs\"",
        &["7:9"],
        "the binary `shop-web` lies at /usr/local/bin/shop-web, and Compose mounts packs over /usr/local",
    ),
    (
        "[runtime]\npacks = \"/\"\n[packs.demo]\npath = \"packs\"",
        &["7:9"],
        "packs cannot be mounted at /",
    ),
    (
        "state = \"none\"\n[runtime]\npacks = \"/tmp\"\n[packs.demo]\npath = \"packs\"",
        &["8:9"],
        "packs cannot be mounted at /tmp",
    ),
    (
        "runtime = \"scratch\"\nstatic = true\nports = [1]\nhealth = \"/up\"",
        &["9:10"],
        "`scratch` has no `bash` that requests `/up`",
    ),
    ("workdir = \"/\"", &[], ""),
    ("workdir = \"/\"\nstate = \"none\"", &[], ""),
    ("workdir = \"/tmp/app\"\nstate = \"memory\"", &[], ""),
    ("workdir = \"/dev/shm\"\nstate = \"volume\"", &[], ""),
    // A new volume begins with the files of the image.
    (
        "state = \"volume\"\nfiles = { \"a.toml\" = \"/var/lib/app/\" }",
        &[],
        "",
    ),
    (
        "packs = \"none\"\nfiles = { \"a.toml\" = \"/opt/packs/a\" }\n[packs.demo]\npath = \"packs\"",
        &[],
        "",
    ),
];

#[test]
fn nothing_in_an_image_takes_the_place_of_something_else() {
    told(FILES);
    told(BUILT);
}

#[test]
fn what_docker_is_sent_and_cargo_reads_is_known_before_a_bake() {
    told(SENT);
    told(EMBEDDED);
}

#[test]
fn no_mount_of_compose_hides_what_a_service_needs() {
    told(MOUNTS);
}

fn told(rows: &[Row]) {
    let shop = shop("");
    shop.folder("packs");
    shop.folder("packs.dev");
    for (lines, places, message) in rows {
        shop.write("bakehouse.toml", &config(lines));
        let output = shop.bakehouse(&["plan"]);
        let said = stderr(&output);
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            output.status.success(),
            message.is_empty(),
            "{lines}: {said}"
        );
        assert!(line.contains(message), "{lines}: {said}");
        for place in *places {
            let place = format!("bakehouse.toml:{place}");
            assert!(line.contains(&place), "{place} {lines}: {said}");
        }
        let mistakes = said.matches("× ").count();
        assert_eq!(mistakes, places.len(), "{lines}: {said}");
    }
}

#[test]
fn both_places_are_shown_and_all_mistakes_at_once() {
    let shop = shop("");
    let lines = "workdir = \"/\"\nstate = \"volume\"\nplatforms = []\nfiles = { \"a.toml\" = \"/etc/a\", \"z.toml\" = \"/etc/a\", \"conf\" = \"/usr/local/bin\" }\n\
        [services.other]\npackage = \"web\"\nbins = [\"shop-web\", \"shop-web\"]\ntag = \"\"\n[inputs.web]\nimages = { \"ui:/dist\" = \"web/src/dist\", \"uj:/dist\" = \"web/ui\" }\n\
        [bases]\nbuilder = \"ui\"\n[bake]\ntag = \"{TAG}\"";
    shop.write("bakehouse.toml", &config(lines));
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}
