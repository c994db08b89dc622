//! `bakehouse init`.

use std::io::Write;

use camino::Utf8Path;

use crate::cli::args::InitArgs;
use crate::cli::session::{Session, config_path};
use crate::documents::proposal;
use crate::files::taken::elsewhere;
use crate::graph::Workspace;
use crate::graph::context::repository;
use crate::graph::inputs::{Finding, scan, variables};
use crate::plan::chains::parted;
use crate::plan::config::Config;
use crate::plan::proposal::{Chosen, Proposal, Seen};
use crate::problem::{Code, Problem, Problems, Source};

pub fn run(session: &Session, arguments: &InitArgs) -> Result<(), Problems> {
    let manifest = session.global.manifest_path.as_deref();
    let mut workspace = Workspace::read(&session.cargo, manifest)?;
    let path = config_path(session.global.config.as_deref(), &workspace);
    if !arguments.print && path.symlink_metadata().is_ok() {
        return Err(exists(&path).into());
    }
    let chosen = Chosen::of(&workspace);
    let look = |workspace: &Workspace| {
        let packages = chosen.packages(workspace);
        let sources = workspace.sources_of(&packages)?;
        Ok::<_, Problem>(scan(workspace, &sources, &packages))
    };
    let mut findings = look(&workspace)?;
    let mut context = levels(&workspace, &findings);
    if context > 0 && workspace.widen(context).is_ok() {
        findings = look(&workspace)?;
    } else {
        context = 0;
    }
    let seen = Seen {
        findings,
        context,
        variables: variables(&workspace, &chosen.packages(&workspace)),
        output: elsewhere(&workspace),
    };
    let mut proposal = Proposal::new(&workspace, chosen, seen);
    let source = |proposal: &Proposal| Source {
        name: path.to_string(),
        text: proposal::render(proposal),
    };
    // What would be refused is not written.
    let config = Config::read(&source(&proposal), &mut workspace)?;
    proposal.parted = parted(&workspace, &config).split_off(1);
    let source = source(&proposal);
    if arguments.print {
        anstream::print!("{}", source.text);
        return Ok(());
    }
    write(&path, &source.text)?;
    session.say(format_args!(
        "{path}: {} services, {} binaries left out, {} hidden inputs declared",
        proposal.services.len(),
        proposal.left_out.len(),
        proposal.declared().count()
    ));
    session.say("read it, then run `bakehouse generate`");
    Ok(())
}

/// How far above the workspace the context has to be for what its builds read there; 0 where it is right as it is.
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
        Err(error) => Err(Problem::new(Code::FileUnwritable, error.to_string())
            .hint("make the folder writable, or name another file with --config")),
        Ok(()) => Ok(()),
    }
}

fn exists(path: &Utf8Path) -> Problem {
    Problem::new(Code::ConfigExists, format!("{path} is there already"))
        .hint("`bakehouse init --print` shows what would be proposed")
}
