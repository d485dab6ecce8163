//! A live view's counts, read from a snapshot.

use citybrain_query::{Filter, Measure, QueryError};
use citybrain_watch::{Counts, Question, Totals};

use super::Ask;
use crate::engine::Engine;

/// The counts that `ask` wants, at the newest snapshot.
///
/// # Errors
/// When the filter does not fit the city, or the query fails.
pub(super) async fn read(engine: &Engine, ask: &Ask) -> Result<Counts, QueryError> {
    let asking = engine.ask("live").await;
    let cells = asking
        .cells(&ask.filter, ask.resolution, &Measure::Count)
        .await?;
    let areas = asking
        .areas(&ask.filter, ask.level, &Measure::Count)
        .await?;
    let totals = cells.totals;
    Ok(Counts {
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
    })
}

/// The filter as a standing question.
pub(super) fn question(filter: &Filter) -> Question {
    Question {
        from: filter.from.map(|from| from.timestamp_micros()),
        to: filter.to.map(|to| to.timestamp_micros()),
        bbox: filter.bbox,
        categories: filter.categories.clone(),
        channels: filter.channels.clone(),
        statuses: filter.statuses.clone(),
        area: filter.area.clone(),
        cell: filter.cell,
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
