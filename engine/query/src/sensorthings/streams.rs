//! What is known of each datastream's observations: from when to when, where, how many.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use citybrain_model::{EntityId, EntityKind};
use citybrain_store::{Catalog, Stream};
use datafusion::arrow::array::{Array, AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use serde_json::{Value, json};

use crate::questions::read;
use crate::statement::Statement;
use crate::{QueryError, Session};

/// The observations of one datastream, summed up. Instants in µs since 1970, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The first phenomenon time.
    pub first: i64,
    /// The last phenomenon time.
    pub last: i64,
    /// The first and the last result time, where there are any.
    pub result_times: Option<(i64, i64)>,
    /// West, south, east, north of their positions, in degrees.
    pub bounds: Option<[f64; 4]>,
    /// How many there are.
    pub count: u64,
    /// The sensor that they name.
    pub sensor: Option<String>,
    /// The property that they name.
    pub property: Option<String>,
    /// The unit that they name.
    pub unit: Option<String>,
}

impl Range {
    /// The area of the positions: a point or a rectangle as a GeoJSON polygon.
    pub fn area(&self) -> Option<Value> {
        let [west, south, east, north] = self.bounds?;
        Some(
            if west.total_cmp(&east).is_eq() && south.total_cmp(&north).is_eq() {
                json!({"type": "Point", "coordinates": [west, south]})
            } else {
                json!({"type": "Polygon", "coordinates": [[
                    [west, south], [east, south], [east, north], [west, north], [west, south]
                ]]})
            },
        )
    }

    /// Takes in another summary of the same datastream.
    fn take(&mut self, more: &Self) {
        self.first = self.first.min(more.first);
        self.last = self.last.max(more.last);
        self.result_times = both(self.result_times, more.result_times, |a, b| {
            (a.0.min(b.0), a.1.max(b.1))
        });
        self.bounds = both(self.bounds, more.bounds, |a, b| {
            [
                a[0].min(b[0]),
                a[1].min(b[1]),
                a[2].max(b[2]),
                a[3].max(b[3]),
            ]
        });
        self.count += more.count;
        self.sensor = self.sensor.take().or_else(|| more.sensor.clone());
        self.property = self.property.take().or_else(|| more.property.clone());
        self.unit = self.unit.take().or_else(|| more.unit.clone());
    }
}

fn both<T>(a: Option<T>, b: Option<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join(a, b)),
        (a, b) => a.or(b),
    }
}

/// The datastreams of the store, by source and name: all, or so many that memory stays bounded whatever names devices make up.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    ranges: HashMap<String, HashMap<String, Range>>,
    count: usize,
    count_max: usize,
    beyond: bool,
}

impl Streams {
    /// None yet; of datastreams that the catalog does not have those are left out with which there would be more than `count_max`.
    pub fn at_most(count_max: usize) -> Self {
        Self {
            count_max,
            ..Self::default()
        }
    }

    /// Were datastreams left out?
    pub const fn beyond(&self) -> bool {
        self.beyond
    }

    /// Whether one more is taken in; one of the catalog always is.
    fn takes(&mut self, catalog: &Catalog, stream: &Stream) -> bool {
        let takes = self.count < self.count_max || catalog.of_stream(stream).is_some();
        self.beyond |= !takes;
        self.count += usize::from(takes);
        takes
    }

    /// What is known of a stream.
    pub fn get(&self, stream: &Stream) -> Option<&Range> {
        self.ranges.get(&stream.source)?.get(&stream.datastream)
    }

    /// What is known of a datastream of the catalog.
    pub fn of(&self, catalog: &Catalog, id: &EntityId) -> Option<&Range> {
        let entity = catalog.get(EntityKind::Datastream, id)?;
        self.get(entity.stream.as_ref()?)
    }

    /// All streams.
    pub fn all(&self) -> impl Iterator<Item = (Stream, &Range)> {
        self.ranges.iter().flat_map(|(source, names)| {
            names.iter().map(move |(datastream, range)| {
                let stream = Stream {
                    source: source.clone(),
                    datastream: datastream.clone(),
                };
                (stream, range)
            })
        })
    }

