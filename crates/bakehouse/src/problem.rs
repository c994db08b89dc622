//! Errors that are shown to the user: what happened, where, and what to do.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// The exit code for a failure.
const FAILED: u8 = 1;
/// The exit code for wrong usage, and for a wrong configuration or workspace.
const WRONG: u8 = 2;
/// The exit code for generated files that are out of date.
const OUT_OF_DATE: u8 = 3;

/// Defines [`Code`] from a table of codes, each with its name and exit code.
macro_rules! codes {
    ($($code:ident, $name:literal, $exit:ident;)+) => {
        /// A stable, documented error code. `docs/errors.md` explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($code,)+
        }

        impl Code {
            /// Every code, for the test that each one is documented.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// Returns the code as printed, e.g. `binary-unknown`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }

            /// Returns the process exit code.
            pub fn exit(self) -> u8 {
                match self {
                    $(Self::$code => $exit,)+
                }
            }
        }
    };
}

codes! {
    ArtifactDependency, "artifact-dependency", WRONG;
    BakeFailed, "bake-failed", FAILED;
    BaseUnknown, "base-unknown", FAILED;
    BinaryUnknown, "binary-unknown", WRONG;
    BuilderFailed, "builder-failed", FAILED;
    BuilderProgram, "builder-program", WRONG;
    BuilderUnknown, "builder-unknown", WRONG;
    CargoConfig, "cargo-config", WRONG;
    CargoFailed, "cargo-failed", FAILED;
    CargoMissing, "cargo-missing", FAILED;
    ComposeFailed, "compose-failed", FAILED;
    ConfigExists, "config-exists", WRONG;
    ConfigInvalid, "config-invalid", WRONG;
    ConfigUnreadable, "config-unreadable", WRONG;
    ConfigValue, "config-value", WRONG;
    DigestMissing, "digest-missing", WRONG;
    DigestsInvalid, "digests-invalid", WRONG;
    DoctorFound, "doctor-found", FAILED;
    EngineMissing, "engine-missing", FAILED;
    EngineTooOld, "engine-too-old", FAILED;
    FeatureUnknown, "feature-unknown", WRONG;
    FileHandEdited, "file-hand-edited", OUT_OF_DATE;
    FileUnreadable, "file-unreadable", FAILED;
    FileUnwritable, "file-unwritable", FAILED;
    FilesOutOfDate, "files-out-of-date", OUT_OF_DATE;
    GitFailed, "git-failed", FAILED;
    GlibcTooNew, "glibc-too-new", WRONG;
    ImageUnknown, "image-unknown", FAILED;
    InputMissing, "input-missing", WRONG;
    InputUndeclared, "input-undeclared", FAILED;
    InstallMissing, "install-missing", WRONG;
    LockInvalid, "lock-invalid", WRONG;
    LockMissing, "lock-missing", WRONG;
    LockStale, "lock-stale", WRONG;
    ManifestInvalid, "manifest-invalid", WRONG;
    ManifestMissing, "manifest-missing", WRONG;
    NameCollision, "name-collision", WRONG;
    NotPublished, "not-published", FAILED;
    NothingToBake, "nothing-to-bake", WRONG;
    OutputMember, "output-member", WRONG;
    PackEntryMissing, "pack-entry-missing", WRONG;
    PackEntryNotExecutable, "pack-entry-not-executable", WRONG;
    PackInvalid, "pack-invalid", WRONG;
    PackMissing, "pack-missing", WRONG;
    PackPathOutside, "pack-path-outside", WRONG;
    PackPlatform, "pack-platform", WRONG;
    PackProgram, "pack-program", WRONG;
    PackRefTaken, "pack-ref-taken", WRONG;
    PackUnknown, "pack-unknown", WRONG;
    PackValue, "pack-value", WRONG;
    PackageUnknown, "package-unknown", WRONG;
    PathOutside, "path-outside", WRONG;
    PinInvalid, "pin-invalid", WRONG;
    PinMissing, "pin-missing", WRONG;
    PinStale, "pin-stale", OUT_OF_DATE;
    PlatformUnknown, "platform-unknown", WRONG;
    RebaseRefused, "rebase-refused", FAILED;
    RegistryDenied, "registry-denied", FAILED;
    RegistryFailed, "registry-failed", FAILED;
    RegistryMissing, "registry-missing", WRONG;
    RegistryRefused, "registry-refused", FAILED;
    RepositoryMissing, "repository-missing", WRONG;
    ReproduceFailed, "reproduce-failed", FAILED;
    ReproduceRefused, "reproduce-refused", FAILED;
    RevisionIncomplete, "revision-incomplete", FAILED;
    RevisionUnknown, "revision-unknown", WRONG;
    ServiceUnknown, "service-unknown", WRONG;
    SourceLocal, "source-local", WRONG;
    SubmoduleMissing, "submodule-missing", FAILED;
    ToolchainFile, "toolchain-file", WRONG;
    VerifyFailed, "verify-failed", FAILED;
    VersionUnfit, "version-unfit", WRONG;
    WatchFailed, "watch-failed", FAILED;
}

