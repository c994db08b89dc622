//! The runtime images: a base, binaries, the libraries and files that they ship with, and nothing else.

use super::binary::{BINARIES, IMAGE};
use super::rootfs;
use super::shared::found;
use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Command, Instruction, Mount, Run, Stage};
use crate::documents::dockerfile::script::{Call, Script};
use crate::documents::dockerfile::secrets;
use crate::documents::labels;
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::base_checks::BaseChecks;
use crate::plan::config::shared_libraries::{LIBRARIES, LIBRARY_PATH};
use crate::plan::config::valid::stage_of;
use crate::plan::image_files::ImageFiles;
use crate::plan::pack::PackBinary;
use crate::plan::runtime::PreparedBase;
use crate::plan::service::Service;

/// The folder of a service's binary in its image.
const BIN: &str = "/usr/local/bin";

/// The base of services that do not name their own.
const BASE: &str = "${RUNTIME_BASE}";

/// Renders the runtime images and pack-binary stages as one writes them by hand, for a Dockerfile that compiles in its
/// own way. `binary` returns, for a package and its binary, the stage and the path to copy it from.
pub fn from_binaries(plan: &Plan, binary: impl Fn(&str, &str) -> (String, String)) -> String {
    let checks = BaseChecks::new(plan);
    let bases = plan.runtimes.iter();
    let mut stages: Vec<Stage> = bases.map(|item| base_by_hand(plan, item)).collect();
    for item in &plan.services {
        let mut stage = service(plan, &checks, item, &[]);
        let folders = stage.instructions.iter().position(is_copy);
        let folders = folders.unwrap_or(stage.instructions.len());
        stage
            .instructions
            .retain(|instruction| !is_copy(instruction));
        let binaries = item.binaries.iter();
        let binaries = binaries.map(|one| binary(&one.package, &one.bin));
        let by_hand = by_hand(plan, item, binaries);
        stage.instructions.splice(folders..folders, by_hand);
        stages.push(stage);
    }
    // The variable of the base exists only in the generated file.
    for stage in &mut stages {
        stage.from = stage.from.replace(BASE, &plan.config.runtime);
    }
    for item in plan.pack_binaries() {
        let mut stage = pack_binary(&checks, item);
        let (from, source) = binary(&item.package, &item.bin);
        stage.instructions = vec![Instruction::Copy {
            from,
            source,
            target: "/".to_owned(),
        }];
        stages.push(stage);
    }
    stages.iter().map(|stage| format!("\n{stage}")).collect()
}

fn is_copy(instruction: &Instruction) -> bool {
    matches!(instruction, Instruction::Copy { .. })
}

/// Returns instructions that copy the files of an image by hand and create the folder for packs.
fn by_hand(
    plan: &Plan,
    service: &Service,
    binaries: impl Iterator<Item = (String, String)>,
) -> Vec<Instruction> {
    let packs =
        (!plan.packs.is_empty()).then(|| Instruction::Workdir(plan.config.packs_path.to_string()));
    let files = service.image.files.iter();
    let files = files.map(|(from, to)| Instruction::CopyContext {
        source: from.clone(),
        target: to.to_string(),
    });
    let files_of_images = service.image.files_of_images.iter();
    let files_of_images = files_of_images.map(|(from, to)| Instruction::Copy {
        from: stage_of(&from.image),
        source: from.path.to_string(),
        target: to.to_string(),
    });
    let files = files.chain(files_of_images);
    let binaries = binaries.map(|(from, source)| Instruction::Copy {
        from,
        source,
        target: format!("{BIN}/"),
    });
    packs.into_iter().chain(files).chain(binaries).collect()
}

/// Renders a base with packages.
pub fn base(plan: &Plan, base: &PreparedBase) -> Stage {
    let call = Call::of(Script::Packages).arguments(&base.packages);
    prepared(base, run(plan, true, base_mounts(plan), call))
}

/// Renders the same for a Dockerfile that has no generated scripts beside it: the script is in the step.
fn base_by_hand(plan: &Plan, base: &PreparedBase) -> Stage {
    let command = format!(
        "sh -s {} <<'SCRIPT'\n{}SCRIPT",
        base.packages.join(" "),
        Script::Packages.text()
    );
    let step = Run {
        network: true,
        mounts: base_mounts(plan),
        command: Command::Shell(vec![command]),
    };
    prepared(base, Instruction::Run(step))
}

