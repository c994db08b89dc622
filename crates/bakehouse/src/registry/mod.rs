//! Registries by the API of OCI distribution: manifests, blobs, tags, referrers. Synchronous, and with Docker's logins.
//!
//! `docker buildx imagetools` reads and tags images, but neither mounts blobs nor lists or deletes tags.

mod attach;
mod blobs;
mod challenge;
mod client;
mod credentials;
mod digest;
pub mod documents;
mod manifests;
mod published;
mod reference;
mod referrers;
mod refusal;
mod tags;

#[cfg(test)]
mod odd_answers;
#[cfg(test)]
mod odd_referrers;
#[cfg(test)]
mod served;

pub use attach::Statement;
pub use client::{Client, Repository};
pub use digest::Digest;
pub use manifests::Fetched;
pub use published::{PlatformImage, Published, image_unknown};
pub use reference::{Reference, RepositoryName};
