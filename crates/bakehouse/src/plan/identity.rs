//! The toolchain in names: what must not be shared by two toolchains is named after the one that made it.

use super::Plan;
use super::hash::DIGITS;
use super::zig::{CARGO_ZIGBUILD, ZIG};
use crate::graph::toolchain_file::Channel;

impl Plan {
    /// Returns the toolchain that the toolchain file names, e.g. `1.95.0`.
    pub fn channel(&self) -> Option<&Channel> {
        self.toolchain_file.as_ref()?.channel.as_ref()
    }

    /// What the compiler is called; for what depends on nothing else of the toolchain.
    pub fn compiler(&self) -> &str {
        self.channel().map_or("unpinned", Channel::as_str)
    }

    /// What compiles: the release and the identity of `toolchain.json`. Without that file the builder base stands for
    /// it, by a hash of its name: its digest, where it is pinned by one. What compiles for an older glibc counts, too.
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

    /// What makes outputs others than the builder's own linker does, in a name: the oldest glibc, and the programs that
    /// link for it.
    fn min_glibc_identity(&self) -> String {
        self.config
            .min_glibc
            .as_ref()
            .map_or_else(String::new, |min_glibc| {
                format!("-glibc-{min_glibc}-zig-{ZIG}-{CARGO_ZIGBUILD}")
            })
    }

    /// What images say of their toolchain: its identity, else the pinned release.
    pub fn toolchain_label(&self) -> Option<&str> {
        let id = self
            .toolchain
            .as_ref()
            .map(|toolchain| toolchain.id.as_str());
        id.or(self.channel().map(Channel::as_str))
    }
}
