//! The events of the live stream as they go over the wire.

use std::sync::Arc;

use axum::response::sse::Event;
use citybrain_store::Alert;
use citybrain_watch::{Aligned, AreaCategory, ChangedValues, Changes, Counts, Detail, Totals};
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
    Aligned(ChangedAligned),
    Categories(ChangedCategories),
    Values(Values),
    ValueCells(ChangedValueCells),
    Sensors(ChangedSensors),
    Problem(Ended),
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

/// Event `aligned`, when `detail` asks for it: the new counts of the aligned cells that changed; after a snapshot, all that have any.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveAligned)]
pub(crate) struct ChangedAligned {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// Cell as hex text, the id of the area of the city's smallest level whose part of it is meant, and complaints in it now.
    aligned: Vec<(String, String, u64)>,
}

/// Event `categories`, when `detail` asks for it: the new counts of each category in the areas where it changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveCategories)]
pub(crate) struct ChangedCategories {
    /// Every record up to this sequence number is counted.
    seq: u64,
    /// The level.
    level: &'static str,
    /// Area id, category (null: none), and complaints now.
    categories: Vec<(String, Option<String>, u64)>,
}

/// Event `snapshot` of values of sensors: the value of each cell that has any in the window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveValues)]
pub(crate) struct Values {
    /// Every record up to this sequence number counts.
    seq: u64,
    /// H3 resolution of the cells.
    resolution: u8,
    /// `latest`, `mean`, `max` or `min`.
    measure: &'static str,
    /// The observed property.
    property: String,
    /// Cell as hex text, and its value.
    cells: Vec<(String, f64)>,
}

/// Event `cells` of values of sensors: the new values of the cells where they changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveValueCells)]
pub(crate) struct ChangedValueCells {
    /// Every record up to this sequence number counts.
    seq: u64,
    /// Cell as hex text, and its value; null: none in the window any more.
    cells: Vec<(String, Option<f64>)>,
}

/// Event `sensors`: the new values of the sensors where they changed; after a snapshot, all that have any.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveSensors)]
pub(crate) struct ChangedSensors {
    /// Every record up to this sequence number counts.
    seq: u64,
    /// Sensor, or the datastream of one that names none, and its value; null: none in the window any more.
    sensors: Vec<(String, Option<f64>)>,
}

/// Event `problem`: why the stream ends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveProblem)]
pub(crate) struct Ended {
    detail: String,
}

/// The stream ends.
pub(crate) fn problem(detail: String) -> Event {
    event("problem", None, &LiveEvent::Problem(Ended { detail }))
}

/// What of a view stands in its events.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) resolution: u8,
    pub(super) level: &'static str,
    pub(super) detail: Detail,
    /// Of values: the measure's word and the property.
    pub(super) value: (&'static str, String),
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
pub(super) fn everything(counts: Counts, view: &Shown) -> Vec<Event> {
    let Counts {
        seq,
        cells,
        areas,
        aligned,
        categories,
        totals,
    } = counts;
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_unstable();
    let snapshot = Snapshot {
        seq,
        resolution: view.resolution,
        cells: cells.into_iter().map(shown).collect(),
        sums: totals.into(),
    };
    let areas = ChangedAreas {
        seq,
        level: view.level,
        areas: areas.into_iter().collect(),
    };
    let mut events = vec![
        event("snapshot", Some(seq), &LiveEvent::Snapshot(snapshot)),
        event("areas", Some(seq), &LiveEvent::Areas(areas)),
    ];
    if view.detail.aligned.is_some() {
        events.push(aligned_event(seq, aligned));
    }
    if view.detail.categories {
        events.push(categories_event(seq, view.level, categories));
    }
    events
}

/// The new counts of what changed.
pub(super) fn changed_only(changes: &Changes, view: &Shown) -> Vec<Event> {
    let Changes {
        seq,
        cells,
        areas,
        aligned,
        categories,
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
            level: view.level,
            areas: areas.clone(),
        };
        events.push(event("areas", Some(*seq), &LiveEvent::Areas(areas)));
    }
    if !aligned.is_empty() {
        events.push(aligned_event(*seq, aligned.iter().cloned()));
    }
    if !categories.is_empty() {
        events.push(categories_event(
            *seq,
            view.level,
            categories.iter().cloned(),
        ));
    }
    events
}

fn aligned_event(seq: u64, aligned: impl IntoIterator<Item = (Aligned, u64)>) -> Event {
    let aligned = aligned
        .into_iter()
        .map(|((cell, area), count)| (format!("{cell:x}"), area.to_string(), count))
        .collect();
    let event_of = LiveEvent::Aligned(ChangedAligned { seq, aligned });
    event("aligned", Some(seq), &event_of)
}

fn categories_event(
    seq: u64,
    level: &'static str,
    categories: impl IntoIterator<Item = (AreaCategory, u64)>,
) -> Event {
    let categories = categories
        .into_iter()
        .map(|((area, category), count)| {
            let category = category.map(|category| category.to_string());
            (area.to_string(), category, count)
        })
        .collect();
    let event_of = LiveEvent::Categories(ChangedCategories {
        seq,
        level,
        categories,
    });
    event("categories", Some(seq), &event_of)
}

/// Every value: to a client that comes, or that fell behind.
pub(super) fn all_values(values: ChangedValues, view: &Shown) -> Vec<Event> {
    let ChangedValues {
        seq,
        sensors,
        cells,
    } = values;
    let (measure, property) = view.value.clone();
    let snapshot = Values {
        seq,
        resolution: view.resolution,
        measure,
        property,
        cells: cells
            .into_iter()
            .filter_map(|(cell, value)| Some((format!("{cell:x}"), value?)))
            .collect(),
    };
    let snapshot = event("snapshot", Some(seq), &LiveEvent::Values(snapshot));
    vec![snapshot, sensors_event(seq, &sensors)]
}

/// The new values of what changed.
pub(super) fn changed_values(changes: &ChangedValues) -> Vec<Event> {
    let seq = changes.seq;
    let mut events = Vec::new();
    if !changes.cells.is_empty() {
        let cells = changes.cells.iter();
        let cells = cells
            .map(|(cell, value)| (format!("{cell:x}"), *value))
            .collect();
        let event_of = LiveEvent::ValueCells(ChangedValueCells { seq, cells });
        events.push(event("cells", Some(seq), &event_of));
    }
    if !changes.sensors.is_empty() {
        events.push(sensors_event(seq, &changes.sensors));
    }
    events
}

fn sensors_event(seq: u64, sensors: &[(Arc<str>, Option<f64>)]) -> Event {
    let sensors = sensors
        .iter()
        .map(|(sensor, value)| (sensor.to_string(), *value))
        .collect();
    let event_of = LiveEvent::Sensors(ChangedSensors { seq, sensors });
    event("sensors", Some(seq), &event_of)
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
