//! The shape of a workspace.

/// The layout of a workspace, and its contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Set if the workspace is a folder inside the repository.
    pub nested: bool,
    /// Set if the root manifest also has a package.
    pub root: bool,
    /// Set if members are at the top, where `members = ["*"]` finds them.
    pub star: bool,
    /// The number of services, each in a package of its own. A root package is an additional one.
    pub services: usize,
    pub libraries: usize,
    /// Dependencies between them, one bit each.
    pub edges: u16,
    pub edition: u16,
    /// Resolver that the root manifest names, if any.
    pub resolver: Option<u8>,
    /// Set if members inherit version, edition, lints and dependencies from the workspace.
    pub inherits: bool,
    /// Set if `bakehouse.toml` lists the services.
    pub listed: bool,
    /// Set if outputs are compiled in one mount instead of layers.
    pub mount: bool,
    pub unify: Unify,
    pub toolchain: ToolchainFile,
    pub source: Source,
    pub parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unify {
    Services,
    Each,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolchainFile {
    Toml,
    /// `rust-toolchain`, which rustup reads first.
    Plain,
    /// Both files; the one that rustup does not read names a toolchain that does not exist.
    Both,
}

/// The source of crates of crates.io.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Registry,
    /// A committed folder of edited sources; `sums` says whether checksums are listed.
    Vendor {
        sums: bool,
    },
    /// A committed folder of archives.
    Local,
    /// Another registry that replaces crates.io.
    Mirror,
}

/// The package of the workspace that a part is about: any number, taken modulo the number of candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat(pub usize);

/// Something that workspaces do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A file that is read while the package compiles.
    Input {
        seat: Seat,
        place: Place,
        reader: Reader,
    },
    /// The package's own manifest is read.
    OwnManifest { seat: Seat },
    /// The package prints its version.
    Version { seat: Seat },
    /// A procedural macro of the workspace.
    Macro { seat: Seat },
    /// A path dependency that is not a member.
    Path { seat: Seat, at: Standing },
    /// A crate from git.
    Git {
        seat: Seat,
        flavour: Flavour,
        reference: Reference,
    },
    /// A crate from crates.io.
    Registry { seat: Seat },
    /// Two versions of a crate from crates.io.
    TwoVersions { seat: Seat },
    /// A crate from another registry than crates.io.
    OtherRegistry { seat: Seat },
    /// `[patch.crates-io]`.
    Patch { seat: Seat, by: Patched },
    /// `[patch."git://…"]`, with a path.
    PatchGit { seat: Seat },
    /// A crate from git that is replaced by a committed, edited folder.
    VendoredGit { seat: Seat },
    /// The same name and version from crates.io and from git.
    TwoSources { seat: Seat },
    /// A build script that queries Cargo's metadata.
    Metadata { seat: Seat },
    /// Cargo's configuration.
    Config {
        seat: Seat,
        at: Where,
        setting: Setting,
    },
    /// A feature of a library of the workspace.
    Feature { seat: Seat, asked: Asked },
    /// A target in an unusual place.
    Target { seat: Seat, odd: Odd },
    /// A member with the name of a crate from crates.io.
    SameName { seat: Seat },
    /// A value that a build script passes to that of a dependent, by `links`.
    Links { seat: Seat },
    /// A setting of the release profile, in the root manifest.
    Profile { seat: Seat },
    /// Development dependencies that form a cycle.
    Development { seat: Seat },
    /// A platform-specific dependency, which is either built or never built.
    TargetDependency { seat: Seat, built: bool },
    /// A member that no service needs.
    Unused(Member),
}

/// Places of a hidden input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the package.
    Inside,
    /// At the root of the workspace; declared.
    Root,
    /// In a folder that is not a package; declared.
    Beside,
    /// Above the workspace, if that is nested; declared.
    Above,
    /// In a folder that git ignores; declared.
    Ignored,
}

/// Readers of a hidden input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// `include_str!`
    Source,
    /// A build script, which works without it.
    Script,
    /// A build script that counts the files in the folder.
    Count,
    /// `#[path] mod`
    Module,
}

/// Places of a path dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In the workspace, but excluded from it.
    Excluded,
    /// In another workspace of the repository, from which it inherits.
    OtherWorkspace,
    /// Above the workspace, if that is nested.
    Above,
}

/// Special properties of a git crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Plain,
    /// `exclude` hides a file that its build script reads.
    Exclude,
    /// `include` hides the file.
    Include,
    /// A nested manifest hides the file.
    Nested,
    /// `.gitignore` hides the file, though git tracks it.
    Ignored,
    /// It reads a file above its package.
    Above,
    /// It reads a file of a submodule.
    Submodule,
    /// It is a member of a workspace, and needs another one.
    Workspace,
}

/// The ways in which a manifest names a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    Default,
    Branch,
    Tag,
    Rev,
}

/// Replacements of a patched crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patched {
    Path,
    Git,
    /// A member of the workspace.
    Member,
}

/// Places of Cargo's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Toml,
    /// `.cargo/config`
    Plain,
    /// Both, with different content in the one that Cargo does not read.
    Both,
    /// Above the workspace, if that is nested.
    Above,
    /// In the member's folder, where Cargo does not look.
    Member,
}

/// Settings in Cargo's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Flags,
    TargetFlags,
    Environment,
    /// A variable that names a file, relative to the configuration.
    RelativeFile,
    Profile,
    /// A script of the repository that links.
    Linker,
    /// Cargo fetches with the program `git`; adds a git crate.
    GitByProgram,
}

/// The origin of the request for a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is on by default, and one dependent disables it.
    Default,
    /// One service.
    ByOne,
    /// The package itself, through an optional dependency by path.
    Optional,
    /// A build script.
    ByScript,
    /// `bakehouse.toml` asks for a feature of the service.
    ByConfig,
}

/// Unusual places of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    LibraryOutside,
    BinaryElsewhere,
    ScriptOutside,
    SeveralBinaries,
}

/// A member that no service needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    Library,
    /// It has a dependency that no service has.
    WithCrate,
}
