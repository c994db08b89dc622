//! A contender's files in its copy of the workspace.

use std::time::{Duration, Instant};

use super::contenders::{self, Contender};
use super::sandbox::Sandbox;
use super::subject::Subject;
use super::{Host, machine, tree};
use crate::documents;
use crate::files;
use crate::plan::Plan;
use crate::problem::{Problem, Problems};

/// Everything from which the contenders' files are made.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    pub plan: &'a Plan,
    pub subject: &'a Subject,
    /// The text of the user's configuration.
    pub config: &'a str,
    pub host: &'a dyn Host,
}

impl Workshop<'_> {
    /// Returns the files that the contender builds with, but for those that are generated.
    ///
    /// # Errors
    /// `config-invalid`.
    pub fn texts(
        &self,
        contender: Contender,
        base: &str,
        salt: &str,
    ) -> Result<tree::Texts, Problem> {
        if contender.is_generated() {
            let config = contenders::generated::configuration(self.config, contender, base, salt)?;
            return Ok(tree::Texts::from([("bakehouse.toml".into(), config)]));
        }
        Ok(contender.files(self.plan, self.subject, base, salt))
    }

    /// Writes these files into the contender's copy.
    ///
    /// # Errors
    /// `config-invalid`, `file-unwritable`.
    pub fn write(&self, sandbox: &Sandbox, base: &str, salt: &str) -> Result<(), Problem> {
        tree::write(&sandbox.dir, &self.texts(sandbox.contender, base, salt)?)
    }
}

/// Brings generated files up to date. Returns the time it took if any file changed.
///
/// # Errors
/// All problems of the workspace; `file-unwritable`.
pub fn generate(host: &dyn Host, sandbox: &Sandbox) -> Result<Duration, Problems> {
    if !sandbox.contender.is_generated() {
        return Ok(Duration::ZERO);
    }
    let since = Instant::now();
    let plan = host.plan(&sandbox.dir)?;
    let changes = files::compare(
        &sandbox.dir,
        &plan.config.output.folder,
        &documents::render(&plan),
    )?;
    files::apply::apply(&sandbox.dir, &changes)?;
    Ok(if changes.is_empty() {
        Duration::ZERO
    } else {
        since.elapsed()
    })
}

/// Gives the host's builds an empty `CARGO_HOME` with the user's registries.
///
/// # Errors
/// `file-unwritable`.
pub fn own_cargo_home(sandbox: &Sandbox) -> Result<(), Problem> {
    let home = sandbox.host.join("cargo");
    fs_err::create_dir_all(&home).map_err(tree::unwritable)?;
    machine::copy_cargo_config(&home);
    Ok(())
}
