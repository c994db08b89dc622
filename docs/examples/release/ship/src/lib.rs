/// Returns what a binary says of itself.
pub fn about(binary: &str) -> String {
    let metrics = if cfg!(feature = "metrics") {
        " with metrics"
    } else {
        ""
    };
    let checks = if cfg!(debug_assertions) {
        " and checks"
    } else {
        ""
    };
    format!("{binary} {}{metrics}{checks}", env!("CARGO_PKG_VERSION"))
}
