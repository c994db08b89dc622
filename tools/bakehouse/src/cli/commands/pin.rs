//! `bakehouse pin`.

use std::io::ErrorKind;

use crate::cli::args::PinArgs;
use crate::cli::session::Session;
use crate::files::{Change, ChangeKind, apply};
use crate::graph::cargo;
use crate::problem::{Code, Problem, Problems};
use crate::toolchain::{Toolchain, files};

/// The file that holds the toolchain, in the workspace's root.
const FILE: &str = "toolchain.json";

pub fn run(session: &Session, arguments: &PinArgs) -> Result<(), Problems> {
    let root = cargo::metadata(session.global.manifest_path.as_deref())?.workspace_root;
    let toolchain = Toolchain::new(&files::read(&root)?)?;
    let text = toolchain.text();
    let kind = match fs_err::read_to_string(root.join(FILE)) {
        Ok(old) if old == text => None,
        Ok(old) => Some(ChangeKind::Update { old, text }),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(ChangeKind::Create { text }),
        Err(error) => {
            return Err(Problem::new(Code::FileUnreadable, error.to_string())
                .hint("make it readable, or move it away")
                .into());
        }
    };
    let Some(kind) = kind else {
        session.say(format_args!(
            "{FILE} is in date: toolchain {}",
            toolchain.id
        ));
        return Ok(());
    };
    let change = Change {
        path: FILE.into(),
        kind,
    };
    if arguments.check {
        anstream::eprint!("{}", change.diff());
        return Err(Problem::new(
            Code::PinStale,
            format!("{FILE} is not what rust-toolchain.toml, flake.lock and pins.toml pin"),
        )
        .hint("run `bakehouse pin` and commit what it writes")
        .into());
    }
    apply::apply(&root, std::slice::from_ref(&change))?;
    session.say(format_args!("{change}: toolchain {}", toolchain.id));
    Ok(())
}
