//! Promises about Docker, tested on a real BuildKit by `cargo test -p bakehouse-e2e`. The code that the tests share is
//! here, and their tools are in `bakehouse-testkit`.

pub mod at_once;
pub mod cosign;
pub mod cross_bases;
pub mod forge;
pub mod locked;
pub mod native;
pub mod old_base;
pub mod printed;
pub mod ready;
pub mod scenario;
pub mod strategy;
pub mod tiny;
pub mod wide;
