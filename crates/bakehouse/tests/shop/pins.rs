//! Files that pin a toolchain.

use super::Shop;

pub const RUST_TOOLCHAIN: &str = "[toolchain]\nchannel = \"1.95.0\"\ncomponents = [\"clippy\"]\n";
pub const PINS: &str =
    "glibc = \"2.42\"\n\n[buildx]\nversion = \"0.35.0\"\nhash = \"sha256-Q4f7\"\n";
pub const LOCK: &str = r#"{
  "nodes": {
    "nixpkgs": {
      "locked": { "lastModified": 1, "narHash": "sha256-ugps", "rev": "21a67dc470149f337cecafbe965d8d252a390518" }
    },
    "rust-overlay": {
      "inputs": { "nixpkgs": ["nixpkgs"] },
      "locked": { "lastModified": 2, "narHash": "sha256-pEd4", "rev": "c84e121aaede7ef8c7bd9fb5154ccc1599e07816" }
    },
    "root": { "inputs": { "nixpkgs": "nixpkgs", "rust-overlay": "rust-overlay" } }
  },
  "root": "root",
  "version": 7
}
"#;

impl Shop {
    /// Creates a workspace with these files and without `toolchain.json`.
    pub fn pinned() -> Self {
        let shop = Self::new();
        shop.write("rust-toolchain.toml", RUST_TOOLCHAIN);
        shop.write("flake.lock", LOCK);
        shop.write("pins.toml", PINS);
        shop
    }
}
