use super::*;

/// `scipy.stats.poisson.ppf` and `nbinom.ppf(q, mean²/(variance − mean), mean/variance)` of scipy 1.17.1.
#[test]
fn quantiles_are_those_of_scipy() {
    for (mean, variance, probability, expected) in SCIPY {
        let ours = count_quantile(mean, variance, probability);
        assert!(
            (ours - expected).abs() < 0.5,
            "{mean} {variance} {probability}: {ours}"
        );
    }
}

#[test]
fn what_is_no_count_has_no_interval() {
    assert_eq!(count_interval(0.0, 0.0, 0.9), (0.0, 0.0));
    assert!(count_interval(f64::NAN, 1.0, 0.9).0.is_nan());
    assert!(count_interval(-1.0, 1.0, 0.9).1.is_nan());
    assert!(count_interval(3.0, 3.0, 1.0).1.is_nan());
    let (low, high) = count_interval(40_000.0, 40_000.0, 0.9);
    assert!((low - 39_671.0).abs() < 1.5 && (high - 40_329.0).abs() < 1.5);
}

const SCIPY: [(f64, f64, f64, f64); 27] = [
    (0.3, 0.3, 0.05, 0.0),
    (0.3, 0.3, 0.5, 0.0),
    (0.3, 0.3, 0.95, 1.0),
    (0.3, 0.9, 0.05, 0.0),
    (0.3, 0.9, 0.5, 0.0),
    (0.3, 0.9, 0.95, 2.0),
    (4.0, 4.0, 0.05, 1.0),
    (4.0, 4.0, 0.5, 4.0),
    (4.0, 4.0, 0.95, 8.0),
    (4.0, 4.0001, 0.05, 1.0),
    (4.0, 4.0001, 0.5, 4.0),
    (4.0, 4.0001, 0.95, 8.0),
    (12.0, 40.0, 0.05, 3.0),
    (12.0, 40.0, 0.5, 11.0),
    (12.0, 40.0, 0.95, 24.0),
    (250.0, 250.0, 0.05, 224.0),
    (250.0, 250.0, 0.5, 250.0),
    (250.0, 250.0, 0.95, 276.0),
    (250.0, 9000.0, 0.05, 117.0),
    (250.0, 9000.0, 0.5, 238.0),
    (250.0, 9000.0, 0.95, 423.0),
    (6000.0, 6000.0, 0.05, 5873.0),
    (6000.0, 6000.0, 0.5, 6000.0),
    (6000.0, 6000.0, 0.95, 6128.0),
    (6000.0, 90_000.0, 0.05, 5515.0),
    (6000.0, 90_000.0, 0.5, 5995.0),
    (6000.0, 90_000.0, 0.95, 6502.0),
];
