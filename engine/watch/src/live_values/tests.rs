use proptest::prelude::*;

use super::*;
use crate::rules::tests::{MINUTE, NOON, Record, city, record, rows};

#[derive(Debug, Clone)]
enum Step {
    /// Number, sensor, place, minutes before now, value; a value below 0 is of another property, or below -10 doubtful.
    Observation(u8, u8, usize, i64, i8),
    Wait(i64),
    /// Too old to be kept, of whatever instant.
    Gone(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0_u8..30, 0_u8..4, 0_usize..3, -5_i64..70, -20_i8..100)
            .prop_map(|(id, sensor, at, ago, value)| Step::Observation(id, sensor, at, ago, value)),
        1 => (1_i64..90).prop_map(Step::Wait),
        1 => (0_u8..30).prop_map(Step::Gone),
    ]
}

/// An observation as it is now: sensor, place, instant, value.
fn made(id: u8, (sensor, at, made, value): (u8, usize, i64, f64)) -> Record {
    record(&id.to_string(), made, at)
        .of_value(value)
        .with("sensor", &sensor.to_string())
        .with("quality", if value < -10.0 { "doubtful" } else { "good" })
        .with(
            "property",
            if (-10.0..0.0).contains(&value) {
                "noise"
            } else {
                "PM10"
            },
        )
}

/// What a scan over the latest states says of one key.
fn scanned(statistic: Statistic, mut seen: Vec<(i64, f64)>) -> Option<f64> {
    seen.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let values = || seen.iter().map(|(_, value)| *value);
    match statistic {
        Statistic::Max => values().reduce(f64::max),
        Statistic::Min => values().reduce(f64::min),
        Statistic::Mean => {
            #[expect(clippy::cast_precision_loss, reason = "few values")]
            let count = seen.len() as f64;
            (!seen.is_empty()).then(|| values().sum::<f64>() / count)
        }
        Statistic::Latest | Statistic::Change => values().next_back(),
    }
}

fn about(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() < 1e-9,
        (None, None) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Late, early, repeated, corrected, withdrawn and removed observations: what is told is what a scan over the latest states says, and changes laid over
    /// what was told before are what is told now.
    #[test]
    fn values_are_those_of_a_full_scan(steps in prop::collection::vec(step(), 1..80)) {
        let zone = city().time_zone;
        let mut now = NOON;
        let asked = [
            (Statistic::Latest, "24h"), (Statistic::Mean, "1h"), (Statistic::Max, "5min"), (Statistic::Min, "today"),
        ];
        let mut views = asked.map(|(statistic, window)| {
            let window: Window = window.parse().unwrap();
            let question = Question::default();
            let mut view = LiveValues::new(question, "PM10".into(), statistic, Resolution::Eight, window, zone, now);
            view.seed(&rows(Table::Observations, &[]), 0);
            (view, statistic, window, BTreeMap::<Arc<str>, f64>::new())
        });
        let mut latest: BTreeMap<u8, (u8, usize, i64, f64)> = BTreeMap::new();
        for (seq, step) in (1..).zip(steps) {
            match step {
                Step::Observation(id, sensor, at, ago, value) => {
                    latest.insert(id, (sensor, at, now - ago * MINUTE, f64::from(value)));
                    let observation = made(id, latest[&id]);
                    let published = Published {
                        seq,
                        table: Table::Observations,
                        rows: rows(Table::Observations, &[observation]),
                        replaces: true,
                        replaced: None,
                    };
                    for (view, ..) in &mut views {
                        view.fold(&published);
                    }
                }
                Step::Wait(minutes) => {
                    now += minutes * MINUTE;
                    for (view, ..) in &mut views {
                        view.advance(now);
                    }
                }
                Step::Gone(id) => {
                    latest.remove(&id);
                    let published = Published {
                        seq,
                        table: Table::Observations,
                        rows: rows(Table::Observations, &[]),
                        replaces: true,
                        replaced: None,
                    };
                    for (view, ..) in &mut views {
                        view.fold(&published);
                        prop_assert!(view.is_stale());
                    }
                }
            }
            if views[0].0.is_stale() && seq % 2 == 0 {
                let all: Vec<_> = latest.iter().map(|(id, seen)| made(*id, *seen)).collect();
                for (view, ..) in &mut views {
                    view.seed(&rows(Table::Observations, &all), seq);
                }
            }
            if views[0].0.is_stale() {
                continue;
            }
            for (view, statistic, window, shown) in &mut views {
                for (sensor, value) in view.take_changes().map(|changes| changes.sensors).unwrap_or_default() {
                    match value {
                        Some(value) => shown.insert(sensor, value),
                        None => shown.remove(&sensor),
                    };
                }
                let start = window.start(zone, now);
                let told = view.all();
                let cells: Vec<_> = told.cells.iter().filter_map(|(_, value)| *value).collect();
                for sensor in 0_u8..4 {
                    let seen = latest.values()
                        .filter(|(of, _, at, value)| *of == sensor && *at > start && *at <= now && *value >= 0.0)
                        .map(|(_, _, at, value)| (*at, *value))
                        .collect();
                    let scanned = scanned(*statistic, seen);
                    let of = |(name, value): &(Arc<str>, Option<f64>)| (**name == *sensor.to_string()).then_some(*value);
                    prop_assert!(about(told.sensors.iter().find_map(of).flatten(), scanned));
                    prop_assert!(about(shown.get(&*sensor.to_string()).copied(), scanned));
                }
                if *statistic == Statistic::Max {
                    let most = told.sensors.iter().filter_map(|(_, value)| *value).reduce(f64::max);
                    prop_assert!(about(cells.into_iter().reduce(f64::max), most));
                }
            }
        }
    }

    #[test]
    fn a_number_in_order_is_the_float_again(values in prop::collection::vec(-1e12_f64..1e12, 2)) {
        let [one, other] = [values[0], values[1]];
        prop_assert_eq!(of_order(in_order(one)).to_bits(), one.to_bits());
        prop_assert_eq!(in_order(one) < in_order(other), one < other);
    }
}

#[test]
fn what_it_was_seeded_with_is_not_taken_again() {
    let window: Window = "1h".parse().unwrap();
    let mut view = LiveValues::new(
        Question::default(),
        "PM10".into(),
        Statistic::Mean,
        Resolution::Eight,
        window,
        city().time_zone,
        NOON,
    );
    let observation = |id: &str, value| {
        let record = record(id, NOON - MINUTE, 0).with("sensor", "s");
        let record = record.with("property", "PM10").of_value(value);
        rows(Table::Observations, &[record])
    };
    view.seed(&observation("1", 10.0), 7);
    let published = |seq, rows| Published {
        seq,
        table: Table::Observations,
        rows,
        replaces: false,
        replaced: None,
    };
    view.fold(&published(7, observation("2", 1000.0)));
    view.fold(&published(8, observation("3", 20.0)));
    let all = view.all();
    assert_eq!((all.seq, all.sensors), (8, vec![("s".into(), Some(15.0))]));
    view.missed();
    assert!(view.is_stale() && view.take_changes().is_none());
}
