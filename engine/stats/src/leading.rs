//! Which sensors rise before the complaints do?
//!
//! For a sensor and a series of complaints, both by the hour: take out what both repeat each week and what changes slowly
//! (`residual`); correlate the complaints with the sensor some hours before (`correlation`); find the threshold of the sensor
//! that warns best (`warning`). Lag, threshold and every other choice come from the first part of the time; what the warnings
//! are worth is counted in the rest, which no choice has seen.
//!
//! A correlation is judged by circular shifts: the sensor's series moved against the complaints by whole days keeps both series
//! as they are, with their own memory, and breaks only what one has to do with the other (Harris 2020, "Nonsense correlations in
//! neuroscience"). The statistic is the highest absolute correlation over all lags, so that trying many lags is paid for.

mod correlation;
mod residual;
mod warning;

use std::thread;

use correlation::Correlator;
use residual::Residual;
pub use warning::{Outcome, Warning};

use crate::fdr;

#[cfg(test)]
mod tests;

/// How to look for leading sensors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeadingParameters {
    /// Hours of the cycle that is taken out of both series, 1 or more; 168, a week.
    pub cycle: usize,
    /// Hours whose running mean is taken out, the hours before only, 48 or more; 672, four weeks. `None` leaves it in.
    pub slow: Option<usize>,
    /// Longest lag tried, hours, 1 or more; 48.
    pub longest_lag: usize,
    /// Share of the hours on which choices are made, between 0 and 1; 0.7.
    pub training: f64,
    /// Hours between circular shifts, 1 or more; 24.
    pub shift: usize,
    /// Shortest circular shift, hours, both ways around, at least twice the longest lag; 168.
    pub shortest_shift: usize,
    /// Share of the training hours in which both must be known, above 0 to 1; 0.5.
    pub minimum_known: f64,
    /// Quantile of the complaints (less their cycle) above which an hour is an event, between 0 and 1; 0.95.
    pub event_quantile: f64,
    /// Hours that an event may come after the lag and still be foreseen; 6.
    pub tolerance: usize,
    /// Fewest warnings in the training hours that make a threshold, 1 or more; 10.
    pub minimum_warnings: usize,
    /// Threads; `None` is as many as the machine runs at once.
    pub threads: Option<usize>,
}

impl Default for LeadingParameters {
    fn default() -> Self {
        Self {
            cycle: 168,
            slow: Some(672),
            longest_lag: 48,
            training: 0.7,
            shift: 24,
            shortest_shift: 168,
            minimum_known: 0.5,
            event_quantile: 0.95,
            tolerance: 6,
            minimum_warnings: 10,
            threads: None,
        }
    }
}

/// Why leading sensors cannot be looked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LeadingError {
    /// A parameter outside its range.
    #[error("{name} is {value}: it must be {rule}")]
    Parameter {
        /// The field of [`LeadingParameters`].
        name: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// Series of different lengths.
    #[error("a series has {length} hours, the first one {hours}: all must be of the same hours")]
    Length {
        /// Hours of the series.
        length: usize,
        /// Hours of the first series.
        hours: usize,
    },
}

/// What a sensor and a series of complaints have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leading {
    /// Hours by which the sensor leads, from 1.
    pub lag: usize,
    /// Correlation at that lag, −1 to 1; below 0 a fall of the sensor leads.
    pub correlation: f64,
    /// Share of circular shifts, none included, whose highest absolute correlation over all lags is as high.
    pub p_value: f64,
    /// The same probability by a Gumbel distribution through the shifts' highest correlations: not bounded below by their number, so
    /// that few pairs among many can be told from chance. `None` for fewer than 30 shifts.
    pub gumbel_p_value: Option<f64>,
    /// Shifts compared with.
    pub shifts: usize,
    /// The threshold and what it is worth; `None` where too few warnings or events make one.
    pub warning: Option<Warning>,
}

/// The answer for one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Number of the sensor, from 0.
    pub sensor: usize,
    /// Number of the complaints' series, from 0.
    pub complaints: usize,
    /// `None` where too many hours are unknown, a series does not vary, or there are fewer than 19 shifts.
    pub leading: Option<Leading>,
    /// q-value of the pair's p-value (by Gumbel, where there is one) among all pairs that have one (Benjamini-Hochberg).
    pub q_value: Option<f64>,
}

