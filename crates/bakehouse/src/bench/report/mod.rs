//! Reports of results for people.

pub mod chart;
pub mod markdown;
pub mod replay_chart;
pub mod replay_markdown;
mod text;

/// Formats a time: `0.42 s`, `12.3 s`, `214 s`.
pub fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{seconds:.2} s")
    } else if seconds < 100.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// Formats a number of bytes: `812 B`, `12.3 kB`, `45.6 MB`.
pub fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let value = bytes as f64;
    if value < 1e3 {
        format!("{bytes} B")
    } else if value < 1e6 {
        format!("{:.1} kB", value / 1e3)
    } else {
        format!("{:.1} MB", value / 1e6)
    }
}
