//! Replays commits: each in turn, and each with every track in turn.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::checkout::Copy;
use super::kind::{Crates, Kind, crates};
use super::marks::Marks;
use super::range::Range;
use super::results::{Build, CommitFacts, Replayed, TrackFacts, TrackName, Where};
use super::track::{Runner, Track};
use crate::bench::contenders::Contender;
use crate::bench::furnish::Workshop;
use crate::bench::results::Outcome;
use crate::bench::subject::Subject;
use crate::bench::upkeep::in_registry;
use crate::bench::{Bare, Host, inside_only, machine, place, salt, tree};
use crate::documents::dockerfile::profile_folder;
use crate::git::Repository;
use crate::git::commits::Commit;
use crate::plan::Plan;
use crate::problem::{Code, Problem, Problems};

/// The commits to replay, and with whom.
#[derive(Clone, Debug)]
pub struct Request {
    pub range: Range,
    pub contenders: Vec<Contender>,
    /// Engine and registry, if commits are built on a bare runner.
    pub bare: Option<Bare>,
    /// Whether they are built on a builder that stays.
    pub kept: bool,
}

impl Request {
    /// Returns the tracks in the order in which they build. The host always builds, so that a commit that cannot be
    /// built is known as such.
    fn tracks(&self) -> Vec<TrackName> {
        let places = [(Where::Bare, self.bare.is_some()), (Where::Kept, self.kept)];
        let places = places.into_iter().filter(|(_, wanted)| *wanted);
        let mut tracks = vec![TrackName {
            contender: Contender::Host,
            place: Where::Kept,
        }];
        for (place, _) in places {
            let contenders = self.contenders.iter();
            let contenders = contenders.filter(|contender| **contender != Contender::Host);
            tracks.extend(contenders.map(|contender| TrackName {
                contender: *contender,
                place,
            }));
        }
        tracks
    }

    fn is_told(&self, track: TrackName) -> bool {
        self.contenders.contains(&track.contender)
    }
}

/// Replays the commits of the workspace in `root`. `plan` is that of its work tree, and `config` the text of the
/// configuration under which all commits are built.
///
/// # Errors
/// Problems of the range and of the first commit. Whatever fails later is a result.
pub fn replay(
    root: &Utf8Path,
    plan: &Plan,
    config: &str,
    request: &Request,
    host: &dyn Host,
) -> Result<Replayed, Problems> {
    inside_only(plan)?;
    let repository = Repository::of(root)?;
    let commits = repository.commits(&request.range.from, &request.range.to)?;
    let subject = Subject::of(root, plan)?;
    let (_folder, place) = place()?;
    let salt = salt();
    let registry = request.bare.as_ref().map(|bare| bare.registry.as_str());
    let tracks = request.tracks().into_iter().map(|name| {
        let profile = (
            plan.config.profile.as_str(),
            profile_folder(&plan.config.profile),
        );
        Track::new(name, &place, &salt, registry, profile)
    });
    let tracks: Vec<Track> = tracks.collect();
    let told = tracks.iter().filter(|track| request.is_told(track.name));
    let results = Replayed {
        version: 1,
        workspace: machine::workspace(root, plan, &subject),
        machine: machine::machine(),
        from: request.range.from.clone(),
        to: request.range.to.clone(),
        tracks: told.map(|track| TrackFacts::new(track.name)).collect(),
        first: None,
        commits: Vec::new(),
        sums: Vec::new(),
    };
    host.total(tracks.len() * commits.len());
    let mut replaying = Replaying {
        config,
        request,
        host,
        repository,
        cache: in_registry(registry, &format!("bakehouse-bench/cache-{salt}")),
        master: Copy::new(place.join("master")),
        marks: Marks::default(),
        pending: Vec::new(),
        commits: commits.len(),
        crates: Crates::new(),
        earlier: Crates::new(),
        tracks,
        results,
    };
    let replayed = replaying.all(&commits);
    for track in &replaying.tracks {
        track.remove_images();
    }
    replayed?;
    Ok(replaying.results)
}

/// A running replay.
struct Replaying<'a> {
    config: &'a str,
    request: &'a Request,
    host: &'a dyn Host,
    repository: Repository,
    /// The registry's folder for caches.
    cache: String,
    /// The current commit's files with their markers.
    master: Copy,
    marks: Marks,
    /// Changed files of commits that could not be checked out. They count for the next.
    pending: Vec<Utf8PathBuf>,
    /// Number of commits, with the first.
    commits: usize,
    /// Third-party crates of the commit before.
    crates: Crates,
    /// Third-party crates of all commits so far.
    earlier: Crates,
    tracks: Vec<Track>,
    results: Replayed,
}

/// A commit that is checked out.
struct Checked<'a> {
    number: usize,
    facts: &'a mut CommitFacts,
    plan: Plan,
    subject: Subject,
    /// Crates that the lock had in an earlier commit and has no longer.
    gone: Vec<String>,
}

