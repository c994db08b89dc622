//! The first `bakehouse.toml` of a workspace, with comments on what `bakehouse init` found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::graph::context::relative;
use crate::graph::downloads::Download;
use crate::graph::inputs::{Finding, Kind};
use crate::graph::paths::outermost;
use crate::graph::system::Need;
use crate::names::PackageName;
use crate::plan::choice::ProposedKey;
use crate::plan::config::{BAKE_FILE, bases};
use crate::plan::parted::Parted;
use crate::plan::proposal::Proposal;

/// Renders the file.
pub fn render(proposal: &Proposal) -> String {
    let mut text = String::from(
        "# Proposed by `bakehouse init`, and yours from now on. After an edit run `bakehouse generate`.\n\n",
    );
    registry(&mut text, proposal);
    context(&mut text, proposal);
    output(&mut text, proposal);
    bases(&mut text, proposal);
    services(&mut text, proposal);
    inputs(&mut text, proposal);
    remarks(&mut text, proposal);
    text
}

fn registry(text: &mut String, proposal: &Proposal) {
    comment(
        text,
        "The prefix of image names. Without it, images have only local names.",
    );
    let notes = &proposal.shipping.notes;
    if let Some(ProposedKey { name, value, place }) = &proposal.shipping.registry {
        let _ = writeln!(text, "{name} = {value} # {}", one_line(place));
    } else {
        let example = proposal
            .registry
            .as_deref()
            .unwrap_or("ghcr.io/you/project");
        let _ = writeln!(text, "# registry = {}", quoted(example));
    }
    if let Some(ProposedKey { name, value, place }) = &proposal.shipping.platforms {
        let _ = writeln!(text, "{name} = {value} # {}", one_line(place));
    }
    notes.iter().for_each(|note| comment(text, note));
}

fn context(text: &mut String, proposal: &Proposal) {
    if proposal.context > 0 {
        comment(text, "Builds read files above the workspace, see [inputs].");
        let up = vec![".."; proposal.context].join("/");
        let _ = writeln!(text, "context = {}", quoted(&up));
    }
}

fn output(text: &mut String, proposal: &Proposal) {
    let output = &proposal.output;
    if let Some(first) = &proposal.excluded {
        text.push('\n');
        comment(
            text,
            "A pattern of `members` matches the folder of generated files, and Cargo would then load no member.",
        );
        comment(text, &format!("First {first}."));
    }
    if output.folder.is_some() || output.bake.is_some() {
        text.push_str("\n[output]\n");
        comment(
            text,
            "The usual places are taken by files that bakehouse did not write.",
        );
    }
    if let Some(folder) = &output.folder {
        let _ = writeln!(text, "folder = {}", quoted(folder.as_str()));
    }
    if let Some(bake) = &output.bake {
        let _ = writeln!(text, "bake = {}", quoted(bake.as_str()));
    }
    let bake = output.bake.as_deref().unwrap_or(BAKE_FILE.into());
    if let (Some(compose), None) = (output.compose, &output.bake) {
        let file = proposal.folder.join(bake);
        comment(
            text,
            &format!(
                "Bake merges {compose} into the files that it finds by itself. `docker buildx bake --file {file}` avoids that."
            ),
        );
    }
}

