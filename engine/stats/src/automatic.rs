//! How fine to look, and how far around: a resolution and a neighbourhood that the data bear.
#![expect(clippy::cast_precision_loss, reason = "cells are far fewer than 2^53")]

use crate::global_moran::{GlobalMoranParameters, MoranError, Weights, global_moran};
use crate::neighbours::Neighbours;
use crate::parameter::{ParameterError, require};

#[cfg(test)]
mod tests;

/// Complaints counted at one resolution: all cells of the study area, zeros included.
#[derive(Debug, Clone, Copy)]
pub struct Aggregation<'a> {
    /// H3 resolution; a higher one has smaller cells.
    pub resolution: u8,
    /// The count of each cell.
    pub counts: &'a [f64],
    /// Neighbourhoods to choose from, by growing distance.
    pub disks: &'a [Disk<'a>],
}

/// The neighbours up to a distance on the grid.
#[derive(Debug, Clone, Copy)]
pub struct Disk<'a> {
    /// The distance in cells.
    pub k: u32,
    /// Who is within it.
    pub neighbours: &'a Neighbours,
}

/// What the data must bear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AutomaticParameters {
    /// Complaints that there must be. Default: 60.
    pub minimum_complaints: f64,
    /// Cells that a resolution must have. Default: 30.
    pub minimum_cells: usize,
    /// Complaints a cell on average that a resolution must have, above 0. Default: 2.
    pub minimum_mean: f64,
}

impl Default for AutomaticParameters {
    fn default() -> Self {
        Self {
            minimum_complaints: 60.0,
            minimum_cells: 30,
            minimum_mean: 2.0,
        }
    }
}

/// What was chosen, and on what grounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Which of the aggregations.
    pub aggregation: usize,
    /// Which of its disks.
    pub disk: usize,
    /// The resolution of that aggregation.
    pub resolution: u8,
    /// The distance of that disk.
    pub k: u32,
    /// How many complaints there are at that resolution.
    pub complaints: f64,
    /// How many a cell has on average.
    pub mean: f64,
    /// z of the global I of Moran for each disk, under randomisation; `None` where it is undefined.
    pub clustering: Vec<Option<f64>>,
    /// Why that disk.
    pub ground: Ground,
}

/// Why a neighbourhood was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Clustering is strongest there: its z is higher than for the distance before and not lower than for the one after.
    Peak,
    /// Clustering has no peak among the distances given, so the nearest neighbours were taken.
    NoPeak,
}

