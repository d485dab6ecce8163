use std::collections::HashMap;

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::place::made::data;

/// Counts the positions of a packed CSV.
fn counted(file: &str, lon: &str, lat: &str) -> Option<DefaultGeocodesReport> {
    let bytes = zstd::decode_all(std::fs::File::open(data(file)?).unwrap()).unwrap();
    let mut geocodes = DefaultGeocodes::default();
    for row in csv::Reader::from_reader(bytes.as_slice()).deserialize::<HashMap<String, String>>() {
        let row = row.unwrap();
        if let (Ok(lon), Ok(lat)) = (row[lon].parse(), row[lat].parse()) {
            geocodes.observe(lon, lat);
        }
    }
    let report = geocodes.report();
    println!("{file}: {report}");
    Some(report)
}

#[test]
fn boston_has_city_hall_as_its_only_default() {
    let file = "complaints-boston/boston_311_2011h2.csv.zst";
    let Some(report) = counted(file, "longitude", "latitude") else {
        return;
    };
    assert_eq!((report.records, report.usual_repeats), (58_251, 18));
    let [hall] = report.defaults[..] else {
        panic!("{report}")
    };
    assert_eq!(
        (hall.lon.to_bits(), hall.lat.to_bits()),
        ((-71.0587_f64).to_bits(), 42.3594_f64.to_bits())
    );
    assert!((4_775 - report.short_by_at_most..=4_775).contains(&hall.records));
}

#[rstest]
#[case(
    "complaints-boston/boston_311_animals_2013_2019.csv.zst",
    "longitude",
    "latitude"
)]
#[case(
    "complaints-chicago/chicago_311_sanitation_code_2000_2014.csv.zst",
    "Longitude",
    "Latitude"
)]
#[case(
    "complaints-nyc/nyc_311_2024-09-01_all.csv.zst",
    "Longitude",
    "Latitude"
)]
fn busy_addresses_are_no_defaults(#[case] file: &str, #[case] lon: &str, #[case] lat: &str) {
    if let Some(report) = counted(file, lon, lat) {
        assert_eq!(report.defaults, []);
    }
}

#[test]
fn nothing_has_no_default() {
    let mut geocodes = DefaultGeocodes::default();
    geocodes.observe(f64::NAN, 1.0);
    assert_eq!(geocodes.report().records, 0);
    assert_eq!(geocodes.report().defaults, []);
    for _ in 0..1000 {
        geocodes.observe(0.0, -0.0);
    }
    assert_eq!(
        geocodes.report().defaults,
        [],
        "a single position is its own percentile"
    );
}

#[test]
fn memory_is_bounded_and_the_default_still_found() {
    let mut geocodes = DefaultGeocodes::default();
    for n in 0..600_000_u32 {
        geocodes.observe(f64::from(n), 1.0);
        if n % 100 == 0 {
            geocodes.observe(0.0, 0.0);
        }
    }
    assert!(geocodes.heavy.counts().count() <= 16_385);
    let report = geocodes.report();
    let [found] = report.defaults[..] else {
        panic!("{report}")
    };
    assert!(found.records <= 6000 && found.records + report.short_by_at_most >= 6000);
    assert!(report.short_by_at_most <= report.records / 8192);
}

proptest! {
    #[test]
    fn counts_are_exact_while_all_positions_fit(positions in prop::collection::vec(0_u8..40, 1..400)) {
        let mut geocodes = DefaultGeocodes::default();
        let mut truth: HashMap<Bits, u64> = HashMap::new();
        for at in positions {
            geocodes.observe(f64::from(at), 1.0);
            *truth.entry([f64::from(at).to_bits(), 1.0_f64.to_bits()]).or_default() += 1;
        }
        prop_assert_eq!(geocodes.heavy.counts().collect::<HashMap<_, _>>(), truth);
    }
}
