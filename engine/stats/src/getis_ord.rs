//! Where there is more, or less, than elsewhere: Gi\* and Gi of Getis and Ord.
#![expect(clippy::cast_precision_loss, reason = "cells are far fewer than 2^53")]

use std::num::NonZeroUsize;

use crate::moments::Moments;
use crate::neighbours::Neighbours;
use crate::significance::{Correction, Scores};

#[cfg(test)]
pub(crate) mod tests;

/// What to compute of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetisOrdParameters {
    /// Gi\* or Gi. Default: Gi\*.
    pub statistic: Statistic,
    /// What decides the confidence bins. Default: the false discovery rate.
    pub correction: Correction,
    /// Threads at most. Default: as many as the machine offers; the answer is the same.
    pub threads: Option<NonZeroUsize>,
}

/// Whether a cell belongs to its own neighbourhood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Statistic {
    /// Gi\*: the cell and its neighbours against the whole study area.
    #[default]
    GiStar,
    /// Gi: the neighbours alone against the study area without the cell.
    Gi,
}

/// Why there are no scores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GetisOrdError {
    /// One value for each cell.
    #[error("{values} values for {cells} cells")]
    Length {
        /// How many values there are.
        values: usize,
        /// How many cells have neighbours listed.
        cells: usize,
    },
}

/// Gi\* or Gi of each cell, with binary weights: whether values are high, or low, in a cell's neighbourhood.
///
/// With `n` cells, mean `x̄` and population standard deviation `S = sqrt(Σ x²/n − x̄²)`, and `W` the number of cells in the
/// neighbourhood (Ord and Getis 1995, eq. 14):
/// `Gi* = (Σ x_j − x̄ W) / (S sqrt(W (n − W) / (n − 1)))`, the sum being over the cell and its neighbours.
/// Gi is the same over the neighbours only, with `n`, `x̄`, `S` of all other cells. Both are z scores as they are.
///
/// `values` are counts, rates or any measure, one for each cell **of the whole study area, zeros included**: leaving out
/// cells without complaints shifts mean and spread. A value that is not finite is missing: its cell leaves the study area
/// and every neighbourhood. `W` is always the real number of cells in a neighbourhood, at the border too.
///
/// Undefined where the value is missing, when fewer than two cells are left, when all values (for Gi: of the others) are equal,
/// and for a neighbourhood that is empty or the whole study area.
///
/// # Errors
///
/// [`GetisOrdError::Length`] if there is not one value for each cell.
pub fn getis_ord(
    values: &[f64],
    neighbours: &Neighbours,
    parameters: &GetisOrdParameters,
) -> Result<Scores, GetisOrdError> {
    if values.len() != neighbours.cells() {
        return Err(GetisOrdError::Length {
            values: values.len(),
            cells: neighbours.cells(),
        });
    }
    let z = match parameters.statistic {
        Statistic::GiStar => with_itself(values, neighbours),
        Statistic::Gi => without_itself(values, neighbours),
    };
    Ok(Scores::new(z, 1, parameters.correction, parameters.threads))
}

fn with_itself(values: &[f64], neighbours: &Neighbours) -> Vec<f64> {
    let all = Moments::of(values.iter().copied().filter(|value| value.is_finite()));
    let Some(reference) = Reference::new(&all) else {
        return vec![f64::NAN; values.len()];
    };
    let score = |(cell, &value): (usize, &f64)| {
        let (sum, weight) = sum(values, neighbours.of(cell));
        if value.is_finite() {
            reference.compare(weight + 1.0).z(sum + value)
        } else {
            f64::NAN
        }
    };
    values.iter().enumerate().map(score).collect()
}

fn without_itself(values: &[f64], neighbours: &Neighbours) -> Vec<f64> {
    // What comes after each cell, joined with what came before: subtracting the cell from the sums of all would lose the
    // digits of the others beside a very large value.
    let mut after = vec![Moments::NONE; values.len() + 1];
    for (cell, &value) in values.iter().enumerate().rev() {
        after[cell] = joined(after[cell + 1], value);
    }
    let mut before = Moments::NONE;
    let mut scores = Vec::with_capacity(values.len());
    for (cell, &value) in values.iter().enumerate() {
        let reference = Reference::new(&before.join(after[cell + 1])).filter(|_| value.is_finite());
        let (sum, weight) = sum(values, neighbours.of(cell));
        scores.push(reference.map_or(f64::NAN, |reference| reference.compare(weight).z(sum)));
        before = joined(before, value);
    }
    scores
}

fn joined(moments: Moments, value: f64) -> Moments {
    if value.is_finite() {
        moments.join(Moments::one(value))
    } else {
        moments
    }
}

/// Sum and number of the values that are not missing.
fn sum(values: &[f64], cells: &[u32]) -> (f64, f64) {
    let valid = cells
        .iter()
        .map(|&cell| values[cell as usize])
        .filter(|value| value.is_finite());
    let (sum, count) = valid.fold((0.0, 0_usize), |(sum, count), value| {
        (sum + value, count + 1)
    });
    (sum, count as f64)
}

/// The values that neighbourhoods are compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reference {
    n: f64,
    mean: f64,
    deviation: f64,
}

impl Reference {
    /// `None` for fewer than two values, or equal ones.
    pub(crate) fn new(moments: &Moments) -> Option<Self> {
        Some(Self {
            n: moments.n,
            mean: moments.mean,
            deviation: moments.deviation()?,
        })
    }

    /// How a neighbourhood of `weight` cells is compared.
    pub(crate) fn compare(&self, weight: f64) -> Comparison {
        let spread = self.deviation * (weight * (self.n - weight) / (self.n - 1.0)).sqrt();
        // A neighbourhood that is empty or everything has no spread, and one beyond everything none that is real.
        let scale = if spread > 0.0 {
            spread.recip()
        } else {
            f64::NAN
        };
        Comparison {
            expected: self.mean * weight,
            scale,
        }
    }
}

/// What is expected of the sum of a neighbourhood, and how much a difference counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison {
    expected: f64,
    scale: f64,
}

impl Comparison {
    /// Of a neighbourhood that has no score.
    pub(crate) const UNDEFINED: Self = Self {
        expected: f64::NAN,
        scale: f64::NAN,
    };

    /// The z score of a sum; NaN if it is not defined.
    pub(crate) fn z(&self, sum: f64) -> f64 {
        let z = (sum - self.expected) * self.scale;
        // Sums of values near the largest number overflow.
        if z.is_finite() { z } else { f64::NAN }
    }
}
