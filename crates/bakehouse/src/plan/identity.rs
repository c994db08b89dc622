//! The toolchain in names. Results that two toolchains must not share are named after the toolchain that built them.

use super::Plan;
use super::hash::DIGITS;
use super::zig::{CARGO_ZIGBUILD, ZIG};
use crate::graph::toolchain_file::Channel;

impl Plan {
    /// Returns the toolchain that the toolchain file names, e.g. `1.95.0`.
    pub fn channel(&self) -> Option<&Channel> {
        self.toolchain_file.as_ref()?.channel.as_ref()
    }

    /// Returns the name of the compiler, for results that depend on no other part of the toolchain.
    pub fn compiler(&self) -> &str {
        self.channel().map_or("unpinned", Channel::as_str)
    }

    /// Returns the identity of everything that compiles: the release and the identity of `toolchain.json`. Without that
    /// file, a hash of the builder base's name is used, which contains the digest if the base is pinned. The tools for
    /// an older glibc count, too.
    pub fn compiles_with(&self) -> String {
        let compiler = self.compiler();
        let min_glibc = self.min_glibc_identity();
        match &self.toolchain {
            Some(toolchain) => format!("{compiler}-{}{min_glibc}", toolchain.id),
            None => {
                let base = blake3::hash(self.config.builder.as_bytes()).to_hex();
                format!("{compiler}-{}{min_glibc}", &base[..DIGITS])
            }
        }
    }

    /// Returns the part of a name for the oldest glibc and the programs that link for it. They produce other outputs
    /// than the builder's own linker.
    fn min_glibc_identity(&self) -> String {
        self.config
            .min_glibc
            .as_ref()
            .map_or_else(String::new, |min_glibc| {
                format!("-glibc-{min_glibc}-zig-{ZIG}-{CARGO_ZIGBUILD}")
            })
    }

    /// Returns the toolchain for the label of images: its identity, else the pinned release.
    pub fn toolchain_label(&self) -> Option<&str> {
        let id = self
            .toolchain
            .as_ref()
            .map(|toolchain| toolchain.id.as_str());
        id.or(self.channel().map(Channel::as_str))
    }
}