fn base_mounts(plan: &Plan) -> Vec<Mount> {
    let secrets = secrets::files(plan);
    [Mount::Temporary].into_iter().chain(secrets).collect()
}

fn prepared(base: &PreparedBase, step: Instruction) -> Stage {
    Stage {
        comment: vec![format!(
            "{}: a base with packages, for all services that need exactly these. It is the only step of an image with network.",
            base.name
        )],
        from: base.image.as_deref().unwrap_or(BASE).to_owned(),
        name: StageName::new(&base.name),
        instructions: vec![Instruction::User("0:0".to_owned()), step],
    }
}

/// Renders the runtime image of a service. One of `files` has its content beside the binary.
pub fn service(
    plan: &Plan,
    checks: &BaseChecks<'_>,
    service: &Service,
    files: &[ImageFiles<'_>],
) -> Stage {
    let image = &service.image;
    let labels = labels::lines(labels::of_image(plan, service));
    let mut instructions = vec![Instruction::Label(labels)];
    let env = image.env.iter();
    instructions.extend(env.map(|(key, value)| Instruction::env(key, value)));
    if !service.libraries.is_empty() && !image.env.contains_key(LIBRARY_PATH) {
        instructions.push(Instruction::PathList {
            name: LIBRARY_PATH,
            folder: LIBRARIES,
        });
    }
    let mut files = files.iter();
    let files = files.find(|files| files.services.contains(&service.name.as_str()));
    let copied = files
        .map(|files| (files.stage.clone(), rootfs::OUT))
        .into_iter();
    let binaries = service.binaries.iter();
    let checked = |compiled: &str| checks.copied_by(service, compiled).to_owned();
    let copied = copied.chain(binaries.map(|binary| (checked(&binary.stage), IMAGE)));
    instructions.extend(copied.map(|(stage, folder)| onto_root(stage, folder)));
    instructions.extend(service.libraries.iter().map(|library| {
        let folder = match library.package {
            Some(_) => IMAGE.to_owned(),
            None => found(&library.file),
        };
        onto_root(checked(&library.stage), &folder)
    }));
    instructions.push(Instruction::User(image.user.clone()));
    instructions.push(Instruction::Workdir(image.workdir.to_string()));
    instructions.extend(image.ports.iter().map(|port| Instruction::Expose(*port)));
    let entrypoint = image.entrypoint.clone();
    let entrypoint = entrypoint.unwrap_or_else(|| vec![format!("{BIN}/{}", service.main().bin)]);
    instructions.push(Instruction::Entrypoint(entrypoint));
    instructions.extend(image.command.clone().map(Instruction::Cmd));
    instructions.extend(image.stop_signal.clone().map(Instruction::StopSignal));
    instructions.extend(image.healthcheck.clone().map(Instruction::Healthcheck));
    let base = match plan.runtime_of(image) {
        Some(base) => &base.name,
        None => image.runtime.as_deref().unwrap_or(BASE),
    };
    Stage {
        comment: vec![format!("{}: the image.", service.name)],
        from: base.to_owned(),
        name: StageName::new(service.name.as_str()),
        instructions,
    }
}

/// Returns the copy of what a stage has in a folder, each file to its path in the image.
fn onto_root(stage: String, folder: &str) -> Instruction {
    Instruction::Copy {
        from: stage,
        source: format!("{folder}/"),
        target: "/".to_owned(),
    }
}

/// Renders the stage of a pack binary, which is exported into its pack and is not an image.
pub fn pack_binary(checks: &BaseChecks<'_>, binary: &PackBinary) -> Stage {
    Stage {
        comment: vec![format!(
            "{}: the binary, for {}.",
            binary.target, binary.folder
        )],
        from: "scratch".to_owned(),
        name: StageName::new(binary.target.as_str()),
        instructions: vec![Instruction::Copy {
            from: checks.copied_into_pack(binary).to_owned(),
            source: format!("{BINARIES}/"),
            target: "/".to_owned(),
        }],
    }
}
