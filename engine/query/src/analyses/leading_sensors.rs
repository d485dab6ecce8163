//! `leading_sensors((SELECT district, category, requested_at FROM complaints), sensors => (SELECT district, property,
//! phenomenon_time, result FROM observations))`: what rises before the complaints do, by how many hours, and from when it pays to act.
//!
//! Each property (or datastream, where the query has one) of a place is tried against each category of the same place, by the hour.

use std::collections::BTreeMap;
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::fdr::benjamini_hochberg;
use citybrain_stats::leading::{Leading, LeadingParameters, Outcome, leading_sensors};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::compute::cast as cast_array;
use datafusion::arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, UInt64Type,
};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::expr_fn::avg;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, col, lit};
use datafusion::scalar::ScalarValue;
use serde_json::{Map, json};

use super::arguments::Arguments;
use super::grouped::{KIND, PLACE, RECORDS, SLICE, instant_type, place_type};
use super::input::{Input, Place};
use super::timeline::{Span, Timeline};
use super::{Analysis, AnalysisError, Compute, Found, Planned};
use crate::stop::Stop;
use crate::{Bin, functions};

const NAME: &str = "leading_sensors";
const IS_SENSOR: &str = "is_sensor";
const DATASTREAM: &str = "datastream";
const AMOUNT: &str = "amount";
/// Most numbers of all series together, eight bytes each.
const NUMBERS_MAX: usize = 50_000_000;
/// Fewest complaints of a category in a place, unless the caller says otherwise.
const RECORDS_MIN: f64 = 50.0;

#[derive(Debug)]
pub(super) struct LeadingSensors;

impl Analysis for LeadingSensors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "sensors",
            "by",
            "longest_lag",
            "alpha",
            "minimum_count",
            "tolerance",
            "training",
            "all",
            "from",
            "to",
        ]
    }

    fn queries(&self) -> &'static [&'static str] {
        &["sensors"]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let sensors = arguments.query("sensors").ok_or_else(|| {
            refused(
                "needs the observations too, as in sensors => (SELECT district, property, phenomenon_time, result FROM observations)"
                    .to_owned(),
            )
        })?;
        let by = arguments.text("by")?;
        let (place, place_column) = input.place(by.as_deref())?;
        let (_, sensor_place) = sensors.place(Some(place.column()))?;
        let span = Span::read(arguments, Bin::Hour)?;
        let default = LeadingParameters::default();
        let hours = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
        let longest_lag =
            hours(arguments.whole("longest_lag", 1..=336)?).unwrap_or(default.longest_lag);
        let parameters = LeadingParameters {
            longest_lag,
            shortest_shift: default.shortest_shift.max(2 * longest_lag),
            tolerance: hours(arguments.whole("tolerance", 0..=168)?).unwrap_or(default.tolerance),
            training: arguments
                .number("training", 0.1..=0.95)?
                .unwrap_or(default.training),
            ..default
        };
        let run = Run {
            city: Arc::clone(city),
            place,
            span,
            parameters,
            alpha: arguments.number("alpha", 1e-12..=0.5)?.unwrap_or(0.05),
            records_min: arguments
                .number("minimum_count", 1.0..=1e12)?
                .unwrap_or(RECORDS_MIN),
            all: arguments.truth("all")?.unwrap_or(false),
        };
        let bin = functions::local_bin(city.time_zone);
        let slice = |time: Expr| bin.call(vec![lit("hour"), time]).alias(SLICE);

        let keys = vec![
            place_column.alias(PLACE),
            input.kind().alias(KIND),
            slice(input.time()?),
        ];
        let records = input.records();
        let complaints = input.group(keys, vec![records])?;
        let none = || lit(ScalarValue::Utf8(None));
        let complaints = side(complaints, false, none(), col(RECORDS))?;

        let value = sensors
            .value()
            .ok_or_else(|| sensors.lacks("a column result or value, in sensors"))?;
        let datastream = sensors
            .column(DATASTREAM)
            .map_or_else(none, |column| cast(column, DataType::Utf8));
        let keys = vec![
            sensor_place.alias(PLACE),
            sensors.kind().alias(KIND),
            datastream.alias(DATASTREAM),
            slice(sensors.time()?),
        ];
        let sensors = sensors.group(keys, vec![avg(value).alias(AMOUNT)])?;
        let sensors = side(sensors, true, col(DATASTREAM), col(AMOUNT))?;
        Ok(Planned {
            input: LogicalPlanBuilder::from(complaints)
                .union(sensors)?
                .build()?,
            schema: schema(place),
            compute: Arc::new(run),
        })
    }
}

/// Complaints or sensors, in the same columns.
fn side(plan: LogicalPlan, sensors: bool, datastream: Expr, amount: Expr) -> Result<LogicalPlan> {
    LogicalPlanBuilder::from(plan)
        .project(vec![
            lit(sensors).alias(IS_SENSOR),
            col(PLACE),
            col(KIND),
            cast(datastream, DataType::Utf8).alias(DATASTREAM),
            cast(col(SLICE), instant_type()).alias(SLICE),
            cast(amount, DataType::Float64).alias(AMOUNT),
        ])?
        .build()
}

