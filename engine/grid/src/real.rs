//! Boundaries of real cities, for tests: read from `../shared/data` beside the repository, or from `CITYBRAIN_DATA`.

use std::fs::File;
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use geo::{Geometry, MultiPolygon};

/// The boundaries of a file, in order of id bytes, with their ids; none when the real data are not there.
pub(crate) fn boundaries(file: &str, id: &str) -> Option<Vec<(String, MultiPolygon<f64>)>> {
    let file = open(file)?;
    let collection = geojson::FeatureCollection::try_from(
        geojson::GeoJson::from_reader(MultiGzDecoder::new(file)).unwrap(),
    )
    .unwrap();
    let mut areas: Vec<_> = collection
        .features
        .into_iter()
        .map(|feature| {
            let id = match feature.property(id).unwrap() {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let boundary = match Geometry::try_from(feature.geometry.unwrap()).unwrap() {
                Geometry::Polygon(polygon) => MultiPolygon::new(vec![polygon]),
                Geometry::MultiPolygon(boundary) => boundary,
                _ => unreachable!("boundaries are polygons"),
            };
            (id, boundary)
        })
        .collect();
    areas.sort_by(|a, b| a.0.cmp(&b.0));
    Some(areas)
}

/// The text of a file compressed with zstandard; none when the real data are not there.
pub(crate) fn zstd_text(file: &str) -> Option<String> {
    let bytes = zstd::decode_all(open(file)?).unwrap();
    Some(String::from_utf8(bytes).unwrap())
}

fn open(file: &str) -> Option<File> {
    let folder = std::env::var_os("CITYBRAIN_DATA").map_or_else(
        || {
            let crate_dir = std::env::var("CARGO_MANIFEST_DIR").unwrap();
            PathBuf::from(crate_dir).join("../../../shared/data")
        },
        PathBuf::from,
    );
    let file = File::open(folder.join(file)).ok();
    if file.is_none() {
        println!("skipped: no real data");
    }
    file
}

/// One level of each real city: file and id property.
pub(crate) const LEVELS: [(&str, &str); 9] = [
    (
        "boundaries-beijing/beijing_districts_wgs84.geojson.gz",
        "code",
    ),
    (
        "boundaries-beijing/beijing_subdistricts_wgs84.geojson.gz",
        "code",
    ),
    (
        "boundaries-boston/boston_neighborhoods.geojson.gz",
        "neighborhood_id",
    ),
    (
        "boundaries-boston/boston_tracts_ecometrics_2010_2020.geojson.gz",
        ".region_id",
    ),
    (
        "boundaries-chicago/chicago_community_areas.geojson.gz",
        "id",
    ),
    (
        "boundaries-chicago/chicago_census_tracts.geojson.gz",
        "census_tract",
    ),
    ("boundaries-nyc/nyc_boroughs.geojson.gz", "borough_id"),
    (
        "boundaries-nyc/nyc_community_districts.geojson.gz",
        "borough_cd_id",
    ),
    ("boundaries-nyc/nyc_nta_2010.geojson.gz", "nta_id"),
];
