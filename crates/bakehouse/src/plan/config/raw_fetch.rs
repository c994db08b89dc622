//! `[fetch]` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::spanned::Spanned;

/// `[fetch.<name>]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawFetch {
    /// The address of the file.
    ///
    /// Form: URL, by `https` or `http`. Default: required.
    pub url: Spanned<String>,
    /// The SHA-256 checksum of the file.
    ///
    /// Form: 64 hex digits. Default: required.
    pub sha256: Spanned<String>,
    /// The environment variable that tells build scripts where the file is.
    ///
    /// Form: name. Default: required.
    pub variable: Spanned<String>,
    /// The value of the variable: the path of the file, or its `file://` URL.
    ///
    /// Form: `"path"` or `"url"`. Default: `"path"`.
    #[serde(rename = "as")]
    #[cfg_attr(test, schemars(extend("enum" = ["path", "url"])))]
    pub form: Option<Spanned<String>>,
    /// The name of the file.
    ///
    /// Form: name. Default: the last part of `url`.
    pub file: Option<Spanned<String>>,
    /// Other files for some of the workspace's `platforms`. The others use the file of `url`.
    ///
    /// Form: table: platform → `{ url, sha256 }`. Default: `{}`.
    #[serde(default)]
    pub platforms: BTreeMap<Spanned<String>, RawDownload>,
}

/// The file of a platform.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawDownload {
    /// The address of the file.
    ///
    /// Form: URL, by `https` or `http`. Default: required.
    pub url: Spanned<String>,
    /// The SHA-256 checksum of the file.
    ///
    /// Form: 64 hex digits. Default: required.
    pub sha256: Spanned<String>,
}
