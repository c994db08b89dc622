//! Child processes with limits on time and output, which never outlive their owner.
//!
//! Every child leads a process group of its own. When the child ends, for whatever reason, the whole group is killed,
//! so that no grandchild remains.

mod capture;
mod command;
mod group;
mod lines;

pub use capture::{Captured, End, Limits, run};
pub use command::{Command, Error};
pub use lines::{Line, LineProcess, Stream};
