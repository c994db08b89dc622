//! The order in which the packages of a closure compile.

use std::collections::BTreeSet;

use super::Activation;
use crate::names::PackageName;

/// Returns `packages` in compile order: each after its dependencies, otherwise by name.
pub fn compile_order(
    activation: &Activation,
    packages: &BTreeSet<PackageName>,
) -> Vec<PackageName> {
    let mut order: Vec<PackageName> = Vec::new();
    let mut open: BTreeSet<&str> = packages.iter().map(PackageName::as_str).collect();
    while !open.is_empty() {
        let waits = |name: &&str| {
            activation
                .needs(name)
                .any(|needed| needed != *name && open.contains(needed))
        };
        let mut ready: Vec<&str> = open.iter().copied().filter(|name| !waits(name)).collect();
        if ready.is_empty() {
            // Cargo refuses cycles, but features that it would not enable together can form one here.
            ready = open.iter().copied().take(1).collect();
        }
        for name in ready {
            open.remove(name);
            order.push(PackageName::new(name));
        }
    }
    order
}
