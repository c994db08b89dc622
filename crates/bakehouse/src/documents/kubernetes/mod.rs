//! Plain Kubernetes manifests of the services, from what the compose file knows of them.

mod duration;
mod file;
mod names;
mod order;
mod parts;
mod pod;
mod probe;
mod volumes;
mod workload;

pub use file::{render, started};
pub use order::Order;
