//! The stages and steps of generated Dockerfiles, with their commands as a shell can run them here.

use std::collections::BTreeMap;
use std::path::Path;

/// A `RUN` of a stage.
pub struct Step {
    pub stage: String,
    /// The options `--network=…` and `--mount=…`.
    pub options: Vec<String>,
    /// The command with its heredoc.
    pub command: String,
}

impl Step {
    /// Returns whether the step has network access.
    pub fn has_network(&self) -> bool {
        !self.options.contains(&"--network=none".to_owned())
    }

    /// Returns the command with the paths of scripts replaced by those in `folder`, where they were generated.
    pub fn command_with(&self, folder: &Path) -> String {
        self.command
            .replace("/run/", &format!("{}/", folder.display()))
    }
}

/// Returns all steps of a Dockerfile.
pub fn all(dockerfile: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut stage = "";
    let mut lines = dockerfile.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("FROM ") {
            stage = line.rsplit(' ').next().unwrap();
        }
        let Some(mut rest) = line.strip_prefix("RUN ") else {
            continue;
        };
        let mut text = String::new();
        while let Some(line) = rest.strip_suffix('\\') {
            text += line.trim_start();
            rest = lines.next().unwrap();
        }
        text += rest.trim_start();
        let mut options = Vec::new();
        let mut command = text.trim_start();
        while command.starts_with("--") {
            let (option, more) = command.split_once(' ').unwrap();
            options.push(option.to_owned());
            command = more.trim_start();
        }
        let mut command = command.to_owned();
        if let Some((_, end)) = text.split_once("<<'") {
            let end = end.trim_end_matches('\'');
            for line in lines.by_ref() {
                command += &format!("\n{line}");
                if line == end {
                    break;
                }
            }
        }
        steps.push(Step {
            stage: stage.to_owned(),
            options,
            command,
        });
    }
    steps
}

/// Returns the steps of one stage.
pub fn of(dockerfile: &str, stage: &str) -> Vec<Step> {
    let mut steps = all(dockerfile);
    steps.retain(|step| step.stage == stage);
    steps
}

/// A stage of a Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    pub from: String,
    /// Variables and their values.
    pub env: Vec<(String, String)>,
    pub arguments: Vec<String>,
}

/// Returns all stages of a Dockerfile, by name.
pub fn stages(dockerfile: &str) -> BTreeMap<String, Stage> {
    let mut stages: BTreeMap<String, Stage> = BTreeMap::new();
    let mut name = "";
    let whole = dockerfile.replace("\\\n", "");
    for line in whole.lines() {
        if let Some((from, new)) = line
            .strip_prefix("FROM ")
            .and_then(|line| line.split_once(" AS "))
        {
            name = new;
            from.clone_into(&mut stages.entry(name.to_owned()).or_default().from);
            continue;
        }
        let Some(stage) = stages.get_mut(name) else {
            continue;
        };
        if let Some(argument) = line.strip_prefix("ARG ") {
            stage.arguments.push(argument.to_owned());
        } else if let Some(mut rest) = line.strip_prefix("ENV ") {
            while let Some((key, more)) = rest.trim_start().split_once("=\"") {
                let (value, more) = more.split_once('"').unwrap();
                stage.env.push((key.to_owned(), value.to_owned()));
                rest = more;
            }
        }
    }
    stages
}
