//! A change of the entities while it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use citybrain_model::{EntityId, EntityKind};

use super::catalog::{Catalog, Entity, holds};

/// The entities with what a change did so far; it can be taken back.
#[derive(Debug)]
pub struct Draft<'a> {
    catalog: &'a mut Catalog,
    /// What each touched entity was before.
    before: BTreeMap<(EntityKind, EntityId), Option<Arc<Entity>>>,
    numbers: BTreeMap<EntityKind, i64>,
    gone: BTreeSet<String>,
    back: BTreeSet<String>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(catalog: &'a mut Catalog) -> Self {
        Self {
            catalog,
            before: BTreeMap::new(),
            numbers: BTreeMap::new(),
            gone: BTreeSet::new(),
            back: BTreeSet::new(),
        }
    }

    /// The entities with the change so far.
    pub const fn catalog(&self) -> &Catalog {
        self.catalog
    }

    /// A number that no entity of the kind has or had.
    pub fn number(&mut self, kind: EntityKind) -> EntityId {
        let mut next = self.catalog.next(kind);
        self.numbers.entry(kind).or_insert(next);
        // A client may have chosen it.
        while self.catalog.get(kind, &EntityId::Number(next)).is_some() {
            next += 1;
        }
        self.catalog.set_next(kind, next + 1);
        EntityId::Number(next)
    }

    /// Adds an entity under a number of its own.
    pub fn add(&mut self, kind: EntityKind, entity: Entity) -> EntityId {
        let id = self.number(kind);
        self.put(kind, &id, entity);
        id
    }

    /// Puts an entity in the place of the one that is there, if any.
    pub fn put(&mut self, kind: EntityKind, id: &EntityId, entity: Entity) {
        self.exchange(kind, id, Some(Arc::new(entity)));
    }

    /// Changes the entity in place; false when there is none.
    pub fn edit(
        &mut self,
        kind: EntityKind,
        id: &EntityId,
        edit: impl FnOnce(&mut Entity),
    ) -> bool {
        let Some(entity) = self.catalog.get(kind, id) else {
            return false;
        };
        let mut entity = Entity::clone(entity);
        edit(&mut entity);
        self.put(kind, id, entity);
        true
    }

    /// Links two entities, whichever of both holds such links.
    pub fn link(&mut self, one: (EntityKind, EntityId), other: (EntityKind, EntityId)) {
        let (holder, linked) = if holds(one.0, other.0) {
            (one, other)
        } else {
            (other, one)
        };
        self.edit(holder.0, &holder.1, |entity| {
            entity.links.insert(linked);
        });
    }

    /// Unlinks two entities.
    pub fn unlink(&mut self, one: (EntityKind, EntityId), other: (EntityKind, EntityId)) {
        let (holder, linked) = if holds(one.0, other.0) {
            (one, other)
        } else {
            (other, one)
        };
        self.edit(holder.0, &holder.1, |entity| {
            entity.links.remove(&linked);
        });
    }

    /// Takes an entity away with what cannot be without it: a thing's datastreams and historical locations, a sensor's and an
    /// observed property's datastreams, a location's historical locations that have no other. Links to it end. A datastream's observations stay in the store; the API does not show them any more.
    pub fn remove(&mut self, kind: EntityKind, id: &EntityId) {
        let Some(entity) = self.catalog.get(kind, id).cloned() else {
            return;
        };
        for dependent in [EntityKind::Datastream, EntityKind::HistoricalLocation] {
            if kind == EntityKind::Location || !holds(dependent, kind) {
                continue;
            }
            for linked in self.catalog.linked(kind, id, dependent) {
                self.remove(dependent, &linked);
            }
        }
        if kind == EntityKind::Location {
            for holder in [EntityKind::Thing, EntityKind::HistoricalLocation] {
                for linked in self.catalog.linked(kind, id, holder) {
                    self.unlink((holder, linked.clone()), (kind, id.clone()));
                    let nowhere = self.catalog.linked(holder, &linked, kind).is_empty();
                    if holder == EntityKind::HistoricalLocation && nowhere {
                        self.remove(holder, &linked);
                    }
                }
            }
        }
        if kind == EntityKind::FeatureOfInterest {
            for place in self.catalog.linked(kind, id, EntityKind::Location) {
                self.unlink((EntityKind::Location, place), (kind, id.clone()));
            }
        }
        if let Some(stream) = &entity.stream {
            self.set_gone(stream_mark(&stream.source, &stream.datastream));
        }
        self.exchange(kind, id, None);
    }

    /// Takes something (a stream, an observation) out of the API's sight.
    pub fn set_gone(&mut self, what: String) {
        if !self.catalog.is_gone(&what) {
            self.back.remove(&what);
            self.catalog.set_gone(what.clone());
            self.gone.insert(what);
        }
    }

    /// Lets the API see something again.
    pub fn unset_gone(&mut self, what: &str) {
        if self.catalog.is_gone(what) {
            self.catalog.unset_gone(what);
            self.gone.remove(what);
            self.back.insert(what.to_owned());
        }
    }

    fn exchange(&mut self, kind: EntityKind, id: &EntityId, entity: Option<Arc<Entity>>) {
        let before = self.catalog.put(kind, id, entity);
        self.before.entry((kind, id.clone())).or_insert(before);
    }

    /// The entities that the change made, so far.
    pub fn made(&self) -> Vec<(EntityKind, EntityId)> {
        let new = self.before.iter().filter(|(_, before)| before.is_none());
        let there = new.filter(|((kind, id), _)| self.catalog.get(*kind, id).is_some());
        there.map(|(key, _)| key.clone()).collect()
    }

    /// The entities that were there and that the change changed or took away, so far, as they were.
    pub fn changed(&self) -> impl Iterator<Item = (EntityKind, &EntityId, &Entity)> {
        self.before
            .iter()
            .filter_map(|((kind, id), before)| Some((*kind, id, before.as_deref()?)))
    }

    pub(super) fn touched(&self) -> impl Iterator<Item = (EntityKind, &EntityId)> {
        self.before.keys().map(|(kind, id)| (*kind, id))
    }

    pub(super) fn new_numbers(&self) -> impl Iterator<Item = (EntityKind, i64)> {
        self.numbers
            .keys()
            .map(|&kind| (kind, self.catalog.next(kind)))
    }

    pub(super) fn newly_gone(&self) -> impl Iterator<Item = &String> {
        self.gone.iter()
    }

    pub(super) fn no_longer_gone(&self) -> impl Iterator<Item = &String> {
        self.back.iter()
    }

    /// Puts everything back as it was.
    pub(super) fn undo(self) {
        for ((kind, id), before) in self.before {
            self.catalog.put(kind, &id, before);
        }
        for (kind, next) in self.numbers {
            self.catalog.set_next(kind, next);
        }
        for gone in &self.gone {
            self.catalog.unset_gone(gone);
        }
        for back in self.back {
            self.catalog.set_gone(back);
        }
    }
}

/// How [`Catalog::is_gone`] names a stream of the store.
fn stream_mark(source: &str, datastream: &str) -> String {
    format!("stream {} {source} {datastream}", source.len())
}
