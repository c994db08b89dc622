//! The request for manifests.

use std::collections::BTreeMap;

use crate::plan::Plan;

/// The content of the manifests.
pub struct Order<'a> {
    pub plan: &'a Plan,
    /// The namespace of everything; none for that of whoever applies the manifests.
    pub namespace: Option<&'a str>,
    /// The references of the images that run, by the name of the service or image.
    pub images: &'a BTreeMap<String, String>,
    /// The references of the images of packs, by the name of the pack.
    pub packs: &'a BTreeMap<String, String>,
}
