//! Sharing the work on many points among threads.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Points that one thread takes at a time: few enough for them and their answers to stay in the second cache.
pub(crate) const PIECE: usize = 8192;

/// From this number of points on, the work takes longer than starting threads.
const MANY: usize = 100_000;

/// Does the work on every piece of `points` points; from 100,000 points on in as many threads as the machine runs at once. A
/// thread that is held up takes fewer pieces. Returns when all is done.
pub(crate) fn share<T>(
    points: usize,
    pieces: impl Iterator<Item = T> + Send,
    work: impl Fn(T) + Sync,
) {
    if points < MANY {
        pieces.for_each(work);
        return;
    }
    // Held only while the next piece is cut off.
    let pieces = Mutex::new(pieces);
    let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        while let Some(piece) = next() {
            work(piece);
        }
    };
    let others = thread::available_parallelism().map_or(0, |threads| threads.get() - 1);
    thread::scope(|scope| {
        for _ in 0..others {
            scope.spawn(run);
        }
        run();
    });
}
