//! What the routes share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chrono::TimeDelta;
use citybrain_ingest::PlaceNames;
use citybrain_ingest::quality::{self, LimitsError};
use citybrain_query::ServiceRow;
use citybrain_store::{Control, StoreOptions, Writer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alerts::{Alerts, Book};
use crate::basemap::Basemap;
use crate::clock;
use crate::config::Config;
use crate::engine::Engine;
use crate::feeds::Feeds;
use crate::http::gate::Gate;
use crate::http::host::Hosts;
use crate::http::idempotency::Answering;
use crate::http::intake::Intake;
use crate::live::{Hub, Pulse};
use crate::pictures::Pictures;
use crate::sta::Sta;
use crate::tiles::TileCache;

/// Everything that the routes share: the engine, the settings, and what is kept between requests.
#[derive(Debug)]
pub struct AppState {
    pub(crate) engine: Arc<Engine>,
    pub(crate) control: Control,
    pub(crate) sta: Arc<Sta>,
    pub(crate) place_names: Arc<PlaceNames>,
    pub(crate) config: Config,
    pub(crate) hosts: Hosts,
    /// Whom the routes are open to.
    pub(crate) gate: Gate,
    /// The room for what is written.
    pub(crate) intake: Arc<Intake>,
    /// When the feeds were heard.
    pub(crate) feeds: Feeds,
    /// Requests that are answered once.
    pub(crate) answering: Answering,
    pub(crate) tiles: TileCache,
    /// The streets, where a file was given.
    pub(crate) basemap: Option<Basemap>,
    pub(crate) pictures: Pictures,
    pub(crate) live: Hub,
    pub(crate) alerts: Arc<Alerts>,
    /// Held to fold one batch or to copy a few numbers.
    pulse: Mutex<Pulse>,
    /// The services of Open311 and when they were read; held to copy two pointers.
    open311_services: Mutex<Option<(Instant, Arc<[ServiceRow]>)>>,
    pub(crate) metrics: Option<PrometheusHandle>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl AppState {
    /// The state of a server that answers at `address` for the store of `writer` with its control state, whose records are placed by the city of
    /// `place_names` and by these names. `metrics` is what `/metrics` shows, if anything.
    pub fn new(
        writer: Writer,
        control: Control,
        place_names: Arc<PlaceNames>,
        config: Config,
        address: SocketAddr,
        metrics: Option<PrometheusHandle>,
    ) -> Self {
        // What is wrong with the rules or the basemap was told when the server began.
        let rules = Book::open(config.rules.as_deref(), place_names.city()).unwrap_or_default();
        let basemap = config.basemap.as_deref();
        let basemap = basemap.and_then(|path| Basemap::open(path).ok());
        let pulse = Pulse::new(clock::now(), writer.snapshot().seq);
        let city = Arc::clone(place_names.city());
        let engine = Arc::new(Engine::new(writer, city, &config));
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        Self {
            hosts: Hosts::of(address.ip(), &config.hosts),
            gate: Gate::new(&control, &config),
            intake: Arc::new(Intake::new(&config, Instant::now())),
            feeds: Feeds::default(),
            answering: Answering::default(),
            basemap,
            tiles: TileCache::new(config.tile_cache_bytes),
            pictures: Pictures::new(config.helper_program()),
            live: Hub::new(
                Arc::clone(&engine),
                tasks.clone(),
                stop.clone(),
                config.live_views,
                config.live_records,
            ),
            alerts: Arc::new(Alerts::new(rules, control.clone(), Arc::clone(&engine))),
            engine,
            control,
            sta: Arc::new(Sta::new(config.datastreams_max)),
            place_names,
            config,
            pulse: Mutex::new(pulse),
            open311_services: Mutex::new(None),
            metrics,
            tasks,
            stop,
        }
    }

    /// The services of Open311 as they were read last, and when.
    pub(crate) fn open311_services(&self) -> Option<(Instant, Arc<[ServiceRow]>)> {
        let kept = self.open311_services.lock();
        kept.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the services of Open311.
    pub(crate) fn keep_open311_services(&self, services: (Instant, Arc<[ServiceRow]>)) {
        let kept = self.open311_services.lock();
        *kept.unwrap_or_else(PoisonError::into_inner) = Some(services);
    }

    /// How the stream of records stands.
    pub(crate) fn pulse(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of every batch until the server stops; the times before its start are read once.
    pub(crate) async fn feel_pulse(self: Arc<Self>) {
        let mut published = self.engine.writer().watch();
        match self.engine.ask("range").await.city_range().await {
            Ok(range) => self.pulse().know(range.received_at, range.to),
            Err(error) => tracing::warn!(%error, "newest_record_not_read"),
        }
        match self.engine.ask("feeds").await.feed_times().await {
            Ok(feeds) => {
                let mut pulse = self.pulse();
                for (source, received_at) in feeds {
                    pulse.heard(&source, received_at);
                }
            }
            Err(error) => tracing::warn!(%error, "feeds_not_read"),
        }
        let week = clock::now() - TimeDelta::days(7);
        match self.engine.ask("feeds").await.feed_activity(week).await {
            Ok(activity) => self.feeds.know(&activity),
            Err(error) => tracing::warn!(%error, "feeds_not_read"),
        }
        loop {
            match published.recv().await {
                Ok(batch) => {
                    self.feeds.hear(&batch);
                    self.pulse().fold(&batch, clock::now());
                }
                // The newest times come with the next batch.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

impl Config {
    /// How the store is to seal and to look at observations.
    ///
    /// # Errors
    /// The file of limits cannot be used.
    pub(crate) fn store_options(&self) -> Result<StoreOptions, LimitsError> {
        Ok(StoreOptions {
            seal_rows: self.seal_rows,
            hot_bytes_max: self.hot_bytes_max,
            seal_age: std::time::Duration::from_secs(self.seal_seconds),
            keep_replaced: std::time::Duration::from_secs(self.keep_replaced_seconds),
            inspector: quality::inspector(self.limits.as_deref())?,
            ..StoreOptions::default()
        })
    }
}