fn schema(place: Place) -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    let text = |name| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        Field::new(place.column(), place_type(place), false),
        text("property"),
        text("datastream"),
        text("category"),
        Field::new("lag_hours", DataType::UInt32, false),
        number("correlation"),
        number("p"),
        number("q"),
        number("threshold"),
        number("latest_threshold"),
        Field::new("warnings", DataType::UInt32, true),
        number("precision"),
        number("base_rate"),
        number("lift"),
        number("lead_hours"),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    place: Place,
    span: Span,
    parameters: LeadingParameters,
    alpha: f64,
    records_min: f64,
    all: bool,
}

/// A place: the id of an area, or a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Cell(u64),
    Area(String),
}

/// Values by the hour they belong to.
type Points = Vec<(i64, f64)>;

/// What is known of one place: sensors by property and datastream, complaints by category.
#[derive(Debug, Default)]
struct Here {
    sensors: BTreeMap<(Option<String>, Option<String>), Points>,
    complaints: BTreeMap<Option<String>, Points>,
}

/// One pair that could be judged.
struct Row {
    place: Key,
    property: Option<String>,
    datastream: Option<String>,
    category: Option<String>,
    found: Leading,
}

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let (places, not_located) = read(batches, self.place)?;
        let counted = places
            .values()
            .flat_map(|here| here.complaints.values().flatten().copied());
        let timeline = Timeline::of(NAME, self.span, self.city.time_zone, counted)?;
        let mut rows = Vec::new();
        let mut tried = 0_usize;
        for (place, here) in &places {
            stop.check()?;
            tried += self.place(place, here, &timeline, &mut rows)?;
        }
        let p: Vec<_> = rows.iter().map(|row| Some(p(&row.found))).collect();
        let q = benjamini_hochberg(&p).q;
        let mut rows: Vec<(Row, Option<f64>)> = rows
            .into_iter()
            .zip(q)
            .filter(|(_, q)| self.all || q.is_some_and(|q| q <= self.alpha))
            .collect();
        rows.sort_by(|(a, a_q), (b, b_q)| {
            let strength = b
                .found
                .correlation
                .abs()
                .total_cmp(&a.found.correlation.abs());
            a_q.partial_cmp(b_q)
                .unwrap_or(std::cmp::Ordering::Equal)
                .then(strength)
        });

        let mut note = Map::new();
        note.insert("function".to_owned(), json!(NAME));
        note.insert("by".to_owned(), json!(self.place.column()));
        timeline.note(&mut note);
        let LeadingParameters {
            longest_lag,
            tolerance,
            training,
            ..
        } = self.parameters;
        note.insert("longest_lag".to_owned(), json!(longest_lag));
        note.insert("tolerance".to_owned(), json!(tolerance));
        note.insert("training".to_owned(), json!(training));
        note.insert("alpha".to_owned(), json!(self.alpha));
        note.insert("minimum_count".to_owned(), json!(self.records_min));
        note.insert("tried".to_owned(), json!(tried));
        note.insert("tested".to_owned(), json!(p.len()));
        note.insert("not_located".to_owned(), json!(not_located));
        note.insert(
            "boundary_version".to_owned(),
            json!(self.city.boundary_version()),
        );
        Ok(Found {
            rows: table(self.place, &rows)?,
            parameters: note,
        })
    }
}

impl Run {
    /// Tries all pairs of one place; gives their number.
    fn place(
        &self,
        place: &Key,
        here: &Here,
        timeline: &Timeline,
        rows: &mut Vec<Row>,
    ) -> Result<usize> {
        let fill = |points: &Points, mut series: Vec<f64>| {
            for (start, value) in points {
                if let Some(slice) = timeline.slice(*start) {
                    series[slice] = *value;
                }
            }
            series
        };
        let (categories, complaints): (Vec<_>, Vec<_>) = here
            .complaints
            .iter()
            .filter(|(_, points)| {
                let within = points
                    .iter()
                    .filter(|(start, _)| timeline.slice(*start).is_some());
                within.map(|(_, count)| count).sum::<f64>() >= self.records_min
            })
            .map(|(category, points)| (category, fill(points, timeline.blank())))
            .unzip();
        let (properties, sensors): (Vec<_>, Vec<_>) = here
            .sensors
            .iter()
            .map(|(sensor, points)| (sensor, fill(points, vec![f64::NAN; timeline.len()])))
            .unzip();
        if (complaints.len() + sensors.len()).saturating_mul(timeline.len()) > NUMBERS_MAX {
            return Err(refused(format!(
                "{} series of {} hours in one place are too many: narrow the time or the queries, or take smaller places",
                complaints.len() + sensors.len(),
                timeline.len()
            )));
        }
        let sensors: Vec<&[f64]> = sensors.iter().map(Vec::as_slice).collect();
        let complaints: Vec<&[f64]> = complaints.iter().map(Vec::as_slice).collect();
        let pairs = leading_sensors(&sensors, &complaints, &self.parameters)
            .map_err(|error| refused(error.to_string()))?;
        let tried = pairs.len();
        for pair in pairs {
            if let Some(found) = pair.leading {
                let (property, datastream) = properties[pair.sensor].clone();
                rows.push(Row {
                    place: place.clone(),
                    property,
                    datastream,
                    category: categories[pair.complaints].clone(),
                    found,
                });
            }
        }
        Ok(tried)
    }
}

