//! Where and when: Gi\* in a cube of cells and slices of time. A neighbourhood is a cell and those near it, in its slice and some before,
//! never a later one.

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::share::{ShareParameters, shares};
use citybrain_stats::significance::{Correction, Scores};
use citybrain_stats::space_time::{
    Cube, SpaceTimeError, SpaceTimeParameters, Window, space_time_getis_ord,
};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int8Array, RecordBatch, TimestampMicrosecondArray, UInt32Array,
    UInt64Array,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::lit;
use h3o::{CellIndex, Resolution};
use serde_json::{Map, Value, json};

use super::super::arguments::Arguments;
use super::super::grouped::{CHOSEN, Grouped, PLACE, RECORDS, SLICE, instant_type};
use super::super::input::{Input, Place};
use super::super::measured::{Measure, Measured, mean_of, share_of};
use super::super::timeline::{Span, Timeline};
use super::super::{AnalysisError, Compute, Found, Planned, cells};
use super::{NAME, correction_word};
use crate::stop::Stop;
use crate::{Bin, functions};

/// Most numbers of a cube of cells and slices.
const CUBE_MAX: usize = 20_000_000;
/// Most rows of an answer.
const ROWS_MAX: usize = 5_000_000;
/// The resolution of cells that are not coarser themselves.
const RESOLUTION: Resolution = Resolution::Eight;

/// What is said about time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    span: Span,
    previous_slices: usize,
    window: Window,
    /// Only so many of the last slices are in the answer.
    last: Option<usize>,
}

impl Asked {
    /// Reads the arguments about time; `None` without a `step`.
    pub(super) fn read(arguments: &mut Arguments) -> Result<Option<Self>> {
        let is_stepped = arguments.has("step");
        let size = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
        let previous = size(arguments.whole("previous_slices", 0..=1_000)?);
        let window = match arguments.text("window")?.as_deref() {
            None => None,
            Some("cube") => Some(Window::EntireCube),
            Some("neighbourhood") => Some(Window::Neighbourhood),
            Some("slice") => Some(Window::Slice),
            Some(other) => {
                let rule = "must be cube, neighbourhood or slice".to_owned();
                return Err(arguments.broken("window", &other, rule));
            }
        };
        let last = size(arguments.whole("last", 1..=1_000_000)?);
        let span = Span::read(arguments, Bin::Week)?;
        if !is_stepped {
            let is_said = [
                ("previous_slices", previous.is_some()),
                ("window", window.is_some()),
                ("last", last.is_some()),
                ("from", span.from.is_some()),
                ("to", span.to.is_some()),
            ];
            let Some((name, _)) = is_said.into_iter().find(|(_, is_said)| *is_said) else {
                return Ok(None);
            };
            let reason =
                format!("{name} is about slices of time: say a step as well, as in step => 'week'");
            return Err(refused(reason));
        }
        // A neighbourhood must lie within what it is compared with.
        let usual = usize::from(window != Some(Window::Slice));
        Ok(Some(Self {
            span,
            previous_slices: previous.unwrap_or(usual),
            window: window.unwrap_or_default(),
            last,
        }))
    }
}

/// One row of the query for each cell and slice: what is counted, or what is summed and what it is divided by.
pub(super) fn plan(
    input: Input,
    measured: Measured,
    correction: Correction,
    asked: Asked,
) -> Result<Planned> {
    let bin = functions::local_bin(measured.city.time_zone);
    let slice = bin.call(vec![lit(asked.span.step.as_str()), input.time()?]);
    let keys = vec![input.cell()?.alias(PLACE), slice.alias(SLICE)];
    let sums = match measured.measure {
        Measure::Mean => {
            let value = mean_of(&input)?;
            vec![
                count(value.clone()).alias(RECORDS),
                sum(value).alias(CHOSEN),
            ]
        }
        Measure::Share => vec![input.records(), share_of(&input)?],
        _ => vec![input.records()],
    };
    Ok(Planned {
        input: input.group(keys, sums)?,
        schema: schema(),
        compute: Arc::new(Run {
            measured,
            correction,
            asked,
        }),
    })
}

