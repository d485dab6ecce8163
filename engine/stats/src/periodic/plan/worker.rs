//! The tests of one series after another at one resolution.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of bins and lines are positive and far below 2^52"
)]

use super::super::Rhythm;
use super::super::spectrum::{line_p, together};
use super::grid::{BACKGROUND_SHORT, Candidate, Grid, Line};
use super::phases;
use crate::autocorrelation::{Hill, hill, hill_lags};
use crate::dot::{dot, total};
use crate::fourier::{RealFourier, smooth_even};
use crate::lomb_scargle::false_alarm_probability;
use crate::periodogram::{Detrend, detrended};
use crate::timeline::Bin;

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
        Detrend::Line
    } else {
        Detrend::Mean
    };
    let centred = detrended(values, detrend);
    let mut present = 0;
    for (value, centred) in values.iter_mut().zip(centred) {
        let is_present = centred.is_finite();
        present += usize::from(is_present);
        *value = if is_present { centred } else { 0.0 };
    }
    present
}
