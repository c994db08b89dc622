//! `bakehouse completions`.

use clap::CommandFactory;

use crate::cli::args::Args;

pub fn run(shell: clap_complete::Shell) {
    clap_complete::generate(
        shell,
        &mut Args::command(),
        "bakehouse",
        &mut std::io::stdout(),
    );
}
