//! Many tests at once: the false discovery rate of Benjamini and Hochberg.
#![expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^53")]

#[cfg(test)]
mod tests;

/// Below this many p-values a comparison sort is the faster one.
const FEW: usize = 4096;

/// How many p-values share a bucket when they are spread evenly.
const PER_BUCKET: usize = 16;

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
/// `None`, NaN and values outside 0 to 1 are not tests: they stay `None` and leave `m`. Cost: O(m log m), about linear in practice.
///
/// ```
/// let adjusted = citybrain_stats::fdr::benjamini_hochberg(&[Some(0.01), None, Some(0.04), Some(0.03)]);
/// assert_eq!(adjusted.tested, 3);
/// assert_eq!(adjusted.q, [Some(0.03), None, Some(0.04), Some(0.04)]);
/// ```
pub fn benjamini_hochberg(p: &[Option<f64>]) -> Adjusted {
    let column: Vec<f64> = p.iter().map(|p| p.unwrap_or(f64::NAN)).collect();
    let (q, tested) = adjust(&column);
    let q = q.into_iter().map(|q| (!q.is_nan()).then_some(q)).collect();
    Adjusted { q, tested }
}

/// [`benjamini_hochberg`] on a column where NaN says "not tested", as in its answer; also the number of tests.
pub(crate) fn adjust(p: &[f64]) -> (Vec<f64>, usize) {
    let mut ordered = in_order(p);
    let tested = ordered.len();
    let mut q = vec![f64::NAN; p.len()];
    let mut smallest = 1.0_f64;
    let family = tested as f64;
    for (rank, &mut (p, at)) in ordered.iter_mut().enumerate().rev() {
        smallest = smallest.min(family * p / (rank + 1) as f64);
        q[at] = smallest;
    }
    (q, tested)
}

/// The valid p-values, ascending, each with its place.
///
/// They lie between 0 and 1, so one pass puts each into a bucket of its value and only buckets are sorted.
fn in_order(p: &[f64]) -> Vec<(f64, usize)> {
    let valid = |p: f64| (0.0..=1.0).contains(&p);
    let places = p
        .iter()
        .enumerate()
        .filter(|&(_, &p)| valid(p))
        .map(|(at, &p)| (p, at));
    if p.len() < FEW {
        let mut ordered: Vec<_> = places.collect();
        sort(&mut ordered);
        return ordered;
    }

    let buckets = p.len() / PER_BUCKET;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "p is not negative, and the cast keeps within the number of buckets"
    )]
    let bucket = |p: f64| ((p * buckets as f64) as usize).min(buckets - 1);
    let mut ends = vec![0_usize; buckets];
    for (p, _) in places.clone() {
        ends[bucket(p)] += 1;
    }
    let mut before = 0;
    for end in &mut ends {
        before += std::mem::replace(end, before);
    }

    let mut ordered = vec![(0.0, 0); before];
    for (p, at) in places {
        let end = &mut ends[bucket(p)];
        ordered[*end] = (p, at);
        *end += 1;
    }
    let mut start = 0;
    for end in ends {
        sort(&mut ordered[start..end]);
        start = end;
    }
    ordered
}

fn sort(places: &mut [(f64, usize)]) {
    places.sort_unstable_by(|(left, _), (right, _)| left.total_cmp(right));
}
