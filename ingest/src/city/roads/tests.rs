use std::fs;
use std::path::{Path, PathBuf};

use citybrain_grid::City;
use rstest::rstest;
use tempfile::TempDir;

use crate::city::{CityError, copy_city, copy_roads, files, read_city};

const CITY: &str = r#"
name = "样本市"
time_zone = "Asia/Shanghai"
languages = ["zh"]
KEYS

[[level]]
level = "district"
name = { zh = "区" }
[[level.boundary]]
file = "district.geojson"
id = "code"
label = "name"
"#;

const DISTRICT: &str = r#"{"type": "Feature", "properties": {"code": "1", "name": "朝阳区"},
    "geometry": {"type": "Polygon", "coordinates": [[[116, 39], [117, 39], [117, 40], [116, 40], [116, 39]]]}}"#;

fn road(properties: &str, geometry: &str) -> String {
    format!(r#"{{"type": "Feature", "properties": {{{properties}}}, "geometry": {geometry}}}"#)
}

fn line(properties: &str) -> String {
    road(
        properties,
        r#"{"type": "LineString", "coordinates": [[116.1, 39.5], [116.9, 39.5]]}"#,
    )
}

/// A city with this key for its roads and this file of them.
fn city(keys: &str, name: &str, roads: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("city.toml", CITY.replace("KEYS", keys).as_bytes());
    write("district.geojson", DISTRICT.as_bytes());
    write(name, roads);
    let path = folder.path().join("city.toml");
    (folder, path)
}

fn nearest(city: &City, lon: f64, lat: f64) -> Option<String> {
    let roads = city.roads()?;
    let (road, _) = roads.nearest_road(lon, lat)?;
    roads.name(road).map(ToOwned::to_owned)
}

fn refused(keys: &str, roads: &str) -> String {
    let (_folder, path) = city(keys, "roads.geojson", roads.as_bytes());
    let error = read_city(&path).unwrap_err().to_string();
    error.rsplit('/').next().unwrap().to_owned()
}

const ROADS: &str = "roads = \"roads.geojson\"";

#[test]
fn named_lines_are_roads_and_the_others_are_counted() {
    let roads = [
        line(r#""name": " 长安街 ", "highway": "primary""#),
        line(r#""highway": "service""#),
        line(r#""name": null"#),
        line(r#""name": """#),
        road(r#""name": "无线路""#, "null"),
        road(
            r#""name": 101"#,
            r#"{"type": "MultiLineString", "coordinates": [[[116.1, 39.9, 44], [116.2, 39.9, 44]], []]}"#,
        ),
        road(
            r#""highway": "crossing""#,
            r#"{"type": "Point", "coordinates": [116.1, 39.9]}"#,
        ),
    ];
    let (_folder, path) = city(ROADS, "roads.geojson", roads.join("\n").as_bytes());
    let (city, report) = read_city(&path).unwrap();
    assert_eq!(nearest(&city, 116.5, 39.51).as_deref(), Some("长安街"));
    assert_eq!(nearest(&city, 116.15, 39.88).as_deref(), Some("101"));
    let told = report.roads.as_ref().unwrap();
    assert_eq!((told.roads, told.left_out), (2, 5));
    let shown = report.to_string();
    assert!(
        shown.contains(
            "roads: 2 named roads, 5 features without name or course, roads.geojson (wgs84)"
        ),
        "{shown}"
    );
}

#[test]
fn another_property_another_system_and_packed_bytes() {
    let bytes = zstd::encode_all(line(r#""ROAD_NAM": "a""#).as_bytes(), 1).unwrap();
    let keys = r#"roads = { file = "r.geojson.zst", name = "ROAD_NAM", crs = "gcj02" }"#;
    let (_folder, path) = city(keys, "r.geojson.zst", &bytes);
    let (city, _) = read_city(&path).unwrap();
    let (_, metres) = city.roads().unwrap().nearest_road(116.5, 39.5).unwrap();
    // GCJ-02 is some hundred metres off in China.
    assert!((50.0..600.0).contains(&metres), "{metres}");
}

#[test]
fn roads_decide_no_place() {
    let (_folder, path) = city(ROADS, "roads.geojson", line(r#""name": "a""#).as_bytes());
    let (_other, without) = city("", "roads.geojson", b"");
    let fingerprint = |path: &Path| read_city(path).unwrap().0.fingerprint;
    assert_eq!(fingerprint(&path), fingerprint(&without));
}

#[rstest]
#[case::no_name(ROADS, &line(r#""highway": "a", "lanes": 2"#), "roads.geojson: no feature has a name in the property \"name\" (they have highway, lanes): roads.name says which property it is")]
#[case::nothing(ROADS, &line(""), "roads.geojson: no feature has a name in the property \"name\" (they have no other property): roads.name says which property it is")]
#[case::area(ROADS, &DISTRICT.replace("\"code\"", "\"n\""), "roads.geojson: feature 1: \"朝阳区\" is a Polygon, not a LineString or MultiLineString")]
#[case::point(ROADS, &road(r#""name": "a""#, r#"{"type": "Point", "coordinates": [1, 2]}"#), "roads.geojson: feature 1: \"a\" is a Point, not a LineString or MultiLineString")]
#[case::position(ROADS, &line(r#""name": "a""#).replace("116.9", "316.9"), "roads.geojson: feature 1: \"a\" has the position [316.9, 39.5], which is ")]
#[case::list(ROADS, &line(r#""name": ["a"]"#), "roads.geojson: feature 1: the property \"name\" is [\"a\"], neither text nor a number")]
#[case::key(
    "roads = { file = \"roads.geojson\", label = \"a\" }",
    "",
    "city.toml: roads.label: unknown key, expected file, object, name, crs"
)]
#[case::crs(
    "roads = { file = \"roads.geojson\", crs = \"mars\" }",
    "",
    "city.toml: roads.crs: "
)]
#[case::no_file(
    "roads = 7",
    "",
    "city.toml: roads: must be a path, or a table with the key file"
)]
#[case::metres(
    "roads = { file = \"roads.geojson\", crs = \"epsg:4479\" }",
    "",
    "city.toml: roads.crs: "
)]
#[case::empty(ROADS, "", "roads.geojson: ")]
fn what_makes_no_roads_is_told(#[case] keys: &str, #[case] roads: &str, #[case] rule: &str) {
    let told = refused(keys, roads);
    assert!(told.starts_with(rule), "{told}");
}

#[test]
fn a_missing_file_is_named() {
    let (folder, path) = city(ROADS, "roads.geojson", b"x");
    fs::remove_file(folder.path().join("roads.geojson")).unwrap();
    let error = read_city(&path).unwrap_err();
    assert!(
        matches!(&error, CityError::File { path, .. } if path.ends_with("roads.geojson")),
        "{error}"
    );
}

#[test]
fn the_copy_of_a_city_keeps_its_roads_and_takes_others() {
    let keys = r#"roads = { file = "roads.geojson", name = "name" }"#;
    let (folder, path) = city(
        keys,
        "roads.geojson",
        line(r#""name": "before""#).as_bytes(),
    );
    assert!(
        files(&path)
            .unwrap()
            .contains(&folder.path().join("roads.geojson"))
    );
    let to = tempfile::tempdir().unwrap();
    let copy = copy_city(&path, to.path()).unwrap();
    let now = || nearest(&read_city(&copy).unwrap().0, 116.5, 39.5);
    assert_eq!(now().as_deref(), Some("before"));

    copy_roads(&path, &copy).unwrap();
    assert!(!copy_roads(&path, &copy).unwrap());
    fs::write(
        folder.path().join("roads.geojson"),
        line(r#""name": "after""#),
    )
    .unwrap();
    assert_eq!(now().as_deref(), Some("before"));
    assert!(copy_roads(&path, &copy).unwrap());
    assert_eq!(now().as_deref(), Some("after"));

    fs::write(&path, CITY.replace("KEYS", "")).unwrap();
    assert!(copy_roads(&path, &copy).unwrap());
    assert_eq!(now(), None);
    assert!(!copy_roads(&path, &copy).unwrap());
}
