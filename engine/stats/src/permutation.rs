//! How rare a value is among values that chance gave.
#![expect(
    clippy::cast_precision_loss,
    reason = "permutations are far fewer than 2^53"
)]

/// What counts as at least as extreme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    /// Either end, each chance counted: twice the smaller end.
    #[default]
    TwoSided,
    /// The end on which the value lies. Half of what it should be when that end was not chosen before; it is here because
    /// other programs (`esda` up to 2.5, `GeoDa`) report it.
    Directed,
}

/// The p-value of a value that is reached or exceeded by `at_least` of `permutations` values, and reached from above by
/// `at_most`; the value itself counts as one more permutation, so the smallest answer is `1 / (permutations + 1)`.
pub(crate) fn p_value(
    alternative: Alternative,
    at_least: usize,
    at_most: usize,
    permutations: usize,
) -> f64 {
    let all = (permutations + 1) as f64;
    match alternative {
        Alternative::TwoSided => (2.0 * (at_least.min(at_most) + 1) as f64 / all).min(1.0),
        Alternative::Directed => (at_least.min(permutations - at_least) + 1) as f64 / all,
    }
}
