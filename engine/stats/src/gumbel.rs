//! How rare the highest of many scores is, beyond what the number of replicates can tell.
#![expect(clippy::cast_precision_loss, reason = "replicates are few")]

/// Euler's constant, the mean of the standard Gumbel distribution.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Replicates from which the moments of a Gumbel distribution are worth something.
const REPLICATES_MIN: usize = 30;

/// Probability of a maximum of `score` or more where those of replicates without an effect were `maxima`, by a Gumbel distribution of the
/// same mean and variance (Abrams, Kulldorff & Kleinman 2010). `None` for fewer than 30 maxima, or equal ones.
pub(crate) fn gumbel(score: f64, maxima: &[f64]) -> Option<f64> {
    if maxima.len() < REPLICATES_MIN {
        return None;
    }
    let number = maxima.len() as f64;
    let mean = maxima.iter().sum::<f64>() / number;
    let squares: f64 = maxima.iter().map(|score| (score - mean).powi(2)).sum();
    let scale = (squares / (number - 1.0) * 6.0).sqrt() / std::f64::consts::PI;
    let standard = (score - (mean - EULER * scale)) / scale;
    // 1 − exp(−x) without loss for tiny x; at least the smallest number, since no finite score is impossible.
    let p = -(-(-standard).exp()).exp_m1();
    (scale > 0.0).then(|| p.max(f64::MIN_POSITIVE))
}
