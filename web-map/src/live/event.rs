//! The events of the live stream as they go over the wire.

use std::sync::Arc;

use axum::response::sse::Event;
use citybrain_store::Alert;
use citybrain_watch::{Changes, Counts, Totals};
use serde::Serialize;
use utoipa::ToSchema;

use super::Freshness;

/// The data of an event of the live stream.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LiveEvent {
    Snapshot(Snapshot),
    Cells(ChangedCells),
    Areas(ChangedAreas),
    Alerts(ChangedAlerts),
    Freshness(Freshness),
}

/// Event `snapshot`: every count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveSnapshot)]
pub(crate) struct Snapshot {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// H3 resolution of the cells.
    resolution: u8,
    /// Cell as hex text, and complaints in it.
    cells: Vec<(String, u64)>,
    #[serde(flatten)]
    sums: Sums,
}

/// Event `cells`: the new counts of the cells that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveCells)]
pub(crate) struct ChangedCells {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// Cell as hex text, and complaints in it now.
    cells: Vec<(String, u64)>,
    #[serde(flatten)]
    sums: Sums,
}

/// Event `areas`: the new counts of the areas that changed; after a snapshot, all that have any.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveAreas)]
pub(crate) struct ChangedAreas {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// The level.
    level: &'static str,
    /// Area id, and complaints in it now.
    areas: Vec<(String, u64)>,
}

/// Event `alerts`: the alerts that changed, as they are now; first all that are open, at most 200.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveAlerts)]
pub(crate) struct ChangedAlerts {
    /// The alerts.
    #[schema(value_type = Vec<crate::schema::Alert>)]
    alerts: Arc<Vec<Alert>>,
}

/// The alerts that changed.
pub(crate) fn alerts(alerts: Arc<Vec<Alert>>) -> Event {
    event("alerts", None, &LiveEvent::Alerts(ChangedAlerts { alerts }))
}

/// `total = located + outside + not_located`; cells add up to `located - area_only + outside`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveSums)]
pub(crate) struct Sums {
    /// Complaints that the filter meets.
    total: u64,
    /// In an area of the city's largest level.
    located: u64,
    /// Of the located: known by their area alone, in no cell.
    area_only: u64,
    /// With a position outside of them.
    outside: u64,
    /// In no cell and in no area.
    not_located: u64,
}

/// Every count: to a client that comes, or that fell behind.
pub(super) fn everything(counts: Counts, resolution: u8, level: &'static str) -> [Event; 2] {
    let Counts {
        seq,
        cells,
        areas,
        totals,
    } = counts;
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_unstable();
    let snapshot = Snapshot {
        seq,
        resolution,
        cells: cells.into_iter().map(shown).collect(),
        sums: totals.into(),
    };
    let areas = ChangedAreas {
        seq,
        level,
        areas: areas.into_iter().collect(),
    };
    [
        event("snapshot", Some(seq), &LiveEvent::Snapshot(snapshot)),
        event("areas", Some(seq), &LiveEvent::Areas(areas)),
    ]
}

/// The new counts of what changed.
pub(super) fn changed_only(changes: &Changes, level: &'static str) -> Vec<Event> {
    let Changes {
        seq,
        cells,
        areas,
        totals,
    } = changes;
    let cells = ChangedCells {
        seq: *seq,
        cells: cells.iter().copied().map(shown).collect(),
        sums: (*totals).into(),
    };
    let mut events = vec![event("cells", Some(*seq), &LiveEvent::Cells(cells))];
    if !areas.is_empty() {
        let areas = ChangedAreas {
            seq: *seq,
            level,
            areas: areas.clone(),
        };
        events.push(event("areas", Some(*seq), &LiveEvent::Areas(areas)));
    }
    events
}

fn shown((cell, count): (u64, u64)) -> (String, u64) {
    (format!("{cell:x}"), count)
}

/// An event; one that tells counts has their sequence number as its id.
pub(crate) fn event(name: &str, seq: Option<u64>, data: &LiveEvent) -> Event {
    let event = Event::default()
        .event(name)
        .json_data(data)
        .expect("numbers and texts have a form in JSON");
    match seq {
        Some(seq) => event.id(seq.to_string()),
        None => event,
    }
}

impl From<Totals> for Sums {
    fn from(totals: Totals) -> Self {
        let Totals {
            total,
            located,
            area_only,
            outside,
            not_located,
        } = totals;
        Self {
            total,
            located,
            area_only,
            outside,
            not_located,
        }
    }
}
