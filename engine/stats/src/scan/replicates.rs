//! The highest score of each replicate, until enough are as high as the best cluster.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::search::Searcher;
use super::simulate::Simulator;
use super::{Plan, ScanError, ScanParameters};

/// Replicates after which the end is considered, whatever the number of threads.
const WAVE: usize = 128;

/// Replicates searched together at most: bounds are then computed once for many.
const BATCH: usize = 32;

/// Bytes of the rows of a batch, at most.
const BATCH_BYTES: usize = 64 << 20;

/// Scores closer than this share are equal: sums in another order differ in their last digits.
const SAME: f64 = 1e-9;

/// Levels below this are not tried: the highest score is then as good as 0.
pub(super) const LOWEST_LEVEL: f64 = 1e-3;

/// The highest scores, in order of replicates.
#[derive(Debug, Default)]
pub(super) struct Replicates {
    pub(super) maxima: Vec<f64>,
    /// Replicates as high as the best cluster, when they stopped the rest.
    pub(super) stopped: Option<usize>,
}

impl Replicates {
    /// How many are as high as a score.
    pub(super) fn as_high(&self, score: f64) -> usize {
        let least = score * (1.0 - SAME);
        self.maxima
            .iter()
            .filter(|highest| **highest >= least)
            .count()
    }
}

pub(super) fn run(
    plan: &Plan<'_>,
    simulator: &Simulator,
    highest: f64,
    parameters: &ScanParameters,
    threads: usize,
    is_wanted: &(dyn Fn() -> bool + Sync),
) -> Result<Replicates, ScanError> {
    let mut replicates = Replicates::default();
    let mut level = first_level(plan);
    while replicates.maxima.len() < parameters.replicates {
        let first = replicates.maxima.len();
        let wave = WAVE.min(parameters.replicates - first);
        let seeds = Seeds {
            seed: parameters.seed,
            first,
            number: wave,
        };
        let found = search_wave(plan, simulator, seeds, level, threads, is_wanted);
        if !is_wanted() {
            return Err(ScanError::Stopped);
        }
        level = next_level(&found);
        replicates.maxima.extend(found);
        let Some(stop) = parameters.stop_after else {
            continue;
        };
        let as_high = replicates.as_high(highest);
        if as_high >= stop {
            let least = highest * (1.0 - SAME);
            let high = replicates
                .maxima
                .iter()
                .enumerate()
                .filter(|(_, score)| **score >= least);
            if let Some((last, _)) = high.clone().nth(stop - 1) {
                replicates.maxima.truncate(last + 1);
                replicates.stopped = Some(stop);
            }
            break;
        }
    }
    Ok(replicates)
}

fn search_wave(
    plan: &Plan<'_>,
    simulator: &Simulator,
    seeds: Seeds,
    level: f64,
    threads: usize,
    is_wanted: &(dyn Fn() -> bool + Sync),
) -> Vec<f64> {
    let wave = seeds.number;
    let row_bytes = plan.zones.areas() * plan.windows.row() * size_of::<i32>();
    let even = wave.div_ceil(threads);
    let batch = (BATCH_BYTES / row_bytes.max(1))
        .clamp(1, BATCH)
        .min(even.max(1));
    let next = AtomicUsize::new(0);
    // Taken once a batch, to put its answers in their place.
    let maxima = Mutex::new(vec![0.0; wave]);
    thread::scope(|scope| {
        for _ in 0..threads.min(wave.div_ceil(batch)) {
            scope.spawn(|| {
                let mut searcher = Searcher::new(plan, batch, level);
                loop {
                    let start = next.fetch_add(batch, Ordering::Relaxed);
                    if start >= wave || !is_wanted() {
                        break;
                    }
                    let size = batch.min(wave - start);
                    let seeds = Seeds {
                        first: seeds.first + start,
                        number: size,
                        ..seeds
                    };
                    let found = searcher.search(simulator, seeds);
                    let mut maxima = maxima.lock().unwrap_or_else(PoisonError::into_inner);
                    maxima[start..start + size].copy_from_slice(found);
                }
            });
        }
    });
    maxima.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Which replicates: each has its own stream of the seed's random numbers.
#[derive(Clone, Copy)]
pub(super) struct Seeds {
    pub(super) seed: u64,
    pub(super) first: usize,
    pub(super) number: usize,
}

/// The highest of as many scores as there are cylinders, were they independent, would be near their logarithm.
#[expect(clippy::cast_precision_loss, reason = "a level need not be exact")]
fn first_level(plan: &Plan<'_>) -> f64 {
    let areas = plan.zones.areas() as f64;
    0.5 * (areas * areas * plan.windows.count() as f64).ln().max(1.0)
}

/// A little below the lowest that was found: the next replicates will hardly be lower.
pub(super) fn next_level(maxima: &[f64]) -> f64 {
    let lowest = maxima.iter().copied().fold(f64::INFINITY, f64::min);
    (0.95 * lowest).max(2.0 * LOWEST_LEVEL)
}
