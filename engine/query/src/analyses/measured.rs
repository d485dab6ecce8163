//! What cells are compared by: a number for each cell of the city, zeros included, and the cells near it. One reading for
//! `hotspots`, `local_moran` and `global_moran`, so that they speak of the same values.

use std::collections::HashMap;
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::automatic::{Aggregation, AutomaticParameters, Disk, Ground, choose};
use citybrain_stats::neighbours::Neighbours;
use datafusion::arrow::array::{Array, AsArray, Float64Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, UInt64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::{Expr, LogicalPlan};
use h3o::{CellIndex, Resolution};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::grouped::{CHOSEN, PLACE, RECORDS};
use super::input::Input;
use super::{AnalysisError, cells};
use crate::stop::Stop;

const TOTAL: &str = "total";
const VALUED: &str = "valued";
/// The coarsest resolution that is chosen.
const COARSEST: Resolution = Resolution::Six;
/// Distances that are tried when none is given, in cells.
const DISTANCES: std::ops::RangeInclusive<u32> = 1..=5;
/// Most cells of a resolution that is chosen: a city has few questions that more could answer, and each costs time.
const CHOSEN_CELLS_MAX: usize = 200_000;
/// Most neighbours that are listed to try a distance, four bytes each.
const NEIGHBOURS_MAX: usize = 20_000_000;

/// What is compared between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Count,
    PerKm2,
    Per10k,
    Mean,
    Share,
}

impl Measure {
    const ALL: [(&str, Self); 5] = [
        ("count", Self::Count),
        ("per_km2", Self::PerKm2),
        ("per_10k", Self::Per10k),
        ("mean", Self::Mean),
        ("share", Self::Share),
    ];

    /// Its word.
    pub(super) fn as_str(self) -> &'static str {
        let word = Self::ALL.iter().find(|(_, measure)| *measure == self);
        word.map_or("count", |(word, _)| word)
    }

    /// The amount of each cell that a measure divides by, besides records: km² or residents; `None` for measures that divide by none.
    ///
    /// # Errors
    /// For residents where the city states none.
    pub(super) fn bases(
        self,
        function: &'static str,
        city: &City,
        universe: &[CellIndex],
        resolution: Resolution,
    ) -> Result<Option<Vec<f64>>> {
        match self {
            Self::PerKm2 => Ok(Some(universe.iter().map(|cell| cell.area_km2()).collect())),
            Self::Per10k => {
                let residents = cells::residents(city, universe, resolution)?;
                let residents = residents.ok_or_else(|| AnalysisError::Refused {
                    function,
                    reason:
                        "measure => 'per_10k' needs areas with residents, and the city states none"
                            .to_owned(),
                })?;
                Ok(Some(residents.iter().map(|here| here / 10_000.0).collect()))
            }
            Self::Count | Self::Mean | Self::Share => Ok(None),
        }
    }
}

/// Which cells are compared, by what, and how near is near; what is `None` is chosen from the data.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) function: &'static str,
    pub(super) city: Arc<City>,
    pub(super) resolution: Option<Resolution>,
    pub(super) k: Option<u32>,
    pub(super) measure: Measure,
}

/// A number for each cell of the city.
#[derive(Debug)]
pub(super) struct OnCells<'a> {
    /// The cells of the city, in order of cell id.
    pub(super) universe: &'a [CellIndex],
    pub(super) sums: Vec<Sums>,
    /// What is compared, NaN where it cannot be said.
    pub(super) values: Vec<f64>,
    pub(super) neighbours: Neighbours,
}

/// What one cell has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) records: f64,
    pub(super) total: f64,
    pub(super) valued: f64,
    pub(super) chosen: f64,
}

