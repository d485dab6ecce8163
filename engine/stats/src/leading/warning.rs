//! The threshold of a sensor that warns of complaints, and what its warnings are worth.
//!
//! An event is an hour with more complaints than nearly all training hours, given the hour of the week. A warning comes in the
//! hour in which the sensor passes the threshold; the next one at the earliest after the time in which it can come true. It comes
//! true when the first event from then on lies after it, within lag + tolerance hours: an event that is there already was not
//! foreseen.
#![expect(clippy::cast_precision_loss, reason = "hours stay far below 2^53")]

use std::ops::Range;

use super::residual::Residual;
use super::{Leading, LeadingParameters};

/// Quantiles of the sensor in the training hours that are tried as thresholds.
const QUANTILES: [f64; 6] = [0.8, 0.9, 0.95, 0.975, 0.99, 0.995];

/// Two-sided 95 % normal quantile.
const Z: f64 = 1.959_963_984_540_054;

/// A threshold and its worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warning {
    /// How far the sensor must be from its usual value, in its unit: above it when positive, below it when negative.
    pub threshold: f64,
    /// The sensor's value at which the last hour would have warned, when its usual value is known.
    pub latest: Option<f64>,
    /// In the hours on which the threshold was chosen.
    pub trained: Outcome,
    /// In the hours after, which nothing was chosen on.
    pub held_out: Outcome,
}

/// What warnings came to in some hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Warnings.
    pub warnings: usize,
    /// Warnings that came true.
    pub hits: usize,
    /// hits / warnings; `None` without warnings.
    pub precision: Option<f64>,
    /// Share of all hours in which a warning would have come true; `None` without hours.
    pub base_rate: Option<f64>,
    /// precision / base rate: how many times better than a warning at any hour; `None` without either or for a base rate of 0.
    pub lift: Option<f64>,
    /// Median hours from the warnings that came true to their first event; `None` without any.
    pub lead_hours: Option<f64>,
}

/// The threshold whose precision is surely highest in training: by the lower end of Wilson's 95 % interval.
pub(super) fn find(
    sensor: &Residual,
    complaints: &Residual,
    trained: usize,
    lead: &Leading,
    parameters: &LeadingParameters,
) -> Option<Warning> {
    let sign = lead.correlation.signum();
    let horizon = lead.lag + parameters.tolerance;
    let event_above = quantile(&complaints.values[..trained], parameters.event_quantile)?;
    let firsts = first_events(&complaints.values, event_above);
    let signed: Vec<f64> = sensor.values.iter().map(|value| sign * value).collect();
    let outcome = |threshold: f64, hours| Outcome::of(&signed, &firsts, threshold, horizon, hours);

    let tried = QUANTILES.iter().filter_map(|share| {
        let threshold = quantile(&signed[..trained], *share)?;
        let trained = outcome(threshold, 0..trained);
        (trained.warnings >= parameters.minimum_warnings && trained.hits > 0)
            .then_some((threshold, trained))
    });
    let (threshold, in_training) = tried.max_by(|a, b| a.1.surely().total_cmp(&b.1.surely()))?;
    let threshold = threshold * sign;
    let latest = sensor.usual.last().map(|usual| usual + threshold);
    Some(Warning {
        threshold,
        latest: latest.filter(|value| value.is_finite()),
        trained: in_training,
        held_out: outcome(threshold * sign, trained..signed.len()),
    })
}

impl Outcome {
    /// Counts warnings in `hours`; events may come later, and hours whose horizon passes the last one do not count.
    fn of(
        sensor: &[f64],
        firsts: &[Option<usize>],
        threshold: f64,
        horizon: usize,
        hours: Range<usize>,
    ) -> Self {
        let hours = hours.start..hours.end.min(sensor.len().saturating_sub(horizon));
        let comes_true = |hour: usize| {
            firsts[hour]
                .map(|first| first - hour)
                .filter(|lead| (1..=horizon).contains(lead))
        };
        let (mut warnings, mut leads, mut next) = (0, Vec::new(), hours.start);
        for hour in hours.clone() {
            let passes = sensor[hour] > threshold && hour > 0 && sensor[hour - 1] <= threshold;
            if passes && hour >= next {
                warnings += 1;
                next = hour + horizon;
                leads.extend(comes_true(hour));
            }
        }
        leads.sort_unstable();

        let rate = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let precision = rate(leads.len(), warnings);
        let base_rate = rate(
            hours
                .clone()
                .filter(|hour| comes_true(*hour).is_some())
                .count(),
            hours.len(),
        );
        let middle = leads.len() / 2;
        Self {
            warnings,
            hits: leads.len(),
            precision,
            base_rate,
            lift: precision
                .zip(base_rate.filter(|rate| *rate > 0.0))
                .map(|(precision, rate)| precision / rate),
            lead_hours: leads
                .get(middle)
                .map(|upper| f64::midpoint(*upper as f64, leads[(leads.len() - 1) / 2] as f64)),
        }
    }

    /// The lower end of Wilson's interval of the precision.
    fn surely(&self) -> f64 {
        let n = self.warnings as f64;
        let share = self.precision.unwrap_or(0.0);
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        (share + Z * Z / (2.0 * n) - spread) / (1.0 + Z * Z / n)
    }
}

/// For each hour the first event in it or after it.
fn first_events(complaints: &[f64], above: f64) -> Vec<Option<usize>> {
    let mut next = None;
    let mut firsts: Vec<Option<usize>> = (0..complaints.len())
        .rev()
        .map(|hour| {
            if complaints[hour] > above {
                next = Some(hour);
            }
            next
        })
        .collect();
    firsts.reverse();
    firsts
}

/// The smallest known value that at least this share is at most; none without known values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length"
)]
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut known: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    let place = ((known.len() as f64 * share).ceil() as usize).saturating_sub(1);
    if place >= known.len() {
        return None;
    }
    Some(*known.select_nth_unstable_by(place, f64::total_cmp).1)
}
