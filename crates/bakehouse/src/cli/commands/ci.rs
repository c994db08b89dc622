//! `bakehouse ci`.

use camino::{Utf8Path, Utf8PathBuf};

use super::generate::{apply, check, protect};
use crate::cli::args::{CiArgs, CiService};
use crate::cli::session::{Planned, Session, config_source};
use crate::documents::ci::{Place, github, gitlab};
use crate::files;
use crate::graph::context::repository;
use crate::plan::config::install::{Install, Release, target_of_runner};
use crate::problem::{Code, Problem, Problems};

pub fn run(session: &Session, arguments: &CiArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let root = repository(&planned.root).ok_or_else(|| {
        Problem::new(
            Code::RepositoryMissing,
            format!("{} is not in a git repository", planned.root),
        )
        .hint("the workflow belongs to the root of a repository: run `git init` there")
    })?;
    if planned.plan.config.registries.is_empty() {
        let problem = Problem::new(
            Code::RegistryMissing,
            "there is no registry that CI could push to",
        );
        return Err(problem
            .hint("set `registry` in bakehouse.toml, such as \"ghcr.io/acme/shop\"")
            .into());
    }
    let place = place(&planned, root)?;
    if let Install::Release(release) = &place.install {
        has_checksums(session, &planned, arguments.service, release)?;
    }
    let (name, documents) = match arguments.service {
        CiService::Github => ("ci github", github::render(&planned.plan, &place)),
        CiService::Gitlab => ("ci gitlab", vec![gitlab::render(&planned.plan, &place)]),
    };
    let changes = files::changes(root, &documents)?;
    let up_to_date = || {
        let paths = documents.iter().map(|document| &document.path);
        paths.for_each(|path| session.say(format_args!("{path} is up to date")));
    };
    if arguments.check {
        check(&changes, name)?;
        up_to_date();
        return Ok(());
    }
    if !arguments.force {
        protect(&changes, name)?;
    }
    apply(session, root, &changes)?;
    if changes.is_empty() {
        up_to_date();
    }
    Ok(())
}

/// # Errors
/// `install-missing` if nothing says how CI installs this program.
fn place(planned: &Planned, root: &Utf8Path) -> Result<Place, Problem> {
    let inside = |folder: &Utf8Path| {
        let inside = folder.strip_prefix(root).map(Utf8Path::to_owned);
        inside.unwrap_or_else(|_| Utf8PathBuf::new())
    };
    let workspace = inside(&planned.workspace.home());
    let config = &planned.plan.config;
    let install = config.ci_install.clone();
    let install = install.or_else(|| of_sources(planned).map(Install::Command));
    Ok(Place {
        context: inside(&planned.root),
        branch: config.ci_branch.clone(),
        install: install.ok_or_else(install_missing)?,
        workspace,
    })
}

/// Checks that a release has checksums for the runners.
///
/// # Errors
/// `config-value` if it has none for the runner of GitHub's jobs. Of other runners nobody knows which machines they are,
/// so that is a remark.
fn has_checksums(
    session: &Session,
    planned: &Planned,
    service: CiService,
    release: &Release,
) -> Result<(), Problem> {
    let source = config_source(session.global.config.as_deref(), &planned.workspace)?;
    let at = |message: String| {
        Problem::new(Code::ConfigValue, message).at(&source, release.place.clone())
    };
    let runner = &planned.plan.config.ci_runner;
    let known = match service {
        CiService::Github => target_of_runner(runner),
        CiService::Gitlab => None,
    };
    for target in release.missing() {
        if known == Some(target) {
            let message =
                format!("`sha256` has no checksum for the runner `{runner}`, a `{target}`");
            return Err(at(message).hint("copy it from the file SHA256SUMS of the release"));
        }
        if known.is_none() {
            let problem = at(format!(
                "`sha256` has no checksum for runners that are `{target}`"
            ));
            let (line, _) = problem.line_and_column().unwrap_or_default();
            tracing::warn!("{}:{line}: {problem}: jobs fail there", source.name);
        }
    }
    Ok(())
}

/// Returns the command that installs this program from its sources; none outside its own repository.
fn of_sources(planned: &Planned) -> Option<String> {
    let own = planned.workspace.own_member(env!("CARGO_PKG_NAME"))?;
    (!own.binaries.is_empty()).then(|| format!("cargo install --locked --path {}", own.dir))
}

/// The registry of crates has no package of this name. Its first publisher would run code in jobs that may write images.
fn install_missing() -> Problem {
    Problem::new(
        Code::InstallMissing,
        "nothing says how CI installs bakehouse, which is not published: any package of that name would be somebody else's",
    )
    .hint("set `install` under [ci] of bakehouse.toml: `install = \"cargo install --locked --git URL --rev COMMIT bakehouse\"`, or `{ version, url, sha256 }` of a release")
}
