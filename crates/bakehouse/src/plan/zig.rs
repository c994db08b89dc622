//! Pinned tools that compile for an older glibc than the builder's: zig, which knows the symbols of each version, and
//! cargo-zigbuild, which calls it. docs/toolchain.md describes how to update them.

/// The version of the package `ziglang`.
pub const ZIG: &str = "0.17.1";
/// The version of the package `cargo-zigbuild`.
pub const CARGO_ZIGBUILD: &str = "0.24.1";

/// The versions of glibc that can be asked for, as minor versions of 2: from the oldest that Rust runs on to the newest
/// that zig supports.
pub const OLDEST: u32 = 17;
pub const NEWEST: u32 = 44;

/// A package and the SHA-256 of its file for each platform.
pub struct Pinned {
    pub package: &'static str,
    pub version: &'static str,
    pub hashes: &'static [&'static str],
}

/// The pinned packages, for amd64, arm64, 386 and arm/v7. cargo-zigbuild supports no other platforms.
pub const PINNED: [Pinned; 2] = [
    Pinned {
        package: "ziglang",
        version: ZIG,
        hashes: &[
            "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54",
            "b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e",
            "d0549d5db63961ad9ed83ef628a45e3309542410dbcb6010116f4f2a3274d966",
            "7ec229ead4a08f3bc537ed33fa8c0f811739b81a0d05afbea89db30afb4df1cc",
        ],
    },
    Pinned {
        package: "cargo-zigbuild",
        version: CARGO_ZIGBUILD,
        hashes: &[
            "238a1ab54a95053a4eadc34775c81f795a8ad75f80bfed63f3f445f518102375",
            "07c5e3dcddf208500462ec927c556bb306cca2b533b0abe29446bffb63767b85",
            "ae4a1f921d29f59c90202c416d62db227b445ee89649873d6e6b700855235147",
            "dce10004b98abc8813369be8359eda17e707bab5245bdc4427823594795f7399",
        ],
    },
];
