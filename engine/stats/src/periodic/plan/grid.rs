//! One resolution: which lines of its spectrum are looked at, and the tests of one series there.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of bins and lines are positive and far below 2^52"
)]

use std::f64::consts::TAU;

use super::super::spectrum::{beside, from_multiple, line_p, together};
use super::super::{PeriodicOptions, Rhythm};
use super::{MONTH, YEAR, phases};
use crate::autocorrelation::{Hill, hill, hill_lags};
use crate::dot::{dot, total};
use crate::fourier::{RealFourier, smooth_even, smooth_multiple};
use crate::lomb_scargle::false_alarm_probability;
use crate::timeline::Bin;

/// Lines beside a rhythm's line that make its background: few for long periods, where the spectrum is steep.
const BACKGROUND_SHORT: usize = 32;
const BACKGROUND_LONG: usize = 8;
/// How far such a line may be.
const REACH: usize = 40;

/// What all series share at one resolution.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) bin: Bin,
    len: usize,
    /// The last so many bins are transformed: whole weeks or years.
    transformed: usize,
    fourier: Option<RealFourier>,
    /// For the autocorrelation of long lags: room for zeros behind the series.
    padded: Option<RealFourier>,
    candidates: Vec<Candidate>,
    free: Vec<usize>,
    reference: Option<Vec<f64>>,
}

/// A period of the calendar.
#[derive(Debug)]
struct Candidate {
    rhythm: Rhythm,
    /// Bins of a cycle.
    period: f64,
    harmonics: Vec<Harmonic>,
}

#[derive(Debug)]
struct Harmonic {
    line: Line,
    background: Vec<Line>,
}

/// How the power at a frequency is found.
#[derive(Debug)]
enum Line {
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

/// One period that was tested.
#[derive(Debug, Clone)]
pub(in super::super) struct Tested {
    pub(in super::super) rhythm: Rhythm,
    /// Bins of a cycle.
    pub(in super::super) period: f64,
    pub(in super::super) cycles: f64,
    pub(in super::super) power: f64,
    pub(in super::super) false_alarm_probability: f64,
    pub(in super::super) p_value: f64,
}

/// Works on one series after another at one resolution.
#[derive(Debug)]
pub(super) struct GridWorker<'a> {
    grid: &'a Grid,
    fourier: Option<RealFourier>,
    padded: Option<RealFourier>,
    /// Transformed counts around 0; a missing bin is 0.
    values: Vec<f64>,
    present: usize,
    /// Σ values².
    squares: f64,
    power: Vec<f64>,
    scratch: Vec<f64>,
    /// Products of lagged values, once they were needed.
    products: Vec<f64>,
}

impl<'a> GridWorker<'a> {
    pub(super) fn new(grid: &'a Grid) -> Self {
        Self {
            grid,
            fourier: grid.fourier.clone(),
            padded: grid.padded.clone(),
            values: Vec::new(),
            present: 0,
            squares: 0.0,
            power: Vec::new(),
            scratch: Vec::new(),
            products: Vec::new(),
        }
    }

    /// Takes the counts of a series; false when they do not vary.
    pub(super) fn load(&mut self, counts: &[f64]) -> bool {
        self.products.clear();
        self.values.clear();
        match &self.grid.reference {
            None => self
                .values
                .extend(counts.iter().map(|count| 2.0 * (count + 0.375).sqrt())),
            Some(reference) => pearson(counts, reference, &mut self.values),
        }
        self.present = centre(&mut self.values, self.grid.bin != Bin::Hour);
        self.squares = dot(&self.values, &self.values);
        if self.present < 8 || self.squares <= 1e-18 * self.present as f64 {
            return false;
        }
        if let Some(fourier) = &mut self.fourier {
            let last = &self.values[self.grid.len - self.grid.transformed..];
            fourier.power(last, &mut self.power);
        }
        true
    }

    /// |Σ x e^(−iωt)|² of a line.
    fn line(&self, line: &Line) -> f64 {
        match line {
            Line::Transformed(at) => {
                // As if over all bins, like the sums.
                self.power[*at] * self.grid.len as f64 / self.grid.transformed as f64
            }
            Line::Summed(cos, sin) => {
                dot(cos, &self.values).powi(2) + dot(sin, &self.values).powi(2)
            }
        }
    }

