use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use citybrain_grid::City;
use flate2::Compression;
use flate2::write::GzEncoder;
use rstest::rstest;
use tempfile::TempDir;

use super::*;

mod bad_files;
mod files;
mod formats;
mod survey;

const CITY: &str = r#"
name = "Sample"
time_zone = "Asia/Shanghai"
base_resolution = 9
languages = ["zh", "en"]

[[level]]
level = "district"
name = { zh = "区", en = "District" }
[[level.boundary]]
file = "areas/district.geojson"
id = "code"
label = "name"
label_en = "name_en"
parent = "city"
population = "people"

[[level]]
level = "community"
name = { zh = "社区" }
[[level.boundary]]
file = "areas/community.geojson"
id = "code"
parent = "district"
"#;

const DISTRICTS: &str = r#"{"type": "FeatureCollection", "name": "d", "features": [
{"type": "Feature", "properties": {"code": 110101000000, "name": "东", "name_en": "East", "people": 7e3}, "geometry": {"type": "Polygon", "coordinates": [[[116.4, 39.9], [116.5, 39.9], [116.5, 40.0], [116.4, 40.0], [116.4, 39.9]]]}},
{"type": "Feature", "properties": {"code": 2.0, "name": "西", "name_en": null, "people": "12"}, "geometry": {"type": "MultiPolygon", "coordinates": [[[[116.3, 39.9, 50.0], [116.4, 39.9], [116.4, 40.0], [116.3, 40.0], [116.3, 39.9]]]]}}
]}"#;

const COMMUNITIES: &str = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"code": "c1", "district": "110101000000"}, "geometry": {"type": "Polygon", "coordinates": [[[116.41, 39.91], [116.42, 39.91], [116.42, 39.92], [116.41, 39.91]]]}}
]}"#;

/// A folder with a city in it; the texts are first changed by replacing.
fn folder_with(changes: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("areas")).unwrap();
    let files = [
        ("city.toml", CITY),
        ("areas/district.geojson", DISTRICTS),
        ("areas/community.geojson", COMMUNITIES),
    ];
    for (name, text) in files {
        let text = changes
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().join("city.toml");
    (folder, path)
}

fn read(changes: &[(&str, &str)]) -> Result<(City, CityReport), CityError> {
    let (_folder, path) = folder_with(changes);
    read_city(&path)
}

#[test]
fn a_city_is_read_with_its_ids_names_parents_and_populations() {
    let (city, report) = read(&[]).unwrap();
    assert_eq!(
        (city.name.as_str(), city.time_zone.name()),
        ("Sample", "Asia/Shanghai")
    );
    let areas = &city.levels[0].areas;
    let ids: Vec<_> = areas.iter().map(|area| area.id.as_str()).collect();
    assert_eq!(ids, ["110101000000", "2"]);
    assert_eq!(
        (areas[0].name.as_str(), areas[0].names["en"].as_str()),
        ("东", "East")
    );
    assert!(areas[1].names.is_empty());
    assert_eq!(
        (areas[0].population, areas[1].population),
        (Some(7000.0), Some(12.0))
    );
    assert_eq!(
        city.levels[1].areas[0].parent.as_deref(),
        Some("110101000000")
    );
    assert_eq!(city.levels[1].areas[0].name, "c1");
    assert_eq!(city.levels[0].names["zh"], "区");
    assert_eq!(report.count(Severity::Warning), 0);
}

