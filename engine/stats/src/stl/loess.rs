//! Local regression over neighbours on an even axis, with tricube weights (Cleveland 1979).

#![expect(
    clippy::cast_precision_loss,
    reason = "positions in a series are far below 2^52"
)]

use std::ops::Range;

use crate::dot::dot;

/// One smoother.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loess {
    /// Neighbours that are looked at.
    pub(super) window: usize,
    /// A line (or else a constant) is fitted.
    pub(super) line: bool,
    /// Every such position is computed, those between are joined by lines.
    pub(super) jump: usize,
}

/// Smooths `values` into `smoothed`. Where no neighbour has weight (a long hole), the line between the nearest fits stands; without any
/// fit, the values themselves.
pub(super) fn smooth(values: &[f64], weights: Option<&[f64]>, loess: &Loess, smoothed: &mut [f64]) {
    let n = values.len();
    if n < 2 {
        smoothed.copy_from_slice(values);
        return;
    }
    let jump = loess.jump.min(n - 1);
    let mut kernel = Kernel::default();
    let mut fit = |position: usize| {
        let neighbours = neighbours(n, loess.window, position);
        let fitted = match weights {
            None => Some(kernel.apply(values, loess, position, neighbours.clone())),
            Some(_) => at(
                values,
                weights,
                loess,
                position.cast_signed(),
                neighbours.clone(),
            ),
        };
        fitted.unwrap_or(f64::NAN)
    };
    let mut last = 0;
    smoothed[0] = fit(0);
    while last < n - 1 {
        let next = (last + jump).min(n - 1);
        smoothed[next] = fit(next);
        let step = (smoothed[next] - smoothed[last]) / (next - last) as f64;
        for between in last + 1..next {
            smoothed[between] = smoothed[last] + step * (between - last) as f64;
        }
        last = next;
    }
    if smoothed.iter().any(|x| x.is_nan()) {
        bridge(smoothed, values);
    }
}

/// Bridges NaN by lines, and carries the first and last value outwards.
fn bridge(smoothed: &mut [f64], values: &[f64]) {
    let Some(first) = smoothed.iter().position(|x| !x.is_nan()) else {
        smoothed.copy_from_slice(values);
        return;
    };
    let start = smoothed[first];
    smoothed[..first].fill(start);
    let mut last = first;
    for at in first + 1..smoothed.len() {
        if smoothed[at].is_nan() {
            continue;
        }
        let step = (smoothed[at] - smoothed[last]) / (at - last) as f64;
        let from = smoothed[last];
        for (ahead, between) in smoothed[last..at].iter_mut().enumerate() {
            *between = from + step * ahead as f64;
        }
        last = at;
    }
    let end = smoothed[last];
    smoothed[last + 1..].fill(end);
}

/// The window around a position, moved inside the series.
fn neighbours(n: usize, window: usize, position: usize) -> Range<usize> {
    if window >= n {
        return 0..n;
    }
    let first = position.saturating_sub(window / 2).min(n - window);
    first..first + window
}

/// The regression of `values` over `neighbours`, at a position that may lie beside them; `None` when no neighbour has weight.
pub(super) fn at(
    values: &[f64],
    weights: Option<&[f64]>,
    loess: &Loess,
    position: isize,
    neighbours: Range<usize>,
) -> Option<f64> {
    let mut kernel = tricube(loess, values.len(), position, &neighbours);
    if let Some(weights) = weights {
        for (k, w) in kernel.iter_mut().zip(&weights[neighbours.clone()]) {
            *k *= w;
        }
    }
    let sum: f64 = kernel.iter().sum();
    if sum <= 0.0 {
        return None;
    }
    for k in &mut kernel {
        *k /= sum;
    }
    if loess.line {
        tilt(&mut kernel, values.len(), position, &neighbours);
    }
    Some(dot(&kernel, &values[neighbours]))
}

/// `(1 − (d / h)³)³` for each neighbour at distance d, where h reaches the farther end of the neighbours, and beyond it when the window
/// is longer than the series.
fn tricube(loess: &Loess, n: usize, position: isize, neighbours: &Range<usize>) -> Vec<f64> {
    let position = position as f64;
    let first = neighbours.start as f64;
    let last = (neighbours.end - 1) as f64;
    let mut reach = (position - first).max(last - position);
    if loess.window > n {
        reach += ((loess.window - n) / 2) as f64;
    }
    neighbours
        .clone()
        .map(|neighbour| {
            let distance = (neighbour as f64 - position).abs();
            if distance > 0.999 * reach {
                0.0
            } else if distance <= 0.001 * reach {
                1.0
            } else {
                (1.0 - (distance / reach).powi(3)).powi(3)
            }
        })
        .collect()
}

/// Turns the weights of a local mean into those of a local line.
fn tilt(kernel: &mut [f64], n: usize, position: isize, neighbours: &Range<usize>) {
    let start = neighbours.start as f64;
    let centre: f64 = kernel
        .iter()
        .enumerate()
        .map(|(at, k)| k * (start + at as f64))
        .sum();
    let spread: f64 = kernel
        .iter()
        .enumerate()
        .map(|(at, k)| k * (start + at as f64 - centre).powi(2))
        .sum();
    // Neighbours that are nearly at one place hold no slope.
    if spread.sqrt() > 0.001 * (n as f64 - 1.0) {
        let slope = (position as f64 - centre) / spread;
        for (at, k) in kernel.iter_mut().enumerate() {
            *k *= slope * (start + at as f64 - centre) + 1.0;
        }
    }
}

/// Without weights of its own, a regression depends only on where the position lies among its neighbours: in the middle of a series that
/// is the same everywhere.
#[derive(Default)]
struct Kernel {
    place: Option<usize>,
    weights: Vec<f64>,
}

impl Kernel {
    fn apply(
        &mut self,
        values: &[f64],
        loess: &Loess,
        position: usize,
        neighbours: Range<usize>,
    ) -> f64 {
        let place = position - neighbours.start;
        if self.place != Some(place) {
            self.place = Some(place);
            self.weights = tricube(loess, values.len(), position.cast_signed(), &neighbours);
            let sum: f64 = self.weights.iter().sum();
            for k in &mut self.weights {
                *k /= sum;
            }
            if loess.line {
                tilt(
                    &mut self.weights,
                    values.len(),
                    position.cast_signed(),
                    &neighbours,
                );
            }
        }
        dot(&self.weights, &values[neighbours])
    }
}
