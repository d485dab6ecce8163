use chrono_tz::{America, Asia};
use proptest::prelude::*;

use super::*;

fn pairs(pairs: &[(&str, &str)]) -> Result<(Filter, Vec<(String, String)>), FilterError> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Filter::try_from_pairs(pairs, Asia::Shanghai)
}

fn refused(parameter: &str, value: &str) -> FilterError {
    pairs(&[(parameter, value)]).unwrap_err()
}

#[test]
fn a_day_is_the_whole_local_day() {
    let (filter, _) = pairs(&[("from", "2026-01-01"), ("to", "2026-01-01")]).unwrap();
    assert_eq!(
        filter.from.unwrap().to_rfc3339(),
        "2025-12-31T16:00:00+00:00"
    );
    assert_eq!(filter.to.unwrap().to_rfc3339(), "2026-01-01T16:00:00+00:00");
}

#[test]
fn a_day_on_which_clocks_change_has_its_own_length() {
    for (day, hours) in [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)] {
        let days = [("from", day.to_owned()), ("to", day.to_owned())];
        let (filter, _) = Filter::try_from_pairs(days, America::New_York).unwrap();
        assert_eq!(
            (filter.to.unwrap() - filter.from.unwrap()).num_hours(),
            hours,
            "{day}"
        );
    }
}

#[test]
fn the_plus_of_an_offset_may_have_become_a_blank() {
    let expected = "2026-01-31T00:00:00+00:00";
    for text in [
        "2026-01-31T08:00:00+08:00",
        "2026-01-31T08:00:00 08:00",
        "2026-01-31 08:00:00 08:00",
        "2026-01-31T00:00:00Z",
    ] {
        let (filter, _) = pairs(&[("from", text)]).unwrap();
        assert_eq!(filter.from.unwrap().to_rfc3339(), expected, "{text}");
    }
}

#[test]
fn a_time_without_an_offset_is_refused() {
    for text in [
        "2026-01-31T08:00:00",
        "2026-01-31 08:00:00",
        "yesterday",
        "2026-02-30",
        "1767225600",
    ] {
        assert_eq!(refused("from", text).rule, FilterRule::Instant, "{text}");
    }
}

#[test]
fn an_error_names_the_parameter_the_value_and_the_rule() {
    assert_eq!(
        refused("bbox", "1,2,3").to_string(),
        "bbox=\"1,2,3\": must be west,south,east,north in degrees, west ≤ east and south ≤ north"
    );
    for bbox in [
        "2,0,1,1",
        "0,2,1,1",
        "NaN,0,1,1",
        "0,0,inf,1",
        "a,b,c,d",
        "1,2,3,4,5",
    ] {
        assert_eq!(refused("bbox", bbox).rule, FilterRule::BBox, "{bbox}");
    }
    for area in ["district", "district:", "street:1", ":1"] {
        assert_eq!(refused("area", area).rule, FilterRule::Area, "{area}");
    }
    for cell in ["0", "8a2a1072b59ffffg", "617700169958293503"] {
        assert_eq!(refused("cell", cell).rule, FilterRule::Cell, "{cell}");
    }
    assert_eq!(refused("category", " ").rule, FilterRule::NotEmpty);
    assert_eq!(refused("to", "").rule, FilterRule::NotEmpty);
    let error = pairs(&[("from", "2026-02-01"), ("to", "2026-01-01")]).unwrap_err();
    assert_eq!(
        (error.parameter, error.rule),
        ("to", FilterRule::FromBeforeTo)
    );
    let error = pairs(&[("area", "district:1"), ("area", "district:2")]).unwrap_err();
    assert_eq!(
        (error.parameter, error.value.as_str(), error.rule),
        ("area", "district:2", FilterRule::Once)
    );
}

#[test]
fn hours_of_the_week_add_up() {
    let (filter, _) = pairs(&[("week", "1-5:7-9"), ("week", "6:10")]).unwrap();
    assert_eq!(filter.week.unwrap().to_string(), "1-5:7-9 6:10");
    assert_eq!(refused("week", "1-5").rule, FilterRule::Week);
}

#[test]
fn lists_add_up_and_foreign_parameters_come_back() {
    let (filter, rest) = pairs(&[
        ("category", "a"),
        ("bin", "day"),
        ("category", "b->c"),
        ("limit", "5"),
    ])
    .unwrap();
    assert_eq!(filter.categories, ["a", "b->c"]);
    assert_eq!(
        rest,
        [
            ("bin".to_owned(), "day".to_owned()),
            ("limit".to_owned(), "5".to_owned())
        ]
    );
}

proptest! {
    #[test]
    fn no_value_is_too_strange_to_be_answered(name in "from|to|bbox|area|cell|category|week", value in "\\PC{0,24}") {
        // An answer or a refusal, never a panic.
        pairs(&[(&name, &value)]).ok();
    }
}
