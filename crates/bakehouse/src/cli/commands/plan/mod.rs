//! `bakehouse plan`.

mod shown;
mod text;

use std::mem::ManuallyDrop;

use self::shown::{ShownDownload, ShownPlan};
use crate::cli::args::{Format, PlanArgs};
use crate::cli::hidden;
use crate::cli::report::json;
use crate::cli::session::Session;
use crate::plan::Plan;
use crate::plan::missing::missing;
use crate::plan::stage::{CompileStage, Selection};
use crate::problem::Problems;

pub fn run(session: &Session, arguments: &PlanArgs) -> Result<(), Problems> {
    // The program ends with this command, so freeing the memory is wasted time.
    let planned = ManuallyDrop::new(session.plan()?);
    let plan = &planned.plan;
    let built = hidden::packages(plan);
    let hidden = hidden::undeclared(&planned, &built);
    let missing = missing(&planned.workspace, plan);
    let downloads = ShownDownload::all(&planned, &built);
    match arguments.format {
        Format::Text => {
            text::services(plan);
            text::inputs(plan, &hidden);
            text::packages(&missing);
            text::downloads(&downloads);
        }
        Format::Json => json(&ShownPlan::of(plan, &hidden, &missing, downloads)),
    }
    Ok(())
}

fn stages(plan: &Plan) -> impl Iterator<Item = &CompileStage> {
    plan.selections.iter().flat_map(Selection::stages)
}
