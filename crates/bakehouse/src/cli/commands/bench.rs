//! `bakehouse bench`.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize;
use serde::Serialize;

use crate::bench::contenders::Contender;
use crate::bench::replay::results::{Build, CommitFacts, Replayed};
use crate::bench::replay::{self, Request};
use crate::bench::report::{chart, markdown, replay_chart, replay_markdown, seconds};
use crate::bench::results::{Outcome, Results, Run};
use crate::bench::scenario::Scenario;
use crate::bench::{self, Bare, Host, Options};
use crate::cli::args::{BenchArgs, Global};
use crate::cli::session::{Planned, Session};
use crate::engine::Engine;
use crate::plan::Plan;
use crate::problem::{Code, Problem, Problems};

pub fn run(session: &Session, arguments: &BenchArgs) -> Result<(), Problems> {
    let Planned {
        root, plan, config, ..
    } = session.plan()?;
    let engine = Engine::find()?;
    engine.version()?;
    engine.buildx()?;
    let contenders = if arguments.contenders.is_empty() {
        Contender::ALL.to_vec()
    } else {
        arguments
            .contenders
            .iter()
            .map(|contender| contender.0)
            .collect()
    };
    let bare = arguments
        .runner
        .clone()
        .zip(arguments.registry.clone())
        .map(|(runner, registry)| Bare {
            runner,
            registry,
            store: arguments.store.clone(),
        });
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => root.join("target/bakehouse-bench"),
    };
    fs_err::create_dir_all(&out).map_err(unwritable)?;
    let terminal = Terminal::new(session, &out);
    if let Some(range) = &arguments.replay {
        let request = Request {
            range: range.clone(),
            contenders,
            kept: arguments.kept || bare.is_none(),
            bare,
        };
        let replayed = replay::replay(&root, &plan, &config, &request, &terminal)?;
        terminal.bar.finish_and_clear();
        write_replay(&out, &replayed)?;
        session.say(replay_markdown::render(&replayed));
        session.say(format_args!(
            "written: {out}/replay.json, replay.md and replay.svg"
        ));
        return Ok(());
    }
    let options = Options {
        rounds: arguments.rounds,
        cold_rounds: arguments.cold_rounds,
        contenders,
        scenarios: arguments.scenarios.clone(),
        bare,
        patience: Duration::from_secs(arguments.patience),
    };
    let results = bench::run(&root, &plan, &config, &options, &terminal)?;
    terminal.bar.finish_and_clear();
    write(&out, &results)?;
    session.say(markdown::render(&results));
    session.say(format_args!(
        "written: {out}/bench.json, bench.md and bench.svg"
    ));
    Ok(())
}

fn write(out: &Utf8Path, results: &Results) -> Result<(), Problem> {
    let texts = [
        ("bench.json", json(results)),
        ("bench.md", markdown::render(results)),
        ("bench.svg", chart::render(results)),
    ];
    write_all(out, &texts)
}

fn write_replay(out: &Utf8Path, replayed: &Replayed) -> Result<(), Problem> {
    let texts = [
        ("replay.json", json(replayed)),
        ("replay.md", replay_markdown::render(replayed)),
        ("replay.svg", replay_chart::render(replayed)),
    ];
    write_all(out, &texts)
}

fn json(results: &impl Serialize) -> String {
    serde_json::to_string_pretty(results).expect("strings, numbers and lists are JSON") + "\n"
}

fn write_all(out: &Utf8Path, texts: &[(&str, String)]) -> Result<(), Problem> {
    for (name, text) in texts {
        fs_err::write(out.join(name), text).map_err(unwritable)?;
    }
    Ok(())
}

fn unwritable(error: std::io::Error) -> Problem {
    Problem::from_error(Code::FileUnwritable, error)
        .hint("name a folder that can be written with --out")
}

/// The user's terminal as the host of the benchmark.
struct Terminal<'a> {
    session: &'a Session,
    out: Utf8PathBuf,
    bar: ProgressBar,
}

impl<'a> Terminal<'a> {
    fn new(session: &'a Session, out: &Utf8Path) -> Self {
        let bar = ProgressBar::new(0);
        if session.global.quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self {
            session,
            out: out.to_owned(),
            bar,
        }
    }

    /// Prints a line for a measured cell.
    fn tell(&self, way: &str, title: &str, run: &Run) {
        self.bar.inc(1);
        let outcome = match run.outcome {
            Outcome::Right => "right".green().to_string(),
            Outcome::Stale => "stale binary".red().to_string(),
            Outcome::Failed => "failed".red().to_string(),
            Outcome::Unchecked => String::new(),
        };
        let line = format!(
            "{:>8}  {:<22} {title}  {outcome}",
            seconds(run.seconds),
            way.replace('`', ""),
        );
        let failures = run
            .failures
            .iter()
            .map(|failure| format!("\n          {failure}"));
        self.line(line + &failures.collect::<String>());
    }

    fn line(&self, text: String) {
        if self.bar.is_hidden() {
            self.session.say(text);
        } else {
            self.bar.println(text);
        }
    }
}

impl Host for Terminal<'_> {
    fn plan(&self, root: &Utf8Path) -> Result<Plan, Problems> {
        let copy = Session::new(Global {
            manifest_path: Some(root.join("Cargo.toml")),
            config: None,
            ..self.session.global.clone()
        });
        copy.plan().map(|planned| planned.plan)
    }

    fn total(&self, cells: usize) {
        self.bar.set_length(cells as u64);
    }

    fn now(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    fn measured(&self, scenario: &Scenario, contender: Contender, run: &Run) {
        self.tell(contender.title(), &scenario.title, run);
    }

    fn save(&self, results: &Results) {
        if let Err(problem) = write(&self.out, results) {
            tracing::warn!("{problem}");
        }
    }

    fn replayed(&self, commit: &CommitFacts, build: &Build) {
        let title = format!("{} {}", commit.short(), commit.subject);
        self.tell(build.track.contender.title(), &title, &build.run);
    }

    fn left_out(&self, commit: &CommitFacts) {
        let why = commit.left_out.as_deref().unwrap_or_default();
        self.line(format!(
            "{} {} is left out: {why}",
            commit.short(),
            commit.subject
        ));
    }

    fn save_replay(&self, replayed: &Replayed) {
        if let Err(problem) = write_replay(&self.out, replayed) {
            tracing::warn!("{problem}");
        }
    }
}
