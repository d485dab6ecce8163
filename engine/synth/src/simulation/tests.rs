use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;
use citybrain_grid::{AreaParts, CityParts, LevelParts, NOWHERE, Parents, VersionParts};
use citybrain_model::{AreaLevel, Complaint, Observation};
use geo::{Rect, coord};
use h3o::Resolution;
use rstest::rstest;

use super::*;
use crate::{SampleCitySpec, sample_city};

fn city() -> City {
    let sample = sample_city(3, &SampleCitySpec::with_communities(240)).unwrap();
    City::try_new(sample.parts()).unwrap()
}

/// Forty days of spring, long enough for weekly issues.
fn spec() -> SimulationSpec {
    let first = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    SimulationSpec {
        complaints_per_day: 800.0,
        ..SimulationSpec::of_days(Tz::Asia__Shanghai, first, 40, 5)
    }
}

fn simulate(spec: &SimulationSpec) -> Simulation {
    Simulation::try_new(&city(), spec).unwrap()
}

fn bytes(simulation: &Simulation) -> [Vec<u8>; 4] {
    let mut complaints = csv::Writer::from_writer(Vec::new());
    let mut observations = csv::Writer::from_writer(Vec::new());
    let mut lines = Vec::new();
    for complaint in simulation.complaints() {
        complaint.write_csv(&mut complaints).unwrap();
        complaint.write_ndjson(&mut lines).unwrap();
    }
    for observation in simulation.observations() {
        observation.write_csv(&mut observations).unwrap();
        observation.write_ndjson(&mut lines).unwrap();
    }
    let truth = serde_json::to_vec(simulation.truth()).unwrap();
    [
        complaints.into_inner().unwrap(),
        observations.into_inner().unwrap(),
        lines,
        truth,
    ]
}

/// Is a Poisson count with this mean plausible? Five standard deviations: about one in a million is not.
fn is_plausible(count: usize, mean: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts of a test")]
    let off = (count as f64 - mean).abs();
    off <= 5.0 * mean.sqrt() + 1.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of a test")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b as f64
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let spec = SimulationSpec {
        to: spec().from + TimeDelta::days(4),
        ..spec()
    };
    let other = SimulationSpec {
        seed: 6,
        ..spec.clone()
    };
    let [first, second, third] = [&spec, &spec, &other].map(|spec| bytes(&simulate(spec)));
    assert_eq!(first, second);
    for (a, b) in first.iter().zip(&third) {
        assert_ne!(a, b);
    }
}

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
fn complaints_come_in_order_with_unique_ids_and_end_after_they_begin() {
    let spec = spec();
    let mut ids = HashSet::new();
    let mut last = spec.from;
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for complaint in simulate(&spec).complaints() {
        let requested = complaint.requested_at.to_utc();
        assert!(last <= requested && requested < spec.to);
        last = requested;
        assert!(ids.insert(complaint.id.clone()), "{} twice", complaint.id);
        assert!(
            complaint
                .repeat_of
                .is_none_or(|id| ids.contains(&id) && id != complaint.id)
        );
        let limit = complaint.due_at.unwrap() - complaint.requested_at;
        let hours = match complaint.urgency {
            "emergency" => 2,
            "urgent" => 24,
            "ordinary" => 168,
            "complex" => 360,
            other => panic!("{other} is no urgency"),
        };
        assert_eq!(limit, TimeDelta::hours(hours));
        let path = [
            Some(complaint.requested_at),
            complaint.dispatched_at,
            complaint.closed_at,
        ];
        let path: Vec<_> = path.into_iter().flatten().collect();
        assert!(path.is_sorted() && path.iter().all(|at| at.to_utc() < spec.to));
        assert_eq!(complaint.closed_at.is_some(), complaint.status == "closed");
        assert_eq!(
            complaint.dispatched_at.is_none(),
            complaint.status == "accepted"
        );
        assert!(complaint.contacted.is_none() || complaint.status == "closed");
        assert_eq!(
            complaint.resolved.is_some(),
            complaint.contacted == Some(true)
        );
        assert_eq!(
            complaint.satisfaction.is_some(),
            complaint.contacted == Some(true)
        );
        *statuses.entry(complaint.status).or_default() += 1;
    }
    let words: Vec<_> = statuses.keys().copied().collect();
    assert_eq!(
        words,
        ["accepted", "closed", "dispatched", "in_hand", "listed"]
    );
    assert!(ratio(statuses["closed"], ids.len()) > 0.7);
}

