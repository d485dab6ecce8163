//! Which past periods a period is compared with, and in which season of it each lies.
#![expect(clippy::cast_precision_loss, reason = "weeks are few")]

use super::{FarringtonParameters, known, log};

/// The past periods of one period, old to new.
pub(super) struct Baseline {
    pub(super) counts: Vec<f64>,
    /// Periods before the current one, negative.
    pub(super) times: Vec<f64>,
    /// 0 is the current season, that of the windows; the others follow a window in order.
    pub(super) seasons: Vec<usize>,
    pub(super) offsets: Option<Vec<f64>>,
}

impl Baseline {
    /// None when the series does not reach back to the oldest window, or no period of the current season is known.
    pub(super) fn of(
        counts: &[f64],
        population: Option<&[f64]>,
        now: usize,
        parameters: &FarringtonParameters,
    ) -> Option<Self> {
        let reference =
            |year: usize| now.checked_sub(whole(year as f64 * parameters.periods_per_year));
        let oldest = reference(parameters.years)?.checked_sub(parameters.half_window)?;
        let mut season = vec![None; now - oldest];
        for year in 1..=parameters.years {
            let (then, next) = (reference(year)?, reference(year - 1)?);
            mark(&mut season, then - oldest, next - oldest, parameters);
        }
        for level in season.iter_mut().rev().take(parameters.recent_left_out) {
            *level = None;
        }

        let mut baseline = Self {
            counts: Vec::new(),
            times: Vec::new(),
            seasons: Vec::new(),
            offsets: population.map(|_| Vec::new()),
        };
        for (period, level) in (oldest..now).zip(season) {
            let (Some(level), Some(count)) = (level, known(counts[period])) else {
                continue;
            };
            if let (Some(population), Some(offsets)) = (population, &mut baseline.offsets) {
                let Some(offset) = log(population[period]) else {
                    continue;
                };
                offsets.push(offset);
            }
            baseline.counts.push(count);
            baseline.times.push(-((now - period) as f64));
            baseline.seasons.push(level);
        }
        baseline.seasons.contains(&0).then_some(baseline)
    }
}

/// Marks the window around `then` as season 0, and shares the periods up to the window around `next` (a year later) among the
/// other seasons, the first ones taking what does not divide.
fn mark(season: &mut [Option<usize>], then: usize, next: usize, parameters: &FarringtonParameters) {
    let half = parameters.half_window;
    let after = then + half + 1;
    let window = then - half.min(then)..after.min(season.len());
    season[window].fill(Some(0));
    let others = parameters.seasons - 1;
    let end = next
        .saturating_sub(half)
        .clamp(after, season.len().max(after));
    let gap = end - after;
    let mut start = after;
    for level in 1..=others {
        let stop = start + gap / others + usize::from(level <= gap % others);
        season[start..stop].fill(Some(level));
        start = stop;
    }
    // The periods just before the next reference are in its window.
    if end < next {
        season[end..next].fill(Some(0));
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 100 years of 1000 periods, checked"
)]
fn whole(periods: f64) -> usize {
    periods.round() as usize
}
