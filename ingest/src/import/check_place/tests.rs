use std::fmt::Write as _;

use citybrain_grid::Crs;
use rstest::rstest;

use super::*;
use crate::import::tests::context;
use crate::place::made::{self, Made};
use crate::place::{DeclaredAreas, Verdict};

/// Two districts a degree wide from 116° E on, 39° to 40° N, each of ten subdistricts a tenth of a degree wide.
fn names() -> PlaceNames {
    let streets = |ids: [&'static str; 3], names: [&'static str; 3]| {
        [0, 1, 2].map(|at| Made::new(ids[at], names[at], &[]))
    };
    let city = Arc::new(made::city(&[
        Made::new(
            "1",
            "朝阳区",
            &streets(["11", "12", "13"], ["甲街道", "乙街道", "丙街道"]),
        ),
        Made::new(
            "2",
            "海淀区",
            &streets(["21", "22", "23"], ["丁街道", "戊街道", "己街道"]),
        ),
    ]));
    let declared = DeclaredAreas::of(&city);
    PlaceNames::new(city, declared, None)
}

/// A file of points in the subdistricts, written in a system with the axes in that order, and how it is read.
fn checked(written: Crs, swapped: bool, profile: &str) -> PlaceCheck {
    let mut text = "id,requested_at,lon,lat,district,subdistrict\n".to_owned();
    for id in 0..600_u32 {
        let street = id % 3;
        // Close to the western or the eastern border of the street: another system puts half of the points into the next one.
        let side = [0.0005, 0.0995][(id / 3 % 2) as usize];
        let lon = 116.0 + 0.1 * f64::from(street) + side;
        let lat = 39.05 + 0.0015 * f64::from(id);
        let (x, y) = written.from_wgs84(lon, lat);
        let (x, y) = if swapped { (y, x) } else { (x, y) };
        let name = ["甲街道", "乙街道", "丙街道"][street as usize];
        writeln!(text, "{id},2026-05-01T08:00:00+08:00,{x},{y},朝阳区,{name}").unwrap();
    }
    for id in 600..700 {
        writeln!(text, "{id},2026-05-01T08:00:00+08:00,116.5,39.5,,").unwrap();
    }
    text += "bad,2026-05-01T08:00:00+08:00,x,y,,\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in.csv");
    std::fs::write(&file, text).unwrap();
    let profile = Profile::parse("own", profile).unwrap();
    check_place(&[file], &Arc::new(profile), &context(), &names()).unwrap()
}

const AS_WGS84: &str = "base = \"citybrain\"\ntitle = \"x\"\nposition.crs = \"wgs84\"";
const AS_GCJ02: &str = "base = \"citybrain\"\ntitle = \"x\"\nposition.crs = \"gcj02\"";
const AS_SWAPPED: &str =
    "base = \"citybrain\"\ntitle = \"x\"\nposition = { crs = \"wgs84\", swap = true }";
const AS_UTM: &str = "base = \"citybrain\"\ntitle = \"x\"\nposition.crs = \"epsg:32650\"";

#[rstest]
#[case::right(Crs::Wgs84, false, AS_WGS84, "wgs84", true)]
#[case::gcj02_read_as_wgs84(Crs::Gcj02, false, AS_WGS84, "gcj02", false)]
#[case::bd09_read_as_gcj02(Crs::Bd09, false, AS_GCJ02, "bd09", false)]
#[case::latitude_first(Crs::Wgs84, true, AS_WGS84, "wgs84, swapped", false)]
#[case::latitude_first_and_known(Crs::Wgs84, true, AS_SWAPPED, "wgs84, swapped", true)]
#[case::latitude_first_is_not_so(Crs::Gcj02, false, AS_SWAPPED, "gcj02", false)]
#[case::degrees_read_as_metres(Crs::Wgs84, false, AS_UTM, "wgs84", false)]
fn the_system_that_a_file_is_in_is_found(
    #[case] written: Crs,
    #[case] swapped: bool,
    #[case] profile: &str,
    #[case] expected: &str,
    #[case] right: bool,
) {
    let told = checked(written, swapped, profile);
    assert_eq!((told.read, told.unreadable), (701, 1));
    assert_eq!(told.coordinates.compared, 600);
    match &told.coordinates.verdict {
        Verdict::Decided {
            system,
            is_set,
            share,
            ..
        } => {
            assert_eq!(
                (system.to_string().as_str(), *is_set),
                (expected, right),
                "{told}"
            );
            assert!(*share > 0.99, "{told}");
        }
        Verdict::CannotTell(_) => panic!("{told}"),
    }
    // The hundred that share one position.
    assert_eq!(told.defaults.defaults.len(), 1, "{told}");
    assert_eq!(told.defaults.defaults[0].records, 100);
}

#[test]
fn observations_declare_nothing() {
    let profile = Profile::load("citybrain-observations").unwrap();
    let refused = check_place(&[], &profile, &context(), &names()).unwrap_err();
    assert!(refused.to_string().contains("only complaints"), "{refused}");
}
