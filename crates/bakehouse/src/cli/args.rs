//! Arguments of the command line.

use std::ffi::OsString;

use camino::Utf8PathBuf;
use clap::{Args as Group, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::{complete, examples};
use crate::bench::contenders::Contender;
use crate::bench::replay::range::Range;
use crate::plan::config::image_name::{self, Form};

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

/// Options of every command.
#[derive(Clone, Group)]
pub struct Global {
    /// The workspace's Cargo.toml, or a member's
    #[arg(long, global = true, value_name = "PATH")]
    pub manifest_path: Option<Utf8PathBuf>,
    /// The configuration, instead of bakehouse.toml beside the workspace's Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<Utf8PathBuf>,
    /// Print nothing but errors and what a command is asked to show
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print more details; twice for all of them
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Subcommand)]
pub enum Command {
    /// Propose a bakehouse.toml for the workspace; never overwrites one
    #[command(after_help = examples::INIT)]
    Init(InitArgs),
    /// Write docker-bake.hcl and docker/
    #[command(after_help = examples::GENERATE)]
    Generate(GenerateArgs),
    /// Show services, closures, stages and input hashes; writes nothing
    #[command(after_help = examples::PLAN)]
    Plan(PlanArgs),
    /// Print a graph of services, stages and crates, as a page or for other programs
    #[command(after_help = examples::GRAPH)]
    Graph(GraphArgs),
    /// Propose small libraries that should share a stage, from history and measured times
    #[command(after_help = examples::GROUP)]
    Group(GroupArgs),
    /// Bake all services, or the named ones
    #[command(after_help = examples::BUILD)]
    Build(BuildArgs),
    /// Run services, and after each edit bake and restart what it changes, until Ctrl-C
    #[command(after_help = examples::DEV)]
    Dev(DevArgs),
    /// Check everything that a bake needs: engine, builder, bases, toolchain, files; each check with its remedy
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Measure this workspace: the host's cargo, bakehouse, cargo-chef and cache mounts by hand, side by side
    #[command(after_help = examples::BENCH)]
    Bench(BenchArgs),
    /// Print or run the commands that create a builder of several nodes
    #[command(after_help = examples::BUILDER)]
    Builder(BuilderArgs),
    /// Write a workflow that checks pull requests and publishes what is new, for GitHub or GitLab
    #[command(after_help = examples::CI)]
    Ci(CiArgs),
    /// Check packs, build their binaries, or list their content
    #[command(subcommand)]
    Packs(PacksCommand),
    /// Pin the toolchain in toolchain.json, and base images by digest in bakehouse.toml
    #[command(after_help = examples::PIN)]
    Pin(PinArgs),
    /// Put published images onto another base, without a build
    #[command(after_help = examples::REBASE)]
    Rebase(RebaseArgs),
    /// List tags in the registry that nothing needs any more, or delete them
    #[command(after_help = examples::PRUNE)]
    Prune(PruneArgs),
    /// Check published images against this checkout: input hash, base, provenance, signature
    #[command(after_help = examples::VERIFY)]
    Verify(VerifyArgs),
    /// Rebuild published images from their commit, from nothing, and compare both file by file
    #[command(after_help = examples::REPRODUCE)]
    Reproduce(ReproduceArgs),
    /// Write the manual's pages into a folder
    #[command(hide = true)]
    Manpages { folder: Utf8PathBuf },
    /// Hand pushed images over to a deployment, each by its digest
    #[command(subcommand)]
    Handover(HandoverCommand),
    /// Print what an image is made of, as a bill of materials: crates, toolchain, base and packages
    #[command(after_help = examples::SBOM)]
    Sbom(SbomArgs),
    /// Show the services and packs with an input hash that changed since a revision
    #[command(after_help = examples::AFFECTED)]
    Affected(AffectedArgs),
    /// Show what a service is built from, or why it changed since a revision
    #[command(after_help = examples::WHY)]
    Why(WhyArgs),
    /// Print completions for a shell; they complete the names of services, too
    #[command(after_help = examples::COMPLETIONS)]
    Completions { shell: clap_complete::Shell },
}

#[derive(Group)]
pub struct InitArgs {
    /// Write nothing; print the proposal
    #[arg(long)]
    pub print: bool,
}

