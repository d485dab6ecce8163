use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::periodic::tests::poisson;
use crate::real::near;

#[test]
fn the_floor_repeats_the_last_cycle() {
    let counts = [5.0, 1.0, 9.0, 6.0, 2.0, f64::NAN];
    let found = seasonal_naive(&counts, 3, 7, 0.9).unwrap();
    assert_eq!(found.mean, [6.0, 2.0, 9.0, 6.0, 2.0, 9.0, 6.0]);
    assert!(found.high[6] >= found.high[0]);
    assert!(seasonal_naive(&counts, 6, 2, 0.9).is_err());
    assert!(seasonal_naive(&counts, 0, 2, 0.9).is_err());
    assert!(seasonal_naive(&counts, 3, 2, 1.0).is_err());
}

/// Poisson counts whose rates are known: 300 forecasts of two weeks.
#[test]
fn intervals_hold_nine_of_ten_counts() {
    let mut random = ChaCha8Rng::seed_from_u64(21);
    for mean in [0.4, 3.0, 40.0] {
        let rate = |t: usize| mean * [1.4, 1.2, 1.1, 1.0, 1.0, 0.7, 0.6][t % 7];
        let (mut inside, mut tried, mut excess) = (0_u32, 0_u32, 0.0);
        for _ in 0..100 {
            let counts: Vec<f64> = (0..300).map(|t| poisson(&mut random, rate(t))).collect();
            let found = smoothed(&counts, &ForecastOptions::new([7], 14)).unwrap();
            for ahead in 0..14 {
                let count = poisson(&mut random, rate(300 + ahead));
                inside += u32::from((found.low[ahead]..=found.high[ahead]).contains(&count));
                excess += found.mean[ahead] / rate(300 + ahead) - 1.0;
                tried += 1;
            }
        }
        let coverage = f64::from(inside) / f64::from(tried);
        let bias = excess / f64::from(tried);
        println!("mean {mean}: coverage {coverage}, bias {bias}");
        // Counts are whole: an interval of small counts holds more than asked for.
        assert!((0.87..=0.99).contains(&coverage), "{mean}: {coverage}");
        assert!(bias.abs() < 0.08, "{mean}: {bias}");
    }
}

#[test]
fn any_counts_have_a_forecast_or_a_reason() {
    let options = ForecastOptions::new([7, 365], 10);
    let empty = smoothed(&[], &options).unwrap_err();
    assert_eq!(
        empty.to_string(),
        "0 counts are too few to forecast: at least 10 are needed"
    );
    let constant = smoothed(&[4.0; 60], &options).unwrap();
    near(constant.mean[9], 4.0, 1e-6);
    let zero = smoothed(&[0.0; 60], &options).unwrap();
    assert!(zero.mean.iter().all(|&x| x < 1e-9) && zero.high.iter().all(|&x| x < 1.0));
    let mut holed: Vec<f64> = (0..200).map(|t| f64::from(t % 7) + 3.0).collect();
    holed[50..90].fill(f64::NAN);
    let found = smoothed(&holed, &options).unwrap();
    for (ahead, mean) in found.mean.iter().enumerate() {
        near(*mean, ((200 + ahead) % 7) as f64 + 3.0, 0.05);
    }
    let none = smoothed(&holed, &ForecastOptions::new([], 3)).unwrap();
    assert_eq!(none.mean.len(), 3);
}

/// Heating complaints: nothing all summer, then the season begins within the horizons that are held out.
#[test]
fn a_season_that_just_began_is_no_error_beyond_all_measure() {
    for began in 1..=30 {
        let counts: Vec<f64> = (0..150_u32)
            .map(|t| match t.checked_sub(150 - began) {
                Some(since) => f64::from(since * 7 % 4),
                None => 0.0,
            })
            .collect();
        let found = smoothed(&counts, &ForecastOptions::new([7], 7)).unwrap();
        let most = found.mean.iter().copied().fold(0.0, f64::max);
        assert!(most < 6.0, "{began}: {most}");
        assert!(found.high.iter().all(|high| *high < 40.0), "{began}");
    }
}
