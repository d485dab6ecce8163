//! Boundaries are replaced: records lie where a fresh import would have put them, wherever the work was cut off.

mod cut_off;
mod refused;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use citybrain_tests::{Finished, Server, citybrain, run};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::import::{import, number, sql, state_of, write_small_city};
use crate::simulated::simulated_state;

/// A folder with the small city, the same city with other boundaries from March 2024 on (`new.toml`), and records.
pub(crate) struct Cities(TempDir);

impl Cities {
    pub(crate) fn write() -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_small_city(dir.path());
        let square = |id: &str, [west, south, east, north]: [f64; 4]| {
            json!({
                "type": "Feature",
                "properties": {"code": id, "name": id},
                "geometry": {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}
            })
        };
        // The border moves west, a strip in the east is given up, and a district in the north comes in.
        let features = [
            square("west", [0.0, 0.0, 0.3, 1.0]),
            square("east", [0.3, 0.0, 0.9, 1.0]),
            square("north", [0.0, 1.0, 0.9, 1.2]),
        ];
        let collection = json!({"type": "FeatureCollection", "features": features});
        fs::write(dir.path().join("new.geojson"), collection.to_string()).unwrap();
        let text = fs::read_to_string(dir.path().join("city.toml")).unwrap();
        let (head, boundary) = text.split_once("[[level.boundary]]").unwrap();
        let second = boundary.replace("district.geojson", "new.geojson");
        let text = format!(
            "{head}[[level.boundary]]{boundary}\n[[level.boundary]]{second}valid_from = 2024-03-01\n"
        );
        fs::write(dir.path().join("new.toml"), text).unwrap();
        fs::write(dir.path().join("complaints.csv"), complaints()).unwrap();
        fs::write(dir.path().join("updates.csv"), "id,requested_at,lon,lat,status\n3,2024-01-04T00:00:00Z,0.45,0.2,closed\n70,2024-03-11T00:00:00Z,0.35,0.5,closed\n").unwrap();
        fs::write(dir.path().join("observations.csv"), observations()).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A state directory of the city in `city`, with all records: some in the lake, the last ones in the journal alone.
    pub(crate) fn state(&self, city: &str) -> TempDir {
        let state = state_of(&self.path(city));
        import(state.path(), "citybrain", &self.path("complaints.csv"));
        import(state.path(), "citybrain", &self.path("updates.csv"));
        let observations = self.path("observations.csv");
        import(state.path(), "citybrain-observations", &observations);
        let server = Server::start(state.path());
        server.post_json(
            "/v1/complaints",
            &json!([
                {"id": "late", "requested_at": "2024-05-20T00:00:00Z", "lon": 0.4, "lat": 0.5},
                {"id": "3", "source": "citybrain", "requested_at": "2024-01-04T00:00:00Z", "lon": 0.46, "lat": 0.2, "status": "closed"},
                {"id": "moved", "requested_at": "2024-04-01T00:00:00Z", "lon": 0.95, "lat": 0.5}
            ]),
        );
        server.post_json(
            "/v1/complaints",
            &json!([{"id": "moved", "requested_at": "2024-04-01T00:00:00Z", "lon": 0.35, "lat": 1.1}]),
        );
        server.kill();
        state
    }
}

/// A hundred and forty complaints from January to May, each seventh without a position.
fn complaints() -> String {
    let mut text = "id,requested_at,lon,lat,status\n".to_owned();
    for n in 0..140_u32 {
        let at = chrono::DateTime::parse_from_rfc3339("2024-01-01T00:30:00Z").unwrap()
            + chrono::TimeDelta::days(i64::from(n));
        let place = if n % 7 == 6 {
            ",".to_owned()
        } else {
            let (lon, lat) = (
                f64::from(n * 37 % 101 + 1) / 100.0,
                f64::from(n * 53 % 130) / 100.0,
            );
            format!("{lon},{lat}")
        };
        writeln!(text, "{n},{},{place},open", at.to_rfc3339()).unwrap();
    }
    text
}

/// Sensors at three places, an observation a week; one value is corrected.
fn observations() -> String {
    let mut text = "datastream,phenomenon_time,result,lon,lat\n".to_owned();
    for week in 0..20_i64 {
        let at = chrono::DateTime::parse_from_rfc3339("2024-01-02T08:00:00Z").unwrap()
            + chrono::TimeDelta::weeks(week);
        for (sensor, lon, lat) in [("a", 0.1, 0.5), ("b", 0.4, 0.5), ("c", 0.95, 0.5)] {
            writeln!(text, "{sensor},{},{week},{lon},{lat}", at.to_rfc3339()).unwrap();
        }
    }
    text + "b,2024-04-09T08:00:00Z,99.5,0.4,0.5\n"
}

