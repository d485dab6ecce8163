//! A live view's counts, read from a snapshot.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use citybrain_query::{Filter, InOrderOf, QueryError};
use citybrain_store::Table;
use citybrain_watch::{Counts, Question, Totals};
use datafusion::arrow::array::RecordBatch;

use super::{Ask, Measure};
use crate::clock;
use crate::engine::Engine;

/// What a view begins with.
pub(super) enum Read {
    /// Everything was counted.
    Counts(Counts),
    /// The records of a window: the view counts them itself, since they leave it one by one.
    Records { rows: RecordBatch, seq: u64 },
}

/// Records of the future wait for their time: so far ahead they are read.
const AHEAD: TimeDelta = TimeDelta::days(366);

/// What `ask` wants, at the newest snapshot.
///
/// # Errors
/// When the filter does not fit the city, there are too many records in a window, or the query fails.
pub(super) async fn read(engine: &Engine, ask: &Ask) -> Result<Read, QueryError> {
    let asking = engine.ask("live").await;
    let (table, property) = match &ask.measure {
        Measure::Count => (Table::Complaints, None),
        Measure::Value { property, .. } => (Table::Observations, Some(property.as_str())),
    };
    if let Some(window) = ask.window {
        let now = clock::now();
        let start = window.start(engine.city().time_zone, now.timestamp_micros());
        let filter = Filter {
            from: DateTime::from_timestamp_micros(start),
            to: Some(now + AHEAD),
            ..ask.filter.clone()
        };
        let history = asking
            .history_of(table, &filter, property, InOrderOf::OwnTime)
            .await?;
        if history.truncated {
            return Err(too_many());
        }
        return Ok(Read::Records {
            rows: history.rows,
            seq: asking.snapshot().seq,
        });
    }
    let count = citybrain_query::Measure::Count;
    let cells = asking.cells(&ask.filter, ask.resolution, &count).await?;
    let areas = asking.areas(&ask.filter, ask.level, &count).await?;
    let totals = cells.totals;
    Ok(Read::Counts(Counts {
        seq: cells.seq,
        cells: cells
            .cells
            .into_iter()
            .map(|cell| (cell.cell.into(), whole(cell.value)))
            .collect(),
        areas: areas
            .areas
            .into_iter()
            .filter(|area| area.records > 0)
            .map(|area| (area.id, area.records))
            .collect(),
        totals: Totals {
            total: totals.total,
            located: totals.located,
            area_only: totals.area_only,
            outside: totals.outside,
            not_located: totals.not_located,
        },
        ..Counts::default()
    }))
}

/// There are more records in a window than views may know.
pub(super) fn too_many() -> QueryError {
    QueryError::Parameter {
        parameter: "window".into(),
        rule:
            "holds more records than live views may know; ask for a shorter one, or with a filter"
                .into(),
    }
}

/// The filter as a standing question.
pub(super) fn question(filter: &Filter, time_zone: Tz) -> Question {
    Question {
        from: filter.from.map(|from| from.timestamp_micros()),
        to: filter.to.map(|to| to.timestamp_micros()),
        bbox: filter.bbox,
        categories: filter.categories.clone(),
        channels: filter.channels.clone(),
        statuses: filter.statuses.clone(),
        urgencies: filter.urgencies.clone(),
        area: filter.area.clone(),
        cell: filter.cell,
        week: filter.week.map(|hours| (hours, time_zone)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count is whole, not negative, and far below 2^53"
)]
const fn whole(count: f64) -> u64 {
    count as u64
}
