//! Histories of edits and bakes, and whether what was baked is made of the sources as they are.

use std::cell::RefCell;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use bakehouse_testkit::bake::Baking;
use bakehouse_testkit::{Bake, Runner, Turn, Workspace, mounts, runner, unique};

use crate::at_once::at_once;
use crate::strategy::{STRATEGIES, Strategy};
use crate::tiny::{BASES, SERVICES, expected, prints, set, tiny};

/// A history that every strategy has to get right.
pub struct Scenario {
    /// Edits, bakes, and what has to be printed in between.
    pub play: fn(&mut Trial<'_>),
    /// The Dockerfile of the usual kind that gets it wrong: the scenario is known to bite.
    pub usual: Strategy,
    /// The services that show it. With the usual Dockerfile the others are left out, which saves their time.
    pub shown_by: &'static [&'static str],
    pub wrong: Wrong,
}

/// What the usual Dockerfile does.
pub enum Wrong {
    /// Where it has to print something else it prints this, in the order of the history.
    Prints(&'static [&'static str]),
    /// A bake fails and says this; where it is a race, in one of a few plays.
    Fails(&'static str),
}

/// How often a race may be won.
const PLAYS: usize = 6;

impl Scenario {
    /// Plays it with every strategy and the usual Dockerfile, all at once: they share nothing.
    ///
    /// # Panics
    /// When a strategy is wrong, or the usual Dockerfile is not wrong in the way described.
    #[track_caller]
    pub fn judge(&self) {
        let scene = Scene {
            turn: Turn::take(),
            runner: OnceLock::new(),
        };
        let kept = STRATEGIES.iter().map(|strategy| (*strategy, &SERVICES[..]));
        let plays: Vec<_> = kept.chain([(self.usual, self.shown_by)]).collect();
        let mut seen = at_once(&plays, |(strategy, services)| {
            self.play_with(&scene, *strategy, services)
        });
        let usual = seen.pop().unwrap_or_default();
        for (strategy, seen) in STRATEGIES.iter().zip(seen) {
            assert!(
                seen.prints.is_empty() && seen.failed.is_empty(),
                "strategy {}: {seen}",
                strategy.name
            );
        }
        let name = self.usual.name;
        match self.wrong {
            Wrong::Prints(wrong) => {
                let prints = usual.prints.iter().map(|print| print.printed.as_str());
                assert!(
                    usual.failed.is_empty() && prints.eq(wrong.iter().copied()),
                    "{name}: {usual}"
                );
            }
            Wrong::Fails(text) => {
                let again = || self.play_with(&scene, self.usual, self.shown_by).failed;
                let failed = std::iter::once(usual.failed)
                    .chain(std::iter::repeat_with(again).take(PLAYS - 1))
                    .find(|failed| !failed.is_empty());
                let failed = failed.unwrap_or_else(|| panic!("{name} did not fail"));
                assert!(failed.contains(text), "{name}: {failed}");
            }
        }
    }

    fn play_with(&self, scene: &Scene, strategy: Strategy, services: &'static [&str]) -> Seen {
        let began = Instant::now();
        let seen = RefCell::default();
        let at = At {
            scene,
            seen: &seen,
            strategy,
            services,
        };
        (self.play)(&mut Trial::new(at, &unique::unique()));
        println!("{}: {:.1} s", strategy.name, began.elapsed().as_secs_f32());
        seen.take()
    }
}

/// What all plays of a scenario share.
struct Scene {
    turn: Turn,
    /// Started when first needed.
    runner: OnceLock<Runner>,
}

/// What all checkouts of a play share.
#[derive(Clone, Copy)]
struct At<'a> {
    scene: &'a Scene,
    seen: &'a RefCell<Seen>,
    strategy: Strategy,
    services: &'static [&'static str],
}

/// What went wrong in a play.
#[derive(Default)]
struct Seen {
    prints: Vec<WrongPrint>,
    /// What the first failed bake said.
    failed: String,
}

struct WrongPrint {
    printed: String,
    expected: String,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for WrongPrint { printed, expected } in &self.prints {
            writeln!(f, "printed `{printed}` instead of `{expected}`")?;
        }
        f.write_str(&self.failed)
    }
}

