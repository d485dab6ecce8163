//! A server of a small generated city on a free port of loopback.

use std::sync::{Arc, LazyLock};

use citybrain_grid::City;
use citybrain_ingest::PlaceNames;
use citybrain_store::{Control, Store};
use citybrain_synth::{SampleCitySpec, sample_city};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::server::{ServeError, run};
use crate::state::AppState;

/// A server that stops when it is dropped or told to.
pub(crate) struct TestServer {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) dir: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

/// Forty communities; made once.
pub(crate) fn city() -> Arc<City> {
    static CITY: LazyLock<Arc<City>> = LazyLock::new(|| {
        let city = sample_city(1, &SampleCitySpec::with_communities(40)).unwrap();
        Arc::new(City::try_new(city.parts()).unwrap())
    });
    Arc::clone(&CITY)
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::on(tempfile::tempdir().unwrap(), config).await
    }

    /// A server on a directory that may be a state directory already.
    pub(crate) async fn on(dir: TempDir, config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let path = dir.path().to_owned();
        let open = move || {
            let dir = Store::create(&path, &city()).unwrap();
            let store = Store::open(&path, city(), config.store_options().unwrap()).unwrap();
            let names = Arc::new(PlaceNames::of_areas(city()));
            let control = Control::open(&dir).unwrap();
            let state = AppState::new(store.writer(), control, names, config, address, None);
            (store, state)
        };
        let (store, state) = tokio::task::spawn_blocking(open).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = TaskTracker::new().spawn(run(listener, None, state, store, async {
            stopped.await.ok();
        }));
        Self {
            url: format!("http://{address}"),
            client: Client::new(),
            dir,
            stop,
            served,
        }
    }

    /// Stops the server and waits for its end; gives back its directory.
    pub(crate) async fn stop(self) -> TempDir {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        self.dir
    }

    pub(crate) async fn response(&self, path: &str) -> Response {
        self.client
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap()
    }

    /// The JSON answer to a GET.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.response(path).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The problem that a GET is answered with.
    pub(crate) async fn problem(&self, path: &str) -> (StatusCode, Value) {
        problem(self.client.get(format!("{}{path}", self.url))).await
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// Sends JSON and reads the JSON answer of a request that went well.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Value {
        let response = self.post(path).json(body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// The problem details that a request is answered with.
pub(crate) async fn problem(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let (status, url) = (response.status(), response.url().clone());
    assert!(!status.is_success(), "{url}: {status}");
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json",
        "{url}: {status}"
    );
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status.as_u16());
    assert!(
        problem["type"]
            .as_str()
            .unwrap()
            .starts_with("urn:citybrain:problem:")
    );
    (status, problem)
}

/// A complaint at the label of the city's `area`-th community.
pub(crate) fn complaint(id: &str, area: usize) -> Value {
    let city = city();
    let areas = city.levels.last().unwrap().latest();
    let label = areas[area % areas.len()].label;
    json!({
        "id": id,
        "requested_at": "2026-05-04T08:00:00+08:00",
        "category": "noise->night",
        "channel": "app",
        "status": "accepted",
        "lon": label.x(),
        "lat": label.y(),
    })
}
