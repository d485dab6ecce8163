//! `forecast((SELECT subdistrict, category, requested_at FROM complaints))`: how many are expected in the coming days.
//!
//! One series for each place and category. Counts are smoothed with their seasons; `method => 'seasonal_naive'` repeats the last
//! week, which is the floor that any method has to beat: [`backtest`](super::backtest) says by how much.

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::forecast::{
    Forecast, ForecastError, ForecastOptions, seasonal_naive, smoothed,
};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlan, lit};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::grouped::{Count, Grouped, KIND, PLACE, SLICE, instant_type, place_type};
use super::input::{Input, Place};
use super::timeline::{Span, Timeline};
use super::{Analysis, AnalysisError, Compute, Found, Planned};
use crate::stop::Stop;
use crate::{Bin, functions};

const NAME: &str = "forecast";
/// Fewest records of a series, unless the caller says otherwise: with fewer there is hardly a level to tell.
const RECORDS_MIN: f64 = 30.0;

#[derive(Debug)]
pub(super) struct ForecastAnalysis;

/// How a series is continued.
#[derive(Debug, Clone)]
pub(super) struct Model {
    naive: bool,
    pub(super) options: ForecastOptions,
}

impl Model {
    /// Reads `method`, `horizon` and `level`. The seasons are those of the step.
    pub(super) fn read(arguments: &mut Arguments, step: Bin) -> Result<Self> {
        let naive = match arguments.text("method")?.as_deref() {
            None | Some("smoothed") => false,
            Some("seasonal_naive") => true,
            Some(other) => {
                let rule = "must be smoothed or seasonal_naive".to_owned();
                return Err(arguments.broken("method", &other, rule));
            }
        };
        let (periods, usual): (&[usize], usize) = match step {
            Bin::Hour => (&[24, 168], 48),
            Bin::Day => (&[7, 365], 7),
            Bin::Week => (&[52], 4),
            Bin::Month => (&[12], 3),
        };
        let horizon = arguments.whole("horizon", 1..=1_000)?;
        let horizon = horizon.map_or(usual, |bins| usize::try_from(bins).unwrap_or(usual));
        let mut options = ForecastOptions::new(periods, horizon);
        if let Some(level) = arguments.number("level", 0.5..=0.9999)? {
            options.level = level;
        }
        Ok(Self { naive, options })
    }

    /// The shortest season.
    pub(super) fn season(&self) -> usize {
        self.options.periods.first().copied().unwrap_or(1)
    }

    /// What follows these counts.
    pub(super) fn ahead(&self, counts: &[f64]) -> Result<Forecast, ForecastError> {
        if self.naive {
            self.naive(counts)
        } else {
            smoothed(counts, &self.options)
        }
    }

    /// The floor.
    pub(super) fn naive(&self, counts: &[f64]) -> Result<Forecast, ForecastError> {
        let ForecastOptions { horizon, level, .. } = self.options;
        seasonal_naive(counts, self.season(), horizon, level)
    }

    pub(super) fn note(&self, parameters: &mut Map<String, Value>) {
        let method = if self.naive {
            "seasonal_naive"
        } else {
            "smoothed"
        };
        parameters.insert("method".to_owned(), json!(method));
        parameters.insert("seasons".to_owned(), json!(self.options.periods));
        parameters.insert("horizon".to_owned(), json!(self.options.horizon));
        parameters.insert("level".to_owned(), json!(self.options.level));
    }
}

/// The series of a query: what forecasts and their proof read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) place: Place,
    pub(super) span: Span,
    pub(super) model: Model,
    pub(super) records_min: f64,
}

impl Read {
    /// Reads what is common and groups the query by place, category and slice.
    pub(super) fn plan(
        input: Input,
        arguments: &mut Arguments,
        city: &City,
    ) -> Result<(Self, LogicalPlan)> {
        let by = arguments.text("by")?;
        let (place, place_column) = input.place(by.as_deref())?;
        let span = Span::read(arguments, Bin::Day)?;
        let model = Model::read(arguments, span.step)?;
        let records_min = arguments
            .number("minimum_count", 0.0..=1e12)?
            .unwrap_or(RECORDS_MIN);
        let bin = functions::local_bin(city.time_zone);
        let slice = bin.call(vec![lit(span.step.as_str()), input.time()?]);
        let keys = vec![
            place_column.alias(PLACE),
            input.kind().alias(KIND),
            slice.alias(SLICE),
        ];
        let records = input.records();
        let read = Self {
            place,
            span,
            model,
            records_min,
        };
        Ok((read, input.group(keys, vec![records])?))
    }

