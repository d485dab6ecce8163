//! Live counts and a thousand rules over batches as the store publishes them, on one thread.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow_schema::DataType;
use citybrain_benches::sample_city;
use citybrain_grid::{City, NOWHERE};
use citybrain_model::AreaLevel;
use citybrain_store::{Published, Table, rows_schema};
use citybrain_watch::{
    Counts, Detail, LiveValues, LiveView, Question, Rule, Rules, Statistic, Window,
};
use h3o::Resolution;

const BATCHES: usize = 50;
const ROWS: usize = 20_000;
const CATEGORIES: usize = 50;
const NOW: i64 = 1_795_140_000_000_000;
const SENSORS: usize = 10_000;
const RULES: usize = 1_000;
/// Each record is held once by each of the 20 windows that meet it: so many fit into the memory that rules have.
const RULE_BATCHES: usize = 18;
/// The best of so many rounds: other work on the machine only makes a round longer.
const ROUNDS: usize = 5;

pub(super) fn measure() {
    let city = Arc::new(sample_city());
    let batches = |table| -> Vec<Published> {
        (0..BATCHES)
            .map(|number| batch(&city, table, number))
            .collect()
    };
    let complaints = batches(Table::Complaints);
    counts(&city, &complaints);
    values(&city, &batches(Table::Observations));
    rules(&city, &complaints);
}

/// The best of some rounds, which give the seconds that all records took.
fn best(what: &str, round: impl FnMut() -> f64) {
    best_of(what, BATCHES, round);
}

/// The same of so many batches.
fn best_of(what: &str, batches: usize, mut round: impl FnMut() -> f64) {
    let seconds = (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min);
    let records = (batches * ROWS) as f64;
    println!("{what}: {:.2} M records/s", records / seconds / 1e6);
}

fn hour() -> Window {
    "1h".parse().unwrap()
}

fn counts(city: &City, batches: &[Published]) {
    let (question, level) = (Question::default, AreaLevel::Subdistrict);
    best(
        "live counts, one view, resolution 9 and subdistricts",
        || {
            let mut view = LiveView::new(question(), Resolution::Nine, level);
            view.reset(Counts::default());
            fold(&mut view, batches)
        },
    );
    let detailed = Detail {
        aligned: Some(AreaLevel::Community),
        categories: true,
    };
    for (what, detail) in [
        ("", Detail::default()),
        (", with aligned cells and areas by category", detailed),
    ] {
        best(
            &format!("live counts of the last hour, one view, resolution 9 and subdistricts{what}"),
            || {
                let zone = city.time_zone;
                let mut view = LiveView::windowed(
                    question(),
                    Resolution::Nine,
                    level,
                    detail,
                    hour(),
                    zone,
                    NOW,
                );
                view.seed(&batches[0].rows.slice(0, 0), 0);
                fold(&mut view, batches)
            },
        );
    }
}

fn fold(view: &mut LiveView, batches: &[Published]) -> f64 {
    let start = Instant::now();
    for batch in batches {
        view.fold(batch);
        black_box(view.take_changes());
    }
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(view.counts().totals.total, (BATCHES * ROWS) as u64);
    seconds
}

fn values(city: &City, batches: &[Published]) {
    best(
        "means of the last hour, one view of 10,000 sensors, resolution 9",
        || {
            let mut view = LiveValues::new(
                Question::default(),
                "PM10".to_owned(),
                Statistic::Mean,
                Resolution::Nine,
                hour(),
                city.time_zone,
                NOW,
            );
            view.seed(&batches[0].rows.slice(0, 0), 0);
            let start = Instant::now();
            for batch in batches {
                view.fold(batch);
            }
            black_box(view.take_changes());
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(view.known(), BATCHES * ROWS);
            seconds
        },
    );
}

fn rules(city: &Arc<City>, batches: &[Published]) {
    for (what, rules) in [
        (
            "1,000 rules: 20 windows for each of 50 categories, per subdistrict",
            windows(),
        ),
        (
            "1,000 rules: one for each of 20 subdistricts and 50 categories",
            places(city),
        ),
    ] {
        best_of(what, RULE_BATCHES, || {
            let mut rules = Rules::new(city, &rules, Vec::new(), NOW).unwrap();
            rules.begin();
            let start = Instant::now();
            for batch in &batches[..RULE_BATCHES] {
                rules.fold(batch.table, &batch.rows, NOW, false);
                black_box(rules.take());
            }
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(rules.memory().dropped, 0, "{:?}", rules.memory());
            seconds
        });
    }
}

