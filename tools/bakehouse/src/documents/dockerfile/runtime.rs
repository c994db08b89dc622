//! The images that run: a base, one binary, the files it ships with, and nothing else.

use super::model::{Instruction, Stage};
use crate::plan::Plan;
use crate::plan::pack::PackBinary;
use crate::plan::service::Service;

/// Where a service's binary stands in its image.
const BIN: &str = "/usr/local/bin";

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
