//! Does a map have any pattern: the global I of Moran.
#![expect(clippy::cast_precision_loss, reason = "cells are far fewer than 2^53")]

use std::num::NonZeroUsize;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::moments::Moments;
use crate::neighbours::Neighbours;
use crate::parallel;
use crate::permutation::{Alternative, p_value};
use crate::significance::two_sided_p;

#[cfg(test)]
pub(crate) mod tests;

/// How much each neighbour counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weights {
    /// The neighbours of a cell together count one.
    #[default]
    RowStandardised,
    /// Each neighbour counts one.
    Binary,
}

/// What to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalMoranParameters {
    /// How much each neighbour counts. Default: the neighbours of a cell together one.
    pub weights: Weights,
    /// How often values are put on cells at random. Default: 999; 0: not at all.
    pub permutations: usize,
    /// What counts as extreme among permutations. Default: both ends.
    pub alternative: Alternative,
    /// What the permutations start from. Default: 0.
    pub seed: u64,
    /// Threads at most. Default: as many as the machine offers; the answer is the same.
    pub threads: Option<NonZeroUsize>,
}

impl Default for GlobalMoranParameters {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            permutations: 999,
            alternative: Alternative::default(),
            seed: 0,
            threads: None,
        }
    }
}

/// Moran's I, what is expected of it, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalMoran {
    /// Cells that are not missing.
    pub cells: usize,
    /// Near 1: neighbours are alike; near `expected`: no pattern; below: neighbours differ.
    pub i: f64,
    /// `−1 / (n − 1)`.
    pub expected: f64,
    /// If the values were drawn from a normal distribution.
    pub normality: Analytic,
    /// If the values at hand were put on cells at random; `None` for fewer than four cells.
    pub randomisation: Option<Analytic>,
    /// The p-value among permutations; `None` if there were none.
    pub permutation_p: Option<f64>,
}

/// A variance by formula and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Analytic {
    /// The variance of I.
    pub variance: f64,
    /// `(I − expected) / √variance`.
    pub z: f64,
    /// Two-sided normal p-value of z.
    pub p: f64,
}

/// Why there is no I.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoranError {
    /// One value for each cell.
    #[error("{values} values for {cells} cells")]
    Length {
        /// How many values there are.
        values: usize,
        /// How many cells have neighbours listed.
        cells: usize,
    },
}

/// Whether neighbours are alike: `I = n / S₀ · Σ w_ij (x_i − x̄)(x_j − x̄) / Σ (x_i − x̄)²`.
///
/// `S₀` is the sum of all weights; the variances are those of Cliff and Ord (1981), with
/// `S₁ = ½ Σ (w_ij + w_ji)²` and `S₂ = Σ (w_i. + w_.i)²`. Cells without neighbours count in `n` and have no weight.
/// Permutation `r` is drawn from stream `r` of the seed, so threads do not change the answer.
///
/// A value that is not finite is missing: its cell is left out everywhere. `None` for equal values, for fewer than three
/// cells, and if no cell has a neighbour.
///
/// # Errors
///
/// [`MoranError::Length`] if there is not one value for each cell.
pub fn global_moran(
    values: &[f64],
    neighbours: &Neighbours,
    parameters: &GlobalMoranParameters,
) -> Result<Option<GlobalMoran>, MoranError> {
    let Some(field) = Field::new(values, neighbours)? else {
        return Ok(None);
    };
    let n = field.deviations.len();
    let weights = Sums::of(&field.neighbours, parameters.weights);
    if n < 3 || weights.s0 <= 0.0 {
        return Ok(None);
    }

    let products = field.products(&field.deviations, parameters.weights);
    let i = n as f64 / weights.s0 * products / field.squares;
    if !i.is_finite() {
        return Ok(None);
    }
    let expected = -1.0 / (n as f64 - 1.0);
    let analytic = |variance: f64| {
        let z = (i - expected) / variance.sqrt();
        Analytic {
            variance,
            z,
            p: two_sided_p(z),
        }
    };
    let fourth = field.deviations.iter().map(|d| d.powi(4)).sum::<f64>();
    let kurtosis = n as f64 * fourth / (field.squares * field.squares);
    Ok(Some(GlobalMoran {
        cells: n,
        i,
        expected,
        normality: analytic(weights.variance_if_normal(n as f64)),
        randomisation: (n >= 4).then(|| analytic(weights.variance_if_random(n as f64, kurtosis))),
        permutation_p: (parameters.permutations > 0)
            .then(|| field.permutation_p(products, parameters)),
    }))
}

