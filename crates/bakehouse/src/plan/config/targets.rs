//! Checks of Bake targets: names, tags, platforms and places of images.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::check::{BAKE_FILE, Check, FOLDER, sorted};
use super::image_name::is_component;
use super::output::read_as_written;
use super::raw::{RawConfig, RawVariant};
use super::spanned::Spanned;
use super::valid::TargetConfig;
use crate::problem::{Code, did_you_mean};

impl Check<'_> {
    /// Returns the settings of the target of `service`, or of one of its variants. Keys of the last of `layers` count
    /// most.
    pub(super) fn target(
        &mut self,
        raw: &RawConfig,
        service: &str,
        variant: Option<&str>,
        layers: &[&RawVariant],
    ) -> TargetConfig {
        let last = layers.last().copied();
        let own_tag = last.is_some_and(|layer| layer.tag.is_some());
        let named = layers[..1].iter().find_map(|layer| layer.image.as_ref());
        let of_service = named.map_or_else(|| service.to_owned(), |name| self.repository(name));
        let image = match (variant, last.and_then(|layer| layer.image.as_ref())) {
            (Some(_), Some(own)) => self.repository(own),
            (Some(variant), None) if !own_tag => format!("{of_service}-{variant}"),
            _ => of_service,
        };
        let mut tags = layers.iter().filter_map(|layer| layer.tag.as_ref());
        let mut outputs = layers.iter().filter_map(|layer| layer.output.as_ref());
        let mut registries = layers.iter().filter_map(|layer| layer.registries.as_ref());
        let registries = registries.next_back();
        let registries =
            registries.map_or_else(Vec::new, |listed| self.prefixes(listed, Some(&image)));
        let mut platforms = layers.iter().filter_map(|layer| layer.platforms.as_ref());
        let platforms = platforms.next_back();
        let platforms = platforms.map_or_else(Vec::new, |list| self.some_platforms(raw, list));
        let built = match platforms.len() {
            0 => raw.platforms.len(),
            own => own,
        };
        TargetConfig {
            image,
            registries,
            own_tags: tags
                .next_back()
                .map_or_else(Vec::new, |tag| self.tags(raw, tag)),
            default: layers.iter().all(|layer| layer.default != Some(false)),
            of_family: variant.is_none() || last.is_none_or(|layer| layer.default != Some(false)),
            output: outputs
                .next_back()
                .map(|output| self.result(raw, output, built)),
            platforms,
        }
    }

    /// Checks the name of an image under its registry.
    pub(super) fn repository(&mut self, name: &Spanned<String>) -> String {
        let text = name.as_ref();
        if text.is_empty() || !text.split('/').all(is_component) {
            let hint = match text.to_lowercase() {
                lower if lower != *text && lower.split('/').all(is_component) => {
                    format!("write `{lower}`")
                }
                _ => "write a name such as `acme-relayer`, without registry and tag".to_owned(),
            };
            let hint = with_registry(text).unwrap_or(hint);
            self.problem(
                Code::ConfigValue,
                format!("`{}` cannot name an image", text.escape_debug()),
                name.span(),
                hint,
            );
        } else if let Some(hint) = with_registry(text) {
            self.problem(
                Code::ConfigValue,
                format!("`{text}` begins with a registry"),
                name.span(),
                hint,
            );
        }
        text.clone()
    }

    /// Checks platforms that are some of the workspace's.
    pub(super) fn some_platforms(
        &mut self,
        raw: &RawConfig,
        written: &Spanned<Vec<Spanned<String>>>,
    ) -> Vec<String> {
        let platforms = written.as_ref();
        if platforms.is_empty() {
            self.problem(
                Code::ConfigValue,
                "`platforms` is empty".to_owned(),
                written.span(),
                "name one, or leave the key out: the image is for all platforms of the workspace then",
            );
        }
        self.once(platforms);
        let all: Vec<&str> = raw
            .platforms
            .iter()
            .map(|platform| platform.as_ref().as_str())
            .collect();
        for platform in platforms {
            let before = self.problems.len();
            let name = self.platform(platform);
            let is_one = self.problems.len() == before;
            if is_one && !all.contains(&name.as_str()) {
                let hint = did_you_mean(&name, all.iter().copied()).unwrap_or_else(|| {
                    "add it to `platforms` at the top of the file: those of an image are some of them".to_owned()
                });
                self.problem(
                    Code::ConfigValue,
                    format!("the workspace is not built for `{}`", name.escape_debug()),
                    platform.span(),
                    hint,
                );
            }
        }
        sorted(platforms.iter().map(|platform| platform.as_ref().clone()))
    }

    /// Returns whether a result at `dest` would replace files of the workspace, or become a source of a package.
    fn overwrites(&mut self, raw: &RawConfig, dest: &str, is_folder: bool) -> bool {
        let mut read: Vec<Utf8PathBuf> = Vec::new();
        let contexts = raw.images.values().map(|image| &image.context);
        for path in read_as_written(raw).into_iter().chain(contexts) {
            read.push(self.quietly_in_context(path));
        }

        let folder = &self.workspace.folder;
        let here: Utf8PathBuf = folder.join(dest).components().collect();
        let generated = raw
            .output
            .folder
            .as_ref()
            .map_or(FOLDER, |folder| folder.as_ref());
        let packages = self
            .workspace
            .own_members()
            .map(|member| member.dir.as_path());
        let packages = packages.filter(|dir| *dir != folder.as_path());
        let bake = raw.output.bake.as_ref();
        let bake = bake.map_or(BAKE_FILE, |bake| bake.as_ref());
        let read = read
            .into_iter()
            .filter(|path| path != folder && !path.as_str().is_empty());
        let mut kept = packages
            .map(Utf8Path::to_owned)
            .chain([folder.join(generated), folder.join(bake)])
            .chain(read);
        let is_of_git = here.components().any(|part| part.as_str() == ".git");
        let file = self.workspace.root.join(&here);
        let is_archive = here
            .extension()
            .is_some_and(|end| ["tar", "tgz", "gz", "zst"].contains(&end));
        here == *folder
            || is_of_git
            || kept.any(|dir| dir.starts_with(&here) || here.starts_with(&dir))
            || file.is_file() && (is_folder || !is_archive)
    }

    /// Checks the place of a result: one of buildx's outputs, which stays in the workspace.
    fn result(&mut self, raw: &RawConfig, output: &Spanned<String>, platforms: usize) -> String {
        const TYPES: [&str; 7] = [
            "cacheonly",
            "docker",
            "image",
            "local",
            "oci",
            "registry",
            "tar",
        ];
        const COMPRESSIONS: [&str; 4] = ["estargz", "gzip", "uncompressed", "zstd"];
        let text = output.as_ref();
        self.one_line(output);
        if text.contains('{') {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` contains a variable, which would not be replaced",
                    text.escape_debug()
                ),
                output.span(),
                "write a fixed place; `docker buildx bake --set <target>.output=…` gives another one for one bake",
            );
        }
        let fields: Vec<(&str, &str)> = text
            .split(',')
            .map(|field| field.split_once('=').unwrap_or((field, "")))
            .collect();
        let mut seen = BTreeSet::new();
        for (key, value) in &fields {
            let what = match (key.is_empty() || value.is_empty(), seen.insert(*key)) {
                (true, _) => "has a part without a key or a value".to_owned(),
                (false, false) => format!("has `{}` twice", key.escape_debug()),
                (false, true) => continue,
            };
            self.problem(
                Code::ConfigValue,
                format!("`{}` {what}", text.escape_debug()),
                output.span(),
                "write it as `type=docker,dest=target/image.tar`: pairs, separated by commas",
            );
            break;
        }
        let value = |key: &str| {
            fields
                .iter()
                .find(|(own, _)| *own == key)
                .map(|(_, value)| *value)
        };
        match value("type") {
            Some(kind) if TYPES.contains(&kind) => {}
            kind => {
                let hint = kind
                    .and_then(|kind| did_you_mean(kind, TYPES))
                    .unwrap_or_else(|| {
                        "write it as `type=docker,dest=target/image.tar`".to_owned()
                    });
                self.problem(
                    Code::ConfigValue,
                    format!("`{}` has no type of output", text.escape_debug()),
                    output.span(),
                    hint,
                );
            }
        }
        if let Some(given) = value("compression").filter(|given| !COMPRESSIONS.contains(given)) {
            let hint = did_you_mean(given, COMPRESSIONS)
                .unwrap_or_else(|| format!("there are {}", COMPRESSIONS.join(", ")));
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a compression of layers", given.escape_debug()),
                output.span(),
                hint,
            );
        }
        let kind = value("type").unwrap_or_default();
        if value("dest").is_none_or(str::is_empty) && ["local", "oci", "tar"].contains(&kind) {
            self.problem(
                Code::ConfigValue,
                format!("`{}` does not say where to", text.escape_debug()),
                output.span(),
                format!("add a path in the workspace: `type={kind},dest=artifacts/…`"),
            );
        }
        if kind == "docker" && platforms > 1 {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is for one platform, and the image has {platforms}", text.escape_debug()),
                output.span(),
                "name one in `platforms` of the service or variant, or write `type=oci`, which holds several",
            );
        }
        if let Some(dest) = value("dest")
            && self.overwrites(raw, dest, kind == "local")
        {
            self.problem(
                Code::PathOutside,
                format!(
                    "`{}` would overwrite what images are built from",
                    dest.escape_debug()
                ),
                output.span(),
                "write a folder of its own, such as `artifacts` or one in `target`",
            );
        }
        let here = |dest: &str| self.workspace.root.join(&self.workspace.folder).join(dest);
        if let Some(dest) = value("dest").filter(|dest| kind != "local" && here(dest).is_dir()) {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is a folder, and the result is one file",
                    dest.escape_debug()
                ),
                output.span(),
                format!(
                    "name a file in it, such as `{}/image.tar`",
                    dest.trim_end_matches('/')
                ),
            );
        }
        if kind == "docker" && value("tar") == Some("false") {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is always one file", text.escape_debug()),
                output.span(),
                "write `type=oci,tar=false`, or leave `tar` out",
            );
        }
        if let Some(dest) = value("dest") {
            let path = Utf8Path::new(dest);
            let outside = path.is_absolute() || path.components().any(|part| part.as_str() == "..");
            // A dash is the standard output.
            let nowhere = dest == "-" || path.components().all(|part| part.as_str() == ".");
            if outside || nowhere {
                self.problem(
                    Code::PathOutside,
                    format!("`{}` is not a path in the workspace", dest.escape_debug()),
                    output.span(),
                    "write a relative path without `..`",
                );
            }
        }
        text.clone()
    }
}

/// Returns what to write for the name of an image that begins with a registry: `localhost`, or a host with a port or a
/// domain.
fn with_registry(name: &str) -> Option<String> {
    let (host, _) = name.split_once('/')?;
    let (namespace, image) = name.rsplit_once('/')?;
    let domain = |host: &str| {
        let top = host.rsplit_once('.').map(|(_, top)| top);
        top.is_some_and(|top| top.len() > 1 && top.bytes().all(|b| b.is_ascii_alphabetic()))
    };
    let port = |host: &str| {
        let port = host.split_once(':').map(|(_, port)| port);
        port.is_some_and(|port| port.parse::<u16>().is_ok())
    };
    (host == "localhost" || domain(host) || port(host)).then(|| {
        format!(
            "write `{image}`, and `registries = [\"{namespace}\"]` beside it, or at the top of the file for all images"
        )
    })
}
