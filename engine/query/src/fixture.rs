//! A small city with a seeded history, partly in the lake and partly in memory, and the truth about it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use citybrain_grid::{AreaParts, City, CityParts, LevelParts, NOWHERE, Parents, VersionParts};
use citybrain_model::{AreaLevel, Complaint, ComplaintDraft, Observation, ObservationDraft};
use citybrain_store::{Batch, Snapshot, Store, StoreOptions};
use geo::{MultiPolygon, Rect, coord};
use h3o::{CellIndex, Resolution};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::{Limits, Session};

/// The latest state of a complaint, and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    pub(crate) complaint: Complaint,
    pub(crate) cell: Option<CellIndex>,
    pub(crate) areas: [Option<String>; 4],
}

/// A store that was filled, the truth about its complaints, and a runtime to ask with.
pub(crate) struct Fixture {
    pub(crate) city: Arc<City>,
    pub(crate) truth: Vec<Truth>,
    pub(crate) snapshot: Arc<Snapshot>,
    runtime: tokio::runtime::Runtime,
    _store: Store,
    _dir: tempfile::TempDir,
}

impl Fixture {
    /// One history for all tests: 3,000 complaints over two years with a tenth of them updated, a fifth of all still in memory.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Fixture> = LazyLock::new(Fixture::new);
        &SHARED
    }

    pub(crate) fn session(&self) -> Session {
        Session::new(Arc::clone(&self.snapshot), Limits::default())
    }

    pub(crate) fn wait<T>(&self, question: impl Future<Output = T>) -> T {
        self.runtime.block_on(question)
    }

    fn new() -> Self {
        let city = Arc::new(city());
        let dir = tempfile::tempdir().unwrap();
        Store::create(dir.path(), &city).unwrap();
        let mut latest = BTreeMap::new();
        let mut rng = SmallRng::seed_from_u64(7);

        let store = Store::open(dir.path(), Arc::clone(&city), StoreOptions::default()).unwrap();
        append(
            &store,
            &mut latest,
            (0..2_400).map(|id| complaint(id, &mut rng)).collect(),
        );
        observe(&store);
        store.close().unwrap();
        let store = Store::open(dir.path(), Arc::clone(&city), StoreOptions::default()).unwrap();
        append(
            &store,
            &mut latest,
            (2_400..3_000).map(|id| complaint(id, &mut rng)).collect(),
        );
        append(
            &store,
            &mut latest,
            (0..3_000)
                .step_by(10)
                .map(|id| complaint(id, &mut rng))
                .collect(),
        );

        let snapshot = store.snapshot();
        let complaints = snapshot.table(citybrain_store::Table::Complaints);
        assert!(
            complaints.lake.is_some()
                && !complaints.hot.is_empty()
                && !complaints.superseded.is_empty()
        );
        let truth = latest
            .into_values()
            .map(|complaint| placed(&city, complaint))
            .collect();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        Self {
            city,
            truth,
            snapshot,
            runtime,
            _store: store,
            _dir: dir,
        }
    }
}

/// Two districts side by side, three subdistricts (the north-east quarter has none), in the zone of New York.
pub(crate) fn city() -> City {
    let area = |id: &str, west: f64, south: f64, east: f64, north: f64, population| AreaParts {
        id: id.into(),
        name: id.to_uppercase(),
        names: BTreeMap::new(),
        parent: None,
        population,
        boundary: MultiPolygon(vec![
            Rect::new(coord! { x: west, y: south }, coord! { x: east, y: north }).to_polygon(),
        ]),
    };
    let level = |level, parents, areas| LevelParts {
        level,
        names: BTreeMap::new(),
        versions: vec![VersionParts {
            valid_from: None,
            parents,
            areas,
        }],
    };
    let districts = vec![
        area("a", -74.02, 40.70, -74.00, 40.72, Some(20_000.0)),
        area("b", -74.00, 40.70, -73.98, 40.72, None),
    ];
    let subdistricts = vec![
        area("a1", -74.02, 40.71, -74.00, 40.72, Some(12_000.0)),
        area("a2", -74.02, 40.70, -74.00, 40.71, Some(8_000.0)),
        area("b2", -74.00, 40.70, -73.98, 40.71, None),
    ];
    City::try_new(CityParts {
        name: "Two Districts".into(),
        time_zone: chrono_tz::America::New_York,
        base_resolution: Resolution::Ten,
        languages: vec!["en".into()],
        levels: vec![
            level(AreaLevel::District, Parents::City, districts),
            level(AreaLevel::Subdistrict, Parents::Contained, subdistricts),
        ],
    })
    .unwrap()
}

