//! One resolution: which lines of its spectrum are looked at.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of bins and lines are positive and far below 2^52"
)]

use std::f64::consts::TAU;

use super::super::spectrum::{beside, from_multiple};
use super::super::{PeriodicOptions, Rhythm};
use super::{MONTH, YEAR};
use crate::fourier::{RealFourier, smooth_even, smooth_multiple};
use crate::timeline::Bin;

/// Lines beside a rhythm's line that make its background: few for long periods, where the spectrum is steep.
pub(super) const BACKGROUND_SHORT: usize = 32;
const BACKGROUND_LONG: usize = 8;
/// How far such a line may be.
const REACH: usize = 40;

/// What all series share at one resolution.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) bin: Bin,
    pub(super) len: usize,
    /// The last so many bins are transformed: whole weeks or years.
    pub(super) transformed: usize,
    pub(super) fourier: Option<RealFourier>,
    /// For the autocorrelation of long lags: room for zeros behind the series.
    pub(super) padded: Option<RealFourier>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) free: Vec<usize>,
    pub(super) reference: Option<Vec<f64>>,
}

/// A period of the calendar.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) rhythm: Rhythm,
    /// Bins of a cycle.
    pub(super) period: f64,
    pub(super) harmonics: Vec<Harmonic>,
}

#[derive(Debug)]
pub(super) struct Harmonic {
    pub(super) line: Line,
    pub(super) background: Vec<Line>,
}

/// How the power at a frequency is found.
#[derive(Debug)]
pub(super) enum Line {
    /// A line of the transform.
    Transformed(usize),
    /// Sums with these cosines and sines over all bins: the period does not divide the transform.
    Summed(Vec<f64>, Vec<f64>),
}

impl Grid {
    pub(super) fn hours(
        len: usize,
        options: &PeriodicOptions<'_>,
        reference: Option<Vec<f64>>,
    ) -> Self {
        let mut grid = Self::new(Bin::Hour, len, 168, reference);
        let (week, years) = (168.0, len as f64 / (24.0 * YEAR));
        grid.add_divided(Rhythm::Daily, 24, 4, week, options);
        grid.search(3.5 * 24.0, week, years, options);
        grid
    }

    pub(super) fn days(
        len: usize,
        options: &PeriodicOptions<'_>,
        reference: Option<Vec<f64>>,
    ) -> Self {
        let mut grid = Self::new(Bin::Day, len, 7, reference);
        grid.add_divided(Rhythm::Weekly, 7, 3, 7.0, options);
        grid.add_summed(Rhythm::Monthly, MONTH, 3, options);
        grid.add_summed(Rhythm::Yearly, YEAR, 4, options);
        grid.search(30.0, 7.0, len as f64 / YEAR, options);
        grid
    }

    pub(super) fn months(
        len: usize,
        options: &PeriodicOptions<'_>,
        reference: Option<Vec<f64>>,
    ) -> Self {
        let mut grid = Self::new(Bin::Month, len, 12, reference);
        grid.add_summed(Rhythm::Yearly, 12.0, 4, options);
        grid
    }

    fn new(bin: Bin, len: usize, step: usize, reference: Option<Vec<f64>>) -> Self {
        let mut transformed = smooth_multiple(len, step);
        // The half-length transform wants an even number.
        while transformed % 2 == 1 {
            transformed = smooth_multiple(transformed - 1, step);
        }
        Self {
            bin,
            len,
            transformed,
            fourier: (transformed > 0 && bin != Bin::Month).then(|| RealFourier::new(transformed)),
            padded: (bin != Bin::Hour).then(|| RealFourier::new(smooth_even(2 * len))),
            candidates: Vec::new(),
            free: Vec::new(),
            reference,
        }
    }

    /// Length of a bin in days.
    pub(super) fn bin_days(&self) -> f64 {
        match self.bin {
            Bin::Hour => 1.0 / 24.0,
            Bin::Day => 1.0,
            Bin::Month => MONTH,
        }
    }

    /// A period that divides the transform. Lines at multiples of `base` cycles belong to the calendar and are no background.
    fn add_divided(
        &mut self,
        rhythm: Rhythm,
        period: usize,
        harmonics: usize,
        base: f64,
        options: &PeriodicOptions<'_>,
    ) {
        let cycles = self.transformed / period;
        if (cycles as f64) < options.cycles_min {
            return;
        }
        let highest = self.transformed as f64 / 2.0 - 1.0;
        let step = self.transformed as f64 / base;
        let harmonics = (1..=harmonics)
            .map(|h| (h * cycles) as f64)
            .filter(|&line| line <= highest)
            .map(|line| Harmonic {
                line: Line::Transformed(line as usize),
                background: beside(line, highest, REACH, BACKGROUND_SHORT, |line| {
                    from_multiple(line, step) < 0.5
                })
                .into_iter()
                .map(|line| Line::Transformed(line as usize))
                .collect(),
            })
            .collect();
        self.candidates.push(Candidate {
            rhythm,
            period: period as f64,
            harmonics,
        });
    }

    /// A period that is no whole number of bins or does not divide the transform.
    fn add_summed(
        &mut self,
        rhythm: Rhythm,
        period: f64,
        harmonics: usize,
        options: &PeriodicOptions<'_>,
    ) {
        let cycles = self.len as f64 / period;
        if cycles < options.cycles_min - 0.01 {
            return;
        }
        let highest = self.len as f64 / 2.0 - 1.0;
        let year = match self.bin {
            Bin::Month => self.len as f64 / 12.0,
            Bin::Hour | Bin::Day => self.len as f64 / YEAR,
        };
        let is_taken = |line: f64| {
            from_multiple(line, cycles) < 0.9
                || (rhythm == Rhythm::Monthly && from_multiple(line, year) < 0.9 && year >= 2.0)
                || (self.bin == Bin::Day && from_multiple(line, self.len as f64 / 7.0) < 0.9)
        };
        let harmonics = (1..=harmonics)
            .map(|h| h as f64 * cycles)
            .filter(|&line| line <= highest)
            .map(|line| Harmonic {
                line: self.summed(line),
                background: beside(line, highest, REACH, BACKGROUND_LONG, is_taken)
                    .into_iter()
                    .map(|line| self.summed(line))
                    .collect(),
            })
            .collect();
        self.candidates.push(Candidate {
            rhythm,
            period,
            harmonics,
        });
    }

    fn summed(&self, line: f64) -> Line {
        let step = TAU * line / self.len as f64;
        let (sin, cos) = (0..self.len).map(|t| (step * t as f64).sin_cos()).unzip();
        Line::Summed(cos, sin)
    }

    /// Lines of a free search: periods from 2 bins to `longest`, away from the calendar's lines and from their sidebands, which a rhythm
    /// has that is stronger in one season.
    fn search(&mut self, longest: f64, base: f64, years: f64, options: &PeriodicOptions<'_>) {
        let step = self.transformed as f64 / base;
        if !options.is_free || step < options.cycles_min {
            return;
        }
        let sidebands = (6.0 * years).min(step / 4.0).max(1.5);
        let lowest = (self.transformed as f64 / longest).ceil() as usize;
        let month = self.transformed as f64 / MONTH;
        self.free = (lowest..self.transformed / 2)
            .filter(|&line| {
                let line = line as f64;
                line >= options.cycles_min
                    && from_multiple(line, step) > sidebands
                    && (self.bin == Bin::Hour || from_multiple(line, month) > 1.5)
            })
            .collect();
    }
}
