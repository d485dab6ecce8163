use chrono::{NaiveDateTime, Timelike, Weekday};
use chrono_tz::{America, Asia, Australia, Europe, Pacific};
use proptest::prelude::*;

use super::*;

const ZONES: [Tz; 7] = [
    Asia::Shanghai,
    America::New_York,
    America::Havana,
    America::Sao_Paulo,
    Australia::Lord_Howe,
    Pacific::Apia,
    Europe::London,
];

fn micros(text: &str) -> i64 {
    text.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
}

/// The wall clock by chrono-tz.
fn wall(zone: Tz, at: i64) -> NaiveDateTime {
    instant(at).with_timezone(&zone).naive_local()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn local_time_is_that_of_the_time_zone_database(zone in proptest::sample::select(&ZONES[..]), at in 0..5_000_000_000_000_000_i64) {
        let local = Zone::of(zone).local(at);
        prop_assert_eq!(instant(local).naive_utc(), wall(zone, at));
    }

    #[test]
    fn a_bin_begins_at_or_before_each_instant_in_it_and_the_next_begins_after(
        zone in proptest::sample::select(&ZONES[..]),
        bin in proptest::sample::select(&[Bin::Hour, Bin::Day, Bin::Week, Bin::Month][..]),
        at in 100_000_000_000_000..5_000_000_000_000_000_i64,
    ) {
        let table = Zone::of(zone);
        let start = table.bin_start(bin, at);
        let next = table.next_bin(bin, start);
        prop_assert!(start <= at && at < next, "{} {}", table.text(start), table.text(next));
        prop_assert_eq!(table.bin_start(bin, start), start);
        prop_assert_eq!(table.bin_start(bin, next), next);
        prop_assert_eq!(table.bin_start(bin, next - 1), start);
        prop_assert!(next - start <= bin.longest());
        // A bin begins where the calendar's unit changes, by chrono's own calendar.
        let (before, first) = (wall(zone, start - 1), wall(zone, start));
        match bin {
            Bin::Hour => prop_assert!(before.hour() != first.hour() || before > first),
            Bin::Day => prop_assert!(before.date() != first.date()),
            Bin::Week => prop_assert!(before.date() < first.date() && before.iso_week() != first.iso_week()),
            Bin::Month => prop_assert!(before.month() != first.month()),
        }
    }
}

#[test]
fn every_change_of_the_clocks_is_found() {
    for zone in ZONES {
        let table = Zone::of(zone);
        for hour in 0..(i64::from(2100 - 1970) * 366 * 24) {
            let at = hour * HOUR;
            assert_eq!(
                instant(table.local(at)).naive_utc(),
                wall(zone, at),
                "{zone}"
            );
        }
    }
}

#[test]
fn a_day_whose_midnight_is_skipped_begins_at_the_jump() {
    let day = |zone, text: &str| Zone::of(zone).day_start(text.parse().unwrap()).to_rfc3339();
    assert_eq!(
        day(America::Sao_Paulo, "2018-11-04"),
        "2018-11-04T03:00:00+00:00"
    );
    // Samoa had no 30 December 2011: that day begins where the 31st does.
    assert_eq!(
        day(Pacific::Apia, "2011-12-30"),
        "2011-12-30T10:00:00+00:00"
    );
    assert_eq!(
        day(Pacific::Apia, "2011-12-31"),
        "2011-12-30T10:00:00+00:00"
    );
}

#[test]
fn a_day_whose_midnight_comes_twice_begins_at_the_first() {
    let start = Zone::of(America::Havana).day_start("2024-11-03".parse().unwrap());
    assert_eq!(start.to_rfc3339(), "2024-11-03T04:00:00+00:00");
}

#[test]
fn a_repeated_hour_is_two_hours() {
    let zone = Zone::of(America::New_York);
    let first = zone.bin_start(Bin::Hour, micros("2024-11-03T05:30:00Z"));
    let second = zone.bin_start(Bin::Hour, micros("2024-11-03T06:30:00Z"));
    assert_eq!(
        [zone.text(first), zone.text(second)],
        ["2024-11-03T01:00:00-04:00", "2024-11-03T01:00:00-05:00"]
    );
    assert_eq!(zone.next_bin(Bin::Hour, first), second);
}

#[test]
fn a_week_begins_on_monday() {
    let start = Zone::of(Asia::Shanghai).bin_start(Bin::Week, micros("2026-11-23T00:00:00Z"));
    let start = instant(start).with_timezone(&Asia::Shanghai);
    assert_eq!(
        (start.weekday(), start.to_rfc3339().as_str()),
        (Weekday::Mon, "2026-11-23T00:00:00+08:00")
    );
}

#[test]
fn instants_at_the_ends_of_the_calendar_do_no_harm() {
    let zone = Zone::of(America::New_York);
    for at in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
        for bin in [Bin::Hour, Bin::Day, Bin::Week, Bin::Month] {
            zone.next_bin(bin, zone.bin_start(bin, at));
        }
        zone.text(at);
    }
}
