//! `rootfs-*`: the folders and files of images beside their binaries, in a stage that is copied as a whole. A folder
//! that an instruction of the image creates gets the time of the build, and a copied file of the context gets that of
//! the checkout, so the layer would differ each time.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Mount, Stage};
use crate::documents::dockerfile::script::{Call, Script};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::config::valid::stage_of;
use crate::plan::image_files::ImageFiles;

/// The folder that is copied. It is one level down, as all copied folders are.
pub const OUT: &str = "/rootfs/out";

/// Renders the stage.
pub fn stage(plan: &Plan, files: &ImageFiles<'_>) -> Stage {
    let mut mounts = vec![Mount::stage(files.base, "/", "/base")];
    let sources = files.files.keys();
    mounts.extend(sources.map(|from| Mount::context(from, format!("/context/{from}"))));
    mounts.extend(files.of_images.keys().map(|from| {
        let image = stage_of(&from.image);
        Mount::stage(&image, from.path.as_str(), &format!("/context/{from}"))
    }));
    let mut call = Call::of(Script::Rootfs);
    if !plan.packs.is_empty() {
        call = call.arguments(["folder", plan.config.packs_path.as_str(), "0:0"]);
    }
    call = call.arguments(["folder", files.workdir.as_str(), files.user]);
    for (from, to) in files.files {
        call = call.arguments(["file", from.as_str(), to.as_str()]);
    }
    for (from, to) in files.of_images {
        call = call.arguments(["file", &from.to_string(), to.as_str()]);
    }
    Stage {
        comment: vec![format!(
            "{}: everything but the binary in the images that copy it.",
            files.stage
        )],
        from: "toolchain".to_owned(),
        name: StageName::new(&files.stage),
        instructions: vec![run(plan, false, mounts, call)],
    }
}