impl Measured {
    /// Reads `resolution`, `k` and `measure`, which is `share` for a query that chooses some of its records.
    pub(super) fn read(input: &Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Self> {
        let finest = i64::from(u8::from(city.base_resolution));
        let resolution = arguments.whole("resolution", 0..=finest)?;
        let resolution = resolution
            .and_then(|number| u8::try_from(number).ok())
            .and_then(|number| Resolution::try_from(number).ok());
        let k = arguments
            .whole("k", 1..=20)?
            .and_then(|k| u32::try_from(k).ok());
        let measure = match arguments.text("measure")?.as_deref() {
            None if input.chosen()?.is_some() => Measure::Share,
            None => Measure::Count,
            Some(word) => Measure::ALL
                .into_iter()
                .find_map(|(known, measure)| (known == word).then_some(measure))
                .ok_or_else(|| {
                    arguments.broken(
                        "measure",
                        &word,
                        "must be one of count, per_km2, per_10k, mean, share".to_owned(),
                    )
                })?,
        };
        Ok(Self {
            function: arguments.function,
            city: Arc::clone(city),
            resolution,
            k,
            measure,
        })
    }

    /// The query with one row a cell.
    pub(super) fn group(&self, input: Input) -> Result<LogicalPlan> {
        let keys = vec![input.cell()?.alias(PLACE)];
        let mut sums = vec![input.records()];
        if self.measure == Measure::Mean {
            let value = mean_of(&input)?;
            sums.push(sum(value.clone()).alias(TOTAL));
            sums.push(count(value).alias(VALUED));
        }
        if self.measure == Measure::Share {
            sums.push(share_of(&input)?);
        }
        input.group(keys, sums)
    }

    /// The numbers of all cells of the city, from the rows of [`Measured::group`]. What was asked for and what was decided goes into
    /// `note`.
    pub(super) fn on_cells(
        &self,
        rows: &[RecordBatch],
        note: &mut Map<String, Value>,
        stop: &Stop,
    ) -> Result<OnCells<'_>> {
        let counted = Counted::read(rows, self.function)?;
        let (resolution, k, known) = match self.resolution {
            Some(resolution) => (resolution, self.k.unwrap_or(1), None),
            None => self.choose(&counted, note, stop)?,
        };
        let universe = cells::universe(&self.city, resolution);
        let (sums, outside) = counted.at(resolution, universe)?;
        let values = self.values(&sums, universe, resolution)?;
        let neighbours = match known {
            Some(neighbours) => neighbours,
            None => cells::disk(self.function, universe, k, stop)?,
        };
        // An empty sum is -0.
        let records = counted.cells.values().map(|sums| sums.records).sum::<f64>() + 0.0;
        let is_chosen = self.resolution.is_none();
        note.insert("resolution".to_owned(), json!(u8::from(resolution)));
        note.insert("resolution_chosen".to_owned(), json!(is_chosen));
        note.insert("k".to_owned(), json!(k));
        let k_chosen = is_chosen && self.k.is_none();
        note.insert("k_chosen".to_owned(), json!(k_chosen));
        note.insert("measure".to_owned(), json!(self.measure.as_str()));
        note.insert("cells".to_owned(), json!(universe.len()));
        note.insert("records".to_owned(), json!(records));
        note.insert("outside".to_owned(), json!(outside));
        note.insert("not_located".to_owned(), json!(counted.not_located));
        note.insert(
            "boundary_version".to_owned(),
            json!(self.city.boundary_version()),
        );
        Ok(OnCells {
            universe,
            sums,
            values,
            neighbours,
        })
    }

    /// The finest resolution whose cells have enough records, and the distance at which they cluster most with its neighbours, and why.
    fn choose(
        &self,
        counted: &Counted,
        note: &mut Map<String, Value>,
        stop: &Stop,
    ) -> Result<(Resolution, u32, Option<Neighbours>)> {
        let parameters = AutomaticParameters::default();
        let coarsest = COARSEST.min(self.city.base_resolution);
        let mut tried: Vec<Tried> = Vec::new();
        let mut next = Some(self.city.base_resolution);
        let mut is_bounded = false;
        while let Some(resolution) = next.filter(|resolution| *resolution >= coarsest) {
            next = resolution.pred();
            let universe = cells::universe(&self.city, resolution);
            let (sums, _outside) = counted.at(resolution, universe)?;
            let counts: Vec<f64> = sums.iter().map(|sums| sums.records).collect();
            #[expect(clippy::cast_precision_loss, reason = "cells are far fewer than 2^53")]
            let full = counts.iter().sum::<f64>() >= parameters.minimum_mean * counts.len() as f64;
            // A resolution that is too fine cannot be chosen: only the coarsest is kept then, to say what is missing.
            let too_many = universe.len() > CHOSEN_CELLS_MAX;
            is_bounded |= full && too_many;
            if (!full || too_many) && resolution > coarsest {
                continue;
            }
            let distances = self.k.map_or(DISTANCES, |k| k..=k).filter(|k| {
                let near = 3 * *k as usize * (*k as usize + 1);
                *k == *DISTANCES.start()
                    || self.k.is_some()
                    || near * counts.len() <= NEIGHBOURS_MAX
            });
            let distances: Vec<u32> = distances.collect();
            let disks = cells::disks(self.function, universe, &distances, stop)?;
            tried.push((
                resolution,
                counts,
                distances.into_iter().zip(disks).collect(),
            ));
        }
        let disks: Vec<Vec<Disk<'_>>> = tried
            .iter()
            .map(|(_, _, disks)| {
                disks
                    .iter()
                    .map(|(k, neighbours)| Disk { k: *k, neighbours })
                    .collect()
            })
            .collect();
        let aggregations: Vec<Aggregation<'_>> = tried
            .iter()
            .zip(&disks)
            .map(|((resolution, counts, _), disks)| Aggregation {
                resolution: u8::from(*resolution),
                counts,
                disks,
            })
            .collect();
        let choice =
            choose(&aggregations, &parameters).map_err(|refusal| AnalysisError::Refused {
                function: self.function,
                reason: format!("{refusal}, or give a resolution"),
            })?;
        note.insert("records_per_cell".to_owned(), json!(choice.mean));
        let ground = if is_bounded {
            format!(
                "a finer one has more than {CHOSEN_CELLS_MAX} cells: give it as resolution to have it"
            )
        } else {
            format!("the finest with {} records a cell", parameters.minimum_mean)
        };
        note.insert("resolution_ground".to_owned(), json!(ground));
        note.insert("clustering_z".to_owned(), json!(choice.clustering));
        let ground = match choice.ground {
            Ground::Peak => "clustering peaks at this distance",
            Ground::NoPeak => "clustering has no peak, so the nearest neighbours",
        };
        if self.k.is_none() {
            note.insert("k_ground".to_owned(), json!(ground));
        }
        let (resolution, _, mut disks) = tried.swap_remove(choice.aggregation);
        let (_, neighbours) = disks.swap_remove(choice.disk);
        Ok((resolution, choice.k, Some(neighbours)))
    }

