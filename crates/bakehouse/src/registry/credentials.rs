//! Logins, as `docker login` keeps them: in Docker's configuration, or by the helper that it names.

use docker_credential::{CredentialRetrievalError, DockerCredential};

/// A login. Nothing prints it.
#[derive(Clone)]
pub enum Login {
    Password {
        user: String,
        password: String,
    },
    /// A token that another one is given for.
    Identity(String),
}

/// The source of logins, by the registry's key in Docker's configuration.
pub type Logins = Box<dyn Fn(&str) -> Option<Login> + Send + Sync>;

/// Returns the logins of Docker's configuration, in `DOCKER_CONFIG` or `~/.docker`.
pub fn of_docker() -> Logins {
    Box::new(|key| match docker_credential::get_credential(key) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Some(Login::Password { user, password })
        }
        Ok(DockerCredential::IdentityToken(token)) => Some(Login::Identity(token)),
        Err(error) => {
            // The output of a helper may have the login in it, so only the kind of the error is told.
            tracing::debug!("no login for {key}: {}", kind(&error));
            None
        }
    })
}

fn kind(error: &CredentialRetrievalError) -> &'static str {
    match error {
        CredentialRetrievalError::HelperCommunicationError => "the helper cannot be run",
        CredentialRetrievalError::MalformedHelperResponse => "the helper's answer cannot be read",
        CredentialRetrievalError::HelperFailure { .. } => "the helper has none, or failed",
        CredentialRetrievalError::CredentialDecodingError
        | CredentialRetrievalError::CredentialMismatchError => "config.json has a malformed one",
        CredentialRetrievalError::NoCredentialConfigured => "config.json has none",
        CredentialRetrievalError::ConfigNotFound | CredentialRetrievalError::ConfigReadError => {
            "there is no config.json that can be read"
        }
    }
}
