//! Findings of each analysis beside what was planted.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, Timelike as _};
use h3o::CellIndex;
use serde_json::Value;

use super::city::{SimulatedCity, text};
use super::tally::{Tallies, Tally};

/// Place and category.
type Series = (String, String);

/// Is this one asked? All are unless `CITYBRAIN_PLANTED_ANALYSES` names some by how they begin, separated by commas.
fn is_asked(what: &str) -> bool {
    std::env::var("CITYBRAIN_PLANTED_ANALYSES").map_or(true, |named| {
        named.split(',').any(|begin| what.starts_with(begin))
    })
}

/// Asks every analysis with its defaults. `categories` have hotspots in the city with planted facts, with the hotspot's kind.
pub(crate) fn compare(city: &SimulatedCity, categories: &[(String, String)]) -> Tallies {
    let mut tallies = Tallies::default();
    for (category, kind) in categories {
        for (what, query) in [
            (
                "hotspots by share, cells",
                format!("SELECT cell, category = '{category}' AS chosen FROM complaints"),
            ),
            (
                "hotspots by count (Gi*), cells",
                format!("SELECT cell FROM complaints WHERE category = '{category}'"),
            ),
        ] {
            if !is_asked(what) {
                continue;
            }
            let rows = city.sql(&format!(
                "SELECT cell FROM hotspots(({query})) WHERE bin > 0"
            ));
            let (cells, planted) = (cells(&rows), planted_cells(city, category));
            let mut tally = near(&cells, &planted);
            // Each planted cell is to be found.
            tally.planted = count(planted.len());
            tally.found = count(planted.iter().filter(|cell| covers(&cells, **cell)).count());
            tallies.count(what, tally);
        }
        let (classes, names) = match kind.as_str() {
            "new" => (
                "'new hot spot', 'consecutive hot spot'",
                ["emerging by share: new", "emerging by count (Gi*): new"],
            ),
            "intensifying" => (
                "'intensifying hot spot'",
                [
                    "emerging by share: intensifying",
                    "emerging by count (Gi*): intensifying",
                ],
            ),
            _ => continue,
        };
        let queries = [
            format!("SELECT cell, requested_at, category = '{category}' AS chosen FROM complaints"),
            format!("SELECT cell, requested_at FROM complaints WHERE category = '{category}'"),
        ];
        let rises = "emerging by share: any hot spot that rises";
        if kind == "intensifying" && is_asked(rises) {
            // A spot that begins far below the city's share is not hot in nine of ten slices, as the class asks: it is found as another
            // hot spot, with a trend that rises.
            let rows = city.sql(&format!(
                "SELECT cell FROM emerging_hotspots(({})) WHERE class LIKE '%hot spot' AND trend_z > 0 AND trend_p < 0.05",
                queries[0]
            ));
            let (cells, planted) = (cells(&rows), planted_cells(city, category));
            let mut tally = near(&cells, &planted);
            tally.planted = u32::from(!planted.is_empty());
            tally.found = u32::from(planted.iter().any(|cell| covers(&cells, *cell)));
            tallies.count(rises, tally);
        }
        let asked = names.into_iter().zip(queries);
        for (what, query) in asked.filter(|(what, _)| is_asked(what)) {
            let rows = city.sql(&format!(
                "SELECT cell FROM emerging_hotspots(({query})) WHERE class IN ({classes})"
            ));
            let (cells, planted) = (cells(&rows), planted_cells(city, category));
            let mut tally = near(&cells, &planted);
            // A hotspot is found when one of its cells is.
            tally.planted = u32::from(!planted.is_empty());
            tally.found = u32::from(planted.iter().any(|cell| covers(&cells, *cell)));
            tallies.count(what, tally);
        }
    }
    if is_asked("leading sensors") {
        tallies.count("leading sensors", leading_sensors(city));
    }
    let disturbed = city.disturbed();
    if is_asked("periodic issues") {
        tallies.count("periodic issues", periodic_issues(city, &disturbed));
    }
    for (what, arguments) in [
        ("bursts", ""),
        ("bursts, not corrected", ", correction => 'raw'"),
    ] {
        if is_asked(what) {
            tallies.count(what, bursts(city, &disturbed, arguments));
        }
    }
    tallies
}

