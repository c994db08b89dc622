//! The bases of a repository's own images, and the packages that are installed in them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::base::{self, BaseKind, Rust};
use super::candidate::Candidate;
use super::image::{At, Image};
use crate::graph::Workspace;
use crate::graph::toolchain_file::Channel;
use crate::plan::builder::{is_at_least, numbers};
use crate::plan::choice::{ProposedBases, ProposedKey, ProposedService};
use crate::plan::config::bases::{RUNTIME, builder as default_builder, is_published};

/// Returns the bases, and gives services the ones of their own. `services` are in the order of `kept`.
pub fn bases(
    kept: &[&Candidate],
    services: &mut [ProposedService],
    workspace: &Workspace,
) -> ProposedBases {
    let channel = workspace.channel();
    let mut bases = ProposedBases::default();
    runtime(kept, services, &mut bases);
    builder(kept, workspace, &mut bases);
    glibc(kept, services, channel, &mut bases);
    let runtime = bases.runtime.as_ref().map(ProposedKey::text);
    bases.of_other_release =
        runtime.is_some_and(|name| base::release(name) != base::release(RUNTIME));
    packages(kept, services, channel, &mut bases);
    bases
}

/// Returns whether an image's binaries bring their C library along: those for musl do, unless they are told not to.
fn is_static(of: &Candidate) -> bool {
    let Some(call) = of.main().and_then(|main| main.call.as_ref()) else {
        // An argument may name the target of a binary that is compiled elsewhere.
        let mut values = of.request.args.values();
        return values.any(|value| value.ends_with("-linux-musl"));
    };
    let flags = call.rustflags.as_deref().unwrap_or_default();
    if flags.contains("-crt-static") {
        return false;
    }
    let of_builder = of.builder.as_ref();
    match &call.target {
        Some(target) => target.ends_with("-musl"),
        None => of_builder.is_some_and(|builder| base::kind(&builder.base) == BaseKind::Alpine),
    }
}

/// Decides about runtime bases: the one that most images have is that of all.
fn runtime(kept: &[&Candidate], services: &mut [ProposedService], bases: &mut ProposedBases) {
    let mut named: Vec<Option<String>> = Vec::new();
    for (of, service) in kept.iter().zip(&mut *services) {
        let image = &of.image.base;
        let place = of.place(of.image.base_line).to_string();
        let linked = is_static(of);
        let mut note = |why: &str| {
            service
                .notes
                .insert(0, format!("{place}: it runs on {image} there{why}"));
        };
        let kind = base::kind(image);
        let name = match (base::full(image), kind) {
            (None, _) => {
                note(", and nothing says what that is");
                None
            }
            (Some(_), _) if base::is_rust(image) => {
                note(", with the compiler");
                None
            }
            (Some(_), BaseKind::Empty) if !linked => {
                note(", which has no C library: see `static`");
                None
            }
            (Some(_), BaseKind::Alpine) if !linked => {
                note(", with another C library than the builder's: see `static`");
                None
            }
            (name, _) => name,
        };
        if linked {
            let call = of.main().and_then(|main| main.call.as_ref());
            let place = match call {
                Some(call) => of.place(call.line).to_string(),
                None => of.request.place.to_string(),
            };
            service.keys.push(ProposedKey::new("static", true, place));
        }
        named.push(name);
    }
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for name in named.iter().flatten() {
        *count.entry(name).or_default() += 1;
    }
    let most = count.values().max().copied();
    let first = named
        .iter()
        .flatten()
        .find(|name| count.get(name.as_str()).copied() == most)
        .cloned();
    let of_all = first.as_deref().unwrap_or(RUNTIME);
    let places: BTreeSet<String> = kept
        .iter()
        .zip(&named)
        .filter(|(_, name)| name.as_deref() == Some(of_all))
        .map(|(of, _)| of.place(of.image.base_line).to_string())
        .collect();
    let place = places.into_iter().next().unwrap_or_default();
    if let Some(first) = &first {
        bases.runtime = Some(ProposedKey::new("runtime", first.clone(), place));
    }
    for ((of, service), name) in kept.iter().zip(services).zip(&named) {
        // An image that cannot be a base here has the base of the others, if that has a C library.
        let has_library = !matches!(base::kind(of_all), BaseKind::Empty | BaseKind::Alpine);
        let usual = if has_library { of_all } else { RUNTIME };
        let own = name.as_deref().unwrap_or(usual);
        let has_debian = match base::kind(own) {
            BaseKind::Debian => true,
            BaseKind::Other => has_apt(&of.image),
            _ => false,
        };
        if !has_debian {
            bases.without_debian.insert(plain(own).to_owned());
            service.without_debian = true;
        }
        if own != of_all {
            let place = of.place(of.image.base_line).to_string();
            service
                .keys
                .push(ProposedKey::new("runtime", own.to_owned(), place));
        }
    }
}