/// All that the tables show, but for when it came in.
pub(crate) fn rows(state: &Path) -> [String; 3] {
    [
        "SELECT * EXCLUDE (received_at) FROM complaints ORDER BY source, id",
        "SELECT * EXCLUDE (received_at) FROM observations ORDER BY source, datastream, phenomenon_time",
        "SELECT * EXCLUDE (received_at) FROM complaint_events ORDER BY source, complaint, at",
    ]
    .map(|query| sql(state, query))
}

pub(crate) fn version(state: &Path) -> String {
    let answer = sql(state, "SELECT boundary_version() AS v");
    answer.lines().nth(1).unwrap().to_owned()
}

/// Runs `citybrain replace` on a state directory.
pub(crate) fn replace<S: AsRef<std::ffi::OsStr>>(
    state: &Path,
    args: impl IntoIterator<Item = S>,
) -> Finished {
    run(replace_args(state, args))
}

fn replace_args<S: AsRef<std::ffi::OsStr>>(
    state: &Path,
    args: impl IntoIterator<Item = S>,
) -> Vec<std::ffi::OsString> {
    let mut all: Vec<std::ffi::OsString> =
        vec!["replace".into(), "--state-dir".into(), state.into()];
    all.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
    all
}

/// Runs `citybrain replace` until it comes to `point`, where it is ended as by kill -9.
pub(crate) fn replace_until(state: &Path, city: &Path, point: &str) {
    let args = replace_args(state, ["--city".as_ref(), city.as_os_str()]);
    let ended = citybrain(args)
        .env("CITYBRAIN_ABORT_AT", point)
        .output()
        .unwrap();
    assert_eq!(
        ended.status.code(),
        None,
        "it came to \"{point}\": {ended:?}"
    );
}

