//! A file that is fetched for build scripts.

use std::collections::BTreeMap;

/// The stage that has the fetched files, and the beginning of the names of those for one platform.
pub const STAGE: &str = "fetched";

/// The folder of the fetched files in steps that compile.
pub const FOLDER: &str = "/fetched";

/// The number of hex digits in the folder of a file.
const DIGITS: usize = 16;

/// An entry of `[fetch]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedFile {
    /// The variable that names the file.
    pub variable: String,
    /// Set if its value is a URL.
    pub as_url: bool,
    /// The name of the file.
    pub file: String,
    /// The file for platforms that have no other.
    pub usual: Download,
    /// The file for each platform that has another.
    pub platforms: BTreeMap<String, Download>,
}

/// The place and the content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    pub url: String,
    /// The checksum, in lower-case hex digits.
    pub sha256: String,
}

impl FetchedFile {
    /// Returns the file for a platform.
    pub fn of(&self, platform: &str) -> &Download {
        self.platforms.get(platform).unwrap_or(&self.usual)
    }

    /// Returns the path of the file in its stage. It differs for each content, so that Cargo runs a build script again
    /// that declares the variable, and it is the same on all platforms.
    pub fn path(&self) -> String {
        let sums = self.platforms.values().map(|download| &download.sha256);
        let sums: Vec<&str> = sums.map(String::as_str).collect();
        let content = match &sums[..] {
            [] => self.usual.sha256.clone(),
            others => {
                let all = format!("{} {}", self.usual.sha256, others.join(" "));
                blake3::hash(all.as_bytes()).to_hex().to_string()
            }
        };
        let digits = &content[..content.len().min(DIGITS)];
        format!("/{digits}/{}", self.file)
    }

    /// Returns the value of the variable.
    pub fn value(&self) -> String {
        let scheme = if self.as_url { "file://" } else { "" };
        format!("{scheme}{FOLDER}{}", self.path())
    }

    /// Describes everything about it that can change a build. The same content may come from anywhere.
    pub fn identity(&self) -> String {
        let Self {
            variable,
            as_url: _,
            file: _,
            usual,
            platforms,
        } = self;
        let mut text = format!("{variable}={} {}", self.value(), usual.sha256);
        for (platform, download) in platforms {
            text += &format!(" {platform} {}", download.sha256);
        }
        text
    }
}
