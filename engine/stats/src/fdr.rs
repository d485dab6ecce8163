//! Many tests at once: the false discovery rate of Benjamini and Hochberg.
#![expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^53")]

#[cfg(test)]
mod tests;

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
///
/// p-values lie between 0 and 1, so one pass puts each into a bucket of its value and only buckets are sorted. Bits of floats that
/// are not negative are in the order of the floats.
pub(crate) fn adjust(p: &[f64]) -> (Vec<f64>, usize) {
    let valid = |p: f64| (0.0..=1.0).contains(&p).then(|| p.abs());
    let buckets = (p.len() / PER_BUCKET).max(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "p is not negative, and the cast keeps within the number of buckets"
    )]
    let bucket = |p: f64| ((p * buckets as f64) as usize).min(buckets - 1);

    let mut starts = vec![0_usize; buckets + 2];
    for p in p.iter().filter_map(|&p| valid(p)) {
        starts[bucket(p) + 2] += 1;
    }
    for at in 2..starts.len() {
        starts[at] += starts[at - 1];
    }
    let tested = starts[buckets + 1];
    let mut ordered = vec![0_u64; tested];
    for p in p.iter().filter_map(|&p| valid(p)) {
        // A bucket is filled by moving the start of the next one, so in the end each start is where it belongs.
        let place = &mut starts[bucket(p) + 1];
        ordered[*place] = p.to_bits();
        *place += 1;
    }
    for ends in starts[..=buckets].windows(2) {
        ordered[ends[0]..ends[1]].sort_unstable();
    }

    let family = tested as f64;
    let mut smallest = 1.0_f64;
    let mut adjusted = vec![1.0; tested];
    for (rank, (q, &bits)) in adjusted.iter_mut().zip(&ordered).enumerate().rev() {
        // In this order of operations the last q is its p, and none is below its p.
        smallest = smallest.min(f64::from_bits(bits) * (family / (rank + 1) as f64));
        *q = smallest;
    }
    let q = |&p: &f64| {
        let p = valid(p)?;
        let (start, end) = (starts[bucket(p)], starts[bucket(p) + 1]);
        let before = ordered[start..end].partition_point(|&other| other < p.to_bits());
        Some(adjusted[start + before])
    };
    (p.iter().map(|p| q(p).unwrap_or(f64::NAN)).collect(), tested)
}
