//! `backtest((SELECT subdistrict, category, requested_at FROM complaints))`: how good [`forecast`](super::forecast) would have been.
//!
//! The forecast is made again from origins in the past, each of which sees only what was before it, and is compared with what came.
//! A row for each series; the parameters tell all of them together, and how well a ranking of the places by their forecast would
//! have caught where the records fell.

use std::collections::BTreeMap;
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::backtest::{Accuracy, BacktestOptions, backtest, places};
use citybrain_stats::forecast::ForecastError;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt32Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result;
use h3o::CellIndex;
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::forecast::Read;
use super::grouped::{Grouped, Places, place_type};
use super::input::{Input, Place};
use super::timeline::Timeline;
use super::{Analysis, AnalysisError, Compute, Found, Planned};
use crate::stop::Stop;

const NAME: &str = "backtest";
/// Origins, unless the caller says otherwise.
const ORIGINS: usize = 8;
/// Places that are acted on, unless the caller says otherwise.
const PLACES: usize = 10;

#[derive(Debug)]
pub(super) struct Backtest;

impl Analysis for Backtest {
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
            "origins",
            "places",
            "from",
            "to",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let size = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
        let origins = size(arguments.whole("origins", 1..=1_000)?).unwrap_or(ORIGINS);
        let places = size(arguments.whole("places", 1..=1_000_000)?).unwrap_or(PLACES);
        let (read, input) = Read::plan(input, arguments, city)?;
        Ok(Planned {
            input,
            schema: schema(read.place),
            compute: Arc::new(Run {
                city: Arc::clone(city),
                read,
                origins,
                places,
            }),
        })
    }
}

fn schema(place: Place) -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        Field::new(place.column(), place_type(place), false),
        Field::new("category", DataType::Utf8, true),
        Field::new("origins", DataType::UInt32, false),
        number("mae"),
        number("naive_mae"),
        number("rmsse"),
        number("coverage"),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    read: Read,
    origins: usize,
    places: usize,
}

/// One series: place, category, its accuracy and that of the floor.
type Row = (u32, u32, Accuracy, Accuracy);

/// For each origin and place what was expected and what came, over all categories.
type Totals = BTreeMap<usize, BTreeMap<u32, (f64, f64)>>;

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let grouped = Grouped::read(batches, self.read.place)?;
        let counted = grouped
            .counts
            .iter()
            .map(|count| (count.start, count.records));
        let timeline = Timeline::of(NAME, self.read.span, self.city.time_zone, counted)?;
        let horizon = self.read.model.options.horizon;
        let held_out = self.origins * horizon;
        let needed = 2 * self.read.model.season() + held_out;
        if timeline.len() < needed {
            return Err(refused(format!(
                "there are {} whole slices of a {}, and {needed} are needed for {} origins of {horizon} slices: widen the time, or take fewer origins",
                timeline.len(),
                self.read.span.step.as_str(),
                self.origins,
            )));
        }
        let options = BacktestOptions {
            first: timeline.len() - held_out,
            step: horizon,
            horizon,
            period: self.read.model.season(),
        };
        let (mut rows, mut totals, mut too_short) = (Vec::new(), Totals::new(), 0_usize);
        for series in grouped.series() {
            stop.check()?;
            let Some(counts) = self.read.counts(series, &timeline) else {
                continue;
            };
            let place = series[0].place;
            let tried = backtest(&counts, options, |past| {
                let forecast = self.read.model.ahead(past)?;
                let came = counts[past.len()..].iter().take(horizon);
                let total = totals.entry(past.len()).or_default();
                let total = total.entry(place).or_default();
                total.0 += forecast.mean.iter().sum::<f64>();
                total.1 += came.filter(|count| count.is_finite()).sum::<f64>();
                Ok(forecast)
            });
            let floor = backtest(&counts, options, |past| self.read.model.naive(past));
            match (tried, floor) {
                (Ok(Some(tried)), Ok(Some(floor))) => {
                    rows.push((place, series[0].kind, tried, floor));
                }
                (Ok(_), Ok(_))
                | (Err(ForecastError::TooFew { .. } | ForecastError::Seasons(_)), _)
                | (_, Err(ForecastError::TooFew { .. } | ForecastError::Seasons(_))) => {
                    too_short += 1;
                }
                (Err(error), _) | (_, Err(error)) => return Err(refused(error.to_string())),
            }
        }
        let mut note = self.read.note(NAME, &grouped, &self.city);
        timeline.note(&mut note);
        note.insert("origins".to_owned(), json!(self.origins));
        note.insert("series_forecast".to_owned(), json!(rows.len()));
        note.insert("series_too_short".to_owned(), json!(too_short));
        overall(&rows, &mut note);
        self.ranking(&totals, &grouped.places, &mut note)?;
        Ok(Found {
            rows: table(self.read.place, &grouped, &rows)?,
            parameters: note,
        })
    }
}

