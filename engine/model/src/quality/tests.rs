use super::*;
use crate::ObservationDraft;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
}

/// A value of PM10 of a minute, received a minute later.
fn value(minute: i64, result: f64) -> Observation {
    received(minute, result, minute + 1)
}

fn received(minute: i64, result: f64, received: i64) -> Observation {
    let draft = ObservationDraft {
        source: Some("air".to_owned()),
        datastream: Some("7/pm10".to_owned()),
        property: Some("PM10".to_owned()),
        unit: Some("ug/m3".to_owned()),
        phenomenon_time: Some(at(minute)),
        result: Some(result),
        ..ObservationDraft::default()
    };
    Observation::try_new(draft, at(received)).unwrap()
}

fn inspector() -> Inspector {
    let limits = PropertyLimits {
        unit: "ug/m3".to_owned(),
        min: Some(0.0),
        max: Some(2000.0),
        ceiling: Some(999.0),
        per_minute: Some(50.0),
        step: 100.0,
        still: Some(TimeDelta::hours(6)),
    };
    Inspector::new(Limits::new([("pm 10".to_owned(), limits)]))
}

fn doubts(inspector: &Inspector, mut rows: Vec<Observation>) -> Vec<Option<Doubt>> {
    inspector.inspect(&mut rows);
    rows.into_iter().map(|row| row.doubt).collect()
}

#[test]
fn limits_of_a_datastream_go_before_those_of_its_property() {
    let own = PropertyLimits {
        unit: "ug/m3".to_owned(),
        max: Some(20.0),
        ..PropertyLimits::default()
    };
    let of_property = PropertyLimits {
        max: Some(2000.0),
        ..own.clone()
    };
    let limits = || Limits::new([("pm10".to_owned(), of_property.clone())]);
    let rows = vec![value(0, 30.0)];
    let datastream = rows[0].datastream.clone();
    let (without, with) = (
        Inspector::new(limits()),
        Inspector::new(limits().with_datastreams([(datastream, own)])),
    );
    assert_eq!(doubts(&without, rows.clone()), [None]);
    assert_eq!(doubts(&with, rows), [Some(Doubt::Range)]);
}

#[test]
fn a_value_beyond_its_property_is_doubtful_and_one_in_another_unit_is_not_judged() {
    let mut other = value(3, -1.0);
    other.unit = Some("V".to_owned());
    let found = doubts(
        &inspector(),
        vec![value(0, 10.0), value(1, -0.5), value(2, 999.0), other],
    );
    assert_eq!(found, [None, Some(Doubt::Range), Some(Doubt::Range), None]);
}

#[test]
fn a_change_faster_than_the_property_is_doubtful() {
    let found = doubts(
        &inspector(),
        vec![
            value(0, 10.0),
            value(1, 300.0),
            value(2, 310.0),
            value(12, 700.0),
            value(400, 5.0),
        ],
    );
    assert_eq!(found, [None, Some(Doubt::Rate), None, None, None]);
}

#[test]
fn a_spike_is_doubtful_and_the_value_behind_it_is_not() {
    let (range, rate) = (Some(Doubt::Range), Some(Doubt::Rate));
    let told = |results: &[f64]| {
        let rows = (0..)
            .zip(results)
            .map(|(minute, result)| value(minute, *result));
        doubts(&inspector(), rows.collect())
    };
    assert_eq!(told(&[40.0, 999.0, 42.0, 43.0]), [None, range, None, None]);
    assert_eq!(told(&[40.0, 600.0, 42.0, 43.0]), [None, rate, None, None]);
    // A new level is doubtful once; what jumps about is doubtful as long as it does.
    assert_eq!(told(&[40.0, 600.0, 605.0, 610.0]), [None, rate, None, None]);
    assert_eq!(told(&[40.0, 600.0, 300.0, 900.0]), [None, rate, rate, rate]);
    assert_eq!(told(&[999.0, 42.0]), [range, None]);
}