#[derive(Group)]
pub struct GenerateArgs {
    /// Write nothing; exit with 3 when a file is out of date
    #[arg(long)]
    pub check: bool,
    /// Write nothing; show what would change
    #[arg(long, conflicts_with = "check")]
    pub diff: bool,
    /// Overwrite files that were edited by hand or written by somebody else
    #[arg(long)]
    pub force: bool,
}

#[derive(Group)]
pub struct GraphArgs {
    /// Format of the graph; html is one self-contained page
    #[arg(long, value_enum, default_value = "html")]
    pub format: GraphFormat,
    /// Write to this file instead of printing
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<Utf8PathBuf>,
    /// Number of commits to look at, from the newest
    #[arg(long, value_name = "N", default_value = "1000")]
    pub commits: usize,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum GraphFormat {
    Html,
    Mermaid,
    Dot,
    Json,
}

#[derive(Group)]
pub struct BuilderArgs {
    /// A builder of bakehouse.toml [default: the only one]
    pub name: Option<String>,
    /// Run the commands instead of printing them
    #[arg(long)]
    pub create: bool,
    /// Replace an existing builder of this name; deletes its cache
    #[arg(long)]
    pub replace: bool,
}

#[derive(Group)]
pub struct CiArgs {
    #[arg(value_enum)]
    pub service: CiService,
    /// Write nothing; exit with 3 when the workflow is out of date
    #[arg(long)]
    pub check: bool,
    /// Overwrite files that were edited by hand or written by somebody else
    #[arg(long)]
    pub force: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiService {
    /// .github/workflows/bakehouse.yml
    Github,
    /// .gitlab/bakehouse.yml, which .gitlab-ci.yml includes
    Gitlab,
}

#[derive(Group)]
pub struct PinArgs {
    /// Write nothing; exit with 3 when a pin is missing or out of date
    #[arg(long)]
    pub check: bool,
    /// Pin nothing else
    #[arg(long, value_enum, value_name = "WHAT")]
    pub only: Option<Pinned>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pinned {
    /// toolchain.json, from rust-toolchain.toml, flake.lock and pins.toml; asks no registry
    Toolchain,
    /// Base images, by the digests in their registries
    Bases,
}

#[derive(Group)]
pub struct RebaseArgs {
    /// Services, or groups of variants [default: all on `bases.runtime`]
    #[arg(value_name = "SERVICE", add = ArgValueCandidates::new(complete::services))]
    pub services: Vec<String>,
    /// The new base, by its digest; it is written into bakehouse.toml afterwards [default: that of bakehouse.toml]
    #[arg(long, value_name = "IMAGE@DIGEST")]
    pub base: Option<String>,
    /// The base that the published images are on, if bakehouse.toml names the new one already
    #[arg(long, value_name = "IMAGE")]
    pub from: Option<String>,
    /// Tags of the images, separated by commas [default: that of bakehouse.toml]
    #[arg(long, value_name = "TAG", env = "TAG")]
    pub tag: Option<String>,
    /// Push nothing; check the images and show what they would become
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Group)]
pub struct PruneArgs {
    /// Look at the tags in-<hash> of images in their registries, and deps-<hash> in CACHE_REF
    #[arg(long, required = true)]
    pub registry: bool,
    /// Number of newest images to keep in each repository
    #[arg(long, value_name = "N", default_value = "50")]
    pub keep: usize,
    /// Age below which everything is kept, such as 30d, 4w or 12h
    #[arg(long, value_name = "AGE", default_value = "30d")]
    pub older: String,
    /// A branch, tag or commit of which everything is kept that its plan needs; may be repeated
    #[arg(long = "branch", value_name = "REF")]
    pub branches: Vec<String>,
    /// Count images as old that do not say when they were made
    #[arg(long)]
    pub undated: bool,
    /// Delete what is listed
    #[arg(long)]
    pub yes: bool,
}

#[derive(Default, Group)]
pub struct VerifyArgs {
    /// Images in a registry, by tag or digest
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<String>,
    /// The public key of the signature, as cosign takes it
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Identity in the certificate of whoever has to have signed
    #[arg(long = "certificate-identity", value_name = "IDENTITY")]
    pub identity: Option<String>,
    /// The same as an expression
    #[arg(long = "certificate-identity-regexp", value_name = "EXPRESSION")]
    pub identity_regexp: Option<String>,
    /// Issuer of that certificate
    #[arg(long = "certificate-oidc-issuer", value_name = "URL")]
    pub issuer: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Further arguments for `cosign verify`
    #[arg(last = true, value_name = "COSIGN ARGUMENT")]
    pub cosign: Vec<OsString>,
}

#[derive(Group)]
pub struct ReproduceArgs {
    /// Images in a registry, by tag or digest
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<String>,
    /// Platforms to rebuild, separated by commas [default: all of each image]
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub platforms: Vec<String>,
    /// The builder [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub builder: Option<String>,
    /// The base onto which `rebase` has put the images since, by its digest
    #[arg(long, value_name = "IMAGE@DIGEST")]
    pub base: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Further arguments for `docker buildx bake`
    #[arg(last = true, value_name = "BAKE ARGUMENT")]
    pub bake: Vec<OsString>,
}

#[derive(Group)]
pub struct PlanArgs {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Group)]
pub struct GroupArgs {
    /// Write the groups into the configuration
    #[arg(long)]
    pub write: bool,
    /// Number of commits to look at, from the newest
    #[arg(long, value_name = "N", default_value = "1000")]
    pub commits: usize,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Group)]
