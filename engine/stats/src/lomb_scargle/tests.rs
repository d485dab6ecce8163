use super::*;
use crate::real::{column, json, near, numbers};

const FOLDER: &str = "reference-stats/periodicity";

#[test]
fn sunspots_have_the_powers_of_astropy() {
    let (Some(spots), Some(expected)) = (
        column(&format!("{FOLDER}/sunspot_year.csv"), "sunspots"),
        json(&format!("{FOLDER}/expected_lomb_scargle.json")),
    ) else {
        return;
    };
    let grid = FrequencyGrid {
        first: 0.01,
        step: 0.49 / 9800.0,
        count: 9801,
    };
    let years: Vec<f64> = (0..spots.len()).map(|at| 1700.0 + at as f64).collect();
    let powers = lomb_scargle(&years, &spots, grid);
    for (ours, theirs) in powers.iter().zip(numbers(&expected["powers_first20"])) {
        near(ours.unwrap(), theirs, 1e-6);
    }
    let peak = highest_peak(&years, &spots, grid).unwrap();
    near(
        1.0 / peak.frequency,
        expected["peak_period_years"].as_f64().unwrap(),
        1e-9,
    );
    near(peak.power, expected["peak_power"].as_f64().unwrap(), 1e-6);
    let theirs = expected["false_alarm_probability"].as_f64().unwrap();
    // astropy bounds the band by the end of a grid of its own, 0.5003: its tau is larger by that.
    near(peak.false_alarm_probability / theirs, 1.0, 1e-3);

    let rows = expected["uneven_subset_zero_based_rows"]
        .as_array()
        .unwrap();
    let (some_years, some): (Vec<f64>, Vec<f64>) = rows
        .iter()
        .map(|row| usize::try_from(row.as_u64().unwrap()).unwrap())
        .map(|row| (years[row], spots[row]))
        .unzip();
    let peak = highest_peak(&some_years, &some, grid).unwrap();
    near(
        1.0 / peak.frequency,
        expected["uneven_peak_period_years"].as_f64().unwrap(),
        1e-9,
    );
    near(
        peak.power,
        expected["uneven_peak_power"].as_f64().unwrap(),
        1e-6,
    );
}

#[test]
fn days_of_chicago_have_the_peaks_of_astropy() {
    let (Some(days), Some(expected)) = (
        column(
            &format!("{FOLDER}/chicago_sanitation_daily_2011_2014.csv"),
            "n",
        ),
        json(&format!("{FOLDER}/expected_chicago_daily.json")),
    ) else {
        return;
    };
    let grid = FrequencyGrid {
        first: 1.0 / 800.0,
        step: (0.5 - 1.0 / 800.0) / 40_000.0,
        count: 40_001,
    };
    let times: Vec<f64> = (0..days.len()).map(|t| t as f64).collect();
    let powers = lomb_scargle(&times, &days, grid);
    for (name, near_period) in [
        ("annual_peak_period_power", 365.0),
        ("weekly_peak_period_power", 7.0),
        ("half_weekly_peak_period_power", 3.5),
    ] {
        let theirs = numbers(&expected[name]);
        let (at, power) = powers
            .iter()
            .enumerate()
            .filter(|(at, _)| (grid.frequency(*at) * near_period - 1.0).abs() < 0.1)
            .map(|(at, power)| (at, power.unwrap()))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        near(1.0 / grid.frequency(at), theirs[0], 1e-6);
        near(power, theirs[1], 1e-6);
    }
}

#[test]
fn gridded_sums_are_the_sums() {
    let times: Vec<f64> = (0..500)
        .map(|t| f64::from(t) + 0.3 * f64::from(t * t % 7))
        .collect();
    let weights: Vec<f64> = (0..500).map(|t| f64::from(t * 13 % 29) - 14.0).collect();
    for count in [31, 200, 777] {
        let grid = FrequencyGrid {
            first: 0.013,
            step: 0.37 / f64::from(count),
            count: usize::try_from(count).unwrap(),
        };
        let (fast, slow) = (
            gridding::gridded(&times, &weights, grid),
            gridding::direct(&times, &weights, grid),
        );
        let size: f64 = weights.iter().map(|w| w.abs()).sum();
        for (a, b) in fast.iter().zip(&slow) {
            assert!((a - b).norm() < 1e-9 * size, "{a} is not {b}");
        }
    }
}

/// One frequency only: the distribution of the power of Gaussian noise is known.
#[test]
fn a_band_of_no_width_leaves_the_probability_of_one_frequency() {
    let fap = false_alarm_probability(0.1, 100, 800.0, 0.0).unwrap();
    near(fap, 0.9_f64.powf(48.5), 1e-12);
    assert_eq!(false_alarm_probability(0.1, 4, 1.0, 0.5), None);
    assert_eq!(false_alarm_probability(f64::NAN, 50, 1.0, 0.5), None);
}

#[test]
fn what_cannot_be_fitted_is_none() {
    let grid = FrequencyGrid {
        first: 0.0,
        step: 0.05,
        count: 10,
    };
    let times: Vec<f64> = (0..40).map(f64::from).collect();
    assert!(
        lomb_scargle(&times, &[3.0; 40], grid)
            .iter()
            .all(Option::is_none)
    );
    assert!(lomb_scargle(&[], &[], grid).iter().all(Option::is_none));
    let mut values: Vec<f64> = times.iter().map(|t| (TAU * 0.2 * t).sin()).collect();
    values[3] = f64::NAN;
    let powers = lomb_scargle(&times, &values, grid);
    assert_eq!(powers[0], None);
    near(powers[4].unwrap(), 1.0, 1e-9);
}