#[rstest]
#[case::unknown_key(
    "base_resolution",
    "base_resolutoin",
    "city.toml: line 4: unknown field `base_resolutoin`"
)]
#[case::not_toml("name = \"Sample\"", "name = ", "city.toml: line 2:")]
#[case::missing_key("time_zone = \"Asia/Shanghai\"", "", "missing field `time_zone`")]
#[case::zone(
    "Asia/Shanghai",
    "Asia/Pekin",
    "time_zone: \"Asia/Pekin\" is not a zone"
)]
#[case::resolution(
    "base_resolution = 9",
    "base_resolution = 16",
    "base_resolution: 16 is not an H3 resolution from 5 to 12"
)]
#[case::level_word(
    "level = \"district\"",
    "level = \"borough\"",
    "level: \"borough\" is not an area level"
)]
#[case::level_order(
    "level = \"community\"",
    "level = \"district\"",
    "level: district comes after district"
)]
#[case::language(
    "name = { zh = \"社区\" }",
    "name = { fr = \"quartier\" }",
    "level community: name.fr: \"fr\" is not among"
)]
#[case::boundary_key(
    "population = ",
    "residents = ",
    "level district, boundary 1: residents: unknown key"
)]
#[case::label_language(
    "label_en",
    "label_fr",
    "level district, boundary 1: label_fr: unknown key"
)]
#[case::largest_parent(
    "parent = \"city\"",
    "parent = \"code\"",
    "level district, boundary 1: parent: the largest level lies in the city"
)]
#[case::epsg(
    "parent = \"city\"",
    "crs = \"epsg:1\"",
    "level district, boundary 1: crs: epsg:1 is not in the EPSG register"
)]
#[case::crs(
    "parent = \"city\"",
    "crs = \"WGS\"",
    "crs: \"WGS\" is not a coordinate system"
)]
#[case::date("parent = \"city\"", "valid_from = 2024-13-01", "city.toml: line 15:")]
#[case::date_text(
    "parent = \"city\"",
    "valid_from = \"spring\"",
    "valid_from: \"spring\" is not a date"
)]
#[case::file_type(
    "areas/district.geojson",
    "areas/district.kml",
    "district.kml: a boundary file ends in .geojson"
)]
#[case::compressed_twice(
    "areas/district.geojson",
    "areas/district.shp.gz",
    "district.shp.gz: Parquet, zip and shapefiles are read without .gz"
)]
#[case::object_of_geojson(
    "parent = \"city\"",
    "object = \"areas\"",
    "district.geojson: object: there is no \"areas\", it has no layers"
)]
#[case::degrees_for_metres(
    "parent = \"city\"",
    "crs = \"epsg:4549\"",
    "district.geojson: crs: every position is a longitude and latitude in degrees, not easting"
)]
#[case::missing_file(
    "areas/district.geojson",
    "areas/none.geojson",
    "none.geojson: No such file"
)]
#[case::directory("areas/district.geojson", "areas", "areas: is a directory")]
#[case::id_property(
    "id = \"code\"",
    "id = \"Code\"",
    "district.geojson: feature 1: has no property \"Code\" (it has code, name, name_en, people)"
)]
#[case::duplicate_id(
    "\"code\": 2.0",
    "\"code\": 110101000000.0",
    "district.geojson: feature 2: has the id \"110101000000\" of feature 1"
)]
#[case::null_id(
    "\"code\": 2.0",
    "\"code\": null",
    "district.geojson: feature 2: the id in \"code\" is empty"
)]
#[case::list_id(
    "\"code\": 2.0",
    "\"code\": [2]",
    "district.geojson: feature 2: the property \"code\" is [2], neither text nor a number"
)]
#[case::population(
    "\"12\"",
    "\"many\"",
    "feature 2: the population in \"people\" is \"many\", which is no count of people"
)]
#[case::point(
    "\"Polygon\", \"coordinates\": [[[116.4, 39.9], [116.5, 39.9], [116.5, 40.0], [116.4, 40.0], [116.4, 39.9]]]",
    "\"Point\", \"coordinates\": [116.4, 39.9]",
    "district.geojson: feature 1: \"110101000000\" is a Point, not a Polygon"
)]
#[case::null_geometry(
    "{\"type\": \"MultiPolygon\", \"coordinates\": [[[[116.3, 39.9, 50.0], [116.4, 39.9], [116.4, 40.0], [116.3, 40.0], [116.3, 39.9]]]]}",
    "null",
    "feature 2: \"2\" has an empty geometry"
)]
#[case::empty_geometry(
    "[[[[116.3, 39.9, 50.0], [116.4, 39.9], [116.4, 40.0], [116.3, 40.0], [116.3, 39.9]]]]",
    "[]",
    "feature 2: \"2\" has an empty geometry"
)]
#[case::projected(
    "[116.5, 40.0]",
    "[440000.0, 4420000.0]",
    "feature 1: \"110101000000\" has the position [440000.0, 4420000.0], which is no longitude"
)]
#[case::stated_crs(
    "\"name\": \"d\"",
    "\"crs\": {\"type\": \"name\", \"properties\": {\"name\": \"urn:ogc:def:crs:EPSG::4547\"}}",
    "district.geojson: crs: every position is a longitude and latitude in degrees, not easting and northing of epsg:4547"
)]
#[case::stated_crs_unknown(
    "\"name\": \"d\"",
    "\"crs\": {\"type\": \"name\", \"properties\": {\"name\": \"urn:ogc:def:crs:EPSG::1\"}}",
    "district.geojson: crs: the file says urn:ogc:def:crs:EPSG::1: epsg:1 is not in"
)]
#[case::stated_crs_late(
    "\n]}",
    "\n], \"crs\": {\"type\": \"name\", \"properties\": {\"name\": \"urn:ogc:def:crs:EPSG::4547\"}}}",
    "district.geojson: crs: the file says urn:ogc:def:crs:EPSG::4547; say which system"
)]
#[case::parent_id(
    "\"district\": \"110101000000\"",
    "\"district\": \"9\"",
    "level community: the area \"c1\" has the parent \"9\", which is no district"
)]
#[case::parent_null(
    "\"district\": \"110101000000\"",
    "\"district\": null",
    "level community: the area \"c1\" has no parent"
)]
#[case::topology(
    "\"FeatureCollection\", \"name\"",
    "\"Topology\", \"name\"",
    "is not a GeoJSON FeatureCollection: after feature 2: missing field `arcs`"
)]
#[case::cut(
    "\n]}",
    "\n",
    "is not a GeoJSON FeatureCollection: after feature 2: EOF while parsing"
)]
#[case::no_json(
    DISTRICTS,
    "PK\u{3}\u{4}",
    "district.geojson: its name says JSON, its content is a zip archive"
)]
#[case::other_json(
    DISTRICTS,
    "[1, 2]",
    "expected an object with \"type\": \"FeatureCollection\""
)]
#[case::empty_file(DISTRICTS, "", "district.geojson: is empty")]
#[case::no_feature(
    DISTRICTS,
    "{\"type\": \"FeatureCollection\", \"features\": []}",
    "district.geojson: has no features"
)]
fn bad_input_is_one_line_that_names_the_place(
    #[case] from: &str,
    #[case] to: &str,
    #[case] says: &str,
) {
    let (_folder, path) = folder_with(&[]);
    for name in [
        "city.toml",
        "areas/district.geojson",
        "areas/community.geojson",
    ] {
        let path = path.parent().unwrap().join(name);
        let text = fs::read_to_string(&path).unwrap();
        let changed = text.replace(from, to);
        if changed != text {
            fs::write(&path, changed).unwrap();
        }
    }
    let error = read_city(&path).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert!(!error.contains('\n'), "{error}");
    let file = error.split(": ").next().unwrap();
    assert!(
        Path::new(file).starts_with(path.parent().unwrap()),
        "{error}"
    );
}

