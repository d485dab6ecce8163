//! Kulldorff's scan statistics: where, and since when, are there more cases than anywhere else, and could it be chance?
//!
//! Every zone (an area and its nearest ones, [`Zones`]) times every window of slices is a cylinder with `c` cases of `C` and `E`
//! expected. Its score is the logarithm of the likelihood ratio, for `c > E` only:
//!
//! ```text
//! c ln(c/E) + (C − c) ln((C − c)/(C − E))     Poisson and permutation model (Kulldorff 1997; Kulldorff et al. 2005)
//! c ln(c/E) − (c − E)                         expectation-based model (Neill 2009)
//! ```
//!
//! The highest score of all cylinders is compared with the highest scores of replicates drawn under the model: the p-value
//! `(1 + #{replicates as high}) / (replicates + 1)` accounts for having looked everywhere. Steps: the expected cases
//! (`expected`), the best cylinder around each area (`observed`), replicates (`simulate`, `replicates`), clusters.

mod cluster;
mod error;
mod expected;
mod observed;
mod replicates;
mod score;
mod search;
mod simulate;
mod windows;
mod zones;

use std::thread;

pub use cluster::{Cluster, Scan};
pub use error::ScanError;
use expected::Expected;
use replicates::Replicates;
use score::Score;
use simulate::Simulator;
use windows::Windows;
pub use zones::{CircleLimits, Metric, Zones, ZonesError};

#[cfg(test)]
mod tests;

/// What is scanned. Tables are area after area: the value of `area` and `slice` stands at `area * slices + slice`.
#[derive(Debug, Clone, Copy)]
pub struct Study<'a> {
    /// Cases of each area and slice, 0 or more; the Poisson and the expectation-based model take fractions (cases shared among
    /// areas), whose replicates have the rounded total.
    pub counts: &'a [f64],
    /// Slices of time, old to new; the last one should be complete.
    pub slices: usize,
    /// Which areas form zones.
    pub zones: &'a Zones,
    /// What is expected without clusters.
    pub model: Model<'a>,
    /// One stratum for each slice, such as its weekday: cases are then expected, and drawn, within the strata, so that a day of
    /// the week with many calls is no cluster. `None` is one stratum. The expectation-based model has none.
    pub strata: Option<&'a [u16]>,
}

/// What is expected without clusters.
#[derive(Debug, Clone, Copy)]
pub enum Model<'a> {
    /// Cases in proportion to a population at risk: one number an area, or one an area and slice.
    Poisson {
        /// 0 or more; above 0 where there are cases.
        population: &'a [f64],
    },
    /// No population: each area keeps its cases, each slice too, and only their match is by chance. The right start for
    /// complaints, whose population at risk nobody knows. Whole cases only.
    Permutation,
    /// An expected number for each area and slice from elsewhere, such as a forecast; cases are independent Poisson numbers.
    ExpectationBased {
        /// 0 or more; above 0 where there are cases.
        expected: &'a [f64],
    },
}

/// Which windows of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Span {
    /// All slices together: where?
    Spatial,
    /// Any run of slices: where and when?
    Retrospective,
    /// Runs that reach the last slice: where is something going on now?
    #[default]
    Prospective,
}

/// How to scan; `Default` are `SaTScan`'s settings, prospective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanParameters {
    /// Which windows; prospective.
    pub span: Span,
    /// Largest share of the population that a zone has (permutation: of the cases; expectation-based: of the expected cases),
    /// above 0 to 1; 0.5.
    pub maximum_share: f64,
    /// Shortest window, slices, 1 or more; 1.
    pub shortest: usize,
    /// Longest window, slices; `None` is half of all.
    pub longest: Option<usize>,
    /// Fewest cases of a cluster; 2.
    pub minimum_cases: u32,
    /// Replicates at most; 999. With 0 there are no p-values.
    pub replicates: usize,
    /// The replicates stop once this many are as high as the best cluster, which is then no cluster whatever follows (Besag and
    /// Clifford 1991: p = stop / replicates so far); 50. `None` draws all.
    pub stop_after: Option<usize>,
    /// Clusters reported at most, best first, none sharing an area with a better one; 10.
    pub clusters: usize,
    /// Where the random numbers start; 0. The same seed gives the same answer with any number of threads.
    pub seed: u64,
    /// Threads; `None` is as many as the machine runs at once.
    pub threads: Option<usize>,
}