#[test]
fn replaced_boundaries_place_records_as_a_fresh_import_does() {
    let cities = Cities::write();
    let (state, fresh) = (cities.state("city.toml"), cities.state("new.toml"));
    let before = rows(state.path());
    let new = cities.path("new.toml");
    let told = replace(
        state.path(),
        ["--json".as_ref(), "--city".as_ref(), new.as_os_str()],
    )
    .good();
    let told = told.json();
    assert_eq!(rows(state.path()), rows(fresh.path()));
    assert_ne!(rows(state.path()), before);
    assert_eq!(version(state.path()), version(fresh.path()));
    assert_eq!(told["to"], version(fresh.path()));

    // What was told is what a plain comparison of the tables finds.
    let areas = |state: &Path| -> Vec<String> {
        let complaints = sql(
            state,
            "SELECT source, id, coalesce(district, '-') AS d FROM complaints ORDER BY source, id",
        );
        let observations = sql(
            state,
            "SELECT datastream, phenomenon_time, coalesce(district, '-') AS d FROM observations ORDER BY datastream, phenomenon_time",
        );
        let all = complaints
            .lines()
            .skip(1)
            .chain(observations.lines().skip(1));
        all.map(|line| line.rsplit(',').next().unwrap().to_owned())
            .collect()
    };
    let old = cities.state("city.toml");
    let pairs: Vec<_> = areas(old.path())
        .into_iter()
        .zip(areas(fresh.path()))
        .collect();
    let count = |meets: fn(&str, &str) -> bool| {
        pairs.iter().filter(|(from, to)| meets(from, to)).count() as u64
    };
    assert_eq!(number(&told, "read"), pairs.len() as u64);
    assert_eq!(number(&told, "moved"), count(|from, to| from != to));
    assert_eq!(
        number(&told, "now_outside"),
        count(|from, to| from != "-" && to == "-")
    );
    assert_eq!(
        number(&told, "now_inside"),
        count(|from, to| from == "-" && to != "-")
    );
    assert_eq!(number(&told, "not_located"), 20);
    for what in ["now_outside", "now_inside"] {
        assert!(number(&told, what) > 0, "{told}");
    }
    let district = &told["levels"][0];
    let west_to_east = district["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["from"] == "west" && change["to"] == "east")
        .unwrap();
    assert_eq!(
        number(west_to_east, "records"),
        count(|from, to| from == "west" && to == "east")
    );

    let again = replace(state.path(), ["--city".as_ref(), new.as_os_str()]).good();
    assert!(again.out.contains("nothing to do"), "{again:?}");
    // What was there already is known again, and what comes in now is placed by the new boundaries.
    let repeated = import(state.path(), "citybrain", &cities.path("updates.csv"));
    assert_eq!(
        number(&repeated, "duplicate") + number(&repeated, "updated"),
        2
    );
}

#[test]
fn a_boundary_file_for_a_level_does_what_a_city_file_with_it_does() {
    let cities = Cities::write();
    let (state, fresh) = (cities.state("city.toml"), cities.state("new.toml"));
    let file = cities.path("new.geojson");
    let boundary = format!("district@2024-03-01={}", file.display());
    replace(state.path(), ["--boundary", &boundary]).succeeded();
    assert_eq!(version(state.path()), version(fresh.path()));
    assert_eq!(rows(state.path()), rows(fresh.path()));
    // And back: a city goes through any number of boundaries.
    let old = cities.path("city.toml");
    replace(state.path(), ["--city".as_ref(), old.as_os_str()]).succeeded();
    let unchanged = cities.state("city.toml");
    assert_eq!(rows(state.path()), rows(unchanged.path()));
    assert_eq!(version(state.path()), version(unchanged.path()));
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing() {
    let cities = Cities::write();
    let state = cities.state("city.toml");
    let new = cities.path("new.toml");
    let args = ["--json".as_ref(), "--city".as_ref(), new.as_os_str()];
    let before = (rows(state.path()), files(state.path()));
    let server = Server::start(state.path());
    let told = replace(state.path(), args.into_iter().chain(["--dry-run".as_ref()]))
        .good()
        .json();
    assert_eq!(told["dry_run"], true);
    server.kill();
    assert_eq!((rows(state.path()), files(state.path())), before);
    let done = replace(state.path(), args).good().json();
    for key in [
        "from",
        "to",
        "read",
        "not_located",
        "moved",
        "now_outside",
        "now_inside",
        "levels",
    ] {
        assert_eq!(told[key], done[key], "{key}");
    }
}

/// The files of a state directory that say what is so: not the journal's, which change when they are read.
fn files(state: &Path) -> Vec<(PathBuf, u64)> {
    let mut folders = vec![state.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() {
                folders.push(path);
            } else if name != "lock"
                // The server notes in both that it ran.
                && !["journal", "control"].iter().any(|own| name.to_string_lossy().starts_with(own))
            {
                files.push((path, entry.metadata().unwrap().len()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_answer_names_the_boundaries_and_counts_add_up_after_a_replacement() {
    let other = tempfile::tempdir().unwrap();
    let out = other.path().to_str().unwrap();
    run(["city", "generate", "--out", out, "--seed", "77"]).succeeded();
    let city = other.path().join("city.toml");
    let state = simulated_state();
    let total = |state: &Path| sql(state, "SELECT count(*) AS n FROM complaints");
    let (before, count) = (version(state.path()), total(state.path()));
    let told = replace(
        state.path(),
        ["--json".as_ref(), "--city".as_ref(), city.as_os_str()],
    )
    .good();
    assert!(number(&told.json(), "moved") > 1_000, "{told:?}");
    assert_eq!(total(state.path()), count, "no record comes or goes");

    let server = Server::start(state.path());
    let version = version(state.path());
    assert_ne!(version, before);
    for path in [
        "/v1/city",
        "/v1/areas",
        "/v1/cells?resolution=8",
        "/v1/series?bin=day",
        "/v1/breakdown?by=category",
        "/v1/complaints",
        "/v1/sensors",
        "/tiles/cells.json",
    ] {
        let answer = server.response(path);
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        assert_eq!(
            answer.headers()["x-citybrain-boundary-version"],
            version.as_str(),
            "{path}"
        );
    }
    for level in ["district", "subdistrict", "community"] {
        let answer = server.get(&format!("/v1/areas?level={level}"));
        assert_eq!(answer["boundary_version"], version.as_str());
        let plain = server.sql(&format!(
            "SELECT locate(lon, lat, requested_at)['{level}'] AS id, count(*) AS n FROM complaints WHERE cell IS NOT NULL GROUP BY 1"
        ));
        let recounted = |id: &Value| {
            let row = plain.iter().find(|row| row["id"] == *id);
            row.map_or(0, |row| number(row, "n"))
        };
        let mut sum = 0;
        for area in answer["areas"].as_array().unwrap() {
            assert_eq!(number(area, "records"), recounted(&area["id"]), "{area}");
            sum += number(area, "records");
        }
        assert_eq!(sum, number(&answer, "located"));
        assert_eq!(recounted(&Value::Null), number(&answer, "outside"));
        let all = sum + number(&answer, "outside") + number(&answer, "not_located");
        assert_eq!(format!("n\n{all}\n"), count);
    }
}
