use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::sample::{area, four_districts, level, parts, square, version};
use crate::{Parents, VersionParts};

/// The ids in a column, row by row.
fn ids(column: &DictionaryArray<UInt32Type>) -> Vec<Option<&str>> {
    let ids = column.downcast_dict::<StringArray>().unwrap();
    ids.into_iter().collect()
}

/// What [`City::locate`] says, as ids.
fn expected<'a>(
    city: &'a City,
    lon: &[f64],
    lat: &[f64],
) -> (Vec<Option<u64>>, [Vec<Option<&'a str>>; 4]) {
    let places = city.locate(lon, lat, None);
    let cells = places.cell.iter().map(|cell| (*cell != 0).then_some(*cell));
    let areas = AreaLevel::ALL.map(|level| {
        let of = |at: &u32| Some(city.level(level)?.areas.get(*at as usize)?.id.as_str());
        places.areas[level.index()].iter().map(of).collect()
    });
    (cells.collect(), areas)
}

proptest! {
    #[test]
    fn columns_are_placed_as_slices(
        points in prop::collection::vec(prop_oneof![3 => (116.2..116.6, 39.7..40.1), 1 => Just((f64::NAN, 0.0))], 1..200),
        start in 0_usize..200,
    ) {
        let city = City::try_new(parts(four_districts())).unwrap();
        let (lon, lat): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        // A part of a column is placed as that part.
        let start = start % lon.len();
        let part = |values: &[f64]| Float64Array::from(values.to_vec()).slice(start, values.len() - start);
        let found = city.locate_arrow(&part(&lon), &part(&lat), None);
        let (cells, areas) = expected(&city, &lon[start..], &lat[start..]);
        prop_assert_eq!(found.cell.iter().collect::<Vec<_>>(), cells);
        for (column, expected) in found.areas.iter().zip(areas) {
            prop_assert_eq!(ids(column), expected);
        }
    }
}

#[test]
fn null_is_no_position() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let lon = Float64Array::from(vec![Some(116.35), None, Some(116.35), None]);
    let lat = Float64Array::from(vec![Some(39.85), Some(39.85), None, None]);
    let places = city.locate_arrow(&lon, &lat, None);
    assert_eq!(places.cell.null_count(), 3);
    assert_eq!(ids(&places.areas[0]), [Some("sw"), None, None, None]);
    assert_eq!(ids(&places.areas[2]), [None; 4]);
}

#[test]
fn the_ids_of_all_answers_are_the_same_column() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let lon = Float64Array::from(vec![116.35]);
    let (one, other) = (
        city.locate_arrow(&lon, &lon, None),
        city.locate_arrow(&lon, &lon, None),
    );
    assert!(Arc::ptr_eq(one.areas[1].values(), other.areas[1].values()));
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
    assert_eq!(ids(&places.areas[0]), [Some("old"), Some("new")]);
}
