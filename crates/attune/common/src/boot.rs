//! Start and end of every service's `main`: arguments, log, configuration, exit code.

use std::{ffi::OsString, fmt::Display, io::IsTerminal, process::ExitCode};

use tracing::level_filters::LevelFilter;

use crate::env::{Env, Errors};

/// Identifies a service in `--version`, `--help` and its messages.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The binary's name, such as `attune-api`.
    pub name: &'static str,
    /// The version, from `CARGO_PKG_VERSION`.
    pub version: &'static str,
    /// The variables that it reads, for `--help`.
    pub help: &'static str,
}

/// The configuration to run with, or the exit code to return from `main`.
pub enum Start<C> {
    /// Run with this configuration.
    Run(C),
    /// Exit; all messages have been printed.
    Exit(ExitCode),
}

/// Handles `--version` and `--help`, starts the log on standard error at the level `ATTUNE_LOG`, and reads the
/// configuration. The exit code is 2 for wrong arguments or a wrong configuration.
pub fn start<C>(about: About, read: impl FnOnce(&mut Env) -> C) -> Start<C> {
    match arguments(about, std::env::args_os().skip(1)) {
        Ok(None) => {}
        Ok(Some(text)) => {
            println!("{text}");
            return Start::Exit(ExitCode::SUCCESS);
        }
        Err(message) => return usage(about, &message),
    }
    match configure(&mut Env::process(), read) {
        Ok((level, config)) => {
            tracing_subscriber::fmt()
                .with_writer(std::io::stderr)
                .with_ansi(std::io::stderr().is_terminal())
                .with_max_level(level)
                .init();
            tracing::info!(version = about.version, "{} starts", about.name);
            Start::Run(config)
        }
        Err(errors) => usage(about, &errors),
    }
}

/// Converts the result of a service to its exit code, and prints an error to standard error.
pub fn finish<E: std::error::Error>(about: About, result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(inner) = cause {
                text = format!("{text}: {inner}");
                cause = inner.source();
            }
            eprintln!("{}: {text}", about.name);
            ExitCode::FAILURE
        }
    }
}

fn usage<C>(about: About, message: &impl Display) -> Start<C> {
    eprintln!("{}: {message}", about.name);
    Start::Exit(ExitCode::from(2))
}

fn configure<C>(
    env: &mut Env,
    read: impl FnOnce(&mut Env) -> C,
) -> Result<(LevelFilter, C), Errors> {
    let level = env.parse(
        "ATTUNE_LOG",
        LevelFilter::INFO,
        "off, error, warn, info, debug or trace",
    );
    let config = read(env);
    env.finish().map(|()| (level, config))
}

fn arguments(
    about: About,
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Option<String>, String> {
    let Some(first) = arguments.next() else {
        return Ok(None);
    };
    let About {
        name,
        version,
        help,
    } = about;
    match first.to_str() {
        Some("--version" | "-V") => Ok(Some(format!("{name} {version}"))),
        Some("--help" | "-h") => Ok(Some(format!(
            "{name} {version}\n\nUsage: {name} [--version | --help]\n\n\
             Configured by environment variables:\n{help}\
             ATTUNE_LOG               off, error, warn, info, debug or trace (info)"
        ))),
        _ => Err(format!(
            "unknown argument \"{}\"; {name} is configured by environment variables, see {name} --help",
            first.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About = About {
        name: "attune-test",
        version: "1.2.3",
        help: "",
    };

    #[test]
    fn version_is_name_and_number() {
        let text = arguments(ABOUT, ["--version".into()].into_iter());
        assert_eq!(text, Ok(Some("attune-test 1.2.3".into())));
    }

    #[test]
    fn unknown_arguments_are_refused() {
        let error = arguments(ABOUT, ["--port=1".into()].into_iter()).unwrap_err();
        assert!(error.contains("--port=1"), "{error}");
        assert_eq!(arguments(ABOUT, std::iter::empty()), Ok(None));
    }

    #[test]
    fn log_level_errors_join_the_others() {
        let mut env = Env::of([("ATTUNE_LOG", "loud"), ("N", "x")]);
        let errors = configure(&mut env, |env| env.parse("N", 1u8, "a number")).unwrap_err();
        assert_eq!(errors.0.len(), 2, "{errors}");
    }
}