pub(crate) const CATEGORIES: [&str; 5] = [
    "Noise",
    "Noise->Music",
    "Noise->Music->Party",
    "Noises",
    "Street->Light",
];
pub(crate) const CHANNELS: [&str; 2] = ["phone", "app"];
pub(crate) const STATUSES: [&str; 2] = ["open", "closed"];
pub(crate) const URGENCIES: [&str; 2] = ["urgent", "ordinary"];

/// Noon of the first day of the history.
pub(crate) fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2024, 1, 1, 12, 0, 0).unwrap()
}

fn complaint(id: usize, rng: &mut SmallRng) -> Complaint {
    let path = CATEGORIES[rng.random_range(0..CATEGORIES.len())];
    let mut draft = ComplaintDraft {
        source: Some(["hall", "web"][id % 2].into()),
        id: Some(id.to_string()),
        requested_at: Some(start() + TimeDelta::minutes(rng.random_range(0..730 * 24 * 60))),
        // One in three says nothing.
        urgency: URGENCIES.get(id % 3).map(|word| (*word).to_owned()),
        ..ComplaintDraft::default()
    };
    if rng.random_bool(0.9) {
        draft.category_path = Some(path.into());
        draft.category = path.rsplit("->").next().map(str::to_owned);
    }
    if rng.random_bool(0.8) {
        draft.channel = Some(CHANNELS[rng.random_range(0..2)].into());
        draft.status = Some(STATUSES[rng.random_range(0..2)].into());
    }
    // Some have no position, some a default one, some lie outside the city.
    if rng.random_bool(0.9) {
        draft.lon = Some(rng.random_range(-74.03..-73.97));
        draft.lat = Some(rng.random_range(40.69..40.73));
        draft.default_location = rng.random_bool(0.1);
    }
    let mut complaint = Complaint::try_new(draft, start() + TimeDelta::days(800)).unwrap();
    // Some of those without a position say where they belong: in a subdistrict, a district, or a subdistrict of none.
    let area = |id: &str| Some(id.to_owned());
    let areas = match id % 5 {
        0 => [area("a"), area("a1"), None, None],
        1 => [area("b"), None, None, None],
        2 => [None, area("b2"), None, None],
        _ => [const { None }; 4],
    };
    complaint.place_in_areas(areas);
    complaint
}

fn append(
    store: &Store,
    latest: &mut BTreeMap<(String, String), Complaint>,
    complaints: Vec<Complaint>,
) {
    for complaint in &complaints {
        latest.insert(
            (complaint.source.clone(), complaint.id.clone()),
            complaint.clone(),
        );
    }
    store
        .writer()
        .append_blocking(Batch::Complaints(complaints), Vec::new())
        .unwrap();
}

/// Two datastreams of one sensor, an hour apart, and one correction.
fn observe(store: &Store) {
    let observation = |property: &str, hour: i64, result: f64| {
        Observation::try_new(
            ObservationDraft {
                source: Some("air".into()),
                datastream: Some(format!("roof-{property}")),
                sensor: Some("roof".into()),
                property: Some(property.into()),
                phenomenon_time: Some(start() + TimeDelta::hours(hour)),
                result: Some(result),
                lon: Some(-74.01),
                lat: Some(40.705),
                ..ObservationDraft::default()
            },
            start() + TimeDelta::hours(hour),
        )
        .unwrap()
    };
    let mut observations: Vec<_> = (0..48)
        .map(|hour| observation("PM10", hour, 40.0))
        .collect();
    observations.push(observation("NO2", 5, 11.0));
    store
        .writer()
        .append_blocking(Batch::Observations(observations), Vec::new())
        .unwrap();
    let correction = vec![observation("PM10", 47, 88.0)];
    store
        .writer()
        .append_blocking(Batch::Observations(correction), Vec::new())
        .unwrap();
}

fn placed(city: &City, complaint: Complaint) -> Truth {
    let Some(position) = complaint.placed_at() else {
        return Truth {
            cell: None,
            areas: complaint.areas.clone(),
            complaint,
        };
    };
    let places = city.locate(
        &[position.lon()],
        &[position.lat()],
        Some(&[complaint.requested_at.timestamp_micros()]),
    );
    let areas = AreaLevel::ALL.map(|level| {
        let index = places.areas[level.index()][0];
        (index != NOWHERE).then(|| city.level(level).unwrap().areas[index as usize].id.clone())
    });
    Truth {
        complaint,
        cell: CellIndex::try_from(places.cell[0]).ok(),
        areas,
    }
}
