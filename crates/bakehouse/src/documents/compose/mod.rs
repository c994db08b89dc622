//! `docker/compose.yaml`: the services with their packs; and `docker/compose.oci.yaml`, which mounts packs as images.

mod file;
mod health;
mod images;
mod oci;
mod packs;
mod parts;
mod profiles;
mod service;
mod shared;
mod watch;

pub use file::{COMPOSE, render};
pub use health::{INTERVAL, TIMEOUT};
pub use oci::OCI;
pub use packs::{INIT, uses_packs};
pub use profiles::profiles;
