//! How a place came to be hot or cold: the seventeen classes of emerging hot spots.

use crate::mann_kendall::{Trend, TrendTest, mann_kendall_of_cells};
use crate::parameter::{ParameterError, require};
use crate::significance::{Confidence, Scores};
use crate::space_time::{Cube, SpaceTimeError};

#[cfg(test)]
mod tests;

/// Which text of the definition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Definition {
    /// A sporadic place is significant in the last slice.
    #[default]
    Current,
    /// The text of `ArcMap` and early `ArcGIS` Pro: a sporadic place need not be significant in the last slice.
    Classic,
}

/// What to compute of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmergingParameters {
    /// Which text of the definition holds. Default: the current one.
    pub definition: Definition,
    /// From where on a score is hot or cold, and a trend is one. Default: 90 percent.
    pub confidence: Confidence,
    /// The slices with a score that a place needs, at least 2. Default: 10.
    pub minimum_slices: usize,
    /// How the trend of the scores is tested. Default: the original test of Mann and Kendall.
    pub trend: TrendTest,
}

impl Default for EmergingParameters {
    fn default() -> Self {
        Self {
            definition: Definition::default(),
            confidence: Confidence::default(),
            minimum_slices: 10,
            trend: TrendTest::default(),
        }
    }
}

/// What happened, for a hot place; for a cold one read cold for hot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Hot in the last slice and never before.
    New,
    /// Hot in the last two slices or more without a break, never before, and in less than 90 % of all slices.
    Consecutive,
    /// Hot in 90 % of the slices and in the last, and more and more so.
    Intensifying,
    /// Hot in 90 % of the slices and in the last, without a trend.
    Persistent,
    /// Hot in 90 % of the slices and in the last, and less and less so.
    Diminishing,
    /// Hot on and off and in the last slice (classic: or not), in less than 90 % of the slices, never cold.
    Sporadic,
    /// Hot in the last slice, cold in some slice before, hot in less than 90 % of the slices.
    Oscillating,
    /// Not hot in the last slice, but in 90 % of the slices.
    Historical,
}

/// One of the seventeen classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// None of the patterns.
    NoPattern,
    /// A hot spot.
    Hot(Pattern),
    /// A cold spot.
    Cold(Pattern),
}

impl Class {
    /// 0 for no pattern, 1 to 8 for hot spots, 9 to 16 for cold spots, in the order of [`Pattern`].
    pub fn code(self) -> u8 {
        match self {
            Self::NoPattern => 0,
            Self::Hot(pattern) => 1 + pattern as u8,
            Self::Cold(pattern) => 9 + pattern as u8,
        }
    }
}

/// The history of a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emerging {
    /// The class; `None` if there are too few slices with a score, or none in the last slice: what is not known now
    /// is neither new nor over.
    pub class: Option<Class>,
    /// Slices with a score.
    pub valid: usize,
    /// Slices that are hot.
    pub hot: usize,
    /// Slices that are cold.
    pub cold: usize,
    /// The trend of the z scores (not of the counts).
    pub trend: Option<Trend>,
}

/// The history of each cell from its scores in a cube of `slices`, as [`space_time_getis_ord`] gives them.
///
/// The classes are those of the Emerging Hot Spot Analysis tool of `ArcGIS`, decided in the order of its table: new,
/// consecutive, one of intensifying, diminishing and persistent, then sporadic or oscillating, all for a last slice that is hot
/// or cold; else historical, and in the classic reading sporadic. When a hot and a cold class fit, the one of the last slice
/// holds. A trend is significant for p ≤ α of the `confidence`.
///
/// Slices without a score are left out of every share, and a run of hot slices ends at them.
///
/// # Errors
///
/// [`SpaceTimeError::Shape`] if the scores are not rows of `slices`, [`SpaceTimeError::Parameter`] for a minimum below 2 or
/// a period of the trend below 2.
///
/// [`space_time_getis_ord`]: crate::space_time::space_time_getis_ord
pub fn emerging(
    scores: &Scores,
    slices: usize,
    parameters: &EmergingParameters,
) -> Result<Vec<Emerging>, SpaceTimeError> {
    check(parameters)?;
    let cube = Cube::try_new(scores.z(), slices)?;
    let trends = mann_kendall_of_cells(cube, parameters.trend, None)?;
    let mut bins = Vec::with_capacity(slices);
    let histories = trends.into_iter().enumerate().map(|(cell, trend)| {
        bins.clear();
        bins.extend(
            (cell * slices..(cell + 1) * slices).map(|at| scores.get(at).map(|score| score.bin)),
        );
        history(&bins, trend, parameters)
    });
    Ok(histories.collect())
}

