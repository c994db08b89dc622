//! Fifty random edits with a bake after each: every image must behave like a clean build of the same sources on the
//! host. The edits follow from a seed, which is printed. After a failure, the test looks for fewer edits that fail as
//! well.

use std::fmt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{SERVICES, library_source, prints, set, tiny};
use bakehouse_testkit::synthetic::random::Random;
use bakehouse_testkit::workspace::in_year;
use bakehouse_testkit::{Ran, Turn, Workspace, unique};

const MEMBERS: [&str; 6] = ["common", "left", "right", "a", "b", "c"];
const EDITS: usize = 50;
/// Number of attempts to find fewer edits. Each attempt plays all of them.
const SHRINKS: usize = 6;

/// An edit.
#[derive(Clone, Debug, PartialEq)]
enum Edit {
    /// Gives a member a value, a new or an earlier one.
    Set(&'static str, String),
    /// Gives all files these times.
    Times(u64),
    /// Moves a part of a member's source into a module with this name, or back.
    Module(&'static str, bool),
    /// Changes the locked version of a third-party crate.
    Lock(&'static str),
    /// Starts a bake and kills it after this number of milliseconds.
    Kill(u64),
    /// Changes the version in a member's manifest.
    Version(&'static str, u64),
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(member, value) => write!(f, "{member} = {value}"),
            Self::Times(year) => write!(f, "all files of {year}"),
            Self::Module(member, true) => write!(f, "{member} gets a module"),
            Self::Module(member, false) => write!(f, "{member} loses its module"),
            Self::Lock(version) => write!(f, "itoa {version}"),
            Self::Kill(milliseconds) => write!(f, "a bake is killed after {milliseconds} ms"),
            Self::Version(member, patch) => write!(f, "{member} 0.1.{patch}"),
        }
    }
}

fn edits(seed: u64) -> Vec<Edit> {
    let mut random = Random::new(seed, "edits");
    let values = ["A", "B", "C"];
    (0..EDITS)
        .map(|_| match random.between(0, 9) {
            0..=4 => Edit::Set(
                random.pick::<&str>(&MEMBERS),
                (*random.pick(&values)).to_owned(),
            ),
            5 => Edit::Times(*random.pick(&[2001, 2015, 2035])),
            6 => Edit::Module(random.pick::<&str>(&MEMBERS[..3]), random.chance(50)),
            7 => Edit::Lock(random.pick::<&str>(&["1.0.9", "1.0.11"])),
            8 => Edit::Kill(random.between(200, 4000) as u64),
            _ => Edit::Version(random.pick::<&str>(&MEMBERS), random.between(0, 3) as u64),
        })
        .collect()
}

/// A workspace in the middle of its edits.
struct Play {
    workspace: Workspace,
    host: tempfile::TempDir,
}

impl Play {
    fn new(strategy: &Strategy) -> Self {
        let workspace = tiny();
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        Self {
            workspace,
            host: tempfile::tempdir().expect("a folder can be made"),
        }
    }

    fn make(&self, edit: &Edit, strategy: &Strategy, turn: &Turn) {
        let workspace = &self.workspace;
        match edit {
            Edit::Set(member, value) => {
                let module = format!("crates/{member}/src/value.rs");
                if workspace.dir().join(&module).exists() {
                    workspace.write(&module, &library_source(member, value));
                } else {
                    set(workspace, member, value);
                }
            }
            Edit::Times(year) => workspace.set_mtimes(in_year(*year)),
            Edit::Module(member, wanted) => {
                let (root, module) = (
                    format!("crates/{member}/src/lib.rs"),
                    format!("crates/{member}/src/value.rs"),
                );
                let has = workspace.dir().join(&module).exists();
                if *wanted && !has {
                    workspace.rename(&root, &module);
                    workspace.write(&root, "mod value;\npub use value::value;\n");
                } else if !wanted && has {
                    workspace.rename(&module, &root);
                }
            }
            Edit::Lock(version) => {
                let manifest = workspace.read("crates/a/Cargo.toml");
                let line = manifest
                    .lines()
                    .find(|line| line.starts_with("itoa"))
                    .expect("a needs it");
                workspace.replace(
                    "crates/a/Cargo.toml",
                    line,
                    &format!("itoa = \"={version}\""),
                );
                workspace.lock();
            }
            Edit::Kill(milliseconds) => {
                (strategy.prepare)(workspace);
                let baking = workspace.bake([]).start(turn);
                std::thread::sleep(Duration::from_millis(*milliseconds));
                baking.kill();
            }
            Edit::Version(member, patch) => {
                let path = format!("crates/{member}/Cargo.toml");
                let manifest = workspace.read(&path);
                let line = manifest
                    .lines()
                    .find(|line| line.starts_with("version"))
                    .expect("it has one");
                workspace.replace(&path, line, &format!("version = \"0.1.{patch}\""));
                workspace.lock();
            }
        }
    }

    /// Bakes all services and returns the first error, if any.
    fn wrong(&self, strategy: &Strategy, turn: &Turn) -> Option<String> {
        (strategy.prepare)(&self.workspace);
        let run = self.workspace.bake([]).attempt(turn);
        if !run.success {
            return Some(format!("a bake failed: {run}"));
        }
        let expected = self.on_the_host();
        let found = SERVICES.map(|service| prints(&self.workspace, service));
        (found != expected)
            .then(|| format!("images print {found:?}, a clean build on the host {expected:?}"))
    }

    fn on_the_host(&self) -> [String; 3] {
        let target = self.host.path().join("target");
        let _ = std::fs::remove_dir_all(&target);
        // Times do not matter if nothing was built before.
        let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo
            .args(["build", "--quiet", "--workspace", "--target-dir"])
            .arg(&target);
        let _ = Ran::of(cargo.current_dir(self.workspace.dir())).succeeded();
        SERVICES.map(|service| {
            let program = target.join("debug").join(service);
            Ran::of(&mut Command::new(program))
                .succeeded()
                .stdout
                .trim()
                .to_owned()
        })
    }
}

/// Returns the index of the first edit after which something is wrong, and the error.
fn first_wrong(strategy: &Strategy, turn: &Turn, edits: &[Edit]) -> Option<(usize, String)> {
    let play = Play::new(strategy);
    edits.iter().enumerate().find_map(|(place, edit)| {
        play.make(edit, strategy, turn);
        // An interrupted bake is not waited for.
        let is_kill = matches!(edit, Edit::Kill(_));
        let wrong = (!is_kill).then(|| play.wrong(strategy, turn)).flatten();
        wrong.map(|wrong| (place, wrong))
    })
}

/// Leaves out halves, quarters and so on, as long as the rest still fails.
fn shrunk(strategy: &Strategy, turn: &Turn, mut edits: Vec<Edit>) -> Vec<Edit> {
    let mut size = edits.len() / 2;
    let mut tries = 0;
    while size > 0 && tries < SHRINKS {
        let mut start = 0;
        let mut fewer = false;
        // The last edit reveals the failure, so it stays.
        while start + size < edits.len() && tries < SHRINKS {
            let mut rest = edits.clone();
            rest.drain(start..start + size);
            tries += 1;
            match first_wrong(strategy, turn, &rest) {
                Some((place, _)) => {
                    rest.truncate(place + 1);
                    edits = rest;
                    fewer = true;
                }
                None => start += size,
            }
        }
        if !fewer {
            size /= 2;
        }
    }
    edits
}

fn told(edits: &[Edit]) -> String {
    edits.iter().map(|edit| format!("  {edit}\n")).collect()
}

#[track_caller]
fn play(strategy: &Strategy) {
    let turn = Turn::take();
    let given = std::env::var("BAKEHOUSE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.map_or(1, |now| now.as_secs())
    });
    let edits = edits(seed);
    println!(
        "strategy {}, BAKEHOUSE_SEED={seed}\n{}",
        strategy.name,
        told(&edits)
    );
    if let Some((place, wrong)) = first_wrong(strategy, &turn, &edits) {
        let fewer = shrunk(strategy, &turn, edits[..=place].to_vec());
        panic!(
            "BAKEHOUSE_SEED={seed}, strategy {}: {wrong}\nafter\n{}\nand after these alone\n{}",
            strategy.name,
            told(&edits[..=place]),
            told(&fewer)
        );
    }
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn no_binary_is_stale_after_random_edits_with_layers() {
    play(&STRATEGIES[0]);
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn no_binary_is_stale_after_random_edits_with_a_mount() {
    play(&STRATEGIES[1]);
}
