//! `bakehouse plan`.

use std::mem::ManuallyDrop;

use owo_colors::OwoColorize;
use serde::Serialize;

use crate::cli::args::{Format, PlanArgs};
use crate::cli::hidden;
use crate::cli::report::json;
use crate::cli::session::Session;
use crate::graph::inputs::Finding;
use crate::plan::Plan;
use crate::plan::stage::CompileStage;
use crate::problem::Problems;

pub fn run(session: &Session, arguments: &PlanArgs) -> Result<(), Problems> {
    // The program ends with the command: nobody needs the memory before.
    let planned = ManuallyDrop::new(session.plan()?);
    let plan = &planned.plan;
    let hidden = hidden::undeclared(&planned, &hidden::packages(plan));
    match arguments.format {
        Format::Text => {
            text(plan);
            inputs(plan, &hidden);
        }
        Format::Json => json(&Shown::of(plan, &hidden)),
    }
    Ok(())
}

/// `plan --format json`, version 1.
#[derive(Serialize)]
struct Shown<'a> {
    version: u32,
    bases: Vec<&'a str>,
    services: Vec<ShownService<'a>>,
    packs: Vec<ShownPack<'a>>,
    stages: Vec<ShownStage<'a>>,
    hidden_inputs: Vec<ShownInput<'a>>,
}

#[derive(Serialize)]
struct ShownService<'a> {
    name: &'a str,
    package: &'a str,
    bin: &'a str,
    variant: Option<&'a str>,
    closure: Vec<&'a str>,
    input_hash: &'a str,
}

#[derive(Serialize)]
struct ShownPack<'a> {
    name: &'a str,
    binaries: Vec<ShownBinary<'a>>,
}

#[derive(Serialize)]
struct ShownBinary<'a> {
    name: &'a str,
    input_hash: &'a str,
}

#[derive(Serialize)]
struct ShownStage<'a> {
    name: &'a str,
    package: &'a str,
    needs: &'a [String],
    reads: Vec<&'a str>,
}

/// What a build reads outside its package and `[inputs]` does not declare.
#[derive(Serialize)]
struct ShownInput<'a> {
    package: &'a str,
    path: &'a str,
    file: &'a str,
    line: Option<usize>,
    kind: &'a str,
    by: &'a str,
    certainty: &'a str,
    exists: bool,
    services: Vec<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(plan: &'a Plan, hidden: &'a [Finding]) -> Self {
        Self {
            version: 1,
            bases: plan.bases().into_iter().collect(),
            services: plan
                .services
                .iter()
                .map(|service| ShownService {
                    name: &service.name,
                    package: &service.package,
                    bin: &service.bin,
                    variant: service.variant.as_deref(),
                    closure: service.closure.iter().map(String::as_str).collect(),
                    input_hash: &service.input_hash,
                })
                .collect(),
            packs: plan
                .packs
                .iter()
                .map(|pack| ShownPack {
                    name: &pack.name,
                    binaries: pack
                        .binaries
                        .iter()
                        .map(|binary| ShownBinary {
                            name: &binary.bin,
                            input_hash: &binary.input_hash,
                        })
                        .collect(),
                })
                .collect(),
            stages: stages(plan)
                .map(|stage| ShownStage {
                    name: &stage.name,
                    package: &stage.package,
                    needs: &stage.needs,
                    reads: stage.reads.iter().map(|path| path.as_str()).collect(),
                })
                .collect(),
            hidden_inputs: hidden
                .iter()
                .map(|finding| ShownInput {
                    package: &finding.package,
                    path: finding.path.as_str(),
                    file: finding.file.as_str(),
                    line: finding.line,
                    kind: finding.kind.as_str(),
                    by: &finding.by,
                    certainty: finding.certainty.as_str(),
                    exists: finding.exists,
                    services: hidden::services(plan, &finding.package),
                })
                .collect(),
        }
    }
}

fn stages(plan: &Plan) -> impl Iterator<Item = &CompileStage> {
    plan.selections
        .iter()
        .flat_map(|selection| selection.libraries.iter().chain(&selection.leaves))
}

fn text(plan: &Plan) {
    anstream::println!("{}", "services".bold());
    let width = plan
        .services
        .iter()
        .map(|service| service.name.len())
        .max()
        .unwrap_or_default();
    for service in &plan.services {
        let closure: Vec<&str> = service.closure.iter().map(String::as_str).collect();
        anstream::println!(
            "  {:width$}  {}  {}",
            service.name,
            service.input_hash.dimmed(),
            closure.join(", ")
        );
    }
    if plan.pack_binaries().next().is_some() {
        anstream::println!("{}", "pack binaries".bold());
    }
    for binary in plan.pack_binaries() {
        anstream::println!(
            "  {}  {}  into {}",
            binary.target,
            binary.input_hash.dimmed(),
            binary.folder
        );
    }
    anstream::println!("{}", "stages".bold());
    for selection in &plan.selections {
        anstream::println!(
            "  {}: third-party crates of {}",
            selection.deps(),
            selection.packages.join(", ")
        );
    }
    for stage in stages(plan) {
        let needs = if stage.needs.is_empty() {
            String::new()
        } else {
            format!(" ← {}", stage.needs.join(", "))
        };
        anstream::println!("  {}{needs}", stage.name);
    }
}

fn inputs(plan: &Plan, hidden: &[Finding]) {
    if hidden.is_empty() {
        return;
    }
    anstream::println!("{}", "hidden inputs, not declared under [inputs]".bold());
    for finding in hidden {
        let services = hidden::services(plan, &finding.package).join(", ");
        anstream::println!(
            "  {} reads {}{}  {}",
            finding.package,
            finding.path,
            hidden::remark(finding),
            format_args!("{} {}, in {services}", finding.place(), finding.by).dimmed()
        );
    }
}
