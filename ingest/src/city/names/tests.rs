use rstest::rstest;
use tempfile::TempDir;

use super::*;
use crate::city::{copy_city, files, read_city};

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

const DISTRICT: &str = r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "1", "name": "朝阳区"},
    "geometry": {"type": "Polygon", "coordinates": [[[116, 39], [117, 39], [117, 40], [116, 40], [116, 39]]]}}]}"#;

/// A city of one district with these keys and files.
fn city(keys: &str, more: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("city.toml", &CITY.replace("KEYS", keys));
    write("district.geojson", DISTRICT);
    for (name, text) in more {
        write(name, text);
    }
    folder
}

fn read(folder: &TempDir) -> Result<PlaceNames, CityError> {
    let path = folder.path().join("city.toml");
    let city = Arc::new(read_city(&path)?.0);
    read_place_names(&path, city)
}

fn district(names: &PlaceNames, declared: &str) -> Option<u32> {
    let declared = [Some(declared.to_owned()), None, None];
    names
        .declared(&declared, chrono::DateTime::UNIX_EPOCH)
        .areas[0]
}

const BOTH: &str = "aliases = \"a.csv\"\ngazetteer = { file = \"g.csv\", crs = \"gcj02\" }";

#[test]
fn aliases_and_places_are_read_also_from_the_copy_of_a_city() {
    let files_of_names = [
        ("a.csv", "\u{feff}alias,level,id\n商务中心区,district,1\n"),
        ("g.csv", "name,lon,lat\n恩济花园,116.5,39.5\n"),
    ];
    let folder = city(BOTH, &files_of_names);
    let names = read(&folder).unwrap();
    assert_eq!(district(&names, "商务中心区"), Some(0));
    let path = folder.path().join("city.toml");
    assert_eq!(files(&path).unwrap().len(), 4);
    let copy = tempfile::tempdir().unwrap();
    let copied = copy_city(&path, copy.path()).unwrap();
    let again = read(&copy).unwrap();
    assert_eq!(district(&again, "商务中心区"), Some(0));
    assert_eq!(again.city().fingerprint, names.city().fingerprint);
    assert!(
        files(&copied)
            .unwrap()
            .iter()
            .all(|file| file.starts_with(copy.path()))
    );
}

#[test]
fn what_the_names_lead_to_is_in_the_fingerprint() {
    let fingerprint = |keys: &str, alias: &str| {
        let more = [
            ("a.csv", format!("alias,level,id\n{alias},district,1\n")),
            ("g.csv", "name,lon,lat\n恩济花园,116.5,39.5\n".to_owned()),
        ];
        let folder = city(
            keys,
            &more.each_ref().map(|(name, text)| (*name, text.as_str())),
        );
        read_city(&folder.path().join("city.toml"))
            .unwrap()
            .0
            .fingerprint
    };
    let all = [
        fingerprint("", "甲"),
        fingerprint("aliases = \"a.csv\"", "甲"),
        fingerprint("aliases = \"a.csv\"", "乙"),
        fingerprint("gazetteer = \"g.csv\"", "甲"),
        fingerprint(BOTH, "甲"),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(one), "{all:?}");
    }
}

#[rstest]
#[case::no_level(
    "level,id,alias\nstreet,1,甲",
    "a.csv: row 1: level: \"street\" is not an area level"
)]
#[case::no_area(
    "level,id,alias\ndistrict,1,甲\ndistrict,9,乙",
    "a.csv: row 2: id: the city has no district \"9\""
)]
#[case::level_lacking(
    "level,id,alias\ncommunity,1,甲",
    "a.csv: row 1: id: the city has no community"
)]
#[case::empty("level,id,alias\ndistrict,1,", "a.csv: row 1: alias: is empty")]
#[case::column(
    "level,id,name\ndistrict,1,甲",
    "a.csv: row 0: alias: the column is missing"
)]
#[case::ragged("level,id,alias\ndistrict,1", "a.csv: row 1: row:")]
fn a_wrong_row_is_named(#[case] aliases: &str, #[case] says: &str) {
    let folder = city("aliases = \"a.csv\"", &[("a.csv", aliases)]);
    let error = read(&folder).unwrap_err().to_string();
    assert!(error.contains(says) && !error.contains('\n'), "{error}");
}

#[rstest]
#[case::missing("aliases = \"none.csv\"", "none.csv")]
#[case::kind("aliases = 3", "aliases: must be a path")]
#[case::unknown(
    "gazetteer = { file = \"g.csv\", system = \"x\" }",
    "gazetteer.system: unknown key, expected file, crs"
)]
#[case::no_file("gazetteer = { crs = \"wgs84\" }", "gazetteer: needs the key file")]
#[case::crs("gazetteer = { file = \"g.csv\", crs = \"mars\" }", "gazetteer.crs")]
#[case::entry("gazetteer = \"g.csv\"", "g.csv: entry 1:")]
fn a_wrong_key_or_file_is_named(#[case] keys: &str, #[case] says: &str) {
    let folder = city(keys, &[("g.csv", "name,lon,lat\n恩济花园,216.5,39.5\n")]);
    let error = read(&folder).unwrap_err().to_string();
    assert!(error.contains(says) && !error.contains('\n'), "{error}");
}
