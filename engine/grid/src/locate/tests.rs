use chrono::NaiveDate;
use citybrain_model::AreaLevel;
use h3o::{LatLng, Resolution};
use rstest::rstest;

use super::*;
use crate::random::Random;
use crate::sample::{area, city, four_districts, level, parts, square, version};
use crate::{Parents, VersionParts};

#[test]
fn each_level_is_placed_for_itself_and_a_missing_level_is_nowhere() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let places = city.locate(&[116.35, 116.0], &[39.85, 39.85], None);
    let id = |level: usize, at: u32| city.levels[level].areas[at as usize].id.as_str();
    assert_eq!(id(0, places.areas[0][0]), "sw");
    assert_eq!(id(1, places.areas[1][0]), "sw1");
    assert_eq!(places.areas[0][1], NOWHERE);
    assert_eq!(places.areas[2], [NOWHERE, NOWHERE]);
    assert_eq!(places.areas[3], [NOWHERE, NOWHERE]);
    assert!(places.cell.iter().all(|cell| *cell != 0));
}

#[test]
fn on_a_border_the_lowest_id_in_byte_order_has_the_point() {
    // Byte order, not the order of numbers: "10" comes before "9".
    let areas = vec![
        area("9", square(0.0, 0.0, 1.0)),
        area("10", square(1.0, 0.0, 1.0)),
    ];
    let city = city(areas);
    let places = city.locate(&[1.0, 0.5], &[0.5, 0.5], None);
    let id = |at: usize| {
        city.largest().areas[places.areas[0][at] as usize]
            .id
            .as_str()
    };
    assert_eq!((id(0), id(1)), ("10", "9"));
}

#[rstest]
#[case(f64::NAN, 0.0)]
#[case(0.0, f64::NAN)]
#[case(f64::INFINITY, 0.0)]
#[case(180.0_f64.next_up(), 0.0)]
#[case(0.0, -(90.0_f64.next_up()))]
fn what_is_no_position_has_neither_cell_nor_area(#[case] lon: f64, #[case] lat: f64) {
    let places = city(vec![area("all", square(-90.0, -90.0, 180.0))]).locate(&[lon], &[lat], None);
    assert_eq!(places.cell, [0]);
    assert_eq!(places.areas[0], [NOWHERE]);
}

#[test]
fn the_corners_of_the_earth_have_cells() {
    let city = city(vec![area("a", square(0.0, 0.0, 1.0))]);
    let lon = [-180.0, 180.0, 0.0, -0.0, 0.0];
    let lat = [0.0, -0.0, 90.0, -90.0, 0.0];
    let places = city.locate(&lon, &lat, None);
    assert!(places.cell.iter().all(|cell| *cell != 0));
    assert_eq!(places.areas[0], [NOWHERE, NOWHERE, NOWHERE, NOWHERE, 0]);
}

/// A city whose area "old" was replaced by "new" on 2024-03-01 and by "newest" on 2025-01-01, local dates.
fn renamed() -> City {
    let of = |year, month, id| VersionParts {
        valid_from: NaiveDate::from_ymd_opt(year, month, 1),
        ..version(vec![area(id, square(0.0, 0.0, 1.0))], Parents::City)
    };
    let first = VersionParts {
        valid_from: None,
        ..of(2000, 1, "old")
    };
    let versions = vec![first, of(2024, 3, "new"), of(2025, 1, "newest")];
    City::try_new(parts(vec![level(AreaLevel::District, versions)])).unwrap()
}

#[rstest]
#[case("1980-01-01T00:00:00Z", "old")]
#[case("2024-02-29T15:59:59.999999Z", "old")]
#[case("2024-02-29T16:00:00Z", "new")] // Midnight in Shanghai.
#[case("2024-03-02T00:00:00Z", "new")]
#[case("2024-12-31T15:59:59Z", "new")]
#[case("2024-12-31T16:00:00Z", "newest")]
#[case("2199-01-01T00:00:00Z", "newest")]
fn a_record_is_placed_by_the_boundaries_of_its_local_day(#[case] at: &str, #[case] id: &str) {
    let city = renamed();
    let micros = DateTime::parse_from_rfc3339(at).unwrap().timestamp_micros();
    let places = city.locate(&[0.5], &[0.5], Some(&[micros]));
    assert_eq!(city.largest().areas[places.areas[0][0] as usize].id, id);
}

