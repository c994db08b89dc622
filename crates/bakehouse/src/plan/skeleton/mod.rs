//! Manifests that replace the workspace's own in the image build. They are cut to what the images need, and masked
//! where only third-party crates are compiled, so that irrelevant edits do not change them.

mod cut;
mod manifest;
mod model;
mod whole;

pub use model::{MemberSkeleton, Packages, RUNNER, Role, Runner, Skeleton};