/// The text that a span refers to.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// A byte range of a text, and another one that it contradicts.
#[derive(Clone, Debug)]
struct Place {
    source: NamedSource<String>,
    span: std::ops::Range<usize>,
    other: Option<std::ops::Range<usize>>,
}

/// An error.
#[derive(Clone, Debug)]
pub struct Problem {
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
    place: Option<Box<Place>>,
    /// The underlying error, if the message reports one.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// Returns the start of the position in its source. Problems without a position sort last.
    pub fn start(&self) -> usize {
        self.place
            .as_ref()
            .map_or(usize::MAX, |place| place.span.start)
    }

    /// Returns the line and column of the position, counted from 1, or `None` if there is no position.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let Place { source, span, .. } = self.place.as_deref()?;
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
            source: None,
        }
    }

    /// Creates a problem with the text of `error` as its message.
    pub fn from_error(code: Code, error: impl Error + Send + Sync + 'static) -> Self {
        Self::new(code, error.to_string()).caused_by(error)
    }

    /// Adds a hint: what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the underlying error, whose text the message already contains.
    #[must_use]
    pub fn caused_by(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(error));
        self
    }

    /// Adds the position: a byte range of `source`.
    #[must_use]
    pub fn at(mut self, source: &Source, span: std::ops::Range<usize>) -> Self {
        self.place = Some(Box::new(Place {
            source: NamedSource::new(&source.name, source.text.clone()),
            span,
            other: None,
        }));
        self
    }

    /// Adds another position in the source of the first: the byte range that the problem is in as well.
    #[must_use]
    pub fn and(mut self, span: std::ops::Range<usize>) -> Self {
        if let Some(place) = &mut self.place {
            place.other = Some(span);
        }
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

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
        let Place { span, other, .. } = self.place.as_deref()?;
        let label = |text: &str| Some(text.to_owned());
        // The first one is the place that the title names.
        let here = LabeledSpan::new_primary_with_span(label("here"), span.clone());
        let other = other.iter();
        let other =
            other.map(move |other| LabeledSpan::new_with_span(label("and here"), other.clone()));
        Some(Box::new(std::iter::once(here).chain(other)))
    }
}

/// All errors, never empty. All configuration errors are reported at once.
#[derive(Clone, Debug)]
pub struct Problems(pub Vec<Problem>);

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Problems {
    /// Returns `value` if there are no problems.
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

    /// Returns the highest of the exit codes.
    pub fn exit(&self) -> u8 {
        self.0
            .iter()
            .map(|problem| problem.code.exit())
            .max()
            .unwrap_or(1)
    }
}

/// Returns "did you mean …?" for a name that is not one of `known`, if a known name is similar.
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
    fn a_problem_keeps_the_error_that_it_comes_from() {
        let error = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let problem = Problem::from_error(Code::FileUnreadable, error).hint("write it");
        assert_eq!(problem.to_string(), "no such file");
        let source = problem.source().and_then(|source| source.downcast_ref());
        let kind = source.map(std::io::Error::kind);
        assert_eq!(kind, Some(std::io::ErrorKind::NotFound));
        assert!(Problem::new(Code::GitFailed, "").source().is_none());
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
