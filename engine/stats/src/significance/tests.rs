use super::*;

#[test]
fn bins_begin_at_their_levels() {
    for (probability, size) in [
        (0.0, 3),
        (0.01, 3),
        (0.010_001, 2),
        (0.05, 2),
        (0.1, 1),
        (0.100_001, 0),
        (f64::NAN, 0),
    ] {
        assert_eq!(confidence_bin(probability, 2.0), size);
        assert_eq!(confidence_bin(probability, -2.0), -size);
    }
}

#[test]
fn p_values_are_those_of_a_table() {
    // Quantiles of the normal distribution, from any table: 1.959964 and 2.575829.
    assert!((two_sided_p(1.959_963_984_540_054) - 0.05).abs() < 1e-11);
    assert!((two_sided_p(-2.575_829_303_548_900_4) - 0.01).abs() < 1e-11);
    assert!((two_sided_p(0.0) - 1.0).abs() < 1e-15);
    assert!(two_sided_p(f64::NAN).is_nan());
    assert!(two_sided_p(f64::INFINITY) < 1e-300);
}

#[test]
fn each_family_has_its_own_number_of_tests() {
    // Two slices of three cells, cell after cell: z of slice 0 are 3, undefined, 1; of slice 1 are -3, 0, 2.
    let z = vec![3.0, -3.0, f64::NAN, 0.0, 1.0, 2.0];
    let by_slice = Scores::new(z.clone(), 2, Correction::FalseDiscoveryRate, None);
    assert_eq!(by_slice.tested(), [2, 3]);
    assert_eq!(by_slice.get(2), None);
    let first = by_slice.get(0).unwrap();
    assert!((first.q - 2.0 * two_sided_p(3.0)).abs() < 1e-15);
    assert_eq!(first.bin, 3);
    assert_eq!(by_slice.get(1).unwrap().bin, -3);
    // p = 0.0455: significant on its own, not among three.
    assert_eq!(by_slice.get(5).unwrap().bin, 1);
    assert_eq!(
        Scores::new(z.clone(), 2, Correction::Raw, None)
            .get(5)
            .unwrap()
            .bin,
        2
    );

    let together = Scores::new(z, 1, Correction::FalseDiscoveryRate, None);
    assert_eq!(together.tested(), [5]);
    assert_eq!(
        (
            together.len(),
            together.is_empty(),
            together.iter().flatten().count()
        ),
        (6, false, 5)
    );
    assert_eq!(together.get(6), None);
}

#[test]
fn scores_that_repeat_have_the_answer_of_scores_that_do_not() {
    let few = |i: u32| match i % 9 {
        0 => f64::NAN,
        1 => -0.0,
        _ => f64::from(i * 7919 % 41) / 8.0 - 2.0,
    };
    let z: Vec<f64> = (0..4000).map(few).collect();
    assert!(Distinct::of(&z, z.len() / REPEATED, None).is_some());
    assert!(Distinct::of(&z, 40, None).is_none());
    let found = Scores::new(z.clone(), 1, Correction::FalseDiscoveryRate, None);
    let p = p_values(&z, None);
    let (q, tested) = fdr::adjust(&p);
    assert_eq!(found.tested(), [tested]);
    for (at, (&p, q)) in p.iter().zip(q).enumerate() {
        match found.get(at) {
            Some(score) => {
                assert!(
                    (score.p - p).abs() < 1e-15 && (score.q - q).abs() < 1e-14,
                    "{} is not {q}",
                    score.q
                );
            }
            None => assert!(p.is_nan()),
        }
    }
    assert!(Scores::new(vec![], 1, Correction::Raw, None).is_empty());
    let undefined = Scores::new(vec![f64::NAN; 99], 1, Correction::Raw, None);
    assert_eq!(
        (undefined.tested(), undefined.iter().flatten().count()),
        (&[0][..], 0)
    );
}

#[test]
fn threads_number_scores_as_one_does() {
    let score = |i: u32| match i {
        _ if i.is_multiple_of(9) => f64::NAN,
        150_001.. => f64::from(i % 7) + 0.3,
        _ => f64::from(i * 7919 % 41) / 8.0,
    };
    let z: Vec<f64> = (0..300_000).map(score).collect();
    let by = |threads| Distinct::of(&z, 64, NonZeroUsize::new(threads)).unwrap();
    let (one, many) = (by(1), by(3));
    assert_eq!(one.values.len(), 48);
    assert_eq!(many.values, one.values);
    assert_eq!(many.counts, one.counts);
    assert_eq!(many.numbers, one.numbers);
    assert!(Distinct::of(&z, 45, NonZeroUsize::new(3)).is_none());
}
