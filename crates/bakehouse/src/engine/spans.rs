//! Spans of time.

use std::time::Duration;

use jiff::Timestamp;

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Span {
    /// Returns the span between two timestamps such as `2026-01-31T23:59:59.123Z`; none if they are no timestamps, or
    /// the end comes first.
    pub fn between(start: &str, end: &str) -> Option<Self> {
        let (start, end) = (start.parse().ok()?, end.parse().ok()?);
        (start <= end).then_some(Self { start, end })
    }

    /// Returns the part from `time` on.
    pub fn from(self, time: Timestamp) -> Option<Self> {
        let start = self.start.max(time);
        (start < self.end).then_some(Self { start, ..self })
    }

    pub fn length(self) -> Duration {
        self.end.duration_since(self.start).unsigned_abs()
    }
}

/// Returns the time that the spans cover together.
pub fn covered(spans: impl IntoIterator<Item = Span>) -> Duration {
    let mut spans = Vec::from_iter(spans);
    spans.sort();
    let mut total = Duration::ZERO;
    let mut until = Timestamp::MIN;
    for span in spans {
        if let Some(rest) = span.from(until) {
            total += rest.length();
            until = rest.end;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: &str, end: &str) -> Span {
        let on = |time| format!("2026-01-31T{time}Z");
        Span::between(&on(start), &on(end)).unwrap()
    }

    #[test]
    fn overlaps_count_once_and_gaps_not_at_all() {
        let spans = [
            span("10:00:05", "10:00:07"),
            span("10:00:00", "10:00:02.5"),
            span("10:00:02", "10:00:03"),
            span("10:00:01", "10:00:02"),
        ];
        assert_eq!(covered(spans), Duration::from_secs(5));
        assert_eq!(covered([]), Duration::ZERO);
    }

    #[test]
    fn what_is_no_span_is_none() {
        assert_eq!(Span::between("2026-01-31", "x"), None);
        let (early, late) = ("2026-01-31T23:59:59.5Z", "2026-02-01T00:00:01Z");
        assert_eq!(Span::between(late, early), None);
        let night = Span::between(early, late).unwrap();
        assert_eq!(night.length(), Duration::from_millis(1500));
        assert_eq!(night.from(night.end), None);
    }
}
