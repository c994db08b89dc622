//! `docker/init-packs.sh`: copies packs into their volume before the services of the compose file start.

use super::document::Document;
use super::header::with_header;
use crate::plan::Plan;

/// The name of the script.
pub const SCRIPT: &str = "init-packs.sh";

/// The text, which is the same for every workspace. Only its arguments and mounts differ.
const TEXT: &str = include_str!("init_packs.sh");

/// Renders the script.
pub fn render(plan: &Plan) -> Document {
    Document {
        path: plan.output(SCRIPT),
        text: with_header(TEXT),
    }
}
