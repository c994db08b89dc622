//! Stores of compiled crates that compiler wrappers reach over the network.
//!
//! The address of the store is an argument of the build, so a build with a store shares no steps with one without.
//! Whether the store may be written is a secret, which is in no key: a branch finds the steps of main in the cache.

/// The variable of the Bake file, and argument of the build, with the store's address.
pub const STORE: &str = "STORE";
/// The variable of the environment that says whether a build may write to the store: `rw` or `ro`.
pub const STORE_MODE: &str = "STORE_MODE";

/// The store of a bake.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// The address, as its wrapper takes it.
    pub address: &'a str,
    /// Whether the bake may write to it, as main may and a branch may not.
    pub writes: bool,
}

/// Returns the mount with which a step learns whether it may write to the store.
pub fn mode_mount() -> String {
    format!("--mount=type=secret,id={STORE_MODE} \\\n    ")
}