pub struct DoctorArgs {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Group)]
pub struct BuildArgs {
    /// Services, groups of variants, or pack-binary targets; `packs` for all of the latter, `compiled` to write the registry cache
    #[arg(value_name = "SERVICE", add = ArgValueCandidates::new(complete::targets))]
    pub services: Vec<String>,
    /// Push the images, and skip those that the registry already has with the same input hash
    #[arg(long)]
    pub push: bool,
    /// With --push: write what was pushed to this file when everything is there, for `bakehouse handover`; `-` prints it
    #[arg(
        long,
        value_name = "FILE",
        requires = "push",
        conflicts_with = "dry_run"
    )]
    pub digests: Option<Utf8PathBuf>,
    /// Platforms to build for, such as linux/arm64 [default: those of bakehouse.toml]; with any, nothing is skipped
    #[arg(
        long = "platform",
        value_name = "PLATFORM",
        value_delimiter = ',',
        env = "PLATFORMS"
    )]
    pub platforms: Vec<String>,
    /// Write the generated files first, if they are out of date
    #[arg(long)]
    pub generate: bool,
    /// Bake nothing; show what would be baked, and what would be skipped
    #[arg(long)]
    pub dry_run: bool,
    /// Bake also images that the engine, or with --push the registry, already has with the same input hash
    #[arg(long)]
    pub force: bool,
    /// How progress is shown: `buildx` leaves it to buildx, `json` prints a line for each step and one at the end
    #[arg(long, value_enum, value_name = "HOW", default_value_t = BuildProgress::Buildx)]
    pub progress: BuildProgress,
    /// Arguments for `docker buildx bake`; with any of them, nothing is skipped
    #[arg(last = true, value_name = "BAKE ARGUMENT")]
    pub bake: Vec<OsString>,
}

impl BuildArgs {
    /// Returns the arguments for these services, with generated files that are brought up to date.
    pub fn generating(services: Vec<String>) -> Self {
        Self {
            services,
            push: false,
            digests: None,
            platforms: Vec::new(),
            generate: true,
            dry_run: false,
            force: false,
            progress: BuildProgress::Buildx,
            bake: Vec::new(),
        }
    }
}

