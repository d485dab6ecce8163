//! Do single events prefer a phase of a period? No bins, so it works for the sparse cells of a city.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of events are far below 2^52"
)]

use std::f64::consts::TAU;

/// Fewest events that are tested.
pub const EVENTS_MIN: usize = 5;

/// How events gather at a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rayleigh {
    /// Events that were used, n.
    pub events: usize,
    /// Mean resultant length R̄: 0 when spread evenly, 1 when all at one phase.
    pub concentration: f64,
    /// Z = n R̄².
    pub statistic: f64,
    /// Chance of such a Z or a higher one when no phase is preferred.
    pub p_value: f64,
    /// The mean phase as a fraction of the period, 0 … 1. With a reference distribution: the phase whose share of the reference before
    /// it is the mean.
    pub phase: f64,
}

/// Rayleigh's test of events at phases, each a fraction of the period (others are taken modulo 1), against an even spread:
/// `R̄ = |Σ e^(2πiφ_j)| / n`, `Z = n R̄²`, `p ≈ e^(−Z) [1 + (2Z − Z²)/(4n) − (24Z − 132Z² + 76Z³ − 9Z⁴)/(288n²)]`
/// (Mardia & Jupp 2000, 6.3.6).
///
/// Not-finite phases are left out. `None` with fewer than [`EVENTS_MIN`] events.
pub fn rayleigh(phases: impl IntoIterator<Item = f64>) -> Option<Rayleigh> {
    let (mut events, mut cos, mut sin) = (0_usize, 0.0, 0.0);
    for phase in phases {
        if phase.is_finite() {
            let (s, c) = (TAU * phase.rem_euclid(1.0)).sin_cos();
            cos += c;
            sin += s;
            events += 1;
        }
    }
    if events < EVENTS_MIN {
        return None;
    }
    let n = events as f64;
    let concentration = (cos.hypot(sin) / n).min(1.0);
    let z = n * concentration * concentration;
    let second = (2.0 * z - z * z) / (4.0 * n);
    let third =
        (24.0 * z - 132.0 * z.powi(2) + 76.0 * z.powi(3) - 9.0 * z.powi(4)) / (288.0 * n * n);
    // Far in the tail of few events the expansion leaves 0 … 1; the exponential alone is then the larger, safer value.
    let factor = 1.0 + second - third;
    let p_value = if factor > 0.0 {
        (-z).exp() * factor
    } else {
        (-z).exp()
    };
    Some(Rayleigh {
        events,
        concentration,
        statistic: z,
        p_value: p_value.clamp(0.0, 1.0),
        phase: (sin.atan2(cos) / TAU).rem_euclid(1.0),
    })
}

/// Rayleigh's test against a reference distribution of phases instead of an even spread, such as the hours at which the whole city
/// calls: otherwise every cell is "daily".
///
/// `reference` holds a weight for each of equally long parts of the period (24 hours, 7 days, 168 hours …); inside a part events are
/// taken as evenly spread. Each phase is replaced by the share of the reference before it, which is even when the events follow the
/// reference. `None` with fewer than [`EVENTS_MIN`] events, or when a weight is negative or not finite or all are 0.
pub fn rayleigh_against(
    phases: impl IntoIterator<Item = f64>,
    reference: &[f64],
) -> Option<Rayleigh> {
    let sum: f64 = reference.iter().sum();
    if !(sum > 0.0 && sum.is_finite()) || reference.iter().any(|&weight| weight < 0.0) {
        return None;
    }
    let mut before = Vec::with_capacity(reference.len() + 1);
    before.push(0.0);
    for weight in reference {
        before.push(before[before.len() - 1] + weight / sum);
    }
    let parts = reference.len();
    let share = |phase: f64| {
        let position = phase.rem_euclid(1.0) * parts as f64;
        let part = whole(position).min(parts - 1);
        before[part] + (before[part + 1] - before[part]) * (position - part as f64)
    };
    let test = rayleigh(phases.into_iter().map(|phase| {
        if phase.is_finite() {
            share(phase)
        } else {
            phase
        }
    }))?;
    let part = before
        .partition_point(|&share| share <= test.phase)
        .clamp(1, parts)
        - 1;
    let width = before[part + 1] - before[part];
    let inside = if width > 0.0 {
        ((test.phase - before[part]) / width).min(1.0)
    } else {
        0.0
    };
    Some(Rayleigh {
        phase: (part as f64 + inside) / parts as f64,
        ..test
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position among the parts of a period"
)]
fn whole(position: f64) -> usize {
    position as usize
}

#[cfg(test)]
mod tests;
