//! Checks that nothing in an image takes the place of something else: shipped files, binaries, shared libraries, the
//! working folder, and that of packs. A build would fail there, or replace one of them without a word. Folders that are
//! laid over each other are neither.

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};

use super::bases;
use super::check::Check;
use super::raw::{RawConfig, RawVariant};
use super::shared_libraries::LIBRARIES;
use super::shipped_files::{ShippedFile, ShippedFrom};
use super::spanned::Spanned;
use super::valid::SharedLibraryConfig;
use crate::context_path::ContextPath;
use crate::graph::overlay::PathKind;
use crate::problem::Code;

/// The folder of binaries in an image.
const BINARIES: &str = "/usr/local/bin";

/// The default folder of packs in an image.
pub(super) const PACKS: &str = "/opt/packs";

/// The folder that every container has, whatever its image, and that its image can add to.
const OF_CONTAINERS: &str = "/etc";

/// A path in an image that something lies at.
#[derive(Clone, Debug)]
pub(super) struct Occupant {
    pub(super) path: Utf8PathBuf,
    /// `None` if only a build can tell.
    kind: Option<PathKind>,
    pub(super) thing: Thing,
    /// The place in the file that says so, if it is written there.
    pub(super) place: Option<Range<usize>>,
}

/// The thing that lies at a path.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    Shipped(ShippedFile),
    Binary(String),
    Library(String),
    Workdir,
    Packs,
    OfContainers,
}

impl Thing {
    /// Returns the words for it in a message.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Shipped(row) => format!("`{}`", row.written.escape_debug()),
            Self::Binary(name) => format!("the binary `{name}`"),
            Self::Library(file) => format!("the shared library `{file}`"),
            Self::Workdir => "the working folder".to_owned(),
            Self::Packs => "the folder of packs".to_owned(),
            Self::OfContainers => "a folder of every container".to_owned(),
        }
    }

    /// Returns whether it is built, and copied after all shipped files.
    pub(super) fn is_built(&self) -> bool {
        matches!(self, Self::Binary(_) | Self::Library(_))
    }

    /// Returns the path in the context that is shipped.
    fn source(&self) -> Option<&ContextPath> {
        match self {
            Self::Shipped(ShippedFile {
                from: ShippedFrom::Context(path),
                ..
            }) => Some(path),
            _ => None,
        }
    }
}

