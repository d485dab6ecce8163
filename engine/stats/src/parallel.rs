//! The same answer with any number of threads: each fills its own rows.

use std::num::NonZeroUsize;
use std::thread;

/// Fills `out`, which has rows of `width` values, by `work(first row, rows)` on parts of it.
///
/// At most `threads` threads (`None`: as many as the machine offers), and no thread for fewer than `least` rows.
pub(crate) fn fill<T: Send>(
    out: &mut [T],
    width: usize,
    least: usize,
    threads: Option<NonZeroUsize>,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    let rows = out.len() / width.max(1);
    let offered = threads
        .or_else(|| thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    let used = offered.min(rows / least.max(1)).max(1);
    if used == 1 {
        work(0, out);
        return;
    }
    let share = rows.div_ceil(used);
    thread::scope(|scope| {
        for (part, out) in out.chunks_mut(share * width).enumerate() {
            let work = &work;
            scope.spawn(move || work(part * share, out));
        }
    });
}
