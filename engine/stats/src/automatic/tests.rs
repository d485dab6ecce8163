use super::*;

/// Cells on a ring, neighbours up to each distance.
fn rings(cells: u32, distances: u32) -> Vec<Neighbours> {
    let pairs = |k: u32| (0..cells).flat_map(move |a| (1..=k).map(move |d| (a, (a + d) % cells)));
    (1..=distances)
        .map(|k| Neighbours::from_pairs(cells as usize, pairs(k)).unwrap())
        .collect()
}

fn disks(rings: &[Neighbours]) -> Vec<Disk<'_>> {
    (1..)
        .zip(rings)
        .map(|(k, neighbours)| Disk { k, neighbours })
        .collect()
}

/// Blocks of nine busy and nine quiet cells.
fn blocks(cells: u32) -> Vec<f64> {
    (0..cells)
        .map(|cell| {
            if (cell / 9).is_multiple_of(2) {
                6.0 + f64::from(cell % 3)
            } else {
                0.0
            }
        })
        .collect()
}

#[test]
fn the_finest_resolution_that_is_full_enough_and_the_peak_of_clustering_are_taken() {
    let (coarse, fine) = (rings(60, 3), rings(360, 8));
    let sparse: Vec<f64> = (0..360)
        .map(|cell| if cell % 2 == 0 { 1.0 } else { 0.0 })
        .collect();
    let (few, many) = (vec![10.0; 60], blocks(360));
    let (coarse, fine) = (disks(&coarse), disks(&fine));
    let aggregations = [
        Aggregation {
            resolution: 7,
            counts: &few,
            disks: &coarse,
        },
        Aggregation {
            resolution: 8,
            counts: &many,
            disks: &fine,
        },
        Aggregation {
            resolution: 9,
            counts: &sparse,
            disks: &fine,
        },
    ];
    let choice = choose(&aggregations, &AutomaticParameters::default()).unwrap();
    assert_eq!(
        (choice.aggregation, choice.resolution, choice.ground),
        (1, 8, Ground::Peak)
    );
    assert!((choice.mean - 3.5).abs() < 1e-12 && (choice.complaints - 1260.0).abs() < 1e-9);
    assert_eq!(choice.clustering.len(), 8);
    let highest = choice
        .clustering
        .iter()
        .flatten()
        .copied()
        .fold(0.0, f64::max);
    assert!((choice.clustering[choice.disk].unwrap() - highest).abs() < 1e-12);
    assert_eq!(choice.k as usize, choice.disk + 1);
    assert!((2..8).contains(&choice.k), "{:?}", choice.clustering);
}

#[test]
fn without_a_peak_the_nearest_neighbours_are_taken() {
    let rings = rings(360, 2);
    let (disks, counts) = (disks(&rings), blocks(360));
    let choice = choose(
        &[Aggregation {
            resolution: 8,
            counts: &counts,
            disks: &disks,
        }],
        &AutomaticParameters::default(),
    )
    .unwrap();
    assert_eq!((choice.k, choice.ground), (1, Ground::NoPeak));
    assert_eq!(peak(&[Some(1.0), None, Some(0.5)]), None);
    assert_eq!(
        peak(&[Some(1.0), Some(2.0), Some(2.0), Some(3.0), Some(1.0)]),
        Some(1)
    );
}

#[test]
fn what_the_data_do_not_bear_is_refused_with_the_reason() {
    let (small, large) = (rings(20, 1), rings(400, 1));
    let (small, large) = (disks(&small), disks(&large));
    let refusal = |counts: &[f64], disks: &[Disk<'_>]| {
        let aggregation = Aggregation {
            resolution: 8,
            counts,
            disks,
        };
        choose(&[aggregation], &AutomaticParameters::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refusal(&[1.0; 20], &small),
        "20 complaints are too few: at least 60 are needed"
    );
    assert_eq!(
        refusal(&[9.0; 20], &small),
        "20 cells are too few: at least 30 are needed"
    );
    assert_eq!(
        refusal(&[0.5; 400], &large),
        "0.5 complaints a cell on average are too few: at least 2 are needed"
    );
    assert_eq!(
        refusal(&[9.0; 400], &large),
        Refusal::NoVariation.to_string()
    );
    assert_eq!(
        refusal(&[f64::NAN; 400], &large),
        "0 complaints are too few: at least 60 are needed"
    );
    assert_eq!(refusal(&[9.0; 20], &[]), Refusal::NoChoice.to_string());
    let varied: Vec<f64> = (0..40).map(f64::from).collect();
    assert_eq!(refusal(&varied, &large), "40 values for 400 cells");
    let none = AutomaticParameters {
        minimum_mean: f64::NAN,
        ..AutomaticParameters::default()
    };
    assert_eq!(
        choose(&[], &none).unwrap_err().to_string(),
        "minimum_mean = NaN: must be above 0"
    );
}
