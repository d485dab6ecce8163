//! `periodic_issues((SELECT subdistrict, category, requested_at FROM complaints))`: what comes back, when, and when it is next
//! expected. One series for each place and category.
//!
//! What only follows the rhythm of its category in the whole city is no finding: noise is reported at night everywhere. So each
//! series is compared with all places of its category together (`reference => false`: with nothing). Where one place has half of a
//! category or more, that would be a comparison with itself, and it is compared with all categories together instead.
//!
//! What comes back by the calendar (`anchored`) is compared with the days outside of the calendar's windows.
//!
//! Holes of an export and names that came into use or went out of it are missing days, not quiet ones.

mod anchored;
mod phase;
mod rows;

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::calendar::{AnchoredRule, CalendarOptions};
use citybrain_stats::holes::successions;
use citybrain_stats::periodic::{Group, PeriodicOptions, periodic_by_group};
use citybrain_stats::timeline::{Bin as StatsBin, Timeline as StatsTimeline};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::lit;
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::grouped::{Grouped, KIND, PLACE, SLICE, instant_type, place_type};
use super::input::{Input, Place};
use super::timeline::{MANY_KINDS, Span, Timeline};
use super::{Analysis, AnalysisError, Compute, Found, Planned};
use crate::stop::Stop;
use crate::{Bin, Zone, functions};
use anchored::ByCalendar;
use rows::Row;

const NAME: &str = "periodic_issues";
/// Most counts of all series together, four bytes each.
const COUNTS_MAX: usize = 250_000_000;
const HOUR: i64 = 3_600_000_000;

#[derive(Debug)]
pub(super) struct PeriodicIssues;

impl Analysis for PeriodicIssues {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "by",
            "step",
            "from",
            "to",
            "alpha",
            "minimum_count",
            "minimum_ratio",
            "level",
            "search",
            "calendar",
            "reference",
            "language",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let by = arguments.text("by")?;
        let (place, place_column) = input.place(by.as_deref())?;
        let span = Span::read(arguments, Bin::Hour)?;
        if span.step == Bin::Week {
            let rule = "must be hour, day or month: a week holds no weekday".to_owned();
            return Err(arguments.broken("step", &span.step.as_str(), rule));
        }
        let default = PeriodicOptions::default();
        let language = match arguments.text("language")?.as_deref() {
            None | Some("en") => phase::Language::English,
            Some("zh") => phase::Language::Chinese,
            Some(other) => {
                return Err(arguments.broken("language", &other, "must be en or zh".to_owned()));
            }
        };
        let run = Run {
            city: Arc::clone(city),
            place,
            span,
            alpha: arguments
                .number("alpha", 1e-12..=0.5)?
                .unwrap_or(default.alpha),
            events_min: arguments
                .number("minimum_count", 0.0..=1e12)?
                .unwrap_or(default.events_min),
            ratio_min: arguments
                .number("minimum_ratio", 0.0..=1e6)?
                .unwrap_or(default.peak_ratio_min),
            level: arguments
                .number("level", 0.5..=0.9999)?
                .unwrap_or(default.level),
            search: arguments.truth("search")?.unwrap_or(default.is_free),
            calendar: arguments.truth("calendar")?.unwrap_or(true),
            reference: arguments.truth("reference")?.unwrap_or(true),
            language,
        };
        let bin = functions::local_bin(city.time_zone);
        let slice = bin.call(vec![lit(span.step.as_str()), input.time()?]);
        let keys = vec![
            place_column.alias(PLACE),
            input.kind().alias(KIND),
            slice.alias(SLICE),
        ];
        let records = input.records();
        Ok(Planned {
            input: input.group(keys, vec![records])?,
            schema: schema(place),
            compute: Arc::new(run),
        })
    }
}