    /// Takes in published rows of the observations' table; gives back the streams that are new.
    pub fn fold(&mut self, rows: &RecordBatch, catalog: &Catalog) -> Vec<Stream> {
        let text = |name: &str| rows[name].as_string::<i32>();
        let instant = |name: &str| rows[name].as_primitive::<TimestampMicrosecondType>();
        let number = |name: &str| rows[name].as_primitive::<Float64Type>();
        let (source, datastream) = (text("source"), text("datastream"));
        let [sensor, property, unit] = ["sensor", "property", "unit"].map(text);
        let (at, result_time) = (instant("phenomenon_time"), instant("result_time"));
        let (lon, lat) = (number("lon"), number("lat"));
        let replaces = rows["supersedes"].as_primitive::<Int64Type>();
        let mut new = Vec::new();
        for row in 0..rows.num_rows() {
            let at = at.value(row);
            let known = self.ranges.get(source.value(row));
            if !known.is_some_and(|names| names.contains_key(datastream.value(row))) {
                let stream = Stream {
                    source: source.value(row).to_owned(),
                    datastream: datastream.value(row).to_owned(),
                };
                if !self.takes(catalog, &stream) {
                    continue;
                }
                new.push(stream);
                let names = self.ranges.entry(source.value(row).to_owned()).or_default();
                let range = Range {
                    first: at,
                    last: at,
                    result_times: None,
                    bounds: None,
                    count: 0,
                    sensor: text_at(sensor, row),
                    property: text_at(property, row),
                    unit: text_at(unit, row),
                };
                names.insert(datastream.value(row).to_owned(), range);
            }
            let names = self.ranges.get_mut(source.value(row));
            let Some(range) = names.and_then(|names| names.get_mut(datastream.value(row))) else {
                continue;
            };
            range.first = range.first.min(at);
            range.last = range.last.max(at);
            range.count += u64::from(replaces.is_null(row));
            if result_time.is_valid(row) {
                let at = result_time.value(row);
                let known = range.result_times.get_or_insert((at, at));
                *known = (known.0.min(at), known.1.max(at));
            }
            if lon.is_valid(row) && lat.is_valid(row) {
                let (x, y) = (lon.value(row), lat.value(row));
                let known = range.bounds.get_or_insert([x, y, x, y]);
                *known = [
                    known[0].min(x),
                    known[1].min(y),
                    known[2].max(x),
                    known[3].max(y),
                ];
            }
        }
        new
    }

    fn insert(&mut self, stream: Stream, range: Range) {
        let names = self.ranges.entry(stream.source).or_default();
        match names.entry(stream.datastream) {
            Entry::Vacant(vacant) => {
                vacant.insert(range);
            }
            Entry::Occupied(mut known) => known.get_mut().take(&range),
        }
    }
}

fn text_at(column: &StringArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

impl Session {
    /// What is known of the datastreams of the snapshot, those of the catalog and up to `count_max` in all: one pass over all
    /// observations.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn streams(
        &self,
        catalog: &Catalog,
        count_max: usize,
    ) -> Result<Streams, QueryError> {
        let statement = Statement::new(include_str!("streams.sql"));
        let mut streams = Streams::at_most(count_max);
        let batches = self.rows(&statement).await?.batches;
        // Those of the catalog first: they stay whatever others came.
        for (rows, of_catalog) in [true, false]
            .into_iter()
            .flat_map(|of_catalog| batches.iter().map(move |rows| (rows, of_catalog)))
        {
            let [source, datastream, sensor, property, unit] =
                ["source", "datastream", "sensor", "property", "unit"]
                    .map(|name| read::text(rows, name));
            let [first, last, result_first, result_last] =
                ["first_time", "last_time", "result_first", "result_last"]
                    .map(|name| read::instant(rows, name));
            let [west, south, east, north] =
                ["west", "south", "east", "north"].map(|name| read::number(rows, name));
            let count = read::unsigned(rows, "count");
            for row in 0..rows.num_rows() {
                let stream = Stream {
                    source: source.value(row).to_owned(),
                    datastream: datastream.value(row).to_owned(),
                };
                if catalog.of_stream(&stream).is_some() != of_catalog
                    || !streams.takes(catalog, &stream)
                {
                    continue;
                }
                let range = Range {
                    first: first.value(row),
                    last: last.value(row),
                    result_times: result_first
                        .is_valid(row)
                        .then(|| (result_first.value(row), result_last.value(row))),
                    bounds: (west.is_valid(row) && south.is_valid(row)).then(|| {
                        [
                            west.value(row),
                            south.value(row),
                            east.value(row),
                            north.value(row),
                        ]
                    }),
                    count: count.value(row),
                    sensor: read::text_at(&sensor, row),
                    property: read::text_at(&property, row),
                    unit: read::text_at(&unit, row),
                };
                streams.insert(stream, range);
            }
        }
        Ok(streams)
    }
}
