//! The bases that binaries will run on, and their versions of glibc.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use super::config::digests::tagged;
use crate::names::TargetName;

/// A base that some binary will run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeBase<'a> {
    /// The stage that determines its glibc.
    pub stage: String,
    /// The image, or the stage that stands for it; `None` for that of the variable `RUNTIME_BASE`.
    pub image: Option<&'a str>,
    /// The image of `[images]` that it is.
    pub built: Option<&'a TargetName>,
    /// The name in messages. It lacks registry and digest, so that a mirror or a new digest runs no stage again.
    pub name: &'a str,
    /// The version of glibc that the configuration declares for it.
    pub declared: Option<&'a str>,
}

/// The prefix of the names of stages with facts about bases.
pub const GLIBC: &str = "glibc";

/// The stage that is the image of `RUNTIME_BASE`, because a mount cannot name a variable.
pub const DEFAULT_BASE: &str = "glibc-base";

/// The stage with the tools for an older glibc, and with the parts that they compile once.
pub const MIN_GLIBC_STAGE: &str = "glibc-zig";

impl Plan {
    /// Returns every base that a binary will run on, that of the variable first, the others by name.
    pub fn runtime_bases(&self) -> Vec<RuntimeBase<'_>> {
        let mut images: BTreeMap<Option<&str>, Option<&TargetName>> = self
            .services
            .iter()
            .map(|service| &service.image)
            .map(|image| (image.runtime.as_deref(), image.built_base.as_ref()))
            .collect();
        if images.is_empty() && self.pack_binaries().next().is_some() {
            images.insert(None, None);
        }
        let mut taken = BTreeSet::from([DEFAULT_BASE.to_owned()]);
        taken.extend(
            self.config
                .min_glibc
                .as_ref()
                .map(|_| MIN_GLIBC_STAGE.to_owned()),
        );
        images
            .into_iter()
            .map(|(image, built)| {
                let full = image.unwrap_or(&self.config.runtime);
                let full = built.map_or(full, TargetName::as_str);
                let name = short(full);
                let own = match image {
                    Some(_) => stage(name),
                    None => format!("{GLIBC}-runtime"),
                };
                RuntimeBase {
                    stage: first_free(&own, &mut taken),
                    image,
                    built,
                    name,
                    declared: self.config.glibc.get(tagged(full)).map(String::as_str),
                }
            })
            .collect()
    }
}

/// Returns `name`, or the first number appended to it that is not taken, and takes it.
pub(super) fn first_free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|stage| taken.insert(stage.clone()))
        .expect("numbers do not end")
}

/// Returns an image's name without its registry and digest.
fn short(image: &str) -> &str {
    let name = tagged(image);
    name.rsplit('/').next().unwrap_or(name)
}

fn stage(name: &str) -> String {
    format!("{GLIBC}-{}", in_a_stage(name))
}

/// Returns the name of a base, without registry and digest, as the name of a stage can contain it.
pub(super) fn base_in_a_stage(image: &str) -> String {
    in_a_stage(short(image))
}

fn in_a_stage(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || c == '.' {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    name.chars().map(plain).collect()
}
