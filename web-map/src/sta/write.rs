//! `POST`, `PATCH`, `PUT` and `DELETE`.

use std::collections::BTreeSet;

use citybrain_model::{EntityId, EntityKind};
use citybrain_query::odata::Options;
use citybrain_query::sensorthings::Datum;
use serde_json::{Map, Value};

use super::create::{Made, create, link_of, move_to, properties, replace, way};
use super::json_patch;
use super::observe::{keep, make_nested_feature, observed};
use super::path::Step;
use super::read::Reader;
use super::resolve::Target;
use super::{Reply, StaError, View};
use crate::state::AppState;

/// A new entity in a set, with all that is nested in it, or nothing.
pub(super) async fn post(
    state: &AppState,
    mut view: View,
    base: &str,
    steps: &[Step],
    body: Value,
) -> Result<Reply, StaError> {
    let asking = state.engine.ask("sensorthings").await;
    let reader = Reader {
        state,
        view: &view,
        base,
        session: &asking,
    };
    let (target, rest) = reader.resolve(steps).await?;
    drop(asking);
    let Target::Set(kind, parent) = target else {
        return Err(StaError::new(405, "POST goes to a set, such as Things"));
    };
    if !rest.is_empty() {
        return Err(StaError::missing("such path"));
    }
    let id = if kind == EntityKind::Observation {
        let (datastream, feature) = match parent {
            Some((EntityKind::Datastream, id)) => (Some(id), None),
            Some((_, id)) => (None, Some(id)),
            None => (None, None),
        };
        let now = view.now;
        let row = if body.get("FeatureOfInterest").is_some() {
            let mut body = body;
            view.change(move |draft| {
                make_nested_feature(draft, &mut body, now)?;
                observed(draft.catalog(), now, datastream, feature, &body)
            })
            .await?
        } else {
            observed(&view.catalog, now, datastream, feature, &body)?
        };
        let kept = keep(&state.engine, &mut view, vec![Ok(row)], None).await?;
        match kept.answers.into_iter().next() {
            Some(id) => id?.entity(),
            None => return Err(StaError::bad("there is no observation")),
        }
    } else {
        create_deep(state, &mut view, kind, parent, body).await?
    };
    let view = state.sta.view(state, &view.caller).await?;
    let asking = state.engine.ask("sensorthings").await;
    let reader = Reader {
        state,
        view: &view,
        base,
        session: &asking,
    };
    let entity = reader.one(kind, &id, &Options::default()).await?;
    Ok(Reply::created(reader.link(kind, &id), Some(entity)))
}

/// Entities first, then the observations that were nested in them; when those cannot be kept, the entities go again.
async fn create_deep(
    state: &AppState,
    view: &mut View,
    kind: EntityKind,
    parent: Option<(EntityKind, EntityId)>,
    body: Value,
) -> Result<EntityId, StaError> {
    let (now, feed) = (view.now, view.feed());
    let (id, rows) = view
        .change(move |draft| {
            let mut made = Made {
                now,
                feed,
                ..Made::default()
            };
            let id = create(draft, kind, &body, parent, &mut made, 0)?;
            // What is wrong with an observation is found before anything is made.
            let mut rows = Vec::with_capacity(made.observations.len());
            for nested in made.observations {
                let mut body = nested.body;
                make_nested_feature(draft, &mut body, now)?;
                let row = observed(
                    draft.catalog(),
                    now,
                    nested.datastream,
                    nested.feature,
                    &body,
                )?;
                rows.push(Ok(row));
            }
            Ok((id, rows))
        })
        .await?;
    if !rows.is_empty() {
        let kept = keep(&state.engine, view, rows, None)
            .await
            .and_then(|kept| kept.answers.into_iter().collect::<Result<Vec<_>, _>>());
        if let Err(error) = kept {
            let made = id.clone();
            view.change(move |draft| {
                draft.remove(kind, &made);
                Ok(())
            })
            .await?;
            return Err(error);
        }
    }
    Ok(id)
}

/// Changes an entity: the members of the body (`PATCH`), or everything (`PUT`).
pub(super) async fn patch(
    state: &AppState,
    mut view: View,
    base: &str,
    steps: &[Step],
    body: Value,
    whole: bool,
) -> Result<Reply, StaError> {
    let asking = state.engine.ask("sensorthings").await;
    let reader = Reader {
        state,
        view: &view,
        base,
        session: &asking,
    };
    let (target, rest) = reader.resolve(steps).await?;
    let Target::One(kind, id) = target else {
        return Err(StaError::new(405, "a set is not changed as a whole"));
    };
    if !rest.is_empty() {
        return Err(StaError::new(
            405,
            "a property is changed by a PATCH of its entity",
        ));
    }
    let object = match body {
        Value::Object(object) => object,
        Value::Array(steps) if !whole => {
            let before = reader.one(kind, &id, &Options::default()).await?;
            let mut after = before.clone();
            json_patch::apply(&mut after, &steps)?;
            changes(&before, after)?
        }
        _ => return Err(StaError::bad("the body must be a JSON object")),
    };
    if kind == EntityKind::Observation {
        let row = reader.observation(&id).await?;
        let Value::Object(mut merged) = reader.one(kind, &id, &Options::default()).await? else {
            return Err(StaError::bad("the body must be a JSON object"));
        };
        merged.retain(|name, _| !name.contains("@iot.") || name == "@iot.id");
        let before = merged.get("phenomenonTime").cloned();
        merge(&mut merged, object);
        if merged.get("phenomenonTime") != before.as_ref() {
            return Err(StaError::new(
                409,
                "the phenomenonTime is part of an observation's identity: delete it and post another",
            ));
        }
        if let Some(feature) = row
            .feature
            .as_ref()
            .and_then(|id| id.parse::<EntityId>().ok())
            && !merged.contains_key("FeatureOfInterest")
        {
            merged.insert(
                "FeatureOfInterest".to_owned(),
                serde_json::json!({"@iot.id": feature}),
            );
        }
        drop(asking);
        let corrected = observed(
            &view.catalog,
            view.now,
            Some(row.datastream),
            None,
            &Value::Object(merged),
        )?;
        let kept = keep(&state.engine, &mut view, vec![Ok(corrected)], None).await?;
        for answer in kept.answers {
            answer?;
        }
    } else {
        drop(asking);
        let now = view.now;
        let at = id.clone();
        view.change(move |draft| change(draft, kind, &at, &object, whole, now))
            .await?;
    }
    let view = state.sta.view(state, &view.caller).await?;
    let asking = state.engine.ask("sensorthings").await;
    let reader = Reader {
        state,
        view: &view,
        base,
        session: &asking,
    };
    Ok(Reply::json(
        reader.one(kind, &id, &Options::default()).await?,
    ))
}

