//! Records without coordinates: they lie in the areas and at the places that they name, and everything still adds up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use citybrain_tests::{Server, run, sample_city};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::import::{balances, import, number, sql, state_of, write_small_city};

fn sum(rows: &Value, value: impl Fn(&Value) -> &Value) -> u64 {
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| value(row).as_u64().unwrap()).sum()
}

/// What every answer promises, for these filters.
fn adds_up(server: &Server, filters: &[&str]) {
    for filter in filters {
        let cells = server.get(&format!("/v1/cells?resolution=7{filter}"));
        let of = |answer: &Value, key: &str| number(answer, key);
        let in_cells = sum(&cells["cells"], |cell| &cell[1]);
        let mut answers = vec![cells];
        for level in ["district", "subdistrict", "community"] {
            let areas = server.response(&format!("/v1/areas?level={level}{filter}"));
            // The small city has districts only.
            if !areas.status().is_success() {
                continue;
            }
            let areas: Value = serde_json::from_str(&areas.text().unwrap()).unwrap();
            assert_eq!(
                sum(&areas["areas"], |area| &area["value"]),
                of(&areas, "located"),
                "{level}{filter}"
            );
            assert_eq!(
                sum(&areas["areas"], |area| &area["area_only"]),
                of(&areas, "area_only"),
                "{level}{filter}"
            );
            answers.push(areas);
        }
        for answer in answers {
            assert_eq!(
                of(&answer, "total"),
                of(&answer, "located") + of(&answer, "outside") + of(&answer, "not_located"),
                "{filter}"
            );
            assert_eq!(
                in_cells,
                of(&answer, "located") - of(&answer, "area_only") + of(&answer, "outside"),
                "{filter}"
            );
        }
    }
}

