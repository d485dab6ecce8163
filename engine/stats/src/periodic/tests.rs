#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]

use std::f64::consts::TAU;
use std::time::Instant;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::real::{column, near};
use crate::timeline::Bin;

mod nulls;

pub(crate) fn at(year: i32, month: u32, day: u32, hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(year, month, day)
        .unwrap()
        .and_hms_opt(hour, 0, 0)
        .unwrap()
}

/// A Poisson count by inversion; the means of these tests are small.
pub(crate) fn poisson(random: &mut ChaCha8Rng, mean: f64) -> f64 {
    let (mut left, mut count) = (random.random::<f64>(), 0.0);
    let mut p = (-mean).exp();
    while left > p && count < 1000.0 {
        left -= p;
        count += 1.0;
        p *= mean / count;
    }
    count
}

fn hours(start: NaiveDateTime, days: usize, rate: impl Fn(NaiveDateTime) -> f64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    (0..24 * days)
        .map(|t| {
            poisson(
                &mut random,
                rate(start + chrono::TimeDelta::hours(t as i64)),
            )
        })
        .collect()
}

#[test]
fn evenings_and_fridays_are_found_and_said_in_the_calendars_words() {
    let start = at(2023, 3, 1, 0);
    let counts = hours(start, 700, |time| {
        use chrono::Timelike;
        let evening = if (20..23).contains(&time.hour()) {
            4.0
        } else {
            1.0
        };
        let friday = if time.weekday() == Weekday::Fri {
            2.5
        } else {
            1.0
        };
        0.3 * evening * friday
    });
    let timeline = Timeline::try_new(start, Bin::Hour, counts.len()).unwrap();
    let found = periodic(&timeline, &[&counts[..]], &PeriodicOptions::default()).unwrap();
    let accepted: Vec<_> = found[0].accepted().collect();
    assert_eq!(accepted.len(), 2, "{found:#?}");
    assert_eq!(accepted[0].0.rhythm, Rhythm::Daily);
    assert_eq!(accepted[0].1.phase, Phase::Hours { from: 20, to: 23 });
    let next = accepted[0].1.next.clone().unwrap();
    assert_eq!(
        (next.from, next.to),
        (at(2025, 1, 29, 20), at(2025, 1, 29, 23))
    );
    assert_eq!(accepted[1].0.rhythm, Rhythm::Weekly);
    assert_eq!(
        accepted[1].1.phase,
        Phase::Weekdays {
            from: Weekday::Fri,
            to: Weekday::Fri,
            hours: Some((20, 23)),
        }
    );
    let next = accepted[1].1.next.clone().unwrap();
    assert_eq!(
        (next.from, next.to),
        (at(2025, 1, 31, 0), at(2025, 2, 1, 0))
    );
    // 0.3 · 2.5 · (21 + 3 · 4) expected on a Friday; three standard errors of eight Fridays.
    assert!((next.expected - 24.75).abs() < 3.0 * (24.75_f64 / 8.0).sqrt());
    assert!(next.low < next.expected && next.expected < next.high && next.windows == 8);
    near(accepted[1].1.peak_ratio, 2.5 * 7.0 / 8.5, 0.1);
}

#[test]
fn days_of_chicago_come_back_every_week_and_every_year() {
    let Some(days) = column(
        "reference-stats/periodicity/chicago_sanitation_daily_2011_2014.csv",
        "n",
    ) else {
        return;
    };
    let timeline = Timeline::try_new(at(2011, 1, 1, 0), Bin::Day, days.len()).unwrap();
    let found = periodic(&timeline, &[&days[..]], &PeriodicOptions::default()).unwrap();
    let accepted: Vec<_> = found[0].accepted().collect();
    let rhythms: Vec<Rhythm> = accepted.iter().map(|(period, _)| period.rhythm).collect();
    assert_eq!(rhythms, [Rhythm::Weekly, Rhythm::Yearly], "{found:#?}");
    assert_eq!(accepted[0].0.hill.unwrap().0, 7);
    let Phase::Weekdays { from, to, hours } = accepted[0].1.phase else {
        panic!("a week has weekdays")
    };
    assert_eq!((from, to, hours), (Weekday::Mon, Weekday::Wed, None));
    let Phase::Dates { from, to } = accepted[1].1.phase else {
        panic!("a year has dates")
    };
    assert!(
        (4..=5).contains(&from.0) && (8..=10).contains(&to.0),
        "{from:?} {to:?}"
    );
    let next = accepted[1].1.next.clone().unwrap();
    assert_eq!(next.from.year(), 2015);
}

