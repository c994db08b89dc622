//! Caches in the registry: their tags, and copies of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde::Deserialize;

use super::sandbox::docker;
use crate::problem::{Code, Problem};

/// Copies every tag of the repository `from` to the repository `to` of the same registry. Layers are not sent again.
///
/// # Errors
/// `bake-failed`.
pub fn copy_all(registry: &str, from: &str, to: &str) -> Result<(), Problem> {
    for tag in tags(registry, from)? {
        docker(&[
            "buildx",
            "imagetools",
            "create",
            "--prefer-index=false",
            "--tag",
            &format!("{to}:{tag}"),
            &format!("{from}:{tag}"),
        ])?;
    }
    Ok(())
}

/// Returns the tags of a repository, which is named with its registry.
///
/// # Errors
/// `bake-failed`.
pub fn tags(registry: &str, repository: &str) -> Result<Vec<String>, Problem> {
    #[derive(Deserialize)]
    struct Tags {
        tags: Option<Vec<String>>,
    }
    let name = repository
        .strip_prefix(registry)
        .unwrap_or(repository)
        .trim_matches('/');
    let failed = |why: String| {
        Problem::new(
            Code::BakeFailed,
            format!("the tags of {repository} cannot be listed: {why}"),
        )
        .hint("the benchmark needs a registry that answers without TLS, such as `docker run --publish 127.0.0.1:5000:5000 registry:3`")
    };
    let text = get(registry, &format!("/v2/{name}/tags/list"))
        .map_err(|error| failed(error.to_string()))?;
    let listed: Tags = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    Ok(listed.tags.unwrap_or_default())
}

/// Returns the body of an answer to a request by HTTP 1.0, after which the connection ends.
fn get(registry: &str, path: &str) -> std::io::Result<String> {
    let address = match registry.contains(':') {
        true => registry.to_owned(),
        false => format!("{registry}:80"),
    };
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {registry}\r\nAccept: application/json\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    body(&answer)
        .map(str::to_owned)
        .map_err(std::io::Error::other)
}

/// Returns the body of an HTTP answer, or its first line if it is no success.
fn body(answer: &str) -> Result<&str, String> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.lines().next().unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") => Ok(body),
        _ => Err(format!("it answered `{status}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_successful_answer_has_a_body() {
        let answer = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"tags\":null}";
        assert_eq!(body(answer), Ok("{\"tags\":null}"));
        assert!(body("HTTP/1.0 404 Not Found\r\n\r\n{}").is_err());
        assert!(body("").is_err());
    }
}
