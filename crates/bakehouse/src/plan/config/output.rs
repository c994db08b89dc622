//! `[output]`: the place of generated files.

use camino::Utf8PathBuf;

use super::check::{BAKE_FILE, Check, FOLDER, SCRIPTS, SKELETON};
use super::inputs::ByPackage;
use super::raw::RawConfig;
use super::spanned::Spanned;
use super::valid::{OutputConfig, PackConfig, ServiceConfig};
use crate::context_path::ContextPath;
use crate::graph::inputs::fixed_part;
use crate::problem::Code;

/// The folders of the skeleton whose manifests are laid out as in the workspace.
const KINDS: [&str; 4] = ["deps", "library", "own", "root"];

impl Check<'_> {
    /// Checks the place of generated files. They change with the plan, so they must not lie in a path that the plan
    /// depends on.
    pub(super) fn output(
        &mut self,
        raw: &RawConfig,
        inputs: &ByPackage<Utf8PathBuf>,
        services: &[ServiceConfig],
        packs: &[PackConfig],
    ) -> OutputConfig {
        let mut place = |named: Option<&Spanned<String>>, default: &str| match named {
            Some(path) => self.in_context(path),
            None => ContextPath::new(self.workspace.folder.join(default)),
        };
        let output = OutputConfig {
            folder: place(raw.output.folder.as_ref(), FOLDER),
            bake: place(raw.output.bake.as_ref(), BAKE_FILE),
        };
        let members = self.workspace.members.values();
        let shipped = services.iter().flat_map(|s| s.image.files.keys());
        let packs = packs.iter().map(|pack| &pack.path);
        let read: Vec<Utf8PathBuf> = members
            .flat_map(|member| member.sources.iter().cloned())
            .chain(inputs.values().flatten().map(|path| fixed_part(path)))
            .chain(shipped.chain(packs).cloned().map(Utf8PathBuf::from))
            .filter(|path| !path.as_str().is_empty())
            .collect();
        let places = [
            (raw.output.folder.as_ref(), &output.folder),
            (raw.output.bake.as_ref(), &output.bake),
        ];
        for (named, place) in places {
            let Some(named) = named else { continue };
            if let Some(holder) = read.iter().find(|path| place.starts_with(path)) {
                self.problem(
                    Code::ConfigValue,
                    format!("{place} lies in {holder}, which images are built from"),
                    named.span(),
                    "name a place outside all packages, packs, inputs and shipped files",
                );
            }
        }
        let skeleton = output.folder.join(SKELETON);
        let dirs = self.workspace.members.values().map(|member| &member.dir);
        let manifests = dirs.flat_map(|dir| KINDS.map(|kind| skeleton.join(kind).join(dir)));
        let scripts = output.folder.join(SCRIPTS);
        let made: Vec<Utf8PathBuf> = [skeleton.clone(), scripts.clone()]
            .into_iter()
            .chain(manifests)
            .map(Utf8PathBuf::from)
            .collect();
        self.problems
            .extend(self.workspace.refuse_as_members(&made));
        if let Some(bake) = &raw.output.bake
            && (output.bake.extension() != Some("hcl")
                || [skeleton, scripts]
                    .iter()
                    .any(|folder| output.bake.starts_with(folder)))
        {
            self.problem(
                    Code::ConfigValue,
                    format!("`{}` cannot be the Bake file", bake.as_ref().escape_debug()),
                    bake.span(),
                    format!("name a file that ends with `.hcl`, outside the folders `{SKELETON}` and `{SCRIPTS}` of the generated files"),
                );
        }
        output
    }
}
