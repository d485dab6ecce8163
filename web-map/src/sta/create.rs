//! New entities from JSON, with what is nested in them.

use std::collections::BTreeSet;

use citybrain_model::{EntityId, EntityKind};
use citybrain_query::odata::{parse_interval, parse_time};
use citybrain_query::sensorthings::Datum;
use citybrain_store::{Draft, Entity, Stream};
use serde_json::{Map, Value};

use super::StaError;

/// The source of datastreams that are made through the API.
pub(super) const SOURCE: &str = "sensorthings";
/// How deep entities may be nested.
const DEPTH_MAX: usize = 8;

/// What is made beside entities while entities are made.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Observations that were nested in datastreams or features.
    pub(super) observations: Vec<Nested>,
    /// Now: µs since 1970, UTC.
    pub(super) now: i64,
    /// The feed of new datastreams.
    pub(super) feed: String,
}

/// An observation within another entity.
#[derive(Debug)]
pub(super) struct Nested {
    pub(super) datastream: Option<EntityId>,
    pub(super) feature: Option<EntityId>,
    pub(super) body: Value,
}

/// The id of `{"@iot.id": …}`, when the object is nothing but a link. The drafts of the standard wrote `id`.
pub(super) fn link_of(body: &Value) -> Option<EntityId> {
    let object = body.as_object()?;
    let id = object.get("@iot.id").or_else(|| object.get("id"))?;
    let alone = object
        .keys()
        .all(|key| key.starts_with("@iot.") || key == "id");
    if !alone {
        return None;
    }
    id_of(id)
}

/// The id of an entity that is there, whatever else is said of it.
pub(super) fn id_in(body: &Value) -> Option<EntityId> {
    let object = body.as_object()?;
    id_of(object.get("@iot.id").or_else(|| object.get("id"))?)
}

pub(super) fn id_of(id: &Value) -> Option<EntityId> {
    match id {
        Value::Number(number) => number.as_i64().map(EntityId::Number),
        Value::String(text) => Some(EntityId::Text(text.clone())),
        _ => None,
    }
}