fn schema(place: Place) -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    let text = |name| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        Field::new(place.column(), place_type(place), false),
        text("category"),
        text("rhythm"),
        number("period_days"),
        text("phase"),
        Field::new("next_from", instant_type(), true),
        Field::new("next_to", instant_type(), true),
        number("expected"),
        number("expected_low"),
        number("expected_high"),
        number("count"),
        number("power"),
        number("false_alarm_probability"),
        number("p"),
        number("q"),
        number("strength"),
        number("amplitude"),
        number("relative_amplitude"),
        number("peak_ratio"),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    place: Place,
    span: Span,
    alpha: f64,
    events_min: f64,
    ratio_min: f64,
    level: f64,
    search: bool,
    calendar: bool,
    reference: bool,
    language: phase::Language,
}

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let grouped = Grouped::read(batches, self.place)?;
        let counted = grouped
            .counts
            .iter()
            .map(|count| (count.start, count.records));
        let mut timeline = Timeline::of(NAME, self.span, self.city.time_zone, counted)?;
        if grouped.kinds.len() >= MANY_KINDS {
            let counted = grouped.counts.iter();
            timeline.find_holes(counted.map(|count| (count.start, count.records)));
        }
        let local = Local::of(&self.city, &timeline, self.span.step)?;

        let Counts {
            series,
            kinds,
            whole,
        } = self.counts(&grouped, &timeline, &local)?;
        let is_compared = self.reference && series.len() > 1;
        let groups = groups(&series, &kinds, &whole, is_compared);
        let options = PeriodicOptions {
            alpha: self.alpha,
            events_min: self.events_min,
            peak_ratio_min: self.ratio_min,
            level: self.level,
            is_free: self.search,
            ..PeriodicOptions::default()
        };
        let compared: Vec<Group<'_, f32>> = groups
            .iter()
            .map(|(reference, members)| Group {
                counts: members
                    .iter()
                    .map(|at| series[*at].values.as_slice())
                    .collect(),
                reference: *reference,
            })
            .collect();
        stop.check()?;
        let found = match &local.timeline {
            Some(timeline) => periodic_by_group(timeline, &compared, &options)
                .map_err(|error| refused(error.to_string()))?,
            None => Vec::new(),
        };
        let by_calendar = self.by_calendar(&local, &series)?;
        let periods = groups
            .iter()
            .flat_map(|(_, members)| members)
            .zip(&found)
            .flat_map(|(at, found)| {
                let Series { place, kind, .. } = series[*at];
                found.accepted().map(move |(period, finding)| {
                    Row::of_period(place, kind, found.events, period, finding, self.language)
                })
            });
        let windows = by_calendar.many.found.iter().map(|found| {
            let Series {
                place,
                kind,
                events,
                ..
            } = series[found.series];
            let words = by_calendar.words(found, self.language);
            Row::of_window(place, kind, events, found, words)
        });
        let mut rows: Vec<Row> = periods.chain(windows).collect();
        rows.sort_by(|a, b| {
            let order = a.q.total_cmp(&b.q);
            order.then((a.place, a.kind, a.rhythm).cmp(&(b.place, b.kind, b.rhythm)))
        });

        let mut note = Map::new();
        note.insert("function".to_owned(), json!(NAME));
        note.insert("by".to_owned(), json!(self.place.column()));
        timeline.note(&mut note);
        note.insert("alpha".to_owned(), json!(self.alpha));
        note.insert("minimum_count".to_owned(), json!(self.events_min));
        note.insert("minimum_ratio".to_owned(), json!(self.ratio_min));
        note.insert("level".to_owned(), json!(self.level));
        note.insert("search".to_owned(), json!(self.search));
        note.insert("calendar".to_owned(), json!(self.calendar));
        note.insert("reference".to_owned(), json!(is_compared));
        note.insert("series".to_owned(), json!(grouped.series().count()));
        note.insert("series_tested".to_owned(), json!(found.len()));
        let tested: usize = found.iter().map(|series| series.periods.len()).sum();
        note.insert("tested".to_owned(), json!(tested));
        let windows = by_calendar.many.tested;
        note.insert("calendar_windows_tested".to_owned(), json!(windows));
        let renamed = renamed(&grouped, &kinds);
        note.insert("renamed".to_owned(), json!(renamed));
        note.insert("not_located".to_owned(), json!(grouped.not_located));
        note.insert(
            "boundary_version".to_owned(),
            json!(self.city.boundary_version()),
        );
        Ok(Found {
            rows: rows::table(self.place, &self.city, &grouped, &rows)?,
            parameters: note,
        })
    }
}