#[test]
fn every_record_is_one_that_the_model_takes() {
    let spec = SimulationSpec {
        to: spec().from + TimeDelta::days(5),
        ..spec()
    };
    let simulation = simulate(&spec);
    for complaint in simulation.complaints() {
        let taken = Complaint::try_new(complaint.draft("test"), spec.to).unwrap();
        assert!(
            taken.id == complaint.id && taken.closed_at.is_some() == complaint.closed_at.is_some()
        );
    }
    for observation in simulation.observations() {
        let taken = Observation::try_new(observation.draft("test"), spec.to).unwrap();
        assert_eq!(taken.result.to_bits(), observation.result.to_bits());
    }
}

#[test]
fn a_row_and_a_line_say_the_same_under_the_same_names() {
    let simulation = simulate(&SimulationSpec {
        to: spec().from + TimeDelta::days(2),
        ..spec()
    });
    for complaint in simulation.complaints() {
        let mut row = csv::Writer::from_writer(Vec::new());
        row.write_record(SimulatedComplaint::COLUMNS).unwrap();
        complaint.write_csv(&mut row).unwrap();
        let row = row.into_inner().unwrap();
        let mut reader = csv::Reader::from_reader(row.as_slice());
        let row: HashMap<String, String> = reader.deserialize().next().unwrap().unwrap();
        let mut line = Vec::new();
        complaint.write_ndjson(&mut line).unwrap();
        let line: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&line).unwrap();
        assert!(
            line.keys()
                .all(|key| SimulatedComplaint::COLUMNS.contains(&key.as_str()))
        );
        for (column, cell) in row {
            let value = match &line.get(&column) {
                None => String::new(),
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(serde_json::Value::Array(tags)) => tags
                    .iter()
                    .map(|tag| tag.as_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(";"),
                Some(other) => other.to_string(),
            };
            assert_eq!(cell, value, "{column}");
        }
    }
}

