//! Observations from JSON, with the place of their thing at their time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use chrono::DateTime;
use citybrain_ingest::mqtt::Seen;
use citybrain_model::{EntityId, EntityKind, Observation, ObservationDraft};
use citybrain_query::odata::{parse_interval, parse_time};
use citybrain_query::sensorthings::{Datum, ObservationId, bounds, from_geojson};
use citybrain_store::{Batch, Catalog, Draft, Entity, Receipt, Refused};
use serde_json::{Map, Value};

use super::create::{SOURCE, create, id_in, id_of, link_of};
use super::{StaError, View, create::Made};
use crate::engine::Engine;
use crate::metrics;

/// An observation before its place is known.
#[derive(Debug)]
pub(super) struct Observed {
    pub(super) datastream: EntityId,
    feature: Option<EntityId>,
    draft: ObservationDraft,
    raw: String,
}

/// Reads one observation for a datastream.
#[expect(
    clippy::too_many_lines,
    reason = "one paragraph for each property of the entity"
)]
pub(super) fn observed(
    catalog: &Catalog,
    now: i64,
    datastream: Option<EntityId>,
    feature: Option<EntityId>,
    body: &Value,
) -> Result<Observed, StaError> {
    let Some(object) = body.as_object() else {
        return Err(StaError::bad("an Observation must be a JSON object"));
    };
    for name in object.keys() {
        let known = name.contains("@iot.")
            || matches!(name.as_str(), "id" | "Datastream" | "FeatureOfInterest")
            || EntityKind::Observation
                .properties()
                .contains(&name.as_str());
        if !known {
            return Err(StaError::bad(format!("an Observation has no \"{name}\"")));
        }
    }
    let named = object.get("Datastream").map(|link| {
        id_in(link).ok_or_else(|| StaError::bad("\"Datastream\" must be a link: {\"@iot.id\": …}"))
    });
    let datastream = named
        .transpose()?
        .or(datastream)
        .ok_or_else(|| StaError::bad("an Observation must have a Datastream"))?;
    let feature = match object.get("FeatureOfInterest") {
        None | Some(Value::Null) => feature,
        Some(link) => Some(
            link_of(link)
                .ok_or_else(|| StaError::bad("\"FeatureOfInterest\" must be a link here"))?,
        ),
    };
    if let Some(feature) = &feature
        && catalog
            .get(EntityKind::FeatureOfInterest, feature)
            .is_none()
    {
        return Err(StaError::bad(format!(
            "there is no FeatureOfInterest with the id {feature}"
        )));
    }
    let entity = catalog
        .get(EntityKind::Datastream, &datastream)
        .ok_or_else(|| StaError::bad(format!("there is no Datastream with the id {datastream}")))?;
    let stream = entity
        .stream
        .as_ref()
        .ok_or_else(|| StaError::bad(format!("Datastream {datastream} takes no observations")))?;
    let mut details = Map::new();
    let result = match object.get("result") {
        None => return Err(StaError::bad("an Observation must have a \"result\"")),
        Some(Value::Number(number)) => number.as_f64(),
        Some(other) => {
            details.insert("result".to_owned(), other.clone());
            None
        }
    };
    let phenomenon_time = match object.get("phenomenonTime") {
        None | Some(Value::Null) => now,
        Some(value) => {
            let text = value.as_str().unwrap_or_default();
            if let Some(at) = parse_time(text) {
                at
            } else if let Some((from, to)) = parse_interval(text) {
                details.insert("phenomenonTimeEnd".to_owned(), Datum::show(to).into());
                from
            } else {
                return Err(StaError::bad(format!(
                    "\"phenomenonTime\": {value} is no instant with a zone and no interval of two"
                )));
            }
        }
    };
    let result_time = match object.get("resultTime") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_str().and_then(parse_time).ok_or_else(|| {
            StaError::bad(format!("\"resultTime\": {value} is no instant with a zone"))
        })?),
    };
    if let Some(value) = object.get("validTime").filter(|value| !value.is_null()) {
        if value.as_str().and_then(parse_interval).is_none() {
            return Err(StaError::bad(format!(
                "\"validTime\": {value} is no interval of two instants"
            )));
        }
        details.insert("validTime".to_owned(), value.clone());
    }
    for name in ["resultQuality", "parameters"] {
        if let Some(value) = object.get(name).filter(|value| !value.is_null()) {
            details.insert(name.to_owned(), value.clone());
        }
    }
    let linked_name = |to| {
        let id = catalog
            .linked(EntityKind::Datastream, &datastream, to)
            .into_iter()
            .next()?;
        name_of(catalog.get(to, &id)?)
    };
    let own_id = object
        .get("@iot.id")
        .and_then(id_of)
        .and_then(|id| match id {
            // Its own id as this server writes it is no id of the sender.
            EntityId::Text(text) => match text.parse::<ObservationId>() {
                Ok(id) => id.own_id,
                Err(_) => Some(text),
            },
            EntityId::Number(number) => Some(number.to_string()),
        });
    Ok(Observed {
        feature,
        draft: ObservationDraft {
            source: Some(stream.source.clone()),
            id: own_id,
            datastream: Some(stream.datastream.clone()),
            sensor: linked_name(EntityKind::Thing),
            property: linked_name(EntityKind::ObservedProperty),
            unit: unit_of(entity),
            phenomenon_time: DateTime::from_timestamp_micros(phenomenon_time),
            result_time: result_time.and_then(DateTime::from_timestamp_micros),
            result,
            details: (!details.is_empty()).then(|| Value::Object(details).to_string()),
            ..ObservationDraft::default()
        },
        datastream,
        raw: body.to_string(),
    })
}

