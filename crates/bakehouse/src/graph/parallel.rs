//! A parallel map over many items.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism, scope};

/// Maps `items` with `work` on all processors, and keeps their order.
pub fn parallel_map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    // Items differ in size, so each thread takes the next one.
    let run = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            done.push((index, work(item)));
        }
    };
    // This thread works as well.
    let most = items.len().saturating_sub(1);
    let threads = match most {
        0 => 0,
        most => (available_parallelism().map_or(1, usize::from) - 1).min(most),
    };
    let mut done = scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| Builder::new().spawn_scoped(scope, run))
            .filter_map(Result::ok)
            .collect();
        let mut done = run();
        for thread in running {
            match thread.join() {
                Ok(part) => done.extend(part),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::parallel_map;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        let squares: Vec<usize> = items.iter().map(|item| item * item).collect();
        assert_eq!(parallel_map(&items, |item| item * item), squares);
        assert!(parallel_map(&[0; 0], |item| *item).is_empty());
    }
}
