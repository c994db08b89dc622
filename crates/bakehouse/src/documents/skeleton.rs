//! `docker/skeleton`: the manifests that the image build uses in place of the workspace's own.

use camino::{Utf8Path, Utf8PathBuf};

use super::dockerfile;
use super::document::Document;
use super::header::with_header;
use crate::plan::Plan;
use crate::plan::skeleton::{RUNNER, Role};

/// Renders these folders. `lock/` has the lock, which only the step that fetches reads, so that others run again only if
/// its outcome differs. `deps/` has masked manifests, for the third-party crates. `own/` has the members' own, for the
/// stages that compile them. `root/` has the workspace's with its own package, for the stages that compile that.
/// `library/` has members' own without binaries, for members whose binaries would be mistaken for others.
pub fn render(plan: &Plan) -> Vec<Document> {
    let document = |folder: &str, path: &Utf8Path, text: &str| Document {
        path: plan.skeleton_folder().join(folder).join(path),
        text: with_header(text),
    };
    let masked = plan
        .skeleton
        .masked_files()
        .map(|(path, text)| document("deps", &path, text));
    let own = plan
        .skeleton
        .own_files()
        .map(|(path, text)| document("own", &path, text));
    let root = plan.skeleton.root_package.iter();
    let root = root.map(|text| document("root", Utf8Path::new("Cargo.toml"), text));
    let library = plan
        .skeleton
        .library_files()
        .map(|(path, text)| document("library", &path, text));
    let lock = document("lock", Utf8Path::new("Cargo.lock"), &plan.skeleton.lock);
    let stubs = document("deps", Utf8Path::new("stubs.txt"), &stubs(plan));
    let manifests = masked.chain(own).chain(root).chain(library);
    manifests.chain([lock, stubs]).collect()
}

/// Renders the list of empty files that the scripts create for masked packages, one a line: its kind, the package, and
/// the path.
///
/// A `lib`, `bin` or `build` is removed after the third-party crates are compiled; the package of a `bin` is not a
/// library from then on. A `kept` file stays, because Cargo looks for it when it reads a manifest.
fn stubs(plan: &Plan) -> String {
    let skeleton = &plan.skeleton;
    let line =
        |kind: &str, package: &str, path: Utf8PathBuf| format!("{kind} {package} ./{path}\n");
    let mut text = String::new();
    for (package, member) in skeleton.with_role(Role::Masked) {
        let named = dockerfile::listed(plan, package);
        let mut services = plan
            .selections
            .iter()
            .flat_map(|selection| &selection.packages);
        let is_service = member.only_named_as_library || services.any(|name| name == package);
        let kind = if is_service && !member.is_root {
            "bin"
        } else {
            "lib"
        };
        text += &line(kind, &named, member.path("src/lib.rs"));
        if member.build_script {
            text += &line("build", &named, member.path("build.rs"));
        }
    }
    for (package, member) in skeleton.with_role(Role::PathDependency) {
        let roots = member.roots.iter();
        text.extend(roots.map(|root| line("kept", package, root.clone())));
    }
    if skeleton.runner.is_some() {
        let files = ["src/lib.rs", "build.rs"];
        text.extend(files.map(|file| line("kept", RUNNER, plan.folder.join(RUNNER).join(file))));
    }
    text
}
