//! Which packages compile together, and the stages that this makes.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::config::Config;
use super::config::valid::Unify;
use super::stage::{CompileStage, Selection};
use crate::graph::Workspace;
use crate::graph::closure::{closure, compile_order};

/// A binary to build.
pub struct Output<'a> {
    pub package: &'a str,
    pub bin: &'a str,
    pub features: &'a [String],
    /// What the name of its stage is made of.
    pub name: String,
}

/// Each binary to build: the services' and the packs'.
pub fn outputs(config: &Config) -> impl Iterator<Item = Output<'_>> {
    let services = config.services.iter().map(|service| Output {
        package: &service.package,
        bin: &service.bin,
        features: &service.features,
        name: service.family.clone(),
    });
    let packs = config.packs.iter().flat_map(|pack| {
        pack.binaries.iter().map(move |binary| Output {
            package: &binary.package,
            bin: &binary.bin,
            features: &binary.features,
            name: format!("pack-{}-{}", pack.name, binary.bin),
        })
    });
    services.chain(packs)
}

/// What a build of `package` itself reads: its sources and declared inputs.
pub fn member_reads(
    workspace: &Workspace,
    config: &Config,
    package: &str,
) -> BTreeSet<Utf8PathBuf> {
    let own = workspace.members[package].sources.iter().cloned();
    let inputs = config
        .inputs
        .get(package)
        .into_iter()
        .flatten()
        .map(|path| fixed_part(path));
    own.chain(inputs).collect()
}

/// `paths` without those that lie inside another of them.
pub fn outermost(paths: &BTreeSet<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let inner = |path: &Utf8PathBuf| {
        path.ancestors()
            .skip(1)
            .any(|folder| paths.contains(folder))
    };
    paths.iter().filter(|path| !inner(path)).cloned().collect()
}

/// The folder that a pattern such as `migrations/**` cannot leave.
fn fixed_part(pattern: &Utf8Path) -> Utf8PathBuf {
    pattern
        .components()
        .take_while(|part| !part.as_str().contains('*'))
        .collect()
}

/// The selections of a plan: one, or one per package and features.
pub fn selections(workspace: &Workspace, config: &Config) -> Vec<Selection> {
    let mut groups: BTreeMap<(&str, &[String]), Vec<Output<'_>>> = BTreeMap::new();
    for output in outputs(config) {
        let key = match config.unify {
            Unify::Services => ("", &[][..]),
            Unify::Each => (output.package, output.features),
        };
        groups.entry(key).or_default().push(output);
    }
    let single = groups.len() == 1;
    groups
        .into_values()
        .map(|group| selection(workspace, config, &group, single))
        .collect()
}

fn selection(
    workspace: &Workspace,
    config: &Config,
    group: &[Output<'_>],
    single: bool,
) -> Selection {
    let members = &workspace.members;
    let packages: BTreeSet<&str> = group.iter().map(|output| output.package).collect();
    let features: BTreeSet<String> = group
        .iter()
        .flat_map(|output| {
            output
                .features
                .iter()
                .map(|feature| format!("{}/{feature}", output.package))
        })
        .collect();
    let all: BTreeSet<String> = packages
        .iter()
        .flat_map(|package| closure(members, package))
        .collect();
    let used: BTreeSet<String> = all
        .iter()
        .flat_map(|name| {
            members[name]
                .compile_edges()
                .filter(move |edge| edge.to != *name)
        })
        .map(|edge| edge.to.clone())
        .collect();
    let suffix = if single {
        String::new()
    } else {
        format!("-for-{}", group[0].name)
    };
    let order = compile_order(members, &used);
    let needs = |package: &str, itself: bool| -> Vec<String> {
        let closure = closure(members, package);
        order
            .iter()
            .filter(|name| closure.contains(*name) && (itself || *name != package))
            .cloned()
            .collect()
    };
    let compile = |name: String, package: &str, bin: Option<&str>| CompileStage {
        needs: needs(package, bin.is_some()),
        name,
        package: package.to_owned(),
        bin: bin.map(str::to_owned),
        dir: members[package].dir.clone(),
        reads: outermost(&member_reads(workspace, config, package)),
    };
    let mut leaves: Vec<CompileStage> = Vec::new();
    for Output {
        package, bin, name, ..
    } in group
    {
        if !leaves
            .iter()
            .any(|leaf| leaf.package == *package && leaf.bin.as_deref() == Some(bin))
        {
            leaves.push(compile(format!("build-{name}"), package, Some(bin)));
        }
    }
    Selection {
        packages: packages.into_iter().map(str::to_owned).collect(),
        features: features.into_iter().collect(),
        libraries: order
            .iter()
            .map(|package| compile(format!("lib-{package}{suffix}"), package, None))
            .collect(),
        leaves,
        suffix,
    }
}

/// The stage that builds a binary with at least `features`.
pub fn leaf<'a>(
    selections: &'a [Selection],
    package: &str,
    bin: &str,
    features: &[String],
) -> &'a CompileStage {
    let wanted: Vec<String> = features
        .iter()
        .map(|feature| format!("{package}/{feature}"))
        .collect();
    selections
        .iter()
        .filter(|selection| {
            wanted
                .iter()
                .all(|feature| selection.features.contains(feature))
        })
        .flat_map(|selection| &selection.leaves)
        .find(|leaf| leaf.package == package && leaf.bin.as_deref() == Some(bin))
        .expect("each output got a leaf in its selection")
}
