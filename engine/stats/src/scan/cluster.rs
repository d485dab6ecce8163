//! What a scan found.
#![expect(clippy::cast_precision_loss, reason = "replicates are few")]

use std::ops::Range;

use super::observed::Found;
use super::replicates::Replicates;
use super::score::Score;
use super::{Plan, Span};
use crate::gumbel::gumbel;

/// The answer of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// Clusters, best first, without common areas; not only the significant ones.
    pub clusters: Vec<Cluster>,
    /// All cases.
    pub cases: f64,
    /// Zones scanned; the same areas around two centers count twice.
    pub zones: u64,
    /// Zones × windows.
    pub cylinders: u64,
    /// Whether replicates stopped because the best cluster could no longer be significant.
    pub stopped_early: bool,
    /// The highest score of each replicate, in order.
    pub replicates: Vec<f64>,
}

/// A cylinder with more cases than expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The area in the middle.
    pub center: usize,
    /// The areas of its zone, from the center outwards.
    pub areas: Vec<u32>,
    /// Its slices.
    pub slices: Range<usize>,
    /// Its cases.
    pub cases: f64,
    /// Its expected cases.
    pub expected: f64,
    /// (c/E) / ((C − c)/(C − E)), inside against outside; expectation-based c/E. `None` when all cases are inside.
    pub relative_risk: Option<f64>,
    /// Logarithm of the likelihood ratio.
    pub score: f64,
    /// Share of replicates, this scan included, whose highest score is as high; `None` without replicates. For clusters after
    /// the first this is too high rather than too low.
    pub p_value: Option<f64>,
    /// p-value by a Gumbel distribution with the replicates' mean and standard deviation (β = s√6/π, μ = mean − 0.5772 β),
    /// which can be smaller than 1/(replicates + 1) (Abrams et al. 2010); `None` below 30 replicates or if all are equal.
    pub gumbel_p_value: Option<f64>,
    /// Prospective scans, one each slice: slices until chance alone gives such a cluster once, 1/p; by `gumbel_p_value`, or
    /// by `p_value` where there is none.
    pub recurrence_interval: Option<f64>,
}

impl Cluster {
    pub(super) fn new(found: &Found, plan: &Plan<'_>, replicates: &Replicates, span: Span) -> Self {
        let members = &plan.zones.members(found.center)[..found.size];
        let inside = found.cases / found.expected;
        let relative_risk = match plan.score {
            Score::ExpectationBased => Some(inside),
            Score::Conditional { total } => {
                let rest = total - found.cases;
                (rest > 1e-9 * total).then(|| inside * (total - found.expected) / rest)
            }
        };
        let p_value = p_value(found.score, replicates);
        let gumbel_p_value = gumbel(found.score, &replicates.maxima);
        Self {
            center: found.center,
            areas: members.iter().map(|member| member.area).collect(),
            slices: plan.windows.slices_of(found.window),
            cases: found.cases,
            expected: found.expected,
            relative_risk,
            score: found.score,
            p_value,
            gumbel_p_value,
            recurrence_interval: gumbel_p_value
                .or(p_value)
                .filter(|_| span == Span::Prospective)
                .map(f64::recip),
        }
    }
}

fn p_value(score: f64, replicates: &Replicates) -> Option<f64> {
    let number = replicates.maxima.len() as f64;
    let as_high = replicates.as_high(score);
    match replicates.stopped {
        // The replicate that ends the draws is as high by design: it takes the place of the scan itself.
        Some(stop) if as_high == stop => Some(stop as f64 / number),
        _ => (number > 0.0).then(|| (as_high as f64 + 1.0) / (number + 1.0)),
    }
}