/// Values as deviations from their mean, missing ones left out.
pub(crate) struct Field {
    /// The values that are there.
    pub(crate) values: Vec<f64>,
    pub(crate) deviations: Vec<f64>,
    /// Σ (x − x̄)².
    pub(crate) squares: f64,
    /// Of the cells that are there, numbered anew.
    pub(crate) neighbours: Neighbours,
    /// Which cells those are.
    pub(crate) present: Vec<bool>,
}

impl Field {
    /// `None` if values do not differ.
    pub(crate) fn new(values: &[f64], neighbours: &Neighbours) -> Result<Option<Self>, MoranError> {
        if values.len() != neighbours.cells() {
            return Err(MoranError::Length {
                values: values.len(),
                cells: neighbours.cells(),
            });
        }
        let present: Vec<bool> = values.iter().map(|value| value.is_finite()).collect();
        let values: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| value.is_finite())
            .collect();
        let moments = Moments::of(values.iter().copied());
        if moments.deviation().is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            deviations: values.iter().map(|value| value - moments.mean).collect(),
            values,
            squares: moments.squares,
            neighbours: neighbours.among(&present),
            present,
        }))
    }

    /// `Σ w_ij d_i d_j`.
    fn products(&self, deviations: &[f64], weights: Weights) -> f64 {
        let of_cell = |(cell, deviation): (usize, &f64)| {
            let row = self.neighbours.of(cell);
            let sum: f64 = row.iter().map(|&other| deviations[other as usize]).sum();
            let share = match weights {
                Weights::Binary => 1.0,
                Weights::RowStandardised => row.len().max(1) as f64,
            };
            deviation * sum / share
        };
        deviations.iter().enumerate().map(of_cell).sum()
    }

    fn permutation_p(&self, observed: f64, parameters: &GlobalMoranParameters) -> f64 {
        let mut reached = vec![0.0; parameters.permutations];
        parallel::fill(&mut reached, 1, 16, parameters.threads, |first, reached| {
            for (permutation, reached) in (first as u64..).zip(reached) {
                let mut random = ChaCha8Rng::seed_from_u64(parameters.seed);
                random.set_stream(permutation);
                let mut shuffled = self.deviations.clone();
                shuffled.shuffle(&mut random);
                *reached = self.products(&shuffled, parameters.weights);
            }
        });
        // The same arrangement summed in another order is the same value.
        let slack = 1e-12 * self.squares;
        let at_least = reached
            .iter()
            .filter(|&&value| value >= observed - slack)
            .count();
        let at_most = reached
            .iter()
            .filter(|&&value| value <= observed + slack)
            .count();
        p_value(
            parameters.alternative,
            at_least,
            at_most,
            parameters.permutations,
        )
    }
}

/// What the variances need of the weights.
struct Sums {
    s0: f64,
    s1: f64,
    s2: f64,
}

impl Sums {
    fn of(neighbours: &Neighbours, weights: Weights) -> Self {
        let weight = |cell: usize| match weights {
            Weights::Binary => 1.0,
            Weights::RowStandardised => 1.0 / neighbours.of(cell).len().max(1) as f64,
        };
        let mut sums = Self {
            s0: 0.0,
            s1: 0.0,
            s2: 0.0,
        };
        let mut in_and_out = vec![0.0; neighbours.cells()];
        for cell in 0..neighbours.cells() {
            let there = weight(cell);
            for &other in neighbours.of(cell) {
                let other = other as usize;
                sums.s0 += there;
                in_and_out[cell] += there;
                in_and_out[other] += there;
                // A pair that is mutual comes twice, each time with half of its square.
                let mutual = u32::try_from(cell)
                    .is_ok_and(|cell| neighbours.of(other).binary_search(&cell).is_ok());
                sums.s1 += if mutual {
                    (there + weight(other)).powi(2) / 2.0
                } else {
                    there * there
                };
            }
        }
        sums.s2 = in_and_out.iter().map(|sum| sum * sum).sum();
        sums
    }

    fn variance_if_normal(&self, n: f64) -> f64 {
        let square = (n * n * self.s1 - n * self.s2 + 3.0 * self.s0 * self.s0)
            / (self.s0 * self.s0 * (n * n - 1.0));
        square - 1.0 / ((n - 1.0) * (n - 1.0))
    }

    fn variance_if_random(&self, n: f64, kurtosis: f64) -> f64 {
        let Self { s0, s1, s2 } = self;
        let even = n * ((n * n - 3.0 * n + 3.0) * s1 - n * s2 + 3.0 * s0 * s0);
        let tails = kurtosis * ((n * n - n) * s1 - 2.0 * n * s2 + 6.0 * s0 * s0);
        let square = (even - tails) / ((n - 1.0) * (n - 2.0) * (n - 3.0) * s0 * s0);
        square - 1.0 / ((n - 1.0) * (n - 1.0))
    }
}
