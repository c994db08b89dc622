//! The CI service that a build runs on, by the variables that it sets.

/// The run of a build on a CI service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forge {
    /// The address of the workflow or runner, by which a policy knows the builder.
    pub builder: String,
    /// The address of the run.
    pub run: String,
    /// The repository, as a URI of what was built.
    pub source: String,
}

impl Forge {
    /// Reads the variables of GitHub Actions or GitLab CI; `None` elsewhere.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_on = |name: &str| variable(name).as_deref() == Some("true");
        if is_on("GITHUB_ACTIONS") {
            let server = variable("GITHUB_SERVER_URL")?;
            let repository = variable("GITHUB_REPOSITORY")?;
            let (run, attempt) = (variable("GITHUB_RUN_ID")?, variable("GITHUB_RUN_ATTEMPT")?);
            return Some(Self {
                builder: format!("{server}/{}", variable("GITHUB_WORKFLOW_REF")?),
                run: format!("{server}/{repository}/actions/runs/{run}/attempts/{attempt}"),
                source: format!("git+{server}/{repository}"),
            });
        }
        if is_on("GITLAB_CI") {
            let project = variable("CI_PROJECT_URL")?;
            return Some(Self {
                builder: format!("{project}/-/runners/{}", variable("CI_RUNNER_ID")?),
                run: variable("CI_JOB_URL")?,
                source: format!("git+{project}"),
            });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: [(&str, &str); 6] = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        (
            "GITHUB_WORKFLOW_REF",
            "acme/shop/.github/workflows/bakehouse.yml@refs/heads/main",
        ),
    ];
    const GITLAB: [(&str, &str); 4] = [
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_URL", "https://gitlab.com/acme/shop"),
        ("CI_RUNNER_ID", "12"),
        ("CI_JOB_URL", "https://gitlab.com/acme/shop/-/jobs/7"),
    ];

    fn of(variables: &[(&str, &str)]) -> Option<Forge> {
        Forge::of(|name| {
            let mut variables = variables.iter();
            let found = variables.find(|(own, _)| *own == name)?;
            Some(found.1.to_owned())
        })
    }

    #[test]
    fn the_builder_is_what_stays_the_same_from_run_to_run() {
        let github = of(&GITHUB).unwrap();
        assert_eq!(
            github.builder,
            "https://github.com/acme/shop/.github/workflows/bakehouse.yml@refs/heads/main"
        );
        assert_eq!(
            github.run,
            "https://github.com/acme/shop/actions/runs/7/attempts/2"
        );
        assert_eq!(github.source, "git+https://github.com/acme/shop");
        let gitlab = of(&GITLAB).unwrap();
        assert_eq!(gitlab.builder, "https://gitlab.com/acme/shop/-/runners/12");
        assert_eq!(gitlab.run, "https://gitlab.com/acme/shop/-/jobs/7");
        assert_eq!(gitlab.source, "git+https://gitlab.com/acme/shop");
    }

    #[test]
    fn a_builder_is_named_by_all_variables_or_not_at_all() {
        assert_eq!(of(&[]), None);
        for all in [&GITHUB[..], &GITLAB[..]] {
            for left_out in 0..all.len() {
                let mut some = all.to_vec();
                some.remove(left_out);
                assert_eq!(of(&some), None, "without {}", all[left_out].0);
            }
        }
    }
}
