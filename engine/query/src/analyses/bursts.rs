//! `bursts((SELECT subdistrict, category, requested_at FROM complaints))`: what is suddenly more than before.
//!
//! One series for each place and category. `method => 'ears'` compares a day with the days before it (C1, C2, C3);
//! `method => 'farrington'` compares a week with the same weeks of past years.
//!
//! Thousands of places and categories are judged at once, so a bound that one quiet series passes once in a thousand days gives
//! many alarms a day. With `correction => 'fdr'` (the default) an alarm must pass the method's bound and have a q-value of at most
//! `maximum_q` (0.05) over all places, categories and slices that were asked for, quiet ones included; `'raw'` leaves the bound alone.
//! C3 has no p-value and is never corrected. With a column `address` or `caller` each alarm says
//! whether many sources or one made it.

mod ears;
mod farrington;

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::sources::{self, BreadthParameters, Verdict};
use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::functions_aggregate::array_agg::array_agg;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, col, lit};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::grouped::{Count, Grouped, KIND, PLACE, RECORDS, SLICE, instant_type, place_type};
use super::input::{Input, Place};
use super::timeline::{Span, Timeline};
use super::{Analysis, Compute, Found, Planned};
use crate::stop::Stop;
use crate::{Bin, functions};

/// What one slice of one series says.
#[derive(Debug, Clone, Copy, Default)]
struct Verdicts {
    expected: Option<f64>,
    upper: Option<f64>,
    score: Option<f64>,
    p: Option<f64>,
    /// Is it one? `None` says nothing: see `silence`.
    alarm: Option<bool>,
    /// Why it was not judged, which is not "no alarm".
    silence: Option<Silence>,
}

/// Why a slice was not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Silence {
    /// Its own count is not known.
    Unknown,
    /// Not as much history as the method needs.
    NoHistory,
    /// The regression has no fit.
    NoFit,
    /// Too few records in the last weeks to alarm anybody.
    FewCases,
}

impl Silence {
    const ALL: [Self; 4] = [Self::Unknown, Self::NoHistory, Self::NoFit, Self::FewCases];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "a hole in the data",
            Self::NoHistory => "too little history",
            Self::NoFit => "no fit",
            Self::FewCases => "too few records",
        }
    }
}

/// How slices are judged.
trait Method: std::fmt::Debug + Send + Sync {
    /// One verdict for each slice of the series that is asked for.
    fn judge(
        &self,
        counts: &[f64],
        timeline: &Timeline,
        asked: std::ops::Range<usize>,
    ) -> Result<Vec<Verdicts>>;

    /// What history it needs, in a sentence.
    fn needs(&self) -> String;

    /// Its name and parameters.
    fn note(&self, parameters: &mut Map<String, Value>);
}

#[derive(Debug)]
pub(super) struct Bursts;

const NAME: &str = "bursts";
/// Columns that name who or what a complaint came from.
const SOURCES: [&str; 2] = ["caller", "address"];
/// Counts by source, in the grouped rows.
const BY_SOURCE: &str = "by_source";
/// The highest q-value of an alarm unless the caller says otherwise: one alarm in twenty may be chance, as for periods.
const MAXIMUM_Q: f64 = 0.05;

