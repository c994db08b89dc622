//! `bakehouse init`.

use std::collections::BTreeSet;
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::args::InitArgs;
use crate::cli::out::out;
use crate::cli::session::{Session, config_path};
use crate::documents::{attributes, proposal};
use crate::files::attributes::{ATTRIBUTES, propose};
use crate::files::taken::elsewhere;
use crate::git::attributes::lacking;
use crate::graph::Workspace;
use crate::graph::context::repository;
use crate::graph::frontend::frontends;
use crate::graph::inputs::{Finding, scan, variables};
use crate::graph::listing::Apart;
use crate::graph::system::Reach;
use crate::graph::well_known::is_imported;
use crate::plan::chains::{all_chains, needed};
use crate::plan::config::{BAKE_FILE, Config, FOLDER};
use crate::plan::proposal::{Proposal, ProposedOutput, Seen};
use crate::problem::{Code, Problem, Problems, Source};
use crate::shipped::choose::choose;

pub fn run(session: &Session, arguments: &InitArgs) -> Result<(), Problems> {
    let manifest = session.global.manifest_path.as_deref();
    let mut workspace = Workspace::read(&session.cargo, manifest)?;
    let path = config_path(session.global.config.as_deref(), &workspace);
    if !arguments.print && path.symlink_metadata().is_ok() {
        return Err(exists(&path).into());
    }
    let output = elsewhere(&workspace);
    workspace.take_apart(&apart(&workspace, &output))?;
    let chosen = choose(&workspace, &frontends(&workspace));
    let look = |workspace: &Workspace| {
        let packages = chosen.packages(workspace);
        let sources = workspace.sources_of(&packages)?;
        Ok::<_, Problem>(scan(workspace, &sources, &packages))
    };
    let folder = output.folder.as_deref().unwrap_or(FOLDER.into());
    let folder = workspace.folder.join(folder);
    let excluded = workspace
        .refuse_as_members(&[folder])
        .and_then(|problem| problem.hint);
    let mut findings = look(&workspace)?;
    let mut context = levels(&workspace, &findings);
    if context > 0 && workspace.widen(context).is_ok() {
        findings = look(&workspace)?;
    } else {
        context = 0;
    }
    let packages = chosen.packages(&workspace);
    let all: BTreeSet<String> = packages.iter().map(|name| (*name).to_owned()).collect();
    let seen = Seen {
        well_known: is_imported(&workspace, &packages, &findings),
        findings,
        context,
        variables: variables(&workspace, &packages),
        output,
        excluded,
    };
    let mut proposal = Proposal::new(&workspace, chosen, seen);
    let source = |proposal: &Proposal| Source {
        name: path.to_string(),
        text: proposal::render(proposal),
    };
    // A configuration that would be refused is not written, unless the only fault is one that the manifest has to fix
    // first: the written file mentions it. What the repository's files say may be no value here; it becomes a comment.
    loop {
        let written = source(&proposal);
        let problems = match Config::read(&written, &mut workspace) {
            Ok(config) => {
                let chains = all_chains(&workspace, &config);
                proposal.seek(&needed(&workspace, &config, &chains));
                let parted = chains.into_iter().skip(1).map(|chain| {
                    let names = chain.outputs.into_iter().map(|output| output.name);
                    (names.collect(), chain.parted)
                });
                proposal.parted = parted.collect();
                break;
            }
            Err(Problems(problems)) => problems,
        };
        let mut refused = false;
        for problem in &problems {
            let key = proposal::key_at(&written.text, problem.start());
            // An image under a name of its own would be another one.
            let key = key.map(|(service, key)| match key.as_str() {
                "tag" | "image" if problem.code == Code::NameCollision => (service, String::new()),
                _ => (service, key),
            });
            refused |=
                key.is_some_and(|(service, key)| proposal.refuse(&service, &key, &problem.message));
        }
        let none = problems
            .iter()
            .any(|problem| problem.code == Code::NothingToBake);
        if refused || (none && proposal.bake_something()) {
            continue;
        }
        let others = problems.into_iter();
        let others = others.filter(|problem| problem.code != Code::OutputMember);
        Problems(others.collect()).or(())?;
        let all = all.iter().map(String::as_str).collect();
        proposal.seek(&Reach::of_all(&workspace, &all));
        break;
    }
    let source = source(&proposal);
    if arguments.print {
        out!("{}", source.text);
        return Ok(());
    }
    write(&path, &source.text)?;
    session.say(format_args!(
        "{path}: {} services, {} binaries left out, {} hidden inputs declared",
        proposal.services.len(),
        proposal.left_out.len(),
        proposal.declared().count()
    ));
    if let Some(first) = &proposal.excluded {
        session.say(format_args!(
            "{first}: Cargo would take generated files for a member"
        ));
    }
    propose_attributes(session, &workspace, &proposal.output)?;
    session.say("read it, then run `bakehouse generate`");
    Ok(())
}

/// Proposes how git and reviews treat generated files, if there is a repository.
fn propose_attributes(
    session: &Session,
    workspace: &Workspace,
    output: &ProposedOutput,
) -> Result<(), Problem> {
    let home = workspace.home();
    if repository(&home).is_none() {
        return Ok(());
    }
    let folder = output.folder.as_deref().unwrap_or(FOLDER.into());
    let bake = output.bake.as_deref().unwrap_or(BAKE_FILE.into());
    let patterns = attributes::patterns(folder, bake);
    // Without git, or if git refuses the folder, attributes are of no use yet.
    let Ok(lacking) = lacking(&home, &["linguist-generated", "merge"], patterns) else {
        return Ok(());
    };
    let lines: Vec<String> = lacking.iter().map(|path| attributes::line(path)).collect();
    let path = home.join(ATTRIBUTES);
    if lines.is_empty() {
        return Ok(());
    }
    if propose(&home, &lines)? {
        session.say(format_args!(
            "{path}: reviews fold generated files away, and merges leave them to `bakehouse generate`"
        ));
    } else {
        session.say(format_args!(
            "{path} could say how reviews and merges treat generated files:\n  {}",
            lines.join("\n  ")
        ));
    }
    Ok(())
}

/// Returns the places inside packages' folders that are not part of the packages.
fn apart(workspace: &Workspace, output: &ProposedOutput) -> Apart {
    let own = |proposed: &Option<Utf8PathBuf>, usual: &str| {
        let place = proposed.as_deref().unwrap_or(usual.into());
        workspace.folder.join(place)
    };
    let places = [own(&output.folder, FOLDER), own(&output.bake, BAKE_FILE)];
    Apart {
        places: places.into(),
        ..Apart::default()
    }
}

/// Returns how many levels above the workspace the context must begin to contain what builds read there; 0 if none.
fn levels(workspace: &Workspace, findings: &[Finding]) -> usize {
    let above = findings.iter().filter_map(Finding::above).max();
    let in_repository = repository(&workspace.home()).is_some();
    let above = above.filter(|_| in_repository);
    above.map_or(0, |above| workspace.folder.components().count() + above)
}

fn write(path: &Utf8Path, text: &str) -> Result<(), Problem> {
    let file = fs_err::File::options()
        .write(true)
        .create_new(true)
        .open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(Problem::from_error(Code::FileUnwritable, error)
            .hint("make the folder writable, or name another file with --config")),
        Ok(()) => Ok(()),
    }
}

fn exists(path: &Utf8Path) -> Problem {
    Problem::new(Code::ConfigExists, format!("{path} already exists"))
        .hint("`bakehouse init --print` shows what would be proposed")
}