fn windows() -> Vec<Rule> {
    (0..RULES)
        .map(|number| {
            let (category, window) = (number % CATEGORIES, 5 + 3 * (number / CATEGORIES));
            rule(
                number,
                &format!(
                    "{{ kind = \"threshold\", complaints = {{ categories = [\"c{category}\"] }}, per = \"subdistrict\", window = \"{window}min\", at_least = 100000 }}"
                ),
            )
        })
        .collect()
}

fn places(city: &City) -> Vec<Rule> {
    let areas = city.level(AreaLevel::Subdistrict).unwrap().latest();
    (0..RULES)
        .map(|number| {
            let area = &areas[(number / CATEGORIES) * 17 % areas.len()].id;
            let category = number % CATEGORIES;
            rule(
                number,
                &format!(
                    "{{ kind = \"threshold\", complaints = {{ categories = [\"c{category}\"], areas = [\"subdistrict:{area}\"] }}, window = \"1h\", at_least = 100000 }}"
                ),
            )
        })
        .collect()
}

fn rule(number: usize, when: &str) -> Rule {
    let text = format!("[[rule]]\nid = \"r{number}\"\nwhen = {when}");
    Rule::of_toml(&text).unwrap().remove(0)
}

/// Complaints spread over the city's communities and fifty categories, or observations of 10,000 sensors, all of the last minute.
fn batch(city: &City, table: Table, number: usize) -> Published {
    let communities = city.levels.last().unwrap().latest();
    let rows: Vec<usize> = (number * ROWS..(number + 1) * ROWS).collect();
    let label = |row: usize| communities[row * 7919 % communities.len()].label;
    let lon: Vec<f64> = rows.iter().map(|row| label(*row).x()).collect();
    let lat: Vec<f64> = rows.iter().map(|row| label(*row).y()).collect();
    let places = city.locate(&lon, &lat, None);
    let schema = rows_schema(table);
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        let texts = |of: &dyn Fn(usize) -> String| {
            Arc::new(
                rows.iter()
                    .map(|row| Some(of(*row)))
                    .collect::<StringArray>(),
            ) as ArrayRef
        };
        match (field.name().as_str(), field.data_type()) {
            ("id", _) => texts(&|row| row.to_string()),
            ("sensor" | "datastream", _) => texts(&|row| format!("s{}", row % SENSORS)),
            ("property", _) => texts(&|_| "PM10".to_owned()),
            ("quality", _) => texts(&|_| "good".to_owned()),
            ("result", _) => {
                let results = rows.iter().map(|row| (row % 97) as f64);
                Arc::new(results.collect::<Float64Array>())
            }
            ("source" | "location_quality", _) => texts(&|_| "x".to_owned()),
            ("category", _) => texts(&|row| format!("c{}", row % CATEGORIES)),
            ("category_path", _) => texts(&|row| format!("a->c{}", row % CATEGORIES)),
            ("requested_at" | "received_at" | "phenomenon_time", _) => {
                let at = rows
                    .iter()
                    .map(|row| Some(NOW - (*row % 60_000) as i64 * 1_000));
                Arc::new(
                    at.collect::<TimestampMicrosecondArray>()
                        .with_timezone("UTC"),
                )
            }
            ("lon", _) => Arc::new(Float64Array::from(lon.clone())),
            ("lat", _) => Arc::new(Float64Array::from(lat.clone())),
            ("cell", _) => {
                let cells = places.cell.iter().map(|cell| cell.cast_signed());
                Arc::new(cells.collect::<Int64Array>())
            }
            ("row_id", _) => Arc::new(Int64Array::from(vec![0; rows.len()])),
            ("month", _) => Arc::new(Int32Array::from(vec![0; rows.len()])),
            (name, DataType::Utf8) if name.parse::<AreaLevel>().is_ok() => {
                let level: AreaLevel = name.parse().unwrap();
                let ids = places.areas[level.index()].iter().map(|area| {
                    (*area != NOWHERE)
                        .then(|| city.level(level).unwrap().areas[*area as usize].id.as_str())
                });
                Arc::new(ids.collect::<StringArray>())
            }
            (_, other) => new_null_array(other, rows.len()),
        }
    });
    Published {
        seq: number as u64 + 1,
        table,
        rows: RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap(),
        replaces: false,
        replaced: None,
    }
}
