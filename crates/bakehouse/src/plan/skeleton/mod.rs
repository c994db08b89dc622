//! The manifests that stand in for the workspace's own in the image build: cut to what the images need, and
//! masked where only third-party crates are compiled, so that edits which cannot matter do not touch them.

mod cut;
mod manifest;
mod model;
mod whole;

pub use model::{MemberSkeleton, Packages, RUNNER, Role, Runner, Skeleton};
