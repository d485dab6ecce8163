//! Lines of a spectrum against the lines beside them.

#![expect(
    clippy::cast_precision_loss,
    reason = "lines of a spectrum are far fewer than 2^52"
)]

use statrs::function::gamma::checked_gamma_ur;

/// From so many lines on, the background is their median: single foreign lines then do not lift it.
const MEDIAN_FROM: usize = 12;

/// What the median of exponential lines knows, as a share of what their mean knows: 1 / (m ln² 2) against 1 / m.
const MEDIAN_EFFICIENCY: f64 = std::f64::consts::LN_2 * std::f64::consts::LN_2;

/// Chance of such a line or a higher one beside this background, when all are exponential with one mean; `None` without background.
///
/// With the mean b of m lines, `P(I > x) = (1 + x / (b m))^(−m)` exactly.
pub(super) fn line_p(line: f64, background: &mut [f64]) -> Option<f64> {
    let count = background.len();
    let (level, lines) = if count >= MEDIAN_FROM {
        let (_, &mut upper, _) = background.select_nth_unstable_by(count / 2, f64::total_cmp);
        let median = if count.is_multiple_of(2) {
            let lower = background[..count / 2]
                .iter()
                .copied()
                .fold(f64::NEG_INFINITY, f64::max);
            f64::midpoint(lower, upper)
        } else {
            upper
        };
        (
            median / std::f64::consts::LN_2,
            count as f64 * MEDIAN_EFFICIENCY,
        )
    } else {
        (background.iter().sum::<f64>() / count as f64, count as f64)
    };
    if !(level > 0.0 && line.is_finite()) {
        return None;
    }
    Some((-lines * (line / level / lines).ln_1p()).exp())
}

/// Independent p-values as one (Fisher 1932): `Q(H, −Σ ln p)`.
pub(super) fn together(p: &[f64]) -> Option<f64> {
    if p.is_empty() {
        return None;
    }
    let sum: f64 = p.iter().map(|p| -p.max(1e-300).ln()).sum();
    if sum <= 0.0 {
        return Some(1.0);
    }
    checked_gamma_ur(p.len() as f64, sum).ok()
}

/// Numbers of the lines beside line `at`, nearest first, up to `most`: positive, below half a cycle per bin, not `is_taken`.
pub(super) fn beside(
    at: f64,
    highest: f64,
    reach: usize,
    most: usize,
    is_taken: impl Fn(f64) -> bool,
) -> Vec<f64> {
    (1..=reach)
        .flat_map(|offset| [at - offset as f64, at + offset as f64])
        .filter(|&line| line >= 0.75 && line <= highest && !is_taken(line))
        .take(most)
        .collect()
}

/// How far a line is from the nearest multiple of `step`.
pub(super) fn from_multiple(line: f64, step: f64) -> f64 {
    (line - (line / step).round() * step).abs()
}
