//! Steps of a build, put together from BuildKit's reports in JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

use super::spans::Span;

/// One step of a stage.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The digest that identifies the step.
    pub digest: String,
    /// The stage, e.g. `build-api`; empty for BuildKit's own steps.
    pub stage: String,
    /// The instruction, e.g. `RUN cargo build`.
    pub instruction: String,
    /// Whether the step was carried out, not taken from the cache.
    pub executed: bool,
    pub error: Option<String>,
    /// The time that it took, without what it waited.
    pub took: Duration,
    /// The spans in which it was carried out.
    pub spans: Vec<Span>,
    /// The spans in which this build waited for it: another build had it in hand, or a mount that it needs.
    pub waited: Vec<Span>,
    /// The time of the first output of its process.
    pub first_output: Option<Timestamp>,
    /// The output of its process.
    pub log: String,
}

impl Step {
    /// Returns whether the instruction is a `RUN`.
    pub fn is_run(&self) -> bool {
        self.instruction.starts_with("RUN")
    }

    /// Returns whether one step at a time has one of its mounts.
    pub fn has_locked_mount(&self) -> bool {
        self.is_run() && self.instruction.contains(",sharing=locked")
    }

    /// Notes that its process began at `time`, and that it waited for its mounts before.
    pub fn begin_at(&mut self, time: Timestamp) {
        let Some(span) = self.spans.iter_mut().find(|span| span.from(time).is_some()) else {
            return;
        };
        if span.start < time {
            self.waited.push(Span { end: time, ..*span });
            span.start = time;
            self.took = self
                .spans
                .iter()
                .map(|span| span.length())
                .max()
                .unwrap_or_default();
        }
    }

    /// Returns the crates that Cargo compiled in this step, as `crate vVersion`.
    pub fn compiled(&self) -> impl Iterator<Item = String> + '_ {
        self.log.lines().filter_map(compiling)
    }

    /// Returns the time of all builds that Cargo finished in this step, as Cargo reports it.
    pub fn cargo(&self) -> Option<Duration> {
        let finished = self.log.lines().filter_map(finished);
        finished.reduce(|sum, took| sum + took)
    }
}

/// Parses a line of Cargo: 62 seconds from ``    Finished `release` profile [optimized] target(s) in 1m 02s``.
fn finished(line: &str) -> Option<Duration> {
    let (_, took) = line
        .trim_start()
        .strip_prefix("Finished ")?
        .rsplit_once(" in ")?;
    took.split(' ').try_fold(Duration::ZERO, |sum, part| {
        let part = match part.strip_suffix('m') {
            Some(minutes) => Duration::from_secs(minutes.parse::<u32>().ok()?.into()) * 60,
            None => Duration::try_from_secs_f64(part.strip_suffix('s')?.parse().ok()?).ok()?,
        };
        Some(sum + part)
    })
}

/// Parses a line of Cargo: `itoa v1.0.9` from `   Compiling itoa v1.0.9 (/build/itoa)`.
pub fn compiling(line: &str) -> Option<String> {
    let mut words = line.trim_start().strip_prefix("Compiling ")?.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// All reports of a bake.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes sent so far, by step and by what was sent.
    sent: BTreeMap<(String, String), u64>,
    /// Bytes fetched so far, by layer. Several steps may wait for the same layer.
    fetched: BTreeMap<String, u64>,
    vertices: BTreeMap<String, Vertex>,
    logs: BTreeMap<String, String>,
    /// Log lines seen so far: BuildKit sends the log of a shared step once to each client.
    seen_logs: BTreeSet<(String, String, String)>,
    /// Lines that are not reports: buildx's own errors.
    pub rest: String,
}

#[derive(Debug, Default)]
struct Vertex {
    name: String,
    /// Views of the step by their start. Each target of a bake has its own view of a shared step.
    views: BTreeMap<String, Report>,
}

#[derive(Deserialize)]
struct Reports {
    #[serde(default)]
    vertexes: Vec<Report>,
    #[serde(default)]
    statuses: Vec<StatusReport>,
    #[serde(default)]
    logs: Vec<LogReport>,
}