#[derive(Group)]
pub struct DevArgs {
    /// Services, variants or groups to run, with what they depend on [default: everything that is baked by default]
    #[arg(value_name = "SERVICE", add = ArgValueCandidates::new(complete::targets))]
    pub services: Vec<String>,
    /// Do not print the containers' logs
    #[arg(long)]
    pub no_logs: bool,
    /// Leave the containers running at the end
    #[arg(long)]
    pub keep: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BuildProgress {
    Buildx,
    Json,
}

#[derive(Group)]
pub struct SbomArgs {
    /// Services, and groups of variants [default: all]
    #[arg(value_name = "SERVICE", add = ArgValueCandidates::new(complete::services))]
    pub services: Vec<String>,
    /// Format of the bill; both are JSON
    #[arg(long, value_enum, default_value_t = SbomFormat::Cyclonedx)]
    pub format: SbomFormat,
    /// Write a file for each service into this folder instead of printing
    #[arg(long, short, value_name = "FOLDER")]
    pub out: Option<Utf8PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SbomFormat {
    /// CycloneDX 1.6
    Cyclonedx,
    /// SPDX 2.3
    Spdx,
}

#[derive(Subcommand)]
pub enum HandoverCommand {
    /// Print plain Kubernetes manifests of services, from what the compose file knows of them
    #[command(after_help = examples::HANDOVER_KUBERNETES)]
    Kubernetes(HandoverKubernetesArgs),
    /// Print a component of Kustomize, with `images` by digest
    #[command(after_help = examples::HANDOVER_KUSTOMIZE)]
    Kustomize(HandoverArgs),
    /// Print values for a chart: `images.<service>` with `repository`, `digest` and `tag`
    #[command(after_help = examples::HANDOVER_HELM)]
    Helm(HandoverArgs),
    /// Print a compose file that overrides the images of docker/compose.yaml
    #[command(after_help = examples::HANDOVER_COMPOSE)]
    Compose(HandoverArgs),
    /// Print lines for $GITHUB_OUTPUT
    #[command(after_help = examples::HANDOVER_GITHUB)]
    Github(HandoverArgs),
}

#[derive(Group)]
pub struct HandoverKubernetesArgs {
    /// Services, images, and groups of either [default: those that `docker compose up` starts]
    #[arg(value_name = "SERVICE", add = ArgValueCandidates::new(complete::services))]
    pub services: Vec<String>,
    /// The file that `bakehouse build --push --digests` wrote; `-` reads standard input [default: images by REGISTRY and TAG]
    #[arg(long, value_name = "FILE")]
    pub digests: Option<Utf8PathBuf>,
    /// The registry to name, if images were pushed to several [default: the first of each image]
    #[arg(long, value_name = "REGISTRY", requires = "digests")]
    pub registry: Option<String>,
    /// The namespace of everything [default: none, so that `kubectl` decides]
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// The image of a pack, to name it by digest [default: by REGISTRY and TAG]
    #[arg(long = "pack", value_name = "PACK=IMAGE")]
    pub packs: Vec<PackImage>,
    /// Write to this file instead of printing
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<Utf8PathBuf>,
}

/// Parses the name of a namespace.
fn namespace(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = !text.is_empty()
        && text.len() <= 63
        && text.chars().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-');
    match is_name {
        true => Ok(text.to_owned()),
        false => Err(
            "a namespace has up to 63 lower-case letters, digits and `-` between them".to_owned(),
        ),
    }
}

/// The image of a pack, parsed from `PACK=IMAGE`.
#[derive(Clone)]
pub struct PackImage {
    pub pack: String,
    pub image: String,
}

impl std::str::FromStr for PackImage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pack, image) = text
            .split_once('=')
            .ok_or("it has no `=`, as in core=ghcr.io/acme/shop/pack-core@sha256:…")?;
        image_name::check(image, Form::Image)
            .map_err(|fault| format!("the image {}", fault.what))?;
        Ok(Self {
            pack: pack.to_owned(),
            image: image.to_owned(),
        })
    }
}

#[derive(Group)]
pub struct HandoverArgs {
    /// The file that `bakehouse build --push --digests` wrote; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub digests: Utf8PathBuf,
    /// The registry to name, if images were pushed to several [default: the first of each image]
    #[arg(long, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// Write to this file instead of printing
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<Utf8PathBuf>,
}

#[derive(Subcommand)]
pub enum PacksCommand {
    /// Check everything in packs: manifests, entry points, links, binaries
    #[command(after_help = examples::PACKS_CHECK)]
    Check(PacksCheckArgs),
    /// Build the binaries that the packs lack or have with another input hash
    #[command(after_help = examples::PACKS_BUILD)]
    Build(PacksBuildArgs),
    /// Show packs, their actions and sensors, and the state of their binaries
    #[command(after_help = examples::PACKS_LIST)]
    List(PacksListArgs),
}

