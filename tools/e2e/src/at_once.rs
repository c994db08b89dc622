//! Bakes wait more than they compute, so what shares nothing is done at once.

use std::panic::resume_unwind;
use std::thread;

/// Does `what` to each of `all` at once, and gives what it returned in their order.
///
/// # Panics
/// When it panics for one of them, after all have ended.
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