impl Check<'_> {
    /// Returns everything that an image with `layers` has.
    pub(super) fn occupants(
        &mut self,
        raw: &RawConfig,
        layers: &[&RawVariant],
        files: &[ShippedFile],
        binaries: impl Iterator<Item = (String, Range<usize>)>,
        libraries: &[Spanned<SharedLibraryConfig>],
    ) -> Vec<Occupant> {
        let file = |folder: &str, name: &str, thing: Thing, place: Range<usize>| Occupant {
            path: Utf8Path::new(folder).join(name),
            kind: Some(PathKind::File),
            thing,
            place: Some(place),
        };
        let folder = |path: &str, thing: Thing, place: Option<Range<usize>>| Occupant {
            path: Utf8Path::new(path).components().collect(),
            kind: Some(PathKind::Folder),
            thing,
            place,
        };
        let mut all: Vec<Occupant> = binaries
            .map(|(name, place)| file(BINARIES, &name, Thing::Binary(name.clone()), place))
            .collect();
        all.extend(libraries.iter().map(|library| {
            let name = library.as_ref().file();
            file(
                LIBRARIES,
                name,
                Thing::Library(name.to_owned()),
                library.span(),
            )
        }));
        let mut workdir = layers.iter().filter_map(|layer| layer.workdir.as_ref());
        let workdir = workdir.next_back().or(raw.runtime.workdir.as_ref());
        all.push(folder(
            workdir.map_or(bases::WORKDIR, |path| path.as_ref()),
            Thing::Workdir,
            workdir.map(Spanned::span),
        ));
        if !raw.packs.is_empty() {
            let packs = raw.runtime.packs.as_ref();
            let path = packs.map_or(PACKS, |path| path.as_ref());
            all.push(folder(path, Thing::Packs, packs.map(Spanned::span)));
        }
        all.push(folder(OF_CONTAINERS, Thing::OfContainers, None));
        all.extend(files.iter().map(|row| self.shipped_to(row)));
        all
    }

    /// Returns the place of a shipped path. A file goes into a folder that is written with a `/` at the end, and a folder
    /// becomes that folder.
    fn shipped_to(&mut self, row: &ShippedFile) -> Occupant {
        let to = row.to.as_str();
        let mut path: Utf8PathBuf = row.to.components().collect();
        let mut kind = match &row.from {
            ShippedFrom::Context(from) => self.workspace.kind_of(from),
            ShippedFrom::Image(_) => None,
        };
        if to.ends_with('/') {
            match (kind, &row.from) {
                (Some(PathKind::File), ShippedFrom::Context(from)) => {
                    path.push(from.file_name().unwrap_or_default());
                }
                // The path is a folder in either case.
                _ => kind = Some(PathKind::Folder),
            }
        } else if kind == Some(PathKind::File) && to.ends_with("/.") {
            let slash = to.trim_end_matches('.');
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is a file, and {to} is a folder",
                    row.written.escape_debug()
                ),
                row.place.clone(),
                format!("write `{slash}` to put it into the folder"),
            );
        }
        Occupant {
            path,
            kind,
            place: Some(row.place.clone()),
            thing: Thing::Shipped(row.clone()),
        }
    }

    /// Reports things that cannot both lie at their paths.
    pub(super) fn occupied(&mut self, all: &[Occupant]) {
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                let told = if other.path.starts_with(&one.path) {
                    self.meeting(one, other)
                } else if one.path.starts_with(&other.path) {
                    self.meeting(other, one)
                } else {
                    None
                };
                if let Some((message, hint)) = told {
                    let places = [one.place.clone(), other.place.clone()];
                    self.two_places(Code::ConfigValue, message, places, hint);
                }
            }
        }
    }

    /// Returns why `inner`, which lies at the path of `outer` or below it, cannot be there, and what to do.
    fn meeting(&self, outer: &Occupant, inner: &Occupant) -> Option<(String, String)> {
        use PathKind::{File, Folder};
        let (above, below) = (outer.thing.name(), inner.thing.name());
        let path = &inner.path;
        match (outer.kind, inner.kind) {
            (Some(File) | None, Some(File) | None) if outer.path == *path => {
                let unknown = outer.kind.is_none() && inner.kind.is_none();
                (!unknown).then(|| {
                    (
                        format!("{above} and {below} go to one place, {path}"),
                        apart(outer, inner),
                    )
                })
            }
            (Some(File), Some(Folder)) if outer.path == *path => Some(file_on_folder(outer, inner)),
            (Some(Folder), Some(File)) if outer.path == *path => Some(file_on_folder(inner, outer)),
            (Some(File), _) => {
                let message = format!(
                    "{below} lies at {path}, and {above} is a file at {}",
                    outer.path
                );
                let hint = match &outer.thing {
                    Thing::Shipped(_) => into_folder(&outer.path),
                    _ => "give it another path".to_owned(),
                };
                Some((message, hint))
            }
            (Some(Folder), _) => self.meeting_inside(outer, inner),
            (None, _) => None,
        }
    }

    /// Returns the same for the content of the folder `outer`.
    fn meeting_inside(&self, outer: &Occupant, inner: &Occupant) -> Option<(String, String)> {
        use PathKind::{File, Folder};
        let (above, below) = (outer.thing.name(), inner.thing.name());
        let source = outer.thing.source()?;
        let way = inner.path.strip_prefix(&outer.path).ok()?;
        let (end, kind) = self.workspace.end_of_way(source, way)?;
        let found = format!("{} of {above}", end.as_str());
        if end != way {
            let message = format!("{below} lies at {}, below the file {found}", inner.path);
            return Some((message, "give it another path".to_owned()));
        }
        match (kind, inner.kind) {
            (File, Some(File)) => {
                let replaced = if inner.thing.is_built() {
                    format!("{below} would replace {found} at {}", inner.path)
                } else if is_later(outer, inner) {
                    format!("{found} would replace {below} at {}", inner.path)
                } else {
                    return None;
                };
                Some((replaced, apart(outer, inner)))
            }
            (Folder, Some(File)) => Some((
                format!(
                    "{below} is a file at {}, and {found} is a folder",
                    inner.path
                ),
                "give it another path".to_owned(),
            )),
            (File, Some(Folder)) => Some((
                format!(
                    "{below} is a folder at {}, and {found} is a file",
                    inner.path
                ),
                "give it another path".to_owned(),
            )),
            (Folder, Some(Folder)) => {
                let other = inner.thing.source()?;
                let folder = source.join(&end);
                let clash = self.workspace.clash_of(&folder, other)?;
                Some((
                    format!(
                        "{above} and {below} have a file and a folder for one place, {}",
                        inner.path.join(clash)
                    ),
                    "rename one of them, or give one of the two another path".to_owned(),
                ))
            }
            (_, None) => None,
        }
    }
}

/// Returns whether `outer` is laid out after `inner`, both of them being shipped.
fn is_later(outer: &Occupant, inner: &Occupant) -> bool {
    match (&outer.thing, &inner.thing) {
        (Thing::Shipped(outer), Thing::Shipped(inner)) => outer.from > inner.from,
        _ => false,
    }
}

fn file_on_folder(file: &Occupant, folder: &Occupant) -> (String, String) {
    let path = &file.path;
    let what = match &folder.thing {
        Thing::Shipped(_) => format!("where the content of {} is", folder.thing.name()),
        Thing::OfContainers => "which is a folder of every container".to_owned(),
        other => format!("where {} is", other.name()),
    };
    let message = format!("{} is a file at {path}, {what}", file.thing.name());
    let hint = match &file.thing {
        Thing::Shipped(_) => into_folder(path),
        _ => "give the folder another path".to_owned(),
    };
    (message, hint)
}

fn into_folder(path: &Utf8Path) -> String {
    format!("write `{path}/` to put it into the folder")
}

/// Returns what to do about two files of one place.
fn apart(one: &Occupant, other: &Occupant) -> String {
    match (&one.thing, &other.thing) {
        (Thing::Shipped(one), Thing::Shipped(other)) if one.layer != other.layer => {
            "a row of a variant comes in addition to those of the service: name such a file in each variant, and not in the service".to_owned()
        }
        _ => "give them different paths, or leave one of them out".to_owned(),
    }
}
