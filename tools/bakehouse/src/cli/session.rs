//! What the commands begin with: the workspace read, the configuration checked, the plan worked out.

use camino::Utf8PathBuf;

use super::args::Global;
use crate::graph::Workspace;
use crate::plan::Plan;
use crate::plan::config::Config;
use crate::problem::{Code, Problem, Problems, Source};

/// One run of the program.
pub struct Session {
    pub global: Global,
}

/// A plan, what it was worked out from, and where it is to be carried out.
pub struct Planned {
    pub root: Utf8PathBuf,
    pub workspace: Workspace,
    pub plan: Plan,
    /// The text of the configuration; empty when there is none.
    pub config: String,
}

impl Session {
    pub fn new(global: Global) -> Self {
        Self { global }
    }

    /// Prints a line unless the user wants quiet.
    pub fn say(&self, line: impl std::fmt::Display) {
        if !self.global.quiet {
            anstream::println!("{line}");
        }
    }

    /// Reads everything and works out the plan.
    pub fn plan(&self) -> Result<Planned, Problems> {
        let workspace = Workspace::read(self.global.manifest_path.as_deref())?;
        let source = self.config_source(&workspace)?;
        let config = Config::read(&source, &workspace)?;
        let sources = workspace.sources(&Plan::reads(&workspace, &config))?;
        tracing::info!(
            "{} members, {} files read",
            workspace.members.len(),
            sources.files.len()
        );
        let plan = Plan::new(&workspace, config, &sources);
        Ok(Planned {
            root: workspace.root.clone(),
            workspace,
            plan,
            config: source.text,
        })
    }

    fn config_source(&self, workspace: &Workspace) -> Result<Source, Problem> {
        let path = match &self.global.config {
            Some(path) => path.clone(),
            None => workspace.home().join("bakehouse.toml"),
        };
        let text = match fs_err::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && self.global.config.is_none() =>
            {
                String::new()
            }
            Err(error) => {
                return Err(Problem::new(Code::ConfigUnreadable, error.to_string())
                    .hint("give a readable file to --config, or leave it out"));
            }
        };
        let name = path
            .strip_prefix(&workspace.root)
            .unwrap_or(&path)
            .to_string();
        Ok(Source { name, text })
    }
}
