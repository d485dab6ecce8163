//! The expected cases of each area and slice.
#![expect(clippy::cast_precision_loss, reason = "slices are few")]

use super::{Model, ScanError, Study};

/// Counts of more than this could overflow a sum of 32 bits.
const MOST_CASES: f64 = 1_073_741_824.0;

/// Expected cases under the model, and what follows from it.
pub(super) struct Expected {
    /// All cases.
    pub(super) cases: f64,
    /// Area after area; sums to the cases, except in the expectation-based model.
    pub(super) table: Vec<f64>,
    /// The same when each stratum's cases are rounded to a whole number.
    pub(super) rounded: Vec<f64>,
    /// Whole cases of each stratum.
    pub(super) whole: Vec<f64>,
    /// The population of each area: what limits the size of zones.
    pub(super) mass: Vec<f64>,
    /// The stratum of each slice, numbered from 0.
    pub(super) strata: Vec<usize>,
}

impl Expected {
    pub(super) fn of(study: &Study<'_>) -> Result<Self, ScanError> {
        let (areas, slices) = (study.zones.areas(), study.slices);
        check("counts", study.counts, areas, slices)?;
        let cases: f64 = study.counts.iter().sum();
        if cases > MOST_CASES {
            return Err(ScanError::TooMany { cases });
        }
        let strata = numbered(study, areas)?;
        let within = sums(study.counts, &strata);

        let weights = match study.model {
            Model::Poisson { population } if population.len() == areas => {
                check("population", population, areas, 1)?;
                population
                    .iter()
                    .flat_map(|people| vec![*people; slices])
                    .collect()
            }
            Model::Poisson { population } => {
                check("population", population, areas, slices)?;
                population.to_vec()
            }
            Model::Permutation => permutation_weights(study, &strata)?,
            Model::ExpectationBased { expected } => {
                check("expected", expected, areas, slices)?;
                expected.to_vec()
            }
        };
        let cells = study.counts.iter().zip(&weights);
        if let Some(cell) = cells
            .into_iter()
            .position(|(cases, weight)| *cases > 0.0 && *weight <= 0.0)
        {
            let (area, slice) = (cell / slices, cell % slices);
            return Err(ScanError::Impossible { area, slice });
        }

        let whole: Vec<f64> = within.iter().map(|cases| cases.round()).collect();
        let (table, rounded) = if matches!(study.model, Model::ExpectationBased { .. }) {
            (weights.clone(), weights.clone())
        } else {
            let total = sums(&weights, &strata);
            (
                share(&weights, &strata, &within, &total),
                share(&weights, &strata, &whole, &total),
            )
        };
        let mass = match study.model {
            Model::Permutation => study
                .counts
                .chunks(slices)
                .map(|cases| cases.iter().sum())
                .collect(),
            _ => weights
                .chunks(slices)
                .map(|weights| weights.iter().sum::<f64>() / slices as f64)
                .collect(),
        };
        Ok(Self {
            cases,
            table,
            rounded,
            whole,
            mass,
            strata,
        })
    }
}

/// The stratum of each slice as a number from 0 without gaps.
fn numbered(study: &Study<'_>, areas: usize) -> Result<Vec<usize>, ScanError> {
    let slices = study.slices;
    let Some(strata) = study.strata else {
        return Ok(vec![0; slices]);
    };
    if strata.len() != slices {
        return Err(ScanError::Length {
            name: "strata",
            length: strata.len(),
            areas,
            slices,
        });
    }
    let mut names = strata.to_vec();
    names.sort_unstable();
    names.dedup();
    Ok(strata
        .iter()
        .map(|name| names.partition_point(|before| before < name))
        .collect())
}

/// Cases of the area in the stratum × cases of the slice: in proportion to what is expected when both are kept.
fn permutation_weights(study: &Study<'_>, strata: &[usize]) -> Result<Vec<f64>, ScanError> {
    let slices = study.slices;
    if let Some(cell) = study.counts.iter().position(|cases| cases.fract() > 0.0) {
        let (area, slice, value) = (cell / slices, cell % slices, study.counts[cell]);
        return Err(ScanError::Fraction { area, slice, value });
    }
    let mut of_slice = vec![0.0; slices];
    for series in study.counts.chunks(slices) {
        for (sum, cases) in of_slice.iter_mut().zip(series) {
            *sum += cases;
        }
    }
    let rows = study.counts.chunks(slices).flat_map(|series| {
        let of_area = sums(series, strata);
        let row = strata
            .iter()
            .zip(&of_slice)
            .map(|(stratum, cases)| of_area[*stratum] * cases);
        row.collect::<Vec<_>>()
    });
    Ok(rows.collect())
}

/// Sum of each stratum over all areas.
fn sums(table: &[f64], strata: &[usize]) -> Vec<f64> {
    let mut sums = vec![0.0; strata.iter().max().map_or(0, |last| last + 1)];
    for (value, stratum) in table.iter().zip(strata.iter().cycle()) {
        sums[*stratum] += value;
    }
    sums
}

/// Shares each stratum's cases in proportion to the weights.
fn share(weights: &[f64], strata: &[usize], cases: &[f64], total: &[f64]) -> Vec<f64> {
    let cells = weights.iter().zip(strata.iter().cycle());
    cells
        .map(|(weight, stratum)| {
            if *weight > 0.0 {
                weight * (cases[*stratum] / total[*stratum])
            } else {
                0.0
            }
        })
        .collect()
}

fn check(name: &'static str, table: &[f64], areas: usize, slices: usize) -> Result<(), ScanError> {
    if table.len() != areas * slices {
        return Err(ScanError::Length {
            name,
            length: table.len(),
            areas,
            slices,
        });
    }
    match table
        .iter()
        .position(|value| !(0.0..f64::INFINITY).contains(value))
    {
        Some(cell) => Err(ScanError::Value {
            name,
            area: cell / slices,
            slice: cell % slices,
            value: table[cell],
        }),
        None => Ok(()),
    }
}
