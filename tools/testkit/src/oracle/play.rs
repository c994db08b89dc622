//! One shape, compared with the host.

use std::collections::BTreeSet;

use serde_json::Value;

use super::host::{Host, Printed};
use super::verdict::{Difference, Kind, Verdict, differences, missed};
use crate::bake::{Bake, BakeRun};
use crate::engine::Turn;
use crate::ran::Ran;
use crate::served::Served;
use crate::shapes::{Edit, Laid, Model, Shape};
use crate::{bakehouse, container};

/// The number of lines shown of the log of a failed step.
const LINES: usize = 16;

/// The amount of work that is done for a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Only `generate` and `affected`, which need no engine.
    Plan,
    /// Images are baked and run.
    Images,
}

/// A fault that a test introduces and that must be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// A source is changed while it is baked.
    OtherSource,
    /// No bake follows an edit.
    StaleImage,
    /// `affected` compares with a revision that already has the edit.
    BlindAffected,
    /// The Dockerfile does not build.
    BrokenBake,
}

/// A shape to be played.
#[derive(Debug)]
pub struct Play<'a> {
    pub shape: &'a Shape,
    pub edits: &'a [Edit],
    pub depth: Depth,
    /// Set if mounts are not shared with other shapes.
    pub cold: bool,
    pub plant: Option<Plant>,
    /// The turn to use the engine, if anything is baked.
    pub turn: Option<&'a Turn>,
}

/// A verdict that ends a play.
type Stop = Verdict;

