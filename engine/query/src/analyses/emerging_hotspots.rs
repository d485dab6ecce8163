//! `emerging_hotspots((SELECT cell, requested_at FROM complaints))`: how each cell came to be hot or cold, in seventeen classes.
//!
//! With a column `chosen`, as in `SELECT cell, requested_at, category = 'Noise' AS chosen FROM complaints`, it is the share of the
//! chosen records that is hot or cold, against the share in the whole city in the same slices: neither where people are many nor a
//! season of the whole city is a pattern then. Each slice is corrected on its own: what is new in the last one need not stand against the tests
//! of all slices before, and no earlier slice changes when one is added.

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::emerging::{Class, Definition, EmergingParameters, Pattern, emerging};
use citybrain_stats::mann_kendall::{TrendTest, mann_kendall_of_cells};
use citybrain_stats::neighbours::Neighbours;
use citybrain_stats::share::{ShareParameters, shares};
use citybrain_stats::significance::{Correction, Scores};
use citybrain_stats::space_time::{
    Cube, Family, SpaceTimeError, SpaceTimeParameters, space_time_getis_ord,
};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, RecordBatch, StringArray, UInt8Array, UInt32Array,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::lit;
use h3o::{CellIndex, Resolution};
use serde_json::{Map, json};

use super::arguments::Arguments;
use super::grouped::{Grouped, PLACE, SLICE};
use super::input::{Input, Place};
use super::timeline::{Span, Timeline};
use super::{Analysis, AnalysisError, Compute, Found, Planned, cells};
use crate::stop::Stop;
use crate::{Bin, functions};

const NAME: &str = "emerging_hotspots";
/// Most numbers of a cube of cells and slices.
const CUBE_MAX: usize = 20_000_000;
/// The resolution of cells that are not coarser themselves.
const RESOLUTION: Resolution = Resolution::Eight;

#[derive(Debug)]
pub(super) struct EmergingHotspots;

impl Analysis for EmergingHotspots {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "resolution",
            "k",
            "previous_slices",
            "step",
            "from",
            "to",
            "definition",
            "minimum_slices",
            "correction",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let base = city.base_resolution;
        let resolution = arguments.whole("resolution", 0..=i64::from(u8::from(base)))?;
        let resolution = resolution
            .and_then(|number| u8::try_from(number).ok())
            .and_then(|number| Resolution::try_from(number).ok())
            .unwrap_or(RESOLUTION.min(base));
        let k = arguments.whole("k", 1..=20)?;
        let previous = arguments.whole("previous_slices", 0..=100)?;
        let definition = match arguments.text("definition")?.as_deref() {
            None | Some("current") => Definition::Current,
            Some("classic") => Definition::Classic,
            Some(other) => {
                let rule = "must be current or classic".to_owned();
                return Err(arguments.broken("definition", &other, rule));
            }
        };
        let minimum = arguments.whole("minimum_slices", 2..=10_000)?;
        let correction = match arguments.text("correction")?.as_deref() {
            None | Some("fdr") => Correction::FalseDiscoveryRate,
            Some("raw") => Correction::Raw,
            Some(other) => {
                return Err(arguments.broken(
                    "correction",
                    &other,
                    "must be fdr or raw".to_owned(),
                ));
            }
        };
        let span = Span::read(arguments, Bin::Week)?;
        let size = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
        let mut run = Run {
            city: Arc::clone(city),
            shared: false,
            resolution,
            k: k.and_then(|k| u32::try_from(k).ok()).unwrap_or(1),
            span,
            space_time: SpaceTimeParameters {
                previous_slices: size(previous).unwrap_or(1),
                correction,
                ..SpaceTimeParameters::default()
            },
            emerging: EmergingParameters {
                definition,
                minimum_slices: size(minimum).unwrap_or(10),
                ..EmergingParameters::default()
            },
        };
        let bin = functions::local_bin(city.time_zone);
        let slice = bin.call(vec![lit(span.step.as_str()), input.time()?]);
        let keys = vec![input.cell()?.alias(PLACE), slice.alias(SLICE)];
        let mut sums = vec![input.records()];
        let chosen = input.chosen()?;
        run.shared = chosen.is_some();
        sums.extend(chosen);
        Ok(Planned {
            input: input.group(keys, sums)?,
            schema: schema(),
            compute: Arc::new(run),
        })
    }
}

