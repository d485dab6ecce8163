//! Zones, windows, bounds, and what is refused.

use super::*;

#[test]
fn rings_and_circles_of_a_grid_agree_on_the_first_zones() {
    // Ring 1 of a hexagon's cells in a row: each cell and its neighbours at both sides.
    let rings = vec![
        vec![vec![1], vec![2]],
        vec![vec![0, 2]],
        vec![vec![1], vec![0]],
    ];
    let rings = Zones::rings(&rings).unwrap();
    let circles = Zones::circles(
        &[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]],
        Metric::Planar,
        CircleLimits::default(),
    )
    .unwrap();
    for center in 0..3 {
        assert_eq!(rings.around(center), circles.around(center));
    }
    assert_eq!(rings.around(1), [vec![1], vec![1, 0, 2]]);
    assert_eq!(rings.around(3), Vec::<Vec<u32>>::new());
    assert!(matches!(
        Zones::rings(&[vec![vec![0]]]),
        Err(ZonesError::Ring { center: 0, area: 0 })
    ));
    assert!(matches!(
        Zones::rings(&[vec![vec![7]]]),
        Err(ZonesError::Ring { center: 0, area: 7 })
    ));
    let nowhere = Zones::circles(&[[f64::NAN, 0.0]], Metric::Sphere, CircleLimits::default());
    assert!(matches!(nowhere, Err(ZonesError::Centroid { area: 0 })));
    let near = CircleLimits {
        radius: 1.5,
        areas: 2,
    };
    let near = Zones::circles(&[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]], Metric::Planar, near).unwrap();
    assert_eq!(near.around(0), [vec![0], vec![0, 1]]);
}

#[test]
fn a_degree_of_latitude_is_111_kilometres() {
    assert!((Metric::Sphere.distance([116.0, 39.0], [116.0, 40.0]) - 111_195.0).abs() < 1.0);
}

#[test]
fn windows_have_the_numbers_that_they_are_visited_with() {
    let zones = grid(1);
    let counts: Vec<f64> = (0..6).map(|slice| f64::from(1 << slice)).collect();
    for span in [Span::Retrospective, Span::Prospective, Span::Spatial] {
        let study = Study {
            counts: &counts,
            slices: 6,
            zones: &zones,
            model: Model::Permutation,
            strata: None,
        };
        let parameters = ScanParameters {
            span,
            shortest: 2,
            longest: Some(4),
            ..ScanParameters::default()
        };
        let windows = Windows::of(&study, &parameters).unwrap();
        let row = windows.fold_all(&counts);
        let mut visited = 0;
        windows.each(&row, &row, |window, sum, _| {
            let direct: f64 = counts[windows.slices_of(window)].iter().sum();
            assert!((sum - direct).abs() < 1e-12);
            visited += 1;
        });
        assert_eq!(visited, windows.count());
    }
}

