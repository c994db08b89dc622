//! `plan` as text.

use std::collections::BTreeSet;
use std::ops::Deref;

use owo_colors::OwoColorize;

use super::shown::ShownDownload;

use crate::cli::hidden;
use crate::cli::out::outln;
use crate::graph::inputs::Finding;
use crate::names::{PackageName, StageName};
use crate::plan::Plan;
use crate::plan::config::valid::{CompileSettings, Unify};
use crate::plan::missing::Missing;
use crate::plan::parted::Again;
use crate::plan::shared::Shared;
use crate::plan::stage::{CompileStage, LibraryStage, Selection};

/// Width of the output: the columns of a common terminal. Only a long name exceeds it.
const WIDTH: usize = 80;

/// Prints services, packs, images, chains and stages.
pub(super) fn services(plan: &Plan) {
    let shared = Shared::of(plan);
    let services = plan.services.iter();
    let services = services.map(|one| (one.name.as_str(), &one.closure, one.input_hash.as_str()));
    let binaries = plan.pack_binaries();
    let binaries = binaries.map(|one| (one.target.as_str(), &one.closure, one.input_hash.as_str()));
    let rows: Vec<_> = services.chain(binaries).collect();
    let width = rows.iter().map(|(name, ..)| name.len()).max();
    let images_width = plan
        .images
        .iter()
        .map(|image| image.config.name.len())
        .max();
    let width = width.max(images_width);
    let width = width.unwrap_or_default().max("pack binaries".len());
    let head = |title: &str| {
        let head = format!(
            "{title:width$}  {:>6}  {:>6}  {:>9}  input hash",
            "crates", "shared", "sources"
        );
        outln!("{}", head.bold());
    };
    for (index, (name, closure, hash)) in rows.iter().enumerate() {
        if index == 0 && !plan.services.is_empty() {
            head("services");
        }
        if index == plan.services.len() {
            head("pack binaries");
        }
        let bytes: u64 = closure
            .iter()
            .map(|package| plan.packages[package].bytes())
            .sum();
        outln!(
            "{name:width$}  {:>6}  {:>6}  {:>9}  {}",
            closure.len(),
            shared.with_others(closure),
            size(bytes),
            hash.dimmed()
        );
    }
    images(plan, width);
    outln!("{}", shared.selective());
    chains(plan);
    outln!("{}", "stages".bold());
    for selection in &plan.selections {
        let name = selection.deps();
        let room = WIDTH.saturating_sub(name.len() + "  : third-party crates of ".len());
        outln!(
            "  {name}: third-party crates of {}",
            short(&selection.packages, room)
        );
    }
    for selection in &plan.selections {
        for stage in selection.library_stages() {
            let names = stage
                .libraries
                .iter()
                .map(|library| library.package.clone());
            let names: Vec<PackageName> = names.collect();
            if names.len() > 1 {
                let room = WIDTH.saturating_sub(stage.name.len() + 4);
                outln!("  {}: {}", stage.name, short(&names, room));
                outln!("    {}", held(selection, &stage).dimmed());
            } else {
                laid(stage.name, &stage.libraries[0].needs);
            }
        }
        for binary_stage in &selection.binary_stages {
            laid(&binary_stage.name, &binary_stage.needs);
        }
    }
}

/// Prints the images of other Dockerfiles, in the columns of the services.
fn images(plan: &Plan, width: usize) {
    if plan.images.is_empty() {
        return;
    }
    let head = format!(
        "{:width$}  {:>14}  {:>9}  input hash",
        "images", "files", "sources"
    );
    outln!("{}", head.bold());
    for image in &plan.images {
        let name = &image.config.name;
        let readers = plan.embedded_by(name).chain(plan.shipped_by(name));
        let readers: Vec<&str> = readers.collect();
        let readers = match readers.is_empty() {
            true => String::new(),
            false => format!(", in {}", readers.join(", ")),
        };
        outln!(
            "{:width$}  {:>14}  {:>9}  {}{readers}",
            name.as_str(),
            image.files,
            size(image.bytes),
            image.input_hash.dimmed()
        );
    }
}

/// Number of reasons shown per chain; there may be hundreds.
const REASONS: usize = 4;

/// Prints which outputs are not built together, why, and what it costs.
fn chains(plan: &Plan) {
    let [first, others @ ..] = &plan.selections[..] else {
        return;
    };
    let differ = others.iter().any(|other| other.settings != first.settings);
    if others.is_empty() || (!differ && plan.config.unify != Unify::Services) {
        return;
    }
    let title = match differ {
        true => {
            "chains: outputs with other profiles, flags or features of local packages are built separately"
        }
        false => "chains: outputs that would share features of local packages are built separately",
    };
    outln!("{}", title.bold());
    for selection in &plan.selections {
        let name = selection.deps();
        let room = WIDTH.saturating_sub(name.len() + 4);
        outln!("  {name}: {}", short(&selection.outputs, room));
        let line = |text: String| outln!("    {}", text.dimmed());
        let CompileSettings { profile, rustflags } = &selection.settings;
        if differ {
            line(format!("profile {profile}"));
        }
        if !rustflags.is_empty() {
            line(format!("flags {}", rustflags.join(" ")));
        }
        for parted in selection.parted.iter().take(REASONS) {
            line(parted.what());
            line(format!("  with {}", short(&parted.with, WIDTH - 11)));
            line(format!("  without {}", short(&parted.without, WIDTH - 14)));
        }
        let more = selection.parted.len().saturating_sub(REASONS);
        if more > 0 {
            line(format!("and {more} more, see --format json"));
        }
        let Again { libraries, crates } = selection.again;
        if selection.settings != first.settings {
            line(format!(
                "compiles {libraries} of the libraries and up to {crates} third-party crates again"
            ));
        } else if !selection.parted.is_empty() {
            line(format!(
                "compiles {libraries} of the libraries and up to {crates} third-party crates again; unify = \"all\" does not"
            ));
        }
    }
}