/// Decides about the builder base: the one that most images are compiled on, with the Rust that the toolchain file
/// names.
fn builder(kept: &[&Candidate], workspace: &Workspace, bases: &mut ProposedBases) {
    let channel = workspace.channel();
    let least = newest_rust_version(workspace);
    let mut count: BTreeMap<(String, String), usize> = BTreeMap::new();
    for of in kept {
        if let Some(builder) = &of.builder {
            let place = of.place(builder.base_line).to_string();
            *count.entry((builder.base.clone(), place)).or_default() += 1;
        }
    }
    let is_old = |image: &str| is_too_old(base::rust(image).as_ref(), least.as_deref());
    let chosen = count
        .iter()
        .min_by_key(|((image, _), count)| (is_old(image) && channel.is_none(), Reverse(**count)));
    let Some(((image, place), _)) = chosen else {
        return;
    };
    for ((other, place), _) in count.iter().filter(|((other, _), _)| other != image) {
        let note = format!("{place}: others are compiled on {other}, and all on one base here");
        bases.notes.push(note);
    }
    let Some(mut rust) = base::rust(image) else {
        let note = format!("{place}: they are compiled on {image} there, whose name says no Rust");
        bases.notes.push(note);
        of_release(channel, bases);
        return;
    };
    let is_alpine = rust.variant.contains("alpine");
    let all_static = kept.iter().all(|of| is_static(of));
    if is_alpine && !all_static {
        let note = format!(
            "{place}: they are compiled on {image} there, whose C library is for static binaries and Alpine alone"
        );
        bases.notes.push(note);
        of_release(channel, bases);
        return;
    }
    let published = channel.filter(|channel| is_published(channel));
    if let Some(channel) = published {
        fit(&mut rust, channel.as_str(), image, place, bases);
    }
    if let Some(least) = least.as_deref().filter(|_| channel.is_none())
        && is_too_old(Some(&rust), Some(least))
    {
        let image = plain(image);
        bases.notes.push(format!(
            "{place}: it is {image} there, and a package here needs Rust {least}"
        ));
        rust.version = Some(least.to_owned());
        rust.digest = None;
    }
    let runtime = bases.runtime.as_ref().map(ProposedKey::text);
    let release = runtime.and_then(base::release);
    let silent = base::release(&rust.name()).is_none() && !is_alpine && rust.digest.is_none();
    if let Some(release) = release.filter(|_| silent && rust.is_official()) {
        rust.variant = match rust.variant.as_str() {
            "" => release.to_owned(),
            variant => format!("{variant}-{release}"),
        };
        let image = plain(image);
        bases.notes.push(format!(
            "{place}: {image} names no release of Debian: {release} is that of `runtime`"
        ));
    }
    bases.says_version = published.is_none() && rust.version.is_some();
    // Without a base for images, theirs is of the builder's release.
    if let (None, Some(release)) = (&bases.runtime, base::release(&rust.name()))
        && base::release(RUNTIME) != Some(release)
        && !all_static
    {
        let name = format!("docker.io/library/debian:{release}-slim");
        bases.runtime = Some(ProposedKey::new("runtime", name, place.clone()));
    }
    bases.builder = Some(ProposedKey::new("builder", rust.name(), place.clone()));
}