#[test]
fn a_level_without_a_boundary_and_a_city_without_a_level_are_refused() {
    let no_level = CITY.split("[[level]]").next().unwrap();
    let no_boundary =
        format!("{no_level}[[level]]\nlevel = \"district\"\nname = {{ zh = \"区\" }}\n");
    for (text, says) in [
        (
            no_boundary.as_str(),
            "level district: has no [[level.boundary]]",
        ),
        (no_level, "level: a city needs at least one [[level]]"),
    ] {
        let (_folder, path) = folder_with(&[]);
        fs::write(&path, text).unwrap();
        let error = read_city(&path).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_missing_city_file_or_a_folder_in_its_place_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = read_city(&folder.path().join("none.toml"))
        .unwrap_err()
        .to_string();
    assert!(missing.contains("none.toml: No such file"), "{missing}");
    let directory = read_city(folder.path()).unwrap_err().to_string();
    assert!(
        directory.ends_with("is a directory, not a file"),
        "{directory}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The city with its districts in a file of this name and content.
fn with_districts(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let (folder, path) = folder_with(&[("areas/district.geojson", name)]);
    fs::write(folder.path().join(name), bytes).unwrap();
    (folder, path)
}

#[test]
fn compressed_files_and_a_byte_order_mark_read_the_same() {
    let plain = read(&[]).unwrap().0.fingerprint;
    let marked = format!("\u{feff}{DISTRICTS}");
    let zstd = zstd::encode_all(DISTRICTS.as_bytes(), 3).unwrap();
    for (name, bytes) in [
        ("areas/d.geojson.gz", gzip(DISTRICTS.as_bytes())),
        ("areas/d.json.zst", zstd),
        ("areas/d.JSON", marked.clone().into_bytes()),
        ("areas/d.json.gz", gzip(marked.as_bytes())),
    ] {
        let (_folder, path) = with_districts(name, &bytes);
        assert_eq!(read_city(&path).unwrap().0.fingerprint, plain, "{name}");
    }
}

#[test]
fn a_cut_off_archive_is_refused_wherever_it_is_cut() {
    let zstd = zstd::encode_all(DISTRICTS.as_bytes(), 3).unwrap();
    for (name, bytes) in [
        ("areas/d.geojson.gz", gzip(DISTRICTS.as_bytes())),
        ("areas/d.geojson.zst", zstd),
    ] {
        for left in [5, bytes.len() / 2, bytes.len() - 3] {
            let (_folder, path) = with_districts(name, &bytes[..left]);
            let error = read_city(&path).unwrap_err().to_string();
            assert!(
                error.contains("data are cut off or damaged"),
                "{left}: {error}"
            );
            assert!(error.contains(name) && !error.contains('\n'), "{error}");
        }
    }
}

/// Decimals that a fast reader rounds to a neighbour of the nearest float.
#[test]
fn every_coordinate_is_the_nearest_float_to_what_is_written() {
    let mut digits = 1_234_567_u64;
    for _ in 0..200 {
        digits = digits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let text = format!("116.5{:016}", digits % 10_u64.pow(16));
        let (city, _) = read(&[("[116.5, 40.0]", &format!("[{text}, 40.0]"))]).unwrap();
        assert_eq!(
            city.bbox().east.to_bits(),
            text.parse::<f64>().unwrap().to_bits(),
            "{text}"
        );
    }
}

#[test]
fn a_copy_reads_the_same_wherever_it_lies() {
    let (folder, path) = folder_with(&[]);
    let original = read_city(&path).unwrap().0;
    let listed = files(&path).unwrap();
    assert_eq!(listed.len(), 3);
    assert!(listed.iter().all(|file| file.is_file()));
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = copy_city(&path, elsewhere.path()).unwrap();
    drop(folder);
    let (city, report) = read_city(&copy).unwrap();
    assert_eq!(city.fingerprint, original.fingerprint);
    assert_eq!(city.boundary_version(), original.boundary_version());
    assert_eq!(
        report.levels[0].boundaries[0].file,
        Path::new("areas/district.geojson")
    );
}

#[test]
fn boundary_versions_are_read_with_their_dates_and_copied_side_by_side() {
    let second = "[[level.boundary]]\nfile = \"areas/district.geojson\"\nid = \"code\"\nvalid_from = 2024-05-01\n";
    let (_folder, path) = folder_with(&[(
        "population = \"people\"\n",
        &format!("population = \"people\"\n{second}"),
    )]);
    let (city, _) = read_city(&path).unwrap();
    assert_eq!(city.levels[0].versions().len(), 2);
    assert!(city.boundary_version().starts_with("2024-05-01-"));
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = copy_city(&path, elsewhere.path()).unwrap();
    assert!(
        elsewhere
            .path()
            .join("areas/district-2024-05-01.geojson")
            .is_file()
    );
    assert_eq!(read_city(&copy).unwrap().0.fingerprint, city.fingerprint);
    let undated = path.with_file_name("undated.toml");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("valid_from = 2024-05-01\n", "");
    fs::write(&undated, text).unwrap();
    let error = read_city(&undated).unwrap_err().to_string();
    assert!(
        error.contains("level district, boundary 2: valid_from: boundaries go from old to new"),
        "{error}"
    );
}

#[test]
fn coordinates_of_chinese_maps_are_converted() {
    let wgs84 = read(&[]).unwrap().0;
    let gcj02 = read(&[("parent = \"city\"", "crs = \"gcj02\"")]).unwrap().0;
    let (shift_lon, shift_lat) = (
        wgs84.bbox().west - gcj02.bbox().west,
        wgs84.bbox().south - gcj02.bbox().south,
    );
    // In Beijing GCJ-02 lies about 6 thousandths of a degree east and 1.4 north.
    assert!((0.005..0.007).contains(&shift_lon) && (0.001..0.002).contains(&shift_lat));
    let cgcs2000 = read(&[("parent = \"city\"", "crs = \"cgcs2000\"")])
        .unwrap()
        .0;
    assert_eq!(cgcs2000.fingerprint, wgs84.fingerprint);
}

fn rules(report: &CityReport) -> Vec<FindingRule> {
    let boundaries = report.levels.iter().flat_map(|level| &level.boundaries);
    let mut rules: Vec<_> = boundaries
        .flat_map(|b| &b.findings)
        .map(|finding| finding.rule)
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

#[test]
fn nothing_is_repaired_silently() {
    let (_folder, path) = folder_with(&[]);
    let clean = check(&path).unwrap();
    assert_eq!(rules(&clean), [FindingRule::Uncovered]);
    assert!(clean.base_cells.is_some_and(|cells| cells > 0) && !clean.has_errors());
    let look = |changes: &[(&str, &str)]| {
        let (_folder, path) = folder_with(changes);
        check(&path).unwrap()
    };
    let bow_tie = look(&[(
        "[116.5, 39.9], [116.5, 40.0]",
        "[116.5, 40.0], [116.5, 39.9]",
    )]);
    assert!(rules(&bow_tie).contains(&FindingRule::InvalidRing));
    let overlap = look(&[(
        "[116.4, 39.9], [116.4, 40.0], [116.3, 40.0]",
        "[116.41, 39.9], [116.41, 40.0], [116.3, 40.0]",
    )]);
    assert!(rules(&overlap).contains(&FindingRule::Overlap));
    let one_name = look(&[("\"西\"", "\"东\"")]);
    assert!(rules(&one_name).contains(&FindingRule::DuplicateName));
    let no_name = look(&[("\"西\"", "null")]);
    assert!(rules(&no_name).contains(&FindingRule::NoLabel));
    let out = look(&[("[116.41, 39.91]", "[116.39, 39.91]")]);
    assert!(rules(&out).contains(&FindingRule::OutsideParent) && !out.has_errors());
    let datum = look(&[(
        "\"name\": \"d\"",
        "\"crs\": {\"type\": \"name\", \"properties\": {\"name\": \"urn:ogc:def:crs:EPSG::4269\"}}",
    )]);
    assert!(rules(&datum).contains(&FindingRule::Datum));
}

#[test]
fn what_cannot_be_meant_is_an_error() {
    let (_folder, path) = folder_with(&[("\"district\": \"110101000000\"", "\"district\": \"2\"")]);
    let report = check(&path).unwrap();
    assert!(rules(&report).contains(&FindingRule::WrongParent) && report.has_errors());
    // The second district covers the first one's ground, but the first id has it: the second holds nothing.
    let same = "[116.4, 39.9], [116.5, 39.9], [116.5, 40.0], [116.4, 40.0], [116.4, 39.9]";
    let other = "[116.3, 39.9, 50.0], [116.4, 39.9], [116.4, 40.0], [116.3, 40.0], [116.3, 39.9]";
    let (_folder, path) = folder_with(&[(other, same)]);
    let report = check(&path).unwrap();
    assert!(rules(&report).contains(&FindingRule::Covered) && report.has_errors());
}

#[test]
fn a_report_is_for_people_and_for_machines() {
    let (_folder, path) = folder_with(&[("\"西\"", "\"东\"")]);
    let report = check(&path).unwrap();
    let text = report.to_string();
    assert!(
        text.starts_with("Sample: Asia/Shanghai, cells of resolution 9 ("),
        "{text}"
    );
    assert!(
        text.contains(
            "warning: name of several areas: 1\n    东 is the name of 110101000000 and 2\n"
        ),
        "{text}"
    );
    assert!(text.ends_with("0 errors, 2 warnings"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json["levels"][1]["boundaries"][0]["parents"]["property"],
        "district"
    );
    assert_eq!(
        json["levels"][0]["boundaries"][0]["findings"][0]["rule"],
        "duplicate_name"
    );
    assert_eq!(
        json["levels"][0]["boundaries"][0]["findings"][0]["severity"],
        "warning"
    );
}

/// The four city files of the tests over real boundaries.
#[rstest]
#[case("beijing", &[16, 343])]
#[case("boston", &[26, 168])]
#[case("chicago", &[77, 789])]
#[case("nyc", &[5, 71, 195])]
fn real_cities_are_read(#[case] name: &str, #[case] areas: &[usize]) {
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap())
        .join(format!("../tests/cities/{name}.toml"));
    if !files(&path).unwrap().iter().all(|file| file.is_file()) {
        println!("skipped: no real data");
        return;
    }
    let (city, report) = read_city(&path).unwrap();
    let counts: Vec<_> = city
        .levels
        .iter()
        .map(|level| level.latest().len())
        .collect();
    assert_eq!(counts, areas);
    assert!(!report.has_errors());
}