impl Analysis for Bursts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "by",
            "method",
            "statistic",
            "baseline",
            "minimum_sigma",
            "minimum_count",
            "alpha",
            "weekdays",
            "years",
            "correction",
            "maximum_q",
            "last",
            "all",
            "step",
            "from",
            "to",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let by = arguments.text("by")?;
        let (place, place_column) = input.place(by.as_deref())?;
        let method: Arc<dyn Method> = match arguments
            .word::<String>("method", "ears, farrington")?
            .as_deref()
        {
            None | Some("ears") => Arc::new(ears::Ears::read(arguments)?),
            Some("farrington") => Arc::new(farrington::Farrington::read(arguments)?),
            Some(other) => {
                return Err(arguments.broken(
                    "method",
                    &other,
                    "must be one of ears, farrington".to_owned(),
                ));
            }
        };
        let step = if by_week(&*method) {
            Bin::Week
        } else {
            Bin::Day
        };
        let span = Span::read(arguments, step)?;
        if span.step != step {
            let rule = format!("must be {} for this method", step.as_str());
            return Err(arguments.broken("step", &span.step.as_str(), rule));
        }
        let last = arguments.whole("last", 1..=100_000)?;
        let all = arguments.truth("all")?.unwrap_or(false);

        let maximum_q = arguments
            .number("maximum_q", 1e-12..=1.0)?
            .unwrap_or(MAXIMUM_Q);
        let maximum_q = match arguments.text("correction")?.as_deref() {
            None | Some("fdr") => Some(maximum_q),
            Some("raw") => None,
            Some(other) => {
                return Err(arguments.broken(
                    "correction",
                    &other,
                    "must be fdr or raw".to_owned(),
                ));
            }
        };

        let bin = functions::local_bin(city.time_zone);
        let slice = bin.call(vec![lit(span.step.as_str()), input.time()?]);
        let keys = vec![
            place_column.alias(PLACE),
            input.kind().alias(KIND),
            slice.alias(SLICE),
        ];
        let source = SOURCES.iter().find_map(|name| input.column(name));
        let sourced = source.is_some();
        let records = input.records();
        let plan = match source {
            None => input.group(keys, vec![records])?,
            Some(source) => {
                let mut inner = keys;
                inner.push(cast(source, DataType::Utf8).alias("source"));
                let inner = input.group(inner, vec![records])?;
                let keys: Vec<Expr> = [PLACE, KIND, SLICE].map(col).to_vec();
                // Sources are known where they are not NULL: a NULL stands for the rest.
                let known =
                    datafusion::logical_expr::when(col("source").is_not_null(), col(RECORDS))
                        .otherwise(cast(
                            lit(datafusion::scalar::ScalarValue::Int64(None)),
                            DataType::Int64,
                        ))?;
                LogicalPlanBuilder::from(inner)
                    .aggregate(
                        keys,
                        vec![
                            sum(col(RECORDS)).alias("total"),
                            array_agg(known).alias(BY_SOURCE),
                        ],
                    )?
                    .project(vec![
                        col(PLACE),
                        col(KIND),
                        col(SLICE),
                        col("total").alias(RECORDS),
                        col(BY_SOURCE),
                    ])?
                    .build()?
            }
        };
        Ok(Planned {
            input: plan,
            schema: schema(place),
            compute: Arc::new(Run {
                city: Arc::clone(city),
                place,
                method,
                span,
                last: last.and_then(|last| usize::try_from(last).ok()),
                all,
                sourced,
                maximum_q,
            }),
        })
    }
}

fn by_week(method: &dyn Method) -> bool {
    let mut parameters = Map::new();
    method.note(&mut parameters);
    parameters.get("method") == Some(&json!("farrington"))
}

