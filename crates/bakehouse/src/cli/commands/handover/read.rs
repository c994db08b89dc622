//! Reading of the file with digests.

use std::io::Read;

use camino::Utf8Path;

use serde::Deserialize;

use crate::documents::handover::Digests;
use crate::documents::handover::digests::VERSION;
use crate::problem::{Code, Problem, Problems};

/// The part that files of every version have.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Returns the digests in a file, or in standard input if it is called `-`.
///
/// # Errors
/// `file-unreadable`; `digests-invalid` with everything that is wrong.
pub fn read(path: &Utf8Path) -> Result<Digests, Problems> {
    let text = match path.as_str() {
        "-" => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map(|_| text)
        }
        _ => fs_err::read_to_string(path),
    };
    let text = text.map_err(|error| Problem::from_error(Code::FileUnreadable, error))?;
    let name = match path.as_str() {
        "-" => "standard input",
        path => path,
    };
    if let Ok(Versioned { version }) = serde_json::from_str(&text)
        && version != VERSION
    {
        let message = format!("{name} is of version {version}, not {VERSION}");
        return Err(invalid(message).into());
    }
    let digests: Digests = serde_json::from_str(&text).map_err(|error| {
        let message = format!("{name} is no file of digests: {error}");
        invalid(message).caused_by(error)
    })?;
    let faults = digests.faults().into_iter();
    let problems = faults.map(|fault| invalid(format!("{name} is no file of digests: {fault}")));
    Problems(problems.collect()).or(digests)
}

fn invalid(message: String) -> Problem {
    Problem::new(Code::DigestsInvalid, message)
        .hint("let `bakehouse build --push --digests FILE` write it")
}
