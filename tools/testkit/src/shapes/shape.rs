//! The shape of a workspace.

/// How a workspace lies, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether the workspace is a folder of the repository, not its root.
    pub nested: bool,
    /// Whether the root manifest has a package, too.
    pub root: bool,
    /// Whether members lie at the top, where `members = ["*"]` finds them.
    pub star: bool,
    /// Binaries in packages of their own; with a root package there is one more.
    pub services: usize,
    pub libraries: usize,
    /// Which of them depends on which, a bit each.
    pub edges: u16,
    pub edition: u16,
    /// Of the root manifest, where it says so.
    pub resolver: Option<u8>,
    /// Whether version, edition, lints and dependencies are the workspace's.
    pub inherits: bool,
    /// Whether `bakehouse.toml` lists the services.
    pub listed: bool,
    /// Whether outputs are compiled in one mount, not in layers.
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
    /// Both, and the one that rustup does not read names something that there is not.
    Both,
}

/// Where crates of crates.io come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Registry,
    /// A committed folder of sources, edited; `sums` says whether their sums are listed.
    Vendor {
        sums: bool,
    },
    /// A committed folder of archives.
    Local,
    /// Another registry that stands for crates.io.
    Mirror,
}

/// The package of the workspace that a part is about: any number, counted round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat(pub usize);

/// One thing that workspaces do.
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
    /// The package tells its version.
    Version { seat: Seat },
    /// A procedural macro of the workspace.
    Macro { seat: Seat },
    /// A package by path that is no member.
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
    /// A crate from git whose source is a committed folder, edited.
    VendoredGit { seat: Seat },
    /// A crate of one name and version from crates.io and from git.
    TwoSources { seat: Seat },
    /// A build script that asks Cargo what there is.
    Metadata { seat: Seat },
    /// Cargo's configuration.
    Config {
        seat: Seat,
        at: Where,
        setting: Setting,
    },
    /// A feature of a library of the workspace.
    Feature { seat: Seat, asked: Asked },
    /// Targets in odd places.
    Target { seat: Seat, odd: Odd },
    /// A member that is called as a crate from crates.io is.
    SameName { seat: Seat },
    /// What a build script tells that of a dependent, by `links`.
    Links { seat: Seat },
    /// A setting of the release profile, in the root manifest.
    Profile { seat: Seat },
    /// Development dependencies that go round in a circle.
    Development { seat: Seat },
    /// A dependency of a target: one that is built, or one that never is.
    TargetDependency { seat: Seat, built: bool },
    /// A member that no service needs.
    Unused(Member),
}

/// Where a hidden input lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the package.
    Inside,
    /// At the root of the workspace; declared.
    Root,
    /// In a folder of no package; declared.
    Beside,
    /// Above the workspace, where that is nested; declared.
    Above,
    /// In a folder that git ignores; declared.
    Ignored,
}

/// What reads a hidden input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// `include_str!`
    Source,
    /// A build script, which does without it.
    Script,
    /// A build script that counts the files of the folder.
    Count,
    /// `#[path] mod`
    Module,
}

/// Where a package by path lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In the workspace, and excluded from it.
    Excluded,
    /// In another workspace of the repository, from which it inherits.
    OtherWorkspace,
    /// Above the workspace, where that is nested.
    Above,
}

/// What is odd about a git crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Plain,
    /// `exclude` hides what its build script reads.
    Exclude,
    /// `include` does.
    Include,
    /// A nested manifest does.
    Nested,
    /// `.gitignore` does, and git has it anyway.
    Ignored,
    /// It reads a file above its package.
    Above,
    /// It reads a file of a submodule.
    Submodule,
    /// It is a member of a workspace, and needs another one.
    Workspace,
}

/// How a manifest names a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    Default,
    Branch,
    Tag,
    Rev,
}

/// What a patch puts in a crate's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patched {
    Path,
    Git,
    /// A member of the workspace.
    Member,
}

/// Where Cargo's configuration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Toml,
    /// `.cargo/config`
    Plain,
    /// Both, with something else in the one that Cargo does not read.
    Both,
    /// Above the workspace, where that is nested.
    Above,
    /// In the folder of the member, where Cargo does not look.
    Member,
}

/// What Cargo's configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Flags,
    TargetFlags,
    Environment,
    /// A variable that names a file, relative to the configuration.
    RelativeFile,
    Profile,
    /// A script of the repository links.
    Linker,
    /// Cargo fetches by `git`; brings a git crate.
    GitByProgram,
}

/// Who asks for a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is on by default, and one dependent does without.
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

/// What is odd about a target.
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
