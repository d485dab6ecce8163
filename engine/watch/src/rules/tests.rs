//! A small city, records of it, and rules over them; each kind of rule in a file of its own kind.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of records and days are small"
)]

mod kinds;
mod resume;
mod time;

use std::sync::{Arc, LazyLock};

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow_schema::DataType;
use citybrain_grid::City;
use citybrain_model::AreaLevel;
use citybrain_store::rows_schema;
use citybrain_synth::{SampleCitySpec, sample_city};
use h3o::LatLng;
use proptest::prelude::*;

use super::*;

/// 2026-11-20 10:00 in Shanghai, µs since 1970.
pub(crate) const NOON: i64 = 1_795_140_000_000_000;
pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;

pub(crate) fn city() -> Arc<City> {
    static CITY: LazyLock<Arc<City>> = LazyLock::new(|| {
        let city = sample_city(1, &SampleCitySpec::with_communities(40)).unwrap();
        Arc::new(City::try_new(city.parts()).unwrap())
    });
    Arc::clone(&CITY)
}

/// Label point of the `n`-th community, and the areas there.
pub(crate) fn place(n: usize) -> ((f64, f64), [Option<String>; 4]) {
    let city = city();
    let areas = city.levels.last().unwrap().latest();
    let label = areas[n % areas.len()].label;
    let places = city.locate(&[label.x()], &[label.y()], None);
    let ids = AreaLevel::ALL.map(|level| {
        let area = places.areas[level.index()][0];
        let level = city.level(level)?;
        (area != NOWHERE).then(|| level.areas[area as usize].id.clone())
    });
    ((label.x(), label.y()), ids)
}

/// One record of any table, as far as rules look at it; `at` is its own time, and when it was received.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    id: String,
    at: i64,
    place: Option<usize>,
    /// Metres north of the place.
    north_m: f64,
    texts: Vec<(&'static str, String)>,
    due: Option<i64>,
    closed: Option<i64>,
    result: f64,
}

pub(crate) fn record(id: &str, at: i64, place: usize) -> Record {
    Record {
        id: id.to_owned(),
        at,
        place: Some(place),
        ..Record::default()
    }
}

impl Record {
    pub(crate) fn with(mut self, name: &'static str, text: &str) -> Self {
        self.texts.push((name, text.to_owned()));
        self
    }

    pub(crate) fn of_value(mut self, result: f64) -> Self {
        self.result = result;
        self
    }

    fn position(&self) -> Option<(f64, f64)> {
        let ((lon, lat), _) = place(self.place?);
        Some((lon, lat + self.north_m / 111_195.0))
    }

    fn text(&self, name: &str) -> Option<String> {
        let told = self.texts.iter().find(|(known, _)| *known == name);
        if let Some((_, text)) = told {
            return Some(text.clone());
        }
        match name {
            "id" | "complaint" | "datastream" => Some(self.id.clone()),
            "source" => Some("test".to_owned()),
            "quality" => Some("good".to_owned()),
            "location_quality" => Some("point".to_owned()),
            "category" => Some("noise".to_owned()),
            "category_path" => Some("environment->noise".to_owned()),
            "event" => Some("returned".to_owned()),
            name => {
                let level: AreaLevel = name.parse().ok()?;
                place(self.place?).1[level.index()].clone()
            }
        }
    }
}