fn bases(text: &mut String, proposal: &Proposal) {
    text.push_str("\n[bases]\n");
    let own = &proposal.shipping.bases;
    let (builder, place, builder_notes) = proposal.builder();
    builder_notes.iter().for_each(|note| comment(text, note));
    own.notes.iter().for_each(|note| comment(text, note));
    let at = |place: Option<&str>| place.map_or_else(String::new, |place| format!(" # {place}"));
    let _ = writeln!(
        text,
        "builder = {}{}",
        quoted(builder),
        one_line(&at(place))
    );
    match &own.runtime {
        Some(ProposedKey { name, value, place }) => {
            let _ = writeln!(text, "{name} = {value} # {}", one_line(place));
        }
        None => {
            let _ = writeln!(text, "runtime = {}", quoted(bases::RUNTIME));
        }
    }
    let mut packages = because(proposal, |need| &need.build);
    add(&mut packages, &own.builder_packages);
    let tools = proposal.tools.iter();
    for (tool, package) in tools.filter_map(|tool| Some((tool, tool.package.as_deref()?))) {
        let reasons = packages.entry(package).or_default();
        if !reasons.contains(&tool.key.as_str()) {
            reasons.push(&tool.key);
        }
    }
    if !packages.is_empty() {
        comment(
            text,
            if proposal.tools.is_empty() {
                "Packages of the builder, for crates that compile or link C, or run a tool."
            } else {
                "Packages of the builder, for crates that compile or link C, or run a tool, and for Cargo's configuration."
            },
        );
        list(text, &packages);
    }
    if !proposal.unknown_needs.is_empty() {
        let crates = proposal.unknown_needs.join(", ");
        comment(
            text,
            &format!(
                "These look for a C library, and may need a package of the builder: {crates}."
            ),
        );
    }
    if !proposal.downloads.is_empty() {
        comment(
            text,
            "Build scripts of these crates download something, and fail: no step that compiles has network. [fetch] gives them files.",
        );
    }
    for Download {
        name,
        fetches,
        instead,
        ..
    } in &proposal.downloads
    {
        comment(text, &format!("  {name} fetches {fetches}: {instead}"));
    }
    if !proposal.sources.is_empty() {
        comment(
            text,
            "Crates come from these places, too. The build can reach only public ones.",
        );
        for source in &proposal.sources {
            comment(text, &format!("  {source}"));
        }
    }
    runtime(text, proposal);
}

/// Writes what all images share.
fn runtime(text: &mut String, proposal: &Proposal) {
    let own = &proposal.shipping.bases;
    let mut packages = because(proposal, |need| &need.run);
    let missing: Vec<&str> = packages.keys().copied().collect();
    let lacks_debian = !own.without_debian.is_empty() && !proposal.runs_on_alpine();
    if lacks_debian {
        packages.clear();
    }
    add(&mut packages, &own.packages);
    if !packages.is_empty() || (lacks_debian && !missing.is_empty()) {
        text.push_str("\n[runtime]\n");
    }
    if lacks_debian && !missing.is_empty() {
        let bases: Vec<&str> = own.without_debian.iter().map(String::as_str).collect();
        let line = format!(
            "Crates need at run time what Debian has in {}. See that {} has the like.",
            missing.join(", "),
            bases.join(", ")
        );
        comment(text, &line);
    }
    if !packages.is_empty() {
        comment(
            text,
            "Packages that crates need at run time and the slim base does not have. Remove those that no service uses.",
        );
        let numbered = |name: &&str| name.ends_with(|c: char| c.is_ascii_digit());
        if own.of_other_release && !lacks_debian && missing.iter().any(numbered) {
            comment(
                text,
                "Those of crates are named as in Debian bookworm, and may have another number here.",
            );
        }
        list(text, &packages);
    }
}

/// Adds packages that Dockerfiles install to those that crates need. One with a version, or under the name that it has
/// since Debian's times have 64 bits, takes the place of the plain name.
fn add<'a>(
    packages: &mut BTreeMap<&'a str, Vec<&'a str>>,
    installed: &'a BTreeMap<String, BTreeSet<String>>,
) {
    for (package, places) in installed {
        let name = package.split('=').next().unwrap_or(package);
        let plain = [Some(name), name.strip_suffix("t64")].into_iter().flatten();
        let plain: Vec<Vec<&str>> = plain
            .filter(|plain| plain != package)
            .filter_map(|plain| packages.remove(plain))
            .collect();
        let reasons = packages.entry(package).or_default();
        reasons.extend(plain.into_iter().flatten());
        reasons.extend(places.iter().map(String::as_str));
    }
}

