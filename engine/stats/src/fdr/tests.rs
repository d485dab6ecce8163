use proptest::prelude::*;

use super::*;

/// The step-up rule as the paper states it: how many of the ordered p-values are rejected.
fn rejected_by_definition(p: &[Option<f64>], alpha: f64) -> Vec<bool> {
    let mut ordered: Vec<f64> = p.iter().flatten().copied().collect();
    ordered.sort_by(f64::total_cmp);
    let m = ordered.len() as f64;
    let cut = ordered
        .iter()
        .enumerate()
        .filter(|&(i, &p)| p * m <= (i + 1) as f64 * alpha)
        .map(|(_, &p)| p)
        .next_back();
    p.iter()
        .map(|p| p.is_some_and(|p| cut.is_some_and(|cut| p <= cut)))
        .collect()
}

/// The definition of q, in quadratic time.
fn q_by_definition(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut ordered: Vec<f64> = p.iter().flatten().copied().collect();
    ordered.sort_by(f64::total_cmp);
    let m = ordered.len() as f64;
    let scaled: Vec<f64> = ordered
        .iter()
        .enumerate()
        .map(|(i, &p)| (m * p / (i + 1) as f64).min(1.0))
        .collect();
    let q = |p: f64| {
        scaled[ordered.partition_point(|&other| other < p)..]
            .iter()
            .copied()
            .fold(1.0, f64::min)
    };
    p.iter().map(|p| p.map(q)).collect()
}

#[test]
fn q_values_are_those_of_r() {
    // R 4.2.2: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05, 0.5, 0.9), "BH"); by hand 7/5 * 0.05 for the first five.
    let p = [0.01, 0.02, 0.03, 0.04, 0.05, 0.5, 0.9].map(Some);
    let q: Vec<f64> = benjamini_hochberg(&p).q.into_iter().flatten().collect();
    let expected = [0.07, 0.07, 0.07, 0.07, 0.07, 0.583_333_333_333, 0.9];
    for (q, expected) in q.iter().zip(expected) {
        assert!((q - expected).abs() < 1e-12, "{q} is not {expected}");
    }
}

#[test]
fn what_was_not_tested_leaves_the_family() {
    let adjusted = benjamini_hochberg(&[
        None,
        Some(0.02),
        Some(f64::NAN),
        Some(1.5),
        Some(-0.1),
        Some(0.5),
    ]);
    assert_eq!(adjusted.tested, 2);
    assert_eq!(adjusted.q, [None, Some(0.04), None, None, None, Some(0.5)]);
    assert_eq!(
        benjamini_hochberg(&[]),
        Adjusted {
            q: vec![],
            tested: 0
        }
    );
    assert_eq!(
        benjamini_hochberg(&[Some(0.0), Some(1.0)]).q,
        [Some(0.0), Some(1.0)]
    );
}

#[test]
fn many_p_values_with_many_ties_keep_the_definition() {
    let p: Vec<Option<f64>> = (0..12_288)
        .map(|i| match i % 5 {
            0 => Some(1.0),
            1 => Some(0.25),
            2 => Some(1e-12 * f64::from(i % 977)),
            3 => Some(f64::from(i * 7919 % 104_729) / 104_729.0),
            _ => None,
        })
        .collect();
    let q = benjamini_hochberg(&p).q;
    for (q, expected) in q.iter().zip(q_by_definition(&p)) {
        match (q, expected) {
            (Some(q), Some(expected)) => assert!(
                (q - expected).abs() <= 1e-12 * expected,
                "{q} is not {expected}"
            ),
            (q, expected) => assert_eq!(*q, expected),
        }
    }
}

proptest! {
    #[test]
    fn a_q_value_under_alpha_is_a_rejection_of_the_step_up_rule(
        p in prop::collection::vec(prop::option::of(prop_oneof![0.0..1.0_f64, 0.0..0.02_f64, Just(0.01)]), 0..80),
        alpha in 0.001..0.3_f64,
    ) {
        let adjusted = benjamini_hochberg(&p);
        // Exactly at the threshold the two forms of the rule round differently.
        prop_assume!(adjusted.q.iter().flatten().all(|q| (q - alpha).abs() > 1e-12));
        let rejected: Vec<bool> = adjusted.q.iter().map(|q| q.is_some_and(|q| q <= alpha)).collect();
        prop_assert_eq!(rejected, rejected_by_definition(&p, alpha));
    }
}

#[test]
fn tests_that_are_not_listed_count_like_listed_ones_with_p_1() {
    let listed = [Some(0.001), None, Some(0.04), Some(0.2), Some(1.0)];
    let beside = benjamini_hochberg_beside(&listed, 7);
    let mut all = listed.to_vec();
    all.extend([Some(1.0); 7]);
    let whole = benjamini_hochberg(&all);
    assert_eq!(beside.tested, whole.tested);
    assert_eq!(beside.q, whole.q[..listed.len()]);
    assert!(beside.q[0] > benjamini_hochberg(&listed).q[0]);
}
