//! The SensorThings API: entities, what is known of their observations, and how requests become answers.

mod answer;
mod batch;
mod create;
mod data_array;
mod form;
mod json_patch;
mod multipart;
mod observe;
mod path;
mod read;
mod resolve;
mod write;

use std::sync::{Arc, PoisonError};

use citybrain_ingest::mqtt::{Posted, Seen, Taken};
use citybrain_model::{EntityId, EntityKind};
use citybrain_query::sensorthings::{Context, Range, Streams};
use citybrain_store::{
    AppendError, Catalog, Control, ControlError, Draft, Entity, Published, SensorThings, Stream,
    Table,
};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};
use tokio::sync::{Mutex, OnceCell};

use crate::clock;
use crate::engine::Engine;
use crate::http::gate::Caller;
use crate::state::AppState;

pub(crate) use answer::{Reply, StaError};
pub(crate) use batch::dispatch;
pub(crate) use multipart::{answer as answer_parts, boundary};

/// A text as it stands in a query string.
#[cfg(test)]
pub(crate) fn escaped(text: &str) -> String {
    path::escaped(text, b"-_.~")
}

/// The entities and the datastreams of a server.
#[derive(Debug)]
pub(crate) struct Sta {
    /// Datastreams of feeds that do not speak SensorThings are shown up to so many.
    datastreams_max: usize,
    things: OnceCell<Arc<SensorThings>>,
    /// Held while new batches are taken in.
    follow: Mutex<Option<Follow>>,
    /// What the callers of some feeds see of a catalog: the last ones that were asked for, and how they came about. Held to copy
    /// pointers.
    parts: std::sync::Mutex<Vec<Part>>,
}

/// What the callers of these feeds see of a catalog.
#[derive(Debug, Clone)]
struct Part {
    feeds: Vec<String>,
    whole: Arc<Catalog>,
    seen: Arc<Catalog>,
}

/// How many parts are kept.
const PARTS_MAX: usize = 16;

/// How far the datastreams are known.
#[derive(Debug)]
struct Follow {
    published: Receiver<Arc<Published>>,
    seq: u64,
    streams: Arc<Streams>,
}

/// What a request sees: entities and datastreams of one moment.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) things: Arc<SensorThings>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) now: i64,
    /// Who asks.
    pub(crate) caller: Caller,
}

