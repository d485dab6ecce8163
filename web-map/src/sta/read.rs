//! `GET`: sets, entities, properties, links.

use citybrain_model::{EntityId, EntityKind};
use citybrain_query::Session;
use citybrain_query::odata::{Expression, Options, ResultFormat};
use citybrain_query::sensorthings::{
    Datum, ObservationPage, ObservationQuery, ObservationRow, PageEnd, Row, holds, in_order, values,
};
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::form::{data_array, geojson};
use super::path::{Step, escaped, in_link};
use super::resolve::Target;
use super::{Reply, StaError, View};
use crate::state::AppState;

/// Entities of a page when the request does not say.
const TOP: usize = 100;
/// Most entities of a page.
const TOP_MAX: usize = 10_000;

/// Reading one request.
pub(super) struct Reader<'a> {
    pub(super) state: &'a AppState,
    pub(super) view: &'a View,
    /// `http://host/sta/v1.1`.
    pub(super) base: &'a str,
    pub(super) session: &'a Session,
}

impl Reader<'_> {
    /// Answers a path with a query string.
    pub(super) async fn get(&self, steps: &[Step], query: &str) -> Result<Reply, StaError> {
        let (mut steps, mut last) = (steps, None);
        if let Some((step, before)) = steps.split_last()
            && matches!(step.name.as_str(), "$ref" | "$value" | "$count")
        {
            (steps, last) = (before, Some(step.name.as_str()));
        }
        let (target, rest) = self.resolve(steps).await?;
        match target {
            Target::Set(kind, scope) if rest.is_empty() => {
                let options = Options::parse(kind, query)?;
                let path = steps
                    .iter()
                    .map(|step| match &step.id {
                        Some(id) => format!("{}({})", step.name, in_link(id)),
                        None => step.name.clone(),
                    })
                    .collect::<Vec<_>>()
                    .join("/");
                match last {
                    Some("$ref") => {
                        self.references(kind, scope.as_ref(), &options, &path, query)
                            .await
                    }
                    Some("$count") => {
                        let count = self
                            .count(kind, scope.as_ref(), options.filter.as_ref())
                            .await?;
                        Ok(Reply::text("text/plain", count.to_string()))
                    }
                    Some(_) => Err(StaError::bad("$value follows a property")),
                    None => self.set(kind, scope.as_ref(), &options, &path, query).await,
                }
            }
            Target::One(kind, id) => {
                let options = Options::parse(kind, query)?;
                if last == Some("$ref") {
                    return Ok(Reply::json(json!({"@iot.selfLink": self.link(kind, &id)})));
                }
                let entity = self.one(kind, &id, &options).await?;
                if rest.is_empty() {
                    return Ok(Reply::json(entity));
                }
                let mut value = &entity;
                for step in rest {
                    value = value
                        .get(&step.name)
                        .ok_or_else(|| StaError::missing(format!("\"{}\" here", step.name)))?;
                }
                let name = rest.last().map_or("", |step| step.name.as_str());
                if last == Some("$value") {
                    let text = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    return Ok(Reply::text("text/plain; charset=utf-8", text));
                }
                if value.is_null() {
                    return Ok(Reply {
                        status: 204,
                        ..Reply::default()
                    });
                }
                Ok(Reply::json(json!({ name: value })))
            }
            Target::Set(..) => Err(StaError::missing("such path")),
        }
    }

    async fn count(
        &self,
        kind: EntityKind,
        scope: Option<&(EntityKind, EntityId)>,
        filter: Option<&Expression>,
    ) -> Result<u64, StaError> {
        if kind == EntityKind::Observation {
            let options = Options {
                filter: filter.cloned(),
                ..Options::default()
            };
            let query = observations_of(scope, &options);
            return Ok(self
                .session
                .count_observations(self.view.context(), &query)
                .await?);
        }
        Ok(self.found(kind, scope, filter)?.len() as u64)
    }

    /// The entities of a set that a filter lets through, in order of id.
    fn found(
        &self,
        kind: EntityKind,
        scope: Option<&(EntityKind, EntityId)>,
        filter: Option<&Expression>,
    ) -> Result<Vec<EntityId>, StaError> {
        let catalog = &self.view.catalog;
        let mut ids: Vec<EntityId> = match scope {
            Some((from, id)) => catalog.linked(*from, id, kind),
            None => catalog.all(kind).map(|(id, _)| id.clone()).collect(),
        };
        if let Some(filter) = filter {
            let mut through = false;
            filter.paths(&mut |path| through |= path.iter().any(|step| step == "Observations"));
            if through {
                return Err(StaError::new(
                    501,
                    "a filter cannot lead through Observations; filter Observations and expand the rest",
                ));
            }
            let context = self.view.context();
            ids.retain(|id| {
                Row::of(catalog, kind, id).is_some_and(|row| holds(context, filter, &row))
            });
        }
        Ok(ids)
    }

    async fn set(
        &self,
        kind: EntityKind,
        scope: Option<&(EntityKind, EntityId)>,
        options: &Options,
        path: &str,
        query: &str,
    ) -> Result<Reply, StaError> {
        if options.bucket.is_some() {
            return self.buckets(scope, options).await;
        }
        let mut inner = options.clone();
        if options.format == ResultFormat::DataArray && !inner.select.is_empty() {
            inner.select.push(vec!["@iot.id".to_owned()]);
        }
        let mut answer = self.page(kind, scope, &inner, path, query).await?;
        match options.format {
            ResultFormat::Entities => Ok(Reply::json(answer)),
            ResultFormat::DataArray if kind == EntityKind::Observation => {
                let rows = answer["value"].take();
                answer["value"] =
                    data_array(rows, options, |id| self.link(EntityKind::Datastream, id));
                Ok(Reply::json(answer))
            }
            ResultFormat::GeoJson => Ok(Reply::json(geojson(kind, &answer))),
            _ => Err(StaError::new(501, "this $resultFormat is for Observations")),
        }
    }

    /// A page of a set as `{"value": […]}`.
    fn page<'f>(
        &'f self,
        kind: EntityKind,
        scope: Option<&'f (EntityKind, EntityId)>,
        options: &'f Options,
        path: &'f str,
        query: &'f str,
    ) -> BoxFuture<'f, Result<Value, StaError>> {
        Box::pin(async move {
            let top = options.top.unwrap_or(TOP).min(TOP_MAX);
            let mut answer = Map::new();
            if options.count {
                let count = self.count(kind, scope, options.filter.as_ref()).await?;
                answer.insert("@iot.count".to_owned(), count.into());
            }
            let next = |name: &str, value: &str| {
                let kept: Vec<&str> = query
                    .split('&')
                    .filter(|pair| {
                        let name = pair.split('=').next().unwrap_or_default();
                        !pair.is_empty()
                            && !matches!(name, "$skip" | "$skiptoken" | "%24skip" | "%24skiptoken")
                    })
                    .collect();
                let kept = kept.join("&");
                let and = if kept.is_empty() { "" } else { "&" };
                format!(
                    "{}/{path}?{kept}{and}{name}={}",
                    self.base,
                    escaped(value, b"-_.~")
                )
            };
            let mut entities = Vec::new();
            if kind == EntityKind::Observation {
                let mut wanted = observations_of(scope, options);
                wanted.top = top;
                let ObservationPage { rows, end } = self
                    .session
                    .observations(self.view.context(), &wanted)
                    .await?;
                match end {
                    PageEnd::Last => {}
                    PageEnd::Key(key) => {
                        answer.insert("@iot.nextLink".to_owned(), next("$skiptoken", &key).into());
                    }
                    PageEnd::Skip(skip) => {
                        answer.insert(
                            "@iot.nextLink".to_owned(),
                            next("$skip", &skip.to_string()).into(),
                        );
                    }
                }
                for row in &rows {
                    entities.push(self.observation_json(row, options).await?);
                }
            } else {
                let mut ids = self.found(kind, scope, options.filter.as_ref())?;
                self.sort(kind, &mut ids, options);
                let more = ids.len() > options.skip.saturating_add(top);
                if more {
                    let skip = options.skip + top;
                    answer.insert(
                        "@iot.nextLink".to_owned(),
                        next("$skip", &skip.to_string()).into(),
                    );
                }
                for id in ids.iter().skip(options.skip).take(top) {
                    entities.push(self.entity_json(kind, id, options).await?);
                }
            }
            answer.insert("value".to_owned(), Value::Array(entities));
            Ok(Value::Object(answer))
        })
    }

    fn sort(&self, kind: EntityKind, ids: &mut Vec<EntityId>, options: &Options) {
        if options.order.is_empty() {
            return;
        }
        let context = self.view.context();
        let mut keyed: Vec<(Vec<Option<Datum>>, EntityId)> = ids
            .drain(..)
            .map(|id| {
                let keys = Row::of(&self.view.catalog, kind, &id).map_or_else(Vec::new, |row| {
                    options
                        .order
                        .iter()
                        .map(|by| values(context, &by.by, &row).into_iter().next())
                        .collect()
                });
                (keys, id)
            })
            .collect();
        keyed.sort_by(|(a, id_a), (b, id_b)| {
            in_order(&options.order, a, b).then_with(|| id_a.cmp(id_b))
        });
        ids.extend(keyed.into_iter().map(|(_, id)| id));
    }

    async fn references(
        &self,
        kind: EntityKind,
        scope: Option<&(EntityKind, EntityId)>,
        options: &Options,
        path: &str,
        query: &str,
    ) -> Result<Reply, StaError> {
        let options = Options {
            select: vec![vec!["@iot.selfLink".to_owned()]],
            expand: Vec::new(),
            ..options.clone()
        };
        let path = format!("{path}/$ref");
        Ok(Reply::json(
            self.page(kind, scope, &options, &path, query).await?,
        ))
    }

    /// One entity.
    pub(super) fn one<'f>(
        &'f self,
        kind: EntityKind,
        id: &'f EntityId,
        options: &'f Options,
    ) -> BoxFuture<'f, Result<Value, StaError>> {
        Box::pin(async move {
            if kind == EntityKind::Observation {
                let row = self.observation(id).await?;
                return self.observation_json(&row, options).await;
            }
            self.entity_json(kind, id, options).await
        })
    }

    async fn entity_json(
        &self,
        kind: EntityKind,
        id: &EntityId,
        options: &Options,
    ) -> Result<Value, StaError> {
        let row = Row::of(&self.view.catalog, kind, id)
            .ok_or_else(|| StaError::missing(format!("{kind} with the id {id}")))?;
        let mut properties = Map::new();
        match row {
            Row::Entity(_, _, entity) => {
                let range = self
                    .view
                    .streams
                    .of(&self.view.catalog, id)
                    .filter(|_| kind == EntityKind::Datastream);
                for name in kind.properties() {
                    let value = match (range, *name) {
                        (Some(range), "phenomenonTime") => Some(interval(range.first, range.last)),
                        (Some(range), "resultTime") => {
                            range.result_times.map(|(from, to)| interval(from, to))
                        }
                        (Some(range), "observedArea") => range.area(),
                        _ => entity.properties.get(*name).cloned(),
                    };
                    if let Some(value) = value {
                        properties.insert((*name).to_owned(), value);
                    }
                }
            }
            Row::Place(place) => {
                properties.insert("name".to_owned(), place.to_string().into());
                properties.insert(
                    "description".to_owned(),
                    "where an observation was made".into(),
                );
                properties.insert("encodingType".to_owned(), "application/geo+json".into());
                properties.insert(
                    "feature".to_owned(),
                    json!({"type": "Point", "coordinates": [place.lon, place.lat]}),
                );
            }
            Row::Observation(_) => {}
        }
        self.whole(kind, id, properties, options).await
    }

    async fn observation_json(
        &self,
        row: &ObservationRow,
        options: &Options,
    ) -> Result<Value, StaError> {
        let mut properties = Map::new();
        let end = row.phenomenon_end();
        let time = if end == row.phenomenon_time {
            Value::from(Datum::show(end))
        } else {
            interval(row.phenomenon_time, end)
        };
        properties.insert("phenomenonTime".to_owned(), time);
        properties.insert("result".to_owned(), row.result());
        properties.insert(
            "resultTime".to_owned(),
            row.result_time
                .map_or(Value::Null, |at| Datum::show(at).into()),
        );
        for name in ["resultQuality", "validTime", "parameters"] {
            if let Some(value) = row.detail(name) {
                properties.insert(name.to_owned(), value.clone());
            }
        }
        self.whole(
            EntityKind::Observation,
            &row.id().entity(),
            properties,
            options,
        )
        .await
    }

    /// An entity with its id, links and what is expanded, as far as it is selected.
    async fn whole(
        &self,
        kind: EntityKind,
        id: &EntityId,
        properties: Map<String, Value>,
        options: &Options,
    ) -> Result<Value, StaError> {
        let selected = |name: &str| {
            options.select.is_empty()
                || options
                    .select
                    .iter()
                    .any(|path| path.first().is_some_and(|first| first == name))
        };
        let own = self.link(kind, id);
        let mut answer = Map::new();
        if selected("@iot.id") || selected("id") {
            answer.insert("@iot.id".to_owned(), json!(id));
        }
        if selected("@iot.selfLink") {
            answer.insert("@iot.selfLink".to_owned(), own.clone().into());
        }
        for (name, value) in properties {
            if !selected(&name) {
                continue;
            }
            let parts: Vec<&Vec<String>> = options
                .select
                .iter()
                .filter(|path| path[0] == name && path.len() > 1)
                .collect();
            let value = if parts.is_empty()
                || options
                    .select
                    .iter()
                    .any(|path| path.len() == 1 && path[0] == name)
            {
                value
            } else {
                let mut some = Map::new();
                for path in parts {
                    if let Some(part) = value.get(&path[1]) {
                        some.insert(path[1].clone(), part.clone());
                    }
                }
                Value::Object(some)
            };
            answer.insert(name, value);
        }
        for way in kind.navigations() {
            let expand = options.expand.iter().find(|expand| expand.way == way.name);
            let Some(expand) = expand else {
                if selected(way.name) {
                    answer.insert(
                        format!("{}@iot.navigationLink", way.name),
                        format!("{own}/{}", way.name).into(),
                    );
                }
                continue;
            };
            if way.many {
                let path = format!("{}({})/{}", kind.set(), in_link(id), way.name);
                let scope = (kind, id.clone());
                let mut page = self
                    .page(way.to, Some(&scope), &expand.options, &path, &expand.query)
                    .await?;
                answer.insert(way.name.to_owned(), page["value"].take());
                for name in ["@iot.count", "@iot.nextLink"] {
                    if let Some(value) = page.get_mut(name) {
                        answer.insert(format!("{}{name}", way.name), value.take());
                    }
                }
            } else {
                let linked = self.linked_with(kind, id, way.to).await?.into_iter().next();
                let value = match linked {
                    Some(linked) => self.one(way.to, &linked, &expand.options).await?,
                    None => Value::Null,
                };
                answer.insert(way.name.to_owned(), value);
            }
        }
        Ok(Value::Object(answer))
    }

    pub(super) fn link(&self, kind: EntityKind, id: &EntityId) -> String {
        format!("{}/{}({})", self.base, kind.set(), in_link(id))
    }

    async fn buckets(
        &self,
        scope: Option<&(EntityKind, EntityId)>,
        options: &Options,
    ) -> Result<Reply, StaError> {
        use citybrain_query::odata::Aggregate;
        let width = options.bucket.unwrap_or(3_600_000_000);
        let aggregates = if options.aggregates.is_empty() {
            vec![Aggregate::Mean, Aggregate::Count]
        } else {
            options.aggregates.clone()
        };
        let query = observations_of(scope, options);
        // A Monday's midnight where the city is, so that days and weeks begin when people's do.
        let origin = chrono::NaiveDate::from_ymd_opt(2001, 1, 1)
            .and_then(|day| {
                day.and_time(chrono::NaiveTime::MIN)
                    .and_local_timezone(self.state.engine.city().time_zone)
                    .earliest()
            })
            .map_or(0, |at| at.timestamp_micros());
        let found = self
            .session
            .buckets(self.view.context(), &query, width, origin, &aggregates)
            .await?;
        let value: Vec<Value> = found
            .buckets
            .iter()
            .map(|bucket| {
                let mut row = Map::new();
                row.insert(
                    "Datastream".to_owned(),
                    json!({"@iot.id": bucket.datastream}),
                );
                row.insert(
                    "phenomenonTime".to_owned(),
                    interval(bucket.start, bucket.start + width),
                );
                for (aggregate, value) in aggregates.iter().zip(&bucket.values) {
                    row.insert(aggregate.as_str().to_owned(), json!(value));
                }
                Value::Object(row)
            })
            .collect();
        Ok(Reply::json(
            json!({"value": value, "truncated": found.truncated}),
        ))
    }
}

fn observations_of(scope: Option<&(EntityKind, EntityId)>, options: &Options) -> ObservationQuery {
    let mut query = ObservationQuery {
        filter: options.filter.clone(),
        order: options.order.clone(),
        after: options.after.clone(),
        skip: options.skip,
        top: TOP,
        ..ObservationQuery::default()
    };
    match scope {
        Some((EntityKind::Datastream, id)) => query.datastreams = Some(vec![id.clone()]),
        Some((_, id)) => query.feature = Some(id.clone()),
        None => {}
    }
    query
}

fn interval(from: i64, to: i64) -> Value {
    format!("{}/{}", Datum::show(from), Datum::show(to)).into()
}
