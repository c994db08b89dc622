//! `bakehouse bench --replay`: the commits of a repository in order, each built as a pipeline would.

mod checkout;
pub mod kind;
mod marks;
pub mod range;
pub mod results;
mod run;
mod track;

pub use run::{Request, replay};
