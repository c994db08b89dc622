//! Child processes that cannot outlive, outgrow or outlast their owner.
//!
//! Every child leads a process group of its own. Whatever ends it (its own exit, a time limit, a
//! stop, a drop) ends the group too, so that no grandchild stays behind.

mod capture;
mod command;
mod group;
mod lines;

pub use capture::{Captured, End, Limits, run};
pub use command::{Command, Error};
pub use lines::{Line, LineProcess, Stream};
