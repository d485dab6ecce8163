use super::*;
use crate::significance::two_sided_p;

/// P(X ≥ k) of a binomial, term by term.
fn upper_tail(k: u32, n: u32, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(i32::try_from(n).unwrap());
    let mut tail = 0.0;
    for i in 0..=n {
        if i >= k {
            tail += term;
        }
        term *= f64::from(n - i) / f64::from(i + 1) * p / (1.0 - p);
    }
    tail
}

fn map(chosen: &[f64], all: &[f64], neighbours: &Neighbours) -> Scores {
    let cube = |values| Cube::try_new(values, 1).unwrap();
    shares(
        cube(chosen),
        cube(all),
        neighbours,
        &ShareParameters::default(),
    )
    .unwrap()
}

#[test]
fn p_is_twice_the_binomial_tail_added_term_by_term() {
    let alone = Neighbours::from_pairs(3, []).unwrap();
    for (chosen, all) in [(5_u32, 9_u32), (1, 1), (3, 40), (30, 41), (12, 300)] {
        let rest = [400.0 - f64::from(chosen), 3_600.0 - f64::from(all)];
        let scores = map(
            &[f64::from(chosen), rest[0], 0.0],
            &[f64::from(all), rest[1], 0.0],
            &alone,
        );
        let share = 400.0 / 3_600.0;
        let upper = upper_tail(chosen, all, share);
        let lower = 1.0 - upper_tail(chosen + 1, all, share);
        let expected = (2.0 * upper.min(lower)).min(1.0);
        let score = scores.get(0).unwrap();
        assert!(
            (score.p - expected).abs() < 1e-9,
            "{chosen} of {all}: {} {expected}",
            score.p
        );
        assert!((two_sided_p(score.z) - score.p).abs() < 1e-12);
        let above = f64::from(chosen) > f64::from(all) * share;
        assert!(score.z == 0.0 || (score.z > 0.0) == above);
        assert!(
            scores.get(2).unwrap().z.abs() <= 0.0,
            "no records, no evidence"
        );
    }
}

#[test]
fn a_dense_cell_with_the_citys_share_is_not_hot_and_a_larger_share_is() {
    // Ten cells in a row: the third has a hundred times the records at the same share, the seventh twice the share.
    let mut all = vec![50.0; 10];
    let mut chosen = vec![5.0; 10];
    (all[2], chosen[2]) = (5_000.0, 500.0);
    (all[6], chosen[6]) = (500.0, 120.0);
    let neighbours = Neighbours::from_pairs(10, (0..9).map(|at| (at, at + 1))).unwrap();
    let scores = map(&chosen, &all, &neighbours);
    let bins: Vec<i8> = scores.iter().map(|score| score.unwrap().bin).collect();
    assert_eq!(bins[5..=7], [3, 3, 3]);
    assert!(bins[..=4].iter().all(|bin| *bin <= 0), "{bins:?}");
}

#[test]
fn a_slice_is_compared_with_the_same_slices_of_the_city() {
    // Everywhere three times as many in the second slice, and in the last cell in the third.
    let chosen: Vec<f64> = [
        [2.0, 6.0, 2.0],
        [2.0, 6.0, 2.0],
        [2.0, 6.0, 2.0],
        [2.0, 6.0, 40.0],
    ]
    .concat();
    let all = vec![60.0; 12];
    let alone = Neighbours::from_pairs(4, []).unwrap();
    let cube = |values| Cube::try_new(values, 3).unwrap();
    let hot = |previous_slices| -> Vec<usize> {
        let parameters = ShareParameters {
            previous_slices,
            ..ShareParameters::default()
        };
        let scores = shares(cube(&chosen), cube(&all), &alone, &parameters).unwrap();
        (0..12)
            .filter(|&at| scores.get(at).unwrap().bin > 0)
            .collect()
    };
    assert_eq!(hot(0), [11]);
    assert_eq!(hot(1), [11]);
}

#[test]
fn missing_values_leave_and_impossible_ones_are_refused() {
    let pair = Neighbours::from_pairs(2, [(0, 1)]).unwrap();
    let scores = map(&[1.0, f64::NAN], &[3.0, 9.0], &pair);
    assert!(scores.get(1).is_none() && scores.get(0).is_some());
    let cube = |values| Cube::try_new(values, 1).unwrap();
    let refused = shares(
        cube(&[4.0, 0.0]),
        cube(&[3.0, 1.0]),
        &pair,
        &ShareParameters::default(),
    );
    assert!(refused.unwrap_err().to_string().contains("chosen"));
    // Far in the tail, and with more records than are summed exactly, scores are finite.
    let extreme = map(
        &[9_000.0, 1.0],
        &[9_000.0, 900_000.0],
        &Neighbours::from_pairs(2, []).unwrap(),
    );
    assert!(extreme.iter().all(|score| score.unwrap().z.is_finite()));
    assert!(extreme.get(0).unwrap().z > 30.0 && extreme.get(1).unwrap().z < -30.0);
}
