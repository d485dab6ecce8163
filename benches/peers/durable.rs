//! t6: observations that are durable, placed, deduplicated and queryable when acknowledged, by one sender in batches of `args.batch`.
//!
//! The rows are the peers' (`ts`, `sensor`, `value`, `quality`: a row every 7 ms, 5,000 sensors), with the place where their sensor
//! stands. The sender waits for each receipt, as the others' do; `CITYBRAIN_AHEAD` lets so many batches be on the way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta};
use citybrain_benches::sample_city;
use citybrain_model::{Observation, ObservationDraft, Quality};
use citybrain_store::{Batch, Store, StoreOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

const SENSORS: u64 = 5_000;

/// A store that is kept between the runs, as the others keep their tables.
pub(crate) struct Durable {
    store: Store,
    positions: Vec<(f64, f64)>,
    sent: u64,
    ahead: usize,
    _folder: TempDir,
}

impl Durable {
    pub(crate) fn prepare(args: &Value) -> Result<Self> {
        let state = args["state"].as_str().context("no state folder")?;
        let folder = tempfile::Builder::new().tempdir_in(state)?;
        let city = Arc::new(sample_city());
        let positions = citybrain_synth::random_points(&city, SENSORS as usize, 1);
        Store::create(folder.path(), &city)?;
        let store = Store::open(folder.path(), city, StoreOptions::default())?;
        let ahead = std::env::var("CITYBRAIN_AHEAD").map_or(Ok(1), |ahead| ahead.parse())?;
        Ok(Self {
            store,
            positions,
            sent: 0,
            ahead,
            _folder: folder,
        })
    }

    pub(crate) fn run(&mut self, args: &Value) -> Result<Value> {
        let rows = args["batch"].as_u64().context("no batch")?;
        let seconds = Duration::from_secs_f64(args["secs"].as_f64().context("no secs")?);
        let writer = self.store.writer();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()?;
        let begin = Instant::now();
        let accepted = runtime.block_on(async {
            let mut on_the_way = JoinSet::new();
            let mut accepted = 0;
            while begin.elapsed() < seconds {
                let (writer, batch) = (writer.clone(), self.batch(rows)?);
                on_the_way.spawn(async move { writer.append(batch, vec![]).await });
                while on_the_way.len() >= self.ahead
                    && let Some(receipt) = on_the_way.join_next().await
                {
                    accepted += receipt??.accepted;
                }
            }
            while let Some(receipt) = on_the_way.join_next().await {
                accepted += receipt??.accepted;
            }
            anyhow::Ok(accepted)
        })?;
        Ok(json!({ "rows": accepted }))
    }

    fn batch(&mut self, rows: u64) -> Result<Batch> {
        let begin = DateTime::from_timestamp(1_735_689_600, 0).context("an instant")?;
        let row = |number: u64| {
            let sensor = number % SENSORS;
            let at = begin + TimeDelta::milliseconds(number.cast_signed() * 7);
            let (lon, lat) = self.positions[sensor as usize];
            let draft = ObservationDraft {
                source: Some("peers".to_owned()),
                datastream: Some((sensor + 1).to_string()),
                phenomenon_time: Some(at),
                result: Some(20.0 + (number * 37 % 4001) as f64 / 100.0),
                quality: if number % 97 == 0 {
                    Quality::Doubtful
                } else {
                    Quality::Good
                },
                lon: Some(lon),
                lat: Some(lat),
                ..ObservationDraft::default()
            };
            Observation::try_new(draft, at)
        };
        let drafts = (self.sent..self.sent + rows).map(row);
        let batch = Batch::Observations(drafts.collect::<Result<_, _>>()?);
        self.sent += rows;
        Ok(batch)
    }
}
