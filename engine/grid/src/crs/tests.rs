use approx::assert_abs_diff_eq;
use geo::{Area, BooleanOps, MapCoords, MultiPolygon};
use proptest::prelude::*;

use super::*;
use crate::real;

/// `reference-stats/coord_conversion`: the published points of wandergis/coordtransform. Its inverses go one step only.
#[test]
fn the_published_points_are_met() {
    let (lon, lat) = Crs::Gcj02.from_wgs84(116.404, 39.915);
    assert_abs_diff_eq!(lon, 116.410_244_499_169_38, epsilon = 1e-12);
    assert_abs_diff_eq!(lat, 39.916_404_281_501_64, epsilon = 1e-12);
    let (lon, lat) = gcj02_to_bd09(116.404, 39.915);
    assert_abs_diff_eq!(lon, 116.410_369_493_710_29, epsilon = 1e-12);
    assert_abs_diff_eq!(lat, 39.921_336_993_510_21, epsilon = 1e-12);
    let (lon, lat) = inverted(gcj02_to_bd09, 116.404, 39.915);
    assert_abs_diff_eq!(lon, 116.397_627_291_193_15, epsilon = 2e-5);
    assert_abs_diff_eq!(lat, 39.908_656_739_576_31, epsilon = 2e-5);
    let (lon, lat) = Crs::Gcj02.to_wgs84(116.404, 39.915);
    assert_abs_diff_eq!(lon, 116.397_755_500_830_61, epsilon = 2e-5);
    assert_abs_diff_eq!(lat, 39.913_595_718_498_36, epsilon = 2e-5);
}

proptest! {
    #[test]
    fn the_way_back_meets_the_start(lon in 74.0..135.0, lat in 2.0..54.0) {
        for crs in [Crs::Wgs84, Crs::Cgcs2000, Crs::Gcj02, Crs::Bd09] {
            let (x, y) = crs.to_wgs84(lon, lat);
            let (back_lon, back_lat) = crs.from_wgs84(x, y);
            prop_assert!((back_lon - lon).abs() < 1e-9 && (back_lat - lat).abs() < 1e-9);
        }
    }
}

#[test]
fn outside_china_nothing_moves_and_what_is_no_number_stays_none() {
    assert_eq!(Crs::Gcj02.to_wgs84(-73.99, 40.73), (-73.99, 40.73));
    assert!(Crs::Bd09.to_wgs84(f64::NAN, 40.0).0.is_nan());
    // On the border of the rectangle the shift jumps; there is still an answer.
    assert!(Crs::Gcj02.to_wgs84(72.004, 30.0).0.is_finite());
}

#[test]
fn a_word_names_a_system_or_is_refused_with_a_reason() {
    for word in ["wgs84", "cgcs2000", "gcj02", "bd09"] {
        assert_eq!(word.parse::<Crs>().map(Crs::as_str), Ok(word));
    }
    assert_eq!(
        "epsg:2263".parse::<Crs>(),
        Err(UnknownCrs::Epsg("epsg:2263".into()))
    );
    assert_eq!(
        "WGS84".parse::<Crs>(),
        Err(UnknownCrs::Word("WGS84".into()))
    );
}

/// Seventeen streets of Dongcheng as published in GCJ-02 against the same streets in WGS 84: they share 0.714 of their union as
/// published and 0.985 after conversion (computed with shapely when the data were collected).
#[test]
fn the_streets_of_dongcheng_fall_into_place() {
    let folder = "boundaries-beijing";
    let Some(gcj02) = real::boundaries(
        &format!("{folder}/dongcheng_streets_gcj02.geojson.gz"),
        "name",
    ) else {
        return;
    };
    let wgs84 = real::boundaries(
        &format!("{folder}/beijing_subdistricts_wgs84.geojson.gz"),
        "code",
    )
    .unwrap();
    let streets = wgs84
        .into_iter()
        .filter(|(code, _)| code.starts_with("110101"));
    let wgs84: Vec<_> = streets
        .map(|(_, boundary)| crate::clean::cleaned(&boundary, &[]))
        .collect();
    assert_eq!((gcj02.len(), wgs84.len()), (17, 17));
    let union = |all: Vec<MultiPolygon<f64>>| geo::unary_union(&all);
    let target = union(wgs84);
    let share = |shape: &MultiPolygon<f64>| {
        shape.intersection(&target).unsigned_area() / shape.union(&target).unsigned_area()
    };
    let as_published = gcj02.iter().map(|(_, b)| crate::clean::cleaned(b, &[]));
    let as_published = union(as_published.collect());
    let converted = as_published.map_coords(|c| Crs::Gcj02.to_wgs84(c.x, c.y).into());
    assert_abs_diff_eq!(share(&as_published), 0.714, epsilon = 0.001);
    assert_abs_diff_eq!(share(&converted), 0.985, epsilon = 0.001);
}
