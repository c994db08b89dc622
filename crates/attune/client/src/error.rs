use thiserror::Error;

/// Why a request gave no answer that can be used. The address is part of each message.
#[derive(Debug, Error)]
pub enum Error {
    /// No answer: no connection, or too late.
    #[error("{url} does not answer")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The service refused.
    #[error("{url} answered {status}: {message}")]
    Status {
        /// What was asked.
        url: String,
        /// The HTTP status code.
        status: u16,
        /// The service's reason.
        message: String,
    },
    /// The answer is not what this version understands.
    #[error("{url} gave an answer that cannot be read; are the services of one version?")]
    Body {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        source: reqwest::Error,
    },
}

impl Error {
    /// Whether the service refused because somebody else holds the execution now.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Status { status: 409, .. })
    }

    /// Whether trying again later can help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            Self::Body { .. } => false,
        }
    }
}
