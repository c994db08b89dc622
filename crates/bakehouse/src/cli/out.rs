//! Standard output and standard error, without the panics of `println!` where they cannot be written.

use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;

use crate::problem::{Code, Problem};

/// The first error of standard output. Nothing is written to it afterwards.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a line to standard output.
macro_rules! outln {
    ($($text:tt)*) => {
        $crate::cli::out::to_stdout(format_args!("{}\n", format_args!($($text)*)))
    };
}

/// Prints text to standard output.
macro_rules! out {
    ($($text:tt)*) => { $crate::cli::out::to_stdout(format_args!($($text)*)) };
}

/// Prints a line to standard error.
macro_rules! errln {
    ($($text:tt)*) => {
        $crate::cli::out::to_stderr(format_args!("{}\n", format_args!($($text)*)))
    };
}

/// Prints text to standard error.
macro_rules! err {
    ($($text:tt)*) => { $crate::cli::out::to_stderr(format_args!($($text)*)) };
}

pub(crate) use {err, errln, out, outln};

/// Writes to standard output. An error is kept for [`lost`], so that a command still finishes what it does.
pub fn to_stdout(text: fmt::Arguments<'_>) {
    if LOST.get().is_some() {
        return;
    }
    let mut out = anstream::stdout();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        // Only the first error is kept.
        _ = LOST.set(error);
    }
}

/// Writes to standard error. There is no place where its errors could be reported.
pub fn to_stderr(text: fmt::Arguments<'_>) {
    _ = anstream::stderr().write_fmt(text);
}

/// Returns the problem of an output that was lost. A reader that has read enough, such as `head`, is none.
pub fn lost() -> Option<Problem> {
    let error = LOST.get()?;
    if error.kind() == io::ErrorKind::BrokenPipe {
        return None;
    }
    let message = format!("standard output cannot be written: {error}");
    Some(
        Problem::new(Code::FileUnwritable, message)
            .hint("write it to a place that has room for it"),
    )
}
