use super::*;
use crate::real::column;

#[test]
fn washingtons_missing_months_are_holes_and_its_winters_are_not() {
    let Some(months) = column(
        "series-monthly-311/dc_311_by_month_2009_2026.csv",
        "requests",
    ) else {
        return;
    };
    let holes = export_holes(&months, HoleOptions::default()).unwrap();
    // 2009-01 … 2012-02, 2012-12 … 2013-02, 2024-12 and 2025-10; the file lacks the two months after that.
    assert_eq!(holes, [0..38, 47..50, 191..192, 201..202]);
}

#[test]
fn slow_growth_and_quiet_sundays_are_no_holes() {
    let growth: Vec<f64> = (0..120).map(|t| 10.0 * 1.04_f64.powi(t)).collect();
    assert_eq!(
        export_holes(&growth, HoleOptions::default()),
        Ok(Vec::new())
    );
    let mut week: Vec<f64> = (0..140)
        .map(|t| if t % 7 == 6 { 5.0 } else { 60.0 })
        .collect();
    let options = HoleOptions {
        season: 7,
        ..HoleOptions::default()
    };
    assert_eq!(export_holes(&week, options), Ok(Vec::new()));
    assert!(
        !export_holes(&week, HoleOptions::default())
            .unwrap()
            .is_empty()
    );
    week[50..64].fill(0.0);
    week[100] = f64::NAN;
    assert_eq!(export_holes(&week, options), Ok(vec![50..64, 100..101]));
    assert_eq!(export_holes(&[], options), Ok(Vec::new()));
    let wrong = HoleOptions {
        share: 1.5,
        ..HoleOptions::default()
    };
    assert_eq!(
        export_holes(&week, wrong).unwrap_err().to_string(),
        "share is 1.5, but must be inside 0 … 1"
    );
}

#[test]
fn categories_are_in_use_from_their_first_regular_count() {
    let mut counts = vec![0.0; 30];
    counts.extend([4.0, 7.0, 5.0, 6.0, 3.0, 5.0, 8.0, 4.0]);
    assert_eq!(in_use(&counts), 30..38);
    // Snow: long quiet every year.
    let snow: Vec<f64> = (0..60)
        .map(|month| if (month + 6) % 12 < 3 { 50.0 } else { 0.0 })
        .collect();
    assert_eq!(in_use(&snow), 0..60);
    let rare: Vec<f64> = (0..60).map(|t| f64::from(u8::from(t % 20 == 15))).collect();
    assert_eq!(in_use(&rare), 0..60);
    assert_eq!(in_use(&[0.0; 9]), 0..0);
    assert_eq!(in_use(&[]), 0..0);
    assert_eq!(in_use(&[f64::NAN, 3.0, f64::NAN]), 0..3);
}

#[test]
fn a_renamed_category_is_found_with_its_new_name() {
    let level = |t: usize| 10.0 + (t % 5) as f64;
    let old: Vec<f64> = (0..100)
        .map(|t| if t < 60 { level(t) } else { 0.0 })
        .collect();
    let new: Vec<f64> = (0..100)
        .map(|t| if t >= 61 { level(t) } else { 0.0 })
        .collect();
    let large: Vec<f64> = new.iter().map(|x| 9.0 * x).collect();
    let steady: Vec<f64> = (0..100).map(level).collect();
    let found = successions(&[&steady, &old, &large, &new], 3, 12);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].from, found[0].to, found[0].at), (1, 3, 61));
    assert!(successions(&[], 3, 12).is_empty());
}