fn name_of(entity: &Entity) -> Option<String> {
    entity.properties.get("name")?.as_str().map(str::to_owned)
}

/// The unit as a UCUM code where the datastream says so, else its symbol.
fn unit_of(datastream: &Entity) -> Option<String> {
    let unit = datastream.properties.get("unitOfMeasurement")?;
    let text = |name: &str| {
        unit.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let symbol = text("symbol").map(|symbol| match symbol {
        "°C" | "℃" | "degC" => "Cel",
        "µg/m³" | "μg/m³" | "µg/m3" => "ug/m3",
        symbol => symbol,
    });
    text("definition")
        .and_then(|definition| definition.strip_prefix("ucum:"))
        .or(symbol)
        .or_else(|| text("name"))
        .map(str::to_owned)
}

/// What became of observations.
pub(super) struct Kept {
    /// Each one's id, or what is wrong with it.
    pub(super) answers: Vec<Result<ObservationId, StaError>>,
    pub(super) receipt: Receipt,
}

/// Gives observations their places and keeps them; those that are kept are noted as `seen` before.
#[expect(
    clippy::too_many_lines,
    reason = "one way from rows to answers, whose parts share what they know"
)]
pub(super) async fn keep(
    engine: &Engine,
    view: &mut View,
    rows: Vec<Result<Observed, (StaError, String)>>,
    seen: Option<&Seen>,
) -> Result<Kept, StaError> {
    let found = places(view, rows.iter().flatten());
    let unmade: BTreeSet<EntityId> = found
        .values()
        .flatten()
        .filter(|place| feature_of(&view.catalog, place).is_none())
        .cloned()
        .collect();
    if !unmade.is_empty() {
        view.adjust(move |draft| {
            for place in &unmade {
                make_feature(draft, place);
            }
            Ok(())
        })
        .await?;
    }
    let received_at = DateTime::from_timestamp_micros(view.now).unwrap_or_default();
    let feed = view.feed();
    let rows = rows.into_iter().map(|row| match row {
        Ok(row) => match view.may_observe(&row.datastream) {
            Ok(()) => Ok(row),
            Err(error) => Err((error, row.raw)),
        },
        wrong => wrong,
    });
    let rows: Vec<_> = rows.collect();
    let (mut answers, mut batch, mut refused) =
        (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
    let mut shapes: BTreeMap<EntityId, Option<(f64, f64)>> = BTreeMap::new();
    let any_gone = view.catalog.gone("observation ").next().is_some();
    let mut back = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let (error, raw) = match row {
            Err(wrong) => wrong,
            Ok(mut row) => {
                let at = row
                    .draft
                    .phenomenon_time
                    .unwrap_or_default()
                    .timestamp_micros();
                let feature = row.feature.clone().or_else(|| {
                    let place = found.get(&(row.datastream.clone(), at))?.as_ref()?;
                    feature_of(&view.catalog, place)
                });
                if let Some(feature) = feature {
                    let position = *shapes
                        .entry(feature.clone())
                        .or_insert_with(|| position_of(&view.catalog, &feature));
                    row.draft.feature = Some(feature.to_string());
                    (row.draft.lon, row.draft.lat) = position.unzip();
                }
                match Observation::try_new(row.draft, received_at) {
                    Ok(observation) => {
                        let id = ObservationId {
                            datastream: row.datastream,
                            phenomenon_time: observation.phenomenon_time.timestamp_micros(),
                            own_id: observation.id.clone(),
                        };
                        if any_gone {
                            back.push(format!("observation {id}"));
                        }
                        if let Some(seen) = seen {
                            seen.note(observation.identity());
                        }
                        batch.push(observation);
                        answers.push(Ok(id));
                        continue;
                    }
                    Err(refusal) => (
                        StaError::bad(format!("{}: {}", refusal.field, refusal.message)),
                        row.raw,
                    ),
                }
            }
        };
        refused.push(Refused {
            source: feed.clone(),
            profile: SOURCE.to_owned(),
            index: index as u64,
            raw,
            refusal: citybrain_model::Refusal::new(
                "observation",
                String::new(),
                "sensorthings",
                error.message.clone(),
            ),
            received_at,
        });
        answers.push(Err(error));
    }
    let (start, rejected) = (Instant::now(), refused.len());
    let receipt = engine
        .writer()
        .append(Batch::Observations(batch), refused)
        .await?;
    metrics::appended("observations", &receipt, rejected, start.elapsed());
    if !back.is_empty() {
        view.adjust(move |draft| {
            for what in &back {
                draft.unset_gone(what);
            }
            Ok(())
        })
        .await?;
    }
    Ok(Kept { answers, receipt })
}

