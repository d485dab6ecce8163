//! Files come in by profile, every row is accounted for, and everything is there after a restart.

use std::path::Path;

use citybrain_tests::{Server, city_file, real_data, run, sample_city};
use serde_json::Value;
use tempfile::TempDir;

/// A state directory of the city described by `city`.
pub(crate) fn state_of(city: &Path) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    run([
        "init".as_ref(),
        "--city".as_ref(),
        city.as_os_str(),
        "--state-dir".as_ref(),
        dir.path().as_os_str(),
    ])
    .succeeded();
    dir
}

/// A state directory of a small city near 0/0: one square of two districts.
pub(crate) fn small_state() -> TempDir {
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    state_of(&city.path().join("city.toml"))
}

/// Writes a city of two districts that share the edge lon = 0.5: "west" and "east", lat 0 to 1.
pub(crate) fn write_small_city(dir: &Path) {
    let district = |id: &str, west: f64, east: f64| {
        serde_json::json!({
            "type": "Feature",
            "properties": {"code": id, "name": id},
            "geometry": {"type": "Polygon", "coordinates": [[[west, 0.0], [east, 0.0], [east, 1.0], [west, 1.0], [west, 0.0]]]}
        })
    };
    let features = [district("west", 0.0, 0.5), district("east", 0.5, 1.0)];
    let collection = serde_json::json!({"type": "FeatureCollection", "features": features});
    std::fs::write(dir.join("district.geojson"), collection.to_string()).unwrap();
    std::fs::write(dir.join("city.toml"), include_str!("cities/small.toml")).unwrap();
}

pub(crate) fn import(state: &Path, profile: &str, file: &Path) -> Value {
    run([
        "import".as_ref(),
        "--state-dir".as_ref(),
        state.as_os_str(),
        "--source".as_ref(),
        profile.as_ref(),
        file.as_os_str(),
    ])
    .good()
    .json()
}

pub(crate) fn number(summary: &Value, key: &str) -> u64 {
    summary[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} in {summary}"))
}

