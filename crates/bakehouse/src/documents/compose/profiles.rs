//! Profiles of services that are started only by name.

use std::collections::BTreeSet;

use crate::plan::Plan;
use crate::plan::service::Service;

/// Returns the profiles of a service: its own name if it is not baked by default, and those of the services that need it.
/// A service that one without a profile depends on has none either: Compose refuses a service whose dependency is not
/// enabled.
pub fn profiles<'a>(plan: &'a Plan, service: &'a Service) -> BTreeSet<&'a str> {
    let mut profiles = BTreeSet::new();
    let mut open = vec![service];
    while let Some(next) = open.pop() {
        if next.target.default {
            return BTreeSet::new();
        }
        if profiles.insert(next.name.as_str()) {
            let needs = |other: &&Service| other.compose.depends_on.contains(&next.name);
            open.extend(plan.services.iter().filter(needs));
        }
    }
    profiles
}
