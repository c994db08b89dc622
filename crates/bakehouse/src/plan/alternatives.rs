//! Images of one name, of which nobody bakes two at once without naming both.

use super::Plan;
use super::config::valid::TargetConfig;
use crate::names::TargetName;

impl Plan {
    /// Returns whether the image of a target has the first name of another one, too.
    pub fn shares_its_name(&self, name: &TargetName, target: &TargetConfig) -> bool {
        let first = |target: &TargetConfig| {
            let names = target.names(&self.config.bake.usual_tag).into_iter().next();
            names.filter(|_| target.is_image())
        };
        let own = first(target);
        let mut others = self.baked.iter().filter(|other| other.name != *name);
        own.is_some() && others.any(|other| first(&other.target) == own)
    }
}
