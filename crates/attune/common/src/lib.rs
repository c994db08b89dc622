//! Code shared by all Attune services: configuration, packs, wire types, start-up and shutdown.

pub mod boot;
pub mod env;
pub mod packs;
mod shutdown;
mod types;

pub use shutdown::Shutdown;
pub use types::{
    Claim, Completion, ErrorBody, Event, EventId, Execution, ExecutionId, ExecutionStatus, Lease,
    NewExecution, Runner, Work, WorkRequest, now_ms,
};
