//! Cases as they could have been without clusters.
//!
//! Permutation model: times are dealt anew to the cases, within strata, which keeps the cases of each area and of each slice.
//! Poisson model: the cases of a stratum fall on its areas and slices in proportion to the expected cases (a multinomial draw).
//! Expectation-based model: independent Poisson numbers, drawn as a Poisson total that falls in the same way.
#![expect(clippy::cast_precision_loss, reason = "cells are few")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole cases below 2^30 and cells of a table in memory"
)]

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{DiscreteCDF, Poisson};

use super::expected::Expected;
use super::{Model, ScanError, Study};

/// Draws replicates.
pub(super) struct Simulator {
    slices: usize,
    strata: Vec<Stratum>,
}

enum Stratum {
    Deal {
        /// The area of each case.
        areas: Vec<u32>,
        /// The slice of each case, last slice first.
        slices: Vec<u32>,
    },
    Fall {
        /// Cases, when their number is fixed; else it is a Poisson number.
        cases: Option<usize>,
        mean: f64,
        cells: Alias,
    },
}

impl Simulator {
    pub(super) fn new(study: &Study<'_>, expected: &Expected) -> Result<Self, ScanError> {
        let slices = study.slices;
        let strata = match study.model {
            Model::Permutation => {
                let number = expected.whole.len();
                (0..number)
                    .map(|stratum| deal(study, &expected.strata, stratum))
                    .collect()
            }
            Model::Poisson { .. } => (expected.whole.iter().enumerate())
                .map(|(stratum, cases)| {
                    let inside = |cell: usize| expected.strata[cell % slices] == stratum;
                    fall(&expected.rounded, inside, Some(*cases as usize))
                })
                .collect(),
            Model::ExpectationBased { .. } => vec![fall(&expected.table, |_| true, None)],
        };
        let simulator = Self { slices, strata };
        let most = simulator.mean();
        if most > f64::from(1_u32 << 30) {
            return Err(ScanError::TooMany { cases: most });
        }
        Ok(simulator)
    }

    /// Fills the cases of each area and slice, area after area; those outside the `covered` slices may be missing.
    pub(super) fn draw(&self, random: &mut ChaCha8Rng, covered: &Range<usize>, cases: &mut [i32]) {
        cases.fill(0);
        for stratum in &self.strata {
            match stratum {
                Stratum::Deal { areas, slices } => {
                    // Only cases in covered slices need an area: the first steps of Fisher and Yates's shuffle.
                    let mut areas = areas.clone();
                    let covered = slices
                        .iter()
                        .take_while(|slice| covered.contains(&(**slice as usize)));
                    for (place, slice) in covered.enumerate() {
                        let other = random.random_range(place as u32..areas.len() as u32) as usize;
                        areas.swap(place, other);
                        cases[areas[place] as usize * self.slices + *slice as usize] += 1;
                    }
                }
                Stratum::Fall {
                    cases: fixed,
                    mean,
                    cells,
                } => {
                    for _ in 0..fixed.unwrap_or_else(|| poisson(*mean, random)) {
                        if let Some(cell) = cells.draw(random) {
                            cases[cell] += 1;
                        }
                    }
                }
            }
        }
    }

    fn mean(&self) -> f64 {
        let of = |stratum: &Stratum| match stratum {
            Stratum::Deal { areas, .. } => areas.len() as f64,
            Stratum::Fall { mean, .. } => *mean,
        };
        self.strata.iter().map(of).sum()
    }
}

fn deal(study: &Study<'_>, strata: &[usize], stratum: usize) -> Stratum {
    let (mut areas, mut slices) = (Vec::new(), Vec::new());
    for (cell, cases) in study.counts.iter().enumerate() {
        let slice = cell % study.slices;
        if strata[slice] == stratum {
            let cases = *cases as usize;
            areas.extend(std::iter::repeat_n((cell / study.slices) as u32, cases));
            slices.extend(std::iter::repeat_n(slice as u32, cases));
        }
    }
    slices.sort_unstable_by(|a, b| b.cmp(a));
    Stratum::Deal { areas, slices }
}

fn fall(expected: &[f64], inside: impl Fn(usize) -> bool, cases: Option<usize>) -> Stratum {
    let cells = expected.iter().enumerate();
    let cells: Vec<(usize, f64)> = cells
        .filter(|(cell, expected)| **expected > 0.0 && inside(*cell))
        .map(|(cell, expected)| (cell, *expected))
        .collect();
    Stratum::Fall {
        cases,
        mean: cells.iter().map(|(_, expected)| expected).sum(),
        cells: Alias::new(&cells),
    }
}

/// A Poisson number of a given mean, by its distribution function.
fn poisson(mean: f64, random: &mut ChaCha8Rng) -> usize {
    let share: f64 = random.random();
    // A mean of 0 is no distribution of the library, and always gives 0.
    Poisson::new(mean).map_or(0, |poisson| {
        poisson.inverse_cdf(share.min(1.0 - f64::EPSILON)) as usize
    })
}

/// Cells drawn in proportion to weights, in constant time (Walker 1977; tables after Vose 1991).
struct Alias {
    /// For each place: how likely its own cell, its own cell, and the other one.
    places: Vec<(f64, u32, u32)>,
}

impl Alias {
    fn new(cells: &[(usize, f64)]) -> Self {
        let total: f64 = cells.iter().map(|(_, weight)| weight).sum();
        let scale = cells.len() as f64 / total;
        let mut places: Vec<(f64, u32, u32)> = cells
            .iter()
            .map(|(cell, weight)| (weight * scale, *cell as u32, *cell as u32))
            .collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..places.len()).partition(|place| places[*place].0 < 1.0);
        while let (Some(less), Some(more)) = (small.pop(), large.pop()) {
            places[less].2 = places[more].1;
            places[more].0 -= 1.0 - places[less].0;
            if places[more].0 < 1.0 {
                &mut small
            } else {
                &mut large
            }
            .push(more);
        }
        // What is left is 1 but for rounding.
        for place in small.into_iter().chain(large) {
            places[place].0 = 1.0;
        }
        Self { places }
    }

    /// None when there are no cells.
    fn draw(&self, random: &mut ChaCha8Rng) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let (own, cell, other) =
            self.places[random.random_range(0..self.places.len() as u32) as usize];
        Some(if random.random::<f64>() < own {
            cell
        } else {
            other
        } as usize)
    }
}
