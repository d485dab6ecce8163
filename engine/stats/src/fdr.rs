//! Many tests at once: the false discovery rate of Benjamini and Hochberg.
#![expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^53")]

#[cfg(test)]
mod tests;

/// p-values adjusted for how many there are; see [`benjamini_hochberg`].
#[derive(Debug, Clone, PartialEq)]
pub struct Adjusted {
    /// The q-value of each p-value, in the order given; `None` where nothing was tested.
    pub q: Vec<Option<f64>>,
    /// `m`, the number of tests in the family: the p-values that are not `None`.
    pub tested: usize,
}

/// The q-value of each p-value: the smallest false discovery rate at which its test is rejected.
///
/// With the p-values of the family in order, `q_(i) = min over j ≥ i of min(1, m p_(j) / j)` (Benjamini and Hochberg 1995, in the
/// adjusted form of Yekutieli and Benjamini 1999). `q ≤ α` rejects exactly what the step-up rule
/// `k = max { i : p_(i) ≤ i α / m }` rejects. Equal p-values have equal q-values, so the answer does not depend on the order.
/// Holds under independence and under positive dependence, which is what overlapping neighbourhoods give.
///
/// `None`, NaN and values outside 0 to 1 are not tests: they stay `None` and leave `m`. Cost: O(m log m).
///
/// ```
/// let adjusted = citybrain_stats::fdr::benjamini_hochberg(&[Some(0.01), None, Some(0.04), Some(0.03)]);
/// assert_eq!(adjusted.tested, 3);
/// assert_eq!(adjusted.q, [Some(0.03), None, Some(0.04), Some(0.04)]);
/// ```
pub fn benjamini_hochberg(p: &[Option<f64>]) -> Adjusted {
    benjamini_hochberg_beside(p, 0)
}

/// [`benjamini_hochberg`] where `certain` more tests of the family are not listed because their p-value is 1: series that are quiet
/// on a day count as tests, or the others' q-values would be too small.
pub fn benjamini_hochberg_beside(p: &[Option<f64>], certain: usize) -> Adjusted {
    let column: Vec<f64> = p.iter().map(|p| p.unwrap_or(f64::NAN)).collect();
    let (q, tested) = adjust_beside(&column, certain);
    let q = q.into_iter().map(|q| (!q.is_nan()).then_some(q)).collect();
    Adjusted { q, tested }
}

/// [`benjamini_hochberg`] on a column where NaN says "not tested", as in its answer; also the number of tests.
pub(crate) fn adjust(p: &[f64]) -> (Vec<f64>, usize) {
    adjust_beside(p, 0)
}

/// [`adjust`] where `certain` more p-values are 1.
fn adjust_beside(p: &[f64], certain: usize) -> (Vec<f64>, usize) {
    // Bits of floats that are not negative are in the order of the floats; with the place behind them one number is sorted.
    let valid = p
        .iter()
        .enumerate()
        .filter(|(_, p)| (0.0..=1.0).contains(*p));
    let mut ordered: Vec<u128> = valid
        .map(|(at, p)| (u128::from(p.abs().to_bits()) << 64) | at as u128)
        .collect();
    ordered.sort_unstable();

    let tested = ordered.len() + certain;
    let family = tested as f64;
    let mut q = vec![f64::NAN; p.len()];
    let mut smallest = 1.0_f64;
    for (rank, key) in ordered.into_iter().enumerate().rev() {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower half of the key is a place"
        )]
        let at = key as u64 as usize;
        // In this order of operations the last q is its p, and none is below its p.
        smallest = smallest.min(p[at].abs() * (family / (rank + 1) as f64));
        q[at] = smallest;
    }
    (q, tested)
}

/// [`adjust`] for p-values from 0 to 1 of which each stands for as many equal ones as `counts` says.
pub(crate) fn adjust_repeated(p: &[f64], counts: &[usize]) -> (Vec<f64>, usize) {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_unstable_by(|&a, &b| p[a].total_cmp(&p[b]));
    let tested = counts.iter().sum();
    let family = tested as f64;
    let mut q = vec![1.0; p.len()];
    let (mut rank, mut smallest) = (tested, 1.0_f64);
    for &at in order.iter().rev() {
        smallest = smallest.min(p[at] * (family / rank as f64));
        q[at] = smallest;
        rank -= counts[at];
    }
    (q, tested)
}
