use std::collections::BTreeMap;

use chrono::TimeDelta;
use citybrain_model::AreaLevel;
use h3o::Resolution;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::fixture::{CATEGORIES, CHANNELS, Fixture, STATUSES, Truth, URGENCIES, start};
use crate::{Answer, Bin, Filter, Session, Zone};

/// Does the filter meet the complaint? A second reading of what each condition says.
fn meets(filter: &Filter, truth: &Truth) -> bool {
    let complaint = &truth.complaint;
    let is_one = |values: &[String], value: Option<&String>| {
        values.is_empty() || value.is_some_and(|v| values.contains(v))
    };
    filter
        .from
        .is_none_or(|from| complaint.requested_at >= from)
        && filter.to.is_none_or(|to| complaint.requested_at < to)
        && filter.bbox.is_none_or(|[west, south, east, north]| {
            complaint.position.is_some_and(|at| {
                west <= at.lon() && at.lon() <= east && south <= at.lat() && at.lat() <= north
            })
        })
        && (filter.categories.is_empty()
            || filter.categories.iter().any(|meant| {
                complaint.category.as_ref() == Some(meant)
                    || complaint.category_path.as_deref().is_some_and(|path| {
                        let (path, meant): (Vec<_>, Vec<_>) =
                            (path.split("->").collect(), meant.split("->").collect());
                        path.starts_with(&meant)
                    })
            }))
        && is_one(&filter.channels, complaint.channel.as_ref())
        && is_one(&filter.statuses, complaint.status.as_ref())
        && is_one(&filter.urgencies, complaint.urgency.as_ref())
        && filter
            .area
            .as_ref()
            .is_none_or(|(level, id)| truth.areas[level.index()].as_ref() == Some(id))
        && filter.week.is_none_or(|week| {
            let local = complaint
                .requested_at
                .with_timezone(&chrono_tz::America::New_York);
            week.contains(local.naive_local().and_utc().timestamp_micros())
        })
        && filter.cell.is_none_or(|cell| {
            truth
                .cell
                .is_some_and(|base| base.parent(cell.resolution()) == Some(cell))
        })
}

fn filters() -> impl Strategy<Value = Filter> {
    const AREAS: [(&str, &str); 4] = [
        ("district", "a"),
        ("district", "b"),
        ("subdistrict", "a1"),
        ("subdistrict", "b2"),
    ];
    let texts = |words: &'static [&'static str]| {
        subsequence(words, 0..=words.len().min(2))
            .prop_map(|words| words.into_iter().map(str::to_owned).collect())
    };
    let instant = || {
        proptest::option::of((0..730 * 24_i64).prop_map(|hours| start() + TimeDelta::hours(hours)))
    };
    let side = || (0.0..0.06_f64, 0.0..0.06_f64);
    let bbox = (side(), side()).prop_map(|((west, width), (south, height))| {
        [
            -74.03 + west,
            40.69 + south * 0.7,
            -74.03 + west + width,
            40.69 + (south + height) * 0.7,
        ]
    });
    let area = select(&AREAS[..])
        .prop_map(|(level, id)| (level.parse::<AreaLevel>().unwrap(), id.to_owned()));
    let placed: Vec<_> = Fixture::shared()
        .truth
        .iter()
        .filter_map(|truth| truth.cell)
        .collect();
    let cell = (select(placed), 6..=10_u8).prop_map(|(cell, resolution)| {
        cell.parent(Resolution::try_from(resolution).unwrap())
            .unwrap()
    });
    let week = (1..=7_u8, 0..=6_u8, 0..24_u8, 0..24_u8).prop_map(|(day, more, from, until)| {
        let (last, first, until) = ((day + more).min(7), from.min(until), from.max(until));
        format!("{day}-{last}:{first}-{until}").parse().unwrap()
    });
    (
        (instant(), instant()),
        proptest::option::weighted(0.3, bbox),
        (texts(&CATEGORIES), texts(&CHANNELS), texts(&STATUSES)),
        proptest::option::weighted(0.2, select(&URGENCIES[..])),
        (
            proptest::option::weighted(0.2, area),
            proptest::option::weighted(0.2, cell),
            proptest::option::weighted(0.2, week),
        ),
    )
        .prop_map(
            |((a, b), bbox, (categories, channels, statuses), urgency, (area, cell, week))| {
                let (from, to) = if a.is_some() && b.is_some() {
                    (a.min(b), a.max(b))
                } else {
                    (a, b)
                };
                Filter {
                    from,
                    to,
                    bbox,
                    categories,
                    channels,
                    statuses,
                    urgencies: urgency.into_iter().map(str::to_owned).collect(),
                    area,
                    cell,
                    week,
                }
            },
        )
}