/// A workspace that is built by one strategy.
pub struct Trial<'a> {
    at: At<'a>,
    /// Another trial's bakes are no part of this one's history.
    name: String,
    cache: Option<String>,
    runner: Option<&'a Runner>,
    pub workspace: Workspace,
}

impl<'a> Trial<'a> {
    fn new(at: At<'a>, name: &str) -> Self {
        let workspace = tiny();
        workspace.make_cold(name);
        Self {
            at,
            name: name.to_owned(),
            cache: None,
            runner: None,
            workspace,
        }
    }

    /// The same project in another folder, every value `A` again; what it bakes meets the same mounts.
    #[must_use]
    pub fn checkout(&self) -> Self {
        Self::new(self.at, &self.name)
    }

    /// From now on bakes happen on an engine that has nothing but the bases, and fill a registry cache. The shared
    /// engine would not do: its long history makes caches that BuildKit refuses to read.
    pub fn fill_registry_cache(&mut self) {
        self.cache = Some(format!("{}/stale-{}", runner::registry(), self.name));
        let start = || Runner::start("stale", &BASES);
        self.runner = Some(self.at.scene.runner.get_or_init(start));
    }

    /// From now on bakes happen on the shared engine, which has nothing of this project yet, and read the cache.
    pub fn read_registry_cache(&mut self) {
        self.runner = None;
    }

    #[track_caller]
    pub fn bake(&self, services: &[&str]) {
        let mut services = services.to_vec();
        services.retain(|service| self.at.services.contains(service));
        if self.at.seen.borrow().failed.is_empty() && !services.is_empty() {
            self.finish([self.start(&services)]);
        }
    }

    /// Waits for the end of all, none of which may fail.
    pub fn finish(&self, bakings: impl IntoIterator<Item = Baking>) {
        for baking in bakings {
            let run = baking.wait();
            let mut seen = self.at.seen.borrow_mut();
            if !run.success && seen.failed.is_empty() {
                seen.failed = run.to_string();
            }
        }
    }

    /// Begins to bake.
    #[must_use]
    #[track_caller]
    pub fn start(&self, services: &[&str]) -> Baking {
        self.prepared(services).start(&self.at.scene.turn)
    }

    #[track_caller]
    fn prepared(&self, services: &[&str]) -> Bake {
        (self.at.strategy.prepare)(&self.workspace);
        let filled = self.at.strategy.cache.filter(|_| self.cache.is_some());
        let mut bake = self.workspace.bake(services.iter().copied().chain(filled));
        if let Some(cache) = &self.cache {
            bake = bake.variable("CACHE_REF", cache);
            bake = match self.runner {
                Some(runner) => bake.variable("DOCKER_HOST", runner.host()),
                None => bake.set("*.cache-to="),
            };
        }
        bake
    }

    /// Sets the value of a library or a service, as an editor does.
    #[track_caller]
    pub fn set(&self, member: &str, value: &str) {
        set(&self.workspace, member, value);
    }

    /// Sets a value in a file that was last changed in `time`.
    #[track_caller]
    pub fn set_at(&self, member: &str, value: &str, time: SystemTime) {
        self.set(member, value);
        let file = if SERVICES.contains(&member) {
            "main.rs"
        } else {
            "lib.rs"
        };
        let path = format!("crates/{member}/src/{file}");
        self.workspace.set_mtime(&path, time);
    }

    /// The clock was ahead when the last bake ended, and is set back.
    #[track_caller]
    pub fn set_clock_back(&self) {
        let dir = self.workspace.dir();
        let generated = dir.join("docker/Dockerfile");
        let usual = dir.join("Dockerfile");
        mounts::date_ahead(if generated.exists() {
            &generated
        } else {
            &usual
        });
    }

    /// The image of `service` has to print these values: its own, that of `common` and of its other library.
    #[track_caller]
    pub fn expect(&self, service: &str, own: &str, common: &str, library: &str) {
        let mut seen = self.at.seen.borrow_mut();
        if !seen.failed.is_empty() || !self.at.services.contains(&service) {
            // There may be no image.
            return;
        }
        let printed = match self.runner {
            Some(runner) => runner.prints(&self.workspace.images.name(service)),
            None => prints(&self.workspace, service),
        };
        let expected = expected(service, own, common, library);
        if printed != expected {
            seen.prints.push(WrongPrint { printed, expected });
        }
    }
}
