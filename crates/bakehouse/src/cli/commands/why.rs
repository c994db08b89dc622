//! `bakehouse why`.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use owo_colors::OwoColorize;
use serde::Serialize;

use crate::cli::args::{Format, WhyArgs};
use crate::cli::out::outln;
use crate::cli::report::json;
use crate::cli::session::{Planned, Session};
use crate::cli::since::{CheckedOut, Since};
use crate::git::repository::Uncommitted;
use crate::names::{PackageName, TargetName};
use crate::plan::Plan;
use crate::plan::explain::{Compiled, Output, Reason, reasons};
use crate::plan::inputs::Part;
use crate::plan::lock_graph::LockGraph;
use crate::problem::{Code, Problem, Problems, did_you_mean};

pub fn run(session: &Session, arguments: &WhyArgs) -> Result<(), Problems> {
    let now = session.plan()?;
    let output = find(&now.plan, &arguments.service)?;
    match &arguments.since {
        Some(revision) => {
            let then = CheckedOut::new(&now.root, revision)?;
            let since = Since::new(session, &now, then)?;
            let change = Change::of(session, &now, output, &since)?;
            match arguments.format {
                Format::Text => change.text(session, output, &since),
                Format::Json => json(&change.shown(output, &since)),
            }
        }
        None => match arguments.format {
            Format::Text => made_of(&now, output),
            Format::Json => json(&ShownMade::of(&now, &now.lock(), output)),
        },
    }
    Ok(())
}

fn find<'a>(plan: &'a Plan, name: &str) -> Result<Output<'a>, Problem> {
    if let Some(output) = Output::all(plan).find(|output| output.name == name) {
        return Ok(output);
    }
    let known: Vec<&str> = Output::all(plan).map(|output| output.name).collect();
    let families = plan.families();
    let hint = match families.get(name) {
        Some(variants) => {
            let names: Vec<&str> = variants
                .iter()
                .map(|variant| variant.name.as_str())
                .collect();
            format!("its variants are {}; name one", names.join(", "))
        }
        None => did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("there are {}", known.join(", "))),
    };
    Err(Problem::new(
        Code::ServiceUnknown,
        format!("there is no service `{}`", name.escape_debug()),
    )
    .hint(hint))
}

/// Formats a reason: `file (what) → crate → … → service`.
pub fn line(reason: &Reason, uncommitted: Option<&Uncommitted>) -> String {
    let word = uncommitted
        .and_then(|uncommitted| uncommitted.word(&reason.file))
        .filter(|_| reason.what != "removed")
        .map(|word| format!(", {word}"))
        .unwrap_or_default();
    format!(
        "{} ({}{word}) → {}",
        reason.file,
        reason.what,
        reason.chain.join(" → ")
    )
}

/// The change of an output since the revision.
enum Change {
    /// The revision has no such output.
    New,
    /// Unchanged, with the packages that changed but are not compiled for it.
    Same(Vec<PackageName>),
    Because(Vec<Reason>, Uncommitted),
}

