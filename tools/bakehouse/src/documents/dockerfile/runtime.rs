//! The images that run: a base, one binary, the files it ships with, and nothing else.

use super::model::{Instruction, Stage};
use crate::plan::Plan;
use crate::plan::pack::PackBinary;
use crate::plan::service::Service;

/// Where a service's binary stands in its image.
const BIN: &str = "/usr/local/bin";

/// The runtime images and pack-binary stages of a Dockerfile that compiles otherwise: `binary` gives, for a package
/// and its binary, the stage and the path to copy it from.
pub fn from_binaries(plan: &Plan, binary: impl Fn(&str, &str) -> (String, String)) -> String {
    let mut stages = Vec::new();
    for item in &plan.services {
        let mut stage = service(plan, item);
        copy_from(&mut stage, &item.leaf, binary(&item.package, &item.bin));
        // The base is a variable of the generated file only.
        stage.from = stage.from.replace("${RUNTIME_BASE}", &plan.config.runtime);
        stages.push(stage);
    }
    for item in plan.pack_binaries() {
        let mut stage = pack_binary(item);
        copy_from(&mut stage, &item.leaf, binary(&item.package, &item.bin));
        stages.push(stage);
    }
    stages.iter().map(|stage| format!("\n{stage}")).collect()
}

fn copy_from(stage: &mut Stage, leaf: &str, (from, path): (String, String)) {
    for instruction in &mut stage.instructions {
        if let Instruction::Copy {
            from: Some(stage),
            source,
            ..
        } = instruction
            && stage == leaf
        {
            stage.clone_from(&from);
            source.clone_from(&path);
        }
    }
}

/// The runtime image of a service.
pub fn service(plan: &Plan, service: &Service) -> Stage {
    let image = &service.image;
    let mut instructions: Vec<Instruction> = image
        .env
        .iter()
        .map(|(key, value)| Instruction::Env(key.clone(), value.clone()))
        .collect();
    if !plan.packs.is_empty() {
        instructions.push(Instruction::Workdir(plan.config.packs_path.to_string()));
    }
    instructions.push(Instruction::User(image.user.clone()));
    instructions.push(Instruction::Workdir(plan.config.workdir.to_string()));
    instructions.extend(image.files.iter().map(|(from, to)| Instruction::Copy {
        from: None,
        source: from.to_string(),
        target: to.to_string(),
    }));
    instructions.push(Instruction::Copy {
        from: Some(service.leaf.clone()),
        source: "/dist/bin/".to_owned(),
        target: format!("{BIN}/"),
    });
    instructions.extend(image.ports.iter().map(|port| Instruction::Expose(*port)));
    instructions.push(Instruction::Entrypoint(format!("{BIN}/{}", service.bin)));
    let base = image.runtime.as_deref().unwrap_or("${RUNTIME_BASE}");
    Stage {
        comment: vec![format!("{}: the image.", service.name)],
        from: base.to_owned(),
        name: service.name.clone(),
        instructions,
    }
}

/// A pack binary, to be put into its pack: no image.
pub fn pack_binary(binary: &PackBinary) -> Stage {
    Stage {
        comment: vec![format!(
            "{}: the binary, for {}.",
            binary.target, binary.folder
        )],
        from: "scratch".to_owned(),
        name: binary.target.clone(),
        instructions: vec![Instruction::Copy {
            from: Some(binary.leaf.clone()),
            source: "/dist/bin/".to_owned(),
            target: "/".to_owned(),
        }],
    }
}
