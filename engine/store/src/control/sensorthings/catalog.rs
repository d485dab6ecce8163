//! All entities of one moment, with the ways between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use citybrain_model::{EntityId, EntityKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An entity: what it has, and what it links to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Its properties by the names of the API.
    pub properties: Map<String, Value>,
    /// What it links to. A thing holds its locations; a historical location its thing and locations; a datastream its thing, sensor and
    /// observed property; a location the feature of interest that was made of it. The ways back follow from these.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub links: BTreeSet<(EntityKind, EntityId)>,
    /// Of a datastream: under which names the store keeps its observations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Of an entity that the engine made for a feed that does not speak SensorThings: what it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The feed that it belongs to; a datastream belongs to that of its stream. Without one it is everybody's to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Entity {
    /// The feed that it belongs to.
    pub fn feed(&self) -> Option<&str> {
        let stream = self.stream.as_ref().map(|stream| stream.source.as_str());
        stream.or(self.owner.as_deref())
    }
}

/// A datastream as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stream {
    /// The feed.
    pub source: String,
    /// The datastream's name within the feed.
    pub datastream: String,
}

/// All entities of one moment.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    entities: BTreeMap<EntityKind, BTreeMap<EntityId, Arc<Entity>>>,
    /// By what is linked to: who links.
    back: HashMap<(EntityKind, EntityId), BTreeSet<(EntityKind, EntityId)>>,
    streams: HashMap<Stream, EntityId>,
    origins: HashMap<String, (EntityKind, EntityId)>,
    gone: BTreeSet<String>,
    next: BTreeMap<EntityKind, i64>,
}

impl Catalog {
    /// One entity.
    pub fn get(&self, kind: EntityKind, id: &EntityId) -> Option<&Arc<Entity>> {
        self.entities.get(&kind)?.get(id)
    }

    /// All entities of a kind, in order of id.
    pub fn all(&self, kind: EntityKind) -> impl Iterator<Item = (&EntityId, &Arc<Entity>)> {
        self.entities.get(&kind).into_iter().flatten()
    }

    /// How many entities of a kind there are.
    pub fn count(&self, kind: EntityKind) -> usize {
        self.entities.get(&kind).map_or(0, BTreeMap::len)
    }

    /// The entities of kind `to` that are linked with one, in order of id, whichever of both holds the link.
    pub fn linked(&self, kind: EntityKind, id: &EntityId, to: EntityKind) -> Vec<EntityId> {
        let links = if holds(kind, to) {
            self.get(kind, id).map(|entity| &entity.links)
        } else {
            self.back.get(&(kind, id.clone()))
        };
        links
            .into_iter()
            .flatten()
            .filter(|(linked, _)| *linked == to)
            .map(|(_, id)| id.clone())
            .collect()
    }

    /// The same without the entities that are not `wanted`; links to these lead nowhere.
    #[must_use]
    pub fn only(&self, mut wanted: impl FnMut(&Entity) -> bool) -> Self {
        let mut rest = self.clone();
        for (&kind, entities) in &self.entities {
            for (id, _) in entities.iter().filter(|(_, entity)| !wanted(entity)) {
                let holders = rest.back.remove(&(kind, id.clone()));
                for (holder, of) in holders.into_iter().flatten() {
                    if let Some(entity) = rest.get(holder, &of) {
                        let mut entity = Entity::clone(entity);
                        entity.links.remove(&(kind, id.clone()));
                        rest.put(holder, &of, Some(Arc::new(entity)));
                    }
                }
                rest.put(kind, id, None);
            }
        }
        rest
    }

    /// The datastream that stands for a stream of the store.
    pub fn of_stream(&self, stream: &Stream) -> Option<&EntityId> {
        self.streams.get(stream)
    }

    /// The entity that the engine made for `origin`.
    pub fn of_origin(&self, origin: &str) -> Option<&EntityId> {
        self.origins.get(origin).map(|(_, id)| id)
    }

    /// Was this (a stream, an observation) taken out of the API's sight?
    pub fn is_gone(&self, what: &str) -> bool {
        self.gone.contains(what)
    }

    /// What was taken out of the API's sight and begins so, without that beginning.
    pub fn gone<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = &'a str> {
        self.gone
            .range(beginning.to_owned()..)
            .map_while(move |what| what.strip_prefix(beginning))
    }

    /// The number that the next entity of a kind gets.
    pub(super) fn next(&self, kind: EntityKind) -> i64 {
        self.next.get(&kind).copied().unwrap_or(1)
    }

    pub(super) fn set_next(&mut self, kind: EntityKind, next: i64) {
        self.next.insert(kind, next);
    }

    pub(super) fn set_gone(&mut self, what: String) {
        self.gone.insert(what);
    }

    pub(super) fn unset_gone(&mut self, what: &str) {
        self.gone.remove(what);
    }

    /// Puts an entity there, or takes it away; gives back what was there.
    #[expect(clippy::needless_pass_by_value, reason = "the catalog keeps it")]
    pub(super) fn put(
        &mut self,
        kind: EntityKind,
        id: &EntityId,
        entity: Option<Arc<Entity>>,
    ) -> Option<Arc<Entity>> {
        let all = self.entities.entry(kind).or_default();
        let before = match &entity {
            Some(entity) => all.insert(id.clone(), Arc::clone(entity)),
            None => all.remove(id),
        };
        if let Some(before) = &before {
            for link in &before.links {
                if let Some(back) = self.back.get_mut(link) {
                    back.remove(&(kind, id.clone()));
                    if back.is_empty() {
                        self.back.remove(link);
                    }
                }
            }
            if let Some(stream) = &before.stream {
                self.streams.remove(stream);
            }
            if let Some(origin) = &before.origin {
                self.origins.remove(origin);
            }
        }
        if let Some(entity) = &entity {
            for link in &entity.links {
                self.back
                    .entry(link.clone())
                    .or_default()
                    .insert((kind, id.clone()));
            }
            if let Some(stream) = &entity.stream {
                self.streams.insert(stream.clone(), id.clone());
            }
            if let Some(origin) = &entity.origin {
                self.origins.insert(origin.clone(), (kind, id.clone()));
            }
        }
        before
    }
}

/// Does an entity of kind `from` hold the links to entities of kind `to`?
pub(super) const fn holds(from: EntityKind, to: EntityKind) -> bool {
    use EntityKind::{
        Datastream, FeatureOfInterest, HistoricalLocation, Location, ObservedProperty, Sensor,
        Thing,
    };
    matches!(
        (from, to),
        (Thing, Location)
            | (HistoricalLocation, Thing | Location)
            | (Datastream, Thing | Sensor | ObservedProperty)
            | (Location, FeatureOfInterest)
    )
}
