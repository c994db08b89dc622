//! Measures the generator on synthetic workspaces: `speed [--rounds N] BAKEHOUSE`. The results depend on the machine.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use bakehouse_testkit::synthetic::set_value;
use bakehouse_testkit::{Ran, Synthetic};
use camino::{Utf8Path, Utf8PathBuf};

const USAGE: &str = "usage: speed [--rounds N] BAKEHOUSE";

const LARGE: Synthetic = Synthetic {
    services: 100,
    libraries: 200,
    seed: 1,
};

const MIDDLE: Synthetic = Synthetic {
    services: 12,
    libraries: 25,
    seed: 1,
};

const COMMITS: usize = 300;

fn main() -> ExitCode {
    let Some((bakehouse, rounds)) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("it is UTF-8");
    let bench = Bench { bakehouse, folder };
    bench.planning(rounds);
    bench.history();
    std::fs::remove_dir_all(&bench.folder).expect("it can be removed");
    ExitCode::SUCCESS
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<(Utf8PathBuf, usize)> {
    let (mut bakehouse, mut rounds) = (None, 11);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rounds" => rounds = words.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            option if option.starts_with('-') => return None,
            path if bakehouse.is_none() => bakehouse = Some(Utf8PathBuf::from(path)),
            _ => return None,
        }
    }
    let bakehouse = bakehouse?.canonicalize_utf8().ok()?;
    Some((bakehouse, rounds))
}

struct Bench {
    bakehouse: Utf8PathBuf,
    folder: Utf8PathBuf,
}

impl Bench {
    /// Measures `plan` and `generate`, compared with the time that Cargo takes to list the members.
    fn planning(&self, rounds: usize) {
        let dir = self.folder.join("large");
        LARGE.write(&dir);
        let cargo = || {
            let mut cargo = Command::new(std::env::var("CARGO").unwrap_or("cargo".to_owned()));
            cargo.current_dir(&dir).args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--offline",
            ]);
            cargo
        };
        let plan = || self.run(&dir, &["plan"]);
        let generate = || self.run(&dir, &["generate"]);
        let unknown = || {
            let mut command = self.run(&dir, &["plan"]);
            command.env("BAKEHOUSE_CACHE", "");
            command
        };
        for warm in [generate(), plan(), cargo()] {
            time(warm);
        }
        println!(
            "{} members, {} services, median of {rounds}:",
            LARGE.services + LARGE.libraries,
            LARGE.services
        );
        let mut times = [const { Vec::new() }; 4];
        // Alternates between the programs, so that other load on the machine affects all of them.
        for _ in 0..rounds {
            for (times, command) in times
                .iter_mut()
                .zip([cargo(), plan(), generate(), unknown()])
            {
                times.push(time(command));
            }
        }
        let [cargo, plan, generate, unknown] = times.map(median);
        let allowed = cargo * 3 / 2 + Duration::from_millis(60);
        show("cargo metadata --no-deps", cargo);
        show("bakehouse plan", plan);
        show("bakehouse generate", generate);
        show("both", plan + generate);
        show("allowed for both", allowed);
        show("bakehouse plan, Cargo's answer not remembered", unknown);
    }

    /// Measures `affected` at each commit of a history, and over all of it.
    fn history(&self) {
        let dir = self.folder.join("middle");
        MIDDLE.write(&dir);
        let git = |arguments: &[&str]| {
            let identity = [
                "-c",
                "user.name=nobody",
                "-c",
                "user.email=nobody@localhost",
            ];
            let mut command = Command::new("git");
            command.current_dir(&dir).args(identity).args(arguments);
            Ran::of(&mut command).succeeded().stdout
        };
        git(&["init", "--quiet", "--initial-branch", "main"]);
        time(self.run(&dir, &["generate"]));
        let layout = MIDDLE.layout();
        let members: Vec<&String> = layout
            .libraries
            .keys()
            .chain(layout.services.keys())
            .collect();
        for commit in 0..COMMITS {
            // Changes a manifest now and then, as in a real history.
            let member = members[commit * 7 % members.len()];
            if commit % 20 == 19 {
                describe(&dir, member, commit);
            } else {
                set_value(&dir, member, &commit.to_string());
            }
            git(&["add", "--all"]);
            git(&["commit", "--quiet", "--message", "a change"]);
        }
        let (mut beyond, mut all) = (Vec::new(), Vec::new());
        for commit in (0..COMMITS - 1).rev() {
            git(&["checkout", "--quiet", "--detach", &format!("main~{commit}")]);
            let (took, of_git) = self.affected(&dir, "HEAD~1");
            all.push(took);
            beyond.push(took.saturating_sub(of_git));
        }
        println!(
            "{} members, {COMMITS} commits, `affected --since HEAD~1` at each:",
            members.len()
        );
        show("mean", mean(&all));
        show("mean beyond git", mean(&beyond));
        show("median beyond git", median(beyond));
        git(&["checkout", "--quiet", "main"]);
        let (took, of_git) = self.affected(&dir, &format!("HEAD~{}", COMMITS - 1));
        show("all at once, --since the first commit", took);
        show("all at once, beyond git", took.saturating_sub(of_git));
    }

    /// Returns the duration, and the part of it in which git ran.
    fn affected(&self, dir: &Utf8Path, since: &str) -> (Duration, Duration) {
        let trace = self.folder.join("trace");
        let _ = std::fs::remove_file(&trace);
        let mut command = self.run(dir, &["affected", "--since", since]);
        command.env("GIT_TRACE2_EVENT", &trace);
        let took = time(command);
        let trace = std::fs::read_to_string(trace).expect("git traces");
        let events = trace.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
            event
        });
        let ends = events.filter(|event| event["event"] == "atexit");
        let seconds: f64 = ends.filter_map(|end| end["t_abs"].as_f64()).sum();
        (took, Duration::from_secs_f64(seconds))
    }

    fn run(&self, dir: &Utf8Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bakehouse);
        command
            .current_dir(dir)
            .env("BAKEHOUSE_CACHE", self.folder.join("cache"))
            .args(arguments);
        command
    }
}

/// Changes the description of a member.
fn describe(dir: &Utf8Path, member: &str, number: usize) {
    let path = dir
        .join(bakehouse_testkit::synthetic::folder(member))
        .join("Cargo.toml");
    let text = std::fs::read_to_string(&path).expect("a member has a manifest");
    let lines = text.lines().filter(|line| !line.starts_with("description"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let described = format!("[package]\ndescription = \"number {number}\"\n");
    std::fs::write(path, text.replacen("[package]\n", &described, 1)).expect("it can be written");
}

fn time(mut command: Command) -> Duration {
    let since = Instant::now();
    let ran = Ran::of(&mut command);
    let took = since.elapsed();
    let _ = ran.succeeded();
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn mean(times: &[Duration]) -> Duration {
    let count = u32::try_from(times.len()).expect("they are few");
    times.iter().sum::<Duration>() / count
}

fn show(what: &str, time: Duration) {
    println!("{:>8.1} ms  {what}", time.as_secs_f64() * 1000.0);
}
