//! Which candidate is right, when the records can tell.

use citybrain_model::AreaLevel;
use serde::Serialize;

use super::{System, Tried};

/// Which system the coordinates are in.
///
/// Judged at the smallest level that at least 100 records declare, by the share of records in their area. Candidates
/// that put every record within 10⁻⁹ degrees of each other are one (GCJ-02 is WGS 84 outside China). The best must hold half
/// of the records, and beat the next by one percentage point and by three standard errors of the difference between two shares of
/// the same records: with *b* that only the best puts right and *c* that only the other does, (b - c) / √(b + c) > 3 (`McNemar`, 1947).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// One system is right.
    Decided {
        /// The system; the one that is set when it is among those that are the same here.
        system: System,
        /// Others that give the same positions here.
        same_here: Vec<System>,
        /// Is it the one that is set?
        is_set: bool,
        /// Where it was judged.
        level: AreaLevel,
        /// Share of the records in their area.
        share: f64,
        /// By how much the next best has less; none without another.
        margin: Option<f64>,
    },
    /// The records do not tell.
    CannotTell(Undecided),
}

/// Why the records do not tell which system is right.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "because")]
pub enum Undecided {
    /// Too few records have coordinates and a matched area.
    TooFew {
        /// How many at the level that has most.
        compared: usize,
        /// How many it takes.
        needed: usize,
    },
    /// No candidate puts half of the records into their area.
    NoneFits {
        /// The best.
        best: System,
        /// Its share.
        share: f64,
    },
    /// Two candidates are too close together.
    TooClose {
        /// The best.
        best: System,
        /// The next.
        next: System,
        /// The difference of their shares.
        margin: f64,
    },
}

/// Fewest records to judge by.
const COMPARED_MIN: usize = 100;
/// Least share of the best.
const SHARE_MIN: f64 = 0.5;
/// Least difference to the next best.
const MARGIN_MIN: f64 = 0.01;
/// Least difference in standard errors.
const STANDARD_ERRORS_MIN: f64 = 3.0;

pub(super) fn of(tried: &[Tried], candidates: &[System]) -> Verdict {
    let levels = &tried[0].report.levels;
    let Some(at) = levels.iter().rposition(|l| l.compared >= COMPARED_MIN) else {
        return Verdict::CannotTell(Undecided::TooFew {
            compared: levels.iter().map(|l| l.compared).max().unwrap_or(0),
            needed: COMPARED_MIN,
        });
    };
    let share = |candidate: usize| tried[candidate].report.levels[at].share;
    // Stable, so that the one that is set comes first among equals.
    let mut order: Vec<usize> = (0..tried.len()).collect();
    order.sort_by(|a, b| share(*b).total_cmp(&share(*a)));
    let (mut same, others): (Vec<usize>, Vec<usize>) = order
        .iter()
        .partition(|other| is_same(&tried[order[0]], &tried[**other]));
    same.sort_unstable();
    let best = same[0];
    if share(best) < SHARE_MIN {
        return Verdict::CannotTell(Undecided::NoneFits {
            best: candidates[best].clone(),
            share: share(best),
        });
    }
    let margin = others.first().map(|next| share(best) - share(*next));
    if let (Some(&next), Some(margin)) = (others.first(), margin) {
        let errors = standard_errors(&tried[best].agrees[at], &tried[next].agrees[at]);
        if margin < MARGIN_MIN || errors <= STANDARD_ERRORS_MIN {
            return Verdict::CannotTell(Undecided::TooClose {
                best: candidates[best].clone(),
                next: candidates[next].clone(),
                margin,
            });
        }
    }
    Verdict::Decided {
        system: candidates[best].clone(),
        same_here: same[1..].iter().map(|at| candidates[*at].clone()).collect(),
        is_set: best == 0,
        level: levels[at].level,
        share: share(best),
        margin,
    }
}

/// Do two candidates give the same positions?
fn is_same(a: &Tried, b: &Tried) -> bool {
    let close = |a: &[f64], b: &[f64]| {
        let mut pairs = a.iter().zip(b);
        pairs.all(|(a, b)| (a - b).abs() < 1e-9 || (a.is_nan() && b.is_nan()))
    };
    close(&a.lon, &b.lon) && close(&a.lat, &b.lat)
}

/// The difference of two shares of the same records in standard errors.
fn standard_errors(best: &[Option<bool>], next: &[Option<bool>]) -> f64 {
    let only = |a: &[Option<bool>], b: &[Option<bool>]| {
        let pairs = a.iter().zip(b);
        let only_a = pairs.filter(|pair| matches!(pair, (Some(true), Some(false))));
        u32::try_from(only_a.count()).map_or(f64::from(u32::MAX), f64::from)
    };
    let (b, c) = (only(best, next), only(next, best));
    if b + c > 0.0 {
        (b - c) / (b + c).sqrt()
    } else {
        0.0
    }
}