    /// What is compared, NaN where it cannot be said.
    fn values(
        &self,
        sums: &[Sums],
        universe: &[CellIndex],
        resolution: Resolution,
    ) -> Result<Vec<f64>> {
        let bases = self
            .measure
            .bases(self.function, &self.city, universe, resolution)?;
        let values = sums.iter().enumerate().map(|(at, sums)| {
            let (over, under) = match (self.measure, &bases) {
                (Measure::Mean, _) => (sums.total, sums.valued),
                (Measure::Share, _) => (sums.chosen, sums.records),
                (_, Some(bases)) => (sums.records, bases[at]),
                (_, None) => (sums.records, 1.0),
            };
            if under > 0.0 { over / under } else { f64::NAN }
        });
        Ok(values.collect())
    }
}

/// The column that a mean is taken of.
pub(super) fn mean_of(input: &Input) -> Result<Expr> {
    input
        .value()
        .ok_or_else(|| input.lacks("a column value or result to take the mean of"))
}

/// How many of a group's records are chosen.
pub(super) fn share_of(input: &Input) -> Result<Expr> {
    input.chosen()?.ok_or_else(|| {
        input.lacks("a column chosen that is true for the records whose share is compared")
    })
}

/// A resolution that may be chosen: the count of each cell, and the neighbours within each distance.
type Tried = (Resolution, Vec<f64>, Vec<(u32, Neighbours)>);

/// The rows of the grouped query.
struct Counted {
    function: &'static str,
    cells: HashMap<CellIndex, Sums>,
    not_located: f64,
}

impl Counted {
    fn read(rows: &[RecordBatch], function: &'static str) -> Result<Self> {
        let mut counted = Self {
            function,
            cells: HashMap::new(),
            not_located: 0.0,
        };
        for rows in rows {
            let numbers = |name: &str| -> Result<Option<Float64Array>> {
                let column = rows
                    .column_by_name(name)
                    .map(|column| cast(column, &DataType::Float64))
                    .transpose()?;
                Ok(column.map(|column| column.as_primitive::<Float64Type>().clone()))
            };
            let (records, total, valued) = (numbers(RECORDS)?, numbers(TOTAL)?, numbers(VALUED)?);
            let chosen = numbers(CHOSEN)?;
            let places = rows.column_by_name(PLACE).ok_or_else(|| {
                DataFusionError::Internal("the grouped query has a place".to_owned())
            })?;
            let places = places.as_primitive::<UInt64Type>();
            let at = |column: &Option<Float64Array>, row: usize| {
                column
                    .as_ref()
                    .filter(|column| column.is_valid(row))
                    .map_or(0.0, |column| column.value(row))
            };
            for row in 0..rows.num_rows() {
                if places.is_null(row) {
                    counted.not_located += at(&records, row);
                    continue;
                }
                let cell = CellIndex::try_from(places.value(row)).map_err(|error| {
                    AnalysisError::Refused {
                        function,
                        reason: format!(
                            "{} in the column cell is no H3 cell: {error}",
                            places.value(row)
                        ),
                    }
                })?;
                let sums = counted.cells.entry(cell).or_default();
                sums.records += at(&records, row);
                sums.total += at(&total, row);
                sums.valued += at(&valued, row);
                sums.chosen += at(&chosen, row);
            }
        }
        Ok(counted)
    }

    /// The sums of each cell of the list, and the records in no cell of it.
    fn at(&self, resolution: Resolution, universe: &[CellIndex]) -> Result<(Vec<Sums>, f64)> {
        let mut sums = vec![Sums::default(); universe.len()];
        let mut outside = 0.0;
        for (cell, here) in &self.cells {
            let parent = cell.parent(resolution).ok_or_else(|| AnalysisError::Refused {
                function: self.function,
                reason: format!(
                    "the cell {cell} is coarser than the resolution {resolution}: give a resolution that the query's cells have"
                ),
            })?;
            match cells::number(universe, parent) {
                None => outside += here.records,
                Some(at) => {
                    let all = &mut sums[at as usize];
                    all.records += here.records;
                    all.total += here.total;
                    all.valued += here.valued;
                    all.chosen += here.chosen;
                }
            }
        }
        Ok((sums, outside))
    }
}
