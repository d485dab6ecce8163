#![expect(clippy::cast_precision_loss, reason = "small numbers")]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

mod chance;
mod published;

/// A grid of `side` × `side` areas.
fn grid(side: u32) -> Zones {
    let centroids: Vec<[f64; 2]> = (0..side * side)
        .map(|area| [f64::from(area % side), f64::from(area / side)])
        .collect();
    Zones::circles(&centroids, Metric::Planar, CircleLimits::default()).unwrap()
}

/// Cases by chance, `mean` an area and slice, more towards the last slices of an odd area.
fn cases(areas: usize, slices: usize, mean: f64, seed: u64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let draw = |cell: usize| {
        let tries = 20 + (cell / slices % 2) * (cell % slices);
        (0..tries)
            .filter(|_| random.random::<f64>() < mean / 20.0)
            .count() as f64
    };
    (0..areas * slices).map(draw).collect()
}

/// The highest score of all cylinders, straight from the definitions.
fn brute(study: &Study<'_>, parameters: &ScanParameters, expected: &[f64], mass: &[f64]) -> f64 {
    let (slices, total) = (study.slices, study.counts.iter().sum::<f64>());
    let longest = parameters
        .longest
        .unwrap_or((slices / 2).max(parameters.shortest));
    let mut highest = 0.0_f64;
    for center in 0..study.zones.areas() {
        for zone in study.zones.around(center) {
            let share: f64 = zone.iter().map(|area| mass[*area as usize]).sum();
            if share > parameters.maximum_share * mass.iter().sum::<f64>() + 1e-9 {
                continue;
            }
            for start in 0..slices {
                for end in start + 1..=slices {
                    let length = end - start;
                    let fits = match parameters.span {
                        Span::Spatial => length == slices,
                        Span::Retrospective => (parameters.shortest..=longest).contains(&length),
                        Span::Prospective => {
                            end == slices && (parameters.shortest..=longest).contains(&length)
                        }
                    };
                    let sum = |table: &[f64]| -> f64 {
                        zone.iter()
                            .map(|area| {
                                table[*area as usize * slices..][start..end]
                                    .iter()
                                    .sum::<f64>()
                            })
                            .sum()
                    };
                    let (c, e) = (sum(study.counts), sum(expected));
                    if !fits || c < f64::from(parameters.minimum_cases) || c <= e {
                        continue;
                    }
                    let score = if matches!(study.model, Model::ExpectationBased { .. }) {
                        c * (c / e).ln() - (c - e)
                    } else if total > c {
                        c * (c / e).ln() + (total - c) * ((total - c) / (total - e)).ln()
                    } else {
                        c * (c / e).ln()
                    };
                    highest = highest.max(score);
                }
            }
        }
    }
    highest
}

#[test]
fn the_best_cylinder_is_that_of_a_search_through_all() {
    let zones = grid(4);
    let (areas, slices) = (16, 9);
    let people: Vec<f64> = (0..areas)
        .map(|area| 50.0 + 10.0 * f64::from(area))
        .collect();
    let forecast: Vec<f64> = (0..144)
        .map(|cell| 0.5 + f64::from(cell % 7) / 5.0)
        .collect();
    for seed in 0..4 {
        let counts = cases(16, slices, 0.8, seed);
        for model in [
            Model::Poisson {
                population: &people,
            },
            Model::Permutation,
            Model::ExpectationBased {
                expected: &forecast,
            },
        ] {
            for span in [Span::Spatial, Span::Retrospective, Span::Prospective] {
                let study = Study {
                    counts: &counts,
                    slices,
                    zones: &zones,
                    model,
                    strata: None,
                };
                let parameters = ScanParameters {
                    span,
                    replicates: 0,
                    shortest: 2,
                    ..ScanParameters::default()
                };
                let expected = Expected::of(&study).unwrap();
                let highest = brute(&study, &parameters, &expected.table, &expected.mass);
                let found = scan(&study, &parameters).unwrap();
                let best = found.clusters.first().map_or(0.0, |best| best.score);
                assert!(
                    (best - highest).abs() < 1e-9,
                    "{model:?} {span:?}: {best} {highest}"
                );
                if let Some(best) = found.clusters.first() {
                    assert_eq!(
                        (best.p_value, best.gumbel_p_value, best.recurrence_interval),
                        (None, None, None)
                    );
                    let cells = best.areas.iter().flat_map(|area| {
                        best.slices
                            .clone()
                            .map(move |slice| *area as usize * slices + slice)
                    });
                    assert!(
                        (cells.map(|cell| counts[cell]).sum::<f64>() - best.cases).abs() < 1e-9
                    );
                }
            }
        }
    }
}

