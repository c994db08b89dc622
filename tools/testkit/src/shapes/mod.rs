//! Workspaces of random shape, which are compared with Cargo on the host.
//!
//! A [`Shape`] is a small value: the layout of the workspace, and a few [`Part`]s, each of which is something that
//! public workspaces do. A [`Model`] is the shape expanded into packages, and [`Laid`] is the repository on disk. Each
//! binary prints everything that its packages can know about themselves, so that any difference is visible.

mod all;
mod archive;
mod choose;
mod edits;
mod lay;
mod manifest;
mod model;
mod package;
mod parts;
mod repository;
mod shape;
mod shrink;
mod singles;
mod sources;
mod stand_ins;

pub use choose::{edits, shape};
pub use edits::Edit;
pub use lay::{Laid, Service};
pub use model::Model;
pub use shape::{
    Asked, Flavour, Member, Odd, Part, Patched, Place, Reader, Reference, Seat, Setting, Shape,
    Source, Standing, ToolchainFile, Unify, Where,
};
pub use singles::singles;
