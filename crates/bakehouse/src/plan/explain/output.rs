//! A service, a pack binary or another image.

use std::collections::BTreeSet;

use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::inputs::Inputs;

/// The packages of an image of another Dockerfile.
static NO_PACKAGES: BTreeSet<PackageName> = BTreeSet::new();

/// The table of such images.
const IMAGES: &str = "images";

/// A service, a pack binary or another image of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// The name of its target.
    pub name: &'a str,
    /// The package of its binary; empty for another image.
    pub package: &'a str,
    pub bin: &'a str,
    pub closure: &'a BTreeSet<PackageName>,
    pub inputs: &'a Inputs,
    pub input_hash: &'a str,
    /// The stage that builds its binary.
    pub(super) binary_stage: &'a str,
    /// Its table in `bakehouse.toml`.
    pub(super) table: &'static str,
    pub(super) table_of: &'a str,
}

impl<'a> Output<'a> {
    /// Returns all outputs of `plan`.
    pub fn all(plan: &'a Plan) -> impl Iterator<Item = Self> {
        let services = plan.services.iter().map(|service| Self {
            name: &service.name,
            package: &service.main().package,
            bin: &service.main().bin,
            closure: &service.closure,
            inputs: &service.inputs,
            input_hash: &service.input_hash,
            binary_stage: &service.main().stage,
            table: "services",
            table_of: &service.family,
        });
        let packs = plan.packs.iter().flat_map(|pack| {
            pack.binaries.iter().map(|binary| Self {
                name: &binary.target,
                package: &binary.package,
                bin: &binary.bin,
                closure: &binary.closure,
                inputs: &binary.inputs,
                input_hash: &binary.input_hash,
                binary_stage: &binary.binary_stage,
                table: "packs",
                table_of: &pack.name,
            })
        });
        let images = plan.images.iter().map(|image| Self {
            name: &image.config.name,
            package: "",
            bin: "",
            closure: &NO_PACKAGES,
            inputs: &image.inputs,
            input_hash: &image.input_hash,
            binary_stage: "",
            table: IMAGES,
            table_of: &image.config.name,
        });
        services.chain(packs).chain(images)
    }

    /// Returns whether it is an image of another Dockerfile, of which nothing is compiled.
    pub fn is_other_image(&self) -> bool {
        self.table == IMAGES
    }
}
