//! Builders of several nodes: the buildx commands that create them.

use super::buildx::Engine;
use crate::plan::config::valid::BuilderConfig;
use crate::problem::{Code, Problem};

/// Returns the arguments of `docker` that create a builder, one command for each node, and then start it.
pub fn commands(builder: &BuilderConfig) -> Vec<Vec<String>> {
    let name = builder.name.as_str();
    let mut commands = Vec::new();
    for (number, node) in builder.nodes.iter().enumerate() {
        let mut command = vec!["buildx", "create", "--name", name];
        command.extend((number > 0).then_some("--append"));
        let own = format!("{name}{number}");
        command.extend(["--node", &own, "--driver", builder.driver]);
        let platforms = node.platforms.join(",");
        if !platforms.is_empty() {
            command.extend(["--platform", &platforms]);
        }
        let options = node.options.iter();
        let options: Vec<String> = options.map(|(key, value)| option(key, value)).collect();
        for option in &options {
            command.extend(["--driver-opt", option]);
        }
        command.extend(node.endpoint.as_deref());
        commands.push(command.into_iter().map(str::to_owned).collect());
    }
    commands.push(
        ["buildx", "inspect", "--bootstrap", name]
            .map(str::to_owned)
            .into(),
    );
    commands
}

/// Returns an option as a field of the comma-separated values that buildx reads.
fn option(key: &str, value: &str) -> String {
    if value.contains([',', '"']) {
        format!("\"{key}={}\"", value.replace('"', "\"\""))
    } else {
        format!("{key}={value}")
    }
}

impl Engine {
    /// Creates `builder` and starts it. If `replace` is set, it first removes a builder with the same name. Returns
    /// buildx's description of the nodes.
    ///
    /// # Errors
    /// `builder-failed`, with buildx's message about the node.
    pub fn make_builder(&self, builder: &BuilderConfig, replace: bool) -> Result<String, Problem> {
        let name = builder.name.as_str();
        let there = self.output(&["buildx", "inspect", name]).is_ok();
        if there && !replace {
            let problem = Problem::new(
                Code::BuilderFailed,
                format!("there is a builder `{name}` already"),
            );
            return Err(problem.hint(
                "use it with `BUILDX_BUILDER`, or replace it with --replace, which drops its cache",
            ));
        }
        if there {
            self.builder_command(&["buildx", "rm", name].map(str::to_owned))?;
        }
        let mut said = String::new();
        for command in commands(builder) {
            said = self.builder_command(&command)?;
        }
        match lost(&said) {
            None => Ok(said),
            Some(node) => Err(failed(&node)),
        }
    }

    fn builder_command(&self, arguments: &[String]) -> Result<String, Problem> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.output(&words)
            .map_err(|said| failed(&format!("docker {}: {said}", words.join(" "))))
    }
}

fn failed(what: &str) -> Problem {
    Problem::new(Code::BuilderFailed, what.to_owned())
        .hint("check that the node runs and can be reached from here, then repeat with --replace")
}

/// Returns the first node that buildx lists with an error.
fn lost(inspected: &str) -> Option<String> {
    let mut node = "";
    for line in inspected.lines() {
        if let Some(name) = line.strip_prefix("Name:") {
            node = name.trim();
        }
        if let Some(error) = line.strip_prefix("Error:") {
            return Some(format!("the node {node} does not answer: {}", error.trim()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::config::valid::NodeConfig;

    #[test]
    fn each_node_has_a_command() {
        let node = |endpoint: &str, platform: &str, options: &[(&str, &str)]| NodeConfig {
            endpoint: Some(endpoint.to_owned()),
            platforms: vec![platform.to_owned()],
            options: BTreeMap::from_iter(
                options
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
            ),
        };
        let builder = BuilderConfig {
            name: "fleet".to_owned(),
            driver: "remote",
            nodes: vec![
                node("tcp://10.0.0.1:1234", "linux/amd64", &[]),
                node("tcp://10.0.0.2:1234", "linux/arm64", &[("cacert", "/ca,1")]),
            ],
        };
        let lines: Vec<String> = commands(&builder)
            .iter()
            .map(|words| words.join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "buildx create --name fleet --node fleet0 --driver remote --platform linux/amd64 tcp://10.0.0.1:1234",
                "buildx create --name fleet --append --node fleet1 --driver remote --platform linux/arm64 --driver-opt \"cacert=/ca,1\" tcp://10.0.0.2:1234",
                "buildx inspect --bootstrap fleet",
            ]
        );
    }

    #[test]
    fn a_node_with_an_error_is_named() {
        let said = "Name: fleet\nDriver: remote\n\nNodes:\nName:     fleet0\nStatus:   running\n\nName:     fleet1\nError:    connection refused\n";
        let lost = lost(said).unwrap_or_default();
        assert_eq!(lost, "the node fleet1 does not answer: connection refused");
    }
}