#[test]
fn a_hotline_export_without_coordinates_is_counted_in_the_areas_that_it_names() {
    let state = state_of(&sample_city());
    let streets = sql(
        state.path(),
        "SELECT d.name AS district, s.name AS subdistrict, s.id FROM areas s JOIN areas d ON s.parent = d.id \
         WHERE s.level = 'subdistrict' ORDER BY s.id LIMIT 30",
    );
    let mut export =
        "\u{feff}工单编号,来电时间,问题分类,被反映区,被反映街乡镇,主要内容\n".to_owned();
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for (at, line) in streets.lines().skip(1).enumerate() {
        let row: Vec<&str> = line.split(',').collect();
        for copy in 0..=at % 3 {
            writeln!(
                export,
                "{at}-{copy},2026-05-01 08:00:00,噪声,{},{},x",
                row[0], row[1]
            )
            .unwrap();
        }
        expected.insert(row[2].to_owned(), 1 + at as u64 % 3);
    }
    let placed: u64 = expected.values().sum();
    let district = streets.lines().nth(1).unwrap().split(',').next().unwrap();
    writeln!(export, "d,2026-05-01 08:00:00,噪声,{district},无此街道,x").unwrap();
    export += "u,2026-05-01 08:00:00,噪声,外省,无此街道,x\nn,2026-05-01 08:00:00,噪声,,,x\n";
    let file = state.path().join("export.csv");
    std::fs::write(&file, export).unwrap();

    let summary = import(state.path(), "cn-12345", &file);
    balances(&summary);
    let counted =
        ["located", "area_only", "not_located", "outside"].map(|key| number(&summary, key));
    assert_eq!(counted, [placed + 1, placed + 1, 2, 0], "{summary}");
    assert_eq!(summary["notes"]["declared_unknown"], 2, "{summary}");
    let again = import(state.path(), "cn-12345", &file);
    assert_eq!(
        number(&again, "duplicate"),
        number(&again, "read"),
        "{again}"
    );

    let quality = sql(
        state.path(),
        "SELECT location_quality, count(*), count(cell), count(lon), count(district), count(subdistrict) \
         FROM complaints GROUP BY 1 ORDER BY 1",
    );
    let lines: Vec<&str> = quality.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            format!("area,{0},0,0,{0},{placed}", placed + 1),
            "none,2,0,0,0,0".to_owned()
        ]
    );

    let server = Server::start(state.path());
    let areas = server.get("/v1/areas?level=subdistrict");
    let counted: BTreeMap<String, u64> = areas["areas"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|area| area["value"] != 0)
        .map(|area| {
            (
                area["id"].as_str().unwrap().to_owned(),
                area["value"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(counted, expected);
    assert_eq!(
        number(&areas, "not_located"),
        3,
        "the one of which only the district is sure is in no street"
    );
    // A record with a position, one without, and one pushed by name.
    let point = &server.sql("SELECT lon, lat FROM areas WHERE level = 'community' LIMIT 1")[0];
    let receipt = server.post_json(
        "/v1/complaints",
        &json!([
            {"id": "p", "requested_at": "2026-05-01T08:00:00+08:00", "lon": point["lon"], "lat": point["lat"], "district": "外省"},
            {"id": "q", "requested_at": "2026-05-01T08:00:00+08:00", "district": district},
            {"id": "r", "requested_at": "2026-05-01T08:00:00+08:00"},
        ]),
    );
    assert_eq!(receipt["accepted"], 3);
    let cells = server.get("/v1/cells");
    assert_eq!(
        ["total", "located", "area_only", "outside", "not_located"].map(|key| number(&cells, key)),
        [placed + 6, placed + 3, placed + 2, 0, 3]
    );
    let id = expected.keys().next().unwrap();
    let area = format!("&area=subdistrict:{id}");
    adds_up(&server, &["", "&category=噪声", &area, "&from=2026-05-02"]);
}

#[test]
fn aliases_and_a_gazetteer_place_records_and_stay_with_the_state_directory() {
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    let toml = city.path().join("city.toml");
    let keys = "aliases = \"other names.csv\"\ngazetteer = { file = \"places.csv\" }\n";
    std::fs::write(
        &toml,
        keys.to_owned() + &std::fs::read_to_string(&toml).unwrap(),
    )
    .unwrap();
    std::fs::write(
        city.path().join("other names.csv"),
        "level,id,alias\ndistrict,east,Sunrise Side\n",
    )
    .unwrap();
    std::fs::write(
        city.path().join("places.csv"),
        "name,lon,lat,radius_m,kind\nOak Gardens,0.25,0.5,120,estate\nElm Gardens,0.75,0.5,,estate\n",
    )
    .unwrap();
    let plain = tempfile::tempdir().unwrap();
    write_small_city(plain.path());
    let state = state_of(&toml);
    drop(city);
    let file = state.path().join("in.csv");
    std::fs::write(
        &file,
        "id,requested_at,lon,lat,district,address,text\n\
         alias,2024-01-01T00:00:00Z,,,Sunrise Side,,\n\
         address,2024-01-01T00:00:00Z,,,,12 Oak Gardens,near Elm Gardens\n\
         text,2024-01-01T00:00:00Z,,,East,,noise at Elm Gardens\n\
         elsewhere,2024-01-01T00:00:00Z,,,west,,noise at Elm Gardens\n\
         point,2024-01-01T00:00:00Z,0.9,0.9,west,12 Oak Gardens,\n\
         nothing,2024-01-01T00:00:00Z,,,,,\n",
    )
    .unwrap();
    let summary = import(state.path(), "citybrain", &file);
    balances(&summary);
    let table = sql(
        state.path(),
        "SELECT id, location_quality, lon, cell IS NOT NULL, district, tags FROM complaints ORDER BY id",
    );
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "address,gazetteer,0.25,true,west,location_radius_m=120",
            "alias,area,,false,east,",
            "elsewhere,area,,false,west,",
            "nothing,none,,false,,",
            "point,point,0.9,true,east,",
            "text,gazetteer,0.75,true,east,location_radius_m=300",
        ]
    );
    let dry = run([
        "import",
        "--dry-run",
        "--source",
        "citybrain",
        "--state-dir",
        state.path().to_str().unwrap(),
        file.to_str().unwrap(),
    ])
    .good()
    .json();
    for key in ["located", "area_only", "not_located", "outside"] {
        assert_eq!(dry[key], summary[key], "{key}");
    }
    // The same boundaries with other names are another city: its records would lie elsewhere.
    let refused = run([
        "init",
        "--city",
        plain.path().join("city.toml").to_str().unwrap(),
        "--state-dir",
        state.path().to_str().unwrap(),
    ]);
    assert_eq!(refused.code, 1, "{refused:?}");
}

#[test]
fn a_name_that_leads_nowhere_is_told_before_there_is_a_state_directory() {
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    let toml = city.path().join("city.toml");
    std::fs::write(
        &toml,
        "aliases = \"a.csv\"\n".to_owned() + &std::fs::read_to_string(&toml).unwrap(),
    )
    .unwrap();
    std::fs::write(
        city.path().join("a.csv"),
        "level,id,alias\ndistrict,north,N\n",
    )
    .unwrap();
    let state = city.path().join("state");
    for arguments in [
        vec!["city", "check", toml.to_str().unwrap()],
        vec![
            "init",
            "--city",
            toml.to_str().unwrap(),
            "--state-dir",
            state.to_str().unwrap(),
        ],
    ] {
        let refused = run(arguments);
        assert_eq!(
            (refused.code, refused.err.lines().count()),
            (1, 1),
            "{refused:?}"
        );
        assert!(
            refused
                .err
                .contains("a.csv: row 1: id: the city has no district \"north\""),
            "{refused:?}"
        );
    }
    assert!(!state.exists());
}

#[test]
fn a_check_of_places_tells_swapped_axes_and_a_default_position_and_keeps_nothing() {
    let state = state_of(&sample_city());
    let areas = sql(
        state.path(),
        "SELECT c.lon, c.lat, s.name FROM areas c JOIN areas s ON c.parent = s.id AND s.level = 'subdistrict' \
         WHERE c.level = 'community' ORDER BY c.id LIMIT 400",
    );
    let mut text = "id,requested_at,lon,lat,subdistrict\n".to_owned();
    for (id, line) in areas.lines().skip(1).enumerate() {
        let row: Vec<&str> = line.split(',').collect();
        // Latitude where the longitude should be: the import itself would refuse these rows.
        writeln!(
            text,
            "{id},2026-05-01T08:00:00+08:00,{},{},{}",
            row[1], row[0], row[2]
        )
        .unwrap();
    }
    for id in 0..60 {
        writeln!(text, "default{id},2026-05-01T08:00:00+08:00,39.9,116.4,").unwrap();
    }
    let file = state.path().join("swapped.csv");
    std::fs::write(&file, text).unwrap();
    let check = |more: &[&str]| {
        let arguments = [
            "import",
            "--check-place",
            "--source",
            "citybrain",
            "--state-dir",
        ];
        let paths = [state.path().to_str().unwrap(), file.to_str().unwrap()];
        run(arguments.iter().chain(&paths).chain(more)).good()
    };
    let told = check(&["--json"]).json();
    let verdict = &told["coordinates"]["verdict"];
    assert_eq!(
        (&verdict["verdict"], &verdict["system"], &verdict["is_set"]),
        (&json!("decided"), &json!("wgs84, swapped"), &json!(false)),
        "{told}"
    );
    let systems: Vec<&str> = told["coordinates"]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| candidate["system"].as_str().unwrap())
        .collect();
    assert_eq!(
        systems,
        [
            "wgs84",
            "gcj02",
            "bd09",
            "wgs84, swapped",
            "gcj02, swapped",
            "bd09, swapped"
        ]
    );
    assert_eq!(told["defaults"]["defaults"][0]["records"], 60, "{told}");
    assert_eq!(number(&told, "read"), 460);
    let text = check(&[]).out;
    assert!(
        text.contains("the setting is WRONG") && text.contains("39.9 116.4: 60 records"),
        "{text}"
    );
    assert_eq!(
        sql(state.path(), "SELECT count(*) AS n FROM complaints"),
        "n\n0\n"
    );
    let usage = run([
        "import",
        "--json",
        "--source",
        "citybrain",
        "--state-dir",
        "x",
        "y",
    ]);
    assert_eq!(usage.code, 2, "{usage:?}");
}