/// Returns the newest `rust-version` among the workspace's packages.
fn newest_rust_version(workspace: &Workspace) -> Option<String> {
    let all = workspace
        .own_members()
        .filter_map(|member| workspace.package_value(member, "rust-version"));
    let newest = all.max_by_key(|version| numbers(version));
    newest.map(str::to_owned)
}

/// Returns whether a base names an older Rust than `least`.
fn is_too_old(rust: Option<&Rust>, least: Option<&str>) -> bool {
    let has = rust.and_then(|rust| numbers(rust.version.as_deref()?));
    let least = least.and_then(numbers);
    has.zip(least)
        .is_some_and(|(has, least)| !is_at_least(&has, &least))
}

/// Takes the default builder of the release that images run on.
fn of_release(channel: Option<&Channel>, bases: &mut ProposedBases) {
    let default = default_builder(channel);
    let Some(runtime) = &bases.runtime else {
        return;
    };
    let release = base::release(runtime.text());
    if let (Some(release), Some(own)) = (release, base::release(&default))
        && release != own
    {
        let name = default.replace(own, release);
        bases.builder = Some(ProposedKey::new("builder", name, runtime.place.clone()));
    }
}

/// Gives a base the version of the toolchain file.
fn fit(rust: &mut Rust, version: &str, image: &str, place: &str, bases: &mut ProposedBases) {
    let own = rust.version.clone().unwrap_or_default();
    // Another image may not be there for each release, and rustup installs what it lacks.
    if own == version || (own.is_empty() && !rust.is_official()) {
        return;
    }
    // `1.95` of a tag becomes `1.95.0`.
    let part = |whole: &str, part: &str| whole == part || whole.starts_with(&format!("{part}."));
    if !own.is_empty() && !part(version, &own) && !part(&own, version) {
        let image = plain(image);
        bases.notes.push(format!(
            "{place}: it is {image} there, and the toolchain file says {version}"
        ));
    }
    if !own.is_empty() && part(&own, version) {
        return;
    }
    rust.version = Some(version.to_owned());
    rust.digest = None;
}

/// Returns an image's name without its digest.
fn plain(image: &str) -> &str {
    image.split('@').next().unwrap_or(image)
}

/// Says where the builder has a newer C library than a runtime base.
fn glibc(
    kept: &[&Candidate],
    services: &mut [ProposedService],
    channel: Option<&Channel>,
    bases: &mut ProposedBases,
) {
    let image = |key: &ProposedKey| key.text().to_owned();
    let own = bases.builder.as_ref().map(image);
    let Some(newer) = base::glibc(&own.unwrap_or_else(|| default_builder(channel))) else {
        return;
    };
    let note = |key: &ProposedKey| {
        let (major, minor) = base::glibc(&image(key)).filter(|older| *older < newer)?;
        Some(format!(
            "{}: it has glibc {major}.{minor}, and the builder a newer one: see `glibc`",
            key.place
        ))
    };
    if !kept.iter().all(|of| is_static(of)) {
        let of_all = bases.runtime.as_ref().and_then(note);
        bases.notes.extend(of_all);
    }
    for (of, service) in kept.iter().zip(services) {
        let runtime = service.keys.iter().find(|key| key.name == "runtime");
        let note = runtime.filter(|_| !is_static(of)).and_then(note);
        service.notes.extend(note);
    }
}

fn has_apt(image: &Image) -> bool {
    matches!(image.installer.as_deref(), Some("apt" | "apt-get"))
}

/// Returns the packages of an image, each with its line.
fn installed(image: &Image) -> impl Iterator<Item = &At<String>> {
    let is_name = |name: &str| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.:=~_".contains(&b))
    };
    image
        .packages
        .iter()
        .filter(move |package| is_name(&package.value))
}

