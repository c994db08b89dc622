//! The stages of the build graph: `deps` → `lib-*` → `build-*`.

use camino::Utf8PathBuf;

/// The packages whose features are unified, and what is compiled for them. Each of its stages names the same
/// packages to Cargo, so no third-party crate compiles twice.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Name of the stage that compiles the third-party crates.
    pub deps: String,
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
    /// Library stages whose outputs it is laid upon: its whole closure, in compile order.
    pub needs: Vec<String>,
    /// The package's folder.
    pub dir: Utf8PathBuf,
    /// Context paths that the stage reads: sources and declared inputs, sorted.
    pub reads: Vec<Utf8PathBuf>,
}
