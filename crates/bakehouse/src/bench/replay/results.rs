//! Results of a replay.

use serde::Serialize;

use super::kind::Kind;
use crate::bench::contenders::Contender;
use crate::bench::results::{Machine, Outcome, Run, WorkspaceFacts, median};

/// All results of a replay in the JSON form, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    pub version: u32,
    pub workspace: WorkspaceFacts,
    pub machine: Machine,
    /// The revisions that were named.
    pub from: String,
    pub to: String,
    pub tracks: Vec<TrackFacts>,
    /// The commit before the range, which fills the caches and is in no sum.
    pub first: Option<CommitFacts>,
    pub commits: Vec<CommitFacts>,
    pub sums: Vec<Sum>,
}

/// Where a track's builds run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    /// A bare runner, with the registry cache as the commit before left it.
    Bare,
    /// A builder that stays, or the host's own `target`.
    Kept,
}

/// A contender in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackName {
    pub contender: Contender,
    pub place: Where,
}

impl Serialize for TrackName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Told {
            way: &'static str,
            place: Where,
        }
        let told = Told {
            way: self.contender.key(),
            place: self.place,
        };
        told.serialize(serializer)
    }
}

/// A track, and why it ended early.
#[derive(Clone, Debug, Serialize)]
pub struct TrackFacts {
    #[serde(flatten)]
    pub track: TrackName,
    pub title: &'static str,
    pub about: &'static str,
    /// The reason why it was given up at the first commit.
    pub given_up: Option<String>,
}

/// A commit and what its builds took.
#[derive(Clone, Debug, Serialize)]
pub struct CommitFacts {
    pub commit: String,
    pub subject: String,
    pub kind: Kind,
    /// The reason why it is in no sum.
    pub left_out: Option<String>,
    pub builds: Vec<Build>,
}

/// The build of a commit by a track.
#[derive(Clone, Debug, Serialize)]
pub struct Build {
    #[serde(flatten)]
    pub track: TrackName,
    /// Seconds of `bakehouse generate` among the run's, if it changed a file.
    pub generate_seconds: f64,
    /// Binaries built from old sources.
    pub stale: usize,
    /// Binaries that were looked at.
    pub binaries: usize,
    #[serde(flatten)]
    pub run: Run,
}

/// The sum of a track over all commits that every track was to build.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sum {
    #[serde(flatten)]
    pub track: TrackName,
    pub commits: usize,
    pub seconds: f64,
    pub median_seconds: f64,
    pub compiled_own: usize,
    pub compiled_third_party: usize,
    pub fetched_bytes: u64,
    pub stale: usize,
    pub failed: usize,
}

impl TrackFacts {
    /// Returns the facts of a track that built nothing yet.
    pub fn new(track: TrackName) -> Self {
        Self {
            track,
            title: track.contender.title(),
            about: track.contender.about(),
            given_up: None,
        }
    }
}

impl CommitFacts {
    /// Returns the build of a track.
    pub fn build(&self, track: TrackName) -> Option<&Build> {
        self.builds.iter().find(|build| build.track == track)
    }

    /// Returns the beginning of the commit's id.
    pub fn short(&self) -> &str {
        self.commit.get(..9).unwrap_or(&self.commit)
    }
}

