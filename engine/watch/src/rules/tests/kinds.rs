//! Each kind of rule.

use citybrain_model::AreaLevel;

use super::*;

fn community(n: usize) -> String {
    place(n).1[AreaLevel::Community.index()].clone().unwrap()
}

#[test]
fn a_selection_asks_for_category_area_word_and_drawn_area() {
    let ((lon, lat), ids) = place(0);
    let district = ids[0].clone().unwrap();
    let selections = [
        ("{ categories = [\"environment\"] }".to_owned(), true),
        ("{ categories = [\"water\"] }".to_owned(), false),
        (format!("{{ areas = [\"district:{district}\"] }}"), true),
        (
            "{ channels = [\"app\"], urgencies = [\"emergency\"] }".to_owned(),
            true,
        ),
        ("{ channels = [\"phone\"] }".to_owned(), false),
        (drawn(lon, lat), true),
        (drawn(lon + 0.1, lat), false),
    ];
    for (selection, is_meant) in selections {
        let mut rules = rules(&format!(
            "[rule.when]\nkind = \"threshold\"\nwindow = \"1h\"\nat_least = 1\ncomplaints = {selection}"
        ));
        let complaint = record("1", NOON, 0)
            .with("channel", "app")
            .with("urgency", "emergency");
        let changes = fold(&mut rules, Table::Complaints, &[complaint], NOON);
        assert_eq!(changes.len(), usize::from(is_meant), "{selection}");
    }
}

/// A square of two hundredths of a degree around a position.
fn drawn(lon: f64, lat: f64) -> String {
    let (west, east, south, north) = (lon - 0.01, lon + 0.01, lat - 0.01, lat + 0.01);
    format!(
        "{{ polygon = {{ type = \"Polygon\", coordinates = [[[{west}, {south}], [{east}, {south}], [{east}, {north}], [{west}, {north}], [{west}, {south}]]] }} }}"
    )
}

#[test]
fn a_rate_compares_with_the_windows_before() {
    let mut rules = rules(
        r#"when = { kind = "rate", window = "10min", before = 2, factor = 3.0, at_least = 3 }"#,
    );
    // Four in the twenty minutes before: two a window. Five are not three times as many, six are.
    let before = (0..4).map(|n| record(&format!("b{n}"), NOON - 15 * MINUTE, 0));
    let now = (0..5).map(|n| record(&format!("n{n}"), NOON, 0));
    let complaints: Vec<_> = before.chain(now).collect();
    assert!(fold(&mut rules, Table::Complaints, &complaints, NOON).is_empty());
    assert_eq!(
        fold(&mut rules, Table::Complaints, &[record("6", NOON, 0)], NOON),
        ["+"]
    );
    assert_eq!(tick(&mut rules, NOON + 10 * MINUTE), ["-"]);
}

#[test]
fn a_burst_is_what_ears_says_of_the_days() {
    let mut rules = rules(
        r#"when = { kind = "burst", per = "community", method = "C1", baseline = 7, at_least = 3 }"#,
    );
    let daily = [2_usize, 3, 1, 2, 3, 2, 1, 2];
    let mut complaints = Vec::new();
    for (ago, count) in daily.iter().rev().enumerate() {
        for n in 0..*count {
            let at = NOON - (ago as i64 + 1) * 24 * HOUR;
            complaints.push(record(&format!("{ago}-{n}"), at, 0));
        }
    }
    rules.seed(Table::Complaints, &rows(Table::Complaints, &complaints));
    rules.begin();
    assert!(told(&mut rules).is_empty());
    let parameters = citybrain_stats::ears::EarsParameters {
        method: citybrain_stats::ears::EarsMethod::C1,
        ..Default::default()
    };
    let mut counts: Vec<f64> = daily.iter().map(|count| *count as f64).collect();
    counts.push(0.0);
    for n in 1_u32..12 {
        *counts.last_mut().unwrap() = f64::from(n);
        let days =
            citybrain_stats::ears::ears(&counts, None, 0..counts.len(), &parameters).unwrap();
        let alarm = days.last().unwrap().alarm.unwrap();
        let changes = fold(
            &mut rules,
            Table::Complaints,
            &[record(&format!("t{n}"), NOON, 0)],
            NOON,
        );
        let is_first = alarm && !changes.is_empty();
        assert_eq!(is_first, !changes.is_empty(), "{n}");
        assert_eq!(rules.memory().open == 1, alarm, "{n}");
    }
    assert_eq!(rules.memory().open, 1);
    // The next day begins with nothing.
    assert_eq!(tick(&mut rules, NOON + 24 * HOUR).len(), 1);
}

