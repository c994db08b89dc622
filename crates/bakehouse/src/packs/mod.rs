//! Packs: their content, its checks, and the binaries that are built into them.
//!
//! | module | does | touches |
//! |---|---|---|
//! | [`folder`] | reads a pack's folder | files of packs |
//! | [`yaml`] | text → a tree in which every value knows its place | nothing |
//! | [`manifest`] | that tree → `pack.yaml`, an action, a sensor | nothing |
//! | [`program`] | determines whether an executable file is an ELF binary, a script or neither | nothing |
//! | [`check`](mod@check) | finds every problem of a pack | nothing |
//! | [`platform`], [`glibc`] | decide where a binary runs | nothing |
//! | [`binary`] | reads a pack binary and the record beside it | files of packs |
//! | [`place`] | puts a binary and its record into a pack | files of packs |
//! | [`leftover`] | removes leftovers of killed builds | temporary files |

pub mod binary;
pub mod check;
pub mod folder;
pub mod glibc;
pub mod leftover;
pub mod manifest;
pub mod place;
pub mod platform;
pub mod program;
pub mod yaml;
