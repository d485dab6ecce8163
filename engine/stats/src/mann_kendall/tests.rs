use proptest::prelude::*;

use super::*;
use crate::real;

fn trend(series: &[f64], test: TrendTest) -> Trend {
    mann_kendall(series, test).unwrap().unwrap()
}

/// A list of numbers where null is missing.
fn series(value: &serde_json::Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap_or(f64::NAN))
        .collect()
}

fn agrees(trend: Trend, expected: &serde_json::Value, steps: f64) {
    let number = |name: &str| expected[name].as_f64().unwrap();
    real::near(trend.s as f64, number("s"), 0.0);
    real::near(trend.variance, number("var_s"), 1e-9);
    real::near(trend.z, number("z"), 1e-10);
    real::near(trend.p, number("p"), 1e-9);
    real::near(trend.tau, number("Tau"), 1e-12);
    real::near(trend.slope * steps, number("slope"), 1e-12);
}

#[test]
fn long_series_have_the_trends_of_py_mann_kendall() {
    let Some(expected) = real::json("reference-stats/mann_kendall/expected.json") else {
        return;
    };
    let values = series(&expected["series"]);
    let computed = &expected["computed"];
    agrees(
        trend(&values, TrendTest::Original),
        &computed["original_test"],
        1.0,
    );
    agrees(
        trend(&values, TrendTest::HamedRao { lags: None }),
        &computed["hamed_rao_modification_test"],
        1.0,
    );
    // There a seasonal slope is one for each cycle.
    agrees(
        trend(&values, TrendTest::Seasonal { period: 12 }),
        &computed["seasonal_test"],
        12.0,
    );
    let nile = trend(&series(&expected["nile"]["series"]), TrendTest::Original);
    agrees(nile, &expected["nile"]["original_test"], 1.0);
}

#[test]
fn tracts_of_boston_have_the_trends_of_py_mann_kendall() {
    let folder = "reference-stats/emerging_hotspots_boston";
    let Some(regions) = real::column(&format!("{folder}/gistar_by_year.csv"), "region_id") else {
        return;
    };
    let column =
        |name: &str| real::column(&format!("{folder}/mann_kendall_by_region.csv"), name).unwrap();
    let z = real::column(&format!("{folder}/gistar_by_year.csv"), "gistar_z").unwrap();
    let expected = column("region_id");
    assert_eq!(expected.len(), 168);
    for (at, region) in expected.iter().enumerate() {
        let history: Vec<f64> = regions
            .iter()
            .zip(&z)
            .filter(|(other, _)| (*other - region).abs() < 0.5)
            .map(|(_, &z)| z)
            .collect();
        let trend = trend(&history, TrendTest::Original);
        for (value, name) in [
            (trend.s as f64, "S"),
            (trend.variance, "varS"),
            (trend.z, "z"),
            (trend.p, "p"),
            (trend.tau, "tau"),
            (trend.slope, "sen_slope"),
        ] {
            real::near(value, column(name)[at], 1e-10);
        }
    }
}

#[test]
fn short_and_constant_series_are_defined() {
    let none = |series: &[f64], test| assert_eq!(mann_kendall(series, test).unwrap(), None);
    none(&[], TrendTest::Original);
    none(&[1.0, f64::NAN], TrendTest::HamedRao { lags: None });
    none(&[1.0, 2.0, 3.0], TrendTest::Seasonal { period: 3 });
    none(&[1.0, 2.0, 3.0], TrendTest::Seasonal { period: usize::MAX });
    for test in [
        TrendTest::Original,
        TrendTest::HamedRao { lags: None },
        TrendTest::Seasonal { period: 7 },
    ] {
        let zeros = trend(&[0.0; 52], test);
        assert_eq!((zeros.s, zeros.observations), (0, 52));
        assert!(
            zeros.z.abs() < 1e-15 && (zeros.p - 1.0).abs() < 1e-15 && zeros.slope.abs() < 1e-15
        );
    }
    assert_eq!(
        trend(&[1.0, f64::INFINITY, f64::NAN, 2.5], TrendTest::Original).observations,
        2
    );
    let error = mann_kendall(&[1.0; 9], TrendTest::Seasonal { period: 1 }).unwrap_err();
    assert_eq!(error.to_string(), "period = 1: must be at least 2 steps");
}

#[test]
fn a_weekly_cycle_is_no_trend_and_does_not_hide_one() {
    let cycle = |t: i32| f64::from([9, 3, 1, 4, 7, 20, 12][usize::try_from(t % 7).unwrap()]);
    let rising: Vec<f64> = (0..70).map(|t| cycle(t) + 0.1 * f64::from(t)).collect();
    let seasonal = trend(&rising, TrendTest::Seasonal { period: 7 });
    assert!((seasonal.slope - 0.1).abs() < 1e-12);
    assert!((seasonal.tau - 1.0).abs() < 1e-12 && seasonal.p < 1e-12);
    let level: Vec<f64> = (0..70).map(cycle).collect();
    assert!((trend(&level, TrendTest::Seasonal { period: 7 }).p - 1.0).abs() < 1e-15);
}

#[test]
fn cells_have_the_trends_of_their_rows() {
    let values: Vec<f64> = (0..200_u32 * 12)
        .map(|i| f64::from(i * 7919 % 13))
        .collect();
    let cube = Cube::try_new(&values, 12).unwrap();
    for threads in [1, 3] {
        let trends =
            mann_kendall_of_cells(cube, TrendTest::Original, NonZeroUsize::new(threads)).unwrap();
        assert_eq!(trends.len(), 200);
        for (row, found) in values.chunks(12).zip(trends) {
            assert_eq!(found, Some(trend(row, TrendTest::Original)));
        }
    }
}

proptest! {
    #[test]
    fn both_ways_of_comparing_agree(values in prop::collection::vec(0..12_i8, 0..90)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        prop_assert_eq!(compare_all(&values), compare_sorted(&values));
    }
}