/// Where the thing of each observation without a feature was at its time, by datastream and time.
fn places<'a>(
    view: &View,
    rows: impl Iterator<Item = &'a Observed>,
) -> BTreeMap<(EntityId, i64), Option<EntityId>> {
    let mut timelines: BTreeMap<EntityId, Vec<(i64, EntityId)>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for row in rows.filter(|row| row.feature.is_none()) {
        let at = row
            .draft
            .phenomenon_time
            .unwrap_or_default()
            .timestamp_micros();
        let timeline = timelines
            .entry(row.datastream.clone())
            .or_insert_with(|| timeline(&view.catalog, &row.datastream));
        let behind = timeline.partition_point(|(since, _)| *since <= at);
        let place = timeline
            .get(behind.saturating_sub(1))
            .map(|(_, place)| place.clone());
        found.insert((row.datastream.clone(), at), place);
    }
    found
}

/// Since when the thing of a datastream was where.
fn timeline(catalog: &Catalog, datastream: &EntityId) -> Vec<(i64, EntityId)> {
    let Some(thing) = catalog
        .linked(EntityKind::Datastream, datastream, EntityKind::Thing)
        .into_iter()
        .next()
    else {
        return Vec::new();
    };
    let history = catalog.linked(EntityKind::Thing, &thing, EntityKind::HistoricalLocation);
    let mut all: Vec<(i64, EntityId)> = history
        .into_iter()
        .filter_map(|id| {
            let entity = catalog.get(EntityKind::HistoricalLocation, &id)?;
            let time = Datum::time(entity.properties.get("time")?.as_str()?)
                .interval()?
                .0;
            let places = catalog.linked(EntityKind::HistoricalLocation, &id, EntityKind::Location);
            Some((time, places.into_iter().next()?))
        })
        .collect();
    all.sort();
    if all.is_empty() {
        let now = catalog.linked(EntityKind::Thing, &thing, EntityKind::Location);
        all.extend(now.into_iter().take(1).map(|place| (i64::MIN, place)));
    }
    all
}

/// The feature of interest that was made of a location.
fn feature_of(catalog: &Catalog, place: &EntityId) -> Option<EntityId> {
    catalog
        .linked(EntityKind::Location, place, EntityKind::FeatureOfInterest)
        .into_iter()
        .next()
}

/// Makes a feature of interest of a location.
fn make_feature(draft: &mut Draft<'_>, place: &EntityId) {
    let Some(location) = draft.catalog().get(EntityKind::Location, place).cloned() else {
        return;
    };
    if feature_of(draft.catalog(), place).is_some() {
        return;
    }
    let mut properties = location.properties.clone();
    if let Some(shape) = properties.remove("location") {
        properties.insert("feature".to_owned(), shape);
    }
    let feature = draft.add(
        EntityKind::FeatureOfInterest,
        Entity {
            properties,
            owner: location.owner.clone(),
            ..Entity::default()
        },
    );
    draft.link(
        (EntityKind::Location, place.clone()),
        (EntityKind::FeatureOfInterest, feature),
    );
}

/// The point of a feature, or the middle of its bounds; longitude first, in degrees.
fn position_of(catalog: &Catalog, feature: &EntityId) -> Option<(f64, f64)> {
    let entity = catalog.get(EntityKind::FeatureOfInterest, feature)?;
    let [west, south, east, north] = bounds(&from_geojson(entity.properties.get("feature")?)?)?;
    let (lon, lat) = (f64::midpoint(west, east), f64::midpoint(south, north));
    (lon.abs() <= 180.0 && lat.abs() <= 90.0).then_some((lon, lat))
}

/// Makes the feature of interest that is nested in an observation's body and puts a link in its place.
pub(super) fn make_nested_feature(
    draft: &mut Draft<'_>,
    body: &mut Value,
    now: i64,
) -> Result<(), StaError> {
    let Some(feature) = body.get_mut("FeatureOfInterest") else {
        return Ok(());
    };
    if feature.is_null() || link_of(feature).is_some() {
        return Ok(());
    }
    let mut made = Made {
        now,
        ..Made::default()
    };
    let id = create(
        draft,
        EntityKind::FeatureOfInterest,
        feature,
        None,
        &mut made,
        1,
    )?;
    *feature = serde_json::json!({ "@iot.id": id });
    Ok(())
}
