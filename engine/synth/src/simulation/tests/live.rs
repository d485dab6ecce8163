use super::*;

#[test]
fn observations_are_in_order_in_range_and_the_same_when_live() {
    let spec = SimulationSpec {
        observation_minutes: 10,
        to: spec().from + TimeDelta::days(3),
        ..spec()
    };
    let simulation = simulate(&spec);
    let history: Vec<_> = simulation.observations().collect();
    assert!(history.is_sorted_by_key(|o| o.phenomenon_time));
    for o in &history {
        assert!((spec.from..spec.to).contains(&o.phenomenon_time.to_utc()));
        let (range, unit) = match o.property {
            "PM10" | "PM2.5" => (0.0..700.0, "ug/m3"),
            "noise" => (30.0..110.0, "dB"),
            "water_level" => (0.0..6.0, "m"),
            "temperature" => (-40.0..50.0, "Cel"),
            "humidity" => (0.0..100.1, "%"),
            other => panic!("{other} is not measured"),
        };
        assert!(range.contains(&o.result) && o.unit == unit, "{o:?}");
    }
    let live = simulation.live_observations(spec.from + TimeDelta::days(1));
    let later = history
        .iter()
        .filter(|o| o.phenomenon_time >= spec.from + TimeDelta::days(1));
    assert!(later.zip(live).all(|(a, b)| *a == b));
}

#[test]
fn live_complaints_keep_their_rate_and_order_and_never_repeat_an_id() {
    let simulation = simulate(&spec());
    let start = spec().to;
    let first: Vec<_> = simulation.live(start, 20.0).take(20_000).collect();
    assert_eq!(
        first,
        simulation
            .live(start, 20.0)
            .take(20_000)
            .collect::<Vec<_>>()
    );
    assert!(first.is_sorted_by_key(|c| c.requested_at));
    let minutes = (first[19_999].requested_at.to_utc() - start).as_seconds_f64() / 60.0;
    approx::assert_relative_eq!(minutes, 20_000.0 / 20.0 / 60.0, max_relative = 0.05);
    assert!(
        first
            .iter()
            .all(|c| c.status == "accepted" && c.requested_at >= start)
    );

    let second = simulation
        .live(start + TimeDelta::milliseconds(1), 20.0)
        .take(5000);
    let mut ids = HashSet::new();
    let history = simulation.complaints().map(|c| c.id);
    for id in history
        .chain(first.iter().map(|c| c.id.clone()))
        .chain(second.map(|c| c.id))
    {
        assert!(ids.insert(id));
    }

    // From time to time one category has most of a minute.
    let mut by_minute: HashMap<(i64, &str), usize> = HashMap::new();
    for complaint in &first {
        let minute = complaint.requested_at.timestamp() / 60;
        *by_minute.entry((minute, &complaint.category)).or_default() += 1;
    }
    let bursts = by_minute.values().filter(|&&n| n > 20 * 60 / 2).count();
    assert!(
        (1..12).contains(&bursts),
        "{bursts} of 17 minutes are in a burst"
    );
}

#[test]
fn a_sender_that_slept_goes_on_from_now() {
    let simulation = simulate(&spec());
    let start = spec().to;
    let mut live = simulation.live(start, 1.0);
    live.next();
    let later = start + TimeDelta::hours(3);
    live.skip_to(later);
    let next = live.next().unwrap().requested_at;
    assert!((later..later + TimeDelta::minutes(1)).contains(&next));
    live.skip_to(start);
    assert!(live.next().unwrap().requested_at >= next);
}
