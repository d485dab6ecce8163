//! Where one kind of record has a larger, or smaller, share of all records than in the whole city.
//!
//! Counts of one kind are high wherever many people are, so Gi\* of counts finds the dense parts of a city first. Shares ask what
//! remains: is there more of this kind here than the number of all records here explains?

use std::num::NonZeroUsize;

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::beta_reg;

use crate::neighbours::Neighbours;
use crate::parameter::require;
use crate::significance::{Correction, Scores};
use crate::space_time::{Cube, Family, SpaceTimeError};

#[cfg(test)]
mod tests;

/// From this many records on a neighbourhood's share is taken as normal: the continued fraction of the exact tail needs as many
/// steps as the root of it.
const EXACT_MAX: f64 = 10_000.0;

/// How shares are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShareParameters {
    /// How many slices before its own belong to a neighbourhood, never a later one. Default: 0.
    pub previous_slices: usize,
    /// What decides the confidence bins. Default: the false discovery rate.
    pub correction: Correction,
    /// Which tests are corrected together. Default: all of the cube.
    pub family: Family,
    /// Threads at most. Default: as many as the machine offers; the answer is the same.
    pub threads: Option<NonZeroUsize>,
}

/// For each cell in each slice: is the share of the chosen records in the cell and its neighbours above, or below, that of the whole
/// study area in the same slices? The order of the answer is that of the cubes; a map is a cube of one slice.
///
/// With `O` chosen of `n` records in the neighbourhood and `C` chosen of `A` in the study area, `O` is binomial with `n` trials of
/// `π = C / A` when nothing is going on: `P(X ≥ O) = I_π(O, n − O + 1)` (regularised incomplete beta function). The two-sided p is
/// twice the smaller tail, at most 1, and z the normal score that has this p. Being exact it holds for a handful of records, where a
/// normal score of counts calls every single record hot; being discrete it errs on the safe side, as does `π`, which the neighbourhood
/// is part of (without replacement the variance is smaller by `1 − n / A`).
///
/// A season or a trend of the whole study area is no finding: slices are compared with the same slices. A neighbourhood without
/// records has z = 0. A value that is not finite is missing: it leaves its neighbourhoods and the study area, and its own score is
/// undefined. Records that come in clumps (one caller, many calls) are more variable than binomial, and stand out. Cost: one
/// incomplete beta function a cell and slice.
///
/// # Errors
///
/// [`SpaceTimeError`] if cubes and neighbours differ in form, or a chosen count is negative or above that of all.
pub fn shares(
    chosen: Cube<'_>,
    all: Cube<'_>,
    neighbours: &Neighbours,
    parameters: &ShareParameters,
) -> Result<Scores, SpaceTimeError> {
    let (cells, slices) = (chosen.cells(), chosen.slices());
    if all.cells() != cells || all.slices() != slices {
        return Err(SpaceTimeError::Shape {
            values: all.cells() * all.slices(),
            slices,
        });
    }
    if neighbours.cells() != cells {
        return Err(SpaceTimeError::Length {
            rows: cells,
            cells: neighbours.cells(),
        });
    }
    let mut known = Vec::with_capacity(cells * slices);
    for cell in 0..cells {
        for (&chosen, &all) in chosen.row(cell).iter().zip(all.row(cell)) {
            let pair = (chosen.is_finite() && all.is_finite()).then_some((chosen, all));
            if let Some((chosen, all)) = pair {
                require(
                    (0.0..=all).contains(&chosen),
                    "chosen",
                    chosen,
                    "must be from 0 to the number of all records",
                )?;
            }
            known.push(pair);
        }
    }

    let mut city = vec![(0.0, 0.0); slices];
    for (at, pair) in known.iter().enumerate() {
        city[at % slices] = plus(city[at % slices], pair.unwrap_or_default());
    }
    let within = |sums: &[(f64, f64)], slice: usize| {
        let first = slice.saturating_sub(parameters.previous_slices);
        sums[first..=slice].iter().copied().fold((0.0, 0.0), plus)
    };
    let normal = Normal::standard();
    let mut z = Vec::with_capacity(cells * slices);
    let mut near = vec![(0.0, 0.0); slices];
    for cell in 0..cells {
        near.fill((0.0, 0.0));
        let around = neighbours.of(cell).iter().map(|&other| other as usize);
        for other in around.chain([cell]) {
            let row = &known[other * slices..][..slices];
            for (sum, pair) in near.iter_mut().zip(row) {
                *sum = plus(*sum, pair.unwrap_or_default());
            }
        }
        z.extend((0..slices).map(|slice| {
            if known[cell * slices + slice].is_none() {
                return f64::NAN;
            }
            score(within(&near, slice), within(&city, slice), &normal)
        }));
    }
    let families = if parameters.family == Family::Slice {
        slices
    } else {
        1
    };
    Ok(Scores::new(
        z,
        families,
        parameters.correction,
        parameters.threads,
    ))
}

fn plus(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 + b.0, a.1 + b.1)
}

/// The normal score of `chosen` of `records` where the share is that of the study area.
fn score((chosen, records): (f64, f64), city: (f64, f64), normal: &Normal) -> f64 {
    let share = city.0 / city.1;
    if records <= 0.0 || !(share > 0.0 && share < 1.0) {
        return 0.0;
    }
    let expected = records * share;
    if records > EXACT_MAX {
        let off = chosen - expected;
        // Half a record of correction for continuity.
        return (off.abs() - 0.5).max(0.0).copysign(off) / (expected * (1.0 - share)).sqrt();
    }
    let (tail, sign) = if chosen > expected {
        (beta_reg(chosen, records - chosen + 1.0, share), 1.0)
    } else if chosen < records {
        (beta_reg(records - chosen, chosen + 1.0, 1.0 - share), -1.0)
    } else {
        (1.0, 1.0)
    };
    if tail >= 0.5 {
        return 0.0;
    }
    // Beyond the smallest number all are as extreme.
    -sign * normal.inverse_cdf(tail.max(1e-300))
}
