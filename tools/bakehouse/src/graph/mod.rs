//! The workspace as Cargo sees it. [`workspace`] and [`sources`] are the edges that read; the rest is pure.

pub mod closure;
pub mod lock;
pub mod member;
pub mod sources;
pub mod workspace;

pub use lock::Lock;
pub use member::Member;
pub use sources::Sources;
pub use workspace::Workspace;
