//! Blobs: layers and configurations.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};
use ureq::Body;
use ureq::http::{Method, Response, header};

use super::client::{Repository, Request, location};
use super::digest::Digest;
use super::documents::Descriptor;
use super::refusal::{unreachable, wrong};
use crate::problem::Problem;

/// The largest blob that is held in memory: a configuration.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A reader that hashes what it reads.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    read: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

impl Repository<'_> {
    /// Returns whether the repository has a blob.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn has_blob(&self, digest: &Digest) -> Result<bool, Problem> {
        let asked = format!("the blob {}", digest.short());
        let request = Request::new(Method::HEAD, self.blob_url(digest), &asked);
        Ok(self.find(&request)?.is_some())
    }

    /// Returns a small blob.
    ///
    /// # Errors
    /// `registry-…`, also if it is not there or its content does not have its digest.
    pub fn blob(&self, blob: &Descriptor) -> Result<Vec<u8>, Problem> {
        let limit = LARGEST.min(blob.size);
        self.read_blob(blob, |reader| {
            let mut bytes = Vec::new();
            // One byte more shows that there is more.
            reader.take(limit + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        })
    }

    /// Gives the content of a blob to `read`, and checks it when `read` has read all of it.
    ///
    /// # Errors
    /// `registry-…`, also if it is not there or its content does not have its digest.
    pub fn read_blob<T>(
        &self,
        blob: &Descriptor,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, Problem> {
        let asked = format!("the blob {}", blob.digest.short());
        let mut answer = self.open(blob)?;
        let broken = |error: io::Error| wrong(self.name, &asked, &error.to_string());
        let mut reader = Hashing {
            inner: answer.body_mut().as_reader(),
            hash: Sha256::new(),
            read: 0,
        };
        let result = read(&mut reader);
        io::copy(&mut reader, &mut io::sink()).map_err(broken)?;
        let found = Digest::of_hash(reader.hash);
        if found != blob.digest {
            return Err(wrong(self.name, &asked, &format!("its content is {found}")));
        }
        result.map_err(broken)
    }

    fn open(&self, blob: &Descriptor) -> Result<Response<Body>, Problem> {
        let asked = format!("the blob {}", blob.digest.short());
        let request = Request::new(Method::GET, self.blob_url(&blob.digest), &asked);
        let mut answer = self.send(&request)?;
        match answer.status().as_u16() {
            200 => Ok(answer),
            _ => Err(self.refused(&request, &mut answer)),
        }
    }

    /// Puts a blob there, unless it is there.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<(), Problem> {
        let digest = Digest::of(bytes);
        if self.has_blob(&digest)? {
            return Ok(());
        }
        let place = self.begin(&digest, None)?.expect("no mount was asked for");
        let asked = format!("a new blob {}", digest.short());
        let request = upload(&place, &digest, bytes.len() as u64, &asked);
        let mut answer = self.send(&request.body(bytes))?;
        self.uploaded(&asked, &digest, &mut answer)
    }

    /// Gives the repository a blob that another one has, unless it is there: by a mount if both are of one registry that
    /// can do so, else by a copy.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn take_blob(&self, blob: &Descriptor, from: &Repository<'_>) -> Result<(), Problem> {
        if self.name == from.name || self.has_blob(&blob.digest)? {
            return Ok(());
        }
        let same = self.name.host == from.name.host;
        let mounted = same.then_some(from.name.path.as_str());
        let Some(place) = self.begin(&blob.digest, mounted)? else {
            return Ok(());
        };
        let mut source = from.open(blob)?;
        let mut reader = source.body_mut().as_reader();
        let asked = format!("a new blob {}", blob.digest.short());
        let request = upload(&place, &blob.digest, blob.size, &asked).scope(mounted.map(pull));
        // A stream cannot be sent twice. The login is known from the request that began the upload.
        let answer = self
            .client
            .send_once(self.name, &request, Some(&mut reader));
        let mut answer =
            answer.map_err(|error| unreachable(self.name, &asked, &error.to_string()))?;
        self.uploaded(&asked, &blob.digest, &mut answer)
    }

    /// Begins an upload, and returns its address; `None` if the blob was mounted instead.
    fn begin(&self, digest: &Digest, from: Option<&str>) -> Result<Option<String>, Problem> {
        let asked = format!("an upload of {}", digest.short());
        let mut url = self.url("blobs/uploads/");
        if let Some(from) = from {
            url += &format!("?mount={digest}&from={from}");
        }
        let request = Request::new(Method::POST, url, &asked)
            .header(header::CONTENT_LENGTH, "0")
            .body(&[])
            .scope(from.map(pull));
        let mut answer = self.send(&request)?;
        match answer.status().as_u16() {
            201 if from.is_some() => Ok(None),
            202 => match location(self.name, answer.headers()) {
                Some(place) => Ok(Some(place)),
                None => Err(wrong(self.name, &asked, "it does not say where to")),
            },
            405 => Err(self.read_only(&request, &mut answer)),
            _ => Err(self.refused(&request, &mut answer)),
        }
    }

    fn uploaded(
        &self,
        asked: &str,
        digest: &Digest,
        answer: &mut Response<Body>,
    ) -> Result<(), Problem> {
        match answer.status().as_u16() {
            201 | 202 | 204 => Ok(()),
            _ => {
                let request = Request::new(Method::PUT, self.blob_url(digest), asked);
                Err(self.refused(&request, answer))
            }
        }
    }

    fn blob_url(&self, digest: &Digest) -> String {
        self.url(&format!("blobs/{digest}"))
    }
}

/// Returns the scope of a token that reads a repository.
fn pull(path: &str) -> String {
    format!("repository:{path}:pull")
}

/// Returns the request that sends a blob to the address of an upload.
fn upload<'a>(place: &str, digest: &Digest, size: u64, asked: &'a str) -> Request<'a> {
    let joined = if place.contains('?') { '&' } else { '?' };
    let url = format!("{place}{joined}digest={digest}");
    Request::new(Method::PUT, url, asked)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_LENGTH, size.to_string())
}