/// The members of an entity that a patch changed; null where it took one away.
fn changes(before: &Value, after: Value) -> Result<Map<String, Value>, StaError> {
    let (Some(before), Value::Object(mut after)) = (before.as_object(), after) else {
        return Err(StaError::bad("an entity stays a JSON object"));
    };
    for name in before.keys().filter(|name| !name.contains("@iot.")) {
        if !after.contains_key(name) {
            after.insert(name.clone(), Value::Null);
        }
    }
    after.retain(|name, value| before.get(name) != Some(value));
    Ok(after)
}

fn change(
    draft: &mut citybrain_store::Draft<'_>,
    kind: EntityKind,
    id: &EntityId,
    object: &Map<String, Value>,
    whole: bool,
    now: i64,
) -> Result<(), StaError> {
    let Some(entity) = draft.catalog().get(kind, id).cloned() else {
        return Err(StaError::missing(format!("{kind} with the id {id}")));
    };
    let before = (!whole).then_some(&entity.properties);
    let changed = properties(kind, object, before)?;
    let moved = kind == EntityKind::Location
        && changed.get("location") != entity.properties.get("location");
    draft.edit(kind, id, |entity| {
        entity.properties = changed;
        if moved {
            // Its feature of interest stays where it was; the next observation has another.
            entity
                .links
                .retain(|(kind, _)| *kind != EntityKind::FeatureOfInterest);
        }
    });
    for (name, value) in object {
        let Some(to) = way(kind, name) else { continue };
        let links = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let ids = links
            .iter()
            .map(|link| {
                link_of(link)
                    .filter(|id| draft.catalog().get(to, id).is_some())
                    .ok_or_else(|| {
                        StaError::bad(format!(
                            "\"{name}\" must be links to what is there: {{\"@iot.id\": …}}"
                        ))
                    })
            })
            .collect::<Result<BTreeSet<_>, _>>()?;
        match (kind, to) {
            (EntityKind::Thing, EntityKind::Location) => move_to(draft, id, &ids, now),
            (EntityKind::Datastream | EntityKind::HistoricalLocation, to)
                if kind.navigation_to(to).is_some_and(|way| !way.many) =>
            {
                if let Some(linked) = ids.into_iter().next() {
                    replace(draft, (kind, id.clone()), (to, linked));
                }
            }
            (_, EntityKind::Datastream) => {
                for linked in ids {
                    replace(draft, (EntityKind::Datastream, linked), (kind, id.clone()));
                }
            }
            (EntityKind::Location, EntityKind::Thing) => {
                for thing in ids {
                    move_to(draft, &thing, &BTreeSet::from([id.clone()]), now);
                }
            }
            (_, to) => {
                for linked in ids {
                    draft.link((kind, id.clone()), (to, linked));
                }
            }
        }
    }
    if moved {
        // A thing whose location moves has moved.
        for thing in draft.catalog().linked(kind, id, EntityKind::Thing) {
            let mut history = citybrain_store::Entity::default();
            history
                .properties
                .insert("time".to_owned(), Datum::show(now).into());
            history.links = [(kind, id.clone()), (EntityKind::Thing, thing)].into();
            draft.add(EntityKind::HistoricalLocation, history);
        }
    }
    Ok(())
}

/// JSON merge patch (RFC 7396) of the first level.
fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        if value.is_null() {
            into.remove(&name);
        } else {
            into.insert(name, value);
        }
    }
}

/// Takes an entity away with what cannot be without it.
pub(super) async fn delete(
    state: &AppState,
    mut view: View,
    base: &str,
    steps: &[Step],
) -> Result<Reply, StaError> {
    let asking = state.engine.ask("sensorthings").await;
    let reader = Reader {
        state,
        view: &view,
        base,
        session: &asking,
    };
    let (steps, reference) = match steps.split_last() {
        Some((last, before)) if last.name == "$ref" => (before, true),
        _ => (steps, false),
    };
    let (target, rest) = reader.resolve(steps).await?;
    let Target::One(kind, id) = target else {
        return Err(StaError::new(405, "a set is not deleted as a whole"));
    };
    if kind == EntityKind::Observation {
        let of = reader.observation(&id).await?.datastream;
        view.may_observe(&of)?;
    }
    drop(asking);
    if !rest.is_empty() || reference {
        return Err(StaError::new(405, "only an entity is deleted"));
    }
    view.change(move |draft| {
        if kind == EntityKind::Observation {
            draft.set_gone(format!("observation {}", id.bare()));
        } else {
            draft.remove(kind, &id);
        }
        Ok(())
    })
    .await?;
    Ok(Reply {
        status: 200,
        ..Reply::default()
    })
}
