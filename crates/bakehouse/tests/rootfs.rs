//! The script that lays out the files of images, on made-up bases. `tools/e2e/tests/files.rs` has the same in real images.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use crate::shop::{Shop, stderr};

/// A base, and what the script lays out for it.
struct Layout {
    folder: tempfile::TempDir,
    script: String,
}

impl Layout {
    fn new() -> Self {
        let shop = Shop::new();
        shop.generate();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        let mut script = shop.read("docker/stages/rootfs.sh");
        for place in ["/rootfs/out", "/base/", "/context/"] {
            script = script.replace(place, &format!("{root}{place}"));
        }
        for place in ["base", "context"] {
            fs::create_dir(folder.path().join(place)).unwrap();
        }
        Self { folder, script }
    }

    fn base(&self, path: &str) -> std::path::PathBuf {
        let path = self.folder.path().join("base").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Runs the script; `OWNER` is the current user.
    fn run(&self, arguments: &[&str]) -> Output {
        let own = fs::metadata(self.folder.path()).unwrap();
        let owner = format!("{}:{}", own.uid(), own.gid());
        let arguments = arguments.iter().map(|word| match *word {
            "OWNER" => owner.as_str(),
            word => word,
        });
        let mut command = Command::new("sh");
        command.args(["-c", &self.script, "rootfs.sh"]);
        command.args(arguments).output().unwrap()
    }

    /// All paths that it laid out, sorted.
    fn out(&self) -> Vec<String> {
        fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.strip_prefix(root).unwrap().display().to_string());
                if path.is_dir() {
                    collect(root, &path, found);
                }
            }
        }
        let root = self.folder.path().join("rootfs/out");
        let mut found = Vec::new();
        collect(&root, &root, &mut found);
        found.sort();
        found
    }
}

#[test]
fn what_lies_on_a_link_of_the_base_goes_to_where_the_link_leads() {
    // The link and its target in the base, the folder that is asked for, and the paths that are laid out.
    let table: [(&str, &str, &str, &[&str]); 7] = [
        (
            "var/run",
            "/run",
            "/var/run/app",
            &["run", "run/app", "var"],
        ),
        (
            "var/run",
            "../run",
            "/var/run/app",
            &["run", "run/app", "var"],
        ),
        (
            "lib",
            "usr/lib",
            "/lib/app",
            &["usr", "usr/lib", "usr/lib/app"],
        ),
        (
            "lib",
            "./usr/./lib/",
            "/lib/app",
            &["usr", "usr/lib", "usr/lib/app"],
        ),
        // The kernel takes `..` at the root for the root.
        ("opt/app", "../../../srv", "/opt/app", &["opt", "srv"]),
        ("opt/app", "/../srv", "/opt/app/x", &["opt", "srv", "srv/x"]),
        ("opt", "/", "/opt/app", &["app"]),
    ];
    for (link, target, asked, expected) in table {
        let layout = Layout::new();
        symlink(target, layout.base(link)).unwrap();
        let output = layout.run(&["folder", asked, "OWNER"]);
        assert!(output.status.success(), "{link}: {}", stderr(&output));
        assert_eq!(layout.out(), expected, "{link} -> {target}");
    }
}

#[test]
fn files_are_copied_as_copy_does_it_and_all_times_are_the_same() {
    let layout = Layout::new();
    let context = layout.folder.path().join("context");
    fs::create_dir_all(context.join("config/sub")).unwrap();
    fs::write(context.join("config/sub/a.toml"), "").unwrap();
    fs::write(context.join("run.sh"), "").unwrap();
    fs::set_permissions(context.join("run.sh"), fs::Permissions::from_mode(0o700)).unwrap();
    let output = layout.run(&[
        "file",
        "config",
        "/etc/app",
        "file",
        "run.sh",
        "/usr/bin/",
        "file",
        "run.sh",
        "/usr/bin/other",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let expected = [
        "etc",
        "etc/app",
        "etc/app/sub",
        "etc/app/sub/a.toml",
        "usr",
        "usr/bin",
        "usr/bin/other",
        "usr/bin/run.sh",
    ];
    assert_eq!(layout.out(), expected);
    for path in expected {
        let found = fs::metadata(layout.folder.path().join("rootfs/out").join(path)).unwrap();
        assert_eq!(found.mtime(), 0, "{path}");
        if path.ends_with(".sh") {
            assert_eq!(found.mode() & 0o777, 0o755, "{path}");
        }
    }
}

#[test]
fn a_folder_of_the_base_keeps_its_mode() {
    let layout = Layout::new();
    fs::create_dir_all(layout.base("var/lib/app")).unwrap();
    fs::set_permissions(
        layout.base("var/lib/app"),
        fs::Permissions::from_mode(0o2750),
    )
    .unwrap();
    let output = layout.run(&["folder", "/var/lib/app", "OWNER"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let laid = fs::metadata(layout.folder.path().join("rootfs/out/var/lib/app")).unwrap();
    assert_eq!(laid.mode() & 0o7777, 0o2750);
    let missing = layout.run(&["file", "nowhere", "/etc/app"]);
    assert!(!missing.status.success());
}
