//! `docker/skeleton`: the manifests that the image build uses in place of the workspace's own.

use camino::Utf8Path;

use super::Document;
use super::header::with_header;
use crate::plan::Plan;

/// `deps/`: masked, for the third-party crates; `own/`: the members' own, for the stages that compile them;
/// `root/`: the workspace's with its own package, for those that compile that; `library/`: members' own without
/// binaries, where those would be mistaken for others.
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
    masked.chain(own).chain(root).chain(library).collect()
}
