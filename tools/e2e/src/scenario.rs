//! Histories of edits and bakes, with checks that each baked binary was built from the current sources.

use std::cell::RefCell;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use bakehouse_testkit::bake::Baking;
use bakehouse_testkit::{Bake, Runner, Turn, Workspace, mounts, runner, unique};

use crate::at_once::at_once;
use crate::strategy::{STRATEGIES, Strategy};
use crate::tiny::{BASES, SERVICES, expected, prints, set, tiny};

/// A history in which every strategy must build correct binaries.
pub struct Scenario {
    /// Performs edits and bakes, and checks the output of images in between.
    pub play: fn(&mut Trial<'_>),
    /// The usual Dockerfile that builds a wrong binary. It proves that the scenario can fail.
    pub usual: Strategy,
    /// The services that the usual Dockerfile gets wrong. Only these are built with it, which saves time.
    pub shown_by: &'static [&'static str],
    pub wrong: Wrong,
}

/// The error of the usual Dockerfile.
pub enum Wrong {
    /// Images print these wrong values, in the order of the history.
    Prints(&'static [&'static str]),
    /// A bake fails with this message. A race may need several plays to happen.
    Fails(&'static str),
}

/// Number of plays in which a race may fail to happen.
const PLAYS: usize = 6;

impl Scenario {
    /// Plays the scenario with every strategy and the usual Dockerfile, concurrently, because they share nothing.
    ///
    /// # Panics
    /// If a strategy is wrong, or the usual Dockerfile is not wrong in the described way.
    #[track_caller]
    pub fn judge(&self) {
        let scene = Scene {
            turn: Turn::share(),
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

/// State that all plays of a scenario share.
struct Scene {
    turn: Turn,
    /// The runner, which starts at first use.
    runner: OnceLock<Runner>,
}

/// State that all checkouts of a play share.
#[derive(Clone, Copy)]
struct At<'a> {
    scene: &'a Scene,
    seen: &'a RefCell<Seen>,
    strategy: Strategy,
    services: &'static [&'static str],
}

/// Errors in a play.
#[derive(Default)]
struct Seen {
    prints: Vec<WrongPrint>,
    /// The output of the first failed bake.
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
    /// The name of the trial, so that its history contains no bakes of others.
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

    /// Returns the same project in another folder with all values `A` again. Its bakes use the same mounts.
    #[must_use]
    pub fn checkout(&self) -> Self {
        Self::new(self.at, &self.name)
    }

    /// Moves all further bakes to an engine that has only the bases, and makes them fill a registry cache. The shared
    /// engine is unsuitable: after its long history, BuildKit refuses to read the caches that it writes.
    pub fn fill_registry_cache(&mut self) {
        self.cache = Some(format!("{}/stale-{}", runner::registry(), self.name));
        let start = || Runner::start("stale", &BASES);
        self.runner = Some(self.at.scene.runner.get_or_init(start));
    }

    /// Moves all further bakes to the shared engine, which has nothing of this project yet, and makes them read the
    /// cache.
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

    /// Waits for the end of all bakes, none of which may fail.
    pub fn finish(&self, bakings: impl IntoIterator<Item = Baking>) {
        for baking in bakings {
            let run = baking.wait();
            let mut seen = self.at.seen.borrow_mut();
            if !run.success && seen.failed.is_empty() {
                seen.failed = run.to_string();
            }
        }
    }

    /// Starts a bake.
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

    /// Sets the value of a library or a service, like an editor.
    #[track_caller]
    pub fn set(&self, member: &str, value: &str) {
        set(&self.workspace, member, value);
    }

    /// Sets a value in a file with a modification time in `time`.
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

    /// Sets the clock back, as if it had been ahead when the last bake ended.
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

    /// Checks that the image of `service` prints these values: its own, that of `common`, and that of its other
    /// library.
    #[track_caller]
    pub fn expect(&self, service: &str, own: &str, common: &str, library: &str) {
        let mut seen = self.at.seen.borrow_mut();
        if !seen.failed.is_empty() || !self.at.services.contains(&service) {
            // The image may not exist.
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