fn schema(place: Place) -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    Arc::new(Schema::new(vec![
        Field::new(place.column(), place_type(place), false),
        Field::new("category", DataType::Utf8, true),
        Field::new("time", instant_type(), false),
        number("count"),
        number("expected"),
        number("upper"),
        number("score"),
        number("p"),
        number("q"),
        Field::new("alarm", DataType::Boolean, true),
        Field::new("not_judged", DataType::Utf8, true),
        number("sources"),
        number("largest_share"),
        Field::new("breadth", DataType::Utf8, true),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    place: Place,
    method: Arc<dyn Method>,
    span: Span,
    last: Option<usize>,
    all: bool,
    sourced: bool,
    /// The highest q-value of an alarm; `None`: alarms are not corrected.
    maximum_q: Option<f64>,
}

/// How many slices were not judged, by reason.
#[derive(Debug, Default)]
struct Silences([usize; 4]);

impl Silences {
    fn add(&mut self, silence: Option<Silence>) {
        if let Some(silence) = silence {
            self.0[silence as usize] += 1;
        }
    }

    fn of(&self, silence: Silence) -> usize {
        self.0[silence as usize]
    }

    /// The reasons that there were, with their numbers.
    fn note(&self, parameters: &mut Map<String, Value>) {
        let there = Silence::ALL.into_iter().filter(|why| self.of(*why) > 0);
        let reasons: Map<String, Value> = there
            .map(|why| (why.as_str().to_owned(), json!(self.of(why))))
            .collect();
        parameters.insert("not_judged".to_owned(), Value::Object(reasons));
    }
}

/// One row of the answer.
struct Row {
    place: u32,
    kind: u32,
    slice: usize,
    count: f64,
    verdict: Verdicts,
    from: Option<(u32, u32)>,
}

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let grouped = Grouped::read(batches, self.place)?;
        let counted = grouped
            .counts
            .iter()
            .map(|count| (count.start, count.records));
        let timeline = Timeline::of(NAME, self.span, self.city.time_zone, counted)?;
        let first = self
            .last
            .map_or(0, |last| timeline.len().saturating_sub(last));
        let asked = first..timeline.len();

        let mut rows = Vec::new();
        let mut quiet = 0;
        let mut silent = Silences::default();
        for series in grouped.series() {
            stop.check()?;
            quiet += self.series(series, &timeline, asked.clone(), &mut rows, &mut silent)?;
        }
        let p: Vec<_> = rows.iter().map(|row| row.verdict.p).collect();
        // A slice without complaints has p = 1 in every method: it need not be listed to be counted.
        let adjusted = citybrain_stats::fdr::benjamini_hochberg_beside(&p, quiet);
        let judged = quiet
            + rows
                .iter()
                .filter(|row| row.verdict.alarm.is_some())
                .count();
        let mut chosen: Vec<(Row, Option<f64>)> = rows
            .into_iter()
            .zip(adjusted.q)
            .map(|(mut row, q)| {
                let passes = |(q, most): (f64, f64)| q <= most;
                let corrected = row.verdict.p.and(q).zip(self.maximum_q).is_none_or(passes);
                row.verdict.alarm = row.verdict.alarm.map(|alarm| alarm && corrected);
                (row, q)
            })
            .filter(|(row, _)| self.all || row.verdict.alarm == Some(true))
            .collect();
        chosen.sort_by_key(|(row, _)| (std::cmp::Reverse(row.slice), row.place, row.kind));

        let mut parameters = Map::new();
        parameters.insert("function".to_owned(), json!(NAME));
        self.method.note(&mut parameters);
        let correction = self.maximum_q.map_or("raw", |_| "fdr");
        parameters.insert("correction".to_owned(), json!(correction));
        parameters.insert("maximum_q".to_owned(), json!(self.maximum_q));
        parameters.insert("by".to_owned(), json!(self.place.column()));
        timeline.note(&mut parameters);
        parameters.insert("series".to_owned(), json!(grouped.series().count()));
        parameters.insert("judged".to_owned(), json!(judged));
        silent.note(&mut parameters);
        if judged == 0 && silent.of(Silence::NoHistory) > 0 {
            parameters.insert("warning".to_owned(), json!(self.method.needs()));
        }
        parameters.insert("not_located".to_owned(), json!(grouped.not_located));
        parameters.insert(
            "boundary_version".to_owned(),
            json!(self.city.boundary_version()),
        );
        Ok(Found {
            rows: self.table(batches, &grouped, &timeline, &chosen)?,
            parameters,
        })
    }
}

impl Run {
    /// Adds the rows of one series; gives the number of judged slices without a complaint, which are not added.
    fn series(
        &self,
        series: &[Count],
        timeline: &Timeline,
        asked: std::ops::Range<usize>,
        rows: &mut Vec<Row>,
        silent: &mut Silences,
    ) -> Result<usize> {
        let mut quiet = 0;
        let mut counts = timeline.blank();
        let mut from = std::collections::HashMap::new();
        for count in series {
            if let Some(slice) = timeline.slice(count.start) {
                counts[slice] = count.records;
                from.insert(slice, count.row);
            }
        }
        let verdicts = self.method.judge(&counts, timeline, asked.clone())?;
        let (place, kind) = (series[0].place, series[0].kind);
        for (slice, verdict) in asked.zip(verdicts) {
            silent.add(verdict.silence);
            if counts[slice] > 0.0 || self.all {
                rows.push(Row {
                    place,
                    kind,
                    slice,
                    count: counts[slice],
                    verdict,
                    from: from.get(&slice).copied(),
                });
            } else if verdict.alarm.is_some() {
                quiet += 1;
            }
        }
        Ok(quiet)
    }