#[derive(Group)]
pub struct PacksCheckArgs {
    /// Packs of bakehouse.toml, or folders [default: all packs of bakehouse.toml]
    #[arg(value_name = "PACK", add = ArgValueCandidates::new(complete::packs))]
    pub packs: Vec<String>,
    #[command(flatten)]
    pub platforms: Platforms,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Group)]
pub struct PacksBuildArgs {
    /// Packs of bakehouse.toml [default: all]
    #[arg(value_name = "PACK", add = ArgValueCandidates::new(complete::packs))]
    pub packs: Vec<String>,
    #[command(flatten)]
    pub platforms: Platforms,
    /// Build also binaries that the packs already have
    #[arg(long)]
    pub force: bool,
}

#[derive(Group)]
pub struct PacksListArgs {
    /// Packs of bakehouse.toml, or folders [default: all packs of bakehouse.toml]
    #[arg(value_name = "PACK", add = ArgValueCandidates::new(complete::packs))]
    pub packs: Vec<String>,
    #[command(flatten)]
    pub platforms: Platforms,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Group)]
pub struct Platforms {
    /// Platforms on which the packs are mounted, such as linux/arm64 [default: this machine's, if it is among those of bakehouse.toml]
    #[arg(
        long = "platform",
        value_name = "PLATFORM",
        value_delimiter = ',',
        env = "PLATFORMS"
    )]
    pub platforms: Vec<String>,
}

#[derive(Group)]
pub struct BenchArgs {
    /// Runs of each scenario; medians are shown
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub rounds: usize,
    /// Runs of the clean build; the scenarios continue from the last one
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub cold_rounds: usize,
    /// Ways to measure: host, layer, mount, chef, chef-sccache, kache, seed [default: all]
    #[arg(long = "way", value_name = "WAY", value_delimiter = ',')]
    pub contenders: Vec<ContenderName>,
    /// Scenarios to measure, by their keys in bench.json [default: all]
    #[arg(long = "scenario", value_name = "KEY", value_delimiter = ',')]
    pub scenarios: Vec<String>,
    /// Docker context of a second engine, for the bare runner; its whole build cache is deleted repeatedly
    #[arg(long, value_name = "CONTEXT", requires = "registry")]
    pub runner: Option<String>,
    /// Registry that both engines reach, for the bare runner; it is filled with images and caches
    #[arg(long, value_name = "HOST[:PORT]", requires = "runner")]
    pub registry: Option<String>,
    /// sccache's store on a bare runner, a Redis or a WebDAV folder, reached over the host's network of both engines [default: none]
    #[arg(long, value_name = "URL", requires = "runner")]
    pub store: Option<String>,
    /// Seconds, including preparation, after which a way is not measured again in a scenario
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    pub patience: u64,
    /// Build the commits of this range in order instead, along first parents: on the runner if one is named, else on a builder that stays
    #[arg(long, value_name = "FROM..TO", conflicts_with_all = ["scenarios", "rounds", "cold_rounds", "patience"])]
    pub replay: Option<Range>,
    /// With --replay and --runner: also build them on a builder that stays
    #[arg(long, requires = "replay")]
    pub kept: bool,
    /// Folder for bench.json, bench.md and bench.svg, or with --replay for replay.json, replay.md and replay.svg [default: target/bakehouse-bench]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<Utf8PathBuf>,
}

/// A contender, parsed from its name.
#[derive(Clone, Copy)]
pub struct ContenderName(pub Contender);

impl std::str::FromStr for ContenderName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let contender = Contender::ALL
            .into_iter()
            .find(|contender| contender.key() == name);
        let known = || Contender::ALL.map(Contender::key).join(", ");
        contender
            .map(Self)
            .ok_or_else(|| format!("the ways are {}", known()))
    }
}

#[derive(Group)]
pub struct AffectedArgs {
    /// The revision to compare with: a commit, branch or tag [default: where the current branch left the main branch]
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    #[arg(long, value_enum, default_value_t = AffectedFormat::Text)]
    pub format: AffectedFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AffectedFormat {
    Text,
    Json,
    /// Lines for $GITHUB_OUTPUT
    Github,
}

#[derive(Group)]
pub struct WhyArgs {
    /// A service, or the target of a pack binary
    #[arg(value_name = "SERVICE", add = ArgValueCandidates::new(complete::services))]
    pub service: String,
    /// The revision to compare with: a commit, branch or tag
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
