//! Documents that hand pushed images over to a deployment, each by its digest.

pub mod compose;
pub mod digests;
pub mod github;
pub mod helm;
pub mod kustomize;

pub use digests::{Digests, PushedImage, Reference, Repository};