/// Returns the packages that changed. None of them is part of an unchanged output.
fn elsewhere(then: &Plan, now: &Plan) -> Vec<PackageName> {
    let packages = now.packages.iter();
    packages
        .filter(|(name, inputs)| then.packages.get(*name) != Some(inputs))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Number of packages that changed elsewhere and are shown without `--verbose`.
const ELSEWHERE: usize = 5;

/// Number of reasons shown without `--verbose`.
const SHOWN: usize = 20;

impl Change {
    fn of(
        session: &Session,
        now: &Planned,
        output: Output<'_>,
        since: &Since,
    ) -> Result<Self, Problem> {
        let Some(then) = &since.planned else {
            return Ok(Self::New);
        };
        let Some(was) = Output::all(&then.plan).find(|was| was.name == output.name) else {
            return Ok(Self::New);
        };
        if was.input_hash == output.input_hash {
            return Ok(Self::Same(elsewhere(&then.plan, &now.plan)));
        }
        let config = session.config_name(now);
        let (then_lock, now_lock) = (then.lock(), now.lock());
        let reasons = reasons(
            (then.state(&then_lock), was),
            (now.state(&now_lock), output),
            &config,
        );
        Ok(Self::Because(reasons, since.repository.uncommitted()?))
    }

    fn text(&self, session: &Session, output: Output<'_>, since: &Since) {
        let (name, revision) = (output.name.bold(), since.revision.short());
        match self {
            Self::New => outln!("{name} is new since {revision}"),
            Self::Same(elsewhere) => {
                outln!(
                    "{name} is unchanged since {revision}: its input hash is still {}",
                    output.input_hash
                );
                if !elsewhere.is_empty() {
                    let all = session.global.verbose > 0;
                    let shown = if all {
                        elsewhere.len()
                    } else {
                        elsewhere.len().min(ELSEWHERE)
                    };
                    let more = match elsewhere.len() - shown {
                        0 => String::new(),
                        more => format!(" and {more} more, which --verbose shows"),
                    };
                    outln!(
                        "  changed, but not compiled for it: {}{more}",
                        elsewhere[..shown].join(", ")
                    );
                }
            }
            Self::Because(reasons, uncommitted) => {
                outln!("{name} changed since {revision}:");
                let all = session.global.verbose > 0;
                let shown = if all { reasons.len() } else { SHOWN };
                for reason in reasons.iter().take(shown) {
                    outln!("  {}", line(reason, Some(uncommitted)));
                }
                if reasons.len() > shown {
                    let more = reasons.len() - shown;
                    outln!("  and {more} more, which --verbose shows");
                }
            }
        }
    }

    fn shown<'a>(&'a self, output: Output<'a>, since: &'a Since) -> ShownChange<'a> {
        let (changed, reasons) = match self {
            Self::New => (true, &[][..]),
            Self::Same(_) => (false, &[][..]),
            Self::Because(reasons, _) => (true, &reasons[..]),
        };
        ShownChange {
            version: 1,
            service: output.name,
            since: &since.revision.id,
            input_hash: output.input_hash,
            changed,
            new: matches!(self, Self::New),
            elsewhere: match self {
                Self::Same(elsewhere) => elsewhere,
                Self::New | Self::Because(..) => &[],
            },
            reasons: reasons
                .iter()
                .map(|reason| ShownReason {
                    file: &reason.file,
                    what: &reason.what,
                    chain: &reason.chain,
                })
                .collect(),
        }
    }
}

/// `why SERVICE --since REV --format json`, version 1.
#[derive(Serialize)]
struct ShownChange<'a> {
    version: u32,
    service: &'a str,
    since: &'a str,
    input_hash: &'a str,
    changed: bool,
    new: bool,
    /// For an unchanged output: the packages that changed but are not compiled for it.
    elsewhere: &'a [PackageName],
    reasons: Vec<ShownReason<'a>>,
}

#[derive(Serialize)]
struct ShownReason<'a> {
    file: &'a str,
    what: &'a str,
    chain: &'a [String],
}

/// `why SERVICE --format json`, version 1.
#[derive(Serialize)]
struct ShownMade<'a> {
    version: u32,
    service: &'a str,
    package: &'a str,
    bin: &'a str,
    input_hash: &'a str,
    packages: Vec<ShownPackage<'a>>,
    locked: Vec<&'a str>,
    features_unified_with: Vec<&'a str>,
    shipped: Vec<&'a str>,
    /// Images whose files it embeds or ships, or that it is built on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    /// The files of the context of an image of another Dockerfile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<&'a str>,
}

#[derive(Serialize)]
struct ShownPackage<'a> {
    name: &'a str,
    way: Vec<&'a str>,
    put_in_by: Option<Utf8PathBuf>,
    files: usize,
}