fn schema() -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    let whole = |name| Field::new(name, DataType::UInt32, false);
    Arc::new(Schema::new(vec![
        Field::new("cell", DataType::UInt64, false),
        Field::new("class", DataType::Utf8, true),
        Field::new("class_code", DataType::UInt8, true),
        number("count"),
        whole("slices"),
        whole("hot"),
        whole("cold"),
        number("z"),
        number("trend_z"),
        number("trend_p"),
        number("count_trend_z"),
        number("count_trend_p"),
        number("count_slope"),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    /// Is it the share of chosen records that is compared, or their number?
    shared: bool,
    resolution: Resolution,
    k: u32,
    span: Span,
    space_time: SpaceTimeParameters,
    emerging: EmergingParameters,
}

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let grouped = Grouped::read(batches, Place::Cell)?;
        let counted = grouped
            .counts
            .iter()
            .map(|count| (count.start, count.records));
        let mut timeline = Timeline::of(NAME, self.span, self.city.time_zone, counted)?;
        let in_use = self.in_use(&grouped, &mut timeline);
        let slices = timeline.len();
        if slices < self.emerging.minimum_slices {
            return Err(refused(format!(
                "there are {slices} whole slices of a {}, and {} are needed: widen the time or take a shorter step",
                self.span.step.as_str(),
                self.emerging.minimum_slices
            )));
        }
        let universe = cells::universe(&self.city, self.resolution);
        if universe.len().saturating_mul(slices) > CUBE_MAX {
            return Err(refused(format!(
                "{} cells × {slices} slices are too many: take a coarser resolution, a longer step or less time",
                universe.len()
            )));
        }
        let mut blank = timeline.blank();
        for (slice, value) in blank.iter_mut().enumerate() {
            if !in_use.is_empty() && !in_use.contains(&slice) {
                *value = f64::NAN;
            }
        }
        let mut cube = blank.repeat(universe.len());
        let mut all = if self.shared {
            cube.clone()
        } else {
            Vec::new()
        };
        let outside = self.fill((&mut cube, &mut all), &grouped, &timeline, universe)?;

        let failed = |error: SpaceTimeError| refused(error.to_string());
        let shaped = Cube::try_new(&cube, slices).map_err(failed)?;
        stop.check()?;
        let neighbours = cells::disk(NAME, universe, self.k, stop)?;
        let scores = self.scores(shaped, &all, &neighbours).map_err(failed)?;
        let found = emerging(&scores, slices, &self.emerging).map_err(failed)?;
        let trends = mann_kendall_of_cells(shaped, TrendTest::Original, None)
            .map_err(|error| refused(error.to_string()))?;

        let number = |value: &dyn Fn(usize) -> Option<f64>| -> ArrayRef {
            Arc::new((0..universe.len()).map(value).collect::<Float64Array>())
        };
        let whole = |value: &dyn Fn(usize) -> usize| -> ArrayRef {
            let values = (0..universe.len()).map(|at| u32::try_from(value(at)).ok());
            Arc::new(values.collect::<UInt32Array>())
        };
        let columns: Vec<ArrayRef> = vec![
            cells::column(universe),
            Arc::new(
                found
                    .iter()
                    .map(|history| history.class.map(word))
                    .collect::<StringArray>(),
            ),
            Arc::new(
                found
                    .iter()
                    .map(|history| history.class.map(Class::code))
                    .collect::<UInt8Array>(),
            ),
            number(&|at| {
                let counts = &cube[at * slices..(at + 1) * slices];
                Some(counts.iter().filter(|count| count.is_finite()).sum())
            }),
            whole(&|at| found[at].valid),
            whole(&|at| found[at].hot),
            whole(&|at| found[at].cold),
            number(&|at| scores.get((at + 1) * slices - 1).map(|score| score.z)),
            number(&|at| found[at].trend.map(|trend| trend.z)),
            number(&|at| found[at].trend.map(|trend| trend.p)),
            number(&|at| trends[at].map(|trend| trend.z)),
            number(&|at| trends[at].map(|trend| trend.p)),
            number(&|at| trends[at].map(|trend| trend.slope)),
        ];
        let mut note = self.note();
        timeline.note(&mut note);
        let in_use = if in_use.is_empty() {
            slices
        } else {
            in_use.len()
        };
        let tested = scores.tested().iter().sum::<usize>();
        for (name, number) in [
            ("slices_not_in_use", json!(slices - in_use)),
            ("cells", json!(universe.len())),
            ("tested", json!(tested)),
            ("outside", json!(outside)),
            ("not_located", json!(grouped.not_located)),
        ] {
            note.insert(name.to_owned(), number);
        }
        Ok(Found {
            rows: RecordBatch::try_new(schema(), columns)?,
            parameters: note,
        })
    }
}