fn all(session: &Session, sql: &str) -> Answer {
    Fixture::shared()
        .wait(session.sql(sql, &[]))
        .unwrap_or_else(|error| panic!("{sql}\n{error}"))
}

/// `count(*)` of the records that the SQL of an answer is about: its condition, put into a statement of our own.
fn count(session: &Session, shown: &str) -> u64 {
    let condition = shown
        .split_once("WHERE ")
        .unwrap()
        .1
        .split_once("\nGROUP BY")
        .unwrap()
        .0;
    let answer = all(
        session,
        &format!("SELECT count(*) AS n FROM complaints WHERE {condition}"),
    );
    read::unsigned(&answer.batches[0], "n").value(0)
}

fn whole(value: f64) -> u64 {
    assert!(value >= 0.0 && value.fract() == 0.0, "{value} is a count");
    format!("{value:.0}").parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Promise P3.
    #[test]
    fn counts_add_up_for_any_filter(filter in filters(), resolution in 5..=10_u8) {
        let fixture = Fixture::shared();
        let session = fixture.session();
        let resolution = Resolution::try_from(resolution).unwrap();
        let met: Vec<&Truth> = fixture.truth.iter().filter(|truth| meets(&filter, truth)).collect();
        let total = met.len() as u64;

        let cells = fixture.wait(session.cells(&filter, resolution, &Measure::Count)).unwrap();
        prop_assert_eq!(cells.totals.total, total);
        prop_assert_eq!(cells.totals.total, cells.totals.located + cells.totals.outside + cells.totals.not_located);
        let mut expected = BTreeMap::new();
        for cell in met.iter().filter_map(|truth| truth.cell) {
            *expected.entry(cell.parent(resolution).unwrap()).or_insert(0_u64) += 1;
        }
        let counted: BTreeMap<_, _> = cells.cells.iter().map(|cell| (cell.cell, whole(cell.value))).collect();
        prop_assert_eq!(&counted, &expected);
        let Totals { located, area_only, outside, .. } = cells.totals;
        prop_assert_eq!(counted.values().sum::<u64>(), located - area_only + outside);

        for level in [AreaLevel::District, AreaLevel::Subdistrict] {
            let areas = fixture.wait(session.areas(&filter, level, &Measure::Count)).unwrap();
            let sum: u64 = areas.areas.iter().map(|area| whole(area.value.unwrap())).sum();
            prop_assert_eq!(sum, areas.totals.located);
            prop_assert_eq!(sum + areas.totals.not_located + areas.totals.outside, total);
            let Totals { located, area_only, outside, .. } = areas.totals;
            prop_assert_eq!(located - area_only + outside, counted.values().sum::<u64>());
            prop_assert_eq!(areas.areas.iter().map(|area| area.area_only).sum::<u64>(), area_only);
            for area in &areas.areas {
                let expected = met.iter().filter(|truth| truth.areas[level.index()].as_ref() == Some(&area.id)).count();
                prop_assert_eq!(area.records, expected as u64, "{}", &area.id);
            }
            prop_assert_eq!(areas.areas.len(), fixture.city.level(level).unwrap().areas.len());
        }
        prop_assert_eq!(count(&session, &cells.sql), total);

        let breakdown = fixture.wait(session.breakdown(&filter, By::TopCategory, 2)).unwrap();
        prop_assert_eq!(breakdown.total, total);
        prop_assert_eq!(breakdown.groups.iter().map(|group| group.value).sum::<u64>() + breakdown.other, total);

        let series = fixture.wait(session.series(&filter, Bin::Week)).unwrap();
        prop_assert_eq!(series.total, total);
        prop_assert_eq!(series.series.iter().map(|bin| bin.value).sum::<u64>(), total);
    }

    #[test]
    fn the_shown_sql_gives_the_same_cells(filter in filters()) {
        let fixture = Fixture::shared();
        let session = fixture.session();
        let cells = fixture.wait(session.cells(&filter, Resolution::Eight, &Measure::PerKm2)).unwrap();
        let mut expected: Vec<_> = cells.cells.iter().map(|cell| (u64::from(cell.cell), cell.value.to_bits())).collect();
        expected.sort_unstable();
        let mut shown = Vec::new();
        for rows in all(&session, &cells.sql).batches {
            let (cell, value) = (read::unsigned(&rows, "cell"), read::number(&rows, "value"));
            shown.extend(cell.iter().zip(value.iter()).filter_map(|(cell, value)| Some((cell?, value?.to_bits()))));
        }
        shown.sort_unstable();
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn pages_are_the_whole_list_cut_into_pieces(filter in filters(), limit in 1..400_usize) {
        let fixture = Fixture::shared();
        let mut expected: Vec<_> = fixture
            .truth
            .iter()
            .filter(|truth| meets(&filter, truth))
            .map(|truth| (truth.complaint.requested_at, truth.complaint.source.clone(), truth.complaint.id.clone()))
            .collect();
        expected.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (&a.1, &a.2).cmp(&(&b.1, &b.2))));
        let limit = limit.max(expected.len() / 5);
        let (mut cursor, mut listed) = (None::<Cursor>, Vec::new());
        loop {
            let page = fixture.wait(fixture.session().complaints(&filter, cursor.as_ref(), limit)).unwrap();
            prop_assert!(page.complaints.len() <= limit);
            listed.extend(page.complaints.into_iter().map(|row| (row.requested_at, row.source, row.id)));
            let Some(next) = page.next else { break };
            cursor = Some(next.to_string().parse().unwrap());
        }
        prop_assert_eq!(listed, expected);
    }
}

