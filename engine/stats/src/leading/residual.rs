//! A series less what it repeats and less what changes slowly.
#![expect(clippy::cast_precision_loss, reason = "hours stay far below 2^53")]

use super::LeadingParameters;

/// Known hours that a running mean needs.
const RUNNING_HOURS: usize = 24;

/// What is left of a series.
pub(super) struct Residual {
    /// One value an hour, NaN where it is not known.
    pub(super) values: Vec<f64>,
    /// What was taken out, in the same unit.
    pub(super) usual: Vec<f64>,
}

impl Residual {
    /// Takes out the mean of each hour of the cycle in the training hours, then the mean of what is left of the hours before. Of
    /// counts it takes twice the root first, `2 sqrt(y + 3/8)` (Anscombe 1948), whose variance hardly depends on the mean.
    pub(super) fn of(
        series: &[f64],
        trained: usize,
        counts: bool,
        parameters: &LeadingParameters,
    ) -> Self {
        let known = |value: &f64| {
            if value.is_finite() && (!counts || *value >= 0.0) {
                *value
            } else {
                f64::NAN
            }
        };
        let mut values: Vec<f64> = series.iter().map(known).collect();
        if counts {
            for value in &mut values {
                *value = 2.0 * (*value + 0.375).sqrt();
            }
        }

        let mut sums = vec![(0.0, 0_usize); parameters.cycle];
        for (value, phase) in values[..trained].iter().zip((0..parameters.cycle).cycle()) {
            if value.is_finite() {
                sums[phase].0 += value;
                sums[phase].1 += 1;
            }
        }
        // An hour of the cycle that was never known has no usual value: what comes in it stays unknown.
        let profile: Vec<f64> = sums
            .iter()
            .map(|(sum, known)| sum / *known as f64)
            .collect();
        let mut usual: Vec<f64> = profile.iter().copied().cycle().take(values.len()).collect();
        for (value, usual) in values.iter_mut().zip(&usual) {
            *value -= usual;
        }
        if let Some(slow) = parameters.slow {
            let means = running_means(&values, slow);
            for ((value, usual), mean) in values.iter_mut().zip(&mut usual).zip(means) {
                *value -= mean;
                *usual += mean;
            }
        }
        Self { values, usual }
    }
}

/// For each hour the mean of the known ones among `length` hours before it; NaN with too few.
fn running_means(values: &[f64], length: usize) -> Vec<f64> {
    let (mut sum, mut known) = (0.0, 0_usize);
    let mut means = Vec::with_capacity(values.len());
    for (hour, value) in values.iter().enumerate() {
        if let Some(old) = hour.checked_sub(length + 1).map(|hour| values[hour])
            && old.is_finite()
        {
            sum -= old;
            known -= 1;
        }
        means.push(if known >= RUNNING_HOURS.min(length) {
            sum / known as f64
        } else {
            f64::NAN
        });
        if value.is_finite() {
            sum += value;
            known += 1;
        }
    }
    means
}
