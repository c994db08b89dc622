//! Images, built again from nothing: no layer, no cache mount, no registry cache and no seed is used.

use std::ffi::OsString;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::archive::Archive;
use super::original::Wanted;
use super::source::Source;
use crate::cli::args::ReproduceArgs;
use crate::cli::commands::build::explained;
use crate::cli::session::Session;
use crate::documents::bake::{EPOCH, SEED};
use crate::engine::Engine;
use crate::engine::buildx::Bake;
use crate::engine::secrets::allowed;
use crate::engine::temporary::temporary_folder;
use crate::packs::place::csv;
use crate::plan::config::valid::INPUT_HASH_LABEL;
use crate::problem::{Problem, Problems};
use crate::registry::documents::{DOCKER_MANIFEST, Manifest};

/// Images of one commit that are baked at once.
pub struct Group<'a> {
    pub source: &'a Source,
    /// Never none.
    pub wanted: Vec<Wanted<'a>>,
}

impl Group<'_> {
    /// Returns whether an image has the time and the platforms of the others, and another target.
    pub fn takes(&self, other: &Wanted<'_>) -> bool {
        let key = |wanted: &Wanted<'_>| {
            let platforms = wanted.original.platforms().join(",");
            (wanted.original.origin.epoch, platforms)
        };
        let mut own = self.wanted.iter();
        own.all(|own| key(own) == key(other) && own.target.name != other.target.name)
    }
}

/// The rebuilt images of a group, which are deleted with it.
pub struct Rebuild {
    _folder: TempDir,
    folder: Utf8PathBuf,
}

impl Rebuild {
    /// Bakes a group.
    ///
    /// # Errors
    /// `bake-failed`, `file-unwritable`.
    pub fn new(
        engine: &Engine,
        session: &Session,
        arguments: &ReproduceArgs,
        group: &Group<'_>,
    ) -> Result<Self, Problems> {
        let (guard, folder) = temporary_folder("bakehouse-reproduce-")?;
        let rebuild = Self {
            _folder: guard,
            folder,
        };
        let planned = &group.source.planned;
        let config = &planned.plan.config;
        let targets = group.wanted.iter();
        let targets: Vec<String> = targets
            .map(|wanted| wanted.target.name.to_string())
            .collect();
        let mut all = allowed(&config.secrets);
        all.extend(rebuild.arguments(group).into_iter().map(OsString::from));
        all.extend(
            arguments
                .builder
                .iter()
                .map(|name| format!("--builder={name}").into()),
        );
        // The user's arguments come last, so that they win.
        all.extend_from_slice(&arguments.bake);
        let bake = Bake {
            root: &planned.root,
            file: &config.output.bake,
            laid_over: "",
            targets: &targets,
            variables: &variables(group),
            arguments: &all,
            shown: session.shown(),
        };
        engine.bake(&bake).map_err(|problem| {
            let closures = group.wanted.iter();
            explained(
                problem,
                planned,
                closures.map(|wanted| &wanted.target.closure),
            )
        })?;
        Ok(rebuild)
    }

    /// Opens a rebuilt image.
    ///
    /// # Errors
    /// `bake-failed` if it cannot be read.
    pub fn archive(&self, wanted: &Wanted<'_>) -> Result<Archive, Problem> {
        Archive::open(&self.file(wanted))
    }

    fn file(&self, wanted: &Wanted<'_>) -> Utf8PathBuf {
        self.folder.join(format!("{}.tar", wanted.target.name))
    }

    /// Returns the arguments of `bake`. Cache mounts get names that no build had before.
    fn arguments(&self, group: &Group<'_>) -> Vec<String> {
        let fresh = self.folder.file_name().unwrap_or_default();
        let mut arguments = vec![
            "--no-cache".to_owned(),
            format!("--allow=fs.write={}", self.folder),
            format!("--set=*.args.BUILDKIT_CACHE_MOUNT_NS={fresh}"),
        ];
        for wanted in &group.wanted {
            let name = &wanted.target.name;
            let file = self.file(wanted);
            let manifest = wanted.original.images.first().map(|image| &image.manifest);
            let form = manifest.map(form).unwrap_or_default();
            arguments.push(format!("--set={name}.output={}", output(&file, &form)));
            if let Some(hash) = &wanted.original.origin.input_hash {
                arguments.push(format!("--set={name}.labels.{INPUT_HASH_LABEL}={hash}"));
            }
        }
        arguments
    }
}

fn output(file: &Utf8Path, form: &str) -> String {
    format!("type=oci,{},{form}", csv(&format!("dest={file}")))
}

/// Returns the options by which an exporter writes manifest and layers in the form of the published ones.
fn form(manifest: &Manifest) -> String {
    let is_oci = manifest.media_type.as_deref() != Some(DOCKER_MANIFEST);
    let own = manifest
        .layers
        .last()
        .map(|layer| layer.media_type.as_str());
    let compression = match own {
        Some(kind) if kind.ends_with("zstd") => "zstd",
        Some(kind) if kind.ends_with("tar") => "uncompressed",
        _ => "gzip",
    };
    format!("oci-mediatypes={is_oci},compression={compression}")
}

/// Returns the values of the Bake file's variables, whatever the environment has.
fn variables(group: &Group<'_>) -> Vec<(String, String)> {
    let config = &group.source.planned.plan.config;
    let original = group.wanted[0].original;
    let values = [
        ("PLATFORMS", original.platforms().join(",")),
        ("REVISION", original.origin.revision.clone()),
        (EPOCH, original.origin.epoch.to_string()),
        ("BUILDER_BASE", config.builder.clone()),
        ("RUNTIME_BASE", config.runtime.clone()),
        ("PROVENANCE", String::new()),
        ("SBOM", String::new()),
        ("CACHE_REF", String::new()),
        ("CACHE_FROM", String::new()),
        (SEED, String::new()),
        ("BUILDX_NO_DEFAULT_ATTESTATIONS", "1".to_owned()),
    ];
    let values = values.into_iter();
    values
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_that_of_the_published_image() {
        let manifest = |kind: &str, layer: &str| {
            let digest = crate::registry::Digest::of(b"");
            let text = format!(
                r#"{{"schemaVersion":2,"mediaType":"{kind}","config":{{"mediaType":"c","digest":"{digest}","size":1}},
                "layers":[{{"mediaType":"{layer}","digest":"{digest}","size":1}}]}}"#
            );
            serde_json::from_str::<Manifest>(&text).unwrap()
        };
        let oci = "application/vnd.oci.image.manifest.v1+json";
        let table = [
            (
                DOCKER_MANIFEST,
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
                "oci-mediatypes=false,compression=gzip",
            ),
            (
                oci,
                "application/vnd.oci.image.layer.v1.tar+zstd",
                "oci-mediatypes=true,compression=zstd",
            ),
            (
                oci,
                "application/vnd.oci.image.layer.v1.tar",
                "oci-mediatypes=true,compression=uncompressed",
            ),
        ];
        for (kind, layer, expected) in table {
            assert_eq!(form(&manifest(kind, layer)), expected);
        }
        assert_eq!(
            output("/tmp/a,b/api.tar".into(), "x=y"),
            "type=oci,\"dest=/tmp/a,b/api.tar\",x=y"
        );
    }
}
