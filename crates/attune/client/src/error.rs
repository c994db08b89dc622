use thiserror::Error;

/// The reasons why a request gave no usable answer. Each message contains the address.
#[derive(Debug, Error)]
pub enum Error {
    /// No answer: the connection failed or timed out.
    #[error("{url} does not answer")]
    Unreachable {
        /// The address of the request.
        url: String,
        /// The underlying error.
        source: reqwest::Error,
    },
    /// The service refused.
    #[error("{url} answered {status}: {message}")]
    Status {
        /// The address of the request.
        url: String,
        /// The HTTP status code.
        status: u16,
        /// The service's reason.
        message: String,
    },
    /// The answer is in a form that this version does not understand.
    #[error("{url} gave an answer that cannot be read; are the services of one version?")]
    Body {
        /// The address of the request.
        url: String,
        /// The underlying error.
        source: reqwest::Error,
    },
}

impl Error {
    /// Returns whether the service refused because another worker holds the execution now.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Status { status: 409, .. })
    }

    /// Returns whether a later retry can succeed.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Self::Body { .. } => false,
        }
    }
}
