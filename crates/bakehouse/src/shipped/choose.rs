//! The services that `init` proposes for a repository.

use std::collections::BTreeMap;

use super::gather::gather;
use super::named::named;
use super::walk::walk;
use crate::graph::Workspace;
use crate::graph::context::repository;
use crate::names::PackageName;
use crate::plan::choice::{Choice, LeftOut, ProposedService, why_not};

/// Chooses what the repository ships. If its files name no binary of the workspace, it chooses by the manifests, and by
/// what people are told of.
pub fn choose(workspace: &Workspace, frontends: &BTreeMap<PackageName, String>) -> Choice {
    let home = workspace.home();
    let home = home.canonicalize_utf8().unwrap_or(home);
    let root = repository(&home).unwrap_or(&home);
    let files = walk(root);
    let folder = home.strip_prefix(root).unwrap_or("".into());
    let shipped = gather(&files, root, folder, workspace);
    let mut chosen = Choice::of(workspace, frontends);
    if shipped.services.is_empty() {
        let names = chosen.services.iter().map(ProposedService::main);
        let names: Vec<String> = names.map(ToString::to_string).collect();
        let told = named(&files, &names);
        chosen.leave_untold(|bin| told.contains(bin));
        chosen.shipping = shipped.shipping;
        return chosen;
    }
    let mut left_out = Vec::new();
    for member in workspace.own_members() {
        for binary in &member.binaries {
            let pair = (member.name.to_string(), binary.name.to_string());
            if shipped.binaries.contains(&pair) {
                continue;
            }
            let why = frontends.get(&member.name).cloned();
            let why = why.or_else(|| why_not(workspace, member, &binary.required_features));
            left_out.push(LeftOut {
                package: member.name.clone(),
                bin: binary.name.clone(),
                why: why.unwrap_or_else(|| "nothing here ships it".to_owned()),
            });
        }
    }
    Choice {
        services: shipped.services,
        left_out,
        shipping: shipped.shipping,
    }
}