impl Replaying<'_> {
    fn all(&mut self, commits: &[Commit]) -> Result<(), Problems> {
        for (number, commit) in commits.iter().enumerate() {
            let mut facts = CommitFacts {
                commit: commit.id.clone(),
                subject: commit.subject.clone(),
                kind: Kind::Other,
                left_out: None,
                builds: Vec::new(),
            };
            let outcome = self.commit(number, commit, &mut facts);
            if let Err(problems) = outcome {
                if number == 0 {
                    return Err(problems);
                }
                let messages = problems.0.iter().map(|problem| problem.message.as_str());
                facts.left_out = Some(messages.collect::<Vec<_>>().join("; "));
                self.host.left_out(&facts);
            }
            if number == 0 {
                self.give_up(&facts);
                self.results.first = Some(facts);
            } else {
                self.results.commits.push(facts);
            }
            self.results.sum_up();
            self.host.save_replay(&self.results);
        }
        Ok(())
    }

    /// Builds a commit with every track.
    ///
    /// # Errors
    /// The reason why no track can build it.
    fn commit(
        &mut self,
        number: usize,
        commit: &Commit,
        facts: &mut CommitFacts,
    ) -> Result<(), Problems> {
        let (plan, subject) = self.check_out(number, commit)?;
        let crates = crates(&self.master.dir);
        facts.kind = Kind::of(&commit.changed, &subject, &self.crates, &crates);
        let gone = self.earlier.difference(&crates);
        let gone = gone
            .map(|(name, version)| format!("{name}-{version}"))
            .collect();
        self.earlier.extend(crates.iter().cloned());
        self.crates = crates;
        let checked = Checked {
            number,
            facts,
            plan,
            subject,
            gone,
        };
        for position in 0..self.tracks.len() {
            let name = self.tracks[position].name;
            if self.is_given_up(name) {
                continue;
            }
            let build = self.build(position, &checked);
            if name.contender == Contender::Host && build.run.outcome == Outcome::Failed {
                let why = build.run.failures.last().map_or("", String::as_str);
                return Err(Problem::new(
                    Code::BakeFailed,
                    format!("the host cannot build {}: {why}", checked.facts.short()),
                )
                .hint("begin with a commit that `cargo build --locked` builds")
                .into());
            }
            if self.request.is_told(name) {
                self.host.replayed(checked.facts, &build);
                checked.facts.builds.push(build);
            }
        }
        Ok(())
    }

    /// Brings the master copy to a commit.
    fn check_out(&mut self, number: usize, commit: &Commit) -> Result<(Plan, Subject), Problems> {
        self.pending.extend(commit.changed.iter().cloned());
        let revision = self.repository.revision(&commit.id)?;
        let snapshot = self.repository.check_out(&revision)?;
        if let Some(missing) = snapshot.missing.first() {
            return Err(Problem::new(
                Code::RevisionIncomplete,
                format!(
                    "the submodule {missing} of {} is not here",
                    revision.short()
                ),
            )
            .hint("`git submodule update --init`, or `git fetch` in it")
            .into());
        }
        let configuration = Utf8PathBuf::from("bakehouse.toml");
        self.master
            .follow(&snapshot.root, &BTreeSet::from([configuration.clone()]))?;
        if !self.config.is_empty() {
            let texts = tree::Texts::from([(configuration, self.config.to_owned())]);
            tree::write(&self.master.dir, &texts)?;
        }
        let dir = self.master.dir.clone();
        let planned = self.host.plan(&dir).and_then(|plan| {
            inside_only(&plan)?;
            let subject = Subject::of(&dir, &plan)?;
            Ok((plan, subject))
        });
        let (plan, subject) = planned?;
        let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
        let changed = std::mem::take(&mut self.pending);
        self.marks.note(number, &subject, &changed);
        tree::write(&dir, &self.marks.texts(&dir, &subject)?)?;
        Ok((plan, subject))
    }

    fn build(&mut self, position: usize, checked: &Checked<'_>) -> Build {
        let Checked { plan, subject, .. } = checked;
        let track = &mut self.tracks[position];
        self.host.now(&format!(
            "{} ({} of {}) · {}",
            checked.facts.short(),
            checked.number + 1,
            self.commits,
            track.name.contender.title()
        ));
        let workshop = Workshop {
            plan,
            subject,
            config: self.config,
            host: self.host,
        };
        let bare = self.request.bare.as_ref();
        let runner = bare.map(|bare| Runner {
            bare,
            cache: &self.cache,
        });
        let registry = bare.map(|bare| bare.registry.as_str());
        let built = track
            .follow(&self.master.dir, &workshop, registry)
            .and_then(|generating| Ok((track.build(subject, runner)?, generating)));
        match built {
            Ok((done, generating)) => track.judged(
                done,
                generating,
                subject,
                &self.marks,
                &checked.gone,
                runner,
            ),
            Err(problems) => track.failed(&problems),
        }
    }

    /// Gives up the tracks that could not build the first commit.
    fn give_up(&mut self, first: &CommitFacts) {
        for track in &mut self.results.tracks {
            let build = first.build(track.track);
            let failed = build.filter(|build| build.run.outcome == Outcome::Failed);
            track.given_up = failed.map(|build| build.run.failures.join("; "));
        }
    }

    fn is_given_up(&self, name: TrackName) -> bool {
        let mut tracks = self.results.tracks.iter();
        tracks.any(|track| track.track == name && track.given_up.is_some())
    }
}