    fn table(
        &self,
        batches: &[RecordBatch],
        grouped: &Grouped,
        timeline: &Timeline,
        rows: &[(Row, Option<f64>)],
    ) -> Result<RecordBatch> {
        let breadths: Vec<_> = rows
            .iter()
            .map(|(row, _)| self.breadth(batches, row))
            .collect::<Result<_>>()?;
        let number = |value: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef {
            Arc::new(
                rows.iter()
                    .map(|(row, _)| value(row))
                    .collect::<Float64Array>(),
            )
        };
        let times: TimestampMicrosecondArray = rows
            .iter()
            .map(|(row, _)| Some(timeline.start(row.slice)))
            .collect();
        let kinds: StringArray = rows
            .iter()
            .map(|(row, _)| grouped.kinds[row.kind as usize].as_deref())
            .collect();
        let columns: Vec<ArrayRef> = vec![
            grouped.places.column(rows.iter().map(|(row, _)| row.place)),
            Arc::new(kinds),
            Arc::new(times.with_timezone("UTC")),
            number(&|row| Some(row.count).filter(|count| !count.is_nan())),
            number(&|row| row.verdict.expected),
            number(&|row| row.verdict.upper),
            number(&|row| row.verdict.score),
            number(&|row| row.verdict.p),
            Arc::new(
                rows.iter()
                    .map(|(row, q)| row.verdict.p.and(*q))
                    .collect::<Float64Array>(),
            ),
            Arc::new(
                rows.iter()
                    .map(|(row, _)| row.verdict.alarm)
                    .collect::<BooleanArray>(),
            ),
            Arc::new(
                rows.iter()
                    .map(|(row, _)| row.verdict.silence.map(Silence::as_str))
                    .collect::<StringArray>(),
            ),
            Arc::new(
                breadths
                    .iter()
                    .map(|breadth| breadth.as_ref().and_then(|b| b.effective))
                    .collect::<Float64Array>(),
            ),
            Arc::new(
                breadths
                    .iter()
                    .map(|breadth| breadth.as_ref().and_then(|b| b.largest_share))
                    .collect::<Float64Array>(),
            ),
            Arc::new(
                breadths
                    .iter()
                    .map(|breadth| breadth.as_ref().map(|b| word(b.verdict)))
                    .collect::<StringArray>(),
            ),
        ];
        Ok(RecordBatch::try_new(schema(self.place), columns)?)
    }

    /// How broad an alarm is, where the query says who complained and the bound is known.
    fn breadth(&self, batches: &[RecordBatch], row: &Row) -> Result<Option<sources::Breadth>> {
        let (true, Some(true), Some((batch, at)), Some(upper)) =
            (self.sourced, row.verdict.alarm, row.from, row.verdict.upper)
        else {
            return Ok(None);
        };
        let lists = batches[batch as usize].column_by_name(BY_SOURCE);
        let Some(lists) = lists.and_then(|lists| lists.as_list_opt::<i32>()) else {
            return Ok(None);
        };
        let counts = lists.value(at as usize);
        let counts: Vec<u64> = counts
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .map(|count| u64::try_from(count).unwrap_or(0))
            .collect();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of records"
        )]
        let unknown = (row.count as u64).saturating_sub(counts.iter().sum());
        let breadth = sources::breadth(&counts, unknown, upper, &BreadthParameters::default());
        breadth
            .map(Some)
            .map_err(|error| datafusion::error::DataFusionError::External(Box::new(error)))
    }
}

/// The word for who made an alarm.
const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Broad => "broad",
        Verdict::Narrow => "narrow",
        Verdict::Undecided => "undecided",
    }
}
