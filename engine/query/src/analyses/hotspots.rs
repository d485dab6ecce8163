//! `hotspots((SELECT cell FROM complaints))`: where there is more, or less, than elsewhere, by Gi\*.
//!
//! Counts of one category are high wherever people are many. `hotspots((SELECT cell, category = 'Noise' AS chosen FROM complaints))`
//! asks where the category is more than all complaints of the place explain: the share of the chosen records against that of the
//! whole city, by an exact binomial test (`measure => 'share'`, the default when there is a column `chosen`).
//!
//! With a `step` it is asked where *and when*: Gi\* in a cube of cells and slices of time (`in_time`).
//!
//! Every cell of the city is in the answer, also those without a record: they are part of what is compared.

mod in_time;

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::getis_ord::{GetisOrdParameters, getis_ord};
use citybrain_stats::share::{ShareParameters, shares};
use citybrain_stats::significance::{Correction, Scores};
use citybrain_stats::space_time::Cube;
use datafusion::arrow::array::{ArrayRef, Float64Array, Int8Array, RecordBatch, UInt32Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use serde_json::{Map, json};

use super::arguments::Arguments;
use super::input::Input;
use super::measured::{Measure, Measured, OnCells};
use super::{Analysis, Compute, Found, Planned, cells};
use crate::stop::Stop;

const NAME: &str = "hotspots";

#[derive(Debug)]
pub(super) struct Hotspots;

impl Analysis for Hotspots {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "resolution",
            "k",
            "measure",
            "correction",
            "step",
            "from",
            "to",
            "previous_slices",
            "window",
            "last",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let measured = Measured::read(&input, arguments, city)?;
        let correction = correction(arguments)?;
        if let Some(asked) = in_time::Asked::read(arguments)? {
            return in_time::plan(input, measured, correction, asked);
        }
        Ok(Planned {
            input: measured.group(input)?,
            schema: schema(),
            compute: Arc::new(Run {
                measured,
                correction,
            }),
        })
    }
}

/// What `bin` rests on.
pub(super) fn correction(arguments: &mut Arguments) -> Result<Correction> {
    match arguments.text("correction")?.as_deref() {
        None | Some("fdr") => Ok(Correction::FalseDiscoveryRate),
        Some("raw") => Ok(Correction::Raw),
        Some(other) => Err(arguments.broken("correction", &other, "must be fdr or raw".to_owned())),
    }
}

/// Its word.
pub(super) const fn correction_word(correction: Correction) -> &'static str {
    match correction {
        Correction::FalseDiscoveryRate => "fdr",
        Correction::Raw => "raw",
    }
}

fn schema() -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        Field::new("cell", DataType::UInt64, false),
        number("value"),
        number("records"),
        Field::new("neighbours", DataType::UInt32, false),
        number("z"),
        number("p"),
        number("q"),
        Field::new("bin", DataType::Int8, true),
    ]))
}

#[derive(Debug)]
struct Run {
    measured: Measured,
    correction: Correction,
}

impl Compute for Run {
    fn compute(&self, rows: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let mut note = Map::new();
        note.insert("function".to_owned(), json!(NAME));
        let statistic = match self.measured.measure {
            Measure::Share => "binomial",
            _ => "Gi*",
        };
        note.insert("statistic".to_owned(), json!(statistic));
        let found = self.measured.on_cells(rows, &mut note, stop)?;
        stop.check()?;
        let scores = self.scores(&found)?;

        let universe = found.universe;
        let number = |value: &dyn Fn(usize) -> Option<f64>| -> ArrayRef {
            Arc::new((0..universe.len()).map(value).collect::<Float64Array>())
        };
        let columns: Vec<ArrayRef> = vec![
            cells::column(universe),
            number(&|at| Some(found.values[at]).filter(|value| value.is_finite())),
            number(&|at| Some(found.sums[at].records)),
            Arc::new(
                (0..universe.len())
                    .map(|at| u32::try_from(found.neighbours.of(at).len() + 1).ok())
                    .collect::<UInt32Array>(),
            ),
            number(&|at| scores.get(at).map(|score| score.z)),
            number(&|at| scores.get(at).map(|score| score.p)),
            number(&|at| scores.get(at).map(|score| score.q)),
            Arc::new(
                (0..universe.len())
                    .map(|at| scores.get(at).map(|score| score.bin))
                    .collect::<Int8Array>(),
            ),
        ];
        let correction = correction_word(self.correction);
        note.insert("correction".to_owned(), json!(correction));
        note.insert("tested".to_owned(), json!(scores.tested().first()));
        Ok(Found {
            rows: RecordBatch::try_new(schema(), columns)?,
            parameters: note,
        })
    }
}

impl Run {
    /// How much each cell and those around it differ from the city.
    fn scores(&self, found: &OnCells<'_>) -> Result<Scores> {
        if self.measured.measure == Measure::Share {
            let chosen: Vec<f64> = found.sums.iter().map(|sums| sums.chosen).collect();
            let all: Vec<f64> = found.sums.iter().map(|sums| sums.records).collect();
            let parameters = ShareParameters {
                correction: self.correction,
                ..ShareParameters::default()
            };
            let map = |values| Cube::try_new(values, 1);
            return map(&chosen)
                .and_then(|chosen| shares(chosen, map(&all)?, &found.neighbours, &parameters))
                .map_err(|error| DataFusionError::External(Box::new(error)));
        }
        let parameters = GetisOrdParameters {
            correction: self.correction,
            ..GetisOrdParameters::default()
        };
        getis_ord(&found.values, &found.neighbours, &parameters)
            .map_err(|error| DataFusionError::External(Box::new(error)))
    }
}
