//! Durations as Docker writes them, in the seconds that Kubernetes takes.

/// Returns a duration of whole hours, minutes, seconds and milliseconds in seconds, rounded up.
pub fn seconds(text: &str) -> i64 {
    let mut milliseconds = 0;
    let mut number = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let factor = match c {
            'h' => 3_600_000,
            'm' if rest.next_if_eq(&'s').is_some() => 1,
            'm' => 60_000,
            's' => 1000,
            digit => {
                number = number * 10 + i64::from(digit.to_digit(10).unwrap_or_default());
                continue;
            }
        };
        milliseconds += number * factor;
        number = 0;
    }
    (milliseconds + 999) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_up() {
        let table = [
            ("10s", 10),
            ("1m30s", 90),
            ("1h", 3600),
            ("500ms", 1),
            ("1m0s1ms", 61),
            ("2000ms", 2),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