/// What every summary promises.
pub(crate) fn balances(summary: &Value) {
    let of = |key| number(summary, key);
    assert_eq!(
        of("read"),
        of("accepted") + of("updated") + of("duplicate") + of("rejected"),
        "{summary}"
    );
    assert_eq!(
        of("accepted") + of("updated"),
        of("located") + of("not_located") + of("outside"),
        "{summary}"
    );
    let reasons: u64 = summary["reasons"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(
        reasons,
        of("rejected"),
        "each rejection has its reason: {summary}"
    );
}

/// Imports a real file into its real city twice, with a restart between, and compares the answers of the map, of the areas
/// and of SQL.
fn adds_up(city: &str, profile: &str, file: &str, read: u64) -> Option<Value> {
    let (city, file) = (city_file(city)?, real_data(file)?);
    let state = state_of(&city);
    let summary = import(state.path(), profile, &file);
    balances(&summary);
    assert_eq!(number(&summary, "read"), read);
    let again = import(state.path(), profile, &file);
    assert_eq!(
        number(&again, "accepted"),
        0,
        "a second import adds nothing: {again}"
    );
    // A file that holds two states of one record goes through both again, and ends at the same one.
    if number(&summary, "updated") == 0 {
        assert_eq!(number(&again, "updated"), 0, "{again}");
    }
    let server = Server::start(state.path());
    let total = number(&summary, "accepted");
    assert_eq!(
        server.sql("SELECT count(*) AS n FROM complaints")[0]["n"],
        total
    );
    let cells = server.get("/v1/cells?resolution=9");
    let in_cells: u64 = cells["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell[1].as_u64().unwrap())
        .sum();
    let areas = server.get("/v1/areas?level=district");
    let in_areas: u64 = areas["areas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|area| area["value"].as_u64().unwrap())
        .sum();
    assert_eq!(in_areas, number(&areas, "located"));
    assert_eq!(in_cells, in_areas + number(&cells, "outside"));
    assert_eq!(
        in_areas + number(&areas, "outside") + number(&areas, "not_located"),
        total
    );
    Some(summary)
}

#[test]
fn boston_adds_up_and_city_hall_is_no_hotspot() {
    let file = "complaints-boston/boston_311_2011h2.csv.zst";
    let Some(summary) = adds_up("boston", "boston-311", file, 58_251) else {
        return;
    };
    assert_eq!(number(&summary, "rejected"), 0);
    assert!(
        number(&summary, "not_located") >= 4_775,
        "the default geocode is no place: {summary}"
    );
}

#[test]
fn chicago_adds_up() {
    let file = "complaints-chicago/chicago_311_sanitation_code_2000_2014.csv.zst";
    adds_up("chicago", "chicago-311-sanitation", file, 74_401);
}

#[test]
fn new_york_adds_up_in_three_slices() {
    adds_up(
        "nyc",
        "nyc-311",
        "complaints-nyc/nyc_311_2024-09-01_all.csv.zst",
        9_240,
    );
    adds_up(
        "nyc",
        "nyc-311",
        "complaints-nyc/nyc_311_noise_2024-06-30_2024-07-06.csv.zst",
        15_407,
    );
    adds_up(
        "nyc",
        "nyc-311-export",
        "complaints-nyc/nyc_311_elevator_2024.csv.zst",
        22_504,
    );
}

#[test]
fn beijing_air_comes_in_as_observations() {
    let (Some(city), Some(file)) = (
        city_file("beijing"),
        real_data("sensors-beijing-air/prsa_12stations_20130301_20170228.csv.zst"),
    ) else {
        return;
    };
    let state = state_of(&city);
    let summary = import(state.path(), "beijing-air", &file);
    balances(&summary);
    let server = Server::start(state.path());
    let books = &server.sql(
        "SELECT count(*) AS n, count(DISTINCT sensor) AS sensors, count(district) AS located, \
         min(phenomenon_time) AS first FROM observations",
    )[0];
    assert_eq!(books["n"], number(&summary, "accepted"));
    assert_eq!(books["located"], number(&summary, "located"));
    assert_eq!(books["sensors"], 12);
    // 2013-03-01 00 h in China is 16 h of the day before in UTC.
    assert!(
        books["first"]
            .as_str()
            .unwrap()
            .starts_with("2013-02-28T16:00:00"),
        "{books}"
    );
}

#[test]
fn a_dry_run_tells_the_summary_and_keeps_nothing() {
    let state = small_state();
    let file = state.path().join("in.csv");
    std::fs::write(&file, "id,requested_at,lon,lat\n1,2024-01-01T00:00:00Z,0.25,0.5\n,2024-01-01T00:00:00Z,0.25,0.5\n").unwrap();
    let arguments = [
        "import",
        "--dry-run",
        "--source",
        "citybrain",
        "--state-dir",
    ];
    let run = run(arguments
        .iter()
        .map(AsRef::as_ref)
        .chain([state.path().as_os_str(), file.as_os_str()]))
    .good();
    balances(&run.json());
    assert_eq!(
        (number(&run.json(), "read"), number(&run.json(), "rejected")),
        (2, 1)
    );
    let count = sql(state.path(), "SELECT count(*) AS n FROM complaints");
    assert_eq!(count, "n\n0\n");
}

#[test]
fn refused_rows_are_listed_with_their_reason_and_can_be_replayed() {
    let state = small_state();
    let file = state.path().join("in.csv");
    std::fs::write(
        &file,
        "id,requested_at\n1,2024-01-01T00:00:00Z\n2,yesterday\n",
    )
    .unwrap();
    let summary = import(state.path(), "citybrain", &file);
    balances(&summary);
    assert_eq!(number(&summary, "rejected"), 1);
    let list = run([
        "rejected",
        "list",
        "--state-dir",
        state.path().to_str().unwrap(),
    ])
    .good();
    assert!(
        list.out.contains("requested_at") && list.out.contains("yesterday"),
        "{list:?}"
    );
    let replayed = run([
        "rejected",
        "replay",
        "--state-dir",
        state.path().to_str().unwrap(),
    ])
    .good();
    assert!(
        replayed.out.contains("\"rejected\":1"),
        "still not a time: {replayed:?}"
    );
}

/// The answer of `citybrain sql` as CSV.
pub(crate) fn sql(state: &Path, query: &str) -> String {
    run([
        "sql",
        "--format",
        "csv",
        "--state-dir",
        state.to_str().unwrap(),
        query,
    ])
    .good()
    .out
}

#[test]
fn init_can_be_repeated_and_refuses_another_city() {
    let state = state_of(&sample_city());
    let arguments = |city: &Path| {
        [
            "init".into(),
            "--city".into(),
            city.as_os_str().to_owned(),
            "--state-dir".into(),
            state.path().as_os_str().to_owned(),
        ]
    };
    run(arguments(&sample_city())).succeeded();
    let other = tempfile::tempdir().unwrap();
    write_small_city(other.path());
    let refused = run(arguments(&other.path().join("city.toml")));
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("holds the city") && refused.err.lines().count() == 1,
        "{refused:?}"
    );
}