#[derive(Deserialize)]
struct StatusReport {
    id: String,
    #[serde(default)]
    vertex: String,
    #[serde(default)]
    current: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Report {
    digest: String,
    name: String,
    started: Option<String>,
    completed: Option<String>,
    #[serde(default)]
    cached: bool,
    error: Option<String>,
}

#[derive(Deserialize)]
struct LogReport {
    vertex: String,
    data: String,
    timestamp: String,
}

impl Progress {
    /// Adds a line of the reports.
    pub fn add(&mut self, line: &str) {
        let Ok(reports) = serde_json::from_str::<Reports>(line) else {
            self.rest.push_str(line);
            return;
        };
        for report in reports.vertexes {
            let vertex = self.vertices.entry(report.digest.clone()).or_default();
            vertex.name.clone_from(&report.name);
            if let Some(started) = report.started.clone() {
                vertex.views.insert(started, report);
            }
        }
        for status in reports.statuses {
            let most = if status.id.starts_with("transferring ") {
                self.sent.entry((status.vertex, status.id)).or_default()
            } else if status.id.starts_with("sha256:") {
                self.fetched.entry(status.id).or_default()
            } else {
                continue;
            };
            *most = status.current.max(*most);
        }
        for log in reports.logs {
            let key = (log.vertex, log.timestamp, log.data);
            if self.seen_logs.contains(&key) {
                continue;
            }
            let data = STANDARD.decode(&key.2).unwrap_or_default();
            let text = String::from_utf8_lossy(&data);
            self.logs.entry(key.0.clone()).or_default().push_str(&text);
            self.seen_logs.insert(key);
        }
    }

    /// Returns the bytes of the context that the client sent.
    pub fn context_bytes(&self) -> u64 {
        self.sent.values().sum()
    }

    /// Returns the bytes of layers that were fetched from registries, compressed.
    pub fn fetched_bytes(&self) -> u64 {
        self.fetched.values().sum()
    }

    /// Returns whether a step of `stage` has printed `text`.
    pub fn has_said(&self, stage: &str, text: &str) -> bool {
        self.vertices.iter().any(|(digest, vertex)| {
            parse(&vertex.name).0 == stage
                && self.logs.get(digest).is_some_and(|log| log.contains(text))
        })
    }

    /// Returns all steps that BuildKit looked at, in the order of their start.
    pub fn steps(&self) -> Vec<Step> {
        let begun = self.begun();
        let mut steps: Vec<(&String, Step)> = self
            .vertices
            .iter()
            .filter_map(|(digest, vertex)| {
                let (stage, instruction) = parse(&vertex.name);
                let own = || vertex.views.values().filter(|view| view.is_since(begun));
                let others = vertex.views.values().filter(|view| !view.is_since(begun));
                let spans: Vec<Span> = own().filter_map(Report::span).collect();
                let first = spans.first().map(|span| span.start);
                let waited = others.filter(|view| !view.cached).filter_map(Report::span);
                let step = Step {
                    digest: digest.clone(),
                    stage: stage.to_owned(),
                    instruction: instruction.to_owned(),
                    executed: own().any(|view| view.completed.is_some() && !view.cached),
                    error: own().find_map(|view| view.error.clone()),
                    took: own().map(took).max().unwrap_or_default(),
                    waited: waited.filter_map(|span| span.from(begun?)).collect(),
                    first_output: first.and_then(|first| self.first_output(digest, first)),
                    spans,
                    log: self.logs.get(digest).cloned().unwrap_or_default(),
                };
                Some((vertex.views.keys().next()?, step))
            })
            .collect();
        steps.sort_by_key(|(start, _)| *start);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// Returns the time of the first output of a step at `start` or later.
    fn first_output(&self, digest: &str, start: Timestamp) -> Option<Timestamp> {
        let lines = self.seen_logs.iter().filter(|(step, ..)| step == digest);
        let times = lines.filter_map(|(_, time, _)| time.parse::<Timestamp>().ok());
        times.filter(|time| *time >= start).min()
    }

    /// Returns the time at which the build began, taken from a step that no other build shares. A step that is shared
    /// with concurrent builds has their views as well, including earlier ones.
    fn begun(&self) -> Option<Timestamp> {
        let definitions = self.vertices.values().filter(|vertex| {
            let step = vertex.name.split_once("internal] ");
            step.is_some_and(|(_, step)| step.starts_with("load build definition "))
        });
        let starts = definitions.filter_map(|vertex| vertex.views.keys().next());
        starts.filter_map(|start| start.parse().ok()).min()
    }
}

impl Report {
    /// Returns whether it is of a build that began at that time.
    fn is_since(&self, begun: Option<Timestamp>) -> bool {
        let started = self.started.as_deref();
        let started = started.and_then(|started| started.parse::<Timestamp>().ok());
        begun.is_none_or(|begun| started.is_none_or(|started| started >= begun))
    }

