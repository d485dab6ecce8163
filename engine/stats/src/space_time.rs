//! Where and when there is more, or less, than elsewhere: Gi\* in a cube of cells and slices of time.
#![expect(
    clippy::cast_precision_loss,
    reason = "cells and slices are far fewer than 2^53"
)]

use std::num::NonZeroUsize;

use crate::getis_ord::{Comparison, Reference};
use crate::moments::Moments;
use crate::neighbours::Neighbours;
use crate::parallel;
use crate::parameter::{ParameterError, require};
use crate::significance::{Correction, Scores};

#[cfg(test)]
mod tests;

/// Values by cell and slice of time, the slices of a cell beside each other: value `cell · slices + slice`.
///
/// All cells of the study area and all slices are there, zeros included. A value that is not finite is missing.
#[derive(Debug, Clone, Copy)]
pub struct Cube<'a> {
    values: &'a [f64],
    slices: usize,
}

impl<'a> Cube<'a> {
    /// A cube over values.
    ///
    /// # Errors
    ///
    /// [`SpaceTimeError::Shape`] if the values are not a whole number of rows of `slices`.
    pub fn try_new(values: &'a [f64], slices: usize) -> Result<Self, SpaceTimeError> {
        if slices == 0 || !values.len().is_multiple_of(slices) {
            return Err(SpaceTimeError::Shape {
                values: values.len(),
                slices,
            });
        }
        Ok(Self { values, slices })
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.values.len() / self.slices
    }

    /// How many slices of time there are.
    pub fn slices(&self) -> usize {
        self.slices
    }

    pub(crate) fn row(&self, cell: usize) -> &'a [f64] {
        &self.values[cell * self.slices..][..self.slices]
    }
}

/// What a neighbourhood in space and time is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// All of the cube.
    #[default]
    EntireCube,
    /// All cells in the slices that the neighbourhood spans.
    Neighbourhood,
    /// All cells of the same slice. Needs `previous_slices = 0`: a neighbourhood must lie within what it is compared with.
    Slice,
}

/// Which tests are corrected together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// All of the cube.
    #[default]
    Cube,
    /// Each slice on its own: earlier slices do not change when one is added.
    Slice,
}

/// What to compute of a cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceTimeParameters {
    /// How many slices before its own belong to a neighbourhood, never a later one. Default: 1.
    pub previous_slices: usize,
    /// What a neighbourhood is compared with. Default: the entire cube.
    pub window: Window,
    /// Which tests are corrected together. Default: all of the cube.
    pub family: Family,
    /// What decides the confidence bins. Default: the false discovery rate.
    pub correction: Correction,
    /// Threads at most. Default: as many as the machine offers; the answer is the same.
    pub threads: Option<NonZeroUsize>,
}

impl Default for SpaceTimeParameters {
    fn default() -> Self {
        Self {
            previous_slices: 1,
            window: Window::default(),
            family: Family::default(),
            correction: Correction::default(),
            threads: None,
        }
    }
}

/// Why there are no scores.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceTimeError {
    /// Not a whole number of rows.
    #[error("{values} values are not a whole number of rows of {slices} slices")]
    Shape {
        /// How many values there are.
        values: usize,
        /// How many slices a row should have.
        slices: usize,
    },
    /// One row for each cell.
    #[error("{rows} rows for {cells} cells")]
    Length {
        /// How many rows there are.
        rows: usize,
        /// How many cells have neighbours listed.
        cells: usize,
    },
    /// A parameter breaks its rule.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

