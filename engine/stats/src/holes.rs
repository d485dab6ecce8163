//! What looks like change but is the export: months that were not exported, categories that came into use, went out of it, or were renamed.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of bins are far below 2^52"
)]

use std::ops::Range;

/// What counts as a hole of an export.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoleOptions {
    /// Bins of a cycle that the total has anyway: 7 for days, 12 for months, 1 for none (default). A bin is compared with others at its
    /// place in the cycle, so that Sundays are no holes.
    pub season: usize,
    /// A bin may be in a hole when it has less than this share of the upper quartile of its place. Default 0.35.
    pub share: f64,
    /// A run of such bins is a hole when the bins beside it have at least this many times its counts. Default 2. Slow growth has no such
    /// step.
    pub step: f64,
}

impl Default for HoleOptions {
    fn default() -> Self {
        Self {
            season: 1,
            share: 0.35,
            step: 2.0,
        }
    }
}

/// Why holes were not looked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} is {value}, but must be {rule}")]
pub struct HoleError {
    /// The option.
    pub field: &'static str,
    /// What it was.
    pub value: f64,
    /// What it must be.
    pub rule: &'static str,
}

/// Runs of bins in which the *total* of an export is too low to be quiet times: candidates for the holes of a
/// [`crate::timeline::Timeline`].
///
/// A bin is low when its count is missing or below `share` times the upper quartile of the counts at its place in the cycle. A run of low
/// bins is a hole when at each of its ends that is not an end of the series the median of up to three bins beyond is at least `step` times
/// the median of up to three bins within. Missing bins are always in a hole. A rule, not a test: it has no error probability.
///
/// # Errors
/// A season of 0, a share that is not inside 0 … 1, a step below 1.
pub fn export_holes(totals: &[f64], options: HoleOptions) -> Result<Vec<Range<usize>>, HoleError> {
    let rule = |field, value, rule, holds: bool| {
        if holds {
            Ok(())
        } else {
            Err(HoleError { field, value, rule })
        }
    };
    rule(
        "season",
        options.season as f64,
        "at least 1",
        options.season >= 1,
    )?;
    let is_share = options.share > 0.0 && options.share < 1.0;
    rule("share", options.share, "inside 0 … 1", is_share)?;
    rule("step", options.step, "at least 1", options.step >= 1.0)?;

    let usual: Vec<f64> = (0..options.season)
        .map(|place| {
            let mut there: Vec<f64> = totals
                .iter()
                .skip(place)
                .step_by(options.season)
                .copied()
                .filter(|x| x.is_finite())
                .collect();
            there.sort_by(f64::total_cmp);
            there.get(3 * there.len() / 4).copied().unwrap_or(0.0)
        })
        .collect();
    // Shares of the usual: places of the cycle can then be compared.
    let shares: Vec<f64> = totals
        .iter()
        .enumerate()
        .map(|(at, total)| {
            let usual = usual[at % options.season];
            if usual > 0.0 { total / usual } else { 1.0 }
        })
        .collect();
    let is_low = |at: usize| shares[at].is_nan() || shares[at] < options.share;
    Ok(runs(shares.len(), is_low)
        .into_iter()
        .flat_map(|run| {
            let is_step = |beyond: Range<usize>, within: Range<usize>| {
                let (beyond, within) = (median(&shares[beyond]), median(&shares[within]));
                match (beyond, within) {
                    (None, _) | (_, None) => true,
                    (Some(beyond), Some(within)) => beyond >= options.step * within,
                }
            };
            let first = run.start..(run.start + 3).min(run.end);
            let last = run.end.saturating_sub(3).max(run.start)..run.end;
            let is_hole = is_step(run.start.saturating_sub(3)..run.start, first)
                && is_step(run.end..(run.end + 3).min(shares.len()), last);
            if is_hole {
                vec![run]
            } else {
                let start = run.start;
                runs(run.len(), |at| shares[start + at].is_nan())
                    .into_iter()
                    .map(|missing| start + missing.start..start + missing.end)
                    .collect()
            }
        })
        .collect())
}