#[test]
fn rates_divide_by_the_surface_or_the_residents() {
    let fixture = Fixture::shared();
    let (session, filter) = (fixture.session(), Filter::default());
    let counts = fixture
        .wait(session.areas(&filter, AreaLevel::District, &Measure::Count))
        .unwrap();
    let per_km2 = fixture
        .wait(session.areas(&filter, AreaLevel::District, &Measure::PerKm2))
        .unwrap();
    let per_10k = fixture
        .wait(session.areas(&filter, AreaLevel::District, &Measure::Per10k))
        .unwrap();
    let records = f64::from(u32::try_from(counts.areas[0].records).unwrap());
    let close = |a: f64, b: f64| {
        assert!(
            (a - b).abs() <= 1e-12 * b.abs(),
            "{a} is {b} but for rounding"
        );
    };
    close(
        per_km2.areas[0].value.unwrap(),
        records / counts.areas[0].area_km2.unwrap(),
    );
    close(per_10k.areas[0].value.unwrap(), records / 2.0);
    assert_eq!(
        per_10k.areas[1].value, None,
        "b says nothing of its residents"
    );
}

#[test]
fn a_mean_is_of_the_observations_of_one_property_with_corrections_counted_once() {
    let fixture = Fixture::shared();
    let (session, filter) = (fixture.session(), Filter::default());
    let mean = Measure::try_new(Some("mean"), Some("PM10".into())).unwrap();
    let expected = (47.0 * 40.0 + 88.0) / 48.0;
    let cells = fixture
        .wait(session.cells(&filter, Resolution::Nine, &mean))
        .unwrap();
    assert_eq!(cells.totals.total, 48);
    assert!((cells.cells[0].value - expected).abs() < 1e-9);
    let areas = fixture
        .wait(session.areas(&filter, AreaLevel::District, &mean))
        .unwrap();
    assert!((areas.areas[0].value.unwrap() - expected).abs() < 1e-9);
    assert_eq!(areas.areas[1].value, None, "no observation, no mean");
    let complaints_only = Filter {
        statuses: vec!["open".into()],
        ..Filter::default()
    };
    assert!(
        fixture
            .wait(session.cells(&complaints_only, Resolution::Nine, &mean))
            .unwrap_err()
            .is_mistake()
    );
}

#[test]
fn sensors_show_the_latest_value_of_each_datastream() {
    let fixture = Fixture::shared();
    let sensors = fixture.wait(fixture.session().sensors()).unwrap().sensors;
    assert_eq!(sensors.len(), 1);
    assert_eq!(
        (sensors[0].sensor.as_str(), sensors[0].lon, sensors[0].lat),
        ("roof", Some(-74.01), Some(40.705))
    );
    let latest: Vec<_> = sensors[0]
        .datastreams
        .iter()
        .map(|latest| (latest.datastream.as_str(), latest.result))
        .collect();
    assert_eq!(latest, [("roof-NO2", 11.0), ("roof-PM10", 88.0)]);
}

#[test]
fn a_series_has_every_bin_of_its_span_also_where_clocks_change() {
    let fixture = Fixture::shared();
    let zone = Zone::of(fixture.city.time_zone);
    let day = |text: &str| zone.day_start(text.parse().unwrap());
    let filter = Filter {
        from: Some(day("2024-03-09")),
        to: Some(day("2024-03-12")),
        ..Filter::default()
    };
    let hours = fixture
        .wait(fixture.session().series(&filter, Bin::Hour))
        .unwrap();
    assert_eq!(hours.series.len(), 24 + 23 + 24);
    let days = fixture
        .wait(fixture.session().series(&filter, Bin::Day))
        .unwrap();
    let texts: Vec<_> = days.series.iter().map(|bin| bin.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "2024-03-09T00:00:00-05:00",
            "2024-03-10T00:00:00-05:00",
            "2024-03-11T00:00:00-04:00"
        ]
    );
    assert_eq!(days.total, hours.total);
    let nothing = Filter {
        channels: vec!["pigeon".into()],
        ..filter
    };
    let nothing = fixture
        .wait(fixture.session().series(&nothing, Bin::Day))
        .unwrap();
    assert_eq!(
        nothing
            .series
            .iter()
            .map(|bin| bin.value)
            .collect::<Vec<_>>(),
        [0, 0, 0]
    );
}

