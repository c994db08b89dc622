//! What images have beside their binary, in a stage that is copied as a whole. A folder that an instruction of the image
//! makes, and a file of the context, have the time of the build or of the checkout: the layer would be another each time.

use super::model::{Instruction, Mount, Run, Stage};
use crate::plan::Plan;
use crate::plan::image_files::{IMAGE_FILES, ImageFiles};

/// Where they lie. One level down, as all that is copied.
pub const FILES: &str = "/files/out";

/// `files` and `files-*`.
pub fn stages(plan: &Plan, all: &[ImageFiles<'_>]) -> Vec<Stage> {
    if all.is_empty() {
        return Vec::new();
    }
    let mut stages = vec![tools()];
    stages.extend(all.iter().map(|files| stage(plan, files)));
    stages
}

/// What the other stages do it with.
fn tools() -> Stage {
    let script = format!("mkdir -p {FILES}\ncat >{FILES}/tools <<'TOOLS'\n{TOOLS}\nTOOLS");
    Stage {
        comment: vec!["files: what lays out the folders and files of images.".to_owned()],
        from: "toolchain".to_owned(),
        name: IMAGE_FILES.to_owned(),
        instructions: vec![Instruction::Run(Run {
            network: false,
            mounts: Vec::new(),
            script: script.lines().map(str::to_owned).collect(),
        })],
    }
}

fn stage(plan: &Plan, files: &ImageFiles<'_>) -> Stage {
    let mut mounts = vec![
        Mount::stage(IMAGE_FILES, FILES, "/files/with"),
        Mount::stage(files.base, "/", "/base"),
    ];
    mounts.extend(
        files
            .files
            .keys()
            .map(|from| Mount::context(from.as_str(), format!("/context/{from}"))),
    );
    let mut script = vec![". /files/with/tools".to_owned()];
    if !plan.packs.is_empty() {
        script.push(format!("folder {}", plan.config.packs_path));
    }
    script.push(format!("folder {} {}", plan.config.workdir, files.user));
    script.extend(
        files
            .files
            .iter()
            .map(|(from, to)| format!("put {from} {to}")),
    );
    script.push("settle".to_owned());
    Stage {
        comment: vec![format!(
            "{}: what the images of {} have beside the binary.",
            files.stage,
            files.services.join(", ")
        )],
        from: "toolchain".to_owned(),
        name: files.stage.clone(),
        instructions: vec![Instruction::Run(Run {
            network: false,
            mounts,
            script,
        })],
    }
}

/// `folder PATH [OWNER]` and `put FROM TO` are `WORKDIR` and `COPY`. `real` follows the links of the base, since a folder
/// cannot be copied over one. `settle` leaves folders of the base as they are there.
const TOOLS: &str = r#"mkdir -p /files/out
cd /files/out
real() {
  at= rest=${1#/}
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case "$rest" in */*) rest=${rest#*/} ;; *) rest= ;; esac
    if [ "$part" = .. ]; then
      at=${at%/*}
    elif [ -L "/base$at/$part" ]; then
      link=$(readlink "/base$at/$part")
      case "$link" in /*) at= ;; esac
      rest=${link#/}${rest:+/$rest}
    elif [ -n "$part" ] && [ "$part" != . ]; then
      at=$at/$part
    fi
  done
  echo ".$at"
}
folder() {
  to=$(real "$1")
  mkdir -p "$to"
  [ -z "${2-}" ] || chown "$2" "$to"
}
put() {
  to=$(real "$2")
  if [ -d "/context/$1" ]; then
    mkdir -p "$to"
    cp -R "/context/$1/." "$to/"
  else
    case "$2" in */) to=$to/${1##*/} ;; esac
    mkdir -p "${to%/*}"
    cp "/context/$1" "$to"
  fi
  chmod -R u=rwX,go=rX "$to"
}
settle() {
  find . -type d | while read -r dir; do
    [ ! -d "/base/$dir" ] || { chmod "$(stat -c %a "/base/$dir")" "$dir" && chown "$(stat -c %u:%g "/base/$dir")" "$dir"; }
  done
  find . -exec touch -h -d @0 {} +
}"#;