impl Default for ScanParameters {
    fn default() -> Self {
        Self {
            span: Span::Prospective,
            maximum_share: 0.5,
            shortest: 1,
            longest: None,
            minimum_cases: 2,
            replicates: 999,
            stop_after: Some(50),
            clusters: 10,
            seed: 0,
            threads: None,
        }
    }
}

/// Scans. A study without cases has no cluster and p-values are `None`.
///
/// Cost: cylinders × (replicates + 1), where cylinders are areas × areas within `maximum_share` × windows; memory for replicates
/// is at most some 64 MB a thread.
///
/// # Errors
/// [`ScanError`]: a parameter outside its range, tables of the wrong length, a value that is no count, cases where the model
/// allows none, fractional cases in the permutation model.
pub fn scan(study: &Study<'_>, parameters: &ScanParameters) -> Result<Scan, ScanError> {
    scan_while(study, parameters, &|| true)
}

/// As [`scan`], for as long as the answer `is_wanted`, which is asked before each batch of at most 32 replicates.
///
/// # Errors
/// As [`scan`], and [`ScanError::Stopped`].
pub fn scan_while(
    study: &Study<'_>,
    parameters: &ScanParameters,
    is_wanted: &(dyn Fn() -> bool + Sync),
) -> Result<Scan, ScanError> {
    let windows = Windows::of(study, parameters)?;
    let expected = Expected::of(study)?;
    let threads = parameters
        .threads
        .or_else(|| thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1)
        .max(1);

    let plan = Plan::new(study, parameters, windows, &expected, false);
    let (best, zones) = observed::search(&plan, study.counts, threads);
    let clusters = observed::disjoint(best, &plan, parameters.clusters);

    let highest = clusters.first().map_or(0.0, |found| found.score);
    let replicates = if highest > 0.0 && parameters.replicates > 0 {
        let simulator = Simulator::new(study, &expected)?;
        let plan = Plan::new(study, parameters, windows, &expected, true);
        replicates::run(&plan, &simulator, highest, parameters, threads, is_wanted)?
    } else {
        Replicates::default()
    };
    Ok(Scan {
        clusters: clusters
            .iter()
            .map(|found| Cluster::new(found, &plan, &replicates, parameters.span))
            .collect(),
        cases: expected.cases,
        zones,
        cylinders: zones * plan.windows.count() as u64,
        stopped_early: replicates.stopped.is_some(),
        replicates: replicates.maxima,
    })
}

/// All that a search of the cylinders needs besides the cases.
struct Plan<'a> {
    zones: &'a Zones,
    windows: Windows,
    score: Score,
    minimum_cases: f64,
    /// Expected cases of each area, folded for the windows.
    expected: Vec<f64>,
    /// What of the population each area has.
    mass: &'a [f64],
    /// What of the population a zone may have.
    limit: f64,
}

impl<'a> Plan<'a> {
    /// The plan for the cases of the study, or for replicates with rounded totals.
    fn new(
        study: &Study<'a>,
        parameters: &ScanParameters,
        windows: Windows,
        expected: &'a Expected,
        rounded: bool,
    ) -> Self {
        let table = if rounded {
            &expected.rounded
        } else {
            &expected.table
        };
        let total = if rounded {
            expected.cases.round()
        } else {
            expected.cases
        };
        let score = match study.model {
            Model::ExpectationBased { .. } => Score::ExpectationBased,
            _ => Score::Conditional {
                total: table.iter().sum::<f64>().max(total),
            },
        };
        let population: f64 = expected.mass.iter().sum();
        Self {
            zones: study.zones,
            windows,
            score,
            minimum_cases: f64::from(parameters.minimum_cases),
            expected: windows.fold_all(table),
            mass: &expected.mass,
            // Half of the population is within half of the population, whatever the order of its sum.
            limit: parameters.maximum_share * population * (1.0 + 1e-12),
        }
    }
}
