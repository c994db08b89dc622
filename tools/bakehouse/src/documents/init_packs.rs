//! `docker/init-packs.sh`: copies packs into their volume before the services of the compose file start.

use super::Document;
use super::seal::seal;
use crate::plan::Plan;

/// The same for every workspace: what differs are its arguments and mounts.
const SCRIPT: &str = include_str!("init_packs.sh");

/// Renders the script.
pub fn render(plan: &Plan) -> Document {
    Document {
        path: plan.generated("docker/init-packs.sh"),
        text: seal(SCRIPT),
    }
}
