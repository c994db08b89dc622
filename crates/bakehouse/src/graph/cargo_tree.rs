//! The crates that Cargo links into binaries, as `cargo tree` tells them. Cargo alone knows the features of third-party
//! crates.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::cargo::{command, output};
use crate::problem::{Code, Problem};

/// A question to Cargo: packages that are built together, for one target.
pub struct TreeRequest<'a> {
    /// The folder of the workspace.
    pub folder: Utf8PathBuf,
    /// Names or URLs, as for Cargo's option `-p`.
    pub packages: Vec<String>,
    /// Features in the syntax of Cargo's command line.
    pub features: Vec<String>,
    pub no_default_features: bool,
    pub target: &'a str,
}

/// A crate in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CrateId {
    pub name: String,
    pub version: String,
    /// A folder, the URL of a repository, or the name of a registry; empty for the usual registry.
    pub place: String,
}

impl CrateId {
    /// Returns whether it is a folder of this machine.
    pub fn is_local(&self) -> bool {
        self.place.starts_with('/')
    }
}

/// Everything that Cargo tells of a crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedCrate {
    /// The value of `license` in its manifest.
    pub license: String,
    /// The value of `repository` in its manifest.
    pub repository: String,
    /// The crates that it links.
    pub needs: BTreeSet<CrateId>,
}

/// Crates, and what each links. What only the compiler runs is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrateTree(pub BTreeMap<CrateId, LinkedCrate>);

/// The format of a line. The end shows where Cargo's own mark begins.
const FORMAT: &str = "\t{p}\t{l}\t{r}\t";

impl CrateTree {
    /// Asks Cargo. It fetches crates that it needs to know and does not have.
    ///
    /// # Errors
    /// `cargo-missing`, `cargo-failed`.
    pub fn read(request: &TreeRequest<'_>) -> Result<Self, Problem> {
        let mut command = command();
        command.current_dir(&request.folder);
        command.args(["tree", "--locked", "--edges", "normal,no-proc-macro"]);
        command.args([
            "--prefix",
            "depth",
            "--charset",
            "ascii",
            "--format",
            FORMAT,
        ]);
        command.args(["--target", request.target]);
        for package in &request.packages {
            command.args(["--package", package]);
        }
        if request.no_default_features {
            command.arg("--no-default-features");
        }
        if !request.features.is_empty() {
            command.args(["--features", &request.features.join(",")]);
        }
        let output = output(&mut command)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim().trim_start_matches("error: ");
            return Err(Problem::new(Code::CargoFailed, format!("cargo tree failed: {said}"))
                .hint("it reads the manifests of all crates that are linked: run `cargo fetch --locked` where there is network"));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Self::parse(&text).ok_or_else(|| {
            Problem::new(Code::CargoFailed, "cargo tree's answer cannot be read")
                .hint("use the Cargo that the workspace is built with")
        })
    }

    /// Parses an answer of Cargo's; none if it has another form.
    fn parse(text: &str) -> Option<Self> {
        let mut tree = Self::default();
        let mut above: Vec<CrateId> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let mut columns = line.split('\t');
            let depth: usize = columns.next()?.parse().ok()?;
            let id = id(columns.next()?)?;
            let [license, repository] = [columns.next()?, columns.next()?].map(str::to_owned);
            above.truncate(depth);
            if depth > 0 {
                let by = tree.0.get_mut(above.get(depth - 1)?)?;
                by.needs.insert(id.clone());
            }
            let known = tree.0.entry(id.clone()).or_default();
            (known.license, known.repository) = (license, repository);
            above.push(id);
        }
        Some(tree)
    }

    /// Adds what another answer has.
    pub fn join(&mut self, other: Self) {
        for (id, linked) in other.0 {
            let known = self.0.entry(id).or_default();
            let LinkedCrate {
                license,
                repository,
                needs,
            } = linked;
            (known.license, known.repository) = (license, repository);
            known.needs.extend(needs);
        }
    }

    /// Returns a local package of that name.
    pub fn local(&self, name: &str) -> Option<&CrateId> {
        let mut ids = self.0.keys();
        ids.find(|id| id.name == name && id.is_local())
    }

    /// Returns the part that these crates reach.
    pub fn below(&self, roots: &BTreeSet<CrateId>) -> Self {
        let mut below = Self::default();
        let mut open: Vec<&CrateId> = roots.iter().collect();
        while let Some(id) = open.pop() {
            if let Some(linked) = self.0.get(id)
                && below.0.insert(id.clone(), linked.clone()).is_none()
            {
                open.extend(&linked.needs);
            }
        }
        below
    }
}

/// Parses `name v1.2.3 (place)`.
fn id(text: &str) -> Option<CrateId> {
    let (name, rest) = text.split_once(" v")?;
    let (version, place) = rest.split_once(' ').unwrap_or((rest, ""));
    let place = place
        .strip_prefix('(')
        .and_then(|place| place.strip_suffix(')'));
    Some(CrateId {
        name: name.to_owned(),
        version: version.to_owned(),
        place: place.unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_a_graph() {
        let text = "0\tapp v0.1.0 (/with (a) place/app)\tMIT\t\t\n\
            1\tleft v1.0.0\tMIT/Apache-2.0\thttps://left.example\t\n\
            2\tbase v2.0.0+x (https://git.example/base?branch=main#0123abcd)\t\t\t\n\
            1\tright v1.0.0 (registry `other`)\tA B\t\t\n\
            2\tleft v1.0.0\tMIT/Apache-2.0\thttps://left.example\t (*)\n\
            \n0\tother v0.1.0 (/other)\t\t\t\n1\tleft v1.0.0\tMIT/Apache-2.0\t\t (*)\n";
        let tree = CrateTree::parse(text).unwrap();
        let app = tree.local("app").unwrap();
        assert_eq!(app.place, "/with (a) place/app");
        let names = |needs: &BTreeSet<CrateId>| -> Vec<String> {
            needs.iter().map(|id| id.name.clone()).collect()
        };
        assert_eq!(names(&tree.0[app].needs), ["left", "right"]);
        let below = tree.below(&BTreeSet::from([app.clone()]));
        let ids: Vec<(&str, &str, &str)> = below
            .0
            .keys()
            .map(|id| (&*id.name, &*id.version, &*id.place))
            .collect();
        assert_eq!(
            ids,
            [
                ("app", "0.1.0", "/with (a) place/app"),
                (
                    "base",
                    "2.0.0+x",
                    "https://git.example/base?branch=main#0123abcd"
                ),
                ("left", "1.0.0", ""),
                ("right", "1.0.0", "registry `other`"),
            ]
        );
        let other = tree.below(&BTreeSet::from([tree.local("other").unwrap().clone()]));
        assert_eq!(other.0.len(), 3);
        assert_eq!(tree.local("left"), None);
        for other in ["app v1", "0\tapp\t\t\t", "1\ta v1\t\t\t", "0\ta v1\t"] {
            assert_eq!(CrateTree::parse(other), None, "{other}");
        }
    }
}
