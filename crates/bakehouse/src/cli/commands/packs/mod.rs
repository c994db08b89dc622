//! `bakehouse packs`: the selected packs, and the platforms on which they are mounted.

mod build;
mod check;
mod list;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::args::{PacksCommand, Platforms};
use crate::cli::session::{Planned, Session};
use crate::packs::check::{Expected, Pack as Offered};
use crate::packs::folder::{Folder, Found};
use crate::packs::glibc::Floor;
use crate::packs::platform::{self, Platform};
use crate::plan::Plan;
use crate::plan::pack::Pack;
use crate::problem::{Code, Problem, Problems, did_you_mean};

pub fn run(session: &Session, command: &PacksCommand) -> Result<(), Problems> {
    match command {
        PacksCommand::Check(arguments) => check::run(session, arguments),
        PacksCommand::Build(arguments) => build::run(session, arguments),
        PacksCommand::List(arguments) => list::run(session, arguments),
    }
}

/// A pack that the command is about.
struct ChosenPacks<'a> {
    /// The name by which the user selected it.
    name: String,
    /// Its folder as messages show it.
    path: Utf8PathBuf,
    folder: Utf8PathBuf,
    /// The pack of the configuration; none for a folder that is not in it.
    pack: Option<&'a Pack>,
}

impl<'a> ChosenPacks<'a> {
    fn of(planned: &Planned, pack: &'a Pack) -> Self {
        Self {
            name: pack.name.clone(),
            path: pack.path.to_path_buf(),
            folder: planned.root.join(&pack.path),
            pack: Some(pack),
        }
    }

    /// Reads the pack's folder and returns its content and its problems.
    fn check(&self, plan: &Plan, platforms: &[Platform]) -> Result<(Offered, Vec<Found>), Problem> {
        let folder = Folder::read(&self.folder, &self.path)?;
        let expected = Expected {
            platforms: platforms.to_vec(),
            glibc: Floor::of(plan),
            built: self.built(),
        };
        Ok(crate::packs::check::check(&folder, &expected))
    }

    /// Returns the binaries that are built into the pack: path in the pack → name of the pack.
    fn built(&self) -> BTreeMap<Utf8PathBuf, String> {
        let binaries = self.pack.into_iter().flat_map(|pack| {
            let binaries = pack.binaries.iter();
            binaries.map(|binary| (&pack.name, &pack.path, binary))
        });
        binaries
            .filter_map(|(name, path, binary)| {
                let inside = binary.folder.strip_prefix(path).ok()?;
                Some((inside.join(&binary.bin), name.clone()))
            })
            .collect()
    }
}

/// Returns the packs that `wanted` names, or all packs of the configuration if it is empty.
fn choose<'a>(
    planned: &'a Planned,
    wanted: &[String],
    folders: bool,
) -> Result<Vec<ChosenPacks<'a>>, Problems> {
    let packs = &planned.plan.packs;
    if wanted.is_empty() && packs.is_empty() {
        return Err(Problem::new(Code::PackUnknown, "no pack is configured")
            .hint("add [packs.<name>] with its `path` to bakehouse.toml")
            .into());
    }
    if wanted.is_empty() {
        return Ok(packs
            .iter()
            .map(|pack| ChosenPacks::of(planned, pack))
            .collect());
    }
    let mut chosen: Vec<ChosenPacks<'_>> = Vec::new();
    let mut problems = Vec::new();
    for name in wanted {
        let found = named(planned, name, folders);
        match found {
            Some(new) if chosen.iter().any(|old| old.folder == new.folder) => {}
            Some(new) => chosen.push(new),
            None => {
                let known = packs.iter().map(|pack| pack.name.as_str());
                let hint = did_you_mean(name, known.clone()).unwrap_or_else(|| {
                    let known = known.collect::<Vec<_>>().join(", ");
                    format!("bakehouse.toml has {known}")
                });
                let message = format!("there is no pack `{}`", name.escape_debug());
                problems.push(Problem::new(Code::PackUnknown, message).hint(hint));
            }
        }
    }
    Problems(problems).or(chosen)
}

fn named<'a>(planned: &'a Planned, name: &str, folders: bool) -> Option<ChosenPacks<'a>> {
    let packs = &planned.plan.packs;
    if let Some(pack) = packs.iter().find(|pack| pack.name == name) {
        return Some(ChosenPacks::of(planned, pack));
    }
    let path = Utf8Path::new(name);
    if !folders || !path.is_dir() {
        return None;
    }
    let real = path.canonicalize_utf8().ok()?;
    let same = |pack: &&Pack| {
        let folder = planned.root.join(&pack.path).canonicalize_utf8();
        folder.is_ok_and(|folder| folder == real)
    };
    Some(match packs.iter().find(same) {
        Some(pack) => ChosenPacks::of(planned, pack),
        None => ChosenPacks {
            name: name.to_owned(),
            path: path.components().collect(),
            folder: real,
            pack: None,
        },
    })
}

/// Returns the platforms on which the packs are mounted.
fn platforms(plan: &Plan, arguments: &Platforms) -> Result<Vec<Platform>, Problems> {
    let named = arguments.platforms.iter().filter(|name| !name.is_empty());
    let (mut platforms, mut problems) = (Vec::new(), Vec::new());
    for name in named {
        match Platform::new(name) {
            Ok(platform) if platforms.contains(&platform) => {}
            Ok(platform) => platforms.push(platform),
            Err(problem) => problems.push(problem),
        }
    }
    Problems(problems).or(())?;
    if platforms.is_empty() {
        platforms.push(usual_platform(plan));
    }
    Ok(platforms)
}

/// Returns the platform of packs on this machine if the user names none.
pub fn usual_platform(plan: &Plan) -> Platform {
    platform::default(plan, &Platform::of_machine(std::env::consts::ARCH))
}

/// Formats a number with its noun: `1 action`, `2 actions`.
fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
