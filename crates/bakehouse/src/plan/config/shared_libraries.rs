//! Checks of the shared libraries of an image.

use super::check::Check;
use super::raw::{RawService, RawVariant};
use super::raw_content::{RawSharedLibrary, RawSharedLibraryOf};
use super::spanned::Spanned;
use super::valid::{CdylibConfig, CompileSettings, SharedLibraryConfig};
use crate::graph::Member;
use crate::problem::{Code, did_you_mean};

/// The variable with the folders in which the dynamic linker looks first.
pub const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// The folder of shared libraries in an image.
pub const LIBRARIES: &str = "/usr/local/lib";

impl Check<'_> {
    /// Returns the shared libraries that `layers` of `service` name, by their files, each with its place.
    pub(super) fn shared_libraries(
        &mut self,
        service: &RawService,
        layers: &[&RawVariant],
        settings: &CompileSettings,
    ) -> Vec<Spanned<SharedLibraryConfig>> {
        let mut found: Vec<Spanned<SharedLibraryConfig>> = Vec::new();
        for written in layers.iter().flat_map(|layer| &layer.libs) {
            if service.linked_static {
                self.problem(
                    Code::ConfigValue,
                    "a binary that is linked statically loads no shared library".to_owned(),
                    written.span(),
                    "leave `static` or `libs` out",
                );
            }
            let library = match written.as_ref() {
                RawSharedLibrary::Named(file) => {
                    self.library_file(&Spanned::new(written.span(), file.clone()));
                    Some(SharedLibraryConfig::Builder(file.clone()))
                }
                RawSharedLibrary::Of(of) => {
                    let cdylib = self.cdylib(of, settings);
                    cdylib.map(SharedLibraryConfig::Package)
                }
            };
            let Some(library) = library else { continue };
            let same =
                |other: &&Spanned<SharedLibraryConfig>| other.as_ref().file() == library.file();
            if let Some(other) = found.iter().find(same) {
                let places = [Some(other.span()), Some(written.span())];
                self.two_places(
                    Code::ConfigValue,
                    format!(
                        "two shared libraries of the image are named `{}`",
                        library.file().escape_debug()
                    ),
                    places,
                    "leave one of them out: both would be the same file of the image",
                );
                continue;
            }
            found.push(Spanned::new(written.span(), library));
        }
        found.sort_by(|a, b| a.as_ref().file().cmp(b.as_ref().file()));
        found
    }

    /// Checks the name of a shared library's file.
    fn library_file(&mut self, file: &Spanned<String>) {
        let text = file.as_ref();
        let hint = if let Some((_, last)) = text.rsplit_once('/') {
            format!(
                "write only the file's name, `{last}`: it is looked for where Cargo's outputs are and where the builder's linker looks"
            )
        } else if !is_library_file(text) {
            "write a name such as `libonnxruntime.so` or `libpq.so.5`".to_owned()
        } else {
            return;
        };
        self.problem(
            Code::ConfigValue,
            format!(
                "`{}` is not the file of a shared library",
                text.escape_debug()
            ),
            file.span(),
            hint,
        );
    }

    fn cdylib(
        &mut self,
        of: &RawSharedLibraryOf,
        settings: &CompileSettings,
    ) -> Option<CdylibConfig> {
        let name = of.package.as_ref();
        let Some(member) = self.workspace.own_member(name) else {
            let names = self.workspace.own_members().filter_map(cdylib_file);
            let hint = did_you_mean(name, names.map(|(member, _)| member.name.as_str()))
                .unwrap_or_else(|| "`cargo metadata --no-deps` lists the members".to_owned());
            self.problem(
                Code::PackageUnknown,
                format!("the workspace has no package `{}`", name.escape_debug()),
                of.package.span(),
                hint,
            );
            return None;
        };
        let Some((_, file)) = cdylib_file(member) else {
            let hint = format!(
                "write `crate-type = [\"cdylib\"]` under [lib] in {}",
                member.path("Cargo.toml")
            );
            self.problem(
                Code::ConfigValue,
                format!("package `{name}` is compiled to no shared library"),
                of.package.span(),
                hint,
            );
            return None;
        };
        let package = member.name.clone();
        Some(CdylibConfig {
            file,
            features: self.features(&package, "", &of.features),
            default_features: self.default_features(&package, of.default_features.as_ref()),
            settings: settings.clone(),
            package,
        })
    }
}

impl SharedLibraryConfig {
    /// Returns the name of its file.
    pub fn file(&self) -> &str {
        match self {
            Self::Builder(file) => file,
            Self::Package(cdylib) => &cdylib.file,
        }
    }
}

/// Returns a package that is compiled to a shared library, and the name of the file.
fn cdylib_file(member: &Member) -> Option<(&Member, String)> {
    let library = member.library.as_ref().filter(|library| library.cdylib)?;
    Some((member, format!("lib{}.so", library.name.replace('-', "_"))))
}

/// Returns whether a file can be a shared library by its name, and whether every script can contain that name.
fn is_library_file(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let behind = name.strip_prefix("lib").and_then(|rest| {
        let (stem, behind) = rest.split_once(".so")?;
        (!stem.is_empty()).then_some(behind)
    });
    name.chars().all(plain)
        && name.len() <= 255
        && behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('.'))
        && !name.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::is_library_file;

    #[test]
    fn shared_libraries_are_known_by_their_names() {
        for name in [
            "libfoo.so",
            "libpq.so.5",
            "libstdc++.so.6.0.30",
            "liba-b_c.so",
            "libx.so.y.so",
        ] {
            assert!(is_library_file(name), "{name}");
        }
        for name in [
            "foo.so",
            "libfoo",
            "libfoo.a",
            "libfoo.sox",
            "lib.so",
            "lib/a.so",
            "libä.so",
            "lib a.so",
            "libfoo.so.",
            "",
        ] {
            assert!(!is_library_file(name), "{name}");
        }
    }
}
