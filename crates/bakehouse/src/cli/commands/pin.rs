//! `bakehouse pin`.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use camino::Utf8Path;

use crate::cli::args::{PinArgs, Pinned};
use crate::cli::out::err;
use crate::cli::session::{Session, config_change, config_path, config_source, uneditable};
use crate::engine::Engine;
use crate::engine::digests::Found;
use crate::files::{Change, ChangeKind, apply};
use crate::graph::{Workspace, cargo};
use crate::plan::config::digests::{self, Digests};
use crate::plan::config::{Config, requires};
use crate::problem::{Code, Problem, Problems};
use crate::toolchain::written::{self, FILE};
use crate::toolchain::{Toolchain, files};

pub fn run(session: &Session, arguments: &PinArgs) -> Result<(), Problems> {
    let root = cargo::metadata(session.global.manifest_path.as_deref())?.workspace_root;
    match arguments.only {
        Some(Pinned::Toolchain) => toolchain(session, arguments, &root),
        Some(Pinned::Bases) => bases(session, arguments, &Engine::find()?),
        None => {
            if SIGNS.iter().any(|file| root.join(file).exists()) {
                toolchain(session, arguments, &root)?;
            } else {
                session.say(format_args!(
                    "no {FILE}: there is neither flake.lock nor pins.toml"
                ));
            }
            match Engine::find() {
                Ok(engine) => bases(session, arguments, &engine),
                Err(problem) => {
                    tracing::warn!("base images are not looked up: {problem}");
                    Ok(())
                }
            }
        }
    }
}

/// Files that show that a workspace pins more of its toolchain than the release of Rust.
const SIGNS: [&str; 3] = ["flake.lock", "pins.toml", FILE];

/// Writes or checks `toolchain.json`.
fn toolchain(session: &Session, arguments: &PinArgs, root: &Utf8Path) -> Result<(), Problems> {
    let toolchain = Toolchain::new(&files::read(root)?)?;
    let text = toolchain.text();
    let kind = match fs_err::read_to_string(root.join(FILE)) {
        Ok(old) if old == text => None,
        Ok(old) => Some(ChangeKind::Update { old, text }),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(ChangeKind::Create { text }),
        Err(error) => {
            return Err(Problem::from_error(Code::FileUnreadable, error)
                .hint("make it readable, or move it away")
                .into());
        }
    };
    let Some(kind) = kind else {
        session.say(format_args!(
            "{FILE} is up to date: toolchain {}",
            toolchain.id
        ));
        return Ok(());
    };
    let change = Change {
        path: FILE.into(),
        kind,
    };
    if arguments.check {
        err!("{}", change.diff());
        let message =
            format!("{FILE} does not match rust-toolchain.toml, flake.lock and pins.toml");
        return Err(written::stale(message).into());
    }
    apply::apply(root, std::slice::from_ref(&change))?;
    session.say(format_args!("{change}: toolchain {}", toolchain.id));
    Ok(())
}

/// Pins the base images of the configuration to the digests that their registries have, or checks them.
fn bases(session: &Session, arguments: &PinArgs, engine: &Engine) -> Result<(), Problems> {
    let global = &session.global;
    let mut workspace = Workspace::read(&session.cargo, global.manifest_path.as_deref())?;
    let source = config_source(global.config.as_deref(), &workspace)?;
    requires::fits(&source, env!("CARGO_PKG_VERSION"))?;
    let config = Config::read(&source, &mut workspace)?;
    let digests = look_up(session, engine, &config.tagged_bases())?;
    let text = digests::pinned(&source.text, &config, &digests)
        .map_err(|error| uneditable(&source.name, error))?;
    let path = config_path(global.config.as_deref(), &workspace);
    let Some((folder, change)) = config_change(&path, source.text, text) else {
        return Ok(());
    };
    if arguments.check {
        err!("{}", change.diff());
        return Err(Problem::new(
            Code::PinStale,
            format!(
                "{} does not pin its bases to the digests in their registries",
                source.name
            ),
        )
        .hint("run `bakehouse pin`, then `bakehouse generate`, and commit what they write")
        .into());
    }
    apply::apply(folder, std::slice::from_ref(&change))?;
    session.say(format_args!("{change}: run `bakehouse generate`"));
    Ok(())
}

/// Looks up all images concurrently. An image that no registry has stays as it is if the engine has it.
fn look_up(
    session: &Session,
    engine: &Engine,
    images: &BTreeSet<String>,
) -> Result<Digests, Problems> {
    let found: Vec<(&String, Found)> = std::thread::scope(|scope| {
        let asked: Vec<_> = images
            .iter()
            .map(|image| (image, scope.spawn(|| engine.find_in_registry(image))))
            .collect();
        asked
            .into_iter()
            .map(|(image, answer)| {
                let lost = |_| Found::Nowhere("the lookup panicked".to_owned());
                (image, answer.join().unwrap_or_else(lost))
            })
            .collect()
    });
    let mut digests = Digests::new();
    let mut problems = Vec::new();
    for (image, found) in found {
        match found {
            Found::InRegistry(digest) => {
                session.say(format_args!("{image} is {digest}"));
                digests.insert(image.clone(), digest);
            }
            Found::OnlyHere(reason) => {
                tracing::warn!(
                    "{image} stays as it is: this engine has it, but its registry does not report it: {reason}"
                );
            }
            Found::Nowhere(reason) => problems.push(
                Problem::new(
                    Code::BaseUnknown,
                    format!("{image} is neither in a registry nor on this engine: {reason}"),
                )
                .hint("correct the name, `docker login`, or use a network that reaches its registry; `--only toolchain` asks none"),
            ),
        }
    }
    Problems(problems).or(digests)
}
