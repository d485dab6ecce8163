//! The rows of the answer: rhythms and windows of the calendar alike.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use citybrain_grid::City;
use citybrain_stats::calendar::Anchored;
use citybrain_stats::periodic::{Finding, Period, Rhythm};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::error::Result;

use super::super::grouped::Grouped;
use super::super::input::Place;
use super::{phase, schema};
use crate::Zone;

/// What comes back in one series.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) place: u32,
    pub(super) kind: u32,
    pub(super) rhythm: &'static str,
    /// None for the calendar, whose windows are not equally far apart.
    period_days: Option<f64>,
    phase: String,
    next: Option<Next>,
    events: f64,
    power: Option<f64>,
    false_alarm_probability: Option<f64>,
    p: f64,
    pub(super) q: f64,
    strength: Option<f64>,
    amplitude: Option<f64>,
    relative_amplitude: Option<f64>,
    peak_ratio: Option<f64>,
}

/// When it is next expected, by the city's clock, and how much.
#[derive(Debug)]
struct Next {
    from: NaiveDateTime,
    to: NaiveDateTime,
    expected: f64,
    low: f64,
    high: f64,
}

impl Row {
    pub(super) fn of_period(
        place: u32,
        kind: u32,
        events: f64,
        period: &Period,
        finding: &Finding,
        language: phase::Language,
    ) -> Self {
        Self {
            place,
            kind,
            rhythm: word(period.rhythm),
            period_days: Some(period.days),
            phase: phase::words(&finding.phase, language),
            next: finding.next.as_ref().map(|next| Next {
                from: next.from,
                to: next.to,
                expected: next.expected,
                low: next.low,
                high: next.high,
            }),
            events,
            power: Some(period.power),
            false_alarm_probability: Some(period.false_alarm_probability),
            p: period.p_value,
            q: period.q_value,
            strength: Some(finding.strength),
            amplitude: Some(finding.amplitude),
            relative_amplitude: Some(finding.relative_amplitude),
            peak_ratio: Some(finding.peak_ratio),
        }
    }

    pub(super) fn of_window(
        place: u32,
        kind: u32,
        events: f64,
        found: &Anchored,
        words: String,
    ) -> Self {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
        Self {
            place,
            kind,
            rhythm: "calendar",
            period_days: None,
            phase: words,
            next: found.finding.next.as_ref().map(|next| Next {
                from: midnight(next.window.from),
                to: midnight(next.window.to),
                expected: next.expected,
                low: next.low,
                high: next.high,
            }),
            events,
            power: None,
            false_alarm_probability: None,
            p: found.finding.p_value,
            q: found.q_value,
            strength: None,
            amplitude: None,
            relative_amplitude: None,
            peak_ratio: found.finding.rate_ratio,
        }
    }
}

pub(super) fn table(
    place: Place,
    city: &City,
    grouped: &Grouped,
    rows: &[Row],
) -> Result<RecordBatch> {
    let zone = Zone::of(city.time_zone);
    let number = |value: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<Float64Array>())
    };
    let text = |value: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<StringArray>())
    };
    let instant = |value: &dyn Fn(&Next) -> NaiveDateTime| -> ArrayRef {
        let times = rows.iter().map(|row| {
            let local = value(row.next.as_ref()?).and_utc().timestamp_micros();
            Some(zone.first_instant(local))
        });
        Arc::new(
            times
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        )
    };
    let columns: Vec<ArrayRef> = vec![
        grouped.places.column(rows.iter().map(|row| row.place)),
        text(&|row| grouped.kinds[row.kind as usize].clone()),
        text(&|row| Some(row.rhythm.to_owned())),
        number(&|row| row.period_days),
        text(&|row| Some(row.phase.clone())),
        instant(&|next| next.from),
        instant(&|next| next.to),
        number(&|row| row.next.as_ref().map(|next| next.expected)),
        number(&|row| row.next.as_ref().map(|next| next.low)),
        number(&|row| row.next.as_ref().map(|next| next.high)),
        number(&|row| Some(row.events)),
        number(&|row| row.power),
        number(&|row| row.false_alarm_probability),
        number(&|row| Some(row.p)),
        number(&|row| Some(row.q)),
        number(&|row| row.strength),
        number(&|row| row.amplitude),
        number(&|row| row.relative_amplitude),
        number(&|row| row.peak_ratio),
    ];
    Ok(RecordBatch::try_new(schema(place), columns)?)
}

/// A rhythm in a word.
const fn word(rhythm: Rhythm) -> &'static str {
    match rhythm {
        Rhythm::Daily => "daily",
        Rhythm::Weekly => "weekly",
        Rhythm::Monthly => "monthly",
        Rhythm::Yearly => "yearly",
        Rhythm::Other => "other",
    }
}