fn value(sensor: &str, at: i64, place: usize, result: f64) -> Record {
    Record {
        result,
        ..record(sensor, at, place).with("property", "PM10")
    }
}

#[test]
fn a_value_is_so_beyond_its_limit_until_it_is_back_behind_the_other() {
    let mut rules =
        rules(r#"when = { kind = "value", property = "PM10", above = 150.0, clear = 120.0 }"#);
    let mut at = NOON;
    let mut send = |result| {
        at += MINUTE;
        fold(
            &mut rules,
            Table::Observations,
            &[value("s", at, 0, result)],
            at,
        )
    };
    assert!(send(150.0).is_empty());
    assert_eq!(send(151.0), ["+source=test sensor=s datastream=s"]);
    assert!(send(121.0).is_empty());
    assert_eq!(send(120.0), ["-source=test sensor=s datastream=s"]);
    // A correction of the same time counts instead of what it corrects; an older value changes nothing.
    let now = at;
    let corrected = fold(
        &mut rules,
        Table::Observations,
        &[value("s", now, 0, 200.0)],
        now,
    );
    assert_eq!(corrected.len(), 1);
    assert!(
        fold(
            &mut rules,
            Table::Observations,
            &[value("s", now - HOUR, 0, 1.0)],
            now
        )
        .is_empty()
    );
    let doubtful = value("t", now, 0, 900.0).with("quality", "doubtful");
    assert!(fold(&mut rules, Table::Observations, &[doubtful], now).is_empty());
}

#[test]
fn a_mean_and_a_change_are_over_the_window() {
    let mut mean = rules(
        r#"when = { kind = "value", property = "PM10", statistic = "mean", window = "10min", above = 100.0 }"#,
    );
    let values = [
        value("s", NOON, 0, 40.0),
        value("s", NOON + MINUTE, 0, 150.0),
    ];
    assert!(fold(&mut mean, Table::Observations, &values, NOON + MINUTE).is_empty());
    assert_eq!(
        fold(
            &mut mean,
            Table::Observations,
            &[value("s", NOON + 2 * MINUTE, 0, 150.0)],
            NOON + 2 * MINUTE
        )
        .len(),
        1
    );
    // The low value leaves the window, then all of them do.
    assert!(tick(&mut mean, NOON + 11 * MINUTE).is_empty());
    assert_eq!(tick(&mut mean, NOON + 12 * MINUTE).len(), 1);
    let mut change = rules(
        r#"when = { kind = "value", property = "PM10", statistic = "change", window = "10min", below = -50.0 }"#,
    );
    let values = [
        value("s", NOON, 0, 90.0),
        value("s", NOON + MINUTE, 0, 30.0),
    ];
    assert_eq!(
        fold(&mut change, Table::Observations, &values, NOON + MINUTE).len(),
        1
    );
}

#[test]
fn a_feed_that_falls_silent_is_told_and_so_is_one_that_never_spoke() {
    let mut rules = rules(
        r#"when = { kind = "quiet", every = "source", after = "30min", sources = ["test", "never"] }"#,
    );
    assert!(
        fold(
            &mut rules,
            Table::Complaints,
            &[record("1", NOON + 10 * MINUTE, 0)],
            NOON + 10 * MINUTE
        )
        .is_empty()
    );
    assert_eq!(tick(&mut rules, NOON + 30 * MINUTE), ["+source=never"]);
    assert_eq!(tick(&mut rules, NOON + 40 * MINUTE), ["+source=test"]);
    let heard = fold(
        &mut rules,
        Table::Complaints,
        &[record("2", NOON + 41 * MINUTE, 0)],
        NOON + 41 * MINUTE,
    );
    assert_eq!(heard, ["-source=test"]);
    let mut sensors = self::rules(
        r#"when = { kind = "quiet", records = "observations", every = "sensor", after = "30min" }"#,
    );
    fold(
        &mut sensors,
        Table::Observations,
        &[value("s", NOON, 0, 1.0), value("t", NOON, 0, 1.0)],
        NOON,
    );
    fold(
        &mut sensors,
        Table::Observations,
        &[value("t", NOON + 20 * MINUTE, 0, 1.0)],
        NOON + 20 * MINUTE,
    );
    assert_eq!(
        tick(&mut sensors, NOON + 30 * MINUTE),
        ["+source=test sensor=s"]
    );
}

#[test]
fn a_feed_that_is_used_to_pause_is_waited_for_as_long_as_it_is_used_to() {
    let mut rules =
        rules(r#"when = { kind = "quiet", every = "source", after = "30min", habit = true }"#);
    let hear = |rules: &mut Rules, minute: i64| {
        let at = NOON + minute * MINUTE;
        let told = tick(rules, at);
        let heard = fold(
            rules,
            Table::Complaints,
            &[record(&minute.to_string(), at, 0)],
            at,
        );
        (told, heard)
    };
    for minute in [0, 25, 29] {
        assert_eq!(hear(&mut rules, minute), (Vec::new(), Vec::new()));
    }
    // Longer than half an hour, and an alert: it does not become a habit.
    assert_eq!(tick(&mut rules, NOON + 65 * MINUTE), Vec::<String>::new());
    assert_eq!(tick(&mut rules, NOON + 67 * MINUTE), ["+source=test"]);
    assert_eq!(hear(&mut rules, 80).1, ["-source=test"]);
    assert_eq!(tick(&mut rules, NOON + 116 * MINUTE), Vec::<String>::new());
    assert_eq!(tick(&mut rules, NOON + 118 * MINUTE), ["+source=test"]);
}

#[test]
fn a_sensor_that_moves_crosses_every_fence_between() {
    let mut rules = rules(r#"when = { kind = "crossing", fence = { level = "community" } }"#);
    let (one, other) = (community(0), community(20));
    assert!(
        fold(
            &mut rules,
            Table::Observations,
            &[value("bus", NOON, 0, 0.0)],
            NOON
        )
        .is_empty()
    );
    let moved = fold(
        &mut rules,
        Table::Observations,
        &[value("bus", NOON + MINUTE, 20, 0.0)],
        NOON + MINUTE,
    );
    let subject = |area: &str, direction| {
        format!("level=community area={area} sensor=bus direction={direction}")
    };
    assert_eq!(
        moved,
        [
            format!("+{}", subject(&one, "exit")),
            format!("+{}", subject(&other, "enter"))
        ]
    );
    // A position of before is no way back.
    assert!(
        fold(
            &mut rules,
            Table::Observations,
            &[value("bus", NOON, 0, 0.0)],
            NOON + MINUTE
        )
        .is_empty()
    );
    let back = fold(
        &mut rules,
        Table::Observations,
        &[value("bus", NOON + 2 * MINUTE, 0, 0.0)],
        NOON + 2 * MINUTE,
    );
    assert_eq!(back.len(), 4, "{back:?}");

    let ((lon, lat), _) = place(0);
    let square = drawn(lon, lat);
    let mut drawn = self::rules(&format!(
        "[rule.when]\nkind = \"crossing\"\non = [\"enter\"]\nfence = {square}"
    ));
    fold(
        &mut drawn,
        Table::Observations,
        &[value("bus", NOON, 20, 0.0)],
        NOON,
    );
    let entered = fold(
        &mut drawn,
        Table::Observations,
        &[value("bus", NOON + 1, 0, 0.0)],
        NOON + 1,
    );
    assert_eq!(entered, ["+sensor=bus direction=enter"]);
    let left = fold(
        &mut drawn,
        Table::Observations,
        &[value("bus", NOON + 2, 20, 0.0)],
        NOON + 2,
    );
    assert_eq!(left, ["-sensor=bus direction=enter"]);
}

#[test]
fn a_value_beyond_its_limit_and_complaints_near_it_come_together() {
    let mut rules = rules(
        r#"
[rule.when]
kind = "combination"
property = "PM10"
above = 150.0
within_m = 500.0
complaints = { categories = ["dust"] }
at_least = 3
window = "2h"
"#,
    );
    let dust = |id: &str, north_m| Record {
        north_m,
        ..record(id, NOON, 0).with("category", "dust")
    };
    assert!(
        fold(
            &mut rules,
            Table::Observations,
            &[value("s", NOON, 0, 180.0)],
            NOON
        )
        .is_empty()
    );
    // Two near, one too far, one of another kind.
    let some = [
        dust("1", 100.0),
        dust("2", -499.0),
        dust("3", 520.0),
        record("4", NOON, 0),
    ];
    assert!(fold(&mut rules, Table::Complaints, &some, NOON).is_empty());
    assert_eq!(
        fold(&mut rules, Table::Complaints, &[dust("5", 0.0)], NOON).len(),
        1
    );
    // One moves away: two are not enough.
    assert_eq!(
        fold(&mut rules, Table::Complaints, &[dust("5", 900.0)], NOON).len(),
        1
    );
    assert_eq!(rules.memory().open, 0);
    // The value decides as well, and the window ends.
    fold(&mut rules, Table::Complaints, &[dust("6", 10.0)], NOON);
    assert_eq!(
        fold(
            &mut rules,
            Table::Observations,
            &[value("s", NOON + 1, 0, 20.0)],
            NOON + 1
        )
        .len(),
        1
    );
    assert_eq!(
        fold(
            &mut rules,
            Table::Observations,
            &[value("s", NOON + 2, 0, 220.0)],
            NOON + 2
        )
        .len(),
        1
    );
    assert_eq!(tick(&mut rules, NOON + 2 * HOUR).len(), 1);
}

#[test]
fn an_order_is_told_when_its_time_runs_out_until_it_is_closed() {
    let text = r#"
[rule.when]
kind = "clock"
complaints = { urgencies = ["emergency"] }
before = "30min"
limit = "2h"
"#;
    let order = |id: &str| record(id, NOON, 0).with("urgency", "emergency");
    let mut rules = rules(text);
    let orders = [
        order("stated").clone(),
        Record {
            due: Some(NOON + HOUR),
            ..order("due")
        },
        Record {
            closed: Some(NOON),
            ..order("closed")
        },
        order("answered"),
        record("ordinary", NOON, 0),
    ];
    assert!(fold(&mut rules, Table::Complaints, &orders, NOON).is_empty());
    let close = record("answered", NOON + MINUTE, 0).with("event", "closed");
    assert!(
        fold(
            &mut rules,
            Table::ComplaintEvents,
            std::slice::from_ref(&close),
            NOON + MINUTE
        )
        .is_empty()
    );
    let due = tick(&mut rules, NOON + 30 * MINUTE);
    assert_eq!(due, ["+source=test complaint=due"]);
    assert_eq!(
        tick(&mut rules, NOON + 90 * MINUTE),
        ["+source=test complaint=stated"]
    );
    let reopen = record("answered", NOON + 91 * MINUTE, 0).with("event", "reopened");
    assert_eq!(
        fold(
            &mut rules,
            Table::ComplaintEvents,
            &[reopen],
            NOON + 91 * MINUTE
        ),
        ["+source=test complaint=answered"]
    );
    let closed = Record {
        closed: Some(NOON + 92 * MINUTE),
        due: Some(NOON + HOUR),
        ..order("due")
    };
    assert_eq!(
        fold(&mut rules, Table::Complaints, &[closed], NOON + 92 * MINUTE),
        ["-source=test complaint=due"]
    );
    // One that is of no interest any more, and one that nobody closes.
    let ordinary = record("stated", NOON, 0).with("urgency", "ordinary");
    assert_eq!(
        fold(
            &mut rules,
            Table::Complaints,
            &[ordinary],
            NOON + 93 * MINUTE
        ),
        ["-source=test complaint=stated"]
    );
    assert_eq!(
        tick(&mut rules, NOON + 9 * 24 * HOUR),
        ["-source=test complaint=answered"]
    );
}

#[test]
fn a_citizen_who_repeats_is_known_by_tag_chain_or_address() {
    let text = |by: &str| {
        format!("when = {{ kind = \"repeat\", by = [\"{by}\"], at_least = 3, window = \"30d\" }}")
    };
    let same: [(&str, &'static str, [&str; 3]); 3] = [
        (
            "caller",
            "tags",
            ["caller=7f;x", "caller=7f", "y;caller=7f"],
        ),
        ("address", "address", ["1 Road", "1 Road", "1 Road"]),
        ("repeat_of", "repeat_of", ["", "c0", "c1"]),
    ];
    for (by, column, values) in same {
        let mut rules = rules(&text(by));
        let mut changes = Vec::new();
        for (n, value) in values.iter().enumerate() {
            let mut complaint = record(&format!("c{n}"), NOON, n);
            if !value.is_empty() {
                complaint = complaint.with(column, value);
            }
            // The same once more: it is one complaint.
            for _ in 0..2 {
                changes.push(
                    fold(
                        &mut rules,
                        Table::Complaints,
                        std::slice::from_ref(&complaint),
                        NOON,
                    )
                    .len(),
                );
            }
        }
        assert_eq!(changes, [0, 0, 0, 0, 1, 0], "{by}");
        assert_eq!(tick(&mut rules, NOON + 31 * 24 * HOUR).len(), 1, "{by}");
        assert_eq!((rules.memory().entries, rules.memory().complaints), (0, 0));
    }
}

#[test]
fn an_order_that_bounces_is_told() {
    let mut rules =
        rules(r#"when = { kind = "steps", step = "returned", at_least = 3, window = "7d" }"#);
    let step = |minute: i64, event| record("o", NOON + minute * MINUTE, 0).with("event", event);
    let steps = [
        step(0, "returned"),
        step(1, "dispatched"),
        step(2, "returned"),
    ];
    assert!(
        fold(
            &mut rules,
            Table::ComplaintEvents,
            &steps,
            NOON + 2 * MINUTE
        )
        .is_empty()
    );
    assert_eq!(
        fold(
            &mut rules,
            Table::ComplaintEvents,
            &[step(3, "returned")],
            NOON + 3 * MINUTE
        ),
        ["+source=test complaint=o"]
    );
}

#[test]
fn a_rule_played_over_history_tells_when_and_where_it_would_have_told() {
    let many =
        rule(r#"when = { kind = "threshold", per = "community", window = "1h", at_least = 3 }"#);
    let days = [1, 4, 9];
    let mut complaints = Vec::new();
    for day in days {
        for n in 0..3 {
            complaints.push(record(
                &format!("{day}-{n}"),
                NOON + day * 24 * HOUR + n * MINUTE,
                day as usize,
            ));
        }
    }
    let history = [(Table::Complaints, rows(Table::Complaints, &complaints))];
    let fired = crate::rehearse(&city(), &many, &history, NOON, NOON + 12 * 24 * HOUR).unwrap();
    let told: Vec<_> = fired
        .iter()
        .map(|fired| {
            (
                fired.subject.area.clone().unwrap(),
                fired.raised_at,
                fired.cleared_at,
            )
        })
        .collect();
    let expected: Vec<_> = days
        .iter()
        .map(|day| {
            let at = NOON + day * 24 * HOUR;
            (community(*day as usize), at + 2 * MINUTE, Some(at + HOUR))
        })
        .collect();
    assert_eq!(told, expected);
}
