use chrono::Datelike;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::conditional::two_sided;
use super::*;
use crate::periodic::tests::{at, poisson};
use crate::real::near;

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// Spring festivals wander through the sun's year: no period of 365 days fits them.
const FESTIVALS: [(i32, u32, u32); 6] = [
    (2019, 2, 4),
    (2020, 1, 24),
    (2021, 2, 11),
    (2022, 1, 31),
    (2023, 1, 21),
    (2024, 2, 9),
];

fn festivals() -> Vec<CalendarWindow> {
    FESTIVALS
        .iter()
        .map(|&(year, month, day)| CalendarWindow {
            from: date(year, month, day),
            to: days_later(date(year, month, day), 8),
        })
        .collect()
}

fn days(bins: usize, factor: f64, random: &mut ChaCha8Rng) -> Vec<f64> {
    (0..bins)
        .map(|day| {
            let today = days_later(date(2019, 1, 1), day);
            let inside = festivals().iter().any(|w| w.from <= today && today < w.to);
            let weekend = if today.weekday().num_days_from_monday() > 4 {
                0.5
            } else {
                1.0
            };
            let growth = 1.0 + day as f64 / 1500.0;
            poisson(
                random,
                12.0 * weekend * growth * if inside { factor } else { 1.0 },
            )
        })
        .collect()
}

#[test]
fn festivals_are_told_from_other_days_and_the_next_is_expected() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let counts = days(1700, 0.5, &mut random);
    let timeline = Timeline::try_new(at(2019, 1, 1, 0), Bin::Day, 1700).unwrap();
    let found = anchored(
        &timeline,
        &counts,
        &festivals(),
        &CalendarOptions::default(),
    )
    .unwrap()
    .unwrap();
    let ratio = found.rate_ratio.unwrap();
    near(ratio, 0.5, 0.08);
    let (low, high) = found.interval.unwrap();
    assert!(low < 0.5 && 0.5 < high, "{low} {high}");
    assert!(found.p_value < 1e-6 && found.occurrences.len() == 5 && found.agreeing == 5);
    let next = found.next.unwrap();
    assert_eq!(next.window.from, date(2024, 2, 9));
    // 9 February 2024 was a Friday: six working days and a weekend, at the growth of the last year.
    let usual = 12.0 * 7.0 * (1.0 + 1517.0 / 1500.0) * 0.5;
    near(next.expected / usual, 1.0, 0.15);
    assert!(next.low < usual && usual < next.high);
}

#[test]
fn days_like_the_others_are_rejected_as_seldom_as_promised() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let timeline = Timeline::try_new(at(2019, 1, 1, 0), Bin::Day, 1200).unwrap();
    let (mut exact, mut poisson_only) = (0, 0);
    for _ in 0..400 {
        let mut counts = days(1200, 1.0, &mut random);
        let found = |counts: &[f64]| {
            anchored(&timeline, counts, &festivals(), &CalendarOptions::default())
                .unwrap()
                .unwrap()
        };
        exact += usize::from(found(&counts).p_value <= 0.05);
        // Ten days in a row are high or low together.
        let mut burst = 1.0;
        for (day, count) in counts.iter_mut().enumerate() {
            if day % 10 == 0 {
                burst = [0.4, 1.0, 1.6][rand::Rng::random_range(&mut random, 0..3)];
            }
            *count = (*count * burst).round();
        }
        let found = found(&counts);
        assert!(found.dispersion > 2.0);
        poisson_only += usize::from(found.poisson_p <= 0.05);
        exact += usize::from(found.p_value <= 0.05) * 1000;
    }
    let (bursts, even) = (exact / 1000, exact % 1000);
    println!("even {even}, bursts {bursts}, bursts as Poisson {poisson_only} of 400");
    assert!(even <= 37 && bursts <= 50, "{even} {bursts}");
    assert!(poisson_only > 120);
}

/// `binom.sf(k − 1, n, p)` and `betabinom.sf(k − 1, n, a, b)` of scipy 1.17.1, twice.
#[test]
fn exact_tails_are_those_of_scipy() {
    for (k, n, share, weight, expected) in SCIPY {
        let ours = two_sided(k, n, share, weight);
        assert!(
            (ours - expected).abs() <= 1e-8 * expected,
            "{k} of {n}: {ours}"
        );
    }
    near(two_sided(3.0, 10.0, 0.3, f64::INFINITY), 1.0, 1e-12);
    near(two_sided(0.0, 0.0, 0.3, 5.0), 1.0, 1e-12);
}

#[test]
fn what_cannot_be_compared_is_none_or_refused() {
    let timeline = Timeline::try_new(at(2019, 1, 1, 0), Bin::Day, 60).unwrap();
    let options = CalendarOptions::default();
    let compare =
        |counts: &[f64], windows: &[CalendarWindow]| anchored(&timeline, counts, windows, &options);
    let all = CalendarWindow {
        from: date(2018, 1, 1),
        to: date(2030, 1, 1),
    };
    assert_eq!(compare(&[1.0; 60], &[]), Ok(None));
    assert_eq!(compare(&[1.0; 60], &[all]), Ok(None));
    assert_eq!(compare(&[0.0; 60], &festivals()), Ok(None));
    assert_eq!(compare(&[f64::NAN; 60], &festivals()), Ok(None));
    let mut inside_only = [0.0; 60];
    inside_only[36] = 30.0;
    let found = compare(&inside_only, &festivals()).unwrap().unwrap();
    assert_eq!((found.rate_ratio, found.interval), (None, None));
    assert!(found.p_value <= 1.0);
    let backwards = CalendarWindow {
        from: date(2019, 2, 1),
        to: date(2019, 2, 1),
    };
    assert!(compare(&[1.0; 60], &[backwards]).is_err());
    assert!(compare(&[1.0; 59], &festivals()).is_err());
    let hours = Timeline::try_new(at(2019, 1, 1, 0), Bin::Hour, 60).unwrap();
    assert_eq!(
        anchored(&hours, &[1.0; 60], &[], &options),
        Err(CalendarError::NotDays(Bin::Hour))
    );
}

const SCIPY: [(f64, f64, f64, f64, f64); 12] = [
    (40.0, 100.0, 0.3, f64::INFINITY, 0.041_977_152_007_849_41),
    (40.0, 100.0, 0.3, 5.0, 0.587_461_440_530_301_8),
    (40.0, 100.0, 0.3, 300.0, 0.078_788_703_090_858_95),
    (
        500.0,
        1000.0,
        0.4,
        f64::INFINITY,
        2.029_606_076_880_017_2e-10,
    ),
    (500.0, 1000.0, 0.4, 5.0, 0.627_245_137_712_225_9),
    (500.0, 1000.0, 0.4, 300.0, 0.002_353_556_611_637_275_3),
    (9.0, 9.0, 0.5, f64::INFINITY, 0.003_906_25),
    (9.0, 9.0, 0.5, 5.0, 0.069_000_244_140_624_33),
    (9.0, 9.0, 0.5, 300.0, 0.004_389_809_907_465_958),
    (
        70_000.0,
        200_000.0,
        0.34,
        f64::INFINITY,
        4.658_229_418_924_366_5e-21,
    ),
    (70_000.0, 200_000.0, 0.34, 5.0, 0.882_696_910_667_946_5),
    (70_000.0, 200_000.0, 0.34, 300.0, 0.706_709_147_570_060_6),
];
