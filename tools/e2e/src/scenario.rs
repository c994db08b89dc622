//! Histories of edits and bakes, and whether what was baked is made of the sources as they are.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::time::{Instant, SystemTime};

use bakehouse_testkit::bake::Baking;
use bakehouse_testkit::{Bake, Runner, Turn, Workspace, runner, unique};

use crate::strategy::{STRATEGIES, Strategy};
use crate::tiny::{BASES, SERVICES, expected, prints, set, tiny};

/// A history that every strategy has to get right.
pub struct Scenario {
    /// Edits, bakes, and what has to be printed in between.
    pub play: fn(&mut Trial<'_>),
    /// The Dockerfile of the usual kind that gets it wrong: the scenario is known to bite.
    pub usual: Strategy,
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
    /// # Panics
    /// When a strategy is wrong, or the usual Dockerfile is not wrong in the way described.
    #[track_caller]
    pub fn judge(&self) {
        let scene = Scene {
            turn: Turn::take(),
            runner: OnceCell::new(),
            seen: RefCell::default(),
        };
        for strategy in STRATEGIES {
            let seen = self.play_with(&scene, *strategy);
            assert!(
                seen.prints.is_empty() && seen.failed.is_empty(),
                "strategy {}: {seen}",
                strategy.name
            );
        }
        let name = self.usual.name;
        match self.wrong {
            Wrong::Prints(wrong) => {
                let seen = self.play_with(&scene, self.usual);
                let prints = seen.prints.iter().map(|print| print.printed.as_str());
                assert!(
                    seen.failed.is_empty() && prints.eq(wrong.iter().copied()),
                    "{name}: {seen}"
                );
            }
            Wrong::Fails(text) => {
                let failed = (0..PLAYS)
                    .map(|_| self.play_with(&scene, self.usual).failed)
                    .find(|failed| !failed.is_empty());
                let failed = failed.unwrap_or_else(|| panic!("{name} did not fail"));
                assert!(failed.contains(text), "{name}: {failed}");
            }
        }
    }

    fn play_with(&self, scene: &Scene, strategy: Strategy) -> Seen {
        let began = Instant::now();
        (self.play)(&mut Trial::new(scene, strategy, &unique::unique()));
        println!("{}: {:.1} s", strategy.name, began.elapsed().as_secs_f32());
        scene.seen.take()
    }
}

/// What all trials of a scenario share.
struct Scene {
    turn: Turn,
    /// Started when first needed.
    runner: OnceCell<Runner>,
    seen: RefCell<Seen>,
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
    scene: &'a Scene,
    strategy: Strategy,
    /// Another trial's bakes are no part of this one's history.
    name: String,
    cache: Option<String>,
    /// Set on a runner.
    branch: Option<&'static str>,
    pub workspace: Workspace,
}

impl<'a> Trial<'a> {
    fn new(scene: &'a Scene, strategy: Strategy, name: &str) -> Self {
        let workspace = tiny();
        workspace.make_cold(name);
        Self {
            scene,
            strategy,
            name: name.to_owned(),
            cache: None,
            branch: None,
            workspace,
        }
    }

    /// The same project in another folder, every value `A` again; what it bakes meets the same mounts.
    #[must_use]
    pub fn checkout(&self) -> Self {
        Self::new(self.scene, self.strategy, &self.name)
    }

    /// From now on bakes read and write a registry cache, which is empty at first.
    pub fn use_registry_cache(&mut self) {
        self.cache = Some(format!("{}/stale-{}", runner::registry(), self.name));
    }

    /// From now on bakes happen on a new engine, which has the bases and nothing else, and write the cache of
    /// `branch`. The shared engine would not do to fill a cache: its long history makes caches that BuildKit refuses
    /// to read.
    pub fn move_to_new_runner(&mut self, branch: &'static str) {
        self.scene
            .runner
            .get_or_init(|| Runner::start("stale", &BASES))
            .forget();
        self.branch = Some(branch);
    }

    /// The other engine, once there.
    fn runner(&self) -> Option<&Runner> {
        self.branch.and_then(|_| self.scene.runner.get())
    }

    #[track_caller]
    pub fn bake(&self, services: &[&str]) {
        if self.scene.seen.borrow().failed.is_empty() {
            self.finish([self.start(services)]);
        }
    }

    /// Waits for the end of all, none of which may fail.
    pub fn finish(&self, bakings: impl IntoIterator<Item = Baking>) {
        for baking in bakings {
            let run = baking.wait();
            let mut seen = self.scene.seen.borrow_mut();
            if !run.success && seen.failed.is_empty() {
                seen.failed = run.to_string();
            }
        }
    }

    /// Begins to bake.
    #[must_use]
    #[track_caller]
    pub fn start(&self, services: &[&str]) -> Baking {
        self.prepared(services).start(&self.scene.turn)
    }

    #[track_caller]
    fn prepared(&self, services: &[&str]) -> Bake {
        (self.strategy.prepare)(&self.workspace);
        let mut bake = self.workspace.bake(services.iter().copied());
        if let Some(cache) = &self.cache {
            bake = bake.variable("CACHE_REF", cache);
        }
        if let (Some(runner), Some(branch)) = (self.runner(), self.branch) {
            bake = bake
                .variable("DOCKER_HOST", runner.host())
                .variable("CACHE_BRANCH", branch);
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

    /// The image of `service` has to print these values: its own, that of `common` and of its other library.
    #[track_caller]
    pub fn expect(&self, service: &str, own: &str, common: &str, library: &str) {
        let mut seen = self.scene.seen.borrow_mut();
        if !seen.failed.is_empty() {
            // There may be no image.
            return;
        }
        let printed = match self.runner() {
            Some(runner) => runner.prints(&self.workspace.images.name(service)),
            None => prints(&self.workspace, service),
        };
        let expected = expected(service, own, common, library);
        if printed != expected {
            seen.prints.push(WrongPrint { printed, expected });
        }
    }
}
