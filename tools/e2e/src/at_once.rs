//! Concurrency in tests: bakes wait more than they compute, so independent ones run at once.

use std::panic::resume_unwind;
use std::thread;

/// Calls `what` for all of `all` concurrently, and returns the results in their order.
///
/// # Panics
/// If it panics for one of them, after all have ended.
pub fn at_once<T: Sync, R: Send>(all: &[T], what: impl Fn(&T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let what = &what;
        let threads: Vec<_> = all
            .iter()
            .map(|one| scope.spawn(move || what(one)))
            .collect();
        let ends: Vec<_> = threads
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        ends.into_iter()
            .map(|end| end.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
