use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> std::io::Result<()> {
    greeting::serve(8081, || {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
        format!("{}\n", seconds.unwrap_or_default().as_secs())
    })
}