fn schema() -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        Field::new("cell", DataType::UInt64, false),
        Field::new("time", instant_type(), false),
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
    asked: Asked,
}

/// Numbers by cell and slice.
struct Filled {
    records: Vec<f64>,
    /// Sums of values or chosen records; empty for measures that need none.
    chosen: Vec<f64>,
    outside: f64,
}

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let city = &self.measured.city;
        let grouped = Grouped::read(batches, Place::Cell)?;
        let counted = grouped
            .counts
            .iter()
            .map(|count| (count.start, count.records));
        let timeline = Timeline::of(NAME, self.asked.span, city.time_zone, counted)?;
        let slices = timeline.len();
        if slices == 0 {
            return Err(refused(format!(
                "there is no whole {} with records: widen the time, take a shorter step, or say from and to",
                self.asked.span.step.as_str()
            )));
        }
        let resolution = self
            .measured
            .resolution
            .unwrap_or(RESOLUTION.min(city.base_resolution));
        let universe = cells::universe(city, resolution);
        let first = slices - self.asked.last.unwrap_or(slices).min(slices);
        for (slices, most) in [(slices, CUBE_MAX), (slices - first, ROWS_MAX)] {
            if universe.len().saturating_mul(slices) > most {
                return Err(refused(format!(
                    "{} cells × {slices} slices are too many, {most} is the most: take a coarser resolution, a longer step, less time or, for the answer, last => 10",
                    universe.len()
                )));
            }
        }
        let filled = self.fill(&grouped, &timeline, universe, resolution)?;
        let values = self.values(&filled, universe, resolution, city)?;
        let k = self.measured.k.unwrap_or(1);
        stop.check()?;
        let neighbours = cells::disk(NAME, universe, k, stop)?;
        let failed = |error: SpaceTimeError| refused(error.to_string());
        let cube = Cube::try_new(&values, slices).map_err(failed)?;
        let scores = self.scores(cube, &filled, &neighbours).map_err(failed)?;

        let rows: Vec<usize> = (0..universe.len())
            .flat_map(|cell| (first..slices).map(move |slice| cell * slices + slice))
            .collect();
        let number = |value: &dyn Fn(usize) -> Option<f64>| -> ArrayRef {
            Arc::new(rows.iter().map(|at| value(*at)).collect::<Float64Array>())
        };
        let is_known = |number: f64| Some(number).filter(|number| number.is_finite());
        let times: TimestampMicrosecondArray = rows
            .iter()
            .map(|at| Some(timeline.start(at % slices)))
            .collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(
                rows.iter()
                    .map(|at| Some(u64::from(universe[at / slices])))
                    .collect::<UInt64Array>(),
            ),
            Arc::new(times.with_timezone("UTC")),
            number(&|at| is_known(values[at])),
            number(&|at| is_known(filled.records[at])),
            Arc::new(
                rows.iter()
                    .map(|at| {
                        let near = neighbours.of(at / slices).len() + 1;
                        let deep = (at % slices).min(self.asked.previous_slices) + 1;
                        u32::try_from(near * deep).ok()
                    })
                    .collect::<UInt32Array>(),
            ),
            number(&|at| scores.get(at).map(|score| score.z)),
            number(&|at| scores.get(at).map(|score| score.p)),
            number(&|at| scores.get(at).map(|score| score.q)),
            Arc::new(
                rows.iter()
                    .map(|at| scores.get(*at).map(|score| score.bin))
                    .collect::<Int8Array>(),
            ),
        ];

        let mut note = self.note(resolution, k);
        timeline.note(&mut note);
        note.insert("cells".to_owned(), json!(universe.len()));
        let tested = scores.tested().iter().sum::<usize>();
        note.insert("tested".to_owned(), json!(tested));
        note.insert("outside".to_owned(), json!(filled.outside));
        note.insert("not_located".to_owned(), json!(grouped.not_located));
        Ok(Found {
            rows: RecordBatch::try_new(schema(), columns)?,
            parameters: note,
        })
    }
}