fn laid(name: &StageName, needs: &[PackageName]) {
    let needs = if needs.is_empty() {
        String::new()
    } else {
        let room = WIDTH.saturating_sub(name.len() + 5);
        format!(" ← {}", short(needs, room))
    };
    outln!("  {name}{needs}");
}

/// Explains why the libraries of a group can share a stage, or what their sharing costs.
fn held(selection: &Selection, stage: &LibraryStage<'_>) -> String {
    let holders = |library: &CompileStage| -> BTreeSet<&str> {
        let binary_stages = selection.binary_stages.iter();
        let binary_stages = binary_stages.filter(|binary_stage| {
            selection.closures[&binary_stage.package].contains(&library.package)
        });
        binary_stages
            .map(|binary_stage| binary_stage.name.as_str())
            .collect()
    };
    let all: BTreeSet<BTreeSet<&str>> = stage
        .libraries
        .iter()
        .map(|library| holders(library))
        .collect();
    match all.first() {
        Some(same) if all.len() == 1 && same.len() == 1 => {
            "one stage: the same binary holds all of them".to_owned()
        }
        Some(same) if all.len() == 1 => format!(
            "one stage: the same {} binaries hold all of them",
            same.len()
        ),
        _ => "one stage for different binaries: some are built again without need".to_owned(),
    }
}

/// Returns as many of `names` as fit into `room` columns, and the number of further ones.
fn short(names: &[impl Deref<Target = str>], room: usize) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let rest = names.len() - index;
        let more = format!("{comma}and {rest} more");
        let last = if rest == 1 { 0 } else { more.len() };
        if index > 0 && text.len() + comma.len() + name.len() + last > room {
            return text + &more;
        }
        text = text + comma + name;
    }
    text
}

/// Formats bytes for people.
fn size(bytes: u64) -> String {
    let kib = bytes.div_ceil(1024);
    if kib < 10_000 {
        format!("{kib} KiB")
    } else {
        format!("{} MiB", kib / 1024)
    }
}

pub(super) fn inputs(plan: &Plan, hidden: &[Finding]) {
    if hidden.is_empty() {
        return;
    }
    outln!("{}", "hidden inputs, not declared under [inputs]".bold());
    for finding in hidden {
        let services = hidden::services(plan, &finding.package).join(", ");
        outln!(
            "  {} reads {}{}  {}",
            finding.package,
            finding.path,
            hidden::remark(finding),
            format_args!("{} {}, in {services}", finding.place(), finding.by).dimmed()
        );
    }
}

pub(super) fn packages(missing: &[Missing]) {
    if missing.is_empty() {
        return;
    }
    let heading = "packages that crates look for, and that no key lists";
    outln!("{}", heading.bold());
    for Missing {
        package,
        key,
        crates,
    } in missing
    {
        outln!(
            "  {package}, perhaps in `{key}`  {}",
            format_args!("for {}", crates.join(", ")).dimmed()
        );
    }
}

pub(super) fn downloads(downloads: &[ShownDownload<'_>]) {
    if downloads.is_empty() {
        return;
    }
    let title = "build scripts that download; no step that compiles has network";
    outln!("{}", title.bold());
    for ShownDownload {
        package,
        fetches,
        instead,
        services,
        ..
    } in downloads
    {
        let services = format!("in {}", services.join(", "));
        outln!(
            "  {package} fetches {fetches}: {instead}  {}",
            services.dimmed()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_to_the_room_that_there_is() {
        let names: Vec<String> = (0..40).map(|number| format!("crate-{number:02}")).collect();
        for room in 22..120 {
            let text = short(&names, room);
            assert!(text.len() <= room, "{room}: {text}");
            let shown = text.matches("crate-").count();
            assert!(
                text.ends_with(&format!(", and {} more", 40 - shown)),
                "{text}"
            );
        }
        assert_eq!(short(&names[..2], 18), "crate-00, crate-01");
        assert_eq!(short(&names[..1], 1), "crate-00");
        assert_eq!(short(&names[..2], 17), "crate-00, and 1 more");
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(size(1), "1 KiB");
        assert_eq!(size(2048), "2 KiB");
        assert_eq!(size(20 << 20), "20 MiB");
    }
}
