//! Reading, decoding and appending side by side.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use super::{Import, Progress, Run, Stop};
use crate::{
    decode::{Decoded, Decoder},
    rows::{Chunk, FileProblem, Shape, read_file},
};

/// Most threads that decode.
const DECODERS_MAX: usize = 4;
/// Chunks that may wait at each place, for each decoding thread. When a queue is full the thread before it waits.
const QUEUED: usize = 2;

/// What a chunk becomes.
type Outcome = Result<Decoded, FileProblem>;

/// A chunk on its way to a decoding thread, with the place where the outcome is waited for.
struct Job {
    chunk: Chunk,
    outcome: SyncSender<Outcome>,
}

/// Reads one file to its end. The outcomes are taken in the order of the chunks: each has a channel of its own, and the channels
/// are queued in that order.
pub(super) fn run(
    file: &Path,
    shape: &Shape,
    import: &mut Import<'_>,
    run: &mut Run<'_>,
) -> Result<(), Stop> {
    let decoders = thread::available_parallelism().map_or(1, |n| n.get().min(DECODERS_MAX));
    let bytes_read = Arc::new(AtomicU64::new(0));
    let bytes_total = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let (jobs, queue) = sync_channel::<Job>(decoders * QUEUED);
    let (ordered, outcomes) = sync_channel::<Receiver<Outcome>>(decoders * QUEUED);
    // Taking a job is a short wait on a queue; nothing else is done under the lock.
    let queue = Mutex::new(queue);

    thread::scope(|scope| {
        let reader = scope.spawn({
            let bytes_read = Arc::clone(&bytes_read);
            move || {
                read_file(file, shape, &bytes_read, &mut |chunk| {
                    let (outcome, waiting) = sync_channel(1);
                    // An error says that nobody waits any more.
                    let sent = ordered.send(waiting).is_ok();
                    if sent && jobs.send(Job { chunk, outcome }).is_ok() {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                })
            }
        });
        for _ in 0..decoders {
            let decoder = Decoder::new(Arc::clone(&import.profile), &import.context);
            let queue = &queue;
            scope.spawn(move || decode(queue, decoder));
        }

        let taken = take(outcomes, run, &mut |read| {
            (import.progress)(Progress {
                file,
                bytes_read: bytes_read.load(Ordering::Relaxed),
                bytes_total,
                read,
            });
        });
        let was_read = reader.join();
        taken?;
        match was_read {
            Ok(was_read) => was_read.map_err(|error| Stop::File(error.problem)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn decode(queue: &Mutex<Receiver<Job>>, mut decoder: Decoder) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { chunk, outcome }) = job else {
            return;
        };
        // An error says that the import has ended early; the reader sees the same.
        drop(outcome.send(decoder.chunk(&chunk)));
    }
}

/// Takes the outcomes in order. When it returns early, dropping `outcomes` stops the reader.
fn take(
    outcomes: Receiver<Receiver<Outcome>>,
    run: &mut Run<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    for outcome in outcomes {
        // A thread that panicked drops its end; the scope passes the panic on.
        let Ok(outcome) = outcome.recv() else { break };
        let decoded = outcome.map_err(Stop::File)?;
        if run.take(decoded).map_err(Stop::Append)? {
            progress(run.summary.read);
        }
    }
    progress(run.summary.read + run.waiting.read());
    Ok(())
}
