//! Dispatches each part to the module that handles it.

use super::super::model::Model;
use super::super::shape::Part;
use super::{configs, features, git, inputs, members, patches, paths, registries, targets};

pub(crate) use super::registries::source;

/// Puts `part`, the `number`th of its shape, into `model`.
pub(crate) fn apply(model: &mut Model, number: usize, part: Part) {
    match part {
        Part::Input {
            seat,
            place,
            reader,
        } => inputs::input(model, number, seat, (place, reader)),
        Part::OwnManifest { seat } => inputs::own_manifest(model, seat),
        Part::Version { seat } => members::version(model, seat),
        Part::Macro { seat } => members::procedural_macro(model, seat),
        Part::Path { seat, at } => paths::path(model, seat, at),
        Part::Git {
            seat,
            flavour,
            reference,
        } => git::git(model, seat, flavour, reference),
        Part::Registry { seat } => registries::registry(model, seat),
        Part::TwoVersions { seat } => registries::two_versions(model, seat),
        Part::OtherRegistry { seat } => registries::other(model, seat),
        Part::Patch { seat, by } => patches::patch(model, seat, by),
        Part::PatchGit { seat } => patches::patch_git(model, seat),
        Part::VendoredGit { seat } => git::vendored(model, seat),
        Part::TwoSources { seat } => git::two_sources(model, seat),
        Part::Metadata { seat } => members::metadata(model, seat),
        Part::Config { seat, at, setting } => configs::config(model, seat, at, setting),
        Part::Feature { seat, asked } => features::feature(model, seat, asked),
        Part::Target { seat, odd } => targets::target(model, seat, odd),
        Part::SameName { seat } => members::same_name(model, seat),
        Part::Links { seat } => members::links(model, seat),
        Part::Profile { seat } => members::profile(model, seat),
        Part::Development { seat } => members::development(model, seat),
        Part::TargetDependency { seat, built } => members::of_a_target(model, seat, built),
        Part::Unused(member) => members::unused(model, member),
    }
}