/// Returns the shell that a program here needs, and Alpine does not have.
fn shell(of: &Candidate) -> Option<String> {
    let program = of.run.program()?.first()?;
    let lacks = program == "/bin/bash" && base::kind(&of.image.base) == BaseKind::Alpine;
    lacks.then(|| "bash".to_owned())
}

/// Decides about packages: those that all images install are of all, and others of their services.
fn packages(
    kept: &[&Candidate],
    services: &mut [ProposedService],
    channel: Option<&Channel>,
    bases: &mut ProposedBases,
) {
    let chosen = bases.builder.as_ref();
    let chosen = chosen.map_or_else(|| default_builder(channel), |key| key.text().to_owned());
    let chosen = base::release(&chosen);
    for of in kept {
        let builder = of.builder.as_ref().filter(|builder| has_apt(builder));
        // An image that is its own builder tells nothing apart.
        let Some(builder) = builder.filter(|_| of.image.calls.is_empty()) else {
            continue;
        };
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in installed(builder) {
            let places = found.entry(package.value.clone()).or_default();
            places.insert(of.place(package.line).to_string());
        }
        // Another distribution has other packages.
        if base::rust(&builder.base).is_some() || base::release(&builder.base) == chosen {
            for (name, places) in found {
                let own = bases.builder_packages.entry(name).or_default();
                own.extend(places);
            }
        } else if let Some(place) = found.values().flatten().next() {
            let names: Vec<&str> = found.keys().map(String::as_str).collect();
            let note = format!(
                "{place}: packages of {} are not proposed for the builder: {}",
                plain(&builder.base),
                names.join(", ")
            );
            if !bases.notes.contains(&note) {
                bases.notes.push(note);
            }
        }
    }
    let of_all = bases.runtime.as_ref().map(|key| key.text().to_owned());
    let usable: Vec<bool> = kept
        .iter()
        .zip(&*services)
        .map(|(of, service)| {
            let own = service.keys.iter().find(|key| key.name == "runtime");
            let own = own.map(|key| key.text().to_owned());
            let base = own.or(of_all.clone()).unwrap_or_else(|| RUNTIME.to_owned());
            match of.image.installer.as_deref() {
                Some("apt" | "apt-get") => {
                    matches!(base::kind(&base), BaseKind::Debian | BaseKind::Other)
                }
                Some("apk") => base::kind(&base) == BaseKind::Alpine,
                _ => shell(of).is_some(),
            }
        })
        .collect();
    let names = |of: &Candidate| -> BTreeSet<String> {
        let installed = installed(&of.image).map(|package| package.value.clone());
        installed.chain(shell(of)).collect()
    };
    let first = kept.first().map(|of| names(of)).unwrap_or_default();
    let agree = usable.iter().all(|usable| *usable) && kept.iter().all(|of| names(of) == first);
    for ((of, service), usable) in kept.iter().zip(services).zip(usable) {
        let mut lines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in installed(&of.image) {
            let places = lines.entry(package.value.clone()).or_default();
            places.insert(of.place(package.line).to_string());
        }
        if let Some(package) = shell(of) {
            let line = of.place(of.image.base_line).to_string();
            lines.entry(package).or_default().insert(line);
        }
        if lines.is_empty() {
            continue;
        }
        let places: BTreeSet<String> = lines.values().flatten().cloned().collect();
        let all = Vec::from_iter(places).join(", ");
        if agree {
            for (name, places) in lines {
                bases.packages.entry(name).or_default().extend(places);
            }
        } else if usable {
            let names: Vec<String> = lines.into_keys().collect();
            service.keys.push(ProposedKey::new("packages", names, all));
        } else {
            let names: Vec<String> = lines.into_keys().collect();
            let note = format!(
                "{all}: packages of another base are not proposed: {}",
                names.join(", ")
            );
            service.notes.push(note);
        }
    }
}
