//! What a user is told when something is wrong: what happened, where, and what to do.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// A stable, documented error code. `docs/errors.md` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    ArtifactDependency,
    BaseUnknown,
    BinaryUnknown,
    BuilderFailed,
    BuilderProgram,
    BuilderUnknown,
    CargoConfig,
    CargoFailed,
    CargoMissing,
    ConfigExists,
    ConfigInvalid,
    ConfigUnreadable,
    ConfigValue,
    DoctorFound,
    EngineMissing,
    EngineTooOld,
    BakeFailed,
    FeatureUnknown,
    FilesOutOfDate,
    FileHandEdited,
    FileUnreadable,
    FileUnwritable,
    GitFailed,
    GlibcTooNew,
    InputMissing,
    InputUndeclared,
    LockMissing,
    LockInvalid,
    LockStale,
    ManifestInvalid,
    ManifestMissing,
    NameCollision,
    NothingToBake,
    OutputMember,
    PackEntryMissing,
    PackEntryNotExecutable,
    PackInvalid,
    PackMissing,
    PackPathOutside,
    PackPlatform,
    PackProgram,
    PackRefTaken,
    PackUnknown,
    PackValue,
    PackageUnknown,
    PathOutside,
    PinInvalid,
    PinMissing,
    PinStale,
    PlatformUnknown,
    RegistryMissing,
    RepositoryMissing,
    RevisionIncomplete,
    RevisionUnknown,
    ServiceUnknown,
    SourceLocal,
    SubmoduleMissing,
    ToolchainFile,
}

impl Code {
    /// Every code, for the test that each is documented.
    pub const ALL: &[Self] = &[
        Self::ArtifactDependency,
        Self::BaseUnknown,
        Self::BinaryUnknown,
        Self::BuilderFailed,
        Self::BuilderProgram,
        Self::BuilderUnknown,
        Self::CargoConfig,
        Self::CargoFailed,
        Self::CargoMissing,
        Self::ConfigExists,
        Self::ConfigInvalid,
        Self::ConfigUnreadable,
        Self::ConfigValue,
        Self::DoctorFound,
        Self::EngineMissing,
        Self::EngineTooOld,
        Self::BakeFailed,
        Self::FeatureUnknown,
        Self::FilesOutOfDate,
        Self::FileHandEdited,
        Self::FileUnreadable,
        Self::FileUnwritable,
        Self::GitFailed,
        Self::GlibcTooNew,
        Self::InputMissing,
        Self::InputUndeclared,
        Self::LockMissing,
        Self::LockInvalid,
        Self::LockStale,
        Self::ManifestInvalid,
        Self::ManifestMissing,
        Self::NameCollision,
        Self::NothingToBake,
        Self::OutputMember,
        Self::PackEntryMissing,
        Self::PackEntryNotExecutable,
        Self::PackInvalid,
        Self::PackMissing,
        Self::PackPathOutside,
        Self::PackPlatform,
        Self::PackProgram,
        Self::PackRefTaken,
        Self::PackUnknown,
        Self::PackValue,
        Self::PackageUnknown,
        Self::PathOutside,
        Self::PinInvalid,
        Self::PinMissing,
        Self::PinStale,
        Self::PlatformUnknown,
        Self::RegistryMissing,
        Self::RepositoryMissing,
        Self::RevisionIncomplete,
        Self::RevisionUnknown,
        Self::ServiceUnknown,
        Self::SourceLocal,
        Self::SubmoduleMissing,
        Self::ToolchainFile,
    ];

