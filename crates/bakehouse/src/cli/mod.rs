//! The command line: arguments, output and exit codes.

pub(crate) mod args;
mod commands;
mod complete;
mod examples;
mod hidden;
mod history;
pub(crate) mod out;
mod report;
mod session;
mod since;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::CompleteEnv;

use args::{Args, Command};
use session::Session;

use crate::problem::Problems;

/// Runs the program.
pub fn main() -> ExitCode {
    // Where the shell asks for completions, this answers and exits.
    CompleteEnv::with_factory(Args::command).complete();
    let args = Args::parse();
    report::set_up(&args.global);
    let session = Session::new(args.global);
    let done = match args.command {
        Command::Init(arguments) => commands::init::run(&session, &arguments),
        Command::Generate(arguments) => commands::generate::run(&session, &arguments),
        Command::Graph(arguments) => commands::graph::run(&session, &arguments),
        Command::Group(arguments) => commands::group::run(&session, &arguments),
        Command::Plan(arguments) => commands::plan::run(&session, &arguments),
        Command::Build(arguments) => commands::build::run(&session, &arguments),
        Command::Builder(arguments) => commands::builder::run(&session, &arguments),
        Command::Ci(arguments) => commands::ci::run(&session, &arguments),
        Command::Dev(arguments) => commands::dev::run(&session, &arguments),
        Command::Doctor(arguments) => commands::doctor::run(&session, &arguments),
        Command::Bench(arguments) => commands::bench::run(&session, &arguments),
        Command::Handover(command) => commands::handover::run(&session, &command),
        Command::Packs(command) => commands::packs::run(&session, &command),
        Command::Pin(arguments) => commands::pin::run(&session, &arguments),
        Command::Sbom(arguments) => commands::sbom::run(&session, &arguments),
        Command::Prune(arguments) => commands::prune::run(&session, &arguments),
        Command::Rebase(arguments) => commands::rebase::run(&session, &arguments),
        Command::Reproduce(arguments) => commands::reproduce::run(&session, &arguments),
        Command::Verify(arguments) => commands::verify::run(&session, &arguments),
        Command::Manpages { folder } => commands::manpages::run(&folder),
        Command::Affected(arguments) => commands::affected::run(&session, &arguments),
        Command::Why(arguments) => commands::why::run(&session, &arguments),
        Command::Completions { shell } => {
            commands::completions::run(shell);
            Ok(())
        }
    };
    let problems = done.err().into_iter().flat_map(|problems| problems.0);
    let problems = Vec::from_iter(problems.chain(out::lost()));
    let Err(problems) = Problems(problems).or(()) else {
        return ExitCode::SUCCESS;
    };
    report::problems(&problems);
    ExitCode::from(problems.exit())
}