impl Run {
    /// What the analysis was asked for, by the caller or by default.
    fn note(&self) -> Map<String, serde_json::Value> {
        let mut note = Map::new();
        note.insert("function".to_owned(), json!(NAME));
        let definition = match self.emerging.definition {
            Definition::Current => "current",
            Definition::Classic => "classic",
        };
        note.insert("definition".to_owned(), json!(definition));
        note.insert("resolution".to_owned(), json!(u8::from(self.resolution)));
        note.insert("k".to_owned(), json!(self.k));
        note.insert(
            "previous_slices".to_owned(),
            json!(self.space_time.previous_slices),
        );
        let (measure, statistic, window, family) = if self.shared {
            ("share", "binomial", "same slices", "slice")
        } else {
            ("count", "Gi*", "entire cube", "cube")
        };
        note.insert("measure".to_owned(), json!(measure));
        note.insert("statistic".to_owned(), json!(statistic));
        note.insert("window".to_owned(), json!(window));
        note.insert("family".to_owned(), json!(family));
        let correction = match self.space_time.correction {
            Correction::FalseDiscoveryRate => "fdr",
            Correction::Raw => "raw",
        };
        note.insert("correction".to_owned(), json!(correction));
        note.insert("alpha".to_owned(), json!(self.emerging.confidence.alpha()));
        note.insert(
            "minimum_slices".to_owned(),
            json!(self.emerging.minimum_slices),
        );
        note.insert(
            "boundary_version".to_owned(),
            json!(self.city.boundary_version()),
        );
        note
    }
}

impl Run {
    /// The slices in which what is asked about was in use: before its name came up there is no history of it. Marks the holes of an export
    /// where all records are at hand.
    fn in_use(&self, grouped: &Grouped, timeline: &mut Timeline) -> std::ops::Range<usize> {
        let counts = grouped.counts.iter();
        if self.shared {
            timeline.find_holes(counts.clone().map(|count| (count.start, count.records)));
        }
        timeline.in_use(counts.map(|count| {
            let amount = if self.shared {
                count.chosen
            } else {
                count.records
            };
            (count.start, amount)
        }))
    }

    /// The z-score of every cell and slice: of the share of the chosen (`cube`) among `all`, or of the number.
    fn scores(
        &self,
        cube: Cube<'_>,
        all: &[f64],
        neighbours: &Neighbours,
    ) -> Result<Scores, SpaceTimeError> {
        if !self.shared {
            return space_time_getis_ord(cube, neighbours, &self.space_time);
        }
        let all = Cube::try_new(all, cube.slices())?;
        let parameters = ShareParameters {
            previous_slices: self.space_time.previous_slices,
            correction: self.space_time.correction,
            family: Family::Slice,
            ..ShareParameters::default()
        };
        shares(cube, all, neighbours, &parameters)
    }

    /// Puts the counts into the cube, or the chosen into the first and all into the second; gives the records that lie in no cell of the city.
    fn fill(
        &self,
        (cube, all): (&mut [f64], &mut [f64]),
        grouped: &Grouped,
        timeline: &Timeline,
        universe: &[CellIndex],
    ) -> Result<f64> {
        let numbers = grouped.numbers_in(universe, self.resolution, NAME)?;
        let mut outside = 0.0;
        for count in &grouped.counts {
            let Some(slice) = timeline.slice(count.start) else {
                continue;
            };
            match numbers[count.place as usize] {
                Some(cell) if self.shared => {
                    let at = cell as usize * timeline.len() + slice;
                    cube[at] += count.chosen;
                    all[at] += count.records;
                }
                Some(cell) => cube[cell as usize * timeline.len() + slice] += count.records,
                None => outside += count.records,
            }
        }
        Ok(outside)
    }
}

/// The class in words.
fn word(class: Class) -> &'static str {
    match class {
        Class::NoPattern => "no pattern",
        Class::Hot(pattern) => match pattern {
            Pattern::New => "new hot spot",
            Pattern::Consecutive => "consecutive hot spot",
            Pattern::Intensifying => "intensifying hot spot",
            Pattern::Persistent => "persistent hot spot",
            Pattern::Diminishing => "diminishing hot spot",
            Pattern::Sporadic => "sporadic hot spot",
            Pattern::Oscillating => "oscillating hot spot",
            Pattern::Historical => "historical hot spot",
        },
        Class::Cold(pattern) => match pattern {
            Pattern::New => "new cold spot",
            Pattern::Consecutive => "consecutive cold spot",
            Pattern::Intensifying => "intensifying cold spot",
            Pattern::Persistent => "persistent cold spot",
            Pattern::Diminishing => "diminishing cold spot",
            Pattern::Sporadic => "sporadic cold spot",
            Pattern::Oscillating => "oscillating cold spot",
            Pattern::Historical => "historical cold spot",
        },
    }
}

fn refused(reason: String) -> DataFusionError {
    AnalysisError::Refused {
        function: NAME,
        reason,
    }
    .into()
}