#[test]
fn a_value_that_stands_still_is_doubtful_until_it_moves() {
    let inspector = inspector();
    let rows = (0..9).map(|hour| value(hour * 60, 71.0)).collect();
    let found = doubts(&inspector, rows);
    assert_eq!(found[..6], [None; 6]);
    assert_eq!(found[6..], [Some(Doubt::Stuck); 3]);
    assert!(inspector.streams(None)[0].is_stuck);
    assert_eq!(doubts(&inspector, vec![value(541, 72.0)]), [None]);
    assert!(!inspector.streams(None)[0].is_stuck);
}

#[test]
fn a_time_that_has_not_come_yet_is_doubtful_and_does_not_make_others_old() {
    let inspector = inspector();
    let found = doubts(
        &inspector,
        vec![
            value(0, 1.0),
            received(100, 1.0, 2),
            received(2, 2.0, 3),
            received(8, 2.0, 3),
        ],
    );
    assert_eq!(found, [None, Some(Doubt::Clock), None, None]);
    assert_eq!(inspector.streams(Some("air"))[0].out_of_order, 0);
    assert_eq!(inspector.streams(Some("water")), []);
}

#[test]
fn what_comes_again_late_or_out_of_order_is_counted() {
    let inspector = inspector();
    doubts(
        &inspector,
        vec![
            value(10, 1.0),
            value(10, 1.0),
            value(5, 1.0),
            received(11, 2.0, 3000),
        ],
    );
    let state = &inspector.streams(None)[0];
    assert_eq!(
        (state.seen, state.repeated, state.out_of_order, state.late),
        (4, 1, 1, 1)
    );
}

#[test]
fn a_clock_in_another_zone_is_told_and_a_slow_network_is_not() {
    for (offset, expected) in [
        (0, None),
        (480, Some(-8)),
        (-60, Some(1)),
        (37, None),
        (2000, None),
    ] {
        let inspector = inspector();
        let rows = (0..30).map(|n| received(n, 5.0, n + offset)).collect();
        doubts(&inspector, rows);
        assert_eq!(inspector.streams(None)[0].hours_off(), expected, "{offset}");
    }
}

#[test]
fn a_datastream_that_pauses_beyond_its_habit_is_silent() {
    let inspector = inspector();
    doubts(&inspector, (0..30).map(|n| value(n * 20, 5.0)).collect());
    let state = &inspector.streams(None)[0];
    assert!(!state.is_silent(at(581 + 29)));
    assert!(state.is_silent(at(581 + 31)));
}

#[test]
fn gaps_and_numbers_that_are_missing_are_counted() {
    let inspector = inspector();
    let numbered = [
        (0, 1),
        (1, 2),
        (2, 3),
        (3, 6),
        (4, 7),
        (5, 0),
        (6, 1),
        (60, 2),
    ];
    let rows = numbered.map(|(minute, number)| Observation {
        sequence: Some(number),
        ..value(minute, 5.0)
    });
    doubts(&inspector, rows.to_vec());
    assert_eq!(inspector.counts(Some("air"))[0].missing, 2);
    assert_eq!(inspector.streams(None)[0].gaps, 1);
}

#[test]
fn of_a_million_datastreams_the_first_half_million_is_learnt_and_every_value_is_looked_at() {
    let inspector = inspector();
    let one = Observation {
        sequence: Some(1),
        ..value(0, -5.0)
    };
    for thousand in 0..1_000 {
        let mut rows: Vec<Observation> = (0..1_000)
            .map(|n| Observation {
                datastream: format!("{}/pm10", thousand * 1_000 + n),
                sensor: Some((thousand * 1_000 + n).to_string()),
                ..one.clone()
            })
            .collect();
        inspector.inspect(&mut rows);
        assert!(rows.iter().all(|row| row.doubt == Some(Doubt::Range)));
    }
    let known = inspector.known.lock().unwrap();
    assert_eq!(known.streams.len(), STREAMS_MAX);
    assert_eq!(known.counts.len(), STREAMS_MAX);
}

#[test]
fn what_the_sender_doubts_has_no_other_reason() {
    let mut rows = vec![Observation {
        quality: Quality::Doubtful,
        ..value(0, -5.0)
    }];
    inspector().inspect(&mut rows);
    assert_eq!(rows[0].doubt, None);
}