    fn span(&self) -> Option<Span> {
        Span::between(self.started.as_deref()?, self.completed.as_deref()?)
    }
}

/// Returns the steps that end with this line of a report, without their logs.
pub fn ended(line: &str) -> Vec<Step> {
    let reports = serde_json::from_str::<Reports>(line);
    let reports = reports.map(|reports| reports.vertexes).unwrap_or_default();
    let ended = reports.iter().filter(|report| report.completed.is_some());
    ended
        .map(|report| {
            let (stage, instruction) = parse(&report.name);
            Step {
                digest: report.digest.clone(),
                stage: stage.to_owned(),
                instruction: instruction.to_owned(),
                executed: !report.cached,
                error: report.error.clone(),
                took: took(report),
                ..Step::default()
            }
        })
        .collect()
}

/// Splits `[linux/amd64 build-api 1/2] RUN x` into stage and instruction. The target and the platform precede the stage
/// if there are several; the step's number follows it unless the step is internal.
fn parse(name: &str) -> (&str, &str) {
    let Some((place, instruction)) = name
        .strip_prefix('[')
        .and_then(|name| name.split_once("] "))
    else {
        return ("", name);
    };
    let mut words = place.split_whitespace().rev();
    let number = words.next().filter(|word| word.contains('/'));
    match (number, words.next()) {
        (Some(_), Some(stage)) => (stage, instruction),
        _ => ("", instruction),
    }
}

fn took(view: &Report) -> Duration {
    view.span().map(Span::length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::spans::covered;

    #[test]
    fn stages_are_read_from_names() {
        assert_eq!(parse("[build-a 1/1] RUN x"), ("build-a", "RUN x"));
        assert_eq!(
            parse("[a build-a 2/3] COPY [y] z"),
            ("build-a", "COPY [y] z")
        );
        assert_eq!(parse("[linux/arm64 deps 1/1] RUN"), ("deps", "RUN"));
        assert_eq!(parse("[a internal] load build context").0, "");
        assert_eq!(parse("[a] exporting to image").0, "");
        assert_eq!(parse("importing cache"), ("", "importing cache"));
    }

    #[test]
    fn compiled_crates_are_read_from_cargos_lines() {
        let read = |line| compiling(line).unwrap();
        assert_eq!(read("   Compiling itoa v1.0.9"), "itoa v1.0.9");
        assert_eq!(read("   Compiling a v0.0.0 (/build/a)"), "a v0.0.0");
        assert_eq!(compiling("    Finished `release` profile"), None);
    }

    #[test]
    fn bytes_are_counted_once_however_often_they_are_reported() {
        let mut progress = Progress::default();
        for (id, current) in [
            ("transferring context:", 1),
            ("transferring context:", 30),
            ("sha256:aa", 5),
            ("extracting sha256:aa", 500),
            ("sha256:bb", 6),
        ] {
            progress.add(&format!(
                r#"{{"statuses":[{{"id":"{id}","vertex":"1","current":{current}}}]}}"#
            ));
        }
        assert_eq!(progress.context_bytes(), 30);
        assert_eq!(progress.fetched_bytes(), 11);
    }

    #[test]
    fn a_step_counts_as_executed_unless_cached() {
        let mut progress = Progress::default();
        for (digest, cached) in [("1", true), ("2", false)] {
            progress.add(&format!(
                r#"{{"vertexes":[{{"digest":"{digest}","name":"[s 1/1] RUN","started":"2026-01-01T23:59:59.5Z","completed":"2026-01-02T00:00:01Z","cached":{cached}}}]}}"#
            ));
        }
        progress.add("ERROR: no\n");
        let executed: Vec<bool> = progress.steps().iter().map(|step| step.executed).collect();
        assert_eq!(progress.steps()[0].took, Duration::from_millis(1500));
        assert_eq!(progress.rest, "ERROR: no\n");
        assert_eq!(executed.iter().filter(|executed| **executed).count(), 1);
    }

    /// Step → its views, each with its start and whether it was cached.
    const SHARED: [(&str, &[(&str, bool)]); 4] = [
        (
            "[internal] load build definition from Dockerfile",
            &[("10:00:40.5", false)],
        ),
        (
            "[toolchain 2/2] RUN apt-get",
            &[("10:00:01", false), ("10:00:41", true)],
        ),
        ("[elsewhere 1/1] RUN cargo", &[("10:00:02", false)]),
        ("[deps 1/1] RUN cargo", &[("10:00:40.75", false)]),
    ];

    #[test]
    fn what_another_build_did_before_this_one_began_is_not_its_own() {
        let mut progress = Progress::default();
        for (digest, (name, views)) in SHARED.iter().enumerate() {
            for (start, cached) in *views {
                progress.add(&format!(
                    r#"{{"vertexes":[{{"digest":"{digest}","name":"{name}","started":"2026-01-01T{start}Z","completed":"2026-01-01T10:00:42Z","cached":{cached}}}]}}"#
                ));
            }
        }
        let steps = progress.steps();
        let executed = steps.iter().filter(|step| step.executed && step.is_run());
        let stages: Vec<&str> = executed.map(|step| step.stage.as_str()).collect();
        assert_eq!(stages, ["deps"]);
        let waited = |stage: &str| {
            let step = steps.iter().find(|step| step.stage == stage).unwrap();
            covered(step.waited.iter().copied())
        };
        let ended = Duration::from_millis(1500);
        assert_eq!([waited("toolchain"), waited("elsewhere")], [ended, ended]);
        assert_eq!(waited("deps"), Duration::ZERO);
    }

    #[test]
    fn what_a_step_waits_for_its_mounts_is_not_its_own_time() {
        let mut progress = Progress::default();
        progress.add(r#"{"vertexes":[{"digest":"1","name":"[deps 1/1] RUN --mount=type=cache,id=a,target=/a,sharing=locked x","started":"2026-01-01T10:00:00Z","completed":"2026-01-01T10:00:10Z"}],"logs":[{"vertex":"1","data":"YQo=","timestamp":"2026-01-01T10:00:08Z"}]}"#);
        let mut step = progress.steps().remove(0);
        assert!(step.has_locked_mount());
        assert_eq!(step.took, Duration::from_secs(10));
        step.begin_at(step.first_output.unwrap());
        assert_eq!(step.took, Duration::from_secs(2));
        assert_eq!(covered(step.waited), Duration::from_secs(8));
    }

    #[test]
    fn a_log_that_two_clients_are_sent_counts_once() {
        let mut progress = Progress::default();
        progress.add(r#"{"vertexes":[{"digest":"1","name":"[s 1/1] RUN","started":"2026-01-01T00:00:00Z"}]}"#);
        let log = r#"{"logs":[{"vertex":"1","stream":2,"data":"YQo=","timestamp":"2026-01-01T00:00:01Z"}]}"#;
        progress.add(log);
        progress.add(log);
        assert_eq!(progress.steps()[0].log, "a\n");
    }

    #[test]
    fn cargos_own_time_is_the_sum_of_its_reports() {
        let rows = [
            ("", None),
            (
                "    Finished `dev` profile [unoptimized] target(s) in 0.58s\n",
                Some(580),
            ),
            (
                "    Finished `release` profile [optimized + debuginfo] target(s) in 1m 02s\n",
                Some(62_000),
            ),
            (
                "Finished `a` profile in 0.25s\n   Compiling b v1.0.0\n Finished `b in c` profile in 1.50s\n",
                Some(1750),
            ),
            (
                "Finished in time\nFinished something in xs\nFinished something in 1h\n",
                None,
            ),
        ];
        for (log, expected) in rows {
            let step = Step {
                log: log.to_owned(),
                ..Step::default()
            };
            assert_eq!(step.cargo(), expected.map(Duration::from_millis), "{log}");
        }
    }
}
