use chrono::NaiveDate;
use citybrain_model::AreaLevel;

use super::*;
use crate::sample::{area, four_districts, level, parts, square, version};
use crate::{NOWHERE, Parents, VersionParts};

#[test]
fn columns_are_placed_as_slices() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let (lon, lat) = (vec![116.35, 116.41, 116.0], vec![39.85, 39.93, f64::NAN]);
    let columns = (
        Float64Array::from(lon.clone()),
        Float64Array::from(lat.clone()),
    );
    let places = city.locate_arrow(&columns.0, &columns.1, None);
    assert_eq!(places, city.locate(&lon, &lat, None));
    // A part of a column is placed as that part.
    let part = city.locate_arrow(&columns.0.slice(1, 2), &columns.1.slice(1, 2), None);
    assert_eq!(part, city.locate(&lon[1..], &lat[1..], None));
}

#[test]
fn null_is_no_position() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let lon = Float64Array::from(vec![Some(116.35), None, Some(116.35), None]);
    let lat = Float64Array::from(vec![Some(39.85), Some(39.85), None, None]);
    let places = city.locate_arrow(&lon, &lat, None);
    assert_eq!(places.cell.iter().filter(|cell| **cell != 0).count(), 1);
    assert_ne!(places.areas[0][0], NOWHERE);
    assert_eq!(places.areas[0][1..], [NOWHERE; 3]);
}

#[test]
fn an_unknown_instant_is_placed_by_the_latest_boundaries() {
    let of = |valid_from, id| VersionParts {
        valid_from,
        ..version(vec![area(id, square(0.0, 0.0, 1.0))], Parents::City)
    };
    let versions = vec![
        of(None, "old"),
        of(NaiveDate::from_ymd_opt(2024, 3, 1), "new"),
    ];
    let city = City::try_new(parts(vec![level(AreaLevel::District, versions)])).unwrap();
    let here = Float64Array::from(vec![0.5; 2]);
    let at = TimestampMicrosecondArray::from(vec![Some(0), None]);
    let places = city.locate_arrow(&here, &here, Some(&at));
    let ids = places.areas[0]
        .iter()
        .map(|&at| city.largest().areas[at as usize].id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["old", "new"]);
}
