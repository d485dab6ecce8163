use chrono::NaiveDate;

use super::*;

fn at(year: i32, month: u32, day: u32, hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(year, month, day)
        .unwrap()
        .and_hms_opt(hour, 0, 0)
        .unwrap()
}

#[test]
fn bins_follow_the_calendar() {
    let hours = Timeline::try_new(at(2024, 2, 28, 23), Bin::Hour, 50).unwrap();
    assert_eq!(hours.time(25), at(2024, 3, 1, 0));
    let months = Timeline::try_new(at(2024, 2, 1, 0), Bin::Month, 14).unwrap();
    assert_eq!(months.end(), at(2025, 4, 1, 0));
    assert!(Timeline::try_new(at(2024, 2, 2, 0), Bin::Month, 14).is_err());
    assert!(Timeline::try_new(at(2024, 2, 2, 5), Bin::Day, 14).is_err());
    assert!(Timeline::try_new(at(2024, 2, 2, 0), Bin::Day, usize::MAX).is_err());
    assert!(Timeline::try_new(at(2024, 2, 2, 0), Bin::Hour, usize::MAX).is_err());
}

#[test]
fn holes_outside_are_ignored() {
    let days = Timeline::try_new(at(2024, 1, 1, 0), Bin::Day, 5)
        .unwrap()
        .with_holes(&[3..90, 70..80]);
    let holes: Vec<bool> = (0..6).map(|at| days.is_hole(at)).collect();
    assert_eq!(holes, [false, false, false, true, true, false]);
}