impl Replayed {
    /// Returns the tracks that were not given up.
    pub fn tracks(&self) -> impl Iterator<Item = TrackName> + '_ {
        let tracks = self.tracks.iter().filter(|track| track.given_up.is_none());
        tracks.map(|facts| facts.track)
    }

    /// Returns the commits that count.
    pub fn counted(&self) -> impl Iterator<Item = &CommitFacts> {
        self.commits
            .iter()
            .filter(|commit| commit.left_out.is_none())
    }

    /// Sums up all builds so far.
    pub fn sum_up(&mut self) {
        self.sums = self.tracks().map(|track| self.sum(track)).collect();
    }

    fn sum(&self, track: TrackName) -> Sum {
        let builds: Vec<&Build> = self
            .counted()
            .filter_map(|commit| commit.build(track))
            .collect();
        let seconds: Vec<f64> = builds.iter().map(|build| build.run.seconds).collect();
        let count = |of: fn(&Build) -> usize| builds.iter().map(|build| of(build)).sum();
        Sum {
            track,
            commits: builds.len(),
            seconds: seconds.iter().sum(),
            median_seconds: median(seconds).unwrap_or_default(),
            compiled_own: count(|build| build.run.compiled_own),
            compiled_third_party: count(|build| build.run.compiled_third_party),
            fetched_bytes: builds.iter().map(|build| build.run.fetched_bytes).sum(),
            stale: count(|build| build.stale),
            failed: count(|build| usize::from(build.run.outcome == Outcome::Failed)),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn build(contender: Contender, place: Where, seconds: f64, third_party: usize) -> Build {
        Build {
            track: TrackName { contender, place },
            generate_seconds: 0.0,
            stale: usize::from(contender == Contender::Seed),
            binaries: 1,
            run: Run {
                seconds,
                outcome: Outcome::Right,
                failures: Vec::new(),
                compiled_own: 2,
                compiled_third_party: third_party,
                context_bytes: 0,
                fetched_bytes: 1000,
                slowest: Vec::new(),
            },
        }
    }

    fn commit(number: usize, kind: Kind, subject: &str, seconds: [f64; 4]) -> CommitFacts {
        let [host, layer, chef, seed] = seconds;
        CommitFacts {
            commit: format!("{number:040x}"),
            subject: subject.to_owned(),
            kind,
            left_out: None,
            builds: vec![
                build(Contender::Host, Where::Kept, host, 1),
                build(Contender::Layer, Where::Bare, layer, 1),
                build(Contender::Chef, Where::Bare, chef, 150),
                build(Contender::Seed, Where::Kept, seed, 1),
            ],
        }
    }

    /// Returns the results of a made-up replay.
    pub fn example() -> Replayed {
        let track = |contender: Contender, place| TrackFacts {
            track: TrackName { contender, place },
            title: contender.title(),
            about: contender.about(),
            given_up: None,
        };
        let mut left_out = commit(
            4,
            Kind::Sources,
            "does | not <compile>",
            [1.0, 2.0, 3.0, 4.0],
        );
        left_out.left_out = Some("the host cannot build it: error[E0425]".to_owned());
        let mut replayed = Replayed {
            version: 1,
            workspace: WorkspaceFacts {
                name: "shop".to_owned(),
                members: 4,
                services: 2,
                images: 2,
                pack_binaries: 0,
                third_party: 150,
            },
            machine: Machine {
                cpu: "A".to_owned(),
                cores: 2,
                memory: 24,
                started: "2026-11-30 00:00 UTC".to_owned(),
                versions: BTreeMap::from([("rustc".to_owned(), "rustc 1.95.0".to_owned())]),
            },
            from: "HEAD~4".to_owned(),
            to: "HEAD".to_owned(),
            tracks: vec![
                track(Contender::Host, Where::Kept),
                track(Contender::Layer, Where::Bare),
                track(Contender::Chef, Where::Bare),
                track(Contender::Seed, Where::Kept),
            ],
            first: Some(commit(
                1,
                Kind::Other,
                "the first",
                [60.0, 100.0, 120.0, 130.0],
            )),
            commits: vec![
                commit(
                    2,
                    Kind::Lock,
                    "build(deps): bump serde_json",
                    [5.0, 30.0, 120.0, 11.0],
                ),
                commit(
                    3,
                    Kind::Sources,
                    "api: `answer` & more",
                    [3.0, 12.5, 20.0, 9.0],
                ),
                left_out,
                commit(5, Kind::Other, "README", [0.2, 6.0, 18.0, 2.0]),
            ],
            sums: Vec::new(),
        };
        replayed.sum_up();
        replayed
    }

    #[test]
    fn sums_have_neither_the_first_commit_nor_those_left_out() {
        let replayed = example();
        let layer = &replayed.sums[1];
        assert_eq!(layer.track.contender, Contender::Layer);
        assert_eq!((layer.commits, layer.compiled_third_party), (3, 3));
        assert!((layer.seconds - 48.5).abs() < 1e-9);
        assert!((layer.median_seconds - 12.5).abs() < 1e-9);
        assert_eq!(replayed.sums[2].compiled_third_party, 450);
        assert_eq!(replayed.sums[3].stale, 3);
    }

    #[test]
    fn the_json_form_names_the_way_and_the_place_of_each_build() {
        let json = serde_json::to_value(example()).unwrap();
        assert_eq!(json["version"], 1);
        assert_eq!(json["commits"][0]["builds"][1]["way"], "layer");
        assert_eq!(json["commits"][0]["builds"][1]["place"], "bare");
        assert_eq!(json["commits"][0]["kind"], "lock");
        assert_eq!(json["sums"][2]["seconds"], 158.0);
    }
}
