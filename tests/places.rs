//! Promises P2 and P3 through the public interfaces.

use citybrain_tests::{Server, run, sample_city};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::import::{number, sql, state_of, write_small_city};
use crate::simulated::simulated_state;

#[test]
fn a_point_on_a_shared_border_belongs_to_the_lowest_id_and_a_bad_point_to_none() {
    let dir = tempfile::tempdir().unwrap();
    write_small_city(dir.path());
    let points = dir.path().join("points.csv");
    std::fs::write(&points, "name,lon,lat\nwest,0.25,0.5\nborder,0.5,0.5\ncorner,1,1\nout,1.0000000000000002,1\nnone,,\nnan,NaN,0.5\n").unwrap();
    let located = run([
        "locate",
        "--city",
        dir.path().join("city.toml").to_str().unwrap(),
        points.to_str().unwrap(),
    ])
    .good();
    let rows: Vec<Vec<&str>> = located
        .out
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(
        rows[0],
        [
            "name",
            "lon",
            "lat",
            "cell",
            "district",
            "subdistrict",
            "community",
            "grid"
        ]
    );
    let districts: Vec<(&str, &str, bool)> = rows[1..]
        .iter()
        .map(|row| (row[0], row[4], row[3].is_empty()))
        .collect();
    assert_eq!(
        districts,
        [
            ("west", "west", false),
            ("border", "east", false),
            ("corner", "east", false),
            ("out", "", false),
            ("none", "", true),
            ("nan", "", true)
        ]
    );
}

#[test]
fn every_area_of_the_sample_city_holds_its_own_label_point_and_its_parents_hold_it_too() {
    let state = state_of(&sample_city());
    let areas = sql(
        state.path(),
        "SELECT level, id, parent, lon, lat FROM areas ORDER BY level, id",
    );
    let points = state.path().join("points.csv");
    std::fs::write(&points, &areas).unwrap();
    let located = run([
        "locate",
        "--city",
        sample_city().to_str().unwrap(),
        points.to_str().unwrap(),
    ])
    .good();
    let mut seen = [0; 3];
    for line in located.out.lines().skip(1) {
        let row: Vec<&str> = line.split(',').collect();
        let [level, id, parent] = [row[0], row[1], row[2]];
        let [district, subdistrict, community] = [row[6], row[7], row[8]];
        let (index, own, above) = match level {
            "district" => (0, district, None),
            "subdistrict" => (1, subdistrict, Some(district)),
            "community" => (2, community, Some(subdistrict)),
            other => panic!("level {other}"),
        };
        assert_eq!(own, id, "{line}");
        assert!(above.is_none_or(|above| above == parent), "{line}");
        seen[index] += 1;
    }
    assert!(seen.iter().all(|&areas| areas > 0), "{seen:?}");
}

/// One random filter as a query string.
fn filters(categories: Vec<String>, areas: Vec<String>) -> impl Strategy<Value = String> {
    let day = 1..=59_u32;
    let span = proptest::option::of((day.clone(), day)).prop_map(|span| {
        span.map_or(String::new(), |(a, b)| {
            let date =
                |day: u32| format!("2026-{:02}-{:02}", 8 + (day - 1) / 30, (day - 1) % 30 + 1);
            format!("&from={}&to={}", date(a.min(b)), date(a.max(b)))
        })
    });
    let category =
        proptest::option::of(proptest::sample::select(categories)).prop_map(|category| {
            category.map_or(String::new(), |category| {
                format!("&category={}", encoded(&category))
            })
        });
    let area = proptest::option::of(proptest::sample::select(areas))
        .prop_map(|area| area.map_or(String::new(), |area| format!("&area=subdistrict:{area}")));
    let bbox = proptest::option::of((0.0..1.0_f64, 0.0..1.0_f64)).prop_map(|centre| {
        centre.map_or(String::new(), |(x, y)| {
            format!(
                "&bbox={},{},{},{}",
                115.0 + 3.0 * x,
                39.0 + 2.0 * y,
                116.0 + 3.0 * x,
                40.0 + 2.0 * y
            )
        })
    });
    (span, category, area, bbox).prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn sum(rows: &Value, value: impl Fn(&Value) -> u64) -> u64 {
    rows.as_array().unwrap().iter().map(value).sum()
}

#[test]
fn counts_add_up_for_any_filter() {
    let state = simulated_state();
    let server = Server::start(state.path());
    let column = |sql: &str, key: &str| -> Vec<String> {
        server
            .sql(sql)
            .iter()
            .map(|row| row[key].as_str().unwrap().to_owned())
            .collect()
    };
    let categories = column(
        "SELECT DISTINCT category FROM complaints ORDER BY category LIMIT 10",
        "category",
    );
    let areas = column(
        "SELECT id FROM areas WHERE level = 'subdistrict' ORDER BY id LIMIT 40",
        "id",
    );
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&filters(categories, areas), |filter| {
            let cells = server.get(&format!("/v1/cells?resolution=8{filter}"));
            let total = number(&cells, "total");
            let in_cells = sum(&cells["cells"], |cell| cell[1].as_u64().unwrap());
            let by_position = number(&cells, "located") - number(&cells, "area_only");
            prop_assert_eq!(in_cells, by_position + number(&cells, "outside"));
            prop_assert_eq!(
                in_cells + number(&cells, "area_only") + number(&cells, "not_located"),
                total
            );
            for level in ["district", "subdistrict", "community"] {
                let areas = server.get(&format!("/v1/areas?level={level}{filter}"));
                let in_areas = sum(&areas["areas"], |area| area["value"].as_u64().unwrap());
                prop_assert_eq!(in_areas, number(&areas, "located"), "{}", level);
                prop_assert_eq!(
                    in_areas + number(&areas, "outside") + number(&areas, "not_located"),
                    total
                );
            }
            let series = server.get(&format!("/v1/series?bin=day{filter}"));
            prop_assert_eq!(
                sum(&series["series"], |bin| bin[1].as_u64().unwrap()),
                total
            );
            Ok(())
        })
        .unwrap();
}