impl Run {
    /// How well the places with the highest forecasts caught where the records fell: the mean over the origins.
    fn ranking(
        &self,
        totals: &Totals,
        known: &Places,
        note: &mut Map<String, Value>,
    ) -> Result<()> {
        let (mut hit_rate, mut index, mut efficiency, mut origins) = (0.0, 0.0, 0.0, 0.0);
        let mut k = 0;
        for total in totals.values() {
            let (mut expected, mut came, mut areas) = (Vec::new(), Vec::new(), Vec::new());
            for (place, (mean, count)) in total {
                if let Some(area) = self.area_km2(known, *place)? {
                    expected.push(*mean);
                    came.push(*count);
                    areas.push(area);
                }
            }
            k = self.places.min(expected.len());
            if let Some(found) = places(&expected, &came, &areas, k) {
                hit_rate += found.hit_rate;
                index += found.accuracy_index;
                efficiency += found.efficiency;
                origins += 1.0;
            }
        }
        let mean = |sum: f64| (origins > 0.0).then(|| sum / origins);
        note.insert("places".to_owned(), json!(k));
        note.insert("hit_rate".to_owned(), json!(mean(hit_rate)));
        note.insert("accuracy_index".to_owned(), json!(mean(index)));
        // The name that the literature has for it, at so many places.
        note.insert("pai".to_owned(), json!(mean(index)));
        note.insert("efficiency".to_owned(), json!(mean(efficiency)));
        Ok(())
    }

    /// The area of a place; `None` when the city no longer has it.
    fn area_km2(&self, known: &Places, place: u32) -> Result<Option<f64>> {
        Ok(match (known, self.read.place) {
            (Places::Cells(cells), _) => {
                let cell = cells[place as usize];
                let cell = CellIndex::try_from(cell)
                    .map_err(|error| refused(format!("{cell} is no H3 cell: {error}")))?;
                Some(cell.area_km2())
            }
            (Places::Areas(ids), Place::Area(level)) => {
                let level = self.city.level(level);
                level
                    .and_then(|level| level.area(&ids[place as usize]))
                    .map(|area| area.area_km2)
            }
            (Places::Areas(_), Place::Cell) => None,
        })
    }
}

/// The means over all series: errors weigh by compared bins.
fn overall(rows: &[Row], note: &mut Map<String, Value>) {
    #[expect(clippy::cast_precision_loss, reason = "bins are far fewer than 2^53")]
    let bins = |accuracy: &Accuracy| accuracy.bins as f64;
    let all: f64 = rows.iter().map(|row| bins(&row.2)).sum();
    let mean = |value: &dyn Fn(&Row) -> f64| {
        let sum: f64 = rows.iter().map(|row| value(row) * bins(&row.2)).sum();
        (all > 0.0).then(|| sum / all)
    };
    note.insert("mae".to_owned(), json!(mean(&|row| row.2.mae)));
    note.insert("naive_mae".to_owned(), json!(mean(&|row| row.3.mae)));
    let rmse = |accuracy: &dyn Fn(&Row) -> f64| mean(&|row| accuracy(row).powi(2)).map(f64::sqrt);
    note.insert("rmse".to_owned(), json!(rmse(&|row| row.2.rmse)));
    note.insert("naive_rmse".to_owned(), json!(rmse(&|row| row.3.rmse)));
    note.insert("coverage".to_owned(), json!(mean(&|row| row.2.coverage)));
}

fn table(place: Place, grouped: &Grouped, rows: &[Row]) -> Result<RecordBatch> {
    let number = |value: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<Float64Array>())
    };
    let kinds: StringArray = rows
        .iter()
        .map(|row| grouped.kinds[row.1 as usize].as_deref())
        .collect();
    let origins: UInt32Array = rows
        .iter()
        .map(|row| u32::try_from(row.2.origins).ok())
        .collect();
    let columns: Vec<ArrayRef> = vec![
        grouped.places.column(rows.iter().map(|row| row.0)),
        Arc::new(kinds),
        Arc::new(origins),
        number(&|row| Some(row.2.mae)),
        number(&|row| Some(row.3.mae)),
        number(&|row| row.2.rmsse),
        number(&|row| Some(row.2.coverage)),
    ];
    Ok(RecordBatch::try_new(schema(place), columns)?)
}

fn refused(reason: String) -> datafusion::error::DataFusionError {
    AnalysisError::Refused {
        function: NAME,
        reason,
    }
    .into()
}
