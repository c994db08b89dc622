//! Reasons why an output is built again: the files that changed, and how each reaches it.

mod files;
mod lock;
mod manifest;
mod output;
mod reason;
mod reasons;
mod state;

pub use output::Output;
pub use reason::Reason;
pub use reasons::reasons;
pub use state::{Compiled, WorkspaceState};
