use std::time::Instant;

use citybrain_grid::Crs;
use rstest::rstest;

use super::*;
use crate::place::made::{self, Made};
use crate::place::{Aliases, DeclaredAreas};

fn city() -> City {
    made::city(&[
        Made::new("1", "朝阳区", &[Made::new("11", "东风乡", &[])]),
        Made::new("2", "海淀区", &[Made::new("21", "海淀镇", &[])]),
    ])
}

const FILE: &str = "name,lon,lat,radius_m,kind,area
幸福小区,116.05,39.5,150,estate,
幸福小区,117.05,39.5,,estate,
人民路,116.02,39.5,,road,
人民路小学,116.03,39.6,,landmark,
望京,116.04,39.5,,area,
Main Street,116.06,39.5,,road,
边界大厦,117.0001,39.5,,,1
";

fn gazetteer(city: &City) -> Gazetteer {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gazetteer.csv");
    std::fs::write(&path, FILE).unwrap();
    read_gazetteer(&path, Crs::Wgs84, city).unwrap()
}

#[rstest]
#[case::whole_words("near main  street.", "", "Main Street")]
#[case::no_part_of_a_word("domain street", "", "")]
#[case::longest("在人民路小学门口", "", "人民路小学")]
#[case::road("人民路上", "", "人民路")]
#[case::specific_before_road("人民路边上的边界大厦", "", "边界大厦")]
#[case::road_before_area("望京人民路", "", "人民路")]
#[case::traditional("望京邊界大廈", "", "边界大厦")]
#[case::by_the_declared_district("幸福小区", "海淀区", "幸福小区")]
#[case::twice("幸福小区", "", "? 幸福小区 2")]
#[case::declared_before_specific("幸福小区外望京人民路小学", "海淀区", "幸福小区")]
#[case::nothing("没有地名", "", "")]
fn the_best_name_is_found(#[case] text: &str, #[case] district: &str, #[case] expected: &str) {
    let city = city();
    let areas = DeclaredAreas::try_new(&city, &Aliases::new()).unwrap();
    let declared = areas.find([Some(district), None, None], None);
    let found = match gazetteer(&city).find([text], Some(&declared)) {
        Found::Nothing => String::new(),
        Found::Place(place) => place.name,
        Found::Ambiguous { name, places } => format!("? {name} {places}"),
    };
    assert_eq!(found, expected);
}

#[test]
fn a_place_has_its_radius_and_says_whether_it_is_in_the_declared_area() {
    let city = city();
    let gazetteer = gazetteer(&city);
    let areas = DeclaredAreas::try_new(&city, &Aliases::new()).unwrap();
    let place = |text: &str, district: &str| {
        let declared = areas.find([Some(district), None, None], None);
        match gazetteer.find([text], Some(&declared)) {
            Found::Place(place) => place,
            other => panic!("{other:?}"),
        }
    };
    let estate = place("幸福小区", "朝阳区");
    assert_eq!(
        (estate.radius_m, estate.position.lon(), estate.in_declared),
        (150.0, 116.05, Some(true))
    );
    let usual = GazetteerKind::Estate.radius_m();
    assert_eq!(
        place("幸福小区", "海淀区").radius_m.to_bits(),
        usual.to_bits()
    );
    assert_eq!(place("人民路", "海淀区").in_declared, Some(false));
    // Its position is over the border, its file says where it belongs.
    assert_eq!(place("边界大厦", "朝阳区").in_declared, Some(true));
}

#[rstest]
#[case::no_name(
    "name,lon,lat\n甲,116,39\n",
    "entry 1: the name \"甲\" has fewer than 2 characters"
)]
#[case::no_position("name,lon,lat\n甲乙,116,39\n甲丙,116,91\n", "entry 2: ")]
#[case::no_number("name,lon,lat\n甲乙,116,north\n", "entry 1: ")]
#[case::no_area(
    "name,lon,lat,area\n甲乙,116,39,77\n",
    "entry 1: the city has no area \"77\""
)]
#[case::no_radius(
    "name,lon,lat,radius_m\n甲乙,116,39,-1\n",
    "entry 1: the radius -1 is no length"
)]
#[case::no_kind("name,lon,lat,kind\n甲乙,116,39,river\n", "entry 1: ")]
fn a_wrong_entry_is_told(#[case] text: &str, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("places.csv");
    std::fs::write(&path, text).unwrap();
    let error = read_gazetteer(&path, Crs::Wgs84, &city())
        .unwrap_err()
        .to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn geojson_gives_the_same_as_csv() {
    let city = city();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("places.geojson");
    let point = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"幸福小区","kind":"estate","area":1},
        "geometry":{"type":"Point","coordinates":[116.05,39.5]}}]}"#;
    std::fs::write(&path, point).unwrap();
    let gazetteer = read_gazetteer(&path, Crs::Gcj02, &city).unwrap();
    let Found::Place(place) = gazetteer.find(["幸福小区"], None) else {
        panic!("not found")
    };
    let (lon, lat) = Crs::Gcj02.to_wgs84(116.05, 39.5);
    assert_eq!((place.position.lon(), place.position.lat()), (lon, lat));
}

#[test]
fn measure() {
    let names: usize = std::env::var("CITYBRAIN_GAZETTEER_NAMES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(20_000);
    let city = city();
    let characters: Vec<char> = ('\u{4e00}'..'\u{5600}').collect();
    let name = |n: usize| -> String {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let head: String = (0..4)
            .map(|at| characters[(mixed >> (16 * at)) % characters.len()])
            .collect();
        format!("{head}{}{}", n % 97, ["小区", "路", "大厦", "家园"][n % 4])
    };
    let entries = (0..names).map(|n| GazetteerEntry {
        name: name(n),
        position: Position::try_new(116.05, 39.5).unwrap(),
        radius_m: None,
        kind: GazetteerKind::Landmark,
        area: None,
    });
    let started = Instant::now();
    let gazetteer = Gazetteer::try_new(entries, &city).unwrap();
    let built = started.elapsed();
    let text = (0..100)
        .map(|n| name(n * 7 % names))
        .collect::<Vec<_>>()
        .join("附近，夜里很吵。我家住在");
    let started = Instant::now();
    let found = gazetteer.find([text.as_str()], None);
    let searched = started.elapsed();
    assert!(matches!(found, Found::Place(_)), "{found:?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    println!(
        "{names} names: built in {built:?}, automaton {} MB, process {peak}; {} bytes of text in {searched:?}",
        gazetteer.automaton.memory_usage() / 1_000_000,
        text.len()
    );
}
