//! A service or a pack binary.

use std::collections::BTreeSet;

use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::inputs::Inputs;

/// A service or a pack binary of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// The name of its target.
    pub name: &'a str,
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
        services.chain(packs)
    }
}