/// Gi\* of each cell in each slice: [`getis_ord`](crate::getis_ord::getis_ord) where the neighbourhood is the cell and its
/// neighbours, in the slice and the `previous_slices` before it. The order of the answer is that of the cube.
///
/// At the first slices a neighbourhood reaches back only as far as there are slices, and its `W` is smaller. A missing value
/// leaves the neighbourhoods, the reference and the tests.
///
/// Undefined where the value is missing, where what it is compared with has fewer than two values or only equal ones, and
/// for a neighbourhood that is all of it.
///
/// A last slice that is not complete yet makes everything look cold: cut the cube at the last full slice.
///
/// Cost: sums over neighbours once for each slice, then over slices, so `cells · slices · (neighbours + previous_slices)`.
///
/// # Errors
///
/// [`SpaceTimeError::Length`] if there is not one row for each cell, [`SpaceTimeError::Parameter`] for a slice as window of
/// neighbourhoods that reach back.
pub fn space_time_getis_ord(
    cube: Cube<'_>,
    neighbours: &Neighbours,
    parameters: &SpaceTimeParameters,
) -> Result<Scores, SpaceTimeError> {
    let back = parameters.previous_slices;
    require(
        parameters.window != Window::Slice || back == 0,
        "previous_slices",
        back as f64,
        "must be 0 when a neighbourhood is compared with one slice",
    )?;
    if cube.cells() != neighbours.cells() {
        return Err(SpaceTimeError::Length {
            rows: cube.cells(),
            cells: neighbours.cells(),
        });
    }
    let references = references(cube, parameters);
    let (slices, missing) = (
        cube.slices,
        cube.values.iter().any(|value| !value.is_finite()),
    );

    let mut z = vec![f64::NAN; cube.values.len()];
    parallel::fill(&mut z, slices, 256, parameters.threads, |first, rows| {
        let mut sums = Sums::new(slices, back);
        for (cell, row) in (first..).zip(rows.chunks_exact_mut(slices)) {
            if missing {
                sums.sum_valid(cube, cell, neighbours.of(cell));
            } else {
                sums.sum_all(cube, cell, neighbours.of(cell));
            }
            sums.scores(&references, row);
            if missing {
                for (z, value) in row.iter_mut().zip(cube.row(cell)) {
                    *z = if value.is_finite() { *z } else { f64::NAN };
                }
            }
        }
    });
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

/// What the neighbourhoods of each slice are compared with.
fn references(cube: Cube<'_>, parameters: &SpaceTimeParameters) -> Vec<Option<Reference>> {
    let by_slice = moments_by_slice(cube, parameters.threads);
    let join = |slices: &[Moments]| {
        slices
            .iter()
            .fold(Moments::NONE, |all, &slice| all.join(slice))
    };
    let of_slice = |slice: usize| match parameters.window {
        Window::EntireCube => join(&by_slice),
        Window::Neighbourhood => {
            join(&by_slice[slice.saturating_sub(parameters.previous_slices)..=slice])
        }
        Window::Slice => by_slice[slice],
    };
    (0..cube.slices)
        .map(|slice| Reference::new(&of_slice(slice)))
        .collect()
}

/// Rows that are summed together; fixed, so that the answer does not depend on the number of threads.
const ROWS: usize = 4_096;

/// In two passes over the rows, so that the cube is read as it lies.
fn moments_by_slice(cube: Cube<'_>, threads: Option<NonZeroUsize>) -> Vec<Moments> {
    let slices = cube.slices;
    let parts = cube.cells().div_ceil(ROWS);
    let mut moments = vec![Moments::NONE; parts * slices];
    parallel::fill(&mut moments, slices, 1, threads, |first, parts| {
        for (part, moments) in (first..).zip(parts.chunks_exact_mut(slices)) {
            let rows = &cube.values[part * ROWS * slices..];
            let rows = &rows[..rows.len().min(ROWS * slices)];
            moments_of_rows(rows, moments);
        }
    });
    let mut all = vec![Moments::NONE; slices];
    for part in moments.chunks_exact(slices) {
        for (all, &part) in all.iter_mut().zip(part) {
            *all = all.join(part);
        }
    }
    all
}

fn moments_of_rows(rows: &[f64], slices: &mut [Moments]) {
    for row in rows.chunks_exact(slices.len()) {
        for (slice, &value) in slices.iter_mut().zip(row) {
            if value.is_finite() {
                slice.n += 1.0;
                slice.mean += value;
                slice.least = slice.least.min(value);
                slice.most = slice.most.max(value);
            }
        }
    }
    for slice in &mut *slices {
        slice.mean /= slice.n.max(1.0);
    }
    for row in rows.chunks_exact(slices.len()) {
        for (slice, &value) in slices.iter_mut().zip(row) {
            if value.is_finite() {
                slice.squares += (value - slice.mean) * (value - slice.mean);
            }
        }
    }
}

/// The sums of the neighbourhoods of one cell, slice by slice.
struct Sums {
    back: usize,
    /// Over the cell and its neighbours in each slice: values, and how many there are.
    here: Vec<f64>,
    count: Vec<f64>,
    /// The same over the slice and those before it.
    sum: Vec<f64>,
    weight: Vec<f64>,
}

impl Sums {
    fn new(slices: usize, back: usize) -> Self {
        let zeros = vec![0.0; slices];
        Self {
            back: back.min(slices - 1),
            here: zeros.clone(),
            count: zeros.clone(),
            sum: zeros.clone(),
            weight: zeros,
        }
    }

    fn sum_all(&mut self, cube: Cube<'_>, cell: usize, neighbours: &[u32]) {
        self.here.copy_from_slice(cube.row(cell));
        for &other in neighbours {
            for (here, value) in self.here.iter_mut().zip(cube.row(other as usize)) {
                *here += value;
            }
        }
        let count = (neighbours.len() + 1) as f64;
        for (slice, weight) in self.weight.iter_mut().enumerate() {
            *weight = count * (slice.min(self.back) + 1) as f64;
        }
        look_back(&self.here, self.back, &mut self.sum);
    }

    fn sum_valid(&mut self, cube: Cube<'_>, cell: usize, neighbours: &[u32]) {
        self.here.fill(0.0);
        self.count.fill(0.0);
        for other in neighbours.iter().map(|&other| other as usize).chain([cell]) {
            let row = cube.row(other).iter();
            for ((here, count), &value) in self.here.iter_mut().zip(&mut self.count).zip(row) {
                if value.is_finite() {
                    *here += value;
                    *count += 1.0;
                }
            }
        }
        look_back(&self.here, self.back, &mut self.sum);
        look_back(&self.count, self.back, &mut self.weight);
    }

    fn scores(&self, references: &[Option<Reference>], row: &mut [f64]) {
        let mut comparison = Comparison::UNDEFINED;
        let mut last = None;
        for (slice, z) in row.iter_mut().enumerate() {
            let now = (self.weight[slice], references[slice]);
            if last != Some(now) {
                comparison = now
                    .1
                    .map_or(Comparison::UNDEFINED, |reference| reference.compare(now.0));
                last = Some(now);
            }
            *z = comparison.z(self.sum[slice]);
        }
    }
}

/// Sums over each slice and the `back` before it. Adding anew keeps every digit, which a running difference would not.
fn look_back(here: &[f64], back: usize, sums: &mut [f64]) {
    sums.copy_from_slice(here);
    for lag in 1..=back {
        for (sum, earlier) in sums[lag..].iter_mut().zip(here) {
            *sum += earlier;
        }
    }
}
