//! Which cells are like their neighbours and which stand out: the local I of Moran.
#![expect(clippy::cast_precision_loss, reason = "cells are far fewer than 2^53")]

use std::num::NonZeroUsize;

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use crate::fdr;
use crate::global_moran::{Field, MoranError};
use crate::neighbours::Neighbours;
use crate::parallel;
use crate::parameter::{ParameterError, require};
use crate::permutation::{Alternative, p_value};
use crate::significance::Correction;

#[cfg(test)]
mod tests;

/// What to compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMoranParameters {
    /// How often each neighbourhood is drawn at random, at least 19. Default: 999. With the false discovery rate over many
    /// cells more are needed: no p-value is below `2 / (permutations + 1)`.
    pub permutations: usize,
    /// What counts as extreme among permutations. Default: both ends.
    pub alternative: Alternative,
    /// Up to which probability a cell has a class. Default: 0.05.
    pub alpha: f64,
    /// Which probability that is. Default: the false discovery rate.
    pub correction: Correction,
    /// What the permutations start from. Default: 0.
    pub seed: u64,
    /// Threads at most. Default: as many as the machine offers; the answer is the same.
    pub threads: Option<NonZeroUsize>,
}

impl Default for LocalMoranParameters {
    fn default() -> Self {
        Self {
            permutations: 999,
            alternative: Alternative::default(),
            alpha: 0.05,
            correction: Correction::default(),
            seed: 0,
            threads: None,
        }
    }
}

/// A cell and its neighbours, each above or below the mean of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quadrant {
    /// High among high.
    HighHigh,
    /// Low among high: an outlier.
    LowHigh,
    /// Low among low.
    LowLow,
    /// High among low: an outlier.
    HighLow,
}

/// The local I of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMoran {
    /// Positive: like its neighbours; negative: unlike.
    pub i: f64,
    /// Where the cell and the mean of its neighbours lie; at the mean of all counts as low.
    pub quadrant: Quadrant,
    /// Among permutations of all other cells over its neighbours.
    pub p: f64,
    /// p after Benjamini-Hochberg over all cells.
    pub q: f64,
    /// The quadrant if it is significant; `None` is the fifth class, no pattern.
    pub class: Option<Quadrant>,
}

/// Why there is no local I.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LocalMoranError {
    /// Values do not fit the cells.
    #[error(transparent)]
    Moran(#[from] MoranError),
    /// A parameter breaks its rule.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

/// The local I of each cell, with row-standardised weights: `I_i = (n − 1) d_i Σ_j w_ij d_j / Σ d²`, `d` being deviations from
/// the mean (Anselin 1995).
///
/// The p-value is conditional: the cell keeps its value, its neighbours are drawn without replacement from all other cells.
/// Draw `r` comes from stream `r` of the seed and serves all cells, so threads and their number do not change the answer.
/// Sums of the values themselves are compared, which are exact for counts: ties are ties.
///
/// A value that is not finite is missing: its cell is left out everywhere. Undefined (`None`) there, for a cell without
/// neighbours, and everywhere if values do not differ.
///
/// Cost: cells × permutations × neighbours.
///
/// # Errors
///
/// [`LocalMoranError::Moran`] if there is not one value for each cell, [`LocalMoranError::Parameter`] for fewer than 19
/// permutations or an `alpha` that is not between 0 and 1.
pub fn local_moran(
    values: &[f64],
    neighbours: &Neighbours,
    parameters: &LocalMoranParameters,
) -> Result<Vec<Option<LocalMoran>>, LocalMoranError> {
    let (permutations, alpha) = (parameters.permutations, parameters.alpha);
    require(
        permutations >= 19,
        "permutations",
        permutations as f64,
        "must be at least 19",
    )?;
    require(
        alpha > 0.0 && alpha < 1.0,
        "alpha",
        alpha,
        "must be between 0 and 1",
    )?;
    let Some(field) = Field::new(values, neighbours)? else {
        return Ok(vec![None; values.len()]);
    };

    let p = p_values(&field, parameters);
    let (q, _) = fdr::adjust(&p);
    let mut cells = (0..p.len()).map(|cell| {
        let deviation = field.deviations[cell];
        let row = field.neighbours.of(cell);
        let lag = row
            .iter()
            .map(|&other| field.deviations[other as usize])
            .sum::<f64>()
            / row.len().max(1) as f64;
        let i = (p.len() as f64 - 1.0) * deviation * lag / field.squares;
        let quadrant = match (deviation > 0.0, lag > 0.0) {
            (true, true) => Quadrant::HighHigh,
            (false, true) => Quadrant::LowHigh,
            (false, false) => Quadrant::LowLow,
            (true, false) => Quadrant::HighLow,
        };
        let decides = match parameters.correction {
            Correction::FalseDiscoveryRate => q[cell],
            Correction::Raw => p[cell],
        };
        let class = (decides <= alpha).then_some(quadrant);
        (!p[cell].is_nan() && i.is_finite()).then_some(LocalMoran {
            i,
            quadrant,
            p: p[cell],
            q: q[cell],
            class,
        })
    });
    Ok(field
        .present
        .iter()
        .map(|&present| {
            if present {
                cells.next().flatten()
            } else {
                None
            }
        })
        .collect())
}

/// The p-value of each cell; NaN where it has no neighbours.
fn p_values(field: &Field, parameters: &LocalMoranParameters) -> Vec<f64> {
    let cells = field.values.len();
    let widest = (0..cells)
        .map(|cell| field.neighbours.of(cell).len())
        .max()
        .unwrap_or(0);
    let draws = draws(cells - 1, widest, parameters);
    let mut p = vec![f64::NAN; cells];
    parallel::fill(&mut p, 1, 64, parameters.threads, |first, p| {
        for (cell, p) in (first..).zip(p) {
            let row = field.neighbours.of(cell);
            if row.is_empty() {
                continue;
            }
            let observed: f64 = row.iter().map(|&other| field.values[other as usize]).sum();
            let (mut at_least, mut at_most) = (0, 0);
            for draw in draws.chunks_exact(widest) {
                // The others are all cells but this one: numbers from it on are one higher.
                let other = |&other: &u32| {
                    field.values[other as usize + usize::from(other as usize >= cell)]
                };
                let sum: f64 = draw[..row.len()].iter().map(other).sum();
                at_least += usize::from(sum >= observed);
                at_most += usize::from(sum <= observed);
            }
            if field.deviations[cell] < 0.0 {
                std::mem::swap(&mut at_least, &mut at_most);
            }
            *p = p_value(
                parameters.alternative,
                at_least,
                at_most,
                parameters.permutations,
            );
        }
    });
    p
}

/// For each permutation `width` different numbers below `others`, in random order.
fn draws(others: usize, width: usize, parameters: &LocalMoranParameters) -> Vec<u32> {
    let mut draws = vec![0; parameters.permutations * width];
    parallel::fill(&mut draws, width, 64, parameters.threads, |first, draws| {
        for (permutation, draw) in (first as u64..).zip(draws.chunks_exact_mut(width.max(1))) {
            let mut random = ChaCha8Rng::seed_from_u64(parameters.seed);
            random.set_stream(permutation);
            for (place, number) in draw
                .iter_mut()
                .zip(index::sample(&mut random, others, width))
            {
                // Cells are numbered in 32 bits.
                *place = u32::try_from(number).unwrap_or(u32::MAX);
            }
        }
    });
    draws
}