#[test]
fn replicates_are_searched_as_thoroughly_as_the_cases() {
    let zones = grid(4);
    let slices = 8;
    let counts = cases(16, slices, 0.6, 5);
    let people = vec![100.0; 16];
    let forecast = vec![0.6; 16 * slices];
    for model in [
        Model::Poisson {
            population: &people,
        },
        Model::Permutation,
        Model::ExpectationBased {
            expected: &forecast,
        },
    ] {
        for span in [Span::Spatial, Span::Retrospective, Span::Prospective] {
            let study = Study {
                counts: &counts,
                slices,
                zones: &zones,
                model,
                strata: None,
            };
            let parameters = ScanParameters {
                span,
                replicates: 40,
                stop_after: None,
                longest: Some(8),
                ..ScanParameters::default()
            };
            let expected = Expected::of(&study).unwrap();
            let windows = Windows::of(&study, &parameters).unwrap();
            let plan = Plan::new(&study, &parameters, windows, &expected, true);
            let simulator = Simulator::new(&study, &expected).unwrap();
            let found = replicates::run(&plan, &simulator, 1.0, &parameters, 2);
            assert_eq!(found.maxima.len(), 40);
            let mut different = found.maxima.clone();
            different.dedup();
            // The permutation model has nothing to find when all slices are together.
            assert!(
                different.len() > 30
                    || (span == Span::Spatial && matches!(model, Model::Permutation))
            );
            for (replicate, highest) in found.maxima.iter().enumerate() {
                let mut random = ChaCha8Rng::seed_from_u64(parameters.seed);
                random.set_stream(replicate as u64);
                let mut drawn = vec![0; counts.len()];
                simulator.draw(&mut random, &(0..slices), &mut drawn);
                let drawn: Vec<f64> = drawn.into_iter().map(f64::from).collect();
                let study = Study {
                    counts: &drawn,
                    ..study
                };
                let brute = brute(&study, &parameters, &expected.rounded, &expected.mass);
                assert!(
                    (brute - highest).abs() < 1e-9 * brute.max(1.0),
                    "{model:?} {span:?}: {brute} {highest}"
                );
            }
        }
    }
}

#[test]
fn permutations_keep_the_cases_of_each_area_and_slice_in_each_stratum() {
    let zones = grid(3);
    let slices = 14;
    let counts = cases(9, slices, 1.0, 2);
    let strata: Vec<u16> = (0..14).map(|day| 10 + u16::from(day % 7 >= 5)).collect();
    let study = Study {
        counts: &counts,
        slices,
        zones: &zones,
        model: Model::Permutation,
        strata: Some(&strata),
    };
    let expected = Expected::of(&study).unwrap();
    let simulator = Simulator::new(&study, &expected).unwrap();
    let mut drawn = vec![0; counts.len()];
    simulator.draw(&mut ChaCha8Rng::seed_from_u64(1), &(0..slices), &mut drawn);
    let drawn: Vec<f64> = drawn.into_iter().map(f64::from).collect();
    assert_ne!(drawn, counts);
    let of_slice =
        |table: &[f64], slice: usize| table.iter().skip(slice).step_by(slices).sum::<f64>();
    let of_area = |table: &[f64], area: usize, stratum: u16| -> f64 {
        (0..slices)
            .filter(|slice| strata[*slice] == stratum)
            .map(|slice| table[area * slices + slice])
            .sum()
    };
    for table in [&drawn, &expected.table] {
        for slice in 0..slices {
            assert!((of_slice(table, slice) - of_slice(&counts, slice)).abs() < 1e-9);
        }
        for area in 0..9 {
            for stratum in [10, 11] {
                assert!(
                    (of_area(table, area, stratum) - of_area(&counts, area, stratum)).abs() < 1e-9
                );
            }
        }
    }
}

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
