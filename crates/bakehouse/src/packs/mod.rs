//! Packs: what is in them, whether it can be used, and the binaries that are built into them.
//!
//! | module | does | touches |
//! |---|---|---|
//! | [`folder`] | what a pack's folder holds | reads it |
//! | [`yaml`] | text → a tree in which every value knows its place | nothing |
//! | [`manifest`] | that tree → `pack.yaml`, an action, a sensor | nothing |
//! | [`program`] | what an executable file is: an ELF binary, a script, neither | nothing |
//! | [`check`](mod@check) | all that is wrong with a pack | nothing |
//! | [`platform`], [`glibc`] | where a binary runs | nothing |
//! | [`binary`] | a pack binary in its place, beside it the record of its making | reads them |
//! | [`place`] | puts a binary and its record into a pack | writes them |
//! | [`leftover`] | what killed builds left | removes it |

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