impl Run {
    /// The series with enough records, and the sums that they are compared with.
    fn counts(&self, grouped: &Grouped, timeline: &Timeline, local: &Local) -> Result<Counts> {
        let mut whole = vec![0.0; local.bins];
        let mut kinds = vec![vec![0.0; local.bins]; grouped.kinds.len()];
        let mut of_kinds = vec![Vec::new(); grouped.kinds.len()];
        for count in &grouped.counts {
            of_kinds[count.kind as usize].push((count.start, count.records));
        }
        let in_use: Vec<_> = of_kinds
            .into_iter()
            .map(|counted| timeline.in_use(counted.into_iter()))
            .collect();
        let mut series: Vec<Series> = Vec::new();
        for counts in grouped.series() {
            let mut events = 0.0;
            for count in counts {
                if let Some(slice) = timeline.slice(count.start) {
                    events += count.records;
                    whole[local.of_slice[slice]] += count.records;
                    kinds[count.kind as usize][local.of_slice[slice]] += count.records;
                }
            }
            if events < self.events_min {
                continue;
            }
            if (series.len() + 1).saturating_mul(local.bins) > COUNTS_MAX {
                return Err(refused(format!(
                    "more than {} series of {} slices: narrow the time or the filter, raise minimum_count, or take step => 'day'",
                    series.len(),
                    local.bins
                )));
            }
            let mut values: Vec<f32> = vec![0.0; local.bins];
            let in_use = &in_use[counts[0].kind as usize];
            for slice in (0..timeline.len()).filter(|slice| !in_use.contains(slice)) {
                values[local.of_slice[slice]] = f32::NAN;
            }
            for count in counts {
                if let Some(slice) = timeline.slice(count.start) {
                    #[expect(clippy::cast_possible_truncation, reason = "counts are small")]
                    let records = count.records as f32;
                    values[local.of_slice[slice]] += records;
                }
            }
            series.push(Series {
                place: counts[0].place,
                kind: counts[0].kind,
                events,
                values,
            });
        }
        Ok(Counts {
            series,
            kinds,
            whole,
        })
    }

    /// What comes back by the calendar, unless the caller leaves it out.
    fn by_calendar(&self, local: &Local, series: &[Series]) -> Result<ByCalendar<'_>> {
        if !self.calendar {
            return Ok(ByCalendar::default());
        }
        let options = CalendarOptions {
            level: self.level,
            ..CalendarOptions::default()
        };
        let rule = AnchoredRule {
            alpha: self.alpha,
            ratio_min: self.ratio_min,
            ..AnchoredRule::default()
        };
        ByCalendar::of(&self.city, local, self.span.step, series, &options, &rule)
    }
}

/// Most kinds among which new names of old ones are looked for.
const RENAMED_MAX: usize = 500;

/// Categories that probably got another name: from, to, and when the new one begins. A hint to the reader; nothing is joined.
fn renamed(grouped: &Grouped, kinds: &[Vec<f64>]) -> Vec<Value> {
    if kinds.len() > RENAMED_MAX {
        return Vec::new();
    }
    // A name that is at the ends of the bins in use is judged by weeks of bins or so: rare kinds are quiet for long.
    let series: Vec<&[f64]> = kinds.iter().map(Vec::as_slice).collect();
    successions(&series, 31, 90)
        .into_iter()
        .map(|succession| {
            json!({
                "from": grouped.kinds[succession.from],
                "to": grouped.kinds[succession.to],
                "ratio": succession.ratio,
            })
        })
        .collect()
}

