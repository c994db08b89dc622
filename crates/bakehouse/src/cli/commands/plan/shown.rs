//! `plan` as JSON.

use std::collections::BTreeSet;

use serde::Serialize;

use super::stages;
use crate::cli::hidden;
use crate::cli::session::Planned;
use crate::graph::inputs::Finding;
use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::downloads::{downloading, holders, unanswered};
use crate::plan::explain::Output;
use crate::plan::missing::Missing;
use crate::plan::other_image::OtherImage;
use crate::plan::stage::Selection;

/// `plan --format json`, version 1.
#[derive(Serialize)]
pub(super) struct ShownPlan<'a> {
    version: u32,
    bases: Vec<&'a str>,
    services: Vec<ShownService<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<ShownImage<'a>>,
    packs: Vec<ShownPack<'a>>,
    chains: Vec<ShownChain<'a>>,
    stages: Vec<ShownStage<'a>>,
    hidden_inputs: Vec<ShownInput<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing_packages: Vec<ShownMissing<'a>>,
    /// The crates whose build scripts download something, which no step can.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    downloads: Vec<ShownDownload<'a>>,
}

/// A package that may be missing in an image.
#[derive(Serialize)]
pub(super) struct ShownMissing<'a> {
    package: &'a str,
    /// The key that lists the packages of the image.
    key: &'a str,
    crates: &'a [String],
}

#[derive(Serialize)]
pub(super) struct ShownService<'a> {
    name: &'a str,
    package: &'a str,
    bin: &'a str,
    /// The binaries beside the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    further_bins: Vec<ShownFurther<'a>>,
    /// The shared libraries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    libs: Vec<ShownFurther<'a>>,
    variant: Option<&'a str>,
    closure: Vec<&'a str>,
    input_hash: &'a str,
}

/// A further binary or a shared library of an image.
#[derive(Serialize)]
pub(super) struct ShownFurther<'a> {
    /// The package; `None` for a library that the builder has.
    package: Option<&'a str>,
    name: &'a str,
    stage: &'a str,
}

/// An image of another Dockerfile.
#[derive(Serialize)]
pub(super) struct ShownImage<'a> {
    name: &'a str,
    context: &'a str,
    dockerfile: &'a str,
    target: Option<&'a str>,
    files: usize,
    /// The packages that embed files of it.
    embedded_by: Vec<&'a str>,
    /// The services that ship files of it, or are built on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shipped_by: Vec<&'a str>,
    input_hash: &'a str,
}

impl<'a> ShownImage<'a> {
    fn of(plan: &'a Plan, image: &'a OtherImage) -> Self {
        let config = &image.config;
        Self {
            name: &config.name,
            context: config.context.as_str(),
            dockerfile: config.dockerfile.as_str(),
            target: config.stage.as_deref(),
            files: image.files,
            embedded_by: plan.embedded_by(&config.name).collect(),
            shipped_by: plan.shipped_by(&config.name).collect(),
            input_hash: &image.input_hash,
        }
    }
}

#[derive(Serialize)]
pub(super) struct ShownPack<'a> {
    name: &'a str,
    binaries: Vec<ShownBinary<'a>>,
}

#[derive(Serialize)]
pub(super) struct ShownBinary<'a> {
    name: &'a str,
    input_hash: &'a str,
}

/// Outputs that are built together.
#[derive(Serialize)]
pub(super) struct ShownChain<'a> {
    /// The stage of its third-party crates, with the strategy `layer`.
    name: String,
    /// Services, with variants counted once, and pack binaries.
    outputs: Vec<&'a str>,
    profile: &'a str,
    /// The flags in `RUSTFLAGS`.
    rustflags: &'a [String],
    /// Reasons why they are not built with the outputs of the first chain with the same profile and flags.
    parted_by: Vec<ShownParted<'a>>,
    /// Number of local libraries that an earlier chain compiles as well.
    libraries_again: usize,
    /// Upper bound of the number of third-party crates that an earlier chain compiles as well.
    crates_again: usize,
}

#[derive(Serialize)]
pub(super) struct ShownParted<'a> {
    package: &'a str,
    feature: Option<&'a str>,
    by: Option<&'a str>,
    with: &'a [String],
    without: &'a [String],
}

#[derive(Serialize)]
pub(super) struct ShownStage<'a> {
    name: &'a str,
    package: &'a str,
    needs: &'a [PackageName],
    reads: Vec<&'a str>,
}