pub(crate) fn rows(table: Table, records: &[Record]) -> RecordBatch {
    let schema = rows_schema(table);
    let instants = |of: &dyn Fn(&Record) -> Option<i64>| {
        let instants: TimestampMicrosecondArray = records.iter().map(of).collect();
        Arc::new(instants.with_timezone("UTC")) as ArrayRef
    };
    let columns = schema.fields().iter().map(|field| {
        let name = field.name().as_str();
        match (name, field.data_type()) {
            ("requested_at" | "received_at" | "at" | "phenomenon_time", _) => {
                instants(&|record| Some(record.at))
            }
            ("due_at", _) => instants(&|record| record.due),
            ("closed_at", _) => instants(&|record| record.closed),
            ("lon", _) => {
                let lon = records.iter().map(|record| Some(record.position()?.0));
                Arc::new(lon.collect::<Float64Array>())
            }
            ("lat", _) => {
                let lat = records.iter().map(|record| Some(record.position()?.1));
                Arc::new(lat.collect::<Float64Array>())
            }
            ("cell", _) => {
                let cells = records.iter().map(|record| {
                    let (lon, lat) = record.position()?;
                    let cell = LatLng::new(lat, lon)
                        .unwrap()
                        .to_cell(city().base_resolution);
                    Some(u64::from(cell).cast_signed())
                });
                Arc::new(cells.collect::<Int64Array>())
            }
            ("result", _) => {
                let results = records.iter().map(|record| Some(record.result));
                Arc::new(results.collect::<Float64Array>())
            }
            ("row_id", _) => Arc::new(Int64Array::from(vec![0; records.len()])),
            ("month", _) => Arc::new(Int32Array::from(vec![0; records.len()])),
            (_, DataType::Utf8) => {
                let texts = records.iter().map(|record| record.text(name));
                Arc::new(texts.collect::<StringArray>())
            }
            (_, other) => new_null_array(other, records.len()),
        }
    });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

fn rule(toml: &str) -> Rule {
    let text = format!("[[rule]]\nid = \"r\"\n{toml}");
    Rule::of_toml(&text).unwrap().remove(0)
}

/// Rules that begin at [`NOON`] with nothing counted.
fn rules(toml: &str) -> Rules {
    let mut rules = Rules::new(&city(), &[rule(toml)], Vec::new(), NOON).unwrap();
    rules.begin();
    rules
}

/// Takes complaints in at `now`; what was raised (+) and cleared (-).
fn fold(rules: &mut Rules, table: Table, records: &[Record], now: i64) -> Vec<String> {
    rules.fold(table, &rows(table, records), now, false);
    told(rules)
}

fn tick(rules: &mut Rules, now: i64) -> Vec<String> {
    rules.tick(now);
    told(rules)
}

fn told(rules: &mut Rules) -> Vec<String> {
    rules
        .take()
        .into_iter()
        .filter_map(|told| match told.change {
            Change::Raised { .. } => Some(format!("+{}", told.subject.text())),
            Change::Cleared => Some(format!("-{}", told.subject.text())),
            Change::Waiting | Change::Dropped => None,
        })
        .collect()
}

const MANY: &str = r#"
when = { kind = "threshold", per = "community", each_category = true, window = "10min", at_least = 3 }
"#;

#[derive(Debug, Clone)]
enum Step {
    /// Number, place, minutes before now, category.
    Complaint(u8, usize, i64, bool),
    /// Minutes.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..30, 0_usize..3, -4_i64..14, any::<bool>())
            .prop_map(|(id, place, ago, noise)| Step::Complaint(id, place, ago, noise)),
        1 => (1_i64..8).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Late, early, repeated and corrected complaints (another place, time or category): what is told is what a scan over all says.
    #[test]
    fn what_is_told_is_what_a_full_scan_says(steps in prop::collection::vec(step(), 1..60)) {
        let mut rules = rules(MANY);
        let mut now = NOON;
        let mut latest = std::collections::BTreeMap::<u8, (usize, i64, bool)>::new();
        let mut open = std::collections::BTreeSet::new();
        for step in steps {
            let changes = match step {
                Step::Complaint(id, place, ago, noise) => {
                    let at = now - ago * MINUTE;
                    latest.insert(id, (place, at, noise));
                    let category = if noise { "noise" } else { "water" };
                    let complaint = record(&id.to_string(), at, place).with("category", category);
                    fold(&mut rules, Table::Complaints, &[complaint], now)
                }
                Step::Wait(minutes) => {
                    now += minutes * MINUTE;
                    tick(&mut rules, now)
                }
            };
            for change in changes {
                let (sign, subject) = change.split_at(1);
                let is_news = if sign == "+" { open.insert(subject.to_owned()) } else { open.remove(subject) };
                prop_assert!(is_news, "{change} is told once");
            }
            let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::default();
            for (place, at, noise) in latest.values() {
                if (now - 10 * MINUTE + 1..=now).contains(at) {
                    let community = self::place(*place).1[AreaLevel::Community.index()].clone().unwrap();
                    let category = if *noise { "noise" } else { "water" };
                    *counts.entry(format!("level=community area={community} category={category}")).or_default() += 1;
                }
            }
            let scanned: std::collections::BTreeSet<String> =
                counts.into_iter().filter(|(_, count)| *count >= 3).map(|(subject, _)| subject).collect();
            prop_assert_eq!(&open, &scanned);
        }
    }
}

#[test]
fn rules_that_count_the_same_share_the_count() {
    let many = rule(MANY);
    let mut more = many.clone();
    more.id = "s".to_owned();
    let Condition::Threshold(asked) = &mut more.when else {
        panic!("a threshold")
    };
    asked.at_least = 5;
    let mut rules = Rules::new(&city(), &[many, more], Vec::new(), NOON).unwrap();
    rules.begin();
    assert_eq!(rules.watchers.len(), 1);
    let complaints: Vec<_> = (0..5).map(|n| record(&n.to_string(), NOON, 0)).collect();
    let batch = rows(Table::Complaints, &complaints);
    rules.fold(Table::Complaints, &batch, NOON, false);
    let told: Vec<_> = rules
        .take()
        .iter()
        .map(|told| told.rule.id.clone())
        .collect();
    assert_eq!(told, ["r", "s"]);
    assert_eq!(rules.memory().complaints, 5);
    rules.tick(NOON + HOUR);
    assert_eq!(
        (
            rules.memory().complaints,
            rules.memory().entries,
            rules.memory().open
        ),
        (0, 0, 0)
    );
}

#[test]
fn a_rule_reads_the_same_from_toml_and_from_json() {
    let rule = rule(
        r#"
name = { en = "Many" }
severity = "critical"
hold = "90s"
quiet = { from = "22:00", to = "07:00" }
season = { from = "11-15", to = "03-15" }
[rule.when]
kind = "threshold"
complaints = { categories = ["a->b"], areas = ["district:1"] }
per = "cell-8"
window = "2h"
at_least = 3
"#,
    );
    let json = serde_json::to_string(&rule).unwrap();
    assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule, "{json}");
}

#[test]
fn what_is_wrong_with_a_rule_is_named() {
    let wrong = [
        ("window = \"3 weeks\"", "no length of time"),
        ("window = \"1h\"\nat_last = 3", "at_last"),
        ("window = \"1h\"\nat_least = 0", "at_least"),
        ("window = \"90d\"\nat_least = 1", "window"),
        ("window = \"1h\"\nat_least = 1\nper = \"cell-12\"", "per"),
        (
            "window = \"1h\"\nat_least = 1\ncomplaints = { areas = [\"district:x\"] }",
            "district:x",
        ),
        (
            "window = \"1h\"\nat_least = 1\ncomplaints = { polygon = { type = \"Polygon\", coordinates = [[[0.0, 0.0]]] } }",
            "polygon",
        ),
    ];
    for (fields, named) in wrong {
        let text = format!("[[rule]]\nid = \"r\"\n[rule.when]\nkind = \"threshold\"\n{fields}");
        let error = Rule::of_toml(&text)
            .and_then(|rules| rules[0].check(&city()))
            .unwrap_err();
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
}
