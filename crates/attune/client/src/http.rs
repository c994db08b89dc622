use std::time::Duration;

use attune_common::ErrorBody;
use reqwest::{Method, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// The number of attempts, and the pauses between them.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The total number of attempts, at least one.
    pub attempts: u32,
    /// The pause after the first failure. It doubles after each further one.
    pub first_pause: Duration,
}

impl Default for Retry {
    /// Five attempts, with about three seconds of pauses in total.
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(200),
        }
    }
}

impl Retry {
    /// A single attempt.
    pub const NONE: Self = Self {
        attempts: 1,
        first_pause: Duration::ZERO,
    };
}

/// The address of a service, with its connections.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: String,
}

impl Http {
    pub fn new(base: &str) -> Self {
        Self {
            client: reqwest::Client::new(),
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// Sends a request, and repeats it on temporary failures. Only for requests that are safe to repeat.
    pub async fn ask<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
        retry: Retry,
    ) -> Result<A, Error> {
        let timeout = Duration::from_secs(10);
        let mut pause = retry.first_pause;
        for attempt in 1.. {
            let error = match self.once(method.clone(), path, body, timeout).await {
                Ok(response) => return self.read(path, response).await,
                Err(error) => error,
            };
            if attempt >= retry.attempts || !error.is_temporary() {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "trying again");
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        unreachable!("the loop ends by returning")
    }

    /// Sends a request once. Status 204 gives `None`.
    pub async fn ask_maybe<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
        timeout: Duration,
    ) -> Result<Option<A>, Error> {
        let response = self.once(Method::POST, path, Some(body), timeout).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        self.read(path, response).await.map(Some)
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let url = self.url(path);
        let mut request = self.client.request(method, &url).timeout(timeout);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(source) => return Err(Error::Unreachable { url, source }),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let message = match response.json::<ErrorBody>().await {
            Ok(body) => body.error,
            Err(_) => "no reason given".to_owned(),
        };
        Err(Error::Status {
            url,
            status: status.as_u16(),
            message,
        })
    }

    async fn read<A: DeserializeOwned>(&self, path: &str, answer: Response) -> Result<A, Error> {
        let url = self.url(path);
        answer
            .json()
            .await
            .map_err(|source| Error::Body { url, source })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Answers one request with each response, in order. Returns the base address.
    async fn server(responses: &'static [&'static str]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for response in responses {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                stream.write_all(response.as_bytes()).await.unwrap();
            }
        });
        format!("http://{address}")
    }

    const BUSY: &str = "HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const SEVEN: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\n7";
    const TAKEN: &str =
        "HTTP/1.1 409 Taken\r\nconnection: close\r\ncontent-length: 16\r\n\r\n{\"error\":\"mine\"}";
    const QUICK: Retry = Retry {
        attempts: 3,
        first_pause: Duration::from_millis(1),
    };

    async fn get(base: &str) -> Result<u8, Error> {
        Http::new(base)
            .ask(Method::GET, "/n", None::<&()>, QUICK)
            .await
    }

    #[tokio::test]
    async fn temporary_failures_are_tried_again() {
        let base = server(&[BUSY, BUSY, SEVEN]).await;
        assert_eq!(get(&base).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn tries_end() {
        let base = server(&[BUSY, BUSY, BUSY, SEVEN]).await;
        assert!(matches!(
            get(&base).await,
            Err(Error::Status { status: 503, .. })
        ));
    }

    #[tokio::test]
    async fn refusals_are_final_and_keep_their_reason() {
        let base = server(&[TAKEN, SEVEN]).await;
        let error = get(&base).await.unwrap_err();
        assert!(error.is_conflict());
        assert_eq!(error.to_string(), format!("{base}/n answered 409: mine"));
    }
}
