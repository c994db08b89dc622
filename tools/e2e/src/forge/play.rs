//! A workflow, an event, and the jobs that it starts.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde_json::{Map, Value, json};

use super::expression::Contexts;
use super::job::{Ended, Machine};

/// Something that happened in a repository.
#[derive(Clone, Debug)]
pub struct Event {
    /// The place of the repository.
    pub repository: Utf8PathBuf,
    /// The commit that is checked out.
    pub commit: String,
    /// The context `github`.
    pub github: Value,
    /// The context `secrets`. A fork has none.
    pub secrets: Value,
    /// A text: the user cancels the run as soon as a script prints it.
    pub cancelled_at: Option<&'static str>,
}

/// A workflow as it was read.
#[derive(Clone, Debug)]
pub struct Workflow(Value);

/// A run of a workflow.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// `success`, `failure`, `cancelled` or `skipped`, by job.
    pub results: BTreeMap<String, String>,
    /// The values of `target` in the matrix of each job.
    pub targets: BTreeMap<String, Vec<String>>,
    /// The jobs that logged in to a registry.
    pub logins: Vec<String>,
    /// What scripts printed, by job.
    pub said: BTreeMap<String, String>,
}

impl Workflow {
    /// Reads a workflow.
    ///
    /// # Panics
    /// If it is not YAML.
    pub fn read(text: &str) -> Self {
        Self(serde_saphyr::from_str(text).expect("a workflow is YAML"))
    }

    /// Returns whether an event starts the workflow.
    pub fn is_started_by(&self, event: &Event) -> bool {
        let name = event.github["event_name"].as_str().expect("a name");
        let reference = &event.github["ref_name"];
        let Some(filter) = self.0["on"].get(name) else {
            return false;
        };
        let listed = |key: &str| filter[key].as_array().cloned().unwrap_or_default();
        match (name, event.github["ref_type"].as_str()) {
            ("push", Some("tag")) => listed("tags").iter().any(|pattern| {
                let pattern = pattern.as_str().unwrap_or_default();
                let start = pattern.trim_end_matches('*');
                reference
                    .as_str()
                    .is_some_and(|name| name.starts_with(start))
            }),
            ("push", _) => listed("branches").contains(reference),
            _ => true,
        }
    }

    /// Plays all jobs, in the order of what they need.
    ///
    /// # Panics
    /// If the event does not start the workflow, or a job needs one that does not exist.
    pub fn play(&self, event: &Event) -> Played {
        assert!(self.is_started_by(event), "it starts by {}", event.github);
        let mut played = Played::default();
        let mut ended: BTreeMap<String, Value> = BTreeMap::new();
        let mut open: Vec<(&String, &Value)> = self.jobs().iter().collect();
        while !open.is_empty() {
            let is_ready = |job: &Value| needs(job).iter().all(|need| ended.contains_key(need));
            let next = open.iter().position(|(_, job)| is_ready(job));
            let (name, job) = open.remove(next.expect("jobs need jobs that exist"));
            let contexts = contexts(event, job, &ended, &played);
            let outputs = match contexts.holds(job["if"].as_str()) {
                false => {
                    played.results.insert(name.clone(), "skipped".to_owned());
                    json!({})
                }
                true => self.run(event, name, job, &contexts, &mut played),
            };
            let result = &played.results[name];
            let end = json!({ "result": result, "outputs": outputs });
            ended.insert(name.clone(), end);
        }
        played
    }

    /// Runs a job, once for each entry of its matrix, and returns its outputs.
    fn run(
        &self,
        event: &Event,
        name: &str,
        job: &Value,
        contexts: &Contexts,
        played: &mut Played,
    ) -> Value {
        let mut result = "success";
        let mut outputs = json!({});
        for entry in matrix(job, contexts) {
            let mut contexts = contexts.clone();
            if let Some(target) = entry["target"].as_str() {
                let targets = played.targets.entry(name.to_owned()).or_default();
                targets.push(target.to_owned());
            }
            contexts.values.insert("matrix".to_owned(), entry);
            let env = [&self.0["env"], &job["env"]].into_iter();
            let env = env.flat_map(|env| env.as_object().into_iter().flatten());
            let env = env.map(|(name, value)| {
                let value = contexts.fill(value.as_str().unwrap_or_default());
                (name.clone(), value)
            });
            let env = env.collect();
            let Ended {
                result: own,
                outputs: values,
                logins,
                said,
            } = Machine::new(event, contexts, env).run(job, event.cancelled_at);
            *played.said.entry(name.to_owned()).or_default() += &said;
            if logins > 0 {
                played.logins.push(name.to_owned());
            }
            if own != "success" {
                result = own;
            }
            outputs = values;
        }
        played.results.insert(name.to_owned(), result.to_owned());
        outputs
    }

    fn jobs(&self) -> &Map<String, Value> {
        self.0["jobs"].as_object().expect("a workflow has jobs")
    }
}

/// Returns what a job sees before it starts.
fn contexts(
    event: &Event,
    job: &Value,
    ended: &BTreeMap<String, Value>,
    played: &Played,
) -> Contexts {
    let needed: Map<String, Value> = needs(job)
        .into_iter()
        .map(|need| (need.clone(), ended[&need].clone()))
        .collect();
    let is_success = |end: &Value| end["result"] == "success";
    let is_failed = !needed.values().all(is_success);
    let mut results = played.results.values();
    let values = json!({
        "github": event.github,
        "secrets": event.secrets,
        "needs": needed,
        "matrix": {},
        "steps": {},
        "runner": {"os": "Linux", "arch": "X64"},
    });
    Contexts {
        values: values.as_object().expect("it is one").clone(),
        is_cancelled: results.any(|result| result == "cancelled"),
        is_failed,
    }
}

fn needs(job: &Value) -> Vec<String> {
    match &job["needs"] {
        Value::String(need) => vec![need.clone()],
        Value::Array(needs) => {
            let needs = needs.iter().filter_map(Value::as_str);
            needs.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the entries of a job's matrix; an empty one for a job without.
fn matrix(job: &Value, contexts: &Contexts) -> Vec<Value> {
    let Some(text) = job["strategy"]["matrix"].as_str() else {
        return vec![json!({})];
    };
    let expression = text.trim().trim_start_matches("${{").trim_end_matches("}}");
    let matrix = contexts.evaluate(expression);
    matrix["include"].as_array().expect("a matrix").clone()
}
