use chrono::NaiveDate;
use chrono_tz::Tz;
use citybrain_model::AreaLevel;
use geo::{MultiPolygon, wkt};
use rstest::rstest;

use super::*;
use crate::sample::{area, city, four_districts, level, parts, square, version};
use crate::{AreaParts, LevelParts, Parents, VersionParts};

fn districts(areas: Vec<AreaParts>) -> LevelParts {
    level(AreaLevel::District, vec![version(areas, Parents::City)])
}

fn streets(areas: Vec<AreaParts>, parents: Parents) -> LevelParts {
    level(AreaLevel::Subdistrict, vec![version(areas, parents)])
}

fn dated(day: u32, id: &str) -> VersionParts {
    VersionParts {
        valid_from: NaiveDate::from_ymd_opt(2024, 1, day),
        ..version(vec![area(id, square(0.0, 0.0, 1.0))], Parents::City)
    }
}

fn one() -> Vec<AreaParts> {
    vec![area("a", square(0.0, 0.0, 1.0))]
}

fn child(parent: Option<&str>) -> AreaParts {
    AreaParts {
        parent: parent.map(str::to_owned),
        ..area("child", square(0.2, 0.2, 0.1))
    }
}

#[rstest]
#[case::no_level(vec![], "a city needs at least one level")]
#[case::order(vec![streets(one(), Parents::City), districts(one())], "level district comes after subdistrict")]
#[case::twice(vec![districts(one()), districts(one())], "level district comes after district")]
#[case::no_version(vec![level(AreaLevel::District, vec![])], "level district has no boundaries")]
#[case::dates(vec![level(AreaLevel::District, vec![dated(2, "a"), dated(1, "a")])], "from old to new")]
#[case::date_missing(vec![level(AreaLevel::District, vec![dated(2, "a"), version(one(), Parents::City)])], "a version without a date")]
#[case::no_area(vec![districts(vec![])], "level district has no areas")]
#[case::duplicate(vec![districts([one(), one()].concat())], "the id \"a\" stands twice")]
#[case::empty_id(vec![districts(vec![area("", square(0.0, 0.0, 1.0))])], "\"Area \" has an empty id")]
#[case::empty(vec![districts(vec![area("e", MultiPolygon::new(vec![]))])], "the boundary of \"e\" is empty")]
#[case::flat(vec![districts(vec![area("f", wkt!(MULTIPOLYGON(((0. 0.,1. 1.,2. 2.,0. 0.)))))])], "the boundary of \"f\" is empty")]
#[case::far(vec![districts(vec![area("p", square(436_000.0, 4_400_000.0, 9.0))])], "vertex at 436000 4400000")]
#[case::nan(vec![districts(vec![area("n", square(f64::NAN, 0.0, 9.0))])], "vertex at NaN 0")]
#[case::unknown_parent(vec![districts(one()), streets(vec![child(Some("b"))], Parents::Given)], "has the parent \"b\", which is no district")]
#[case::missing_parent(vec![districts(one()), streets(vec![child(None)], Parents::Given)], "\"child\" has no parent")]
#[case::no_parent(vec![districts(one()), streets(vec![area("x", square(5.0, 5.0, 1.0))], Parents::Contained)], "level subdistrict has no parents: none of its areas lies in a district")]
#[case::population(vec![districts(vec![AreaParts { population: Some(-1.0), ..one().remove(0) }])], "-1, which is no count of people")]
fn parts_that_make_no_city_are_refused(#[case] levels: Vec<LevelParts>, #[case] says: &str) {
    let error = City::try_new(parts(levels)).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert!(!error.contains('\n'));
}

#[test]
fn parents_come_from_the_property_or_from_the_place_or_not_at_all() {
    let parent = |parents, given| {
        let levels = vec![districts(one()), streets(vec![child(given)], parents)];
        let city = City::try_new(parts(levels)).unwrap();
        city.levels[1].areas[0].parent.clone()
    };
    assert_eq!(parent(Parents::Given, Some("a")).as_deref(), Some("a"));
    assert_eq!(parent(Parents::Contained, None).as_deref(), Some("a"));
    assert_eq!(parent(Parents::City, Some("a")), None);
    let city = City::try_new(parts(four_districts())).unwrap();
    for half in &city.levels[1].areas {
        assert_eq!(half.parent.as_deref(), half.id.get(..2));
    }
}

#[test]
fn areas_are_in_byte_order_of_id_and_are_found_by_it() {
    let areas = ["b", "a10", "a2", "é", "Z"].map(|id| area(id, square(0.0, 0.0, 1.0)));
    let city = city(areas.to_vec());
    let level = city.largest();
    let ids: Vec<_> = level.latest().iter().map(|area| area.id.as_str()).collect();
    assert_eq!(ids, ["Z", "a10", "a2", "b", "é"]);
    assert_eq!(level.area("a2").unwrap().name, "Area a2");
    assert!(level.area("c").is_none());
}

#[test]
fn the_fingerprint_follows_what_decides_a_place_and_nothing_else() {
    let made = |change: fn(&mut CityParts)| {
        let mut parts = parts(four_districts());
        change(&mut parts);
        City::try_new(parts).unwrap()
    };
    let same = made(|_| ());
    for change in [
        (|p| p.levels[0].versions[0].areas.reverse()) as fn(&mut CityParts),
        |p| p.name = "Other".to_owned(),
        |p| p.levels[0].versions[0].areas[0].name = "Other".to_owned(),
        |p| p.levels[0].versions[0].areas[0].population = Some(7.0),
    ] {
        assert_eq!(made(change).fingerprint, same.fingerprint);
    }
    for change in [
        (|p| p.time_zone = Tz::UTC) as fn(&mut CityParts),
        |p| p.base_resolution = Resolution::Ten,
        |p| p.levels[1].versions[0].areas[0].id = "x".to_owned(),
        |p| p.levels[1].versions[0].valid_from = NaiveDate::from_ymd_opt(2024, 1, 1),
        |p| drop(p.levels.pop()),
        |p| {
            let polygon = &mut p.levels[0].versions[0].areas[0].boundary.0[0];
            polygon.exterior_mut(|ring| ring.0[1].x = ring.0[1].x.next_up());
        },
    ] {
        assert_ne!(made(change).fingerprint, same.fingerprint);
        assert_ne!(made(change).boundary_version(), same.boundary_version());
    }
    let by_names = |names| made(|_| ()).with_names(names);
    assert_ne!(by_names(1).fingerprint, same.fingerprint);
    assert_ne!(by_names(1).boundary_version(), same.boundary_version());
    assert_ne!(by_names(1).fingerprint, by_names(2).fingerprint);
    assert_eq!(by_names(1).fingerprint, by_names(1).fingerprint);
    let named = made(|p| p.levels[0].versions[0].areas[0].name = "Other".to_owned());
    assert_ne!(named.boundary_version(), same.boundary_version());
}

#[test]
fn the_boundary_version_begins_with_the_newest_date() {
    let dates = level(AreaLevel::District, vec![dated(1, "a"), dated(9, "a")]);
    let city = City::try_new(parts(vec![dates])).unwrap();
    assert!(city.boundary_version().starts_with("2024-01-09-"));
    let versions = city.largest().versions();
    assert_eq!((versions[0].range(), versions[1].range()), (0..1, 1..2));
    assert_eq!(city.largest().areas[0].valid_to, versions[1].valid_from);
}