impl Play<'_> {
    /// Plays it to the end.
    pub fn verdict(&self, served: &Served) -> Verdict {
        let laid = Laid::new(&Model::new(self.shape), served);
        match self.play(&laid) {
            Ok(verdict) | Err(verdict) => verdict,
        }
    }

    fn play(&self, laid: &Laid) -> Result<Verdict, Stop> {
        let host = Host::new();
        if self.cold {
            let config = laid.dir.join("bakehouse.toml");
            let text = fs_err::read_to_string(&config).expect("a file can be read");
            let name = format!("name = \"oracle-{}\"", crate::unique::unique());
            fs_err::write(&config, text.replace("name = \"oracle\"", &name))
                .expect("a file can be written");
        }
        let cargo = |arguments: &[&str]| host.cargo(&laid.dir, arguments);
        let locked = cargo(&["generate-lockfile"]);
        if locked.code != Some(0) {
            return Err(Verdict::Invalid(locked.to_string()));
        }
        laid.locked();
        laid.commit();
        let mut before = host.prints(laid).map_err(Verdict::Invalid)?;
        if let Some(code) = self.generate(&host, laid, &[])? {
            return Ok(Verdict::Refused(code));
        }
        self.compare(laid, &before, &[])?;
        laid.commit();
        let (mut refused, mut for_nothing) = (Vec::new(), 0);
        let mut made = Vec::new();
        for edit in self.edits {
            if laid.make(edit, &cargo).is_none() {
                // Another edit has removed the place that it applies to.
                laid.repository.git(["checkout", "--quiet", "--", "."]);
                continue;
            }
            made.push(edit.clone());
            laid.touch();
            host.forget();
            let Ok(after) = host.prints(laid) else {
                // The host cannot build this.
                laid.repository.git(["reset", "--quiet", "--hard"]);
                laid.repository.git(["clean", "-fdq"]);
                made.pop();
                continue;
            };
            let named = self.affected(&host, laid, &made)?;
            if let Some(code) = self.generate(&host, laid, &made)? {
                refused.push(code);
                laid.repository.git(["reset", "--quiet", "--hard"]);
                laid.repository.git(["clean", "-fdq"]);
                made.pop();
                continue;
            }
            if let Some(named) = named {
                let missed = missed(&before, &after, &named);
                if !missed.is_empty() {
                    let what = format!(
                        "  affected: {named:?}, missing: {missed:?}\n{}",
                        differences(("before", &before), ("after", &after)).unwrap_or_default()
                    );
                    return Err(differs(Kind::Affected, &made, what));
                }
                let same = |name: &&String| before.get(*name) == after.get(*name);
                for_nothing += named.iter().filter(same).count();
            }
            if self.plant != Some(Plant::StaleImage) {
                self.bake(laid, &made)?;
            }
            self.look(laid, &after, &made)?;
            laid.commit();
            before = after;
        }
        let edits = made.len();
        Ok(Verdict::Same {
            edits,
            refused,
            for_nothing,
        })
    }

    /// Runs `generate`, and returns the code of a refusal.
    fn generate(&self, host: &Host, laid: &Laid, after: &[Edit]) -> Result<Option<String>, Stop> {
        let ran = self.bakehouse(host, laid, &["generate"]);
        if ran.code == Some(0) {
            let metadata = ["metadata", "--locked", "--no-deps", "--format-version", "1"];
            let taken = host.cargo(&laid.dir, &metadata);
            return match taken.code {
                Some(0) => Ok(None),
                _ => Err(differs(Kind::Spoilt, after, taken.to_string())),
            };
        }
        match code(&ran) {
            // The generator has written an invalid configuration.
            Some(code) if code == "config-invalid" => Err(Verdict::Invalid(ran.to_string())),
            Some(code) => Ok(Some(code)),
            None => Err(differs(Kind::NoCode, after, ran.to_string())),
        }
    }

    /// Returns the services that are named, or `None` if the command refuses.
    fn affected(
        &self,
        host: &Host,
        laid: &Laid,
        after: &[Edit],
    ) -> Result<Option<BTreeSet<String>>, Stop> {
        if self.plant == Some(Plant::BlindAffected) {
            laid.commit();
        }
        let since = ["affected", "--since", "HEAD", "--format", "json"];
        let ran = self.bakehouse(host, laid, &since);
        if ran.code != Some(0) {
            return match code(&ran) {
                Some(_) => Ok(None),
                None => Err(differs(Kind::NoCode, after, ran.to_string())),
            };
        }
        let said: Value = serde_json::from_str(&ran.stdout)
            .map_err(|error| differs(Kind::NoCode, after, format!("{error}: {ran}")))?;
        let services = said["services"].as_array().into_iter().flatten();
        Ok(Some(
            services
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
        ))
    }

    fn bakehouse(&self, host: &Host, laid: &Laid, arguments: &[&str]) -> Ran {
        let mut command = bakehouse::command(&laid.dir);
        Ran::of(host.set(command.args(arguments)))
    }

    fn compare(&self, laid: &Laid, expected: &Printed, after: &[Edit]) -> Result<(), Stop> {
        self.bake(laid, after)?;
        self.look(laid, expected, after)
    }

    fn bake(&self, laid: &Laid, after: &[Edit]) -> Result<(), Stop> {
        let (Depth::Images, Some(turn)) = (self.depth, self.turn) else {
            return Ok(());
        };
        match self.plant {
            Some(Plant::OtherSource) => {
                let folder = laid
                    .dir
                    .join(format!("crates/{}", laid.services[0].package));
                let source = folder.join("src/main.rs");
                let text = fs_err::read_to_string(&source).expect("a file can be read");
                fs_err::write(source, text.replace("_A_", "_P_")).expect("it can be written");
            }
            Some(Plant::BrokenBake) => {
                let file = laid.dir.join("docker/Dockerfile");
                fs_err::write(file, "FROM scratch\nCOPY nothing /\n").expect("it can be written");
            }
            _ => {}
        }
        let registry = laid.repository.images.namespace();
        let bake = match laid.above() {
            Some((folder, file)) => Bake::new(folder, registry).file(&file),
            None => Bake::new(&laid.dir, registry),
        };
        let run = bake.attempt(turn);
        if run.success {
            return Ok(());
        }
        Err(differs(Kind::Bake, after, failure(&run)))
    }

    /// Compares the output of the images.
    fn look(&self, laid: &Laid, expected: &Printed, after: &[Edit]) -> Result<(), Stop> {
        if self.depth == Depth::Plan {
            return Ok(());
        }
        let services = laid.services.iter();
        let image: Printed = services
            .map(|service| {
                let ran = container::run(&laid.repository.images.name(&service.name), []);
                let printed = match ran.code {
                    Some(0) => ran.stdout,
                    _ => ran.to_string(),
                };
                (service.name.clone(), printed)
            })
            .collect();
        match differences(("host", expected), ("image", &image)) {
            Some(what) => Err(differs(Kind::Image, after, what)),
            None => Ok(()),
        }
    }
}

/// Returns the last lines of the logs of failed steps.
fn failure(run: &BakeRun) -> String {
    let mut text = String::new();
    let failed = run.steps.iter().filter(|step| step.error.is_some());
    for step in failed.filter(|step| !step.log.trim().is_empty()) {
        let lines: Vec<&str> = step.log.lines().collect();
        for line in &lines[lines.len().saturating_sub(LINES)..] {
            text += &format!("  {}: {line}\n", step.stage);
        }
    }
    // If no step failed, buildx did.
    if text.is_empty() { run.said() } else { text }
}

fn differs(kind: Kind, after: &[Edit], what: String) -> Stop {
    Verdict::Differs(Box::new(Difference {
        kind,
        after: after.to_vec(),
        what,
    }))
}

/// Returns the stable code at the start of a refusal.
fn code(ran: &Ran) -> Option<String> {
    let is_code = |line: &&str| {
        line.contains('-') && line.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    let refused = matches!(ran.code, Some(1..=3));
    let found = ran.stderr.lines().map(str::trim).find(is_code)?;
    refused.then(|| found.to_owned())
}
