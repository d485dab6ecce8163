#![expect(clippy::cast_precision_loss, reason = "small numbers")]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

mod chance;
mod parts;
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
    let people = vec![100.0; 16];
    // 40 slices have more windows than are taken at a time; any windows of so many would make the comparison slow.
    for (span, slices) in [
        (Span::Spatial, 8),
        (Span::Retrospective, 8),
        (Span::Prospective, 40),
    ] {
        let counts = cases(16, slices, 0.6, 5);
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
                longest: Some(slices),
                ..ScanParameters::default()
            };
            compare_replicates(&study, &parameters);
        }
    }
}

/// Compares each replicate's highest score with a search through all cylinders of the same draw.
fn compare_replicates(study: &Study<'_>, parameters: &ScanParameters) {
    let expected = Expected::of(study).unwrap();
    let windows = Windows::of(study, parameters).unwrap();
    let plan = Plan::new(study, parameters, windows, &expected, true);
    let simulator = Simulator::new(study, &expected).unwrap();
    let found = replicates::run(&plan, &simulator, 1.0, parameters, 2, &|| true).unwrap();
    assert_eq!(found.maxima.len(), 40);
    let mut different = found.maxima.clone();
    different.dedup();
    // The permutation model has nothing to find when all slices are together.
    let nothing = parameters.span == Span::Spatial && matches!(study.model, Model::Permutation);
    assert!(different.len() > 30 || nothing);
    for (replicate, highest) in found.maxima.iter().enumerate() {
        let mut random = ChaCha8Rng::seed_from_u64(parameters.seed);
        random.set_stream(replicate as u64);
        let mut drawn = vec![0; study.counts.len()];
        simulator.draw(&mut random, &(0..study.slices), &mut drawn);
        let drawn: Vec<f64> = drawn.into_iter().map(f64::from).collect();
        let study = Study {
            counts: &drawn,
            ..*study
        };
        let brute = brute(&study, parameters, &expected.rounded, &expected.mass);
        let tolerance = 1e-9 * brute.max(1.0);
        assert!(
            (brute - highest).abs() < tolerance,
            "{parameters:?}: {brute} {highest}"
        );
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