    /// The standard-normalised power of `|Σ x e^(−iωt)|²`.
    fn standard(&self, line: f64) -> f64 {
        (2.0 * line / (self.present as f64 * self.squares)).min(1.0)
    }

    /// Every candidate and the best line of the free search.
    pub(super) fn test(&self) -> Vec<Tested> {
        let mut tested: Vec<Tested> = self
            .grid
            .candidates
            .iter()
            .filter_map(|candidate| self.test_candidate(candidate))
            .collect();
        tested.extend(self.test_free());
        tested
    }

    fn test_candidate(&self, candidate: &Candidate) -> Option<Tested> {
        let (mut power, mut highest, mut p) = (0.0, 0.0_f64, Vec::new());
        for harmonic in &candidate.harmonics {
            let line = self.line(&harmonic.line);
            let mut background: Vec<f64> = harmonic
                .background
                .iter()
                .map(|line| self.line(line))
                .collect();
            if background.is_empty() {
                continue;
            }
            power += self.standard(line);
            highest = highest.max(self.standard(line));
            p.push(line_p(line, &mut background)?);
        }
        self.tested(
            candidate.rhythm,
            candidate.period,
            power,
            highest,
            together(&p)?,
        )
    }

    /// The line that stands highest above the mean of its neighbourhood, against the median of it.
    fn test_free(&self) -> Option<Tested> {
        const NEIGHBOURHOOD: usize = 64;
        let free = &self.grid.free;
        let (_, best) = free
            .chunks(NEIGHBOURHOOD)
            .enumerate()
            .filter_map(|(chunk, lines)| {
                let mean = lines.iter().map(|&at| self.power[at]).sum::<f64>() / lines.len() as f64;
                let (at, highest) = lines
                    .iter()
                    .enumerate()
                    .map(|(at, &line)| (at, self.power[line]))
                    .max_by(|a, b| a.1.total_cmp(&b.1))?;
                (mean > 0.0).then_some((highest / mean, chunk * NEIGHBOURHOOD + at))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let from = best.saturating_sub(BACKGROUND_SHORT / 2);
        let to = (best + BACKGROUND_SHORT / 2 + 1).min(free.len());
        let mut background: Vec<f64> = (from..to)
            .filter(|&at| at != best)
            .map(|at| self.power[free[at]])
            .collect();
        let line = self.power[free[best]];
        let single = line_p(line, &mut background)?;
        let p = -(free.len() as f64 * (-single).ln_1p()).exp_m1();
        let power = self.standard(line * self.grid.len as f64 / self.grid.transformed as f64);
        let period = self.grid.transformed as f64 / free[best] as f64;
        self.tested(Rhythm::Other, period, power, power, p.clamp(0.0, 1.0))
    }

    fn tested(
        &self,
        rhythm: Rhythm,
        period: f64,
        power: f64,
        highest: f64,
        p_value: f64,
    ) -> Option<Tested> {
        let n = self.grid.len as f64;
        Some(Tested {
            rhythm,
            period,
            cycles: n / period,
            power: power.min(1.0),
            false_alarm_probability: false_alarm_probability(
                highest,
                self.present,
                n * n / 12.0,
                0.5,
            )?,
            p_value,
        })
    }

    /// The hill of the autocorrelation at a tested period. A searched line may be a harmonic of a short pulse, which has no hill: the
    /// first multiple of its period that has one is the period then.
    pub(super) fn confirm(&mut self, tested: &mut Tested) -> Option<Hill> {
        let multiples = if tested.rhythm == Rhythm::Other { 6 } else { 1 };
        let single = tested.period;
        for multiple in 1..=multiples {
            let period = single * f64::from(multiple);
            if let Some(hill) = self.hill(period) {
                tested.period = period;
                tested.cycles = self.grid.len as f64 / period;
                return Some(hill);
            }
        }
        None
    }

    /// The hill of the autocorrelation at a period. For hours the lags are short beside the series, so its end may meet its beginning.
    fn hill(&mut self, period: f64) -> Option<Hill> {
        if self.products.is_empty() {
            match (&mut self.padded, &mut self.fourier) {
                (Some(padded), _) => {
                    self.scratch.clear();
                    self.scratch.extend_from_slice(&self.values);
                    self.scratch.resize(smooth_even(2 * self.grid.len), 0.0);
                    let mut power = Vec::new();
                    padded.power(&self.scratch, &mut power);
                    padded.products(&power, &mut self.products);
                }
                (None, Some(fourier)) => fourier.products(&self.power, &mut self.products),
                (None, None) => return None,
            }
        }
        let (_, last) = hill_lags(self.grid.len, period)?;
        let variance = self.products[0];
        let lags: Vec<f64> = self
            .products
            .iter()
            .take(last + 1)
            .map(|product| product / variance)
            .collect();
        hill(&lags, self.grid.len, period)
    }

    /// `F_S` of the folded series; see [`super::super::Finding::strength`].
    pub(super) fn strength(&self, tested: &Tested) -> Option<f64> {
        let phases = phases(tested.rhythm, tested.period);
        let is_long = matches!(tested.rhythm, Rhythm::Monthly | Rhythm::Yearly);
        let mut sums = vec![(0.0, 0.0); phases];
        let mut squares = 0.0;
        // Cycles begin at the first bin from a multiple of the period on.
        let mut from = 0;
        for cycle in 1_u32.. {
            let to = ((f64::from(cycle) * tested.period).ceil() as usize).min(self.grid.len);
            let values = &self.values[from..to];
            // A missing bin is exactly 0 by having been set so; one real 0 more or less does not matter.
            let is_present = |value: f64| value.abs() > 0.0;
            let mean = if is_long {
                0.0
            } else {
                let present = values.iter().filter(|&&value| is_present(value)).count();
                total(values) / present.max(1) as f64
            };
            let begin = f64::from(cycle - 1) * tested.period;
            let scale = phases as f64 / tested.period;
            for (at, &value) in values.iter().enumerate() {
                if is_present(value) {
                    let phase = ((from + at) as f64 - begin) * scale;
                    let sum = &mut sums[(phase as usize).min(phases - 1)];
                    *sum = (sum.0 + value - mean, sum.1 + 1.0);
                    squares += (value - mean) * (value - mean);
                }
            }
            if to == self.grid.len {
                break;
            }
            from = to;
        }
        let between: f64 = sums
            .iter()
            .filter(|sum| sum.1 > 0.0)
            .map(|(sum, count)| sum * sum / count)
            .sum();
        (squares > 0.0).then(|| (between / squares).clamp(0.0, 1.0))
    }
}

/// `(count − e) / √e`, with e the reference scaled to the sum of the counts; e is held from a twentieth of its mean, so that single
/// events in empty hours do not weigh more than all others.
fn pearson(counts: &[f64], reference: &[f64], values: &mut Vec<f64>) {
    let (mut sum, mut reference_sum, mut n) = (0.0, 0.0, 0.0);
    for (count, expected) in counts.iter().zip(reference) {
        if count.is_finite() && *expected >= 0.0 {
            sum += count;
            reference_sum += expected;
            n += 1.0;
        }
    }
    let scale = if reference_sum > 0.0 {
        sum / reference_sum
    } else {
        0.0
    };
    let least = (sum / n / 20.0).max(f64::MIN_POSITIVE);
    values.extend(counts.iter().zip(reference).map(|(count, expected)| {
        let expected = scale * expected;
        (count - expected) / expected.max(least).sqrt()
    }));
}

/// Takes the mean, or the line, off what is there and puts 0 where nothing is. How many values are there.
fn centre(values: &mut [f64], is_line: bool) -> usize {
    let sum = total(values);
    let is_complete = sum.is_finite();
    if is_complete && !is_line {
        let mean = sum / values.len().max(1) as f64;
        for value in values.iter_mut() {
            *value -= mean;
        }
        return values.len();
    }
    let detrend = if is_line {
        crate::periodogram::Detrend::Line
    } else {
        crate::periodogram::Detrend::Mean
    };
    let centred = crate::periodogram::detrended(values, detrend);
    let mut present = 0;
    for (value, centred) in values.iter_mut().zip(centred) {
        let is_present = centred.is_finite();
        present += usize::from(is_present);
        *value = if is_present { centred } else { 0.0 };
    }
    present
}