#[test]
fn places_are_where_the_city_says_and_three_in_a_hundred_have_none() {
    let city = city();
    let simulation = Simulation::try_new(&city, &spec()).unwrap();
    let complaints: Vec<_> = simulation.complaints().collect();
    let located: Vec<_> = complaints.iter().filter(|c| c.lon.is_some()).collect();
    let without = ratio(complaints.len() - located.len(), complaints.len());
    assert!(
        (0.02..0.04).contains(&without),
        "{without} without coordinates"
    );

    let degrees = |of: fn(&SimulatedComplaint) -> Option<f64>| -> Vec<f64> {
        located.iter().map(|c| of(c).unwrap()).collect()
    };
    let places = city.locate(&degrees(|c| c.lon), &degrees(|c| c.lat), None);
    let communities = &city.level(AreaLevel::Community).unwrap().areas;
    let (mut same, mut outside) = (0, 0);
    for (i, complaint) in located.iter().enumerate() {
        match places.areas[AreaLevel::Community.index()][i] {
            NOWHERE => outside += 1,
            area if complaint.community.as_deref() == Some(&communities[area as usize].name) => {
                same += 1;
            }
            _ => {}
        }
    }
    assert!(
        ratio(same, located.len()) > 0.95,
        "{same} of {} lie as declared",
        located.len()
    );
    assert!(
        ratio(outside, located.len()) < 0.01,
        "{outside} lie outside"
    );

    // The same buildings again: a tenth of the places has much more than a tenth of the complaints.
    let mut by_place: HashMap<&str, usize> = HashMap::new();
    for complaint in &complaints {
        *by_place.entry(&complaint.address).or_default() += 1;
    }
    let mut counts: Vec<usize> = by_place.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let top: usize = counts.iter().take(counts.len() / 10).sum();
    assert!(ratio(top, complaints.len()) > 0.2);
    let repeats = complaints.iter().filter(|c| c.repeat_of.is_some()).count();
    assert!((0.03..0.07).contains(&ratio(repeats, complaints.len())));
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
fn a_day_has_two_peaks_and_a_weekend_is_quieter() {
    let mut by_hour = [0; 24];
    let mut by_weekday = [0; 7];
    for complaint in simulate(&spec()).complaints() {
        by_hour[complaint.requested_at.hour() as usize] += 1;
        by_weekday[complaint.requested_at.weekday().num_days_from_monday() as usize] += 1;
    }
    let peak = |hours: std::ops::Range<usize>| hours.max_by_key(|&h| by_hour[h]).unwrap();
    let (morning, afternoon) = (peak(6..12), peak(14..20));
    assert!(
        (8..=10).contains(&morning) && (14..=18).contains(&afternoon),
        "{by_hour:?}"
    );
    assert!(
        by_hour[12..14]
            .iter()
            .all(|&n| n < by_hour[morning].min(by_hour[afternoon]))
    );
    assert!(by_hour[3] * 4 < by_hour[morning]);
    let [saturday, sunday] =
        [Weekday::Sat, Weekday::Sun].map(|d| d.num_days_from_monday() as usize);
    let working = by_weekday[..5].iter().sum::<usize>() / 5;
    assert!(
        by_weekday[saturday] < working && by_weekday[sunday] < working,
        "{by_weekday:?}"
    );
}

#[test]
fn a_year_has_its_seasons_and_categories_follow_zipf() {
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    let spec = SimulationSpec {
        complaints_per_day: 60.0,
        ..SimulationSpec::of_days(Tz::Asia__Shanghai, first, 365, 8)
    };
    let (mut by_category, mut by_month): (HashMap<Arc<str>, usize>, HashMap<_, usize>) =
        Default::default();
    for complaint in simulate(&spec).complaints() {
        let month = complaint.requested_at.month();
        *by_month
            .entry((complaint.category.to_string(), month))
            .or_default() += 1;
        *by_category.entry(complaint.category).or_default() += 1;
    }
    let of = |category: &str, months: &[u32]| -> usize {
        months
            .iter()
            .filter_map(|&m| by_month.get(&(category.to_owned(), m)))
            .sum()
    };
    assert!(of("供暖温度不达标", &[12, 1, 2]) > 8 * of("供暖温度不达标", &[6, 7, 8]));
    assert!(of("杨柳飞絮", &[4, 5]) > 5 * of("杨柳飞絮", &[7, 8, 9, 10]));
    assert!(of("房屋漏水", &[6, 7, 8]) > 3 * of("房屋漏水", &[1, 2, 3]));

    // Against the shares that Zipf's law gives, apart from what is planted.
    let all: usize = by_category.values().sum();
    let categories = category::categories(language::Language::Zh);
    assert_eq!(by_category.len(), categories.len());
    for category in &categories {
        let share = ratio(by_category[&category.name], all);
        let is_near = (0.6 * category.share..1.4 * category.share + 0.03).contains(&share);
        assert!(is_near, "{}: {share} for {}", category.name, category.share);
    }
    let top: usize = categories[..8]
        .iter()
        .map(|category| by_category[&category.name])
        .sum();
    assert!(
        (0.35..0.6).contains(&ratio(top, all)),
        "the first eight have {top} of {all}"
    );
}

#[test]
fn a_few_texts_hold_a_number_that_masking_must_find_and_none_holds_a_real_one() {
    let mut with_number = 0;
    let mut all = 0;
    for complaint in simulate(&spec()).complaints() {
        let numbers = complaint
            .text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|run| run.len() >= 7);
        for number in numbers {
            assert!(
                number.len() == 11 && number.starts_with("1540000"),
                "{}",
                complaint.text
            );
            with_number += 1;
        }
        all += 1;
    }
    assert!((0.005..0.02).contains(&ratio(with_number, all)));
}

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

fn square(id: &str, west: f64, south: f64, side: f64) -> AreaParts {
    let corner = coord! { x: west, y: south };
    AreaParts {
        id: id.to_owned(),
        name: format!("Area {id}"),
        names: BTreeMap::new(),
        parent: None,
        population: None,
        boundary: Rect::new(corner, corner + coord! { x: side, y: side })
            .to_polygon()
            .into(),
    }
}

fn other_city(zone: Tz, level: AreaLevel, areas: Vec<AreaParts>, resolution: Resolution) -> City {
    City::try_new(CityParts {
        name: "Elsewhere".to_owned(),
        time_zone: zone,
        base_resolution: resolution,
        languages: vec!["en".to_owned()],
        levels: vec![LevelParts {
            level,
            names: BTreeMap::new(),
            versions: vec![VersionParts {
                valid_from: None,
                parents: Parents::City,
                areas,
            }],
        }],
    })
    .unwrap()
}

