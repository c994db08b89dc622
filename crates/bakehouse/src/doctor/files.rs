//! Comparison of the generated files with the plan.

use camino::Utf8Path;

use super::{Check, Verdict};
use crate::documents;
use crate::files::compare;
use crate::plan::Plan;

pub fn check(root: &Utf8Path, plan: &Plan) -> Check {
    let needed = "generated files that match the workspace and bakehouse.toml";
    let documents = documents::render(plan);
    match compare(root, &plan.config.output.folder, &documents) {
        Ok(changes) if changes.is_empty() => Check::good(
            "files",
            format!("{} files, up to date", documents.len()),
            needed,
        ),
        Ok(changes) => {
            let first = changes.iter().take(3).map(|change| change.path.as_str());
            let mut found = format!("out of date: {}", first.collect::<Vec<_>>().join(", "));
            if changes.len() > 3 {
                found += &format!(" and {} more", changes.len() - 3);
            }
            let remedy = "`bakehouse generate --diff` shows it, `bakehouse generate` writes it";
            Check::new("files", Verdict::Bad, found, needed, remedy)
        }
        Err(problem) => Check::bad("files", &problem, needed),
    }
}
