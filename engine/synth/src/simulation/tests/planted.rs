use super::*;

#[test]
fn the_truth_counts_every_record() {
    let simulation = simulate(&spec());
    let totals = simulation.truth().totals;
    assert_eq!(simulation.complaints().count() as u64, totals.complaints);
    assert_eq!(
        simulation.observations().count() as u64,
        totals.observations
    );
    assert_eq!(totals.background + totals.planted, totals.complaints);
    let streams: HashSet<_> = simulation.observations().map(|o| o.datastream).collect();
    assert_eq!(streams.len() as u64, totals.datastreams);
    #[expect(clippy::cast_possible_truncation, reason = "40 days of 800")]
    let complaints = totals.complaints as usize;
    assert!(
        is_plausible(complaints, 40.0 * 800.0),
        "{complaints} complaints in all"
    );

    let truth = simulation.truth();
    let planted: u64 = truth.hotspots.iter().map(|fact| fact.planted).sum::<u64>()
        + truth
            .periodic_issues
            .iter()
            .map(|fact| fact.planted)
            .sum::<u64>()
        + truth.bursts.iter().map(|fact| fact.planted).sum::<u64>()
        + truth
            .leading_sensors
            .iter()
            .map(|fact| fact.planted)
            .sum::<u64>();
    assert_eq!(planted, totals.planted);
    let kinds: HashSet<_> = truth
        .hotspots
        .iter()
        .map(|spot| format!("{:?}", spot.kind))
        .collect();
    assert_eq!(kinds.len(), 3, "persistent, new and intensifying hotspots");
    assert!(truth.periodic_issues.len() >= 3 && truth.bursts.len() >= 2);
    assert_eq!(truth.leading_sensors.len(), 3);
    let text = serde_json::to_string(truth).unwrap();
    assert_eq!(serde_json::from_str::<Truth>(&text).unwrap(), *truth);
}

#[test]
fn hotspots_have_the_rate_that_the_truth_says() {
    let city = city();
    let simulation = Simulation::try_new(&city, &spec()).unwrap();
    let complaints: Vec<_> = simulation.complaints().collect();
    for spot in &simulation.truth().hotspots {
        let here = |c: &&SimulatedComplaint| {
            let (Some(lon), Some(lat)) = (c.lon, c.lat) else {
                return false;
            };
            let cell = h3o::LatLng::new(lat, lon)
                .unwrap()
                .to_cell(city.base_resolution);
            *c.category == *spot.category && spot.cells.contains(&cell.to_string())
        };
        let days = |a: DateTime<_>, b: DateTime<_>| -> f64 { (b - a).as_seconds_f64() / 86_400.0 };
        let (during, rest): (Vec<_>, Vec<_>) = (complaints.iter().filter(here))
            .partition(|c| (spot.from..spot.to).contains(&c.requested_at));
        // Three in a hundred have no position.
        let expected =
            0.97 * (spot.background_per_day + spot.extra_per_day) * days(spot.from, spot.to);
        assert!(
            is_plausible(during.len(), expected),
            "{} for {expected}: {spot:?}",
            during.len()
        );
        let before = 0.97 * spot.background_per_day * (40.0 - days(spot.from, spot.to));
        assert!(
            is_plausible(rest.len(), before),
            "{} for {before}: {spot:?}",
            rest.len()
        );
        assert!(spot.rate_ratio > 3.0, "{spot:?}");
        approx::assert_relative_eq!(
            spot.rate_ratio,
            1.0 + spot.extra_per_day / spot.background_per_day,
            max_relative = 1e-9
        );
        let (early, late): (Vec<_>, Vec<_>) = during
            .iter()
            .copied()
            .partition(|c| c.requested_at < spot.from + (spot.to - spot.from) / 2);
        match spot.kind {
            HotspotKind::Intensifying => assert!(late.len() > 3 * early.len() / 2, "{spot:?}"),
            HotspotKind::New => assert_eq!(spot.to.to_utc(), spec().to),
            HotspotKind::Persistent => assert!(is_plausible(late.len(), expected / 2.0)),
        }
    }
}

/// Complaints of a category in an area, by the position that they have.
fn in_area(
    city: &City,
    complaints: Vec<SimulatedComplaint>,
    area: &AreaTruth,
    category: &str,
) -> Vec<SimulatedComplaint> {
    let level: AreaLevel = area.level.parse().unwrap();
    let areas = &city.level(level).unwrap().areas;
    assert_eq!(
        city.level(level).unwrap().area(&area.id).unwrap().name,
        area.name
    );
    let mut inside = Vec::new();
    for complaint in complaints {
        if let (true, Some(lon), Some(lat)) = (
            *complaint.category == *category,
            complaint.lon,
            complaint.lat,
        ) {
            let found = city.locate(&[lon], &[lat], None).areas[level.index()][0];
            if found != NOWHERE && areas[found as usize].id == area.id {
                inside.push(complaint);
            }
        }
    }
    inside
}

