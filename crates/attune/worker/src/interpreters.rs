use std::{
    collections::BTreeMap,
    ffi::OsStr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use attune_common::Runner;

/// The program for each runner of this worker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interpreters(BTreeMap<Runner, PathBuf>);

impl Interpreters {
    /// Finds the interpreters in the folders of a PATH variable.
    pub fn on_path(path: &OsStr) -> Self {
        let found = |runner: &Runner| {
            let program = programs(*runner).iter().find_map(|name| find(path, name))?;
            Some((*runner, program))
        };
        Self(Runner::ALL.iter().filter_map(found).collect())
    }

    /// Keeps only the interpreters of `runners`.
    ///
    /// # Errors
    /// If one of them is missing.
    pub fn only(mut self, runners: &[Runner]) -> Result<Self, String> {
        if let Some(missing) = runners.iter().find(|r| !self.0.contains_key(*r)) {
            return Err(format!(
                "{missing} needs {} on PATH; install it or leave {missing} out",
                programs(*missing).join(" or ")
            ));
        }
        self.0.retain(|runner, _| runners.contains(runner));
        Ok(self)
    }

    /// Returns the program for a runner.
    pub fn get(&self, runner: Runner) -> Option<&Path> {
        self.0.get(&runner).map(PathBuf::as_path)
    }

    /// Returns the runners that have a program.
    pub fn runners(&self) -> Vec<Runner> {
        self.0.keys().copied().collect()
    }
}

fn programs(runner: Runner) -> &'static [&'static str] {
    match runner {
        Runner::Shell => &["bash", "sh"],
        Runner::Python => &["python3"],
        Runner::Node => &["node"],
    }
}

fn find(path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|file| {
            file.metadata()
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn folder(programs: &[(&str, u32)]) -> TempDir {
        let dir = TempDir::new().unwrap();
        for (name, mode) in programs {
            let path = dir.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
        }
        dir
    }

    #[test]
    fn what_is_on_path_is_found() {
        let dir = folder(&[("sh", 0o755), ("python3", 0o755), ("node", 0o644)]);
        let found = Interpreters::on_path(dir.path().as_os_str());
        assert_eq!(found.runners(), [Runner::Shell, Runner::Python]);
        assert_eq!(found.get(Runner::Shell), Some(&*dir.path().join("sh")));
        let bash = folder(&[("sh", 0o755), ("bash", 0o755)]);
        let found = Interpreters::on_path(bash.path().as_os_str());
        assert_eq!(found.get(Runner::Shell), Some(&*bash.path().join("bash")));
    }

    #[test]
    fn wanted_and_missing_is_an_error() {
        let dir = folder(&[("sh", 0o755), ("python3", 0o755)]);
        let found = Interpreters::on_path(dir.path().as_os_str());
        let shell = found.clone().only(&[Runner::Shell]).unwrap();
        assert_eq!(shell.runners(), [Runner::Shell]);
        let error = found.only(&[Runner::Node]).unwrap_err();
        assert!(error.contains("needs node on PATH"), "{error}");
    }
}