/// Why the data bear no analysis.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing to choose from.
    #[error("there is no aggregation with a neighbourhood to choose from")]
    NoChoice,
    /// Not enough complaints for any resolution.
    #[error("{found} complaints are too few: at least {needed} are needed")]
    TooFewComplaints {
        /// The most that any aggregation has.
        found: f64,
        /// How many there must be.
        needed: f64,
    },
    /// No resolution has enough cells.
    #[error("{found} cells are too few: at least {needed} are needed")]
    TooFewCells {
        /// The most cells that any aggregation has.
        found: usize,
        /// How many there must be.
        needed: usize,
    },
    /// Too few complaints a cell at every resolution with enough cells.
    #[error("{found} complaints a cell on average are too few: at least {needed} are needed")]
    TooSparse {
        /// The highest average.
        found: f64,
        /// What it must be.
        needed: f64,
    },
    /// All cells have the same count.
    #[error(
        "all cells have the same count at every resolution that is fine enough and full enough"
    )]
    NoVariation,
    /// Counts do not fit the cells.
    #[error(transparent)]
    Moran(#[from] MoranError),
    /// A parameter breaks its rule.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

/// The finest resolution whose cells have enough complaints on average, and the distance at which they cluster most.
///
/// 1. Of the aggregations with enough complaints and cells, the finest with `mean ≥ minimum_mean` whose counts differ is taken:
///    with fewer a cell is mostly empty and a hot spot is one complaint.
/// 2. Of its disks the first is taken where the z score of the global I of Moran (row-standardised, randomisation) peaks, as in
///    incremental spatial autocorrelation; without a peak the first disk.
///
/// Counts that are not finite are missing cells. Cost: one global I for each disk of one aggregation.
///
/// # Errors
///
/// [`Refusal`] with what was found and what is needed.
pub fn choose(
    aggregations: &[Aggregation<'_>],
    parameters: &AutomaticParameters,
) -> Result<Choice, Refusal> {
    check(parameters)?;
    let usable = aggregations
        .iter()
        .enumerate()
        .filter(|(_, aggregation)| !aggregation.disks.is_empty());
    let mut candidates: Vec<Candidate> = usable
        .map(|(at, aggregation)| Candidate::new(at, aggregation))
        .collect();
    if candidates.is_empty() {
        return Err(Refusal::NoChoice);
    }
    let most = |value: fn(&Candidate) -> f64, candidates: &[Candidate]| {
        candidates.iter().map(value).fold(0.0, f64::max)
    };

    let found = most(|candidate| candidate.complaints, &candidates);
    candidates.retain(|candidate| candidate.complaints >= parameters.minimum_complaints);
    if candidates.is_empty() {
        return Err(Refusal::TooFewComplaints {
            found,
            needed: parameters.minimum_complaints,
        });
    }
    let found = candidates
        .iter()
        .map(|candidate| candidate.cells)
        .max()
        .unwrap_or(0);
    candidates.retain(|candidate| candidate.cells >= parameters.minimum_cells);
    if candidates.is_empty() {
        return Err(Refusal::TooFewCells {
            found,
            needed: parameters.minimum_cells,
        });
    }
    let found = most(Candidate::mean, &candidates);
    candidates.retain(|candidate| candidate.mean() >= parameters.minimum_mean);
    if candidates.is_empty() {
        return Err(Refusal::TooSparse {
            found,
            needed: parameters.minimum_mean,
        });
    }
    let finest = candidates
        .iter()
        .filter(|candidate| candidate.varied)
        .max_by_key(|candidate| candidate.resolution);
    let candidate = finest.ok_or(Refusal::NoVariation)?;

    let aggregation = &aggregations[candidate.at];
    let clustering = clustering(aggregation)?;
    let peak = peak(&clustering);
    let disk = peak.unwrap_or(0);
    Ok(Choice {
        aggregation: candidate.at,
        disk,
        resolution: aggregation.resolution,
        k: aggregation.disks[disk].k,
        complaints: candidate.complaints,
        mean: candidate.mean(),
        clustering,
        ground: if peak.is_some() {
            Ground::Peak
        } else {
            Ground::NoPeak
        },
    })
}

fn check(parameters: &AutomaticParameters) -> Result<(), ParameterError> {
    let AutomaticParameters {
        minimum_complaints,
        minimum_cells,
        minimum_mean,
    } = *parameters;
    require(
        minimum_complaints >= 1.0,
        "minimum_complaints",
        minimum_complaints,
        "must be at least 1",
    )?;
    require(
        minimum_cells >= 4,
        "minimum_cells",
        minimum_cells as f64,
        "must be at least 4",
    )?;
    require(
        minimum_mean > 0.0,
        "minimum_mean",
        minimum_mean,
        "must be above 0",
    )
}

/// An aggregation in figures.
struct Candidate {
    at: usize,
    resolution: u8,
    cells: usize,
    complaints: f64,
    varied: bool,
}

impl Candidate {
    fn new(at: usize, aggregation: &Aggregation<'_>) -> Self {
        let counts = aggregation
            .counts
            .iter()
            .copied()
            .filter(|count| count.is_finite());
        let least = counts.clone().fold(f64::INFINITY, f64::min);
        let most = counts.clone().fold(f64::NEG_INFINITY, f64::max);
        Self {
            at,
            resolution: aggregation.resolution,
            cells: counts.clone().count(),
            complaints: counts.sum(),
            varied: least < most,
        }
    }

    fn mean(&self) -> f64 {
        self.complaints / self.cells.max(1) as f64
    }
}

fn clustering(aggregation: &Aggregation<'_>) -> Result<Vec<Option<f64>>, MoranError> {
    let parameters = GlobalMoranParameters {
        weights: Weights::RowStandardised,
        permutations: 0,
        ..GlobalMoranParameters::default()
    };
    let z = |disk: &Disk<'_>| {
        let moran = global_moran(aggregation.counts, disk.neighbours, &parameters)?;
        let analytic = moran.and_then(|moran| moran.randomisation);
        Ok(analytic
            .map(|analytic| analytic.z)
            .filter(|z| z.is_finite()))
    };
    aggregation.disks.iter().map(z).collect()
}

/// The first place that is higher than the one before it and not lower than the one after; neither end is a peak.
fn peak(clustering: &[Option<f64>]) -> Option<usize> {
    let is_peak = |three: &[Option<f64>]| match three {
        [Some(before), Some(here), Some(after)] => before < here && here >= after,
        _ => false,
    };
    clustering
        .windows(3)
        .position(is_peak)
        .map(|before| before + 1)
}