#[test]
fn any_instant_has_a_version_and_none_means_the_latest() {
    let city = renamed();
    let id = |at: Option<&[i64]>| {
        let places = city.locate(&[0.5], &[0.5], at);
        city.largest().areas[places.areas[0][0] as usize]
            .id
            .as_str()
    };
    assert_eq!(id(Some(&[i64::MIN])), "old");
    assert_eq!(id(Some(&[i64::MAX])), "newest");
    assert_eq!(id(None), "newest");
}

/// More points than one thread places, with instants, compared with placing them one by one.
#[test]
fn many_points_are_placed_as_one_by_one() {
    let mut random = Random::new(5);
    let count = 100_000 + PIECE / 2;
    let (lon, lat): (Vec<_>, Vec<_>) = (0..count)
        .map(|_| (116.25 + 0.3 * random.share(), 39.75 + 0.3 * random.share()))
        .unzip();
    let city = City::try_new(parts(four_districts())).unwrap();
    let places = city.locate(&lon, &lat, None);
    for level in &city.levels {
        let areas = &places.areas[level.level.index()];
        assert_eq!(*areas, level.locate(&lon, &lat));
        for (at, area) in areas.iter().enumerate() {
            assert_eq!(*area, level.latest_version().locate(lon[at], lat[at]));
        }
    }
    for (at, cell) in places.cell.iter().enumerate() {
        let position = LatLng::new(lat[at], lon[at]).unwrap();
        assert_eq!(*cell, u64::from(position.to_cell(city.base_resolution)));
    }
    assert!(places.areas[2..].iter().flatten().all(|at| *at == NOWHERE));
}

#[test]
fn many_instants_are_placed_as_one_by_one() {
    let (city, mut random) = (renamed(), Random::new(6));
    let (lon, lat) = (vec![0.5; 100_001], vec![0.5; 100_001]);
    // From 2023-12-01 to 2025-03-06.
    let at: Vec<_> = (0..lon.len())
        .map(|_| {
            1_701_388_800_000_000 + i64::try_from(random.below(40_000_000)).unwrap() * 1_000_000
        })
        .collect();
    let places = city.locate(&lon, &lat, Some(&at));
    let versions = Calendar::new(city.largest(), city.time_zone);
    for (at, area) in at.iter().zip(&places.areas[0]) {
        assert_eq!(*area, versions.at(*at).locate(0.5, 0.5));
    }
}

#[test]
#[should_panic(expected = "as many longitudes as latitudes")]
fn slices_of_different_length_are_a_mistake() {
    city(vec![area("a", square(0.0, 0.0, 1.0))]).locate(&[0.0], &[], None);
}

/// `reference-stats/h3_index_points`: cells of real points by H3's C library.
#[rstest]
fn cells_are_those_of_the_c_library(#[values(5, 7, 8, 9, 10, 11)] resolution: u8) {
    let Some(table) =
        crate::real::zstd_text("reference-stats/h3_index_points/points_to_cells.csv.zst")
    else {
        return;
    };
    let mut rows = table
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (lat, lon, cell) = (
        column("lat"),
        column("lon"),
        column(&format!("h3_{resolution}")),
    );
    let (mut lons, mut lats, mut cells) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        lons.push(row[lon].parse().unwrap());
        lats.push(row[lat].parse().unwrap());
        cells.push(u64::from_str_radix(row[cell], 16).unwrap());
    }
    assert!(cells.len() > 1000);
    let mut parts = parts(four_districts());
    parts.base_resolution = Resolution::try_from(resolution).unwrap();
    assert_eq!(
        City::try_new(parts)
            .unwrap()
            .locate(&lons, &lats, None)
            .cell,
        cells
    );
}
