//! `bakehouse completions`.

use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::cli::out::out;

/// The name of the program in the script, and of the command that it completes.
const PROGRAM: &str = "bakehouse";

/// Prints a script that asks the program itself, since names of services differ from workspace to workspace.
pub fn run(shell: Shell) {
    let name = shell.to_string();
    let shells = Shells::builtins();
    let completer = shells.completer(&name);
    let completer = completer.expect("each shell has a script");
    let mut script = Vec::new();
    completer
        .write_registration("COMPLETE", PROGRAM, PROGRAM, PROGRAM, &mut script)
        .expect("a script that is kept in memory can be written");
    out!("{}", String::from_utf8_lossy(&script));
}
