//! The entities of the SensorThings API but for its observations, which are records of the lake.
//!
//! All entities are in memory ([`Catalog`]) and in `control.db`. A change is one transaction of [`SensorThings::change`]: all of it is
//! on disk and seen when that returns, or nothing. Readers hold a [`Catalog`] of one moment.

mod catalog;
mod draft;

use std::sync::{Arc, PoisonError, RwLock};

use citybrain_model::{EntityId, EntityKind};
use rusqlite::{Connection, params};

use super::{Control, ControlError};

pub use catalog::{Catalog, Entity, Stream};
pub use draft::Draft;

/// The entities, to read and to change.
#[derive(Debug)]
pub struct SensorThings {
    control: Control,
    /// Held for reading to copy a pointer; for writing while one change is made and written to disk.
    catalog: RwLock<Arc<Catalog>>,
}

const NEXT: &str = "Next";
const GONE: &str = "Gone";

impl SensorThings {
    /// Reads the entities of a state directory.
    ///
    /// # Errors
    /// When the file cannot be read or one of its rows is damaged.
    pub fn open(control: Control) -> Result<Self, ControlError> {
        let catalog = control.read(read)??;
        Ok(Self {
            control,
            catalog: RwLock::new(Arc::new(catalog)),
        })
    }

    /// The entities as they are now.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes entities: all that `change` did is on disk when this returns, or, when it fails, nothing is done. Blocks for an fsync.
    ///
    /// # Errors
    /// What `change` fails with, and when the disk says no.
    pub fn change<T, E: From<ControlError>>(
        &self,
        change: impl FnOnce(&mut Draft<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut held = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        let mut draft = Draft::new(Arc::make_mut(&mut held));
        let changed = change(&mut draft).and_then(|done| {
            self.control
                .write(|transaction| write(transaction, &draft))?;
            Ok(done)
        });
        if changed.is_err() {
            draft.undo();
        }
        changed
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Result<Catalog, ControlError>> {
    let mut catalog = Catalog::default();
    let mut select = connection.prepare("SELECT kind, id, body FROM sensorthings")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, id, body): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if take(&mut catalog, &kind, &id, &body).is_none() {
            return Ok(Err(ControlError::Damaged {
                what: format!("SensorThings {kind} {id}"),
            }));
        }
    }
    Ok(Ok(catalog))
}

fn take(catalog: &mut Catalog, kind: &str, id: &str, body: &str) -> Option<()> {
    match kind {
        GONE => catalog.set_gone(id.to_owned()),
        NEXT => catalog.set_next(EntityKind::of_singular(id)?, body.parse().ok()?),
        kind => {
            let kind = EntityKind::of_singular(kind)?;
            let id: EntityId = id.parse().ok()?;
            let entity: Entity = serde_json::from_str(body).ok()?;
            catalog.put(kind, &id, Some(Arc::new(entity)));
        }
    }
    Some(())
}

fn write(connection: &Connection, draft: &Draft<'_>) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO sensorthings (kind, id, body) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body",
    )?;
    let mut delete =
        connection.prepare_cached("DELETE FROM sensorthings WHERE kind = ?1 AND id = ?2")?;
    for (kind, id) in draft.touched() {
        let key = id.to_string();
        match draft.catalog().get(kind, id) {
            Some(entity) => {
                let body = serde_json::to_string(entity.as_ref())
                    .expect("an entity is made of JSON values and texts");
                upsert.execute(params![kind.singular(), key, body])?;
            }
            None => {
                delete.execute(params![kind.singular(), key])?;
            }
        }
    }
    for (kind, next) in draft.new_numbers() {
        upsert.execute(params![NEXT, kind.singular(), next.to_string()])?;
    }
    for gone in draft.newly_gone() {
        upsert.execute(params![GONE, gone, ""])?;
    }
    for back in draft.no_longer_gone() {
        delete.execute(params![GONE, back])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
