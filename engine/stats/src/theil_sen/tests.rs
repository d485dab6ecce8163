use proptest::prelude::*;

use super::*;

/// All slopes, sorted.
fn by_definition(series: &[f64]) -> Option<f64> {
    let points: Vec<_> = points(series).collect();
    let mut slopes = Vec::new();
    for (i, (step, value)) in points.iter().enumerate() {
        slopes.extend(
            points[i + 1..]
                .iter()
                .map(|(later, other)| (other - value) / (later - step)),
        );
    }
    slopes.sort_by(f64::total_cmp);
    let middle = slopes.len() / 2;
    match slopes.len() {
        0 => None,
        n if n % 2 == 1 => Some(slopes[middle]),
        _ => Some(f64::midpoint(slopes[middle - 1], slopes[middle])),
    }
}

#[test]
fn short_and_missing_series_are_defined() {
    assert_eq!(median_slope(&[]), None);
    assert_eq!(median_slope(&[1.0, f64::NAN, f64::INFINITY]), None);
    assert_eq!(median_slope(&[1.0, f64::NAN, 2.0]), Some(0.5));
    assert_eq!(median_slope(&[3.0; 9]), Some(0.0));
}

#[test]
fn a_wild_value_changes_nothing() {
    let mut line: Vec<f64> = (0..21_i32).map(|t| 3.0 - 0.5 * f64::from(t)).collect();
    line[7] = 1e9;
    assert!((median_slope(&line).unwrap() + 0.5).abs() < 1e-12);
}

#[test]
fn a_long_series_has_the_median_of_all_its_slopes() {
    let limit = u32::try_from(ALL_SLOPES).unwrap();
    for even in [0, 1] {
        let long: Vec<f64> = (0..limit + 3 + even)
            .map(|t| {
                if t % 11 == 0 {
                    f64::NAN
                } else {
                    f64::from(t * 7919 % 1009) + 0.05 * f64::from(t)
                }
            })
            .chain((0..500).map(|t| f64::from(t * 31 % 17)))
            .collect();
        let (slope, expected) = (median_slope(&long).unwrap(), by_definition(&long).unwrap());
        assert!(
            (slope - expected).abs() < 1e-12,
            "{slope} is not {expected}"
        );
    }
    assert_eq!(median_slope(&vec![2.0; ALL_SLOPES + 9]), Some(0.0));
    let quiet: Vec<f64> = (0..ALL_SLOPES + 9)
        .map(|t| if t % 50 == 0 { 1.0 } else { 0.0 })
        .collect();
    assert_eq!(median_slope(&quiet), Some(0.0));
}

proptest! {
    #[test]
    fn both_ways_are_the_median_of_all_slopes(
        series in prop::collection::vec(
            prop_oneof![4 => (0..4).prop_map(f64::from), 2 => -9.0..9.0_f64, 1 => Just(f64::NAN)], 0..40),
    ) {
        let expected = by_definition(&series);
        prop_assert_eq!(median_slope(&series), expected);
        let points: Vec<_> = points(&series).collect();
        if let Some(expected) = expected {
            let counted = by_counting(&points);
            prop_assert!((counted - expected).abs() < 1e-12, "{} is not {}", counted, expected);
        }
    }

    #[test]
    fn inversions_are_counted_and_sorted(values in prop::collection::vec(0..9_i8, 0..60)) {
        let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let falling = |i: usize| values[i + 1..].iter().filter(|&&later| later < values[i]).count();
        let expected: usize = (0..values.len()).map(falling).sum();
        prop_assert_eq!(inversions(&mut values), expected);
        prop_assert!(values.is_sorted());
    }
}
