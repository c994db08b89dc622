//! One job on one runner: its steps, in order.

use std::process::Command;

use bakehouse_testkit::{Ran, Reach, Running};
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::action::ACTIONS;
use super::expression::Contexts;
use super::play::Event;

/// A fresh runner.
pub struct Machine<'a> {
    pub event: &'a Event,
    /// How often it logged in to a registry.
    pub logins: usize,
    dir: Utf8PathBuf,
    _folder: TempDir,
    contexts: Contexts,
    /// Variables of workflow and job.
    env: Vec<(String, String)>,
}

/// The end of a job.
#[derive(Clone, Debug)]
pub struct Ended {
    /// `success`, `failure` or `cancelled`.
    pub result: &'static str,
    pub outputs: Value,
    pub logins: usize,
    /// What its scripts printed.
    pub said: String,
}

impl<'a> Machine<'a> {
    /// Starts a runner with the variables of the workflow and of the job.
    ///
    /// # Panics
    /// If it has no room.
    pub fn new(event: &'a Event, contexts: Contexts, env: Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let dir = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("its name is UTF-8");
        std::fs::create_dir(dir.join("work")).expect("a folder can be made");
        Self {
            event,
            logins: 0,
            dir,
            _folder: folder,
            // Whether steps run is a matter of the job's own steps.
            contexts: Contexts {
                values: contexts.values,
                ..Contexts::default()
            },
            env,
        }
    }

    /// Returns the folder in which steps run.
    pub fn folder(&self) -> Utf8PathBuf {
        self.file("work")
    }

    fn file(&self, name: &str) -> Utf8PathBuf {
        self.dir.join(name)
    }

    /// Runs the steps of a job. If `interrupt` is a text, a script that prints it is interrupted.
    ///
    /// # Panics
    /// For an action that is not in the table.
    pub fn run(&mut self, job: &Value, interrupt: Option<&str>) -> Ended {
        let mut said = String::new();
        for step in job["steps"].as_array().expect("a job has steps") {
            if !self.contexts.holds(step["if"].as_str()) {
                continue;
            }
            if let Some(action) = step["uses"].as_str() {
                self.act(action, &step["with"]);
                continue;
            }
            let ran = self.script(step, interrupt);
            said += &ran.stderr;
            match ran.code {
                Some(0) => {}
                _ if interrupt.is_some_and(|text| ran.stderr.contains(text)) => {
                    self.contexts.is_cancelled = true;
                }
                _ => self.contexts.is_failed = true,
            }
        }
        let mut outputs = serde_json::Map::new();
        for (name, value) in job["outputs"].as_object().into_iter().flatten() {
            let value = self.contexts.fill(value.as_str().unwrap_or_default());
            outputs.insert(name.clone(), value.into());
        }
        Ended {
            result: match (self.contexts.is_cancelled, self.contexts.is_failed) {
                (true, _) => "cancelled",
                (_, true) => "failure",
                _ => "success",
            },
            outputs: outputs.into(),
            logins: self.logins,
            said,
        }
    }

    fn act(&mut self, uses: &str, with: &Value) {
        let name = uses.split('@').next().unwrap_or_default();
        let mut known = ACTIONS.iter();
        let (_, action) = known
            .find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("no test says what `{name}` does"));
        let with = with.as_object().into_iter().flatten();
        let with = with.map(|(key, value)| {
            let value = match value {
                Value::String(text) => self.contexts.fill(text).into(),
                value => value.clone(),
            };
            (key.clone(), value)
        });
        let with = Value::Object(with.collect());
        action(self, &with);
    }

    /// Runs a script as GitHub does: by `bash -e`, with the variables of workflow, job and step.
    fn script(&mut self, step: &Value, interrupt: Option<&str>) -> Ran {
        let script = self.contexts.fill(step["run"].as_str().expect("a script"));
        let file = self.file("step.sh");
        std::fs::write(&file, script).expect("a file can be written");
        let outputs = self.file("outputs");
        std::fs::write(&outputs, "").expect("a file can be written");
        let mut command = Command::new("bash");
        command
            .args(["-e", file.as_str()])
            .current_dir(self.folder());
        for name in ["REGISTRY", "TAG", "PLATFORMS", "CACHE_REF", "CACHE_BRANCH"] {
            command.env_remove(name);
        }
        command.envs(self.env.iter().cloned());
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, self.contexts.fill(value.as_str().unwrap_or_default()));
        }
        let github = |key: &str| self.contexts.fill(&format!("${{{{ github.{key} }}}}"));
        command
            .env("GITHUB_OUTPUT", &outputs)
            .env("GITHUB_PATH", self.file("path"))
            .env("GITHUB_REF_TYPE", github("ref_type"))
            .env("GITHUB_REF_NAME", github("ref_name"))
            .env("RUNNER_TEMP", self.file("temp"))
            .env("PATH", self.path());
        let ran = match interrupt {
            Some(text) => interrupted(&mut command, text),
            None => Ran::of(&mut command),
        };
        if let Some(id) = step["id"].as_str() {
            let written = std::fs::read_to_string(&outputs).unwrap_or_default();
            let values = written.lines().filter_map(|line| line.split_once('='));
            let values = values.map(|(name, value)| (name.to_owned(), value.into()));
            let values: serde_json::Map<String, Value> = values.collect();
            let steps = self.contexts.values.entry("steps");
            steps.or_insert_with(|| json!({}))[id] = json!({ "outputs": values });
        }
        ran
    }

    /// Returns `PATH` with the program under test, and with what steps added to it.
    fn path(&self) -> String {
        let added = std::fs::read_to_string(self.file("path")).unwrap_or_default();
        let program = bakehouse_testkit::bakehouse::command(&self.folder());
        let program = Utf8Path::from_path(program.get_program().as_ref()).expect("UTF-8");
        let mut folders: Vec<&str> = added.lines().collect();
        folders.reverse();
        folders.push(program.parent().expect("a program is in a folder").as_str());
        let usual = std::env::var("PATH").unwrap_or_default();
        format!("{}:{usual}", folders.join(":"))
    }
}

/// Runs a command, and interrupts it as soon as it prints `text`, if it does.
fn interrupted(command: &mut Command, text: &str) -> Ran {
    let mut running = Running::start(command);
    if running.waits_for(text) {
        running.signal("INT", Reach::Group);
    }
    running.wait()
}
