//! `bakehouse completions`.

use clap::CommandFactory;

use crate::cli::args::Args;
use crate::cli::out::out;

pub fn run(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "bakehouse", &mut script);
    out!("{}", String::from_utf8_lossy(&script));
}