impl View {
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            catalog: &self.catalog,
            streams: &self.streams,
            now: self.now,
        }
    }

    /// The same with the entities as they are now.
    pub(crate) fn renew(&mut self) {
        self.catalog = self.things.catalog();
    }

    /// The feed of what the caller makes: its key's first one.
    pub(crate) fn feed(&self) -> String {
        let feed = self.caller.feeds().first();
        feed.map_or(create::SOURCE, String::as_str).to_owned()
    }

    /// May the caller write observations of a datastream?
    pub(crate) fn may_observe(&self, datastream: &EntityId) -> Result<(), StaError> {
        let entity = self.catalog.get(EntityKind::Datastream, datastream);
        match entity.and_then(|entity| entity.feed()) {
            Some(feed) if !self.caller.may_feed(feed) => Err(StaError::new(
                403,
                format!(
                    "the key may not write to Datastream({datastream}): it does not belong to its feeds"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Changes entities as the caller asks, on a thread that may wait for the disk. A key that is held to feeds changes what belongs
    /// to them; what it makes belongs to the first.
    pub(crate) async fn change<T: Send + 'static>(
        &mut self,
        change: impl FnOnce(&mut Draft<'_>) -> Result<T, StaError> + Send + 'static,
    ) -> Result<T, StaError> {
        let (caller, feed) = (self.caller.clone(), self.feed());
        self.adjust(move |draft| {
            let done = change(draft)?;
            if let Some((kind, id, _)) = draft.changed().find(|(_, _, entity)| {
                !caller.feeds().is_empty()
                    && entity.feed().is_none_or(|feed| !caller.may_feed(feed))
            }) {
                return Err(StaError::new(
                    403,
                    format!("the key may not change {kind}({id}): it does not belong to its feeds"),
                ));
            }
            for (kind, id) in draft.made() {
                if kind != EntityKind::ObservedProperty {
                    draft.edit(kind, &id, |entity| {
                        entity.owner.get_or_insert_with(|| feed.clone());
                    });
                }
            }
            Ok(done)
        })
        .await
    }

    /// Changes entities as the engine itself needs it, on a thread that may wait for the disk.
    pub(crate) async fn adjust<T: Send + 'static>(
        &mut self,
        change: impl FnOnce(&mut Draft<'_>) -> Result<T, StaError> + Send + 'static,
    ) -> Result<T, StaError> {
        let things = Arc::clone(&self.things);
        let done = tokio::task::spawn_blocking(move || things.change(change))
            .await
            .map_err(|error| StaError::internal(&error))?;
        self.renew();
        done
    }
}

impl Sta {
    /// `datastreams_max`: the setting of that name.
    pub(crate) fn new(datastreams_max: usize) -> Self {
        Self {
            datastreams_max,
            things: OnceCell::new(),
            follow: Mutex::default(),
            parts: std::sync::Mutex::default(),
        }
    }

    /// Entities and datastreams up to the newest snapshot.
    pub(crate) async fn view(&self, state: &AppState, caller: &Caller) -> Result<View, StaError> {
        let (things, streams) = self.known(&state.control, &state.engine).await?;
        Ok(View {
            catalog: things.catalog(),
            things,
            streams,
            now: clock::now().timestamp_micros(),
            caller: caller.clone(),
        })
    }

    /// Takes observations that came by another way than a request, as if they had been posted to their datastreams one by one.
    pub(crate) async fn take(
        &self,
        control: &Control,
        engine: &Engine,
        posted: Vec<Posted>,
        seen: &Seen,
    ) -> Result<Taken, StaError> {
        let (things, streams) = self.known(control, engine).await?;
        let mut view = View {
            catalog: things.catalog(),
            things,
            streams,
            now: clock::now().timestamp_micros(),
            caller: Caller::default(),
        };
        let mut rows = Vec::with_capacity(posted.len());
        for Posted {
            datastream,
            mut body,
        } in posted
        {
            if body.get("FeatureOfInterest").is_some() {
                let now = view.now;
                let (made, unmade) = (body.clone(), body.clone());
                let nested = view
                    .adjust(move |draft| {
                        let mut body = made;
                        observe::make_nested_feature(draft, &mut body, now).map(|()| body)
                    })
                    .await;
                body = match nested {
                    Ok(body) => body,
                    Err(error) if error.status >= 500 => return Err(error),
                    Err(error) => {
                        rows.push(Err((error, unmade.to_string())));
                        continue;
                    }
                };
            }
            let row = observe::observed(&view.catalog, view.now, Some(datastream), None, &body);
            rows.push(row.map_err(|error| (error, body.to_string())));
        }
        let kept = observe::keep(engine, &mut view, rows, Some(seen)).await?;
        Ok(Taken {
            refused: kept.answers.iter().filter(|answer| answer.is_err()).count(),
            receipt: kept.receipt,
        })
    }

    /// What the caller of a view may see: a key that is held to feeds sees what belongs to them.
    pub(crate) fn seen(&self, mut view: View) -> View {
        let feeds = view.caller.feeds();
        if feeds.is_empty() {
            return view;
        }
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = parts
            .iter()
            .find(|part| part.feeds == feeds && Arc::ptr_eq(&part.whole, &view.catalog));
        let seen = kept.map_or_else(
            || {
                let own =
                    |entity: &Entity| entity.feed().is_none_or(|feed| view.caller.may_feed(feed));
                Arc::new(view.catalog.only(own))
            },
            |part| Arc::clone(&part.seen),
        );
        parts.retain(|part| part.feeds != feeds);
        if parts.len() >= PARTS_MAX {
            parts.remove(0);
        }
        parts.push(Part {
            feeds: feeds.to_vec(),
            whole: Arc::clone(&view.catalog),
            seen: Arc::clone(&seen),
        });
        drop(parts);
        view.catalog = seen;
        view
    }

    /// The entities and datastreams up to the newest snapshot.
    pub(crate) async fn known(
        &self,
        control: &Control,
        engine: &Engine,
    ) -> Result<(Arc<SensorThings>, Arc<Streams>), StaError> {
        let control = control.clone();
        let things = self
            .things
            .get_or_try_init(async || {
                tokio::task::spawn_blocking(move || SensorThings::open(control).map(Arc::new))
                    .await
                    .map_err(|error| StaError::internal(&error))?
                    .map_err(StaError::from)
            })
            .await?;
        let streams = self.follow(engine, things).await?;
        Ok((Arc::clone(things), streams))
    }

    async fn follow(
        &self,
        engine: &Engine,
        things: &Arc<SensorThings>,
    ) -> Result<Arc<Streams>, StaError> {
        let mut held = self.follow.lock().await;
        let mut new: Vec<Stream> = Vec::new();
        let mut lost = held.is_none();
        let catalog = things.catalog();
        let told = held.as_ref().is_some_and(|held| held.streams.beyond());
        if let Some(follow) = held.as_mut() {
            loop {
                match follow.published.try_recv() {
                    Ok(batch) if batch.seq > follow.seq => {
                        if batch.table == Table::Observations && batch.is_removal() {
                            lost = true;
                            break;
                        }
                        follow.seq = batch.seq;
                        if batch.table == Table::Observations {
                            new.extend(
                                Arc::make_mut(&mut follow.streams).fold(&batch.rows, &catalog),
                            );
                        }
                    }
                    Ok(_) => {}
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    Err(TryRecvError::Lagged(_)) => {
                        lost = true;
                        break;
                    }
                }
            }
        }
        if lost {
            let published = engine.writer().watch();
            let asking = engine.ask("datastreams").await;
            let streams = asking.streams(&catalog, self.datastreams_max).await?;
            new = streams.all().map(|(stream, _)| stream).collect();
            *held = Some(Follow {
                published,
                seq: asking.snapshot().seq,
                streams: Arc::new(streams),
            });
        }
        let Some(follow) = held.as_ref() else {
            return Ok(Arc::default());
        };
        let streams = Arc::clone(&follow.streams);
        if streams.beyond() && !told {
            let datastreams_max = self.datastreams_max;
            tracing::warn!(datastreams_max, "datastreams_left_out_of_sensorthings");
        }
        new.retain(|stream| catalog.of_stream(stream).is_none() && !catalog.is_gone(&mark(stream)));
        if !new.is_empty() {
            let (things, known) = (Arc::clone(things), Arc::clone(&streams));
            tokio::task::spawn_blocking(move || {
                things.change(|draft| {
                    for stream in &new {
                        if let Some(range) = known.get(stream) {
                            register(draft, stream, range);
                        }
                    }
                    Ok::<_, StaError>(())
                })
            })
            .await
            .map_err(|error| StaError::internal(&error))??;
        }
        Ok(streams)
    }
}

/// How the catalog marks a stream that was taken out of the API's sight.
fn mark(stream: &Stream) -> String {
    format!(
        "stream {} {} {}",
        stream.source.len(),
        stream.source,
        stream.datastream
    )
}

/// Entities for a datastream of a feed that does not speak SensorThings.
fn register(draft: &mut Draft<'_>, stream: &Stream, range: &Range) {
    if draft.catalog().of_stream(stream).is_some() {
        return;
    }
    let source = &stream.source;
    let sensor = range.sensor.as_ref().unwrap_or(&stream.datastream);
    let property = range.property.as_ref().unwrap_or(&stream.datastream);
    let described = |name: &str, description: String| {
        let mut properties = Map::new();
        properties.insert("name".to_owned(), name.into());
        properties.insert("description".to_owned(), description.into());
        properties
    };
    let thing = made(
        draft,
        EntityKind::Thing,
        format!("thing {} {source} {sensor}", source.len()),
        Some(source),
        || {
            let mut properties = described(sensor, format!("{sensor} of the feed {source}"));
            properties.insert(
                "properties".to_owned(),
                json!({"source": source, "sensor": sensor}),
            );
            properties
        },
    );
    if let Some([west, south, east, north]) = range.bounds
        && draft
            .catalog()
            .linked(EntityKind::Thing, &thing, EntityKind::Location)
            .is_empty()
    {
        let mut properties = described(sensor, format!("where {sensor} is"));
        properties.insert("encodingType".to_owned(), "application/geo+json".into());
        let at = [f64::midpoint(west, east), f64::midpoint(south, north)];
        properties.insert(
            "location".to_owned(),
            json!({"type": "Point", "coordinates": at}),
        );
        let place = draft.add(
            EntityKind::Location,
            Entity {
                properties,
                owner: Some(source.clone()),
                ..Entity::default()
            },
        );
        draft.link(
            (EntityKind::Thing, thing.clone()),
            (EntityKind::Location, place),
        );
    }
    let procedure = made(
        draft,
        EntityKind::Sensor,
        format!("sensor {source}"),
        Some(source),
        || {
            let mut properties = described(source, format!("the feed {source}"));
            properties.insert("encodingType".to_owned(), "text/plain".into());
            properties.insert("metadata".to_owned(), format!("the feed {source}").into());
            properties
        },
    );
    let observed = made(
        draft,
        EntityKind::ObservedProperty,
        format!("property {property}"),
        None,
        || {
            let mut properties = described(property, property.clone());
            properties.insert("definition".to_owned(), property.as_str().into());
            properties
        },
    );
    let unit = range.unit.as_deref();
    let mut properties = described(&stream.datastream, format!("{property} at {sensor}"));
    properties.insert(
        "observationType".to_owned(),
        "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement".into(),
    );
    properties.insert(
        "unitOfMeasurement".to_owned(),
        json!({"name": unit, "symbol": unit, "definition": unit.map(|unit| format!("ucum:{unit}"))}),
    );
    let links = [
        (EntityKind::Thing, thing),
        (EntityKind::Sensor, procedure),
        (EntityKind::ObservedProperty, observed),
    ];
    draft.add(
        EntityKind::Datastream,
        Entity {
            properties,
            links: links.into(),
            stream: Some(stream.clone()),
            ..Entity::default()
        },
    );
}

/// The entity that was made for `origin`, made now when it is not there.
fn made(
    draft: &mut Draft<'_>,
    kind: EntityKind,
    origin: String,
    owner: Option<&String>,
    properties: impl FnOnce() -> Map<String, Value>,
) -> EntityId {
    if let Some(id) = draft.catalog().of_origin(&origin) {
        return id.clone();
    }
    let entity = Entity {
        properties: properties(),
        origin: Some(origin),
        owner: owner.cloned(),
        ..Entity::default()
    };
    draft.add(kind, entity)
}

impl From<ControlError> for StaError {
    fn from(error: ControlError) -> Self {
        Self::internal(&error)
    }
}

impl From<AppendError> for StaError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full { .. } => Self::new(429, error.to_string()),
            _ => Self::new(503, error.to_string()),
        }
    }
}