#[test]
fn two_calendar_years_of_months_tell_the_season() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let counts: Vec<u32> = (0..48)
        .map(|t| {
            let winter = if [11, 0, 1, 2].contains(&(t % 12)) {
                3.0
            } else {
                1.0
            };
            poisson(&mut random, 20.0 * winter) as u32
        })
        .collect();
    let timeline = Timeline::try_new(at(2020, 1, 1, 0), Bin::Month, 48).unwrap();
    let found = periodic(&timeline, &[&counts[..]], &PeriodicOptions::default()).unwrap();
    let (period, finding) = found[0].accepted().next().expect("winters come back");
    assert_eq!(period.rhythm, Rhythm::Yearly);
    assert_eq!(
        finding.phase,
        Phase::Dates {
            from: (12, 1),
            to: (3, 31)
        }
    );
    let next = finding.next.clone().unwrap();
    assert_eq!(
        (next.from, next.to),
        (at(2023, 12, 1, 0), at(2024, 4, 1, 0))
    );
    assert_eq!(next.windows, 3);
}

#[test]
fn a_rhythm_of_no_calendar_is_found_by_search() {
    let start = at(2024, 1, 1, 0);
    let every = hours(start, 120, |_| 0.5);
    let mut counts = every;
    for (t, count) in counts.iter_mut().enumerate() {
        if t % 37 < 4 {
            *count += 2.0;
        }
    }
    let timeline = Timeline::try_new(start, Bin::Hour, counts.len()).unwrap();
    let found = periodic(&timeline, &[&counts[..]], &PeriodicOptions::default()).unwrap();
    let accepted: Vec<_> = found[0].accepted().collect();
    assert_eq!(accepted.len(), 1, "{found:#?}");
    let (period, finding) = accepted[0];
    assert_eq!(period.rhythm, Rhythm::Other);
    // A line of the transform is 37 ± 0.25 hours wide here.
    near(period.days * 24.0, 37.0, 0.01);
    assert!(matches!(finding.phase, Phase::Every { .. }) && finding.next.is_some());
}

#[test]
fn what_follows_the_city_is_no_finding_beside_it() {
    let start = at(2024, 1, 1, 0);
    let rate = |time: NaiveDateTime| {
        use chrono::Timelike;
        1.0 + (TAU * (f64::from(time.hour()) - 6.0) / 24.0).sin() * 0.9
    };
    let city: Vec<f64> = (0..24 * 140)
        .map(|t| 300.0 * rate(start + chrono::TimeDelta::hours(t)))
        .collect();
    let like = hours(start, 140, |time| 0.4 * rate(time));
    let unlike = hours(start, 140, |_| 0.4);
    let timeline = Timeline::try_new(start, Bin::Hour, city.len()).unwrap();
    let series: [&[f64]; 2] = [&like, &unlike];
    let has_daily = |found: &SeriesPeriods| {
        found
            .accepted()
            .any(|(period, _)| period.rhythm == Rhythm::Daily)
    };
    let alone = periodic(&timeline, &series, &PeriodicOptions::default()).unwrap();
    assert!(has_daily(&alone[0]) && !has_daily(&alone[1]));
    let options = PeriodicOptions {
        reference: Some(&city),
        peak_ratio_min: 0.0,
        ..PeriodicOptions::default()
    };
    let beside = periodic(&timeline, &series, &options).unwrap();
    assert!(!has_daily(&beside[0]), "{:#?}", beside[0]);
    let daily = |found: &SeriesPeriods| found.periods[0].p_value;
    assert!(daily(&beside[1]) < 1e-6 && daily(&beside[0]) > 0.01);
}

#[test]
fn holes_are_neither_quiet_times_nor_rhythms() {
    let start = at(2024, 1, 1, 0);
    let clean = hours(start, 200, |_| 1.0);
    // Every weekend was not exported.
    let holes: Vec<_> = (0..28)
        .map(|week| week * 168 + 120..week * 168 + 168)
        .collect();
    let mut blanked = clean.clone();
    for hole in &holes {
        for count in &mut blanked[hole.clone()] {
            *count = 0.0;
        }
    }
    let timeline = Timeline::try_new(start, Bin::Hour, clean.len()).unwrap();
    let options = PeriodicOptions::default();
    let blind = periodic(&timeline, &[&blanked[..]], &options).unwrap();
    assert!(blind[0].accepted().count() > 0);
    let masked = periodic(&timeline.with_holes(&holes), &[&blanked[..]], &options).unwrap();
    assert_eq!(masked[0].accepted().count(), 0, "{masked:#?}");
    near(masked[0].events, 0.0, 5000.0);
}

