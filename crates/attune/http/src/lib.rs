//! Code shared by Attune's HTTP services.

mod error;
mod extract;
mod serve;
mod trace;

pub use error::HttpError;
pub use extract::{Json, Path, Query};
pub use serve::{ServeError, bind, serve};
