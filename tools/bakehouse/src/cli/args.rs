//! What can be said on the command line.

use std::ffi::OsString;

use camino::Utf8PathBuf;
use clap::{Args as Group, ColorChoice, Parser, Subcommand, ValueEnum};

/// Docker images for a Rust workspace, where a commit rebuilds only what it changed.
#[derive(Parser)]
#[command(
    name = "bakehouse",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Group)]
pub struct Global {
    /// The workspace's Cargo.toml, or a member's
    #[arg(long, global = true, value_name = "PATH")]
    pub manifest_path: Option<Utf8PathBuf>,
    /// The configuration, instead of bakehouse.toml beside the workspace's Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<Utf8PathBuf>,
    /// Print nothing but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print what is done in more detail; twice for all of it
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Subcommand)]
pub enum Command {
    /// Write docker-bake.hcl and docker/
    Generate(GenerateArgs),
    /// Show services, closures, stages and input hashes; writes nothing
    Plan(PlanArgs),
    /// Bake services: all of them, or those named
    Build(BuildArgs),
    /// Print completions for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Group)]
pub struct GenerateArgs {
    /// Write nothing; exit with 3 when a file is out of date
    #[arg(long)]
    pub check: bool,
    /// Write nothing; show what would change
    #[arg(long, conflicts_with = "check")]
    pub diff: bool,
    /// Overwrite what was edited by hand or written by somebody else
    #[arg(long)]
    pub force: bool,
}

#[derive(Group)]
pub struct PlanArgs {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Group)]
pub struct BuildArgs {
    /// Services, groups of variants, or pack-binary targets
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Bake even what the engine already has by its input hash
    #[arg(long)]
    pub force: bool,
    /// Arguments for `docker buildx bake`; nothing is skipped then
    #[arg(last = true, value_name = "BAKE ARGUMENT")]
    pub bake: Vec<OsString>,
}
