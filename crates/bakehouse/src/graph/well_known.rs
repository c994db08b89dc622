//! Message definitions that import Google's well-known ones.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::inputs::Finding;
use super::sources::NEVER_SOURCES;
use super::{Member, Workspace};

/// The folder of the well-known definitions.
const FOLDER: &str = "google/protobuf/";

/// Returns whether a `.proto` file imports a definition of `google/protobuf` that is not beside it. The files are
/// those in the folders of `packages`, and at the paths that these read according to `findings`.
pub fn is_imported(workspace: &Workspace, packages: &BTreeSet<&str>, findings: &[Finding]) -> bool {
    let members = packages
        .iter()
        .filter_map(|name| workspace.members.get(*name));
    let folders = members.map(|member: &Member| member.dir.clone());
    let inside = findings
        .iter()
        .filter(|finding| !finding.path.starts_with(".."));
    let read = inside.map(|finding| finding.path.clone());
    let places: BTreeSet<Utf8PathBuf> = folders.chain(read).collect();
    let mut files = BTreeSet::new();
    for place in places {
        definitions(&workspace.root.join(place), &mut files);
    }
    let imported: BTreeSet<String> = files
        .iter()
        .filter_map(|file| fs_err::read_to_string(file).ok())
        .flat_map(|text| imports(&text))
        .collect();
    let is_here = |import: &String| files.iter().any(|file| file.ends_with(import));
    imported
        .iter()
        .any(|import| import.starts_with(FOLDER) && !is_here(import))
}

/// Adds the `.proto` files at or below a path.
fn definitions(place: &Utf8Path, files: &mut BTreeSet<Utf8PathBuf>) {
    let mut walk = ignore::WalkBuilder::new(place);
    walk.require_git(false)
        .filter_entry(|entry| !NEVER_SOURCES.iter().any(|name| entry.file_name() == *name));
    let paths = walk.build().flatten().map(ignore::DirEntry::into_path);
    let paths = paths.filter_map(|path| Utf8PathBuf::from_path_buf(path).ok());
    files.extend(paths.filter(|path| path.extension() == Some("proto")));
}

/// Returns the imports of a definition.
fn imports(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("import")?;
        let rest = rest.trim_start();
        let rest = ["public", "weak", "option"]
            .iter()
            .find_map(|word| rest.strip_prefix(word))
            .unwrap_or(rest);
        let mut quoted = rest.split(['"', '\'']);
        quoted.next().filter(|before| before.trim().is_empty())?;
        quoted.next()
    });
    lines.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_read_in_each_form() {
        let text = "syntax = \"proto3\";\nimport \"a.proto\";\n  import public 'b/c.proto';\nimport weak \"d\";\n// import \"e\";\nmessage important {}\n";
        assert_eq!(
            imports(text),
            ["a.proto", "b/c.proto", "d"].map(str::to_owned).into()
        );
    }
}