/// The probability that is told: by Gumbel, since whole days make few shifts.
fn p(found: &Leading) -> f64 {
    found.gumbel_p_value.unwrap_or(found.p_value)
}

/// Points by place, and the complaints that have no place.
fn read(batches: &[RecordBatch], by: Place) -> Result<(BTreeMap<Key, Here>, f64)> {
    let mut places = BTreeMap::<Key, Here>::new();
    let mut not_located = 0.0;
    for rows in batches {
        let column = |name: &str, data_type: &DataType| -> Result<ArrayRef> {
            let column = rows
                .column_by_name(name)
                .ok_or_else(|| DataFusionError::Internal(format!("the query has no {name}")))?;
            Ok(cast_array(column, data_type)?)
        };
        let is_sensor = column(IS_SENSOR, &DataType::Boolean)?;
        let is_sensor = is_sensor.as_boolean();
        let at = column(PLACE, &place_type(by))?;
        let (kinds, streams) = (
            column(KIND, &DataType::Utf8)?,
            column(DATASTREAM, &DataType::Utf8)?,
        );
        let starts = cast_array(&column(SLICE, &instant_type())?, &DataType::Int64)?;
        let amounts = column(AMOUNT, &DataType::Float64)?;
        let (starts, amounts) = (
            starts.as_primitive::<Int64Type>(),
            amounts.as_primitive::<Float64Type>(),
        );
        let text = |column: &ArrayRef, row: usize| {
            let texts = column.as_string::<i32>();
            texts.is_valid(row).then(|| texts.value(row).to_owned())
        };
        for row in 0..rows.num_rows() {
            if amounts.is_null(row) || starts.is_null(row) {
                continue;
            }
            let amount = amounts.value(row);
            if at.is_null(row) {
                if !is_sensor.value(row) {
                    not_located += amount;
                }
                continue;
            }
            let place = match by {
                Place::Cell => Key::Cell(at.as_primitive::<UInt64Type>().value(row)),
                Place::Area(_) => Key::Area(at.as_string::<i32>().value(row).to_owned()),
            };
            let here = places.entry(place).or_default();
            let kind = text(&kinds, row);
            let points = if is_sensor.value(row) {
                here.sensors.entry((kind, text(&streams, row))).or_default()
            } else {
                here.complaints.entry(kind).or_default()
            };
            points.push((starts.value(row), amount));
        }
    }
    Ok((places, not_located))
}

fn table(by: Place, rows: &[(Row, Option<f64>)]) -> Result<RecordBatch> {
    let number = |value: &dyn Fn(&Leading) -> Option<f64>| -> ArrayRef {
        let values = rows.iter().map(|(row, _)| value(&row.found));
        Arc::new(values.collect::<Float64Array>())
    };
    let whole = |value: &dyn Fn(&Leading) -> Option<usize>| -> ArrayRef {
        let values = rows
            .iter()
            .map(|(row, _)| value(&row.found).and_then(|number| u32::try_from(number).ok()));
        Arc::new(values.collect::<UInt32Array>())
    };
    let text = |value: &dyn Fn(&Row) -> Option<&str>| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|(row, _)| value(row))
                .collect::<StringArray>(),
        )
    };
    let held_out = |value: fn(&Outcome) -> Option<f64>| {
        number(&move |found| value(&found.warning.as_ref()?.held_out))
    };
    let places: ArrayRef = match by {
        Place::Cell => {
            let cells = rows.iter().map(|(row, _)| match row.place {
                Key::Cell(cell) => Some(cell),
                Key::Area(_) => None,
            });
            Arc::new(cells.collect::<UInt64Array>())
        }
        Place::Area(_) => text(&|row| match &row.place {
            Key::Area(id) => Some(id),
            Key::Cell(_) => None,
        }),
    };
    let q: Float64Array = rows.iter().map(|(_, q)| *q).collect();
    let columns: Vec<ArrayRef> = vec![
        places,
        text(&|row| row.property.as_deref()),
        text(&|row| row.datastream.as_deref()),
        text(&|row| row.category.as_deref()),
        whole(&|found| Some(found.lag)),
        number(&|found| Some(found.correlation)),
        number(&|found| Some(p(found))),
        Arc::new(q),
        number(&|found| Some(found.warning?.threshold)),
        number(&|found| found.warning?.latest),
        whole(&|found| Some(found.warning?.held_out.warnings)),
        held_out(|outcome| outcome.precision),
        held_out(|outcome| outcome.base_rate),
        held_out(|outcome| outcome.lift),
        held_out(|outcome| outcome.lead_hours),
    ];
    Ok(RecordBatch::try_new(schema(by), columns)?)
}

fn refused(reason: String) -> DataFusionError {
    AnalysisError::Refused {
        function: NAME,
        reason,
    }
    .into()
}