/// Writes packages, each with the crates that need it.
fn list(text: &mut String, packages: &BTreeMap<&str, Vec<&str>>) {
    text.push_str("packages = [\n");
    for (package, crates) in packages {
        let line = format!("    {}, # {}", quoted(package), crates.join(", "));
        let _ = writeln!(text, "{}", one_line(&line));
    }
    text.push_str("]\n");
}

/// Writes Debian packages with the crates that need them.
fn because(
    proposal: &Proposal,
    packages: impl Fn(&Need) -> &[String],
) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for need in &proposal.needs {
        for package in packages(need) {
            all.entry(package).or_default().push(&need.because);
        }
    }
    all
}

/// Describes the services that are not built with the others.
fn parted(text: &mut String, proposal: &Proposal) {
    if proposal.parted.is_empty() {
        return;
    }
    text.push('\n');
    comment(
        text,
        "The services of a line are built together, and separately from the others, because they would enable features in each other's packages.",
    );
    for (names, reasons) in &proposal.parted {
        let more = match reasons.len() {
            0 | 1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        let first = reasons.first().map_or_else(String::new, Parted::what);
        comment(text, &format!("  {}: {first}{more}", names.join(", ")));
    }
    comment(
        text,
        "Each line compiles third-party crates again. Remove binaries that are not services, such as tools that enable features for tests.",
    );
}

fn services(text: &mut String, proposal: &Proposal) {
    parted(text, proposal);
    let needed = because(proposal, |need| &need.run);
    let parts = !proposal.shipping.bases.without_debian.is_empty();
    for service in &proposal.services {
        let _ = writeln!(text, "\n[services.{}]", service.name);
        let place = service.place.as_ref();
        let place = place.map_or_else(String::new, |place| format!(" # {}", one_line(place)));
        let _ = writeln!(text, "package = {}{place}", quoted(&service.package));
        if let Some(bin) = &service.bin {
            let _ = writeln!(text, "bin = {}{place}", quoted(bin));
        }
        let mut keys = service.keys.clone();
        if parts && !service.without_debian {
            with_packages(&mut keys, &needed);
        }
        for ProposedKey { name, value, place } in &keys {
            let _ = writeln!(text, "{name} = {value} # {}", one_line(place));
        }
        service.notes.iter().for_each(|note| comment(text, note));
        if !service.files.is_empty() {
            let _ = writeln!(text, "[services.{}.files]", service.name);
        }
        for ProposedKey { name, value, place } in &service.files {
            let _ = writeln!(text, "{name} = {value} # {}", one_line(place));
        }
    }
    images(text, proposal);
    if !proposal.left_out.is_empty() {
        text.push('\n');
        comment(
            text,
            "These binaries were left out. A [services] table of its own makes any of them a service.",
        );
    }
    for left_out in &proposal.left_out {
        let name = if left_out.bin.as_str() == left_out.package.as_str() {
            format!("`{}`", left_out.bin)
        } else {
            format!("`{}` of `{}`", left_out.bin, left_out.package)
        };
        comment(text, &format!("  {name}: {}", left_out.why));
    }
}

/// Adds packages that crates need to those of a service.
fn with_packages(keys: &mut Vec<ProposedKey>, needed: &BTreeMap<&str, Vec<&str>>) {
    if needed.is_empty() {
        return;
    }
    let own = keys.iter().position(|key| key.name == "packages");
    let own = own.map(|at| keys.remove(at));
    let parsed = own.as_ref().and_then(ProposedKey::parsed);
    let listed = parsed.as_ref().and_then(toml::Value::as_array);
    let listed = listed.into_iter().flatten().filter_map(toml::Value::as_str);
    let names: BTreeSet<&str> = listed.chain(needed.keys().copied()).collect();
    let places = own.iter().map(|own| own.place.as_str());
    let crates: BTreeSet<&str> = needed.values().flatten().copied().collect();
    let places: Vec<&str> = places.chain(crates).collect();
    let names = Vec::from_iter(names);
    keys.push(ProposedKey::new("packages", names, places.join(", ")));
}

/// Describes images that no member is built into, and files that say nothing.
fn images(text: &mut String, proposal: &Proposal) {
    let shipping = &proposal.shipping;
    let (own, others): (Vec<_>, Vec<_>) = shipping.images.iter().partition(|image| image.proposed);
    for image in own {
        let _ = writeln!(
            text,
            "\n[images.{}] # {}",
            image.name,
            one_line(&image.place)
        );
        for key in &image.keys {
            let _ = writeln!(text, "{}", one_line(key));
        }
    }
    if !others.is_empty() {
        text.push('\n');
        comment(
            text,
            "Images without a binary of this workspace, which stay with their Dockerfiles.",
        );
    }
    for image in others {
        comment(text, &format!("[images.{}] # {}", image.name, image.place));
        image.keys.iter().for_each(|key| comment(text, key));
    }
    let of_bake: Vec<&ProposedKey> = [&shipping.tag, &shipping.variables]
        .into_iter()
        .flatten()
        .collect();
    if !of_bake.is_empty() {
        text.push_str("\n[bake]\n");
    }
    for ProposedKey { name, value, place } in of_bake {
        let _ = writeln!(text, "{name} = {value} # {}", one_line(place));
    }
    if !shipping.groups.is_empty() {
        text.push_str("\n[bake.groups]\n");
    }
    for ProposedKey { name, value, place } in &shipping.groups {
        let _ = writeln!(text, "{name} = {value} # {}", one_line(place));
    }
    if !shipping.passed.is_empty() {
        text.push('\n');
        comment(text, "Passed over:");
    }
    for passed in &shipping.passed {
        comment(text, &format!("  {passed}"));
    }
}

/// Returns the service and the key of the line at an offset of a rendered proposal; no service for keys at the top, and
/// the name of the table for others. The key of a service's first line is empty.
pub fn key_at(text: &str, offset: usize) -> Option<(String, String)> {
    let end = text
        .get(offset..)?
        .find('\n')
        .map_or(text.len(), |end| offset + end);
    let before = &text[..end];
    let line = before.rsplit('\n').next()?;
    if let Some(service) = line.strip_prefix("[services.") {
        return Some((service.trim_end_matches(']').to_owned(), String::new()));
    }
    let (key, _) = line.split_once(" = ")?;
    let mut lines = before.lines().rev();
    let head = lines.find(|line| line.starts_with('[')).unwrap_or_default();
    let service = match head.strip_prefix("[services.") {
        Some(rest) => rest.trim_end_matches(']').trim_end_matches(".files"),
        None if head.is_empty() => "",
        None => {
            let table = head.trim_start_matches('[').trim_end_matches(']');
            // A place may follow it.
            let table = table.split(']').next().unwrap_or_default();
            let known = ["bake", "bake.groups", "bases"].contains(&table);
            let named = table.starts_with("inputs.") || table.starts_with("images.");
            (known || named).then_some(table)?
        }
    };
    Some((service.to_owned(), key.to_owned()))
}

fn inputs(text: &mut String, proposal: &Proposal) {
    let mut first = true;
    let packages: BTreeSet<&PackageName> = proposal
        .inputs
        .keys()
        .chain(proposal.given.keys())
        .collect();
    for package in packages {
        let findings = proposal.inputs.get(package).into_iter().flatten();
        let declared: Vec<&Finding> = findings.filter(|finding| finding.proposed()).collect();
        let given = proposal.given.get(package);
        if declared.is_empty() && given.is_none() {
            continue;
        }
        text.push('\n');
        if first {
            comment(
                text,
                "Paths that the build of a package reads outside its own folder. Each service that contains the package gets them.",
            );
            first = false;
        }
        let _ = writeln!(text, "[inputs.{package}]");
        for finding in &declared {
            comment(text, &format!("{}: {}", finding.place(), said(finding)));
        }
        let paths = declared.iter().map(|finding| &finding.path);
        let paths: Vec<String> = outermost(paths)
            .iter()
            .map(|path| quoted(relative(&proposal.folder, path).as_str()))
            .collect();
        if !paths.is_empty() {
            let _ = writeln!(text, "paths = [{}]", paths.join(", "));
        }
        if let Some(given) = given {
            let names: Vec<String> = given.keys().map(|name| quoted(name)).collect();
            let places: BTreeSet<&str> = given.values().map(String::as_str).collect();
            let places = one_line(&Vec::from_iter(places).join(", "));
            let _ = writeln!(text, "variables = [{}] # {places}", names.join(", "));
        }
    }
    variables(text, proposal);
}

/// Describes the variables that compilations read. People decide which of them a build should have.
fn variables(text: &mut String, proposal: &Proposal) {
    let mut open = proposal.variables.clone();
    for (package, variables) in &mut open {
        let given = proposal.given.get(package);
        variables.retain(|name, _| given.is_none_or(|given| !given.contains_key(name)));
    }
    open.retain(|_, variables| !variables.is_empty());
    if open.is_empty() {
        return;
    }
    text.push('\n');
    comment(
        text,
        "Environment variables that compilations read. A package gets, from the environment of the bake, those that",
    );
    comment(
        text,
        "its [inputs] table names. Packages that get none of them are not built again when they change.",
    );
    for (package, variables) in &open {
        let names: Vec<String> = variables.keys().map(|name| quoted(name)).collect();
        let places: BTreeSet<&str> = variables.values().map(String::as_str).collect();
        comment(
            text,
            &format!("  {package}: variables = [{}]", names.join(", ")),
        );
        for place in places {
            comment(text, &format!("    {place}"));
        }
    }
}

fn said(finding: &Finding) -> String {
    let Finding { by, path, .. } = finding;
    format!("{by} reads {path}")
}

fn remarks(text: &mut String, proposal: &Proposal) {
    let of = |kind: Kind| {
        proposal
            .remarks
            .iter()
            .filter(move |finding| finding.kind == kind)
    };
    let undecided = proposal
        .inputs
        .values()
        .flatten()
        .filter(|finding| !finding.proposed());
    section(
        text,
        "Not declared, since it may be read when the program runs, or by people. If a build misses it, declare it.",
        undecided,
    );
    section(
        text,
        "The build has no git repository, so calls of git fail there. Build without git, or pass the information in a variable.",
        of(Kind::Git),
    );
    section(
        text,
        "Build scripts here that fetch something, or run what may: no step that compiles has network. [fetch] gives them files.",
        of(Kind::Network),
    );
    section(
        text,
        "Submodules that are not checked out: `git submodule update --init`, here and in CI.",
        of(Kind::Submodule),
    );
    let rest = proposal
        .remarks
        .iter()
        .filter(|finding| !matches!(finding.kind, Kind::Git | Kind::Network | Kind::Submodule));
    section(
        text,
        "Read, but not declared: the path is missing, or in a place that the build cannot access.",
        rest,
    );
}

fn section<'a>(text: &mut String, heading: &str, findings: impl Iterator<Item = &'a Finding>) {
    let lines: BTreeSet<String> = findings
        .map(|finding| {
            let Finding {
                package, path, by, ..
            } = finding;
            let place = finding.place();
            match finding.kind {
                Kind::Git | Kind::Network => format!("  {package}: {by} in {place}"),
                _ => format!("  {package}: {path}, by {by} in {place}"),
            }
        })
        .collect();
    if lines.is_empty() {
        return;
    }
    text.push('\n');
    comment(text, heading);
    lines.iter().for_each(|line| comment(text, line));
}

fn comment(text: &mut String, line: &str) {
    let _ = writeln!(text, "# {}", one_line(line));
}

/// Replaces line breaks. A name from the workspace may contain any character, and a comment ends with its line.
fn one_line(line: &str) -> String {
    line.replace(char::is_control, "?")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
