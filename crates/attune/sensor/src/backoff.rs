use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(60);

/// The pauses between starts of a sensor.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    next: Duration,
}

impl Backoff {
    pub fn new(first: Duration) -> Self {
        Self { first, next: first }
    }

    /// Returns the pause after a run of this length. It doubles from run to run, and is reset after a run that was
    /// longer than any pause.
    pub fn after(&mut self, run: Duration) -> Duration {
        if run >= LONGEST {
            self.next = self.first;
        }
        let pause = self.next.min(LONGEST);
        self.next = pause * 2;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_recover() {
        let mut backoff = Backoff::new(Duration::from_secs(1));
        let short = Duration::from_secs(5);
        let pauses: Vec<_> = (0..8).map(|_| backoff.after(short).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.after(Duration::from_secs(61)).as_secs(), 1);
    }
}
