//! Our side of the comparison with other engines: a program that answers their driver's requests, one JSON object a line.
//!
//! A request is `{"op": "prepare" | "run" | "stop", "task": "t1" | … | "t7", "args": {"data": folder, "size": "small" | "big", …}}`, the
//! answer `{"ok": true, "s": seconds, "cpu_s": seconds, "rss_mb": peak, "check": {…}}` or `{"ok": false, "error": text}`.
//! - t1: complaints to the polygons of `args.layer`, then the number of points and the sum of their polygons' ids;
//! - t2: complaints to H3 cells of resolution 9, then the number of cells, the largest count and the sum of squared counts.
//! - t3 and t7 ask the server that `CITYBRAIN_URL` names: the busiest cells and weeks in SQL, tiles with values;
//! - t4: of a cube of cells and weeks, which the Python contender writes, space-time Gi\* with its false discovery rate, or the trend of each
//!   cell; then the scores beyond 1.96 and the sum of their sizes, or that of the first 2,000 trends;
//! - t5: the periods of hourly series, with their false-alarm probabilities over all series.
//! - t6: durable batches of observations, then their number.
//!
//! Reading files and building the index is `prepare`; `run` starts from coordinates in memory and counts.

#[path = "peers/durable.rs"]
mod durable;
#[path = "peers/served.rs"]
mod served;
#[path = "peers/statistics.rs"]
mod statistics;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{BufRead, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, RecordBatch};
use citybrain_grid::geo::{LineString, MultiPolygon, Polygon};
use citybrain_grid::h3o::Resolution;
use citybrain_grid::{
    AreaParts, City, CityParts, LevelParts, NOWHERE, Parents, VersionParts, h3_cells,
};
use citybrain_model::AreaLevel;
use durable::Durable;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use served::Served;

fn main() -> Result<()> {
    let mut engine = Engine::default();
    for line in stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let text = |field: &str| request[field].as_str().unwrap_or_default();
        if text("op") == "stop" {
            break;
        }
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let done = match (text("op"), text("task")) {
            ("prepare", "t3" | "t7") => Served::find().map(|served| {
                engine.served = Some(served);
                json!({})
            }),
            // Kept from one size of batch to the next, as the others keep their table.
            ("prepare", "t6") if engine.durable.is_some() => Ok(json!({})),
            ("prepare", "t6") => Durable::prepare(&request["args"]).map(|durable| {
                engine.durable = Some(durable);
                json!({})
            }),
            ("prepare", task) => engine.prepare(task, &request["args"]),
            ("run", "t1") => engine.areas(),
            ("run", "t2") => Ok(engine.cells()),
            ("run", "t3") => engine
                .served()
                .and_then(|served| served.busiest(&request["args"])),
            ("run", "t7") => engine
                .served()
                .and_then(|served| served.tiles(&request["args"])),
            ("run", "t6") => match engine.durable.as_mut() {
                Some(durable) => durable.run(&request["args"]),
                None => Err(anyhow::anyhow!("not prepared")),
            },
            ("run", "t4") => engine.statistics.cube(&request["args"]),
            ("run", "t5") => engine.statistics.periods(),
            (op, task) => Err(anyhow::anyhow!("not capable: {op} {task}")),
        };
        let seconds = start.elapsed().as_secs_f64();
        let answer = match done {
            Ok(check) => json!({
                "ok": true, "s": seconds, "cpu_s": cpu_seconds() - cpu, "rss_mb": peak_mib(), "check": check,
            }),
            Err(error) => json!({ "ok": false, "error": format!("{error:#}") }),
        };
        writeln!(stdout(), "{answer}")?;
    }
    Ok(())
}

/// What was prepared.
#[derive(Default)]
struct Engine {
    lon: Vec<f64>,
    lat: Vec<f64>,
    points_of: PathBuf,
    city: Option<City>,
    statistics: statistics::Statistics,
    served: Option<Served>,
    durable: Option<Durable>,
}

impl Engine {
    fn prepare(&mut self, task: &str, args: &Value) -> Result<Value> {
        let folder = Path::new(args["data"].as_str().context("no folder")?);
        match task {
            "t4" => {
                let state = Path::new(args["state"].as_str().context("no state folder")?);
                let k = args["k"].as_u64().unwrap_or(1);
                self.statistics
                    .read_cube(&state.join("cube.parquet"), k.try_into()?)?;
                return Ok(json!({}));
            }
            "t5" => {
                self.statistics.read_series(&folder.join("series.npy"))?;
                return Ok(json!({}));
            }
            _ => {}
        }
        let points = folder.join(match args["size"].as_str() {
            Some("big") => "complaints.parquet",
            _ => "complaints_small.parquet",
        });
        if self.points_of != points {
            (self.lon, self.lat) = coordinates(&points)?;
            self.points_of = points;
        }
        match task {
            "t1" => {
                let layer = args["layer"].as_str().context("no layer")?;
                self.city = Some(city(&folder.join(format!("{layer}.parquet")))?);
            }
            "t2" => {
                h3_cells(&[], &[], Resolution::Nine);
            }
            _ => bail!("not capable: {task}"),
        }
        Ok(json!({}))
    }

    fn served(&self) -> Result<&Served> {
        self.served.as_ref().context("not prepared")
    }

    fn areas(&self) -> Result<Value> {
        let level = self.city.as_ref().context("not prepared")?.largest();
        let mut counts = vec![0_u64; level.areas.len()];
        for area in level.locate(&self.lon, &self.lat) {
            if area != NOWHERE {
                counts[area as usize] += 1;
            }
        }
        let mut sum = 0;
        for (area, count) in level.areas.iter().zip(&counts) {
            sum += area.id.parse::<u64>()? * count;
        }
        Ok(json!({ "n": counts.iter().sum::<u64>(), "sum": sum }))
    }

