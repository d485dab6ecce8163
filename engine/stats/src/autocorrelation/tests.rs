use std::f64::consts::TAU;

use super::*;
use crate::real::{column, json, near, numbers};

const FOLDER: &str = "reference-stats/periodicity";

#[test]
fn real_series_have_the_autocorrelation_of_r_and_statsmodels() {
    let (Some(spots), Some(in_r), Some(days), Some(expected)) = (
        column(&format!("{FOLDER}/sunspot_year.csv"), "sunspots"),
        column(&format!("{FOLDER}/sunspot_year_acf.csv"), "acf"),
        column(
            &format!("{FOLDER}/chicago_sanitation_daily_2011_2014.csv"),
            "n",
        ),
        json(&format!("{FOLDER}/expected_chicago_daily.json")),
    ) else {
        return;
    };
    let ours = autocorrelation(&spots, in_r.len() - 1).unwrap();
    for (a, b) in ours.iter().zip(&in_r) {
        near(*a, *b, 1e-12);
    }
    let ours = autocorrelation(&days, 28).unwrap();
    for (a, b) in ours[1..].iter().zip(numbers(&expected["acf_lag1_to_28"])) {
        near(*a, b, 1e-12);
    }
}

/// `acorr_ljungbox` of statsmodels 0.15.0 on the same formula.
#[test]
fn ljung_box_is_that_of_statsmodels() {
    let values = crate::stl::tests::series();
    near(
        ljung_box(&values, 10).unwrap().statistic,
        1_891.439_192,
        1e-9,
    );
    let far = ljung_box(&values, 24).unwrap();
    near(far.statistic, 3_960.397_523, 1e-9);
    assert!(far.p_value < 1e-300);
    assert_eq!(ljung_box(&values, 0), None);
    assert_eq!(ljung_box(&values[..5], 5), None);
}

#[test]
fn missing_bins_take_part_in_no_product() {
    let values = [1.0, 4.0, f64::NAN, 2.0, 5.0, 0.0];
    let x = [-1.4, 1.6, 0.0, -0.4, 2.6, -2.4];
    let r = autocorrelation(&values, 99).unwrap();
    assert_eq!(r.len(), 6);
    let sum = |k: usize| -> f64 { (0..6 - k).map(|t| x[t] * x[t + k]).sum() };
    for (k, r) in r.iter().enumerate() {
        near(*r, sum(k) / sum(0), 1e-12);
    }
    assert_eq!(autocorrelation(&[f64::NAN; 9], 3), None);
    assert_eq!(autocorrelation(&[2.0; 9], 3), None);
    assert_eq!(autocorrelation(&[], 3), None);
}

#[test]
fn a_period_is_on_a_hill_and_its_fractions_are_not() {
    let values: Vec<f64> = (0..700)
        .map(|t| (TAU * f64::from(t) / 28.0).sin() + 0.3 * (f64::from(t * 7919 % 101) / 101.0))
        .collect();
    let acf = autocorrelation(&values, 80).unwrap();
    assert_eq!(hill(&acf, 700, 28.0).unwrap().lag, 28);
    assert_eq!(hill(&acf, 700, 14.0), None);
    assert_eq!(hill(&acf, 700, 42.0), None);
    assert_eq!(hill(&acf, 700, 79.0), None, "its right side is not given");
    assert_eq!(hill(&acf, 700, 1.0), None);
    assert_eq!(hill(&acf, 700, f64::NAN), None);
}
