//! The two strategies compared: what past commits cost in a stage for each package, and in one folder.

use std::collections::BTreeMap;

use super::Plan;
use super::costs::{Commits, count};
use super::stage::{CompileStage, Selection};

/// The time of a stage, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct StageTime {
    pub took: f64,
    /// Seconds of it that Cargo reported as its own.
    pub cargo: f64,
}

/// The seconds that the stages of a commit take on average, one after another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    pub layer: f64,
    /// An estimate: Cargo's own time is the same, and only binaries have a stage.
    pub mount: f64,
}

/// Compares the strategies for `commits`. Returns none if no commit ran a stage whose time is known.
pub fn compare(
    plan: &Plan,
    time: &impl Fn(&str) -> Option<StageTime>,
    commits: &Commits,
) -> Option<Compared> {
    let (mut layer, mut mount, mut all) = (0.0, 0.0, 0.0);
    for (changed, times) in &commits.sets {
        let runs = |selection: &Selection, stage: &CompileStage| {
            let closure = selection.closures.get(&stage.package);
            closure.is_some_and(|closure| !closure.is_disjoint(changed))
        };
        let stages = plan.selections.iter().flat_map(|selection| {
            let stages = selection.stages();
            stages.filter(move |stage| runs(selection, stage))
        });
        // Libraries of a group share a stage.
        let known: BTreeMap<&str, (bool, StageTime)> = stages
            .filter_map(|stage| {
                let time = time(&stage.name)?;
                Some((stage.name.as_str(), (stage.output().is_some(), time)))
            })
            .collect();
        if known.is_empty() {
            continue;
        }
        let times = count(*times);
        all += times;
        for (has_stage, time) in known.into_values() {
            layer += times * time.took;
            mount += times * if has_stage { time.took } else { time.cargo };
        }
    }
    (all > 0.0).then(|| Compared {
        layer: layer / all,
        mount: mount / all,
    })
}