    /// Each thread counts the pieces that it takes; at the end the counts are added.
    fn cells(&self) -> Value {
        const PIECE: usize = 65_536;
        let pieces = Mutex::new(self.lon.chunks(PIECE).zip(self.lat.chunks(PIECE)));
        let next = || pieces.lock().expect("no thread panics").next();
        let count = || {
            let mut counts = Counts::default();
            while let Some((lon, lat)) = next() {
                for cell in h3_cells(lon, lat, Resolution::Nine) {
                    *counts.entry(cell).or_default() += 1;
                }
            }
            counts
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut parts = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
            let parts = threads.into_iter();
            parts
                .map(|thread| thread.join().expect("no thread panics"))
                .collect::<Vec<_>>()
        });
        let mut counts = parts.pop().unwrap_or_default();
        for (cell, count) in parts.into_iter().flatten() {
            *counts.entry(cell).or_default() += count;
        }
        json!({
            "cells": counts.len(),
            "max": counts.values().max(),
            "sq": counts.values().map(|count| count * count).sum::<u64>(),
        })
    }
}

type Counts = HashMap<u64, u64, BuildHasherDefault<CellHasher>>;

/// Spreads the numbers of cells; they need no protection from chosen keys here.
#[derive(Default)]
struct CellHasher(u64);

impl Hasher for CellHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let product = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Longitudes and latitudes of a file with columns `lon` and `lat`.
fn coordinates(path: &Path) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut lon, mut lat) = (Vec::new(), Vec::new());
    for batch in batches(path, &["lon", "lat"])? {
        let batch = batch?;
        lon.extend_from_slice(
            column(&batch, "lon")?
                .as_primitive::<Float64Type>()
                .values(),
        );
        lat.extend_from_slice(
            column(&batch, "lat")?
                .as_primitive::<Float64Type>()
                .values(),
        );
    }
    Ok((lon, lat))
}

/// The polygons of a file with columns `id` and `wkb`, as a city of one level.
fn city(path: &Path) -> Result<City> {
    let mut areas = Vec::new();
    for batch in batches(path, &["id", "wkb"])? {
        let batch = batch?;
        let ids = column(&batch, "id")?.as_primitive::<Int32Type>();
        let shapes = column(&batch, "wkb")?.as_binary::<i32>();
        for (id, shape) in ids.values().iter().zip(shapes.iter().flatten()) {
            areas.push(AreaParts {
                id: id.to_string(),
                name: id.to_string(),
                names: BTreeMap::new(),
                parent: None,
                population: None,
                boundary: Wkb(shape)
                    .boundary()
                    .with_context(|| format!("wkb of {id}"))?,
            });
        }
    }
    let version = VersionParts {
        valid_from: None,
        parents: Parents::City,
        areas,
    };
    let level = LevelParts {
        level: AreaLevel::Community,
        names: BTreeMap::new(),
        versions: vec![version],
    };
    Ok(City::try_new(CityParts {
        name: "peers".to_owned(),
        time_zone: chrono_tz::Tz::Asia__Shanghai,
        base_resolution: Resolution::Nine,
        languages: vec!["en".to_owned()],
        levels: vec![level],
    })?)
}

pub(crate) fn batches(
    path: &Path,
    columns: &[&str],
) -> Result<impl Iterator<Item = Result<RecordBatch, arrow_schema::ArrowError>>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    Ok(builder.with_projection(columns).build()?)
}

pub(crate) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array> {
    let column = batch.column_by_name(name);
    Ok(column
        .with_context(|| format!("no column {name}"))?
        .as_ref())
}

/// What is left of a shape in little-endian well-known binary without heights.
struct Wkb<'a>(&'a [u8]);

impl Wkb<'_> {
    fn boundary(mut self) -> Result<MultiPolygon<f64>> {
        const POLYGON: u32 = 3;
        const MULTI_POLYGON: u32 = 6;
        match self.kind()? {
            POLYGON => Ok(MultiPolygon::new(vec![self.polygon()?])),
            MULTI_POLYGON => {
                let mut polygons = Vec::new();
                for _ in 0..self.number()? {
                    self.kind()?;
                    polygons.push(self.polygon()?);
                }
                Ok(MultiPolygon::new(polygons))
            }
            kind => bail!("geometry type {kind} is no polygon"),
        }
    }

    fn polygon(&mut self) -> Result<Polygon<f64>> {
        let mut rings = Vec::new();
        for _ in 0..self.number()? {
            let mut ring = Vec::new();
            for _ in 0..self.number()? {
                ring.push((
                    f64::from_le_bytes(self.take()?),
                    f64::from_le_bytes(self.take()?),
                ));
            }
            rings.push(LineString::from(ring));
        }
        let mut rings = rings.into_iter();
        let outer = rings.next().context("a polygon without rings")?;
        Ok(Polygon::new(outer, rings.collect()))
    }

    fn kind(&mut self) -> Result<u32> {
        let [order] = self.take()?;
        if order != 1 {
            bail!("byte order {order} is not little-endian");
        }
        self.number()
    }

    fn number(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().context("ends too early")?;
        self.0 = rest;
        Ok(*bytes)
    }
}

/// CPU seconds of this process, all threads, to a hundredth; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets: state is the 3rd field, time in user and in system mode the 14th and 15th.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

/// Largest memory of this process so far, MiB; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