#[test]
fn any_numbers_have_an_answer() {
    let options = PeriodicOptions::default();
    for bin in [Bin::Hour, Bin::Day, Bin::Month] {
        for bins in [0, 1, 5, 23, 24, 49, 168, 337, 400, 1000] {
            let timeline = Timeline::try_new(at(2024, 2, 1, 0), bin, bins).unwrap();
            let constant = vec![7.0; bins];
            let nothing = vec![f64::NAN; bins];
            let odd: Vec<f64> = (0..bins)
                .map(|t| [0.0, -3.0, f64::INFINITY, 1e300, f64::NAN, 5.0, 9.0][t * t % 7])
                .collect();
            let one: Vec<f64> = (0..bins)
                .map(|t| if t == bins / 2 { 900.0 } else { 0.0 })
                .collect();
            let found =
                periodic(&timeline, &[&constant[..], &nothing, &odd, &one], &options).unwrap();
            assert_eq!(found.len(), 4);
            assert!(found[0].accepted().count() == 0 && found[1].periods.is_empty());
            assert!(found[3].accepted().count() == 0, "{:#?}", found[3]);
            for period in found.iter().flat_map(|series| &series.periods) {
                assert!((0.0..=1.0).contains(&period.p_value), "{period:?}");
                assert!((0.0..=1.0).contains(&period.power), "{period:?}");
            }
        }
    }
    let timeline = Timeline::try_new(at(2024, 2, 1, 5), Bin::Hour, 30).unwrap();
    assert!(
        periodic::<f64>(&timeline, &[], &options)
            .unwrap()
            .is_empty()
    );
    assert!(periodic(&timeline, &[&[1.0; 29][..]], &options).is_err());
    let wrong = PeriodicOptions {
        level: 1.0,
        ..PeriodicOptions::default()
    };
    assert_eq!(
        periodic::<f64>(&timeline, &[], &wrong)
            .unwrap_err()
            .to_string(),
        "level is 1, but must be inside 0 … 1"
    );
}

/// What this process has computed so far, on all threads; 0 where `/proc` does not say.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

/// `CITYBRAIN_MEASURE=1 cargo test --release -p citybrain-stats seven_thousand -- --nocapture` measures; else a few series are compared
/// over one and two threads.
#[test]
fn seven_thousand_series_of_three_years_have_the_same_answer_on_any_number_of_threads() {
    let is_measured = std::env::var_os("CITYBRAIN_MEASURE").is_some();
    let (series, days) = if is_measured { (7000, 1095) } else { (12, 90) };
    let start = at(2022, 1, 1, 0);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let counts: Vec<Vec<u16>> = (0..series)
        .map(|s| {
            (0..24 * days)
                .map(|t| {
                    let hour = 1.0 + 0.8 * (TAU * (t % 24) as f64 / 24.0).sin();
                    let week = if (t / 24) % 7 < 5 { 1.2 } else { 0.5 };
                    let rate = 0.1 + 0.6 * f64::from(s % 10) / 10.0;
                    let u: f64 = random.random();
                    let p = (-rate * hour * week).exp();
                    u16::from(u > p) + u16::from(u > p * (1.0 + rate * hour * week))
                })
                .collect()
        })
        .collect();
    let slices: Vec<&[u16]> = counts.iter().map(Vec::as_slice).collect();
    let timeline = Timeline::try_new(start, Bin::Hour, 24 * days).unwrap();
    let run = |threads| {
        let options = PeriodicOptions {
            threads,
            ..PeriodicOptions::default()
        };
        let (started, processor) = (Instant::now(), processor_seconds());
        let found = periodic(&timeline, &slices, &options).unwrap();
        println!(
            "{series} series, {threads:?} threads: {:?}, {:.2} s of processor time",
            started.elapsed(),
            processor_seconds() - processor
        );
        found
    };
    let two = run(std::num::NonZeroUsize::new(2));
    let accepted: usize = two.iter().map(|found| found.accepted().count()).sum();
    println!("{accepted} accepted");
    if !is_measured {
        assert_eq!(two, run(std::num::NonZeroUsize::new(1)));
        assert!(accepted >= 20);
    }
}