/// A file that a build reads outside its package and that `[inputs]` does not declare.
#[derive(Serialize)]
pub(super) struct ShownInput<'a> {
    package: &'a str,
    path: &'a str,
    file: &'a str,
    line: Option<usize>,
    kind: &'a str,
    by: &'a str,
    certainty: &'a str,
    exists: bool,
    services: Vec<&'a str>,
}

/// A crate whose build script downloads something, unless the configuration has another way for it.
#[derive(Serialize)]
pub(super) struct ShownDownload<'a> {
    pub(super) package: String,
    pub(super) fetches: String,
    /// The variables that name a local copy.
    pub(super) variables: Vec<String>,
    /// The features that avoid it.
    pub(super) features: Vec<String>,
    pub(super) instead: String,
    pub(super) services: Vec<&'a str>,
}

impl<'a> ShownDownload<'a> {
    pub(super) fn all(planned: &'a Planned, packages: &BTreeSet<&str>) -> Vec<Self> {
        let plan = &planned.plan;
        let found = unanswered(&plan.config, downloading(&planned.workspace, packages));
        let outputs = Output::all(plan).map(|output| (output.name, output.closure));
        let mut holders = holders(&planned.workspace, outputs, &found);
        let shown = found.into_iter().map(|download| Self {
            services: holders.remove(&download.name).unwrap_or_default(),
            package: download.name,
            fetches: download.fetches,
            variables: download.variables,
            features: download.features,
            instead: download.instead,
        });
        shown.collect()
    }
}

impl<'a> ShownPlan<'a> {
    pub(super) fn of(
        plan: &'a Plan,
        hidden: &'a [Finding],
        missing: &'a [Missing],
        downloads: Vec<ShownDownload<'a>>,
    ) -> Self {
        Self {
            version: 1,
            downloads,
            bases: plan.bases().into_iter().collect(),
            services: plan
                .services
                .iter()
                .map(|service| ShownService {
                    name: &service.name,
                    package: &service.main().package,
                    bin: &service.main().bin,
                    further_bins: service
                        .binaries
                        .iter()
                        .skip(1)
                        .map(|binary| ShownFurther {
                            package: Some(&binary.package),
                            name: &binary.bin,
                            stage: &binary.stage,
                        })
                        .collect(),
                    libs: service
                        .libraries
                        .iter()
                        .map(|library| ShownFurther {
                            package: library.package.as_deref(),
                            name: &library.file,
                            stage: &library.stage,
                        })
                        .collect(),
                    variant: service.variant.as_deref(),
                    closure: service.closure.iter().map(PackageName::as_str).collect(),
                    input_hash: &service.input_hash,
                })
                .collect(),
            images: plan
                .images
                .iter()
                .map(|image| ShownImage::of(plan, image))
                .collect(),
            packs: plan
                .packs
                .iter()
                .map(|pack| ShownPack {
                    name: &pack.name,
                    binaries: pack
                        .binaries
                        .iter()
                        .map(|binary| ShownBinary {
                            name: &binary.bin,
                            input_hash: &binary.input_hash,
                        })
                        .collect(),
                })
                .collect(),
            chains: plan.selections.iter().map(ShownChain::of).collect(),
            stages: stages(plan)
                .map(|stage| ShownStage {
                    name: &stage.name,
                    package: &stage.package,
                    needs: &stage.needs,
                    reads: stage.reads.iter().map(|path| path.as_str()).collect(),
                })
                .collect(),
            missing_packages: missing
                .iter()
                .map(|missing| ShownMissing {
                    package: &missing.package,
                    key: missing.key,
                    crates: &missing.crates,
                })
                .collect(),
            hidden_inputs: hidden
                .iter()
                .map(|finding| ShownInput {
                    package: &finding.package,
                    path: finding.path.as_str(),
                    file: finding.file.as_str(),
                    line: finding.line,
                    kind: finding.kind.as_str(),
                    by: &finding.by,
                    certainty: finding.certainty.as_str(),
                    exists: finding.exists,
                    services: hidden::services(plan, &finding.package),
                })
                .collect(),
        }
    }
}

impl<'a> ShownChain<'a> {
    fn of(selection: &'a Selection) -> Self {
        let parted = selection.parted.iter();
        Self {
            name: selection.deps().into(),
            outputs: selection.outputs.iter().map(String::as_str).collect(),
            profile: &selection.settings.profile,
            rustflags: &selection.settings.rustflags,
            parted_by: parted
                .map(|parted| ShownParted {
                    package: &parted.package,
                    feature: parted.feature.as_deref(),
                    by: parted.by.as_deref(),
                    with: &parted.with,
                    without: &parted.without,
                })
                .collect(),
            libraries_again: selection.again.libraries,
            crates_again: selection.again.crates,
        }
    }
}
