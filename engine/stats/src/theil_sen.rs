//! The slope of a series that a few wild values cannot change: Theil and Sen.
#![expect(clippy::cast_precision_loss, reason = "slices are far fewer than 2^53")]

#[cfg(test)]
mod tests;

/// Up to this length all slopes are held at once: two million numbers.
const ALL_SLOPES: usize = 2048;

/// The median of `(x_j − x_i) / (t_j − t_i)` over all pairs `i < j` (Theil 1950, Sen 1968), in units of x for each step of time;
/// for an even number of pairs the mean of the two in the middle.
///
/// `series` has one value for each step; what is not finite is missing, and the steps between its neighbours still count.
/// `None` for fewer than two values.
///
/// Cost: O(n²); beyond 2048 values O(n log n) for each binary digit of the answer, which is then exact to 10⁻¹² of the largest
/// value in size.
pub fn median_slope(series: &[f64]) -> Option<f64> {
    let points: Vec<(f64, f64)> = points(series).collect();
    Slopes::default().median(&points)
}

/// The values that are not missing, each with its step.
pub(crate) fn points(series: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    let points = series
        .iter()
        .enumerate()
        .map(|(step, &value)| (step as f64, value));
    points.filter(|(_, value)| value.is_finite())
}

/// Memory for slopes, used again for the next series.
#[derive(Debug, Default)]
pub(crate) struct Slopes {
    rising: Signed,
    falling: Signed,
}

/// Slopes of one sign.
#[derive(Debug, Default)]
struct Signed {
    /// The slopes, then memory that is free.
    slopes: Vec<f64>,
    count: usize,
}

impl Slopes {
    /// The median slope of points with ascending steps.
    pub(crate) fn median(&mut self, points: &[(f64, f64)]) -> Option<f64> {
        if points.len() > ALL_SLOPES {
            return Some(by_counting(points));
        }
        self.median_of_sets(&[points])
    }

    /// The median slope within each of several sets of points, taken together.
    pub(crate) fn median_of_sets<P: AsRef<[(f64, f64)]>>(&mut self, sets: &[P]) -> Option<f64> {
        let pairs = sets.iter().map(|points| pairs(points.as_ref())).sum();
        self.rising.clear(pairs);
        self.falling.clear(pairs);
        for points in sets {
            self.push(points.as_ref());
        }
        self.median_of_pairs(pairs)
    }

    /// Slopes that are not zero, by sign: most slopes between counts of a quiet place are zero and need no order.
    fn push(&mut self, points: &[(f64, f64)]) {
        for (i, &(step, value)) in points.iter().enumerate() {
            for &(later, other) in &points[i + 1..] {
                let slope = (other - value) / (later - step);
                self.rising.keep_if(slope, slope > 0.0);
                self.falling.keep_if(slope, slope < 0.0);
            }
        }
    }

    fn median_of_pairs(&mut self, pairs: usize) -> Option<f64> {
        if pairs == 0 {
            return None;
        }
        let (lower, upper) = ((pairs - 1) / 2, pairs / 2);
        let upper_slope = self.nth(upper, pairs);
        let lower_slope = if lower == upper {
            upper_slope
        } else {
            self.nth(lower, pairs)
        };
        Some(f64::midpoint(lower_slope, upper_slope))
    }

    /// The slope at a place of the order: falling ones, level ones, rising ones.
    fn nth(&mut self, at: usize, pairs: usize) -> f64 {
        let level = pairs - self.rising.count;
        if at < self.falling.count {
            self.falling.nth(at)
        } else if at < level {
            0.0
        } else {
            self.rising.nth(at - level)
        }
    }
}

impl Signed {
    fn clear(&mut self, most: usize) {
        self.count = 0;
        // One more: when all are kept there is still a place to write to.
        if self.slopes.len() <= most {
            self.slopes.resize(most + 1, 0.0);
        }
    }

    /// Writes always and counts if it is to be kept: which sign a slope has cannot be foretold, so a branch would be slow.
    fn keep_if(&mut self, slope: f64, keep: bool) {
        self.slopes[self.count] = slope;
        self.count += usize::from(keep);
    }

    fn nth(&mut self, at: usize) -> f64 {
        *self.slopes[..self.count]
            .select_nth_unstable_by(at, f64::total_cmp)
            .1
    }
}

fn pairs<T>(points: &[T]) -> usize {
    points.len() * points.len().saturating_sub(1) / 2
}

/// The median by halving the range of slopes: how many are at most `b` is how many pairs `x − b t` does not rise over.
fn by_counting(points: &[(f64, f64)]) -> f64 {
    let pairs = pairs(points);
    let nth = |at: usize| {
        let slopes = points
            .windows(2)
            .map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0));
        // A slope between points far apart is a mean of slopes between adjacent ones.
        let (mut low, mut high) = slopes
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), b| {
                (low.min(b), high.max(b))
            });
        if pairs_up_to(points, 0.0) > at && pairs_below(points, 0.0) <= at {
            return 0.0;
        }
        while low < high {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if pairs_up_to(points, middle) > at {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    };
    let (lower, upper) = ((pairs - 1) / 2, pairs / 2);
    let first = nth(lower);
    if upper == lower {
        first
    } else {
        f64::midpoint(first, nth(upper))
    }
}

/// How many pairs have a slope of at most `b`.
fn pairs_up_to(points: &[(f64, f64)], b: f64) -> usize {
    let mut levels: Vec<f64> = points
        .iter()
        .map(|(step, value)| b * step - value)
        .collect();
    // Slope at most b: the level b t − x does not fall.
    pairs(&levels) - inversions(&mut levels)
}

/// How many pairs have a slope below `b`.
fn pairs_below(points: &[(f64, f64)], b: f64) -> usize {
    inversions(
        &mut points
            .iter()
            .map(|(step, value)| value - b * step)
            .collect::<Vec<f64>>(),
    )
}

/// How many pairs fall, `x_i > x_j` for `i < j`; sorts the values. Merge sort, O(n log n).
pub(crate) fn inversions(values: &mut [f64]) -> usize {
    let mut spare = values.to_vec();
    sort_and_count(values, &mut spare)
}

fn sort_and_count(values: &mut [f64], spare: &mut [f64]) -> usize {
    let half = values.len() / 2;
    if half == 0 {
        return 0;
    }
    let (left, right) = values.split_at_mut(half);
    let (spare_left, spare_right) = spare.split_at_mut(half);
    let mut count = sort_and_count(left, spare_left) + sort_and_count(right, spare_right);
    let (mut i, mut j) = (0, 0);
    for place in spare.iter_mut() {
        let from_right = i == left.len() || (j < right.len() && right[j] < left[i]);
        if from_right {
            *place = right[j];
            j += 1;
            count += left.len() - i;
        } else {
            *place = left[i];
            i += 1;
        }
    }
    values.copy_from_slice(spare);
    count
}
