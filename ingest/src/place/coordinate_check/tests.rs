use rstest::rstest;

use super::*;
use crate::place::made;
use crate::place::{Aliases, DeclaredAreas};

/// Points in every township of Beijing as a feed in that system would have them, with the declared names; the check's report.
fn checked(city: &City, truth: Crs, swapped: bool, set: System) -> CoordinateReport {
    let areas = DeclaredAreas::try_new(city, &Aliases::new()).unwrap();
    let mut check = CoordinateCheck::new(set, []);
    let mut row = 0_u32;
    for area in &city.levels[1].areas {
        let parent = city.levels[0].area(area.parent.as_ref().unwrap()).unwrap();
        let declared = areas.find([Some(&parent.name), Some(&area.name), None], None);
        let mut inside = 0;
        while inside < 5 {
            row += 1;
            // A low discrepancy sequence over the area's rectangle.
            let (u, v) = (
                (f64::from(row) * 0.618_033_988_7).fract(),
                (f64::from(row) * 0.754_877_666_2).fract(),
            );
            let lon = area.bbox.west + u * (area.bbox.east - area.bbox.west);
            let lat = area.bbox.south + v * (area.bbox.north - area.bbox.south);
            let found = city.locate(&[lon], &[lat], None).areas[1][0];
            if city.levels[1]
                .areas
                .get(found as usize)
                .is_some_and(|found| found.id == area.id)
            {
                let (lon, lat) = truth.from_wgs84(lon, lat);
                let (x, y) = if swapped { (lat, lon) } else { (lon, lat) };
                check.observe(x, y, 0, &declared);
                inside += 1;
            }
        }
    }
    check.report(city)
}

#[rstest]
#[case(Crs::Wgs84, false)]
#[case(Crs::Gcj02, false)]
#[case(Crs::Bd09, false)]
#[case(Crs::Gcj02, true)]
fn beijing_tells_the_system_of_its_records(#[case] truth: Crs, #[case] swapped: bool) {
    let Some(city) = made::beijing() else { return };
    let report = checked(&city, truth, swapped, System::of(Crs::Wgs84, false));
    println!("{report}");
    let Verdict::Decided {
        system,
        is_set,
        share,
        ..
    } = &report.verdict
    else {
        panic!("{report}")
    };
    assert_eq!(*system, System::of(truth, swapped));
    assert_eq!(*is_set, truth == Crs::Wgs84 && !swapped);
    assert!(*share > 0.999, "{share}");
    assert_eq!(report.compared, 343 * 5);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["verdict"]["verdict"], "decided");
}

#[test]
fn too_few_records_tell_nothing() {
    let city = made::city(&[made::Made::new("1", "朝阳区", &[])]);
    let areas = DeclaredAreas::try_new(&city, &Aliases::new()).unwrap();
    let declared = areas.find([Some("朝阳"), None, None], None);
    let mut check = CoordinateCheck::new(System::of(Crs::Wgs84, false), []);
    for _ in 0..99 {
        check.observe(116.5, 39.5, 0, &declared);
    }
    check.observe(f64::NAN, 39.5, 0, &declared);
    let report = check.report(&city);
    assert_eq!((report.records, report.comparable), (100, 99));
    assert!(matches!(
        report.verdict,
        Verdict::CannotTell(Undecided::TooFew { compared: 99, .. })
    ));
    check.observe(116.5, 39.5, 0, &declared);
    // All three systems put the middle of a district into it.
    assert!(matches!(
        check.report(&city).verdict,
        Verdict::CannotTell(Undecided::TooClose { .. })
    ));
}

#[test]
fn a_projected_system_is_a_candidate_when_it_is_given() {
    let city = made::city(&[made::Made::new("1", "朝阳区", &[])]);
    let areas = DeclaredAreas::try_new(&city, &Aliases::new()).unwrap();
    let declared = areas.find([Some("朝阳"), None, None], None);
    let metres = System::new("metres", false, |x, y| (x / 1e5, y / 1e5));
    let mut check = CoordinateCheck::new(System::of(Crs::Wgs84, false), [metres.clone()]);
    for _ in 0..100 {
        check.observe(116.5e5, 39.5e5, 0, &declared);
    }
    let report = check.report(&city);
    let Verdict::Decided { system, is_set, .. } = &report.verdict else {
        panic!("{report}")
    };
    assert_eq!((system, is_set), (&metres, &false));
    assert!(report.to_string().contains("the setting is WRONG"));
}

#[test]
fn the_sample_is_bounded_and_even() {
    let city = made::city(&[made::Made::new("1", "朝阳区", &[])]);
    let areas = DeclaredAreas::try_new(&city, &Aliases::new()).unwrap();
    let declared = areas.find([Some("朝阳"), None, None], None);
    let mut check = CoordinateCheck::new(System::of(Crs::Wgs84, false), []);
    for n in 0..400_000_i64 {
        check.observe(116.5, 39.5, n, &declared);
    }
    let rows = check.sample.rows();
    assert_eq!((rows.len(), check.sample.offered()), (SAMPLE_MAX, 400_000));
    let early = rows.iter().filter(|row| row.at < 200_000).count();
    // Half of 100,000, within six standard deviations.
    assert!((49_050..=50_950).contains(&early), "{early}");
}