#[test]
fn periodic_issues_come_back_in_their_hours() {
    let city = city();
    let simulation = Simulation::try_new(&city, &spec()).unwrap();
    for issue in &simulation.truth().periodic_issues {
        let found = in_area(
            &city,
            simulation.complaints().collect(),
            &issue.area,
            &issue.category,
        );
        let is_on = |at: DateTime<chrono::FixedOffset>| {
            let began = at - TimeDelta::hours(issue.from_hour.try_into().unwrap());
            let within = (began.hour() as usize) < issue.hours;
            within
                && match issue.rhythm {
                    Rhythm::Daily => true,
                    Rhythm::Weekly { weekday } => began.weekday().number_from_monday() == weekday,
                    Rhythm::Monthly { day, days } => (day..day + days).contains(&began.day()),
                    Rhythm::Yearly { .. } => panic!("no yearly issue fits into forty days"),
                }
        };
        let first = issue.first.unwrap();
        assert!(
            is_on(first) && !is_on(first - TimeDelta::hours(1)) || first.to_utc() == spec().from
        );
        let mut hours_on = 0;
        let mut at = first;
        while at.to_utc() < spec().to {
            hours_on += usize::from(is_on(at));
            at += TimeDelta::hours(1);
        }
        let (on, off): (Vec<_>, Vec<_>) = found.iter().partition(|c| is_on(c.requested_at));
        let (on_rate, off_rate) = (
            ratio(on.len(), hours_on),
            ratio(off.len(), 40 * 24 - hours_on),
        );
        assert!(
            on_rate > 4.0 * off_rate,
            "{on_rate} against {off_rate}: {issue:?}"
        );
        let expected = issue.extra_per_hour * ratio(hours_on, 1);
        let planted = usize::try_from(issue.planted).unwrap();
        assert!(is_plausible(planted, expected), "{planted}: {issue:?}");
        assert!(on.len() > planted * 9 / 10, "{}: {issue:?}", on.len());
    }
}

#[test]
fn bursts_are_bursts() {
    let city = city();
    let simulation = Simulation::try_new(&city, &spec()).unwrap();
    for burst in &simulation.truth().bursts {
        let found = in_area(
            &city,
            simulation.complaints().collect(),
            &burst.area,
            &burst.category,
        );
        let end = burst.start + TimeDelta::hours(burst.length_h);
        let (during, rest): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|c| (burst.start..end).contains(&c.requested_at));
        let planted = usize::try_from(burst.planted).unwrap();
        assert!(is_plausible(planted, burst.size), "{burst:?}");
        assert!(
            during.len() > planted * 9 / 10,
            "{} of {burst:?}",
            during.len()
        );
        let hours = usize::try_from(burst.length_h).unwrap();
        let (inside, outside) = (
            ratio(during.len(), hours),
            ratio(rest.len(), 40 * 24 - hours),
        );
        assert!(
            inside > 5.0 * outside,
            "{inside} against {outside}: {burst:?}"
        );
    }
}

#[test]
fn a_leading_sensor_leads_by_its_lag() {
    let city = city();
    // Hours are few in forty days: more complaints make the lag plain.
    let spec = SimulationSpec {
        complaints_per_day: 1600.0,
        ..spec()
    };
    let simulation = Simulation::try_new(&city, &spec).unwrap();
    let hours = 40 * 24;
    let hour = |at: DateTime<chrono::FixedOffset>| -> usize {
        usize::try_from((at.to_utc() - spec.from).num_hours()).unwrap()
    };
    for lead in &simulation.truth().leading_sensors {
        let mut value = vec![None; hours];
        for observation in simulation.observations() {
            if *observation.datastream == *lead.datastream {
                assert_eq!(
                    (&*observation.sensor, observation.property),
                    (&*lead.sensor, &*lead.property)
                );
                value[hour(observation.phenomenon_time)] = Some(observation.result);
            }
        }
        let mut count = vec![0.0; hours];
        for c in in_area(
            &city,
            simulation.complaints().collect(),
            &lead.area,
            &lead.category,
        ) {
            count[hour(c.requested_at)] += 1.0;
        }
        let correlation = |lag: usize| {
            let pairs: Vec<(f64, f64)> = (lag..hours)
                .filter_map(|t| value[t - lag].map(|value| (value, count[t])))
                .collect();
            pearson(&pairs)
        };
        let best = (0..24)
            .max_by(|&a, &b| correlation(a).total_cmp(&correlation(b)))
            .unwrap();
        let lag = usize::try_from(lead.lag_h).unwrap();
        assert!(best.abs_diff(lag) <= 1, "best at {best}: {lead:?}");
        assert!(correlation(lag) > 0.4, "{}: {lead:?}", correlation(lag));
    }
}

fn pearson(pairs: &[(f64, f64)]) -> f64 {
    let n = ratio(pairs.len(), 1);
    let (mx, my) = (
        pairs.iter().map(|p| p.0).sum::<f64>() / n,
        pairs.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
    }
    xy / (xx * yy).sqrt()
}

#[test]
fn without_planted_facts_it_is_the_same_city_with_nothing_to_find() {
    let simulation = simulate(&SimulationSpec {
        planted: false,
        ..spec()
    });
    let truth = simulation.truth();
    assert_eq!(truth.totals.planted, 0);
    assert!(truth.hotspots.is_empty() && truth.periodic_issues.is_empty());
    assert!(truth.bursts.is_empty() && truth.leading_sensors.is_empty());
    assert_eq!(
        simulation.complaints().count() as u64,
        truth.totals.complaints
    );
    #[expect(clippy::cast_possible_truncation, reason = "40 days of 800")]
    let complaints = truth.totals.complaints as usize;
    assert!(is_plausible(complaints, 40.0 * 800.0), "{complaints}");
    // The same people live in the same places: positions that both histories know.
    let places = |simulation: &Simulation| -> HashSet<Arc<str>> {
        simulation
            .complaints()
            .map(|complaint| complaint.address)
            .collect()
    };
    let (without, with) = (places(&simulation), places(&simulate(&spec())));
    assert!(ratio(without.intersection(&with).count(), without.len()) > 0.5);
}