#[test]
fn bounds_never_hide_a_score_above_the_level() {
    for score in [Score::Conditional { total: 300.0 }, Score::ExpectationBased] {
        let bounds = score::Bounds::new(score, 4.0, 2.0, 300.0);
        for step in 1..30_000 {
            let expected = f64::from(step) / 100.0;
            let bound = bounds.of(expected);
            let next = f64::from(bound + 1);
            assert!(f64::from(bound) < 2.0 || score.of(f64::from(bound), expected) <= 4.0);
            // And not far below: the next but a few do exceed it.
            assert!(
                next > 300.0 || score.of(next + 2.0, expected) > 4.0,
                "{expected} {bound}"
            );
            for cases in [expected * 1.01, expected + 1.0, expected * 3.0, 300.0] {
                let exact = score.of(cases, expected);
                assert!(exact <= 1.0 || score.may_exceed(cases, expected, exact * 0.999_999));
            }
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list")]
fn studies_that_make_no_sense_say_why() {
    let zones = grid(2);
    let counts = [1.0; 8];
    let study = Study {
        counts: &counts,
        slices: 2,
        zones: &zones,
        model: Model::Permutation,
        strata: None,
    };
    let usual = ScanParameters::default();
    let error = |study: Study<'_>, parameters| scan(&study, &parameters).unwrap_err();
    assert!(matches!(
        error(
            study,
            ScanParameters {
                maximum_share: 0.0,
                ..usual
            }
        ),
        ScanError::Parameter {
            name: "maximum_share",
            ..
        }
    ));
    assert!(matches!(
        error(
            study,
            ScanParameters {
                shortest: 3,
                ..usual
            }
        ),
        ScanError::Parameter {
            name: "shortest",
            ..
        }
    ));
    assert!(matches!(
        error(
            study,
            ScanParameters {
                longest: Some(9),
                ..usual
            }
        ),
        ScanError::Parameter {
            name: "longest",
            ..
        }
    ));
    assert!(matches!(
        error(
            study,
            ScanParameters {
                stop_after: Some(0),
                ..usual
            }
        ),
        ScanError::Parameter {
            name: "stop_after",
            ..
        }
    ));
    assert!(matches!(
        error(Study { slices: 0, ..study }, usual),
        ScanError::Parameter { name: "slices", .. }
    ));
    assert!(matches!(
        error(Study { slices: 3, ..study }, usual),
        ScanError::Length { name: "counts", .. }
    ));
    assert!(matches!(
        error(
            Study {
                strata: Some(&[1]),
                ..study
            },
            usual
        ),
        ScanError::Length { name: "strata", .. }
    ));
    let half = [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    assert!(matches!(
        error(
            Study {
                counts: &half,
                ..study
            },
            usual
        ),
        ScanError::Fraction {
            area: 0,
            slice: 0,
            ..
        }
    ));
    let bad = [1.0, 1.0, 1.0, f64::NAN, 1.0, 1.0, 1.0, 1.0];
    assert!(matches!(
        error(
            Study {
                counts: &bad,
                ..study
            },
            usual
        ),
        ScanError::Value {
            area: 1,
            slice: 1,
            ..
        }
    ));
    let nobody = Model::Poisson {
        population: &[1.0, 1.0, 1.0, 0.0],
    };
    assert!(matches!(
        error(
            Study {
                model: nobody,
                ..study
            },
            usual
        ),
        ScanError::Impossible { area: 3, slice: 0 }
    ));
    let crowd = [2e9; 8];
    assert!(matches!(
        error(
            Study {
                counts: &crowd,
                ..study
            },
            usual
        ),
        ScanError::TooMany { .. }
    ));
}

#[test]
fn no_cases_no_areas_and_no_room_for_a_cluster_have_no_cluster() {
    let zones = grid(2);
    let none = Study {
        counts: &[0.0; 8],
        slices: 2,
        zones: &zones,
        model: Model::Permutation,
        strata: None,
    };
    let empty = scan(&none, &ScanParameters::default()).unwrap();
    assert!(empty.clusters.is_empty() && empty.replicates.is_empty());
    let nowhere = Zones::rings(&[]).unwrap();
    let nothing = Study {
        counts: &[],
        zones: &nowhere,
        ..none
    };
    assert!(
        scan(&nothing, &ScanParameters::default())
            .unwrap()
            .clusters
            .is_empty()
    );
    let one = grid(1);
    let single = Study {
        counts: &[3.0, 4.0],
        zones: &one,
        ..none
    };
    let all = ScanParameters {
        maximum_share: 1.0,
        ..ScanParameters::default()
    };
    assert!(scan(&single, &all).unwrap().clusters.is_empty());
}

#[test]
fn expected_cases_add_up_to_the_observed_ones() {
    let centroids: Vec<[f64; 2]> = (0..9_u32)
        .map(|at| [f64::from(at % 3), f64::from(at / 3)])
        .collect();
    let zones = Zones::circles(&centroids, Metric::Planar, CircleLimits::default()).unwrap();
    let counts: Vec<f64> = (0..9 * 14_u32).map(|at| f64::from(at * 7919 % 5)).collect();
    let population: Vec<f64> = (1..=9_u32).map(f64::from).collect();
    let weekdays: Vec<u16> = (0..14_u16).map(|day| day % 7).collect();
    for strata in [None, Some(weekdays.as_slice())] {
        for model in [
            Model::Permutation,
            Model::Poisson {
                population: &population,
            },
        ] {
            let study = Study {
                counts: &counts,
                slices: 14,
                zones: &zones,
                model,
                strata,
            };
            let expected = Expected::of(&study).unwrap();
            crate::real::near(expected.table.iter().sum(), counts.iter().sum(), 1e-12);
        }
    }
}
