//! A typed HTTP client for Attune's services, with timeouts and retries.

mod api;
mod error;
mod executor;
mod http;
mod notifier;

pub use api::Api;
pub use error::Error;
pub use executor::Executor;
pub use http::Retry;
pub use notifier::Notifier;
