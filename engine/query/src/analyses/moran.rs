//! `local_moran((SELECT cell FROM complaints))`: which cells are like those around them and which stand out, in five classes; and
//! `global_moran(…)`: does the map have any pattern at all.

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::global_moran::{
    Analytic, GlobalMoran, GlobalMoranParameters, Weights, global_moran,
};
use citybrain_stats::local_moran::{LocalMoran, LocalMoranParameters, Quadrant, local_moran};
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use serde_json::{Map, json};

use super::arguments::Arguments;
use super::hotspots::{correction, correction_word};
use super::input::Input;
use super::measured::Measured;
use super::{Analysis, AnalysisError, Compute, Found, Planned, cells};
use crate::stop::Stop;

const LOCAL: &str = "local_moran";
const GLOBAL: &str = "global_moran";
/// Most values that permutations look at: some ten seconds of work.
const LOOKS_MAX: usize = 10_000_000_000;

#[derive(Debug)]
pub(super) struct LocalMoranAnalysis;

impl Analysis for LocalMoranAnalysis {
    fn name(&self) -> &'static str {
        LOCAL
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "resolution",
            "k",
            "measure",
            "permutations",
            "alpha",
            "correction",
            "seed",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let measured = Measured::read(&input, arguments, city)?;
        let default = LocalMoranParameters::default();
        let parameters = LocalMoranParameters {
            permutations: permutations(arguments, 19)?.unwrap_or(default.permutations),
            alpha: arguments
                .number("alpha", 1e-12..=0.5)?
                .unwrap_or(default.alpha),
            correction: correction(arguments)?,
            seed: seed(arguments)?.unwrap_or(default.seed),
            ..default
        };
        Ok(Planned {
            input: measured.group(input)?,
            schema: local_schema(),
            compute: Arc::new(Local {
                measured,
                parameters,
            }),
        })
    }
}

#[derive(Debug)]
pub(super) struct GlobalMoranAnalysis;

impl Analysis for GlobalMoranAnalysis {
    fn name(&self) -> &'static str {
        GLOBAL
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "resolution",
            "k",
            "measure",
            "weights",
            "permutations",
            "seed",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let measured = Measured::read(&input, arguments, city)?;
        let default = GlobalMoranParameters::default();
        let weights = match arguments.text("weights")?.as_deref() {
            None | Some("row_standardised") => Weights::RowStandardised,
            Some("binary") => Weights::Binary,
            Some(other) => {
                let rule = "must be row_standardised or binary".to_owned();
                return Err(arguments.broken("weights", &other, rule));
            }
        };
        let parameters = GlobalMoranParameters {
            weights,
            permutations: permutations(arguments, 0)?.unwrap_or(default.permutations),
            seed: seed(arguments)?.unwrap_or(default.seed),
            ..default
        };
        Ok(Planned {
            input: measured.group(input)?,
            schema: global_schema(),
            compute: Arc::new(Global {
                measured,
                parameters,
            }),
        })
    }
}

fn permutations(arguments: &mut Arguments, least: i64) -> Result<Option<usize>> {
    let number = arguments.whole("permutations", least..=99_999)?;
    Ok(number.and_then(|number| usize::try_from(number).ok()))
}

fn seed(arguments: &mut Arguments) -> Result<Option<u64>> {
    let seed = arguments.whole("seed", 0..=i64::MAX)?;
    Ok(seed.and_then(|seed| u64::try_from(seed).ok()))
}

fn local_schema() -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    let text = |name| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        Field::new("cell", DataType::UInt64, false),
        number("value"),
        number("records"),
        number("i"),
        text("quadrant"),
        text("class"),
        number("p"),
        number("q"),
    ]))
}

fn global_schema() -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        number("i"),
        number("expected"),
        number("variance"),
        number("z"),
        number("p"),
        number("p_permutation"),
        Field::new("cells", DataType::UInt64, true),
    ]))
}

#[derive(Debug)]
struct Local {
    measured: Measured,
    parameters: LocalMoranParameters,
}

