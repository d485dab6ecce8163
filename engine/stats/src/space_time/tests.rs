use proptest::prelude::*;

use super::*;
use crate::getis_ord::{GetisOrdParameters, getis_ord};

fn path(cells: u32) -> Neighbours {
    Neighbours::from_pairs(cells as usize, (1..cells).map(|cell| (cell - 1, cell))).unwrap()
}

fn scores(
    values: &[f64],
    slices: usize,
    neighbours: &Neighbours,
    parameters: SpaceTimeParameters,
) -> Scores {
    space_time_getis_ord(
        Cube::try_new(values, slices).unwrap(),
        neighbours,
        &parameters,
    )
    .unwrap()
}

fn z(scores: &Scores) -> Vec<Option<f64>> {
    scores
        .iter()
        .map(|score| score.map(|score| score.z))
        .collect()
}

#[test]
fn shapes_and_parameters_that_do_not_fit_are_refused() {
    assert_eq!(
        Cube::try_new(&[1.0; 5], 2).unwrap_err().to_string(),
        "5 values are not a whole number of rows of 2 slices"
    );
    assert!(Cube::try_new(&[], 0).is_err());
    let cube = Cube::try_new(&[1.0; 6], 2).unwrap();
    assert_eq!((cube.cells(), cube.slices()), (3, 2));
    let refused = |cells, parameters| {
        space_time_getis_ord(cube, &path(cells), &parameters)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(2, SpaceTimeParameters::default()),
        "3 rows for 2 cells"
    );
    assert_eq!(
        refused(
            3,
            SpaceTimeParameters {
                window: Window::Slice,
                ..SpaceTimeParameters::default()
            }
        ),
        "previous_slices = 1: must be 0 when a neighbourhood is compared with one slice"
    );
}

#[test]
fn a_slice_alone_is_a_map() {
    let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0];
    let map = getis_ord(&values, &path(7), &GetisOrdParameters::default()).unwrap();
    for (window, previous_slices) in [
        (Window::EntireCube, 3),
        (Window::Neighbourhood, 1),
        (Window::Slice, 0),
    ] {
        let cube = scores(
            &values,
            1,
            &path(7),
            SpaceTimeParameters {
                previous_slices,
                window,
                ..Default::default()
            },
        );
        assert_eq!(z(&cube), z(&map));
        assert_eq!(cube.tested(), [7]);
    }
}

#[test]
fn nothing_and_sameness_have_no_score() {
    let none = scores(&[], 4, &path(0), SpaceTimeParameters::default());
    assert!(none.is_empty());
    let same = scores(&[0.1; 12], 4, &path(3), SpaceTimeParameters::default());
    assert_eq!(z(&same), [None; 12]);
    assert_eq!(same.tested(), [0]);
}

#[test]
fn a_later_slice_changes_no_earlier_score_when_slices_are_compared_alone() {
    let long = [3.0, 1.0, 7.0, 4.0, 1.0, 0.0, 5.0, 9.0, 2.0, 2.0, 6.0, 5.0];
    let short = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
    let parameters = SpaceTimeParameters {
        window: Window::Neighbourhood,
        family: Family::Slice,
        ..Default::default()
    };
    let (long, short) = (
        scores(&long, 3, &path(4), parameters),
        scores(&short, 2, &path(4), parameters),
    );
    assert_eq!(
        (long.tested(), short.tested()),
        (&[4, 4, 4][..], &[4, 4][..])
    );
    for cell in 0..4 {
        for slice in 0..2 {
            assert_eq!(long.get(cell * 3 + slice), short.get(cell * 2 + slice));
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let values: Vec<f64> = (0..3000_u32 * 7)
        .map(|i| f64::from(i * 7919 % 101))
        .collect();
    let with = |threads| {
        let parameters = SpaceTimeParameters {
            threads: NonZeroUsize::new(threads),
            ..Default::default()
        };
        scores(&values, 7, &path(3000), parameters)
            .iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(with(1), with(3));
}

proptest! {
    #[test]
    fn scores_are_those_of_the_definition(
        values in prop::collection::vec(prop_oneof![5 => (0..9).prop_map(f64::from), 1 => Just(f64::NAN)], 30),
        whole in any::<bool>(),
        pairs in prop::collection::vec((0..6_u32, 0..6_u32), 0..12),
        (window, previous_slices) in prop_oneof![
            (Just(Window::EntireCube), 0..7_usize), (Just(Window::Neighbourhood), 0..7_usize), (Just(Window::Slice), Just(0)),
        ],
    ) {
        let values: Vec<f64> = values.into_iter().map(|x| if whole && x.is_nan() { 0.0 } else { x }).collect();
        let neighbours = Neighbours::from_pairs(6, pairs).unwrap();
        let parameters = SpaceTimeParameters { previous_slices, window, ..Default::default() };
        let scores = z(&scores(&values, 5, &neighbours, parameters));
        for (at, score) in scores.into_iter().enumerate() {
            match (score, by_definition(&values, &neighbours, at, parameters)) {
                (Some(score), Some(expected)) => prop_assert!((score - expected).abs() < 1e-9, "{} {}", score, expected),
                (score, expected) => prop_assert_eq!(score, expected),
            }
        }
    }
}

/// The formula of Gi\* over the bins that belong to a neighbourhood and to its reference, for five slices.
fn by_definition(
    values: &[f64],
    neighbours: &Neighbours,
    at: usize,
    parameters: SpaceTimeParameters,
) -> Option<f64> {
    let (cell, slice) = (at / 5, at % 5);
    let back = slice.saturating_sub(parameters.previous_slices)..=slice;
    let bins = |wanted: &dyn Fn(usize, usize) -> bool| -> Vec<f64> {
        let wanted = |&at: &usize| !values[at].is_nan() && wanted(at / 5, at % 5);
        (0..values.len())
            .filter(wanted)
            .map(|at| values[at])
            .collect()
    };
    let near = bins(&|other, time| {
        back.contains(&time)
            && (other == cell || neighbours.of(cell).contains(&u32::try_from(other).unwrap()))
    });
    let all = bins(&|_, time| match parameters.window {
        Window::EntireCube => true,
        Window::Neighbourhood => back.contains(&time),
        Window::Slice => time == slice,
    });
    let (n, w) = (all.len() as f64, near.len() as f64);
    let mean = all.iter().sum::<f64>() / n;
    let deviation = (all.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
    let defined = !values[at].is_nan() && deviation > 1e-9 && near.len() < all.len();
    defined.then(|| {
        (near.iter().sum::<f64>() - mean * w) / (deviation * (w * (n - w) / (n - 1.0)).sqrt())
    })
}
