use super::*;
use crate::forecast::{ForecastOptions, seasonal_naive, smoothed};
use crate::real::{column, near};

#[test]
fn days_of_chicago_are_forecast_better_than_by_the_week_before() {
    let Some(days) = column(
        "reference-stats/periodicity/chicago_sanitation_daily_2011_2014.csv",
        "n",
    ) else {
        return;
    };
    let options = BacktestOptions {
        first: 1095,
        step: 14,
        horizon: 14,
        period: 7,
    };
    let naive = backtest(&days, options, |past| seasonal_naive(past, 7, 14, 0.9))
        .unwrap()
        .unwrap();
    let ours = backtest(&days, options, |past| {
        smoothed(past, &ForecastOptions::new([7, 365], 14))
    })
    .unwrap()
    .unwrap();
    let week = backtest(&days, options, |past| {
        smoothed(past, &ForecastOptions::new([7], 14))
    })
    .unwrap()
    .unwrap();
    println!("naive {naive:?}\nweek {week:?}\nours {ours:?}");
    assert_eq!(ours.bins, naive.bins);
    assert!(ours.mae < 0.9 * naive.mae && ours.rmsse < naive.rmsse);
    assert!((0.82..=0.97).contains(&ours.coverage));
}

#[test]
fn errors_are_those_of_the_definition() {
    let counts = [1.0, 2.0, 3.0, 4.0, 6.0, f64::NAN, 9.0];
    let options = BacktestOptions {
        first: 4,
        step: 10,
        horizon: 3,
        period: 1,
    };
    let found = backtest(&counts, options, |past| {
        assert_eq!(past.len(), 4);
        Ok(Forecast {
            mean: vec![5.0; 3],
            low: vec![4.0; 3],
            high: vec![6.0; 3],
        })
    })
    .unwrap()
    .unwrap();
    assert_eq!((found.origins, found.bins), (1, 2));
    near(found.mae, 2.5, 1e-12);
    near(found.rmsse.unwrap(), 8.5_f64.sqrt(), 1e-12);
    near(found.coverage, 0.5, 1e-12);
    let none = BacktestOptions { step: 0, ..options };
    assert!(backtest(&counts, none, |_| panic!("not asked")).is_err());
}

#[test]
fn places_are_judged_by_hits_and_area() {
    let found = places(
        &[5.0, 1.0, 9.0, 2.0],
        &[1.0, 3.0, 6.0, 0.0],
        &[1.0, 1.0, 2.0, 4.0],
        2,
    )
    .unwrap();
    near(found.hit_rate, 0.7, 1e-12);
    near(found.accuracy_index, 0.7 / (3.0 / 8.0), 1e-12);
    near(found.efficiency, 7.0 / 9.0, 1e-12);
    assert_eq!(places(&[1.0], &[0.0], &[1.0], 1), None);
    assert_eq!(places(&[1.0], &[1.0], &[1.0], 2), None);
    assert_eq!(places(&[f64::NAN], &[1.0], &[1.0], 1), None);
}