fn cells(rows: &[Value]) -> Vec<CellIndex> {
    rows.iter()
        .map(|row| text(&row["cell"]).parse().unwrap())
        .collect()
}

fn planted_cells(city: &SimulatedCity, category: &str) -> Vec<CellIndex> {
    let spots = city
        .facts("hotspots")
        .iter()
        .filter(|spot| spot["category"] == category);
    spots
        .flat_map(|spot| spot["cells"].as_array().unwrap())
        .map(|cell| text(cell).parse().unwrap())
        .collect()
}

/// Is a planted cell in one of the cells that were found?
fn covers(found: &[CellIndex], planted: CellIndex) -> bool {
    found
        .iter()
        .any(|cell| planted.parent(cell.resolution()) == Some(*cell))
}

/// A cell is judged with those around it: a finding is false when no planted cell lies in any of them.
fn near(found: &[CellIndex], planted: &[CellIndex]) -> Tally {
    let wrong = found.iter().filter(|cell| {
        let disk: Vec<CellIndex> = cell.grid_disk(1);
        !planted.iter().any(|planted| covers(&disk, *planted))
    });
    Tally {
        findings: count(found.len()),
        wrong: count(wrong.count()),
        ..Tally::default()
    }
}

/// A planted issue is found when its series has a period within 2 % and a next window whose middle is off by at most a tenth of the
/// period; a finding is false in a series where nothing was planted.
fn periodic_issues(city: &SimulatedCity, disturbed: &HashSet<Series>) -> Tally {
    let rows = city.sql("SELECT * FROM periodic_issues((SELECT subdistrict, category, requested_at FROM complaints))");
    let zone = offset(city);
    let planted: HashMap<Series, &Value> = by_series(city.facts("periodic_issues"));
    let bursts: HashMap<Series, &Value> = by_series(city.facts("bursts"));
    let mut tally = Tally {
        planted: count(planted.len()),
        findings: count(rows.len()),
        ..Tally::default()
    };
    let mut found = HashSet::new();
    for row in &rows {
        let series = (text(&row["subdistrict"]), text(&row["category"]));
        match planted.get(&series) {
            Some(fact) => {
                let hours = fact["period_h"].as_f64().unwrap();
                let period = row["period_days"].as_f64().unwrap() * 24.0;
                if (period / hours - 1.0).abs() <= 0.02 && phase_fits(row, fact, zone) {
                    found.insert(series);
                }
            }
            None if disturbed.contains(&series) || bursts.contains_key(&series) => {}
            None => tally.wrong += 1,
        }
    }
    tally.found = count(found.len());
    tally
}

fn phase_fits(row: &Value, fact: &Value, zone: FixedOffset) -> bool {
    let (Some(from), Some(to)) = (instant(&row["next_from"]), instant(&row["next_to"])) else {
        return false;
    };
    let middle = (from + (to - from) / 2).with_timezone(&zone);
    let hour = f64::from(middle.hour()) + f64::from(middle.minute()) / 60.0;
    let rhythm = &fact["rhythm"];
    let number = |key: &str| rhythm[key].as_f64().unwrap();
    let in_day = fact["from_hour"].as_f64().unwrap() + fact["hours"].as_f64().unwrap() / 2.0;
    // Hours since the cycle began: found, planted, and the cycle's length.
    let (found, planted, cycle) = match rhythm["every"].as_str().unwrap() {
        "day" => (hour, in_day, 24.0),
        "week" => {
            let day = f64::from(middle.weekday().num_days_from_monday());
            (
                day * 24.0 + hour,
                (number("weekday") - 1.0) * 24.0 + in_day,
                168.0,
            )
        }
        "month" => {
            let first = (number("day") - 1.0 + number("days") / 2.0) * 24.0;
            (f64::from(middle.day0()) * 24.0 + hour, first, 730.485)
        }
        _ => {
            let date = NaiveDate::from_ymd_opt(
                middle.year(),
                rhythm["month"].as_u64().unwrap().try_into().unwrap(),
                1,
            );
            let first =
                f64::from(date.unwrap().ordinal0()) + number("day") - 1.0 + number("days") / 2.0;
            (
                f64::from(middle.ordinal0()) * 24.0 + hour,
                first * 24.0,
                8_765.82,
            )
        }
    };
    let off = (found - planted).rem_euclid(cycle);
    off.min(cycle - off) <= 0.1 * cycle
}