/// Makes an entity of `kind`, or finds the one that the body links to. `parent` is what it is nested in or posted to.
pub(super) fn create(
    draft: &mut Draft<'_>,
    kind: EntityKind,
    body: &Value,
    parent: Option<(EntityKind, EntityId)>,
    made: &mut Made,
    depth: usize,
) -> Result<EntityId, StaError> {
    if depth > DEPTH_MAX {
        return Err(StaError::bad(format!(
            "entities are nested more than {DEPTH_MAX} deep"
        )));
    }
    // Some clients send the whole of what they link to.
    let there = |id: &EntityId| depth > 0 && draft.catalog().get(kind, id).is_some();
    if let Some(id) = link_of(body).or_else(|| id_in(body).filter(there)) {
        if draft.catalog().get(kind, &id).is_none() {
            return Err(StaError::bad(format!(
                "there is no {kind} with the id {id}"
            )));
        }
        if let Some(parent) = parent {
            relate(draft, parent, (kind, id.clone()), made.now);
        }
        return Ok(id);
    }
    let Some(object) = body.as_object() else {
        return Err(StaError::bad(format!(
            "{} must be a JSON object",
            one(kind)
        )));
    };
    let properties = properties(kind, object, None)?;
    let id = match object.get("@iot.id") {
        None | Some(Value::Null) => draft.number(kind),
        Some(id) => {
            let id =
                id_of(id).ok_or_else(|| StaError::bad("@iot.id must be a number or a text"))?;
            if draft.catalog().get(kind, &id).is_some() {
                return Err(StaError::new(
                    409,
                    format!("there is {} with the id {id} already", one(kind)),
                ));
            }
            id
        }
    };
    let stream =
        (kind == EntityKind::Datastream).then(|| stream_for(draft, &properties, &id, &made.feed));
    let entity = Entity {
        properties,
        stream,
        ..Entity::default()
    };
    draft.put(kind, &id, entity);
    let mut places = BTreeSet::new();
    for (name, value) in object {
        let Some(way) = way(kind, name) else { continue };
        let items = match value {
            Value::Null => continue,
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for item in items {
            if way == EntityKind::Observation {
                made.observations.push(Nested {
                    datastream: (kind == EntityKind::Datastream).then(|| id.clone()),
                    feature: (kind == EntityKind::FeatureOfInterest).then(|| id.clone()),
                    body: item.clone(),
                });
                continue;
            }
            if kind == EntityKind::Thing && way == EntityKind::Location {
                places.insert(create(draft, way, item, None, made, depth + 1)?);
                continue;
            }
            let parent = Some((kind, id.clone()));
            create(draft, way, item, parent, made, depth + 1)?;
        }
    }
    if !places.is_empty() {
        move_to(draft, &id, &places, made.now);
    }
    if let Some(parent) = parent {
        relate(draft, parent, (kind, id.clone()), made.now);
    }
    whole(draft, kind, &id)?;
    Ok(id)
}

/// Links a new entity with what it was posted to. A thing's new location takes the place of its locations.
fn relate(
    draft: &mut Draft<'_>,
    parent: (EntityKind, EntityId),
    child: (EntityKind, EntityId),
    now: i64,
) {
    match (parent.0, child.0) {
        (EntityKind::Thing, EntityKind::Location) => {
            move_to(draft, &parent.1, &BTreeSet::from([child.1]), now);
        }
        (EntityKind::Location, EntityKind::Thing) => {
            move_to(draft, &child.1, &BTreeSet::from([parent.1]), now);
        }
        // One of each: the new one takes the place of the one before.
        (one, EntityKind::Datastream) if one != EntityKind::Observation => {
            replace(draft, child, parent);
        }
        (EntityKind::Datastream, _) => replace(draft, parent, child),
        (EntityKind::Thing, EntityKind::HistoricalLocation) => replace(draft, child, parent),
        _ => draft.link(parent, child),
    }
}

/// Links `holder` with `linked` in the place of another of the same kind.
pub(super) fn replace(
    draft: &mut Draft<'_>,
    (kind, holder): (EntityKind, EntityId),
    linked: (EntityKind, EntityId),
) {
    draft.edit(kind, &holder, |entity| {
        entity.links.retain(|(other, _)| *other != linked.0);
        entity.links.insert(linked);
    });
}

/// Puts a thing at locations, and remembers since when.
pub(super) fn move_to(
    draft: &mut Draft<'_>,
    thing: &EntityId,
    places: &BTreeSet<EntityId>,
    now: i64,
) {
    draft.edit(EntityKind::Thing, thing, |entity| {
        entity
            .links
            .retain(|(kind, _)| *kind != EntityKind::Location);
        entity.links.extend(
            places
                .iter()
                .map(|place| (EntityKind::Location, place.clone())),
        );
    });
    let mut history = Entity::default();
    history
        .properties
        .insert("time".to_owned(), Datum::show(now).into());
    history.links = places
        .iter()
        .map(|place| (EntityKind::Location, place.clone()))
        .chain([(EntityKind::Thing, thing.clone())])
        .collect();
    draft.add(EntityKind::HistoricalLocation, history);
}

/// What must be linked is linked.
fn whole(draft: &Draft<'_>, kind: EntityKind, id: &EntityId) -> Result<(), StaError> {
    let needed: &[EntityKind] = match kind {
        EntityKind::Datastream => &[
            EntityKind::Thing,
            EntityKind::Sensor,
            EntityKind::ObservedProperty,
        ],
        EntityKind::HistoricalLocation => &[EntityKind::Thing],
        _ => &[],
    };
    for to in needed {
        if draft.catalog().linked(kind, id, *to).is_empty() {
            return Err(StaError::bad(format!(
                "{} must have {}",
                one(kind),
                one(*to)
            )));
        }
    }
    Ok(())
}

/// A kind with its article.
fn one(kind: EntityKind) -> String {
    let article = match kind {
        EntityKind::Observation | EntityKind::ObservedProperty => "an",
        _ => "a",
    };
    format!("{article} {kind}")
}

/// The kind that a member leads to, by either of its names.
pub(super) fn way(kind: EntityKind, name: &str) -> Option<EntityKind> {
    kind.navigations()
        .iter()
        .map(|way| way.to)
        .find(|to| to.set() == name || to.singular() == name)
}

/// The properties of a body, checked: all of a new entity, or those that change in `before`.
pub(super) fn properties(
    kind: EntityKind,
    object: &Map<String, Value>,
    before: Option<&Map<String, Value>>,
) -> Result<Map<String, Value>, StaError> {
    for name in object.keys() {
        let known = name.contains("@iot.")
            || name == "id"
            || kind.properties().contains(&name.as_str())
            || way(kind, name).is_some()
            // The draft of the standard had it.
            || (kind == EntityKind::Datastream && name == "resultTime");
        if !known {
            return Err(StaError::bad(format!("{} has no \"{name}\"", one(kind))));
        }
    }
    let mut all = before.cloned().unwrap_or_default();
    for name in kind.properties() {
        if kind == EntityKind::Datastream
            && matches!(*name, "phenomenonTime" | "resultTime" | "observedArea")
        {
            continue;
        }
        match object.get(*name) {
            Some(Value::Null) => {
                all.remove(*name);
            }
            Some(value) => {
                all.insert((*name).to_owned(), value.clone());
            }
            None => {}
        }
    }
    let needed: &[&str] = match kind {
        EntityKind::Thing => &["name"],
        EntityKind::Location => &["name", "encodingType", "location"],
        EntityKind::HistoricalLocation => &["time"],
        EntityKind::Sensor => &["name", "encodingType", "metadata"],
        EntityKind::ObservedProperty => &["name", "definition"],
        EntityKind::Datastream => &["name", "observationType", "unitOfMeasurement"],
        EntityKind::FeatureOfInterest => &["name", "encodingType", "feature"],
        EntityKind::Observation => &[],
    };
    // The drafts of the standard had no names; a description says the same.
    if needed.contains(&"name") {
        for (name, other) in [("name", "description"), ("description", "name")] {
            if !all.contains_key(name)
                && let Some(text) = all.get(other).cloned()
            {
                all.insert(name.to_owned(), text);
            }
        }
    }
    for name in needed {
        if !all.contains_key(*name) {
            return Err(StaError::bad(format!("{} must have \"{name}\"", one(kind))));
        }
    }
    for name in [
        "name",
        "description",
        "encodingType",
        "observationType",
        "definition",
    ] {
        if all.get(name).is_some_and(|value| !value.is_string()) {
            return Err(StaError::bad(format!("\"{name}\" must be a text")));
        }
    }
    if let Some(unit) = all.get("unitOfMeasurement") {
        let has = |name| unit.get(name).is_some();
        if !(has("name") && has("symbol") && has("definition")) {
            return Err(StaError::bad(
                "\"unitOfMeasurement\" must have name, symbol and definition; null where there is none",
            ));
        }
    }
    if let Some(time) = all.get("time") {
        let ok = time
            .as_str()
            .is_some_and(|time| parse_time(time).is_some() || parse_interval(time).is_some());
        if !ok {
            return Err(StaError::bad("\"time\" must be an instant with a zone"));
        }
    }
    Ok(all)
}

/// A name in the store that no other datastream has or had: its own where it is free.
fn stream_for(
    draft: &Draft<'_>,
    properties: &Map<String, Value>,
    id: &EntityId,
    feed: &str,
) -> Stream {
    let name = properties
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or("datastream")
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect::<String>();
    let stream = |datastream: String| Stream {
        source: feed.to_owned(),
        datastream,
    };
    let plain = stream(name.trim().to_owned());
    let free = draft.catalog().of_stream(&plain).is_none()
        && !draft.catalog().is_gone(&super::mark(&plain))
        && !plain.datastream.is_empty();
    if free {
        plain
    } else {
        stream(format!("{} ({})", plain.datastream, id.bare()))
    }
}
