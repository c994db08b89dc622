//! Every value that parts of a shape choose from.

use super::shape::{
    Asked, Flavour, Member, Odd, Patched, Place, Reader, Reference, Setting, Standing, Where,
};

impl Place {
    pub const ALL: [Self; 5] = [
        Self::Inside,
        Self::Root,
        Self::Beside,
        Self::Above,
        Self::Ignored,
    ];
}

impl Reader {
    pub const ALL: [Self; 4] = [Self::Source, Self::Script, Self::Count, Self::Module];
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Excluded, Self::OtherWorkspace, Self::Above];
}

impl Flavour {
    pub const ALL: [Self; 8] = [
        Self::Plain,
        Self::Exclude,
        Self::Include,
        Self::Nested,
        Self::Ignored,
        Self::Above,
        Self::Submodule,
        Self::Workspace,
    ];
}

impl Reference {
    pub const ALL: [Self; 4] = [Self::Default, Self::Branch, Self::Tag, Self::Rev];
}

impl Patched {
    pub const ALL: [Self; 3] = [Self::Path, Self::Git, Self::Member];
}

impl Where {
    pub const ALL: [Self; 5] = [
        Self::Toml,
        Self::Plain,
        Self::Both,
        Self::Above,
        Self::Member,
    ];
}

impl Setting {
    pub const ALL: [Self; 7] = [
        Self::Flags,
        Self::TargetFlags,
        Self::Environment,
        Self::RelativeFile,
        Self::Profile,
        Self::Linker,
        Self::GitByProgram,
    ];
}

impl Asked {
    pub const ALL: [Self; 5] = [
        Self::Default,
        Self::ByOne,
        Self::Optional,
        Self::ByScript,
        Self::ByConfig,
    ];
}

impl Odd {
    pub const ALL: [Self; 4] = [
        Self::LibraryOutside,
        Self::BinaryElsewhere,
        Self::ScriptOutside,
        Self::SeveralBinaries,
    ];
}

impl Member {
    pub const ALL: [Self; 2] = [Self::Library, Self::WithCrate];
}