impl Compute for Local {
    fn compute(&self, rows: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let mut note = Map::new();
        note.insert("function".to_owned(), json!(LOCAL));
        note.insert("statistic".to_owned(), json!("local Moran's I"));
        let on = self.measured.on_cells(rows, &mut note, stop)?;
        let permutations = self.parameters.permutations;
        let near: usize = (0..on.universe.len())
            .map(|at| on.neighbours.of(at).len())
            .sum();
        check_work(LOCAL, near, permutations)?;
        stop.check()?;
        let found = local_moran(&on.values, &on.neighbours, &self.parameters)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;

        let number = |value: &dyn Fn(usize) -> Option<f64>| -> ArrayRef {
            Arc::new((0..found.len()).map(value).collect::<Float64Array>())
        };
        let text = |value: &dyn Fn(&LocalMoran) -> &'static str| -> ArrayRef {
            let texts = found.iter().map(|cell| cell.as_ref().map(value));
            Arc::new(texts.collect::<StringArray>())
        };
        let of = |value: fn(&LocalMoran) -> f64| {
            let found = &found;
            move |at: usize| found[at].as_ref().map(value)
        };
        let columns: Vec<ArrayRef> = vec![
            cells::column(on.universe),
            number(&|at| Some(on.values[at]).filter(|value| value.is_finite())),
            number(&|at| Some(on.sums[at].records)),
            number(&of(|cell| cell.i)),
            text(&|cell| word(Some(cell.quadrant))),
            text(&|cell| word(cell.class)),
            number(&of(|cell| cell.p)),
            number(&of(|cell| cell.q)),
        ];
        note.insert("weights".to_owned(), json!("row_standardised"));
        note.insert("permutations".to_owned(), json!(permutations));
        note.insert("seed".to_owned(), json!(self.parameters.seed));
        note.insert("alpha".to_owned(), json!(self.parameters.alpha));
        let correction = correction_word(self.parameters.correction);
        note.insert("correction".to_owned(), json!(correction));
        let tested = found.iter().flatten().count();
        note.insert("tested".to_owned(), json!(tested));
        // No p is lower: with fewer permutations than this asks for, nothing can pass the correction.
        #[expect(clippy::cast_precision_loss, reason = "permutations are few")]
        let least_p = 2.0 / (permutations as f64 + 1.0);
        note.insert("least_p".to_owned(), json!(least_p));
        Ok(Found {
            rows: RecordBatch::try_new(local_schema(), columns)?,
            parameters: note,
        })
    }
}

#[derive(Debug)]
struct Global {
    measured: Measured,
    parameters: GlobalMoranParameters,
}

impl Compute for Global {
    fn compute(&self, rows: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let mut note = Map::new();
        note.insert("function".to_owned(), json!(GLOBAL));
        note.insert("statistic".to_owned(), json!("Moran's I"));
        let on = self.measured.on_cells(rows, &mut note, stop)?;
        let permutations = self.parameters.permutations;
        let near: usize = (0..on.universe.len())
            .map(|at| on.neighbours.of(at).len())
            .sum();
        check_work(GLOBAL, near, permutations)?;
        stop.check()?;
        let found = global_moran(&on.values, &on.neighbours, &self.parameters)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let number = |value: &dyn Fn(&GlobalMoran) -> Option<f64>| -> ArrayRef {
            let value = found.as_ref().and_then(value);
            Arc::new(Float64Array::from(vec![value]))
        };
        let analytic = |value: fn(&Analytic) -> f64| {
            number(&move |found| found.randomisation.as_ref().map(value))
        };
        let cells = found
            .as_ref()
            .and_then(|found| u64::try_from(found.cells).ok());
        let columns: Vec<ArrayRef> = vec![
            number(&|found| Some(found.i)),
            number(&|found| Some(found.expected)),
            analytic(|analytic| analytic.variance),
            analytic(|analytic| analytic.z),
            analytic(|analytic| analytic.p),
            number(&|found| found.permutation_p),
            Arc::new(UInt64Array::from(vec![cells])),
        ];
        let weights = match self.parameters.weights {
            Weights::RowStandardised => "row_standardised",
            Weights::Binary => "binary",
        };
        note.insert("weights".to_owned(), json!(weights));
        note.insert("assumption".to_owned(), json!("randomisation"));
        note.insert("permutations".to_owned(), json!(permutations));
        note.insert("seed".to_owned(), json!(self.parameters.seed));
        Ok(Found {
            rows: RecordBatch::try_new(global_schema(), columns)?,
            parameters: note,
        })
    }
}

fn check_work(function: &'static str, neighbours: usize, permutations: usize) -> Result<()> {
    if neighbours.saturating_mul(permutations) <= LOOKS_MAX {
        return Ok(());
    }
    Err(AnalysisError::Refused {
        function,
        reason: format!(
            "{neighbours} pairs of neighbours × {permutations} permutations are too much work: take a coarser resolution, a smaller k or fewer permutations"
        ),
    }
    .into())
}

/// The five classes: four quadrants, and none.
const fn word(class: Option<Quadrant>) -> &'static str {
    match class {
        Some(Quadrant::HighHigh) => "high-high",
        Some(Quadrant::LowHigh) => "low-high",
        Some(Quadrant::LowLow) => "low-low",
        Some(Quadrant::HighLow) => "high-low",
        None => "not significant",
    }
}
