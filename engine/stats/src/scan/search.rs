//! The highest scores of a batch of replicates.
//!
//! Nearly all cylinders of a replicate are far below its highest score, and the expected cases are the same in every replicate.
//! So for a level just below the usual highest scores, each cylinder gets the number of cases that it must exceed; whole numbers
//! are added and compared, many windows at a time, and only zones that exceed some number are scored. A replicate in which no
//! score is above the level is searched again with a lower one.
//!
//! Windows that reach the last slice are taken 16 at a time: their rows of all areas and replicates of a batch then stay in a
//! core's own cache while all zones pass over them.

use std::iter::zip;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Plan;
use super::replicates::{LOWEST_LEVEL, Seeds, next_level};
use super::score::Bounds;
use super::simulate::Simulator;

/// Windows taken at a time.
const BLOCK: usize = 16;

/// More cases than any window has; the difference to any number of cases does not overflow.
const NEVER: i32 = i32::MAX / 2;

/// One thread's memory for a batch.
pub(super) struct Searcher<'a> {
    plan: &'a Plan<'a>,
    /// Rows: area, then replicate; with blocks block, area, then replicate.
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
    pub(super) fn new(plan: &'a Plan<'a>, batch: usize, level: f64) -> Self {
        let (areas, row) = (plan.zones.areas(), plan.windows.row());
        let padded = row.next_multiple_of(BLOCK);
        Self {
            plan,
            rows: vec![0; areas * batch * padded],
            cases: Vec::new(),
            sums: vec![0; batch * padded],
            expected: vec![0.0; row],
            bounds: Vec::with_capacity(plan.windows.count()),
            maxima: vec![0.0; batch],
            level,
        }
    }

    /// The highest scores of the replicates.
    pub(super) fn search(&mut self, simulator: &Simulator, seeds: Seeds) -> &[f64] {
        let size = seeds.number;
        self.draw(simulator, seeds);
        self.maxima[..size].fill(0.0);
        let mut open: Vec<usize> = (0..size).collect();
        let mut level = self.level;
        while !open.is_empty() && level > LOWEST_LEVEL {
            let highest = self.plan.expected_of_largest();
            let bounds = Bounds::new(self.plan.score, level, self.plan.minimum_cases, highest);
            if self.plan.windows.recent() {
                self.pass_blocks(&bounds, size, &open);
            } else {
                self.pass(&bounds, size, &open);
            }
            open.retain(|replicate| self.maxima[*replicate] <= level);
            level *= 0.6;
        }
        self.level = next_level(&self.maxima[..size]);
        &self.maxima[..size]
    }

    /// Draws the replicates and folds them into rows.
    fn draw(&mut self, simulator: &Simulator, seeds: Seeds) {
        let Seeds {
            seed,
            first,
            number: size,
        } = seeds;
        let (areas, windows) = (self.plan.zones.areas(), self.plan.windows);
        let (row, covered) = (windows.row(), windows.covered());
        let slices = covered.end;
        self.cases.resize(areas * slices, 0);
        let mut folded = vec![0; row];
        for replicate in 0..size {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream((first + replicate) as u64);
            simulator.draw(&mut random, &covered, &mut self.cases);
            for (area, series) in self.cases.chunks(slices).enumerate() {
                windows.fold(series, &mut folded);
                if windows.recent() {
                    for (block, part) in folded.chunks(BLOCK).enumerate() {
                        let start = ((block * areas + area) * size + replicate) * BLOCK;
                        let cells = &mut self.rows[start..start + BLOCK];
                        cells.fill(0);
                        cells[..part.len()].copy_from_slice(part);
                    }
                } else {
                    let start = (area * size + replicate) * row;
                    self.rows[start..start + row].copy_from_slice(&folded);
                }
            }
        }
    }

    /// Scores all cylinders above their bound that reach the last slice, in the open replicates.
    fn pass_blocks(&mut self, bounds: &Bounds, size: usize, open: &[usize]) {
        let (plan, row) = (self.plan, self.plan.windows.row());
        let (sums, _) = self.sums.as_chunks_mut::<BLOCK>();
        let (rows, _) = self.rows.as_chunks::<BLOCK>();
        let blocks = rows.chunks_exact(plan.zones.areas() * size);
        for (first, rows) in (0..row).step_by(BLOCK).zip(blocks) {
            let width = BLOCK.min(row - first);
            for center in 0..plan.zones.areas() {
                sums.fill([0; BLOCK]);
                let (mut expected, mut limits) = ([0.0; BLOCK], [NEVER; BLOCK]);
                let mut mass = 0.0;
                for member in plan.zones.members(center) {
                    let area = member.area as usize;
                    mass += plan.mass[area];
                    if mass > plan.limit {
                        break;
                    }
                    let own = &plan.expected[area * row + first..][..width];
                    for ((expected, own), limit) in zip(zip(&mut expected, own), &mut limits) {
                        *expected += own;
                        *limit = bounds.of(*expected);
                    }
                    for replicate in open {
                        let sums = &mut sums[*replicate];
                        let mut signs = 0;
                        for ((sum, value), limit) in
                            zip(zip(&mut *sums, &rows[area * size + replicate]), &limits)
                        {
                            *sum += value;
                            signs |= limit - *sum;
                        }
                        if signs < 0 && member.complete {
                            let highest = &mut self.maxima[*replicate];
                            for ((sum, limit), expected) in zip(zip(&*sums, &limits), &expected) {
                                if sum > limit {
                                    *highest = plan.higher(f64::from(*sum), *expected, *highest);
                                }
                            }
                        }
                    }
                }
            }
        }
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
            highest = self.higher(cases, expected, highest);
        });
        highest
    }

    /// The score of a cylinder, or `least` when it is not higher.
    fn higher(&self, cases: f64, expected: f64, least: f64) -> f64 {
        if cases >= self.minimum_cases && self.score.may_exceed(cases, expected, least) {
            self.score.of(cases, expected).max(least)
        } else {
            least
        }
    }

    /// Expected cases in all areas, in the window that has most.
    fn expected_of_largest(&self) -> f64 {
        let row = self.windows.row();
        let largest = |row: &[f64]| row.iter().copied().fold(0.0, f64::max);
        self.expected.chunks(row).map(largest).sum()
    }
}