    /// The code as printed, e.g. `binary-unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ArtifactDependency => "artifact-dependency",
            Self::BaseUnknown => "base-unknown",
            Self::BinaryUnknown => "binary-unknown",
            Self::BuilderFailed => "builder-failed",
            Self::BuilderProgram => "builder-program",
            Self::BuilderUnknown => "builder-unknown",
            Self::CargoConfig => "cargo-config",
            Self::CargoFailed => "cargo-failed",
            Self::CargoMissing => "cargo-missing",
            Self::ConfigExists => "config-exists",
            Self::ConfigInvalid => "config-invalid",
            Self::ConfigUnreadable => "config-unreadable",
            Self::ConfigValue => "config-value",
            Self::DoctorFound => "doctor-found",
            Self::EngineMissing => "engine-missing",
            Self::EngineTooOld => "engine-too-old",
            Self::BakeFailed => "bake-failed",
            Self::FeatureUnknown => "feature-unknown",
            Self::FilesOutOfDate => "files-out-of-date",
            Self::FileHandEdited => "file-hand-edited",
            Self::FileUnreadable => "file-unreadable",
            Self::FileUnwritable => "file-unwritable",
            Self::GitFailed => "git-failed",
            Self::GlibcTooNew => "glibc-too-new",
            Self::InputMissing => "input-missing",
            Self::InputUndeclared => "input-undeclared",
            Self::LockMissing => "lock-missing",
            Self::LockInvalid => "lock-invalid",
            Self::LockStale => "lock-stale",
            Self::ManifestInvalid => "manifest-invalid",
            Self::ManifestMissing => "manifest-missing",
            Self::NameCollision => "name-collision",
            Self::NothingToBake => "nothing-to-bake",
            Self::OutputMember => "output-member",
            Self::PackEntryMissing => "pack-entry-missing",
            Self::PackEntryNotExecutable => "pack-entry-not-executable",
            Self::PackInvalid => "pack-invalid",
            Self::PackMissing => "pack-missing",
            Self::PackPathOutside => "pack-path-outside",
            Self::PackPlatform => "pack-platform",
            Self::PackProgram => "pack-program",
            Self::PackRefTaken => "pack-ref-taken",
            Self::PackUnknown => "pack-unknown",
            Self::PackValue => "pack-value",
            Self::PackageUnknown => "package-unknown",
            Self::PathOutside => "path-outside",
            Self::PinInvalid => "pin-invalid",
            Self::PinMissing => "pin-missing",
            Self::PinStale => "pin-stale",
            Self::PlatformUnknown => "platform-unknown",
            Self::RegistryMissing => "registry-missing",
            Self::RepositoryMissing => "repository-missing",
            Self::RevisionIncomplete => "revision-incomplete",
            Self::RevisionUnknown => "revision-unknown",
            Self::ServiceUnknown => "service-unknown",
            Self::SourceLocal => "source-local",
            Self::SubmoduleMissing => "submodule-missing",
            Self::ToolchainFile => "toolchain-file",
        }
    }

    /// The process exit code: 1 failed, 2 wrong usage or configuration, 3 generated files out of date.
    pub fn exit(self) -> u8 {
        match self {
            Self::BakeFailed
            | Self::BaseUnknown
            | Self::BuilderFailed
            | Self::CargoFailed
            | Self::CargoMissing
            | Self::DoctorFound
            | Self::EngineMissing
            | Self::EngineTooOld
            | Self::FileUnreadable
            | Self::FileUnwritable
            | Self::InputUndeclared
            | Self::GitFailed
            | Self::RevisionIncomplete
            | Self::SubmoduleMissing => 1,
            Self::FilesOutOfDate | Self::FileHandEdited | Self::PinStale => 3,
            _ => 2,
        }
    }
}

/// The text that a span points into.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// A range of bytes of a text.
#[derive(Clone, Debug)]
struct Place {
    source: NamedSource<String>,
    span: std::ops::Range<usize>,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
    place: Option<Box<Place>>,
}

impl Problem {
    /// Where it begins in its source; what has no place comes last.
    pub fn start(&self) -> usize {
        self.place
            .as_ref()
            .map_or(usize::MAX, |place| place.span.start)
    }

    /// Line and column of where it begins, from 1; `None` where it has no place.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let Place { source, span } = self.place.as_deref()?;
        let before = source.inner().get(..span.start)?;
        let line = before.rsplit('\n').next().unwrap_or_default();
        Some((before.matches('\n').count() + 1, line.chars().count() + 1))
    }

    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            place: None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Where it is, as a byte range of `source`.
    #[must_use]
    pub fn at(mut self, source: &Source, span: std::ops::Range<usize>) -> Self {
        self.place = Some(Box::new(Place {
            source: NamedSource::new(&source.name, source.text.clone()),
            span,
        }));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code.as_str()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint
            .as_ref()
            .map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place
            .as_ref()
            .map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = &self.place.as_ref()?.span;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(
            Some("here".to_owned()),
            span.clone(),
        ))))
    }
}

/// Everything that is wrong, never empty: all configuration errors are reported at once.
#[derive(Clone, Debug)]
pub struct Problems(pub Vec<Problem>);

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Problems {
    /// `value` where there is no problem.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// The exit code of the gravest problem: wrong configuration before anything else.
    pub fn exit(&self) -> u8 {
        self.0
            .iter()
            .map(|problem| problem.code.exit())
            .max()
            .unwrap_or(1)
    }
}

/// "Did you mean …?" for a name that is not one of `known`.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = |candidate: &str| {
        let edits = strsim::damerau_levenshtein(name, candidate);
        (edits <= (name.chars().count() / 3).max(1)).then_some(edits)
    };
    known
        .into_iter()
        .filter_map(|candidate| Some((near(candidate)?, candidate)))
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{name}"
            );
        }
    }

    #[test]
    fn a_near_miss_gets_a_suggestion_and_a_stranger_none() {
        let known = ["api", "executor", "worker-shell"];
        assert_eq!(
            did_you_mean("executr", known).as_deref(),
            Some("did you mean `executor`?")
        );
        assert_eq!(did_you_mean("zzz", known), None);
    }
}
