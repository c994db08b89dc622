//! A track of a replay: a contender in a place, with a copy of the workspace that follows the commits.

use std::collections::BTreeSet;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::checkout::Copy;
use super::marks::Marks;
use super::results::{Build, TrackName, Where};
use crate::bench::attempt::Attempted;
use crate::bench::contenders::{Contender, Stored};
use crate::bench::furnish::{Workshop, generate, own_cargo_home};
use crate::bench::results::{Outcome, Run};
use crate::bench::sandbox::{Cache, Order, Sandbox};
use crate::bench::subject::Subject;
use crate::bench::upkeep::{empty, in_registry};
use crate::bench::{Bare, base, tree};
use crate::documents;
use crate::problem::{Problem, Problems};

/// A contender in a place.
#[derive(Debug)]
pub struct Track {
    pub name: TrackName,
    sandbox: Sandbox,
    copy: Copy,
    /// A part of all its names.
    salt: String,
    /// Files of its own that the commits' files do not replace.
    own: BTreeSet<Utf8PathBuf>,
}

/// The engine and the registry of a track on a bare runner.
#[derive(Clone, Copy, Debug)]
pub struct Runner<'a> {
    pub bare: &'a Bare,
    /// The registry's folder for caches.
    pub cache: &'a str,
}

impl Track {
    /// Returns the track in a folder below `place`. `salt` tells runs of the benchmark apart.
    pub fn new(
        name: TrackName,
        place: &Utf8Path,
        salt: &str,
        registry: Option<&str>,
        profile: (&str, &str),
    ) -> Self {
        let kind = match name.place {
            Where::Bare => "bare",
            Where::Kept => "kept",
        };
        let salt = format!("{salt}-{kind}-{}", name.contender.key());
        let dir = place.join(format!("{kind}-{}", name.contender.key()));
        Self {
            name,
            copy: Copy::new(dir.clone()),
            sandbox: Sandbox {
                contender: name.contender,
                dir,
                base: None,
                registry: in_registry(registry, &format!("bakehouse-bench/{salt}")),
                host: place.join("host"),
                profile: profile.0.to_owned(),
                profile_folder: profile.1.to_owned(),
            },
            salt,
            own: BTreeSet::new(),
        }
    }

    /// Brings the copy to what `master` holds. Returns the time of `generate` if it changed a file.
    ///
    /// # Errors
    /// Problems of the workspace, of files, or of the engine that makes the base.
    pub fn follow(
        &mut self,
        master: &Utf8Path,
        workshop: &Workshop<'_>,
        registry: Option<&str>,
    ) -> Result<Duration, Problems> {
        if self.name.contender == Contender::Host {
            self.copy.follow(master, &self.own)?;
            own_cargo_home(&self.sandbox)?;
            return Ok(Duration::ZERO);
        }
        let base = match &self.sandbox.base {
            Some(base) => base.clone(),
            None => base::make(workshop.plan, self.name.contender, &self.salt, registry)?,
        };
        self.sandbox.base = Some(base.clone());
        let texts = workshop.texts(self.name.contender, &base, &self.salt)?;
        self.own.extend(texts.keys().cloned());
        self.copy.follow(master, &self.own)?;
        tree::write(&self.sandbox.dir, &texts)?;
        if self.name.contender.is_generated() {
            let plan = workshop.host.plan(&self.sandbox.dir)?;
            for document in documents::render(&plan) {
                let path = Utf8PathBuf::from(document.path.as_str());
                if self.own.insert(path.clone()) {
                    self.copy.free(&path);
                }
            }
        }
        generate(workshop.host, &self.sandbox)
    }

    /// Builds everything, on the runner if the track is on one.
    ///
    /// # Errors
    /// `bake-failed` if the runner cannot be emptied.
    pub fn build(
        &self,
        subject: &Subject,
        runner: Option<Runner<'_>>,
    ) -> Result<Attempted, Problem> {
        let mut order = Order {
            subject,
            parts: None,
            cache: None,
            stored: None,
            context: None,
            force: false,
            attempts: if self.name.contender == Contender::Host {
                1
            } else {
                2
            },
        };
        let Some(Runner { bare, cache }) = self.runner(runner) else {
            return Ok(self.sandbox.bake(order));
        };
        let address = bare.store_of(self.name.contender, &self.salt);
        empty(&bare.runner, &self.sandbox.registry)?;
        self.sandbox.remove_pack_binaries(subject);
        order.context = Some(&bare.runner);
        // Each commit is one of the main branch.
        order.cache = Some(Cache {
            reference: cache,
            branch: "main",
        });
        order.stored = address.as_deref().map(|address| Stored {
            address,
            writes: true,
        });
        Ok(self.sandbox.bake(order))
    }

    /// Returns a build with the verdict on its binaries. `gone` are crates that the lock no longer has.
    pub fn judged(
        &self,
        done: Attempted,
        generating: Duration,
        subject: &Subject,
        marks: &Marks,
        gone: &[String],
        runner: Option<Runner<'_>>,
    ) -> Build {
        let context = self
            .runner(runner)
            .map(|runner| runner.bare.runner.as_str());
        let outcomes: Vec<Outcome> = match done.succeeded {
            true => {
                let parts = subject.parts.iter();
                let binaries =
                    parts.filter_map(|part| Some((part, self.sandbox.binary(part, context)?)));
                binaries
                    .map(|(part, binary)| marks.judge(part, &binary, gone))
                    .collect()
            }
            false => Vec::new(),
        };
        let count = |wanted: Outcome| {
            outcomes
                .iter()
                .filter(|outcome| **outcome == wanted)
                .count()
        };
        let stale = count(Outcome::Stale);
        let outcome = match (stale, count(Outcome::Right)) {
            (0, 0) => Outcome::Unchecked,
            (0, _) => Outcome::Right,
            _ => Outcome::Stale,
        };
        let mut run = done.run(outcome);
        run.seconds += generating.as_secs_f64();
        Build {
            track: self.name,
            generate_seconds: generating.as_secs_f64(),
            stale,
            binaries: outcomes.len(),
            run,
        }
    }

    /// Returns a build that failed before it began.
    pub fn failed(&self, problems: &Problems) -> Build {
        Build {
            track: self.name,
            generate_seconds: 0.0,
            stale: 0,
            binaries: 0,
            run: Run {
                seconds: 0.0,
                outcome: Outcome::Failed,
                failures: problems
                    .0
                    .iter()
                    .map(|problem| problem.message.clone())
                    .collect(),
                compiled_own: 0,
                compiled_third_party: 0,
                context_bytes: 0,
                fetched_bytes: 0,
                slowest: Vec::new(),
            },
        }
    }

    fn runner<'a>(&self, runner: Option<Runner<'a>>) -> Option<Runner<'a>> {
        runner.filter(|_| self.name.place == Where::Bare)
    }

    /// Removes its images from the user's engine.
    pub fn remove_images(&self) {
        self.sandbox.remove_images();
    }
}