impl Run {
    /// What was asked for, by the caller or by default.
    fn note(&self, resolution: Resolution, k: u32) -> Map<String, Value> {
        let is_share = self.measured.measure == Measure::Share;
        let (statistic, window) = match (is_share, self.asked.window) {
            (true, _) => ("binomial", "slice"),
            (_, Window::EntireCube) => ("Gi*", "cube"),
            (_, Window::Neighbourhood) => ("Gi*", "neighbourhood"),
            (_, Window::Slice) => ("Gi*", "slice"),
        };
        let notes = [
            ("function", json!(NAME)),
            ("statistic", json!(statistic)),
            ("window", json!(window)),
            ("previous_slices", json!(self.asked.previous_slices)),
            ("resolution", json!(u8::from(resolution))),
            ("k", json!(k)),
            ("measure", json!(self.measured.measure.as_str())),
            ("correction", json!(correction_word(self.correction))),
            (
                "boundary_version",
                json!(self.measured.city.boundary_version()),
            ),
        ];
        let notes = notes.into_iter();
        notes.map(|(name, note)| (name.to_owned(), note)).collect()
    }

    fn fill(
        &self,
        grouped: &Grouped,
        timeline: &Timeline,
        universe: &[CellIndex],
        resolution: Resolution,
    ) -> Result<Filled> {
        let numbers = grouped.numbers_in(universe, resolution, NAME)?;
        let mut filled = Filled {
            records: timeline.blank().repeat(universe.len()),
            chosen: Vec::new(),
            outside: 0.0,
        };
        if matches!(self.measured.measure, Measure::Mean | Measure::Share) {
            filled.chosen.clone_from(&filled.records);
        }
        for count in &grouped.counts {
            let Some(slice) = timeline.slice(count.start) else {
                continue;
            };
            let Some(cell) = numbers[count.place as usize] else {
                filled.outside += count.records;
                continue;
            };
            let at = cell as usize * timeline.len() + slice;
            filled.records[at] += count.records;
            if let Some(chosen) = filled.chosen.get_mut(at) {
                *chosen += count.chosen;
            }
        }
        Ok(filled)
    }

    /// What is compared; NaN where it cannot be said.
    fn values(
        &self,
        filled: &Filled,
        universe: &[CellIndex],
        resolution: Resolution,
        city: &City,
    ) -> Result<Vec<f64>> {
        let ratio = |over: f64, under: f64| if under > 0.0 { over / under } else { f64::NAN };
        if !filled.chosen.is_empty() {
            let both = filled.chosen.iter().zip(&filled.records);
            return Ok(both.map(|(chosen, all)| ratio(*chosen, *all)).collect());
        }
        let bases = self
            .measured
            .measure
            .bases(NAME, city, universe, resolution)?;
        let Some(bases) = bases else {
            return Ok(filled.records.clone());
        };
        let slices = filled.records.len() / universe.len().max(1);
        let records = filled.records.iter().enumerate();
        Ok(records
            .map(|(at, records)| ratio(*records, bases[at / slices]))
            .collect())
    }

    fn scores(
        &self,
        values: Cube<'_>,
        filled: &Filled,
        neighbours: &citybrain_stats::neighbours::Neighbours,
    ) -> std::result::Result<Scores, SpaceTimeError> {
        if self.measured.measure == Measure::Share {
            let parameters = ShareParameters {
                previous_slices: self.asked.previous_slices,
                correction: self.correction,
                ..ShareParameters::default()
            };
            let chosen = Cube::try_new(&filled.chosen, values.slices())?;
            let all = Cube::try_new(&filled.records, values.slices())?;
            return shares(chosen, all, neighbours, &parameters);
        }
        let parameters = SpaceTimeParameters {
            previous_slices: self.asked.previous_slices,
            window: self.asked.window,
            correction: self.correction,
            ..SpaceTimeParameters::default()
        };
        space_time_getis_ord(values, neighbours, &parameters)
    }
}

fn refused(reason: String) -> DataFusionError {
    AnalysisError::Refused {
        function: NAME,
        reason,
    }
    .into()
}
