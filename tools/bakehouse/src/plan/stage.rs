//! The stages of the build graph: `deps` → `lib-*` → `build-*`.

use camino::Utf8PathBuf;

/// The packages whose features are unified, and what is compiled for them. Each of its stages names the same
/// packages to Cargo, so no third-party crate compiles twice.
#[derive(Clone, Debug)]
pub struct Selection {
    /// What tells its stages from those of other selections; empty when there is only one.
    pub suffix: String,
    /// Packages, sorted.
    pub packages: Vec<String>,
    /// Features as `package/feature`, sorted.
    pub features: Vec<String>,
    /// One stage per internal library, each after those it needs.
    pub libraries: Vec<CompileStage>,
    /// One stage per binary.
    pub leaves: Vec<CompileStage>,
}

/// A stage that compiles one library or one binary.
#[derive(Clone, Debug)]
pub struct CompileStage {
    pub name: String,
    pub package: String,
    /// The binary; the library when `None`.
    pub bin: Option<String>,
    /// The internal libraries of its closure, in compile order.
    pub needs: Vec<String>,
    /// The package's folder.
    pub dir: Utf8PathBuf,
    /// Context paths that the stage reads: sources and declared inputs, sorted.
    pub reads: Vec<Utf8PathBuf>,
}

impl Selection {
    /// Name of the stage that compiles the third-party crates.
    pub fn deps(&self) -> String {
        format!("deps{}", self.suffix)
    }

    /// Name of the stage that compiles the library `package`.
    pub fn library(&self, package: &str) -> String {
        format!("lib-{package}{}", self.suffix)
    }

    /// The library stages that `stage` is laid upon.
    pub fn laid_upon<'a>(&'a self, stage: &'a CompileStage) -> impl Iterator<Item = String> + 'a {
        stage.needs.iter().map(|package| self.library(package))
    }
}