/// Tries all pairs of sensors and series of complaints, sensor after sensor.
///
/// All series have one value for each of the same hours, NaN where it is not known: a sensor's result in its unit, complaints as
/// counts (0 where none came, NaN where none could be received). Cost: one Fourier transform a series and one a pair.
///
/// # Errors
/// [`LeadingError`] for a parameter outside its range or series of different lengths.
pub fn leading_sensors(
    sensors: &[&[f64]],
    complaints: &[&[f64]],
    parameters: &LeadingParameters,
) -> Result<Vec<Pair>, LeadingError> {
    check(parameters)?;
    let lengths = || sensors.iter().chain(complaints).map(|series| series.len());
    let hours = lengths().next().unwrap_or(0);
    if let Some(length) = lengths().find(|length| *length != hours) {
        return Err(LeadingError::Length { length, hours });
    }

    let trained = share_of(hours, parameters.training);
    let correlator = Correlator::new(trained);
    let prepare = |series: &&[f64], counts| {
        let residual = Residual::of(series, trained, counts, parameters);
        let spectrum = correlator.spectrum(&residual.values[..trained]);
        (residual, spectrum)
    };
    let sensors: Vec<_> = sensors
        .iter()
        .map(|series| prepare(series, false))
        .collect();
    let complaints: Vec<_> = complaints
        .iter()
        .map(|series| prepare(series, true))
        .collect();
    let pair = |number: usize| {
        let (sensor, target) = (number / complaints.len(), number % complaints.len());
        let ((sensor_residual, a), (target_residual, b)) = (&sensors[sensor], &complaints[target]);
        let enough = known_in_both(
            &sensor_residual.values[..trained],
            &target_residual.values[..trained],
        ) >= share_of(trained, parameters.minimum_known).max(2);
        let found = enough.then(|| correlator.lead(a, b, parameters)).flatten();
        Pair {
            sensor,
            complaints: target,
            leading: found.map(|lead| Leading {
                warning: warning::find(
                    sensor_residual,
                    target_residual,
                    trained,
                    &lead,
                    parameters,
                ),
                ..lead
            }),
            q_value: None,
        }
    };

    let mut pairs = vec![None; sensors.len() * complaints.len()];
    let threads = parameters
        .threads
        .or_else(|| thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1)
        .max(1);
    let part = pairs.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        for (first, pairs) in pairs.chunks_mut(part).enumerate() {
            let pair = &pair;
            scope.spawn(move || {
                for (number, answer) in (first * part..).zip(pairs) {
                    *answer = Some(pair(number));
                }
            });
        }
    });
    let mut pairs: Vec<Pair> = pairs.into_iter().flatten().collect();
    let p: Vec<Option<f64>> = pairs
        .iter()
        .map(|pair| {
            let lead = pair.leading?;
            Some(lead.gumbel_p_value.unwrap_or(lead.p_value))
        })
        .collect();
    for (pair, q_value) in pairs.iter_mut().zip(fdr::benjamini_hochberg(&p).q) {
        pair.q_value = q_value;
    }
    Ok(pairs)
}

fn check(parameters: &LeadingParameters) -> Result<(), LeadingError> {
    let rule = |holds: bool, name, value, rule| {
        holds
            .then_some(())
            .ok_or(LeadingError::Parameter { name, value, rule })
    };
    let float = |hours: usize| f64::from(u32::try_from(hours).unwrap_or(u32::MAX));
    let within = |value: f64| value > 0.0 && value < 1.0;
    rule(
        parameters.cycle >= 1,
        "cycle",
        float(parameters.cycle),
        "1 hour or more",
    )?;
    let slow = parameters.slow.unwrap_or(usize::MAX);
    rule(slow >= 48, "slow", float(slow), "48 hours or more")?;
    let lag = parameters.longest_lag;
    rule(lag >= 1, "longest_lag", float(lag), "1 hour or more")?;
    rule(
        within(parameters.training),
        "training",
        parameters.training,
        "between 0 and 1",
    )?;
    rule(
        parameters.shift >= 1,
        "shift",
        float(parameters.shift),
        "1 hour or more",
    )?;
    let shortest = parameters.shortest_shift;
    rule(
        shortest / 2 >= lag,
        "shortest_shift",
        float(shortest),
        "at least twice the longest lag",
    )?;
    let known = parameters.minimum_known;
    rule(
        known > 0.0 && known <= 1.0,
        "minimum_known",
        known,
        "above 0, at most 1",
    )?;
    let quantile = parameters.event_quantile;
    rule(
        within(quantile),
        "event_quantile",
        quantile,
        "between 0 and 1",
    )?;
    let warnings = parameters.minimum_warnings;
    rule(
        warnings >= 1,
        "minimum_warnings",
        float(warnings),
        "1 or more",
    )
}

fn known_in_both(a: &[f64], b: &[f64]) -> usize {
    a.iter()
        .zip(b)
        .filter(|(a, b)| a.is_finite() && b.is_finite())
        .count()
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "hours stay far below 2^53, and the share is between 0 and 1"
)]
fn share_of(hours: usize, share: f64) -> usize {
    (hours as f64 * share) as usize
}
