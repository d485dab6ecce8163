use super::*;

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
        assert_eq!(
            taken.result.map(f64::to_bits),
            Some(observation.result.to_bits())
        );
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