#[rstest]
#[case::one_district(Tz::America__New_York, AreaLevel::District, 1, Resolution::Nine)]
#[case::neighbourhoods(Tz::America__New_York, AreaLevel::Community, 9, Resolution::Ten)]
#[case::unit_grids(Tz::Asia__Kolkata, AreaLevel::Grid, 4, Resolution::Eleven)]
#[case::coarse_cells(Tz::Australia__Lord_Howe, AreaLevel::Subdistrict, 4, Resolution::Six)]
fn any_city_can_be_simulated(
    #[case] zone: Tz,
    #[case] level: AreaLevel,
    #[case] areas: i32,
    #[case] resolution: Resolution,
) {
    let areas = (0..areas)
        .map(|i| {
            square(
                &i.to_string(),
                -71.2 + 0.05 * f64::from(i % 3),
                42.2 + 0.05 * f64::from(i / 3),
                0.05,
            )
        })
        .collect();
    let city = other_city(zone, level, areas, resolution);
    // Over a change of clocks, from and to odd instants.
    let from = DateTime::parse_from_rfc3339("2026-10-28T05:17:23.4Z")
        .unwrap()
        .to_utc();
    let spec = SimulationSpec {
        from,
        to: from + TimeDelta::minutes(9 * 24 * 60 + 31),
        complaints_per_day: 500.0,
        ..SimulationSpec::before(from, 1, 3)
    };
    let simulation = Simulation::try_new(&city, &spec).unwrap();
    let complaints: Vec<_> = simulation.complaints().collect();
    assert_eq!(
        complaints.len() as u64,
        simulation.truth().totals.complaints
    );
    assert!(
        is_plausible(complaints.len(), 9.02 * 500.0),
        "{}",
        complaints.len()
    );
    for c in &complaints {
        assert!((spec.from..spec.to).contains(&c.requested_at.to_utc()));
        for at in [Some(c.requested_at), c.dispatched_at, c.closed_at]
            .into_iter()
            .flatten()
        {
            assert_eq!(at, at.with_timezone(&zone), "an instant");
            assert_eq!(
                at.to_rfc3339(),
                at.with_timezone(&zone).to_rfc3339(),
                "in the city's zone"
            );
        }
        assert_eq!(c.district.is_some(), level == AreaLevel::District);
        assert!(serde_json::to_string(c).unwrap().is_ascii(), "{c:?}");
    }
    assert!(!simulation.truth().hotspots.is_empty() && !simulation.truth().bursts.is_empty());
    assert_eq!(
        simulation.observations().count() as u64,
        simulation.truth().totals.observations
    );
}

#[test]
fn a_city_without_complaints_or_sensors_is_quiet() {
    let simulation = simulate(&SimulationSpec {
        complaints_per_day: 0.0,
        sensors: 0,
        ..spec()
    });
    assert_eq!(
        simulation.complaints().count() + simulation.observations().count(),
        0
    );
    assert_eq!(simulation.truth().totals.complaints, 0);
}

#[rstest]
#[case::empty(SimulationSpec { to: spec().from, ..spec() }, "is empty")]
#[case::too_early(SimulationSpec { from: DateTime::UNIX_EPOCH, ..spec() }, "leaves the years")]
#[case::not_a_number(SimulationSpec { complaints_per_day: f64::NAN, ..spec() }, "complaints a day")]
#[case::negative(SimulationSpec { complaints_per_day: -1.0, ..spec() }, "complaints a day")]
#[case::too_many_sensors(SimulationSpec { sensors: 2_000_000, ..spec() }, "sensors")]
#[case::no_interval(SimulationSpec { observation_minutes: 0, ..spec() }, "minutes")]
fn a_spec_that_cannot_be_is_refused(#[case] spec: SimulationSpec, #[case] says: &str) {
    let city = other_city(
        Tz::UTC,
        AreaLevel::District,
        vec![square("1", 0.0, 0.0, 0.1)],
        Resolution::Nine,
    );
    let refused = Simulation::try_new(&city, &spec).unwrap_err().to_string();
    assert!(refused.contains(says), "{refused}");
}

#[test]
fn a_spec_of_days_begins_and_ends_at_local_midnight() {
    let day = NaiveDate::from_ymd_opt(2026, 3, 8).unwrap();
    let spec = SimulationSpec::of_days(Tz::America__New_York, day, 1, 1);
    assert_eq!(
        spec.to - spec.from,
        TimeDelta::hours(23),
        "the day on which clocks go forward"
    );
    // In Beirut clocks go forward at midnight, so that the day begins at one.
    let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
    let spec = SimulationSpec::of_days(Tz::Asia__Beirut, day, 1, 1);
    assert_eq!(spec.from.with_timezone(&Tz::Asia__Beirut).hour(), 1);
}