/// The history of one place: its confidence bin in each slice (−3 to 3, `None` without a score), and the trend of its z scores.
///
/// # Errors
///
/// [`ParameterError`] for a minimum below 2.
pub fn classify(
    bins: &[Option<i8>],
    trend: Option<Trend>,
    parameters: &EmergingParameters,
) -> Result<Emerging, ParameterError> {
    check(parameters)?;
    Ok(history(bins, trend, parameters))
}

fn check(parameters: &EmergingParameters) -> Result<(), ParameterError> {
    let minimum = parameters.minimum_slices;
    #[expect(clippy::cast_precision_loss, reason = "only to be shown")]
    let shown = minimum as f64;
    require(minimum >= 2, "minimum_slices", shown, "must be at least 2")
}

fn history(bins: &[Option<i8>], trend: Option<Trend>, parameters: &EmergingParameters) -> Emerging {
    let significant = trend.filter(|trend| trend.p <= parameters.confidence.alpha());
    let direction = significant.map_or(0, |trend| trend.s.signum());
    let least = parameters.confidence.bin();
    let hot = Side::of(bins, |bin| bin >= least);
    let cold = Side::of(bins, |bin| bin <= -least);
    let valid = bins.iter().flatten().count();
    let known = valid >= parameters.minimum_slices && bins.last().is_some_and(Option::is_some);
    let class = known.then(|| {
        let of_hot = || {
            hot.pattern(&cold, valid, direction, parameters.definition)
                .map(Class::Hot)
        };
        let of_cold = || {
            cold.pattern(&hot, valid, -direction, parameters.definition)
                .map(Class::Cold)
        };
        // What the place is in the last slice says more than what it was: a cold place that turns hot is a new hot spot.
        let class = if cold.run > 0 {
            of_cold().or_else(of_hot)
        } else {
            of_hot().or_else(of_cold)
        };
        class.unwrap_or(Class::NoPattern)
    });
    Emerging {
        class,
        valid,
        hot: hot.slices,
        cold: cold.slices,
        trend,
    }
}

/// When a place was hot, or when it was cold.
struct Side {
    /// How many slices.
    slices: usize,
    /// How many of them are the last ones without a break.
    run: usize,
}

impl Side {
    fn of(bins: &[Option<i8>], counts: impl Fn(i8) -> bool) -> Self {
        let counts = |bin: &&Option<i8>| bin.is_some_and(&counts);
        Self {
            slices: bins.iter().filter(counts).count(),
            run: bins.iter().rev().take_while(counts).count(),
        }
    }

    /// `direction` is 1 when the place becomes more extreme, −1 when less.
    fn pattern(
        &self,
        other: &Self,
        valid: usize,
        direction: i64,
        definition: Definition,
    ) -> Option<Pattern> {
        let nearly_always = 10 * self.slices >= 9 * valid;
        if self.run == 0 {
            let sporadic =
                definition == Definition::Classic && self.slices > 0 && other.slices == 0;
            return match (nearly_always, sporadic) {
                (true, _) => Some(Pattern::Historical),
                (false, true) => Some(Pattern::Sporadic),
                (false, false) => None,
            };
        }
        Some(match (nearly_always, direction) {
            _ if self.slices == 1 => Pattern::New,
            (false, _) if self.slices == self.run => Pattern::Consecutive,
            (true, 1) => Pattern::Intensifying,
            (true, -1) => Pattern::Diminishing,
            (true, _) => Pattern::Persistent,
            (false, _) if other.slices == 0 => Pattern::Sporadic,
            (false, _) => Pattern::Oscillating,
        })
    }
}