/// The bins in which a category was in use: without a run of zeros at the beginning or end that is improbable for it. Outside, zeros are
/// vocabulary, not a trend.
///
/// A run of L zeros is improbable when it is more than one and a half times as long as every run of zeros inside (a season's category is
/// quiet for long every year) and `P₀^L ≤ 1e-6`, where P₀ is the chance of a zero in a negative binomial count with mean and variance of
/// the bins that are left. Missing bins (NaN) take no part. Empty (0..0) when the category has no count.
pub fn in_use(counts: &[f64]) -> Range<usize> {
    let is_used = |count: &f64| *count > 0.0;
    let (Some(first), Some(last)) = (
        counts.iter().position(is_used),
        counts.iter().rposition(is_used),
    ) else {
        return 0..0;
    };
    let used = &counts[first..=last];
    let present: Vec<f64> = used.iter().copied().filter(|x| x.is_finite()).collect();
    let n = present.len() as f64;
    let mean = present.iter().sum::<f64>() / n;
    let variance = present.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let zero_ln = if variance > mean {
        let size = mean * mean / (variance - mean);
        size * (mean / variance).ln()
    } else {
        -mean
    };
    let longest = runs(used.len(), |at| used[at] <= 0.0)
        .iter()
        .map(ExactSizeIterator::len)
        .max()
        .unwrap_or(0);
    let is_improbable = |zeros: &[f64]| {
        let zeros = zeros.iter().filter(|x| x.is_finite()).count() as f64;
        zeros > 1.5 * longest as f64 && zeros * zero_ln <= 1e-6_f64.ln()
    };
    let start = if is_improbable(&counts[..first]) {
        first
    } else {
        0
    };
    let end = if is_improbable(&counts[last + 1..]) {
        last + 1
    } else {
        counts.len()
    };
    start..end
}

/// One category that took the place of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Succession {
    /// The category that went out of use.
    pub from: usize,
    /// The category that came into use.
    pub to: usize,
    /// The first bin of the new one.
    pub at: usize,
    /// Mean count after ÷ mean count before, each over up to `beside` bins.
    pub ratio: f64,
}

/// Categories that were probably renamed: one went out of use (see [`in_use`]) at most `apart` bins before or after another came into use,
/// and the means of `beside` bins before and after differ by less than a factor of two. Each category takes part once, closest ratio first.
/// The sum of both is the series to analyse. A rule for a person to confirm, not a test. `series` are counts in the same bins.
pub fn successions(series: &[&[f64]], apart: usize, beside: usize) -> Vec<Succession> {
    let used: Vec<Range<usize>> = series.iter().map(|counts| in_use(counts)).collect();
    let mean = |counts: &[f64]| {
        let n = counts.iter().filter(|x| x.is_finite()).count() as f64;
        counts.iter().filter(|x| x.is_finite()).sum::<f64>() / n
    };
    let mut found = Vec::new();
    for (from, ended) in used.iter().enumerate() {
        if ended.is_empty() || ended.end == series[from].len() {
            continue;
        }
        for (to, began) in used.iter().enumerate() {
            if from == to || began.is_empty() || began.start == 0 {
                continue;
            }
            let before =
                &series[from][ended.end.saturating_sub(beside).max(ended.start)..ended.end];
            let after = &series[to][began.start..(began.start + beside).min(began.end)];
            let ratio = mean(after) / mean(before);
            if ended.end.abs_diff(began.start) <= apart && ratio > 0.5 && ratio < 2.0 {
                found.push(Succession {
                    from,
                    to,
                    at: began.start,
                    ratio,
                });
            }
        }
    }
    found.sort_by(|a, b| {
        let order = a.ratio.ln().abs().total_cmp(&b.ratio.ln().abs());
        order.then((a.from, a.to).cmp(&(b.from, b.to)))
    });
    let mut taken = vec![(false, false); series.len()];
    found.retain(|succession| {
        let is_free = !taken[succession.from].0 && !taken[succession.to].1;
        if is_free {
            taken[succession.from].0 = true;
            taken[succession.to].1 = true;
        }
        is_free
    });
    found
}

/// Maximal runs of bins with a property.
fn runs(len: usize, is_in: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in (0..len).filter(|&at| is_in(at)) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The lower median of what is there.
fn median(values: &[f64]) -> Option<f64> {
    let mut there: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    there.sort_by(f64::total_cmp);
    there.get(there.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests;