/// A complaint of the small city in one of all ways to be, or not to be, in a place.
fn complaint() -> impl Strategy<Value = Value> {
    let place = prop_oneof![
        Just(json!({})),
        (0.0..1.0_f64, 0.0..1.0_f64).prop_map(|(lon, lat)| json!({"lon": lon, "lat": lat})),
        (2.0..3.0_f64, 0.0..1.0_f64).prop_map(|(lon, lat)| json!({"lon": lon, "lat": lat})),
        Just(json!({"lon": 2.5, "lat": 0.5, "district": "west"})),
        prop_oneof![Just("west"), Just("East District"), Just("south")]
            .prop_map(|name| json!({"district": name})),
    ];
    // Few ids, so that records are replaced by others in another place.
    (0..40_u32, place).prop_map(|(id, mut place)| {
        place["id"] = json!(id.to_string());
        place["requested_at"] = json!("2024-01-01T00:00:00Z");
        place
    })
}

#[test]
fn the_buckets_add_up_under_any_mix_and_any_order() {
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    let state = state_of(&city.path().join("city.toml"));
    let server = Server::start(state.path());
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let batches = proptest::collection::vec(complaint(), 1..30);
    let latest = std::cell::RefCell::new(&mut latest);
    runner
        .run(&batches, |rows| {
            server.post_json("/v1/complaints", &json!(rows));
            let mut latest = latest.borrow_mut();
            for row in rows {
                latest.insert(row["id"].as_str().unwrap().to_owned(), row);
            }
            adds_up(&server, &[""]);
            // A second reading of where each is: total, located, area only, outside, not located.
            let mut expected = [0_u64; 5];
            for row in latest.values() {
                let named = matches!(row["district"].as_str(), Some("west" | "East District"));
                let at = row["lon"].as_f64();
                expected[0] += 1;
                expected[1] +=
                    u64::from(at.is_some_and(|lon| lon <= 1.0) || (at.is_none() && named));
                expected[2] += u64::from(at.is_none() && named);
                expected[3] += u64::from(at.is_some_and(|lon| lon > 1.0));
                expected[4] += u64::from(at.is_none() && !named);
            }
            let cells = server.get("/v1/cells");
            let counted = ["total", "located", "area_only", "outside", "not_located"]
                .map(|key| number(&cells, key));
            prop_assert_eq!(counted, expected);
            Ok(())
        })
        .unwrap();
}
