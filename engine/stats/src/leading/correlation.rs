//! Correlations at all circular lags by Fourier transforms, and what circular shifts make of them.
#![expect(clippy::cast_precision_loss, reason = "hours stay far below 2^53")]

use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::{Leading, LeadingParameters};
use crate::gumbel::gumbel;

/// Shifts from which a p-value is worth something: 1/20 is then possible.
const SHIFTS: usize = 19;

/// Correlates series of one length.
pub(super) struct Correlator {
    hours: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

/// A series' transform; none when the series does not vary.
pub(super) type Spectrum = Option<Vec<Complex<f64>>>;

impl Correlator {
    pub(super) fn new(hours: usize) -> Self {
        let mut planner = FftPlanner::new();
        Self {
            hours,
            forward: planner.plan_fft_forward(hours),
            inverse: planner.plan_fft_inverse(hours),
        }
    }

    /// The transform of a series less its mean, of length one, with 0 where it is not known.
    pub(super) fn spectrum(&self, values: &[f64]) -> Spectrum {
        let known = || values.iter().filter(|value| value.is_finite());
        let mean = known().sum::<f64>() / known().count() as f64;
        let squares: f64 = known().map(|value| (value - mean).powi(2)).sum();
        let size: f64 = known().map(|value| value * value).sum();
        // Below this share what varies is rounding.
        if squares.is_nan() || squares <= 1e-20 * size || squares <= 0.0 {
            return None;
        }
        let scale = squares.sqrt().recip();
        let centred = |value: &f64| {
            if value.is_finite() {
                (value - mean) * scale
            } else {
                0.0
            }
        };
        let mut spectrum: Vec<Complex<f64>> = values
            .iter()
            .map(|value| Complex::from(centred(value)))
            .collect();
        self.forward.process(&mut spectrum);
        Some(spectrum)
    }

    /// The best lag of the first series before the second, and its p-value; without a warning.
    pub(super) fn lead(
        &self,
        first: &Spectrum,
        second: &Spectrum,
        parameters: &LeadingParameters,
    ) -> Option<Leading> {
        let (first, second) = (first.as_ref()?, second.as_ref()?);
        let correlations = self.correlations(first, second);
        let lags = 1..=parameters.longest_lag;
        let highest = |shift: usize| {
            let at = |lag: usize| correlations[(shift + lag) % self.hours].abs();
            lags.clone().map(at).fold(0.0, f64::max)
        };
        let last = self.hours.checked_sub(parameters.shortest_shift)?;
        let shifts: Vec<f64> = (parameters.shortest_shift..=last)
            .step_by(parameters.shift)
            .map(highest)
            .collect();
        if shifts.len() < SHIFTS {
            return None;
        }

        let observed = highest(0);
        let lag = lags.clone().max_by(|a, b| {
            let size = |lag: &usize| correlations[*lag].abs();
            // Of equal ones the shortest.
            size(a).total_cmp(&size(b)).then(b.cmp(a))
        })?;
        let as_high = shifts
            .iter()
            .filter(|shifted| **shifted >= observed)
            .count();
        Some(Leading {
            lag,
            correlation: correlations[lag],
            p_value: (as_high as f64 + 1.0) / (shifts.len() as f64 + 1.0),
            gumbel_p_value: gumbel(observed, &shifts),
            shifts: shifts.len(),
            warning: None,
        })
    }

    /// Σ first(t) · second(t + lag), around the end, for each lag from 0.
    pub(super) fn correlations(&self, first: &[Complex<f64>], second: &[Complex<f64>]) -> Vec<f64> {
        let mut product: Vec<Complex<f64>> = first
            .iter()
            .zip(second)
            .map(|(a, b)| a.conj() * b)
            .collect();
        self.inverse.process(&mut product);
        product
            .iter()
            .map(|value| value.re / self.hours as f64)
            .collect()
    }
}