#[test]
fn a_series_of_too_many_bins_is_refused() {
    let fixture = Fixture::shared();
    let filter = Filter {
        from: Some("1900-01-01T00:00:00Z".parse().unwrap()),
        ..Filter::default()
    };
    let error = fixture
        .wait(fixture.session().series(&filter, Bin::Hour))
        .unwrap_err();
    assert!(
        error.to_string().contains("more than 100000 bins"),
        "{error}"
    );
}

#[test]
fn the_range_is_that_of_the_first_and_the_last_complaint() {
    let fixture = Fixture::shared();
    let range = fixture.wait(fixture.session().city_range()).unwrap();
    let instants = || {
        fixture
            .truth
            .iter()
            .map(|truth| truth.complaint.requested_at)
    };
    assert_eq!((range.from, range.to), (instants().min(), instants().max()));
    assert_eq!(range.complaints, fixture.truth.len() as u64);
}

#[test]
fn a_complaint_is_found_by_source_and_id() {
    let fixture = Fixture::shared();
    let expected = &fixture.truth[7].complaint;
    let found = fixture
        .wait(
            fixture
                .session()
                .complaint(Some(&expected.source), &expected.id),
        )
        .unwrap()
        .unwrap();
    assert_eq!(found.complaint.requested_at, expected.requested_at);
    assert_eq!(found.complaint.status, expected.status);
    assert!(
        fixture
            .wait(fixture.session().complaint(Some("nobody"), &expected.id))
            .unwrap()
            .is_none()
    );
    assert!(
        fixture
            .wait(fixture.session().complaint(None, &expected.id))
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_resolution_finer_than_the_base_is_refused() {
    let fixture = Fixture::shared();
    let error = fixture
        .wait(
            fixture
                .session()
                .cells(&Filter::default(), Resolution::Eleven, &Measure::Count),
        )
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "resolution: must not be finer than the city's base resolution 10"
    );
}

#[test]
fn answers_are_written_as_the_page_reads_them() {
    let fixture = Fixture::shared();
    let filter = Filter {
        cell: fixture.truth.iter().find_map(|truth| truth.cell),
        ..Filter::default()
    };
    let cells = fixture
        .wait(
            fixture
                .session()
                .cells(&filter, Resolution::Nine, &Measure::Count),
        )
        .unwrap();
    let json = serde_json::to_value(&cells).unwrap();
    assert_eq!(json["resolution"], 9);
    assert_eq!(json["cells"][0][0], cells.cells[0].cell.to_string());
    assert_eq!(
        json["cells"][0][1], json["total"],
        "a count is a whole number"
    );
    let series = fixture
        .wait(fixture.session().series(&filter, Bin::Month))
        .unwrap();
    assert!(
        serde_json::to_value(&series).unwrap()["series"][0][0]
            .as_str()
            .unwrap()
            .ends_with("-01T00:00:00-05:00")
    );
}

#[test]
fn history_is_what_a_filter_meets_in_order_and_every_table_has_one() {
    let fixture = Fixture::shared();
    let filter = Filter {
        from: Some(start()),
        to: Some(start() + TimeDelta::days(200)),
        channels: vec![CHANNELS[0].to_owned()],
        ..Filter::default()
    };
    let session = fixture.session();
    let (table, order) = (citybrain_store::Table::Complaints, InOrderOf::Received);
    let history = fixture
        .wait(session.history_of(table, &filter, None, order))
        .unwrap();
    let met = fixture.truth.iter().filter(|truth| meets(&filter, truth));
    assert_eq!(
        (history.rows.num_rows(), history.truncated),
        (met.count(), false)
    );
    assert!(history.rows.column_by_name("text").is_none());
    for table in citybrain_store::Table::ALL {
        let (from, to) = (start(), start() + TimeDelta::days(800));
        let all = fixture.session();
        let history = fixture
            .wait(all.history(table, from, to, InOrderOf::OwnTime))
            .unwrap();
        let time = history.rows.column_by_name(table.time_column());
        assert!(time.is_some_and(|time| time.null_count() == 0), "{table}");
    }
}
