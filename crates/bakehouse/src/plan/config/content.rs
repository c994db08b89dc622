//! Checks of an image's process: its program, the signal that stops it, and its health check.

use super::check::Check;
use super::raw::RawVariant;
use super::raw_content::{RawHealthcheck, RawSignal};
use super::spanned::Spanned;
use super::valid::Healthcheck;
use crate::problem::{Code, did_you_mean};

/// The signals of Linux that have one name.
const SIGNALS: [&str; 31] = [
    "SIGABRT",
    "SIGALRM",
    "SIGBUS",
    "SIGCHLD",
    "SIGCONT",
    "SIGFPE",
    "SIGHUP",
    "SIGILL",
    "SIGINT",
    "SIGIO",
    "SIGKILL",
    "SIGPIPE",
    "SIGPROF",
    "SIGPWR",
    "SIGQUIT",
    "SIGSEGV",
    "SIGSTKFLT",
    "SIGSTOP",
    "SIGSYS",
    "SIGTERM",
    "SIGTRAP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGWINCH",
    "SIGXCPU",
    "SIGXFSZ",
];

/// The last signal of Linux, and the number of those that have names relative to `SIGRTMIN` and `SIGRTMAX`.
const LAST: u32 = 64;
const REAL_TIME: u32 = 30;

impl Check<'_> {
    /// Returns the last of some commands that is written, as plain text.
    pub(super) fn last_command<'a>(
        &mut self,
        commands: impl DoubleEndedIterator<Item = Option<&'a [Spanned<String>]>>,
    ) -> Option<Vec<String>> {
        let command = commands.flatten().next_back()?;
        Some(self.command(command))
    }

    fn command(&mut self, command: &[Spanned<String>]) -> Vec<String> {
        if let Some(first) = command.first().filter(|word| word.as_ref().is_empty()) {
            self.problem(
                Code::ConfigValue,
                "the first word of the command is empty".to_owned(),
                first.span(),
                "begin with the program",
            );
        }
        for word in command.iter().filter(|word| word.as_ref().contains('\0')) {
            self.problem(
                Code::ConfigValue,
                "the word contains a character that arguments cannot contain".to_owned(),
                word.span(),
                "remove the NUL",
            );
        }
        command.iter().map(|word| word.as_ref().clone()).collect()
    }

    /// Returns the signal of the last of `layers` that names one.
    pub(super) fn stop_signal<'a>(
        &mut self,
        layers: impl DoubleEndedIterator<Item = &'a RawVariant>,
    ) -> Option<String> {
        let written = layers
            .filter_map(|layer| layer.stop_signal.as_ref())
            .next_back()?;
        let RawSignal(signal) = written.as_ref();
        let number = signal.parse::<u32>().ok();
        let valid = match number {
            Some(number) => (1..=LAST).contains(&number) && !signal.starts_with(['+', '0']),
            None => SIGNALS.contains(&signal.as_str()) || is_real_time(signal),
        };
        if !valid {
            let upper = signal.to_ascii_uppercase();
            let full = match upper.starts_with("SIG") {
                true => upper,
                false => format!("SIG{upper}"),
            };
            let hint = did_you_mean(&full, SIGNALS)
                .unwrap_or_else(|| format!("write a name such as `SIGINT`, or 1 to {LAST}"));
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a signal of Linux", signal.escape_debug()),
                written.span(),
                hint,
            );
        }
        Some(signal.clone())
    }

    /// Returns the check of the last of `layers` that has one.
    pub(super) fn healthcheck<'a>(
        &mut self,
        layers: impl DoubleEndedIterator<Item = &'a RawVariant>,
    ) -> Option<Healthcheck> {
        let written = layers
            .filter_map(|layer| layer.healthcheck.as_ref())
            .next_back()?;
        let command = match written.as_ref() {
            RawHealthcheck::Command(command) => command,
            RawHealthcheck::Timed(timed) => &timed.command,
        };
        if command.is_empty() {
            self.problem(
                Code::ConfigValue,
                "the health check has no command".to_owned(),
                written.span(),
                "write it as `[\"program\", \"argument\"]`, or remove the key",
            );
        }
        let check = Healthcheck {
            command: self.command(command),
            interval: None,
            timeout: None,
            start_period: None,
            retries: None,
        };
        let RawHealthcheck::Timed(timed) = written.as_ref() else {
            return Some(check);
        };
        if let Some(none) = timed.retries.as_ref().filter(|count| *count.as_ref() == 0) {
            self.problem(
                Code::ConfigValue,
                "a container is unhealthy after one failure at least".to_owned(),
                none.span(),
                "write 1 or more",
            );
        }
        let mut duration = |written: &Option<Spanned<String>>| {
            let written = written.as_ref()?;
            if !is_duration(written.as_ref()) {
                self.problem(
                    Code::ConfigValue,
                    format!("`{}` is not a duration", written.as_ref().escape_debug()),
                    written.span(),
                    "write hours, minutes, seconds and milliseconds as in `1h30m`, `10s` or `500ms`",
                );
            }
            Some(written.as_ref().clone())
        };
        Some(Healthcheck {
            interval: duration(&timed.interval),
            timeout: duration(&timed.timeout),
            start_period: duration(&timed.start_period),
            retries: timed.retries.as_ref().map(|count| *count.as_ref()),
            ..check
        })
    }
}

/// Returns whether `signal` is named relative to the first or last real-time signal.
fn is_real_time(signal: &str) -> bool {
    let relative = [("SIGRTMIN", '+'), ("SIGRTMAX", '-')];
    relative.into_iter().any(|(base, sign)| {
        signal.strip_prefix(base).is_some_and(|rest| {
            let number = rest
                .strip_prefix(sign)
                .filter(|rest| !rest.starts_with('0'));
            let number = number.and_then(|number| number.parse::<u32>().ok());
            rest.is_empty() || number.is_some_and(|number| number <= REAL_TIME)
        })
    })
}

/// Returns whether `text` is a positive duration: whole hours, minutes, seconds and milliseconds, each once at most.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    let mut total = 0;
    for unit in ["h", "m", "s", "ms"] {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, behind) = rest.split_at(digits);
        let minutes_of_milliseconds = unit == "m" && behind.starts_with("ms");
        if let Some(behind) = behind.strip_prefix(unit)
            && !minutes_of_milliseconds
            && (1..=6).contains(&digits)
        {
            total += number.parse::<u32>().unwrap_or_default();
            rest = behind;
        }
    }
    rest.is_empty() && total > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_docker_that_are_not_empty() {
        for text in ["10s", "1h30m", "500ms", "1m0s1ms", "0m1s", "999999h"] {
            assert!(is_duration(text), "{text}");
        }
        for text in [
            "", "0s", "0", "10", "s", "ms", "1.5s", "10 s", "1s1s", "1s1m", "-1s", "1d", "10S",
            "1000000h", "٣s", "10s ", "1ms1s",
        ] {
            assert!(!is_duration(text), "{text}");
        }
    }

    #[test]
    fn real_time_signals_are_counted_from_either_end() {
        for text in ["SIGRTMIN", "SIGRTMIN+1", "SIGRTMAX", "SIGRTMAX-30"] {
            assert!(is_real_time(text), "{text}");
        }
        for text in [
            "SIGRTMIN-1",
            "SIGRTMIN+31",
            "SIGRTMIN+0",
            "SIGRTMAX+1",
            "SIGRT",
            "SIGRTMIN+",
        ] {
            assert!(!is_real_time(text), "{text}");
        }
    }
}