impl<'a> ShownMade<'a> {
    fn of(now: &'a Planned, lock: &'a LockGraph<'a>, output: Output<'a>) -> Self {
        let parts = output.inputs.0.keys();
        let pick = |of: fn(&'a Part) -> Option<&'a str>| -> Vec<&'a str> {
            parts.clone().filter_map(of).collect()
        };
        let locked = |part: &'a Part| match part {
            Part::Locked(name) if name.contains(' ') => Some(&**name),
            _ => None,
        };
        let feature_requests = |part: &'a Part| match part {
            Part::FeatureRequests(package) => Some(package.as_str()),
            _ => None,
        };
        let shipped = |part: &'a Part| match part {
            Part::Shipped(path) => Some(path.as_str()),
            _ => None,
        };
        let images = |part: &'a Part| match part {
            Part::Embedded(name) | Part::Image(name) => Some(name.as_str()),
            _ => None,
        };
        let mut images = pick(images);
        images.sort_unstable();
        images.dedup();
        let files = |part: &'a Part| match part {
            Part::Sent(path) => Some(path.as_str()),
            _ => None,
        };
        Self {
            version: 1,
            service: output.name,
            package: output.package,
            bin: output.bin,
            input_hash: output.input_hash,
            packages: now
                .state(lock)
                .compiled(output)
                .into_iter()
                .map(|compiled| ShownPackage {
                    name: compiled.package,
                    way: compiled.way,
                    put_in_by: compiled.put_in_by,
                    files: compiled.files,
                })
                .collect(),
            locked: pick(locked),
            features_unified_with: pick(feature_requests),
            shipped: pick(shipped),
            images,
            files: pick(files),
        }
    }
}

fn made_of(now: &Planned, output: Output<'_>) {
    let lock = now.lock();
    let shown = ShownMade::of(now, &lock, output);
    if output.is_other_image() {
        return sent(output);
    }
    outln!(
        "{}: {}, input hash {}",
        output.name.bold(),
        output.what(),
        output.input_hash
    );
    outln!("{}", "compiled from".bold());
    for compiled in now.state(&lock).compiled(output) {
        outln!("  {}", compiled_line(&compiled));
    }
    let locked: BTreeSet<&str> = shown.locked.iter().copied().collect();
    outln!("  {} of Cargo.lock", entries(locked.len()));
    if !shown.features_unified_with.is_empty() {
        outln!("{}", "features unified with".bold());
        for package in &shown.features_unified_with {
            let manifest = now.workspace.members[*package].path("Cargo.toml");
            outln!("  {package} ({manifest})");
        }
    }
    if !shown.shipped.is_empty() {
        outln!("{}", "shipped".bold());
        for file in &shown.shipped {
            outln!("  {file}");
        }
    }
    let parts = output.inputs.0.keys();
    let embedded = parts.clone().filter_map(|part| match part {
        Part::Embedded(image) => Some(image),
        _ => None,
    });
    let shipped = parts.filter_map(|part| match part {
        Part::Image(image) => Some(image),
        _ => None,
    });
    images("embedded", embedded);
    images("built from", shipped);
    settings(output);
}

/// Prints images, if there are any, below a title.
fn images<'a>(title: &str, images: impl Iterator<Item = &'a TargetName>) {
    let mut images = images.peekable();
    if images.peek().is_some() {
        outln!("{}", title.bold());
    }
    for image in images {
        outln!("  image {image}");
    }
}

/// Prints what an image of another Dockerfile is made of.
fn sent(output: Output<'_>) {
    let inputs = &output.inputs.0;
    for part in inputs.keys() {
        if let Part::Dockerfile(path) = part {
            outln!(
                "{}: {path}, input hash {}",
                output.name.bold(),
                output.input_hash
            );
        }
    }
    let files = inputs.keys().filter_map(|part| match part {
        Part::Sent(path) => Some(path),
        _ => None,
    });
    outln!("{}", "files of its context".bold());
    for file in files {
        outln!("  {file}");
    }
    settings(output);
}

fn settings(output: Output<'_>) {
    outln!("{}", "settings".bold());
    for (part, value) in &output.inputs.0 {
        if let Part::Setting(key) = part
            && !value.is_empty()
        {
            outln!("  {key} = {value}");
        }
    }
}

fn compiled_line(compiled: &Compiled<'_>) -> String {
    let files = match compiled.files {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let way = compiled.way.join(" → ");
    match &compiled.put_in_by {
        Some(manifest) => format!("{way}, {files}, put in by {manifest}"),
        None => format!("{way}, {files}"),
    }
}

fn entries(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}
