use std::f64::consts::TAU;

use super::*;
use crate::real::{column, json, near};

const FOLDER: &str = "reference-stats/periodicity";

/// The series of the golden numbers: two cycles, a line and a fixed roughness.
pub(crate) fn series() -> Vec<f64> {
    (0..24 * 7 * 4 + 5)
        .map(|t| {
            let x = f64::from(t);
            20.0 + 0.01 * x
                + 5.0 * (TAU * x / 24.0).sin()
                + 3.0 * (TAU * x / 168.0).cos()
                + f64::from(t * 7919 % 101) / 20.0
        })
        .collect()
}

#[track_caller]
pub(crate) fn at_five(values: &[f64], expected: [f64; 5]) {
    for (at, expected) in [0, 1, 50, 333, values.len() - 1].into_iter().zip(expected) {
        near(values[at], expected, 1e-9);
    }
}

/// Golden numbers: `STL(y, period=24, seasonal=7).fit()` of statsmodels 0.15.0.
#[test]
fn plain_decomposition_is_that_of_statsmodels() {
    let fit = stl(&series(), &StlParameters::new(24)).unwrap();
    at_five(
        &fit.seasonal,
        [
            -1.265_228_150_604_868_8,
            0.794_912_086_230_619_7,
            2.356_521_459_323_417_4,
            -3.332_008_187_703_300_5,
            4.540_073_325_115_364,
        ],
    );
    at_five(
        &fit.trend,
        [
            25.298_275_187_863_65,
            25.280_257_249_092_518,
            22.182_976_753_548_71,
            28.736_204_992_510_29,
            32.656_201_453_376_276,
        ],
    );
}

/// `STL(y, period=24, seasonal=13, robust=True).fit()` with 200 added to bin 100 and 150 taken off bin 400.
#[test]
fn robust_decomposition_is_that_of_statsmodels() {
    let mut values = series();
    values[100] += 200.0;
    values[400] -= 150.0;
    let parameters = StlParameters {
        seasonal: 13,
        outer: 15,
        ..StlParameters::new(24)
    };
    let fit = stl(&values, &parameters).unwrap();
    at_five(
        &fit.seasonal,
        [
            -0.541_472_578_281_211,
            1.183_804_599_542_895_9,
            2.601_936_343_145_585_5,
            -3.215_142_618_721_778_4,
            4.560_845_210_038_721,
        ],
    );
    at_five(
        &fit.trend,
        [
            25.102_587_373_925_55,
            25.100_491_580_899_17,
            22.152_527_703_498_82,
            28.787_003_487_596_383,
            32.412_012_494_079_72,
        ],
    );
    at_five(
        &fit.weights,
        [
            0.909_410_428_815_770_3,
            0.999_825_590_782_222_2,
            0.951_264_373_074_404_4,
            0.867_847_745_589_383,
            0.974_807_655_618_026_4,
        ],
    );
    assert!(fit.weights[100] <= 0.0 && fit.weights[400] <= 0.0);
}

/// `STL(y, period=24, seasonal=9, trend=51, low_pass=31, seasonal_deg=0, seasonal_jump=2, trend_jump=5, low_pass_jump=3).fit()`
#[test]
fn jumps_and_constants_are_those_of_statsmodels() {
    let parameters = StlParameters {
        seasonal: 9,
        trend: Some(51),
        low_pass: Some(31),
        seasonal_line: false,
        jumps: [2, 5, 3],
        ..StlParameters::new(24)
    };
    let fit = stl(&series(), &parameters).unwrap();
    at_five(
        &fit.seasonal,
        [
            -0.076_936_824_639_060_15,
            1.202_734_819_606_058_8,
            2.382_888_256_447_673,
            -3.247_184_095_518_046_7,
            4.647_839_795_834_442,
        ],
    );
    at_five(
        &fit.trend,
        [
            25.358_809_987_162_136,
            25.333_193_946_130_933,
            22.189_297_361_911_283,
            28.683_384_784_005_835,
            32.604_731_061_726_24,
        ],
    );
}

#[test]
fn nottingham_is_decomposed_as_in_r() {
    let file = format!("{FOLDER}/nottem_stl_periodic.csv");
    let (Some(values), Some(seasonal), Some(trend)) = (
        column(&file, "value"),
        column(&file, "seasonal"),
        column(&file, "trend"),
    ) else {
        return;
    };
    let window = 10 * values.len() + 1;
    let parameters = StlParameters {
        seasonal: window,
        seasonal_line: false,
        jumps: [window.div_ceil(10), 2, 2],
        inner: Some(2),
        is_periodic: true,
        ..StlParameters::new(12)
    };
    let fit = stl(&values, &parameters).unwrap();
    for at in 0..values.len() {
        near(fit.seasonal[at], seasonal[at], 1e-9);
        near(fit.trend[at], trend[at], 1e-9);
    }
}

#[test]
fn days_of_chicago_have_the_strength_of_statsmodels() {
    let (Some(days), Some(expected)) = (
        column(
            &format!("{FOLDER}/chicago_sanitation_daily_2011_2014.csv"),
            "n",
        ),
        json(&format!("{FOLDER}/expected_chicago_daily.json")),
    ) else {
        return;
    };
    let parameters = StlParameters {
        outer: 15,
        ..StlParameters::new(7)
    };
    let fit = stl(&days, &parameters).unwrap();
    let theirs = expected["stl_period7_robust_seasonal_strength"]
        .as_f64()
        .unwrap();
    near(fit.seasonal_strength().unwrap(), theirs, 1e-9);
}

#[test]
fn missing_bins_change_nothing_that_their_neighbours_say() {
    let clean: Vec<f64> = (0..300_i32)
        .map(|t| {
            10.0 + 0.05 * f64::from(t)
                + [4.0, 0.0, -4.0, 2.0, -2.0][usize::try_from(t % 5).unwrap()]
        })
        .collect();
    let mut holed = clean.clone();
    for at in (40..75).chain([120, 121, 299]) {
        holed[at] = f64::NAN;
    }
    let fit = stl(&holed, &StlParameters::new(5)).unwrap();
    for at in 0..300 {
        // A hole longer than the trend's window is bridged.
        let tolerance = if holed[at].is_nan() { 0.05 } else { 0.002 };
        near(fit.seasonal[at] + fit.trend[at], clean[at], tolerance);
        assert_eq!(fit.remainder[at].is_nan(), holed[at].is_nan());
    }
    for at in (0..300).step_by(5) {
        holed[at] = f64::NAN;
    }
    assert_eq!(
        stl(&holed, &StlParameters::new(5)),
        Err(StlError::NoValues { phase: 0 })
    );
}

#[test]
fn what_cannot_be_decomposed_is_refused() {
    let values = series();
    let refused = |parameters: StlParameters| stl(&values, &parameters).unwrap_err().to_string();
    assert_eq!(
        refused(StlParameters::new(400)),
        "677 bins are less than two cycles of 400"
    );
    assert_eq!(
        refused(StlParameters::new(1)),
        "period is 1, but must be at least 2"
    );
    let even = StlParameters {
        seasonal: 8,
        ..StlParameters::new(24)
    };
    assert_eq!(
        refused(even),
        "seasonal is 8, but must be odd and at least 3"
    );
    let flat = stl(&[3.0; 48], &StlParameters::new(24)).unwrap();
    assert_eq!(flat.seasonal_strength(), None);
}