/// A planted lead is found when the sensor's property leads the category in that area by the planted lag, give or take a bin of an hour; a
/// finding is false when nothing was planted for that category in that area. Districts and subdistricts are asked, as one question.
fn leading_sensors(city: &SimulatedCity) -> Tally {
    let planted = city.facts("leading_sensors");
    let mut tally = Tally {
        planted: count(planted.len()),
        ..Tally::default()
    };
    let mut found = HashSet::new();
    let levels: HashSet<String> = planted
        .iter()
        .map(|fact| text(&fact["area"]["level"]))
        .chain(["district".to_owned()])
        .collect();
    for level in levels {
        let rows = city.sql(&format!(
            "SELECT * FROM leading_sensors((SELECT {level}, category, requested_at FROM complaints), \
             sensors => (SELECT {level}, property, datastream, phenomenon_time, result FROM observations))"
        ));
        for row in &rows {
            let of = |fact: &&Value| {
                text(&fact["area"]["id"]) == text(&row[&level])
                    && fact["category"] == row["category"]
            };
            let Some(fact) = planted.iter().find(of) else {
                tally.findings += 1;
                tally.wrong += 1;
                continue;
            };
            tally.findings += 1;
            let lag = fact["lag_h"].as_i64().unwrap();
            if (row["lag_hours"].as_i64().unwrap() - lag).abs() <= 1
                && fact["datastream"] == row["datastream"]
            {
                found.insert(text(&fact["area"]["id"]) + &text(&fact["category"]));
            }
        }
    }
    tally.found = count(found.len());
    tally
}

/// A burst is found when its series has an alarm from the day of its start to the day after its end; an alarm is false in a series
/// without a planted fact, and on other days of a series with a burst.
fn bursts(city: &SimulatedCity, disturbed: &HashSet<Series>, arguments: &str) -> Tally {
    let rows = city.sql(&format!(
        "SELECT subdistrict, category, time FROM bursts((SELECT subdistrict, category, requested_at FROM complaints){arguments})"
    ));
    let zone = offset(city);
    let periodic: HashMap<Series, &Value> = by_series(city.facts("periodic_issues"));
    let mut planted: HashMap<Series, Vec<(NaiveDate, NaiveDate)>> = HashMap::new();
    for fact in city.facts("bursts") {
        let start = instant(&fact["start"]).unwrap();
        let end = start + chrono::TimeDelta::hours(fact["length_h"].as_i64().unwrap());
        let last = end.date_naive().succ_opt().unwrap();
        planted
            .entry(series(fact))
            .or_default()
            .push((start.date_naive(), last));
    }
    let mut tally = Tally {
        planted: count(city.facts("bursts").len()),
        findings: count(rows.len()),
        ..Tally::default()
    };
    let mut first: HashMap<(Series, NaiveDate), i64> = HashMap::new();
    for row in &rows {
        let series = (text(&row["subdistrict"]), text(&row["category"]));
        let day = instant(&row["time"])
            .unwrap()
            .with_timezone(&zone)
            .date_naive();
        let spans = planted.get(&series).into_iter().flatten();
        if let Some((start, _)) = spans
            .into_iter()
            .find(|(start, last)| (*start..=*last).contains(&day))
        {
            let delay = (day - *start).num_days();
            let least = first.entry((series, *start)).or_insert(delay);
            *least = delay.min(*least);
        } else if !disturbed.contains(&series) && !periodic.contains_key(&series) {
            tally.wrong += 1;
        }
    }
    tally.found = count(first.len());
    tally.delays = first
        .values()
        .map(|days| i32::try_from(*days).unwrap())
        .collect();
    tally
}

fn by_series(facts: &[Value]) -> HashMap<Series, &Value> {
    facts.iter().map(|fact| (series(fact), fact)).collect()
}

fn series(fact: &Value) -> Series {
    (text(&fact["area"]["id"]), text(&fact["category"]))
}

/// The city's offset, which has no summer time in the sample city.
fn offset(city: &SimulatedCity) -> FixedOffset {
    *instant(&city.truth["window"]["from"]).unwrap().offset()
}

fn instant(value: &Value) -> Option<DateTime<FixedOffset>> {
    value.as_str()?.parse().ok()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}
