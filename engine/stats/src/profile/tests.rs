use chrono::NaiveDate;

use super::*;

#[test]
fn hours_of_the_week_are_counted_apart() {
    // 2024-01-03 was a Wednesday.
    let start = NaiveDate::from_ymd_opt(2024, 1, 3)
        .unwrap()
        .and_hms_opt(5, 0, 0)
        .unwrap();
    let counts: Vec<u32> = (0..400)
        .map(|t| if t % 168 == 2 { 10 } else { 1 })
        .collect();
    let timeline = Timeline::try_new(start, Bin::Hour, 400)
        .unwrap()
        .with_holes(&[170..171, 172..173]);
    let profile = week_profile(&timeline, &counts).unwrap();
    // Bins 2, 170, 338 are Wednesdays at 7; one of them is a hole.
    assert_eq!(profile.rate(Weekday::Wed, 7), Some(10.0));
    assert_eq!(profile.hours[2][7], 2);
    assert_eq!(profile.rate(Weekday::Mon, 0), Some(1.0));
    assert_eq!(profile.rate(Weekday::Mon, 24), None);
    let mean = (396.0 + 20.0) / 398.0;
    assert!((profile.index(Weekday::Wed, 7).unwrap() - 10.0 / mean).abs() < 1e-12);
    assert_eq!(profile.reference().unwrap().len(), 168);
    assert!(week_profile(&timeline, &counts[1..]).is_none());
    let all = Timeline::try_new(start, Bin::Hour, 5).unwrap();
    let none = week_profile(&all, &[f64::NAN; 5]).unwrap();
    assert_eq!((none.mean(), none.reference()), (None, None));
}
