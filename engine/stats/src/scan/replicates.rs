//! The highest score of each replicate.
//!
//! Nearly all cylinders of a replicate are far below its highest score, and the expected cases are the same in every replicate.
//! So for a level just below the usual highest scores, each cylinder gets the number of cases that it must exceed; whole numbers
//! are added and compared, many windows at a time, and only zones that exceed some number are scored. A replicate in which no
//! score is above the level is searched again with a lower one.

use std::iter::zip;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::score::Bounds;
use super::simulate::Simulator;
use super::{Plan, ScanParameters};

/// Replicates after which the end is considered, whatever the number of threads.
const WAVE: usize = 128;

/// Replicates searched together at most: bounds are then computed once for many.
const BATCH: usize = 32;

/// Bytes of the rows of a batch, at most.
const BATCH_BYTES: usize = 64 << 20;

/// Scores closer than this share are equal: sums in another order differ in their last digits.
const SAME: f64 = 1e-9;

/// Levels below this are not tried: the highest score is then as good as 0.
const LOWEST_LEVEL: f64 = 1e-3;

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
) -> Replicates {
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
        let found = search_wave(plan, simulator, seeds, level, threads);
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
    replicates
}

fn search_wave(
    plan: &Plan<'_>,
    simulator: &Simulator,
    seeds: Seeds,
    level: f64,
    threads: usize,
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
                    if start >= wave {
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
struct Seeds {
    seed: u64,
    first: usize,
    number: usize,
}

/// The highest of as many scores as there are cylinders, were they independent, would be near their logarithm.
#[expect(clippy::cast_precision_loss, reason = "a level need not be exact")]
fn first_level(plan: &Plan<'_>) -> f64 {
    let areas = plan.zones.areas() as f64;
    0.5 * (areas * areas * plan.windows.count() as f64).ln().max(1.0)
}

/// A little below the lowest that was found: the next replicates will hardly be lower.
fn next_level(maxima: &[f64]) -> f64 {
    let lowest = maxima.iter().copied().fold(f64::INFINITY, f64::min);
    (0.95 * lowest).max(2.0 * LOWEST_LEVEL)
}

/// One thread's memory for a batch.
struct Searcher<'a> {
    plan: &'a Plan<'a>,
    /// Rows of all areas: area, then replicate.
    rows: Vec<i32>,
    /// Cases of one replicate.
    cases: Vec<i32>,
    /// The current zone's row in each replicate.
    sums: Vec<i32>,
    expected: Vec<f64>,
    bounds: Vec<i32>,
    maxima: Vec<f64>,
    level: f64,
}

impl<'a> Searcher<'a> {
    fn new(plan: &'a Plan<'a>, batch: usize, level: f64) -> Self {
        let (areas, row) = (plan.zones.areas(), plan.windows.row());
        Self {
            plan,
            rows: vec![0; areas * batch * row],
            cases: Vec::new(),
            sums: vec![0; batch * row],
            expected: vec![0.0; row],
            bounds: Vec::with_capacity(plan.windows.count()),
            maxima: vec![0.0; batch],
            level,
        }
    }

    /// The highest scores of the replicates.
    fn search(&mut self, simulator: &Simulator, seeds: Seeds) -> &[f64] {
        let Seeds {
            seed,
            first,
            number: size,
        } = seeds;
        let (areas, row) = (self.plan.zones.areas(), self.plan.windows.row());
        let covered = self.plan.windows.covered();
        let slices = covered.end;
        self.cases.resize(areas * slices, 0);
        for replicate in 0..size {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream((first + replicate) as u64);
            simulator.draw(&mut random, &covered, &mut self.cases);
            for (area, series) in self.cases.chunks(slices).enumerate() {
                let start = (area * size + replicate) * row;
                self.plan
                    .windows
                    .fold(series, &mut self.rows[start..start + row]);
            }
        }

        self.maxima[..size].fill(0.0);
        let mut open: Vec<usize> = (0..size).collect();
        let mut level = self.level;
        while !open.is_empty() && level > LOWEST_LEVEL {
            let highest = self.plan.expected_of_largest();
            let bounds = Bounds::new(self.plan.score, level, self.plan.minimum_cases, highest);
            self.pass(&bounds, size, &open);
            open.retain(|replicate| self.maxima[*replicate] <= level);
            level *= 0.6;
        }
        self.level = next_level(&self.maxima[..size]);
        &self.maxima[..size]
    }

    /// Scores all cylinders above their bound, in the open replicates.
    fn pass(&mut self, bounds: &Bounds, size: usize, open: &[usize]) {
        let (plan, row) = (self.plan, self.plan.windows.row());
        for center in 0..plan.zones.areas() {
            self.sums.fill(0);
            self.expected.fill(0.0);
            let mut mass = 0.0;
            for member in plan.zones.members(center) {
                let area = member.area as usize;
                mass += plan.mass[area];
                if mass > plan.limit {
                    break;
                }
                for (sum, value) in zip(&mut self.expected, &plan.expected[area * row..]) {
                    *sum += value;
                }
                if member.complete {
                    self.bounds.clear();
                    let list = &mut self.bounds;
                    // The cases do not matter here.
                    plan.windows
                        .each(&self.sums[..row], &self.expected, |_, _, expected| {
                            list.push(bounds.of(expected));
                        });
                }
                for replicate in open {
                    let sums = &mut self.sums[replicate * row..][..row];
                    for (sum, value) in
                        zip(&mut *sums, &self.rows[(area * size + replicate) * row..])
                    {
                        *sum += value;
                    }
                    if member.complete && plan.windows.any_above(sums, &self.bounds) {
                        let highest = &mut self.maxima[*replicate];
                        *highest = plan.highest(sums, &self.expected, *highest);
                    }
                }
            }
        }
    }
}

impl Plan<'_> {
    /// The highest score of a zone's windows, or `least` when none is higher.
    fn highest(&self, cases: &[i32], expected: &[f64], least: f64) -> f64 {
        let mut highest = least;
        self.windows.each(cases, expected, |_, cases, expected| {
            if cases >= self.minimum_cases && self.score.may_exceed(cases, expected, highest) {
                highest = highest.max(self.score.of(cases, expected));
            }
        });
        highest
    }

    /// Expected cases in all areas, in the window that has most.
    fn expected_of_largest(&self) -> f64 {
        let row = self.windows.row();
        let largest = |row: &[f64]| row.iter().copied().fold(0.0, f64::max);
        self.expected.chunks(row).map(largest).sum()
    }
}