/// The counts of one place and category.
struct Series {
    place: u32,
    kind: u32,
    events: f64,
    values: Vec<f32>,
}

/// Counts in the bins of the wall clock.
struct Counts {
    series: Vec<Series>,
    /// Of each kind in the whole city.
    kinds: Vec<Vec<f64>>,
    whole: Vec<f64>,
}

/// A reference, and the series that are compared with it.
type Compared<'a> = (Option<&'a [f64]>, Vec<usize>);

/// The series by what they are compared with: their category in the whole city; all categories where one place has half of its
/// category; nothing when there is nothing else.
fn groups<'a>(
    series: &[Series],
    kinds: &'a [Vec<f64>],
    whole: &'a [f64],
    is_compared: bool,
) -> Vec<Compared<'a>> {
    if !is_compared {
        return vec![(None, (0..series.len()).collect())];
    }
    let mut by_kind: Vec<Compared<'a>> = kinds
        .iter()
        .map(|kind| (Some(kind.as_slice()), Vec::new()))
        .collect();
    let mut rest = Vec::new();
    let totals: Vec<f64> = kinds.iter().map(|kind| kind.iter().sum()).collect();
    for (at, series) in series.iter().enumerate() {
        let kind = series.kind as usize;
        if 2.0 * series.events < totals[kind] {
            by_kind[kind].1.push(at);
        } else {
            rest.push(at);
        }
    }
    by_kind.push((Some(whole), rest));
    by_kind.retain(|(_, members)| !members.is_empty());
    by_kind
}

/// The bins of the wall clock, which are even where instants are not.
struct Local {
    bins: usize,
    /// The bin of each slice.
    of_slice: Vec<usize>,
    /// Bins that no slice lies in, because the clock was put forward.
    skipped: Vec<bool>,
    /// None when there is no slice.
    timeline: Option<StatsTimeline>,
}

impl Local {
    fn of(city: &City, timeline: &Timeline, step: Bin) -> Result<Self> {
        let zone = Zone::of(city.time_zone);
        if timeline.len() == 0 {
            return Ok(Self {
                bins: 0,
                of_slice: Vec::new(),
                skipped: Vec::new(),
                timeline: None,
            });
        }
        let position = |slice: usize| {
            let local = zone.local(timeline.start(slice));
            match step {
                Bin::Hour => local.div_euclid(HOUR),
                Bin::Day | Bin::Week => local.div_euclid(24 * HOUR),
                Bin::Month => crate::zone::month(local),
            }
        };
        let first = position(0);
        let at = |slice: usize| usize::try_from(position(slice) - first).unwrap_or(0);
        let of_slice: Vec<usize> = (0..timeline.len()).map(at).collect();
        let bins = of_slice.last().map_or(0, |last| last + 1);
        // Known are the bins of known slices: a clock that jumps leaves a bin without a slice.
        let mut is_known = vec![false; bins];
        let mut skipped = vec![true; bins];
        for (slice, bin) in of_slice.iter().enumerate() {
            is_known[*bin] |= timeline.is_known(slice);
            skipped[*bin] = false;
        }
        let holes: Vec<_> = (0..bins)
            .filter(|bin| !is_known[*bin])
            .map(|bin| bin..bin + 1)
            .collect();
        let start = crate::zone::instant(zone.local(timeline.start(0))).naive_utc();
        let bin = match step {
            Bin::Hour => StatsBin::Hour,
            Bin::Day | Bin::Week => StatsBin::Day,
            Bin::Month => StatsBin::Month,
        };
        let stats =
            StatsTimeline::try_new(start, bin, bins).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            bins,
            of_slice,
            skipped,
            timeline: Some(stats.with_holes(&holes)),
        })
    }

    fn is_skipped(&self, bin: usize) -> bool {
        self.skipped[bin]
    }
}

#[cfg(test)]
mod tests;

fn refused(reason: String) -> DataFusionError {
    AnalysisError::Refused {
        function: NAME,
        reason,
    }
    .into()
}
