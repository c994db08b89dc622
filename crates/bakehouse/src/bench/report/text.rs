//! Parts that several reports have.

use crate::bench::contenders::Contender;
use crate::bench::results::{Machine, WorkspaceFacts};

/// Returns a contender's colour, which suits light and dark backgrounds.
pub fn colour(contender: Contender) -> &'static str {
    match contender {
        Contender::Host => "#8a8f98",
        Contender::Layer => "#1a7f64",
        Contender::Mount => "#5bb89f",
        Contender::Chef => "#c2703d",
        Contender::ChefSccache => "#dca377",
        Contender::Kache => "#3f7fbf",
        Contender::Seed => "#7c5cbf",
    }
}

/// Returns a paragraph on the workspace and one on the machine.
pub fn setting(facts: &WorkspaceFacts, machine: &Machine) -> String {
    let versions: Vec<String> = machine
        .versions
        .iter()
        .map(|(name, version)| {
            let version = version.trim_start_matches(name).trim();
            format!("{name} {version}")
        })
        .collect();
    format!(
        "`{}`: {} members, {} services ({} images), {} pack binaries, {} third-party crates in the lock.\n\n{} cores ({}), {} GiB; {}; {}.\n\n",
        facts.name,
        facts.members,
        facts.services,
        facts.images,
        facts.pack_binaries,
        facts.third_party,
        machine.cores,
        machine.cpu,
        machine.memory,
        machine.started,
        versions.join(", "),
    )
}

/// Escapes a text for SVG.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
