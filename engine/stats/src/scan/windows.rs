//! The windows of time, and sums over all of them at once.
//!
//! A series is folded into a row from which each window's sum is one number or one difference; rows of areas add up to the row
//! of a zone.

use std::iter::zip;
use std::ops::{AddAssign, Range, Sub};

use super::{ScanError, ScanParameters, Span, Study};

/// All windows of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    slices: usize,
    shortest: usize,
    longest: usize,
    /// Only windows that reach the last slice.
    recent: bool,
}

impl Windows {
    pub(super) fn of(study: &Study<'_>, parameters: &ScanParameters) -> Result<Self, ScanError> {
        let rule = |holds: bool, name, value, rule| {
            holds
                .then_some(())
                .ok_or(ScanError::Parameter { name, value, rule })
        };
        let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let share = parameters.maximum_share;
        rule(
            share > 0.0 && share <= 1.0,
            "maximum_share",
            share,
            "above 0, at most 1",
        )?;
        rule(
            study.slices >= 1,
            "slices",
            float(study.slices),
            "1 or more",
        )?;
        let stop = parameters.stop_after.unwrap_or(1);
        rule(stop >= 1, "stop_after", float(stop), "1 or more")?;

        let slices = study.slices;
        if parameters.span == Span::Spatial {
            return Ok(Self {
                slices,
                shortest: slices,
                longest: slices,
                recent: true,
            });
        }
        let shortest = parameters.shortest;
        rule(
            (1..=slices).contains(&shortest),
            "shortest",
            float(shortest),
            "from 1 to all slices",
        )?;
        let longest = parameters.longest.unwrap_or((slices / 2).max(shortest));
        rule(
            (shortest..=slices).contains(&longest),
            "longest",
            float(longest),
            "from shortest to all slices",
        )?;
        let recent = parameters.span == Span::Prospective;
        Ok(Self {
            slices,
            shortest,
            longest,
            recent,
        })
    }

    /// Whether all windows reach the last slice: each is then a number of its own in a row.
    pub(super) fn recent(&self) -> bool {
        self.recent
    }

    /// Windows of one zone.
    pub(super) fn count(&self) -> usize {
        if self.recent {
            return self.row();
        }
        (self.shortest..=self.longest)
            .map(|length| self.starts(length))
            .sum()
    }

    /// Length of a row.
    pub(super) fn row(&self) -> usize {
        if self.recent {
            self.longest - self.shortest + 1
        } else {
            self.slices + 1
        }
    }

    /// The slices that windows cover.
    pub(super) fn covered(&self) -> Range<usize> {
        let first = if self.recent {
            self.slices - self.longest
        } else {
            0
        };
        first..self.slices
    }

    /// The slices of a window, by its number in [`Self::each`].
    pub(super) fn slices_of(&self, mut window: usize) -> Range<usize> {
        if self.recent {
            return self.slices - self.shortest - window..self.slices;
        }
        let mut length = self.shortest;
        while window >= self.starts(length) {
            window -= self.starts(length);
            length += 1;
        }
        window..window + length
    }

    /// Folds one area's series into its row: sums over the last slices, or over the first ones.
    pub(super) fn fold<T: Copy + Default + AddAssign>(&self, series: &[T], row: &mut [T]) {
        let mut sum = T::default();
        if self.recent {
            for (length, value) in (1..=self.longest).zip(series.iter().rev()) {
                sum += *value;
                if length >= self.shortest {
                    row[length - self.shortest] = sum;
                }
            }
            return;
        }
        row[0] = sum;
        for (cell, value) in zip(&mut row[1..], series) {
            sum += *value;
            *cell = sum;
        }
    }

    /// Folds a table of series.
    pub(super) fn fold_all(&self, table: &[f64]) -> Vec<f64> {
        let mut rows = vec![0.0; table.len() / self.slices * self.row()];
        for (series, row) in zip(table.chunks(self.slices), rows.chunks_mut(self.row())) {
            self.fold(series, row);
        }
        rows
    }

    /// Visits each window of a zone with its number, cases and expected cases.
    pub(super) fn each<T>(
        &self,
        cases: &[T],
        expected: &[f64],
        mut visit: impl FnMut(usize, f64, f64),
    ) where
        T: Copy + Sub<Output = T> + Into<f64>,
    {
        if self.recent {
            for (window, (cases, expected)) in zip(cases, expected).enumerate() {
                visit(window, (*cases).into(), *expected);
            }
            return;
        }
        let mut window = 0;
        for length in self.shortest..=self.longest {
            let ends = zip(&cases[length..], &expected[length..]);
            for ((to, expected_to), (from, expected_from)) in zip(ends, zip(cases, expected)) {
                visit(window, (*to - *from).into(), expected_to - expected_from);
                window += 1;
            }
        }
    }

    /// Whether some window (of those that may end at any slice) has more cases than its bound; one bound a window, in the order of [`Self::each`].
    pub(super) fn any_above(&self, cases: &[i32], bounds: &[i32]) -> bool {
        // The sign of a difference instead of a comparison: the loop then has no branch and runs on vectors.
        let mut rest = bounds;
        (self.shortest..=self.longest).any(|length| {
            let (bounds, others) = rest.split_at(self.starts(length));
            rest = others;
            let runs = zip(zip(&cases[length..], cases), bounds);
            runs.fold(0, |signs, ((to, from), bound)| {
                signs | (bound - (to - from))
            }) < 0
        })
    }

    fn starts(&self, length: usize) -> usize {
        self.slices - length + 1
    }
}
