//! `bakehouse dev`: bakes what an edit changes and restarts its containers, round after round.

mod compose;
mod round;
mod scope;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use compose::Compose;
use round::Round;
use scope::{Scope, WaitsFor};
use watch::Watch;

use super::build;
use crate::cli::args::{BuildArgs, DevArgs, Global};
use crate::cli::out::errln;
use crate::cli::report;
use crate::cli::session::{Planned, Session};
use crate::names::TargetName;
use crate::problem::{Code, Problems};

pub fn run(session: &Session, arguments: &DevArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let scope = Scope::of(&planned, &arguments.services)?;
    let mut development = Development {
        session,
        arguments,
        compose: Compose::find(&planned)?,
        watch: Watch::new()?,
        started: BTreeMap::new(),
        kept: None,
    };
    development.watch.listen_for_signals()?;
    let followed = development.follow(planned, scope);
    if !arguments.keep {
        let started: Vec<TargetName> = development.started.keys().cloned().collect();
        development.compose.stop(&started);
    }
    followed
}

/// The containers and the watched files of one run.
struct Development<'a> {
    session: &'a Session,
    arguments: &'a DevArgs,
    compose: Compose,
    watch: Watch,
    /// The services that were started, with the input hashes of their images.
    started: BTreeMap<TargetName, String>,
    /// The services whose containers were kept in the last round.
    kept: Option<BTreeSet<String>>,
}

impl Development<'_> {
    /// Carries out rounds until the user ends them.
    fn follow(&mut self, planned: Planned, mut scope: Scope) -> Result<(), Problems> {
        self.watch.look_at(&planned.root, &scope)?;
        let mut done = self.round(&planned, &scope, Round::first());
        drop(planned);
        loop {
            if is_hand_edited(&done) {
                scope.waits_for = WaitsFor::Generated;
            }
            self.watch.look_again(&scope)?;
            if !self.report(done) {
                break;
            }
            let Some(edit) = self.watch.edit(&scope)? else {
                break;
            };
            done = self.again(&mut scope, Round::of(edit));
        }
        Ok(())
    }

    /// Plans again and carries out a round.
    fn again(&mut self, scope: &mut Scope, round: Round) -> Result<Option<Round>, Problems> {
        scope.waits_for = WaitsFor::Everything;
        let planned = self.session.plan()?;
        *scope = Scope::of(&planned, &self.arguments.services)?;
        self.watch.look_at(&planned.root, scope)?;
        self.round(&planned, scope, round)
    }

    /// Bakes and starts what is out of date. Returns none if nothing was.
    fn round(
        &mut self,
        planned: &Planned,
        scope: &Scope,
        mut round: Round,
    ) -> Result<Option<Round>, Problems> {
        self.bake(planned, scope, round.is_first())?;
        round.end_bake();
        self.remove_left(planned, scope);
        let hashes: BTreeMap<TargetName, String> = planned
            .plan
            .baked
            .iter()
            .map(|image| (image.name.clone(), image.input_hash.clone()))
            .collect();
        let mut services = scope.services.clone();
        services.retain(|service| self.started.get(service) != hashes.get(service));
        let copies_packs = !round.is_first() && round.files().any(|file| scope.is_of_packs(file));
        if services.is_empty() && !copies_packs {
            return Ok(None);
        }
        if !self.arguments.no_logs {
            self.compose.follow_logs(&scope.services, round.begun());
        }
        if copies_packs {
            self.compose.copy_packs()?;
        }
        if !services.is_empty() {
            let started = services.iter().filter_map(|service| {
                let hash = hashes.get(service)?;
                Some((service.clone(), hash.clone()))
            });
            let started: Vec<(TargetName, String)> = started.collect();
            // What does not start is tried again in the next round, and stopped at the end.
            for service in &services {
                self.started.entry(service.clone()).or_default().clear();
            }
            self.compose.up(&planned.plan, &services)?;
            self.started.extend(started);
        }
        round.end_start(services);
        Ok(Some(round))
    }

    /// Removes the containers of services that the configuration has no more, and of those that this run started and that
    /// nobody asks for any more.
    fn remove_left(&mut self, planned: &Planned, scope: &Scope) {
        let services = planned.plan.baked.iter().map(|image| &image.name);
        let is_left =
            |name: &&TargetName| self.started.contains_key(*name) && !scope.services.contains(name);
        let kept = services.filter(|name| !is_left(name));
        let kept: BTreeSet<String> = kept.map(ToString::to_string).collect();
        // The engine is asked only if there may be such containers.
        if self.kept.as_ref() != Some(&kept) {
            self.compose.remove_others(&kept);
            self.kept = Some(kept);
        }
        self.started.retain(|name, _| scope.services.contains(name));
    }

    /// Bakes what the engine lacks.
    fn bake(&self, planned: &Planned, scope: &Scope, is_first: bool) -> Result<(), Problems> {
        let global = Global {
            // The first bake may take minutes, so its progress is shown.
            quiet: self.session.global.quiet || !is_first,
            ..self.session.global.clone()
        };
        let arguments = BuildArgs::generating(scope.targets());
        build::bake_missing(&Session::new(global), planned, &arguments, None)
    }

    /// Prints what a round did, and returns whether another one follows. A mistake in an edit waits for the next edit.
    fn report(&self, done: Result<Option<Round>, Problems>) -> bool {
        // The signal also reaches the bake, which then fails.
        if self.watch.is_interrupted() {
            return false;
        }
        match done {
            Ok(Some(round)) if self.session.global.quiet => tracing::debug!("{round}"),
            // Standard output has the logs.
            Ok(Some(round)) => errln!("{round}"),
            Ok(None) => tracing::info!("no image changed"),
            Err(problems) => {
                report::problems(&problems);
                errln!("waiting for the next edit; containers that ran before still run");
            }
        }
        true
    }
}

/// Returns whether a round ended because a generated file was edited by hand.
fn is_hand_edited(done: &Result<Option<Round>, Problems>) -> bool {
    let problems = done.as_ref().err();
    let mut problems = problems.iter().flat_map(|problems| &problems.0);
    problems.any(|problem| problem.code == Code::FileHandEdited)
}
