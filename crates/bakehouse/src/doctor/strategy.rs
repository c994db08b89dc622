//! The strategy for this builder: what commits cost in stages, compared with one folder for all packages.

use super::{Check, Verdict};
use crate::files::measured::Measured;
use crate::plan::Plan;
use crate::plan::config::valid::Strategy;
use crate::plan::costs::Commits;
use crate::plan::strategies::{Compared, StageTime, compare};

const NEEDED: &str = "the strategy that is faster on this builder";

/// Returns the check. It compares what past commits would cost with the times that builds measured on this machine.
pub fn check(plan: &Plan, measured: &Measured, commits: &Commits) -> Check {
    if plan.config.strategy == Strategy::Mount {
        let found = "`mount`: packages compile in one folder, which only this builder has";
        return Check::good("strategy", found, NEEDED);
    }
    let of = |stage: &str| {
        Some(StageTime {
            took: *measured.stages.get(stage)?,
            cargo: *measured.cargo.get(stage)?,
        })
    };
    let Some(Compared { layer, mount }) = compare(plan, &of, commits) else {
        let found = "`layer`; nothing to compare: `bakehouse build` measures stages, and git has the commits";
        return Check::good("strategy", found, NEEDED);
    };
    let found = format!(
        "`layer`: the stages that a commit runs take {layer:.1} s on average, with `mount` about {mount:.1} s"
    );
    let saves = layer - mount;
    let is_worth_it = saves >= 0.5 && saves >= layer / 10.0;
    if !is_worth_it || !plan.config.cache_ref.is_empty() {
        return Check::good("strategy", found, NEEDED);
    }
    let remedy = "set cache.strategy = \"mount\" if you keep this builder and share no cache; \
                  `bakehouse bench --way layer,mount` measures both, and `bakehouse group` saves stages";
    Check::new("strategy", Verdict::Warning, found, NEEDED, remedy)
}
