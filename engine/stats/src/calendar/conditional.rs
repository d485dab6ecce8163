//! Exact tests of one count given the sum of two.

use statrs::function::gamma::ln_gamma;

/// Twice the smaller tail, at most 1, of `observed` out of `total`: binomial with chance `share`, or beta-binomial with
/// α = share · weight, β = (1 − share) · weight when the weight is finite. Counts are whole numbers.
pub(super) fn two_sided(observed: f64, total: f64, share: f64, weight: f64) -> f64 {
    if total <= 0.0 || !(share > 0.0 && share < 1.0) {
        return 1.0;
    }
    let tail = if observed >= total * share {
        upper(observed, total, share, weight)
    } else {
        // The other count is then in its upper tail.
        upper(total - observed, total, 1.0 - share, weight)
    };
    (2.0 * tail).min(1.0)
}

/// `P(X ≥ observed)` where that is at or above the mean, so that terms get smaller soon.
fn upper(observed: f64, total: f64, share: f64, weight: f64) -> f64 {
    let (alpha, beta) = (share * weight, (1.0 - share) * weight);
    let is_binomial = !weight.is_finite();
    let mut term = if is_binomial {
        ln_choose(total, observed) + observed * share.ln() + (total - observed) * (-share).ln_1p()
    } else {
        ln_choose(total, observed) + ln_beta(observed + alpha, total - observed + beta)
            - ln_beta(alpha, beta)
    }
    .exp();
    let (mut sum, mut count) = (0.0, observed);
    while count <= total {
        sum += term;
        let step = if is_binomial {
            share / (1.0 - share)
        } else {
            (count + alpha) / (total - count - 1.0 + beta)
        };
        let next = term * step * (total - count) / (count + 1.0);
        if next < term && next < 1e-17 * sum {
            break;
        }
        term = next;
        count += 1.0;
    }
    sum.min(1.0)
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}
