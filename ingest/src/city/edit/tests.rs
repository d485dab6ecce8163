use rstest::rstest;

use super::*;

const CITY: &str = r#"
name = "Small"
time_zone = "UTC"
languages = ["en"]

[[level]]
level = "district"
name = { en = "District" }

[[level.boundary]]
file = "old.geojson"
id = "code"
crs = "epsg:2263"

[[level.boundary]]
file = "new.geojson"
id = "id"
valid_from = 2024-03-01
"#;

/// The files and dates of the largest level after these boundaries were put in.
fn versions(boundaries: &[&str]) -> Vec<(String, Option<String>)> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("city.toml");
    fs::write(&file, CITY).unwrap();
    let boundaries: Vec<NewBoundary> = boundaries.iter().map(|b| b.parse().unwrap()).collect();
    let text = with_boundaries(&file, &boundaries).unwrap();
    fs::write(&file, text).unwrap();
    let spec = read_spec(&file).unwrap();
    let boundaries = spec.levels[0].boundaries.iter();
    boundaries
        .map(|boundary| {
            assert!(boundary.file.is_absolute(), "{boundary:?}");
            let name = boundary.file.file_name().unwrap().to_string_lossy();
            let day = boundary.valid_from.map(|day| day.to_string());
            (name.into_owned(), day)
        })
        .collect()
}

fn version(file: &str, day: Option<&str>) -> (String, Option<String>) {
    (file.to_owned(), day.map(str::to_owned))
}

#[rstest]
#[case(&[], &[("old.geojson", None), ("new.geojson", Some("2024-03-01"))])]
#[case(&["district=x.json"], &[("old.geojson", None), ("x.json", Some("2024-03-01"))])]
#[case(&["district@2025-01-01=x.json"], &[("old.geojson", None), ("new.geojson", Some("2024-03-01")), ("x.json", Some("2025-01-01"))])]
#[case(&["district@2024-03-01=x.json"], &[("old.geojson", None), ("x.json", Some("2024-03-01"))])]
#[case(&["district@2023-01-01=x.json"], &[("old.geojson", None), ("x.json", Some("2023-01-01")), ("new.geojson", Some("2024-03-01"))])]
#[case(&["district@2025-01-01=x.json", "district=y.json"], &[("old.geojson", None), ("new.geojson", Some("2024-03-01")), ("y.json", Some("2025-01-01"))])]
fn a_boundary_file_takes_its_place_among_the_versions(
    #[case] boundaries: &[&str],
    #[case] expected: &[(&str, Option<&str>)],
) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(file, day)| version(file, *day))
        .collect();
    assert_eq!(versions(boundaries), expected);
}

#[rstest]
#[case("district", NewBoundaryError::Form("district".into()))]
#[case("district=", NewBoundaryError::Form("district=".into()))]
#[case("province=a.json", NewBoundaryError::Level("province".into()))]
#[case("district@soon=a.json", NewBoundaryError::Date("soon".into()))]
fn a_text_that_names_no_boundary_says_what_is_wrong(
    #[case] text: &str,
    #[case] expected: NewBoundaryError,
) {
    assert_eq!(text.parse::<NewBoundary>(), Err(expected));
}

#[test]
fn a_level_that_the_city_lacks_is_named_with_those_that_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("city.toml");
    fs::write(&file, CITY).unwrap();
    let error = with_boundaries(&file, &["grid=a.json".parse().unwrap()]).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("no level grid") && error.contains("district"),
        "{error}"
    );
}
