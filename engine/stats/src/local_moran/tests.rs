use super::*;
use crate::{getis_ord, global_moran, real};

fn local(
    values: &[f64],
    neighbours: &Neighbours,
    parameters: LocalMoranParameters,
) -> Vec<Option<LocalMoran>> {
    local_moran(values, neighbours, &parameters).unwrap()
}

fn number(quadrant: Quadrant) -> u64 {
    match quadrant {
        Quadrant::HighHigh => 1,
        Quadrant::LowHigh => 2,
        Quadrant::LowLow => 3,
        Quadrant::HighLow => 4,
    }
}

#[test]
fn counties_of_st_louis_have_the_local_i_of_esda() {
    let Some(neighbours) = global_moran::tests::gal("reference-stats/moran_stl/stl.gal") else {
        return;
    };
    let rates = real::column("reference-stats/moran_stl/stl_hom.csv", "HR8893").unwrap();
    let expected = real::json("reference-stats/moran_stl/expected.json").unwrap();
    let computed = &expected["computed"];
    let i = real::numbers(&computed["local_I"]);
    let quadrants = computed["quadrant"].as_array().unwrap();
    let cells = local(&rates, &neighbours, LocalMoranParameters::default());
    assert_eq!(cells.len(), 78);
    for ((cell, i), quadrant) in cells.into_iter().zip(i).zip(quadrants) {
        real::near(cell.unwrap().i, i, 1e-12);
        assert_eq!(number(cell.unwrap().quadrant), quadrant.as_u64().unwrap());
    }
}

#[test]
fn noise_complaints_of_new_york_have_the_local_i_of_esda() {
    let Some((cells, totals, neighbours)) = getis_ord::tests::noise() else {
        return;
    };
    let found = local(
        &totals,
        &neighbours,
        LocalMoranParameters {
            permutations: 99,
            ..Default::default()
        },
    );
    let text = real::text("reference-stats/h3_gistar_nyc_noise/expected_gistar_2025.csv").unwrap();
    let mut islands = 0;
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.unwrap();
        let at = cells.binary_search(&row[0].parse().unwrap()).unwrap();
        // There an island has I = 0.
        if let Some(cell) = found[at] {
            real::near(cell.i, row[6].parse().unwrap(), 1e-10);
            assert_eq!(number(cell.quadrant).to_string(), row[7]);
        } else {
            islands += 1;
            assert!(neighbours.of(at).is_empty());
        }
    }
    assert_eq!(islands, 3);
}

/// A ring of cells, each with two neighbours.
fn ring(cells: u32) -> Neighbours {
    Neighbours::from_pairs(
        cells as usize,
        (0..cells).map(|cell| (cell, (cell + 1) % cells)),
    )
    .unwrap()
}

#[test]
fn p_values_are_those_of_all_arrangements() {
    let values = [9.0, 7.0, 8.0, 1.0, 0.0, 2.0, 2.0, 5.0];
    let neighbours = ring(8);
    for alternative in [Alternative::TwoSided, Alternative::Directed] {
        let parameters = LocalMoranParameters {
            permutations: 39_999,
            alternative,
            ..Default::default()
        };
        for (cell, found) in local(&values, &neighbours, parameters)
            .into_iter()
            .enumerate()
        {
            let observed: f64 = neighbours
                .of(cell)
                .iter()
                .map(|&other| values[other as usize])
                .sum();
            let pairs = (0..8).flat_map(|a| (0..8).map(move |b| (a, b)));
            let sums: Vec<f64> = pairs
                .filter(|&(a, b)| a != b && a != cell && b != cell)
                .map(|(a, b)| values[a] + values[b])
                .collect();
            let share = |wanted: &dyn Fn(f64) -> bool| {
                sums.iter().filter(|&&sum| wanted(sum)).count() as f64 / 42.0
            };
            let (mut at_least, mut at_most) =
                (share(&|sum| sum >= observed), share(&|sum| sum <= observed));
            if values[cell] < 4.25 {
                std::mem::swap(&mut at_least, &mut at_most);
            }
            let exact = match alternative {
                Alternative::TwoSided => (2.0 * at_least.min(at_most)).min(1.0),
                Alternative::Directed => at_least.min(1.0 - at_least),
            };
            // Three standard errors of 39,999 draws, twice for two ends.
            let p = found.unwrap().p;
            assert!((p - exact).abs() < 0.015, "cell {cell}: {p} is not {exact}");
        }
    }
}

#[test]
fn a_cluster_and_an_outlier_have_their_classes() {
    let mut values: Vec<f64> = (0..200_u32).map(|i| f64::from(10 + i * 7919 % 7)).collect();
    values[50..60].fill(90.0);
    values[55] = 1.0;
    // Two neighbours on each side.
    let pairs = (0..200_u32).flat_map(|cell| [1, 2].map(|step| (cell, (cell + step) % 200)));
    let neighbours = Neighbours::from_pairs(200, pairs).unwrap();
    let parameters = LocalMoranParameters {
        permutations: 9999,
        ..Default::default()
    };
    let cells = local(&values, &neighbours, parameters);
    let class = |cell: usize| cells[cell].unwrap().class;
    assert_eq!(class(52), Some(Quadrant::HighHigh));
    assert_eq!(class(55), Some(Quadrant::LowHigh));
    assert_eq!(class(120), None);
    // One by one more cells pass.
    let raw = local(
        &values,
        &neighbours,
        LocalMoranParameters {
            correction: Correction::Raw,
            ..parameters
        },
    );
    let count = |cells: &[Option<LocalMoran>]| {
        cells
            .iter()
            .flatten()
            .filter(|cell| cell.class.is_some())
            .count()
    };
    assert!(count(&raw) >= count(&cells) && count(&cells) >= 6);
}

#[test]
fn threads_change_nothing_and_the_seed_does() {
    let values: Vec<f64> = (0..300_u32).map(|i| f64::from(i * 7919 % 61)).collect();
    let run = |threads, seed| {
        let parameters = LocalMoranParameters {
            seed,
            threads: NonZeroUsize::new(threads),
            ..Default::default()
        };
        local(&values, &ring(300), parameters)
    };
    assert_eq!(run(1, 5), run(4, 5));
    assert_ne!(run(1, 5), run(1, 6));
}

#[test]
fn what_is_not_defined_has_no_local_i() {
    assert_eq!(
        local(&[0.1; 9], &ring(9), LocalMoranParameters::default()),
        [None; 9]
    );
    assert_eq!(
        local(&[f64::NAN; 4], &ring(4), LocalMoranParameters::default()),
        [None; 4]
    );
    let mut values = [1.0, 2.0, 3.0, 9.0, 8.0, 7.0, 1.0];
    values[3] = f64::INFINITY;
    let cells = local(&values, &ring(7), LocalMoranParameters::default());
    assert_eq!(
        cells.iter().map(Option::is_none).collect::<Vec<_>>(),
        [false, false, false, true, false, false, false]
    );
    let error = |parameters| {
        local_moran(&[1.0; 3], &ring(3), &parameters)
            .unwrap_err()
            .to_string()
    };
    let default = LocalMoranParameters::default();
    assert_eq!(
        error(LocalMoranParameters {
            permutations: 18,
            ..default
        }),
        "permutations = 18: must be at least 19"
    );
    assert_eq!(
        error(LocalMoranParameters {
            alpha: f64::NAN,
            ..default
        }),
        "alpha = NaN: must be between 0 and 1"
    );
    let error = local_moran(&[1.0; 2], &ring(3), &default).unwrap_err();
    assert_eq!(error.to_string(), "2 values for 3 cells");
}