    /// The counts of a series; `None` when there are too few.
    pub(super) fn counts(&self, series: &[Count], timeline: &Timeline) -> Option<Vec<f64>> {
        let mut counts = timeline.blank();
        let mut records = 0.0;
        for count in series {
            if let Some(slice) = timeline.slice(count.start) {
                counts[slice] = count.records;
                records += count.records;
            }
        }
        (records >= self.records_min).then_some(counts)
    }

    pub(super) fn note(
        &self,
        function: &str,
        grouped: &Grouped,
        city: &City,
    ) -> Map<String, Value> {
        let mut note = Map::new();
        note.insert("function".to_owned(), json!(function));
        note.insert("by".to_owned(), json!(self.place.column()));
        self.model.note(&mut note);
        note.insert("minimum_count".to_owned(), json!(self.records_min));
        note.insert("series".to_owned(), json!(grouped.series().count()));
        note.insert("not_located".to_owned(), json!(grouped.not_located));
        note.insert(
            "boundary_version".to_owned(),
            json!(city.boundary_version()),
        );
        note
    }
}

impl Analysis for ForecastAnalysis {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "by",
            "step",
            "horizon",
            "level",
            "method",
            "minimum_count",
            "from",
            "to",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let (read, input) = Read::plan(input, arguments, city)?;
        Ok(Planned {
            input,
            schema: schema(read.place),
            compute: Arc::new(Run {
                city: Arc::clone(city),
                read,
            }),
        })
    }
}

fn schema(place: Place) -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, false);
    Arc::new(Schema::new(vec![
        Field::new(place.column(), place_type(place), false),
        Field::new("category", DataType::Utf8, true),
        Field::new("time", instant_type(), false),
        number("expected"),
        number("low"),
        number("high"),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    read: Read,
}

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let grouped = Grouped::read(batches, self.read.place)?;
        let counted = grouped
            .counts
            .iter()
            .map(|count| (count.start, count.records));
        let timeline = Timeline::of(NAME, self.read.span, self.city.time_zone, counted)?;
        let times = timeline.following(self.read.model.options.horizon);
        let mut rows: Vec<(u32, u32, Forecast)> = Vec::new();
        let mut too_short = 0_usize;
        for series in grouped.series() {
            stop.check()?;
            let Some(counts) = self.read.counts(series, &timeline) else {
                continue;
            };
            match self.read.model.ahead(&counts) {
                Ok(forecast) => rows.push((series[0].place, series[0].kind, forecast)),
                Err(ForecastError::TooFew { .. } | ForecastError::Seasons(_)) => too_short += 1,
                Err(error) => {
                    return Err(AnalysisError::Refused {
                        function: NAME,
                        reason: error.to_string(),
                    }
                    .into());
                }
            }
        }
        let ahead = times.len();
        let number = |value: &dyn Fn(&Forecast) -> &[f64]| -> ArrayRef {
            let values = rows.iter().flat_map(|(_, _, found)| value(found).iter());
            Arc::new(values.copied().collect::<Float64Array>())
        };
        let each = |value: &dyn Fn(&(u32, u32, Forecast)) -> u32| -> Vec<u32> {
            let values = rows.iter().flat_map(|row| vec![value(row); ahead]);
            values.collect()
        };
        let kinds: StringArray = each(&|row| row.1)
            .into_iter()
            .map(|kind| grouped.kinds[kind as usize].as_deref())
            .collect();
        let instants: TimestampMicrosecondArray = rows
            .iter()
            .flat_map(|_| times.iter().copied().map(Some))
            .collect();
        let columns: Vec<ArrayRef> = vec![
            grouped.places.column(each(&|row| row.0).into_iter()),
            Arc::new(kinds),
            Arc::new(instants.with_timezone("UTC")),
            number(&|found| &found.mean),
            number(&|found| &found.low),
            number(&|found| &found.high),
        ];
        let mut note = self.read.note(NAME, &grouped, &self.city);
        timeline.note(&mut note);
        note.insert("series_forecast".to_owned(), json!(rows.len()));
        note.insert("series_too_short".to_owned(), json!(too_short));
        Ok(Found {
            rows: RecordBatch::try_new(schema(self.read.place), columns)?,
            parameters: note,
        })
    }
}
