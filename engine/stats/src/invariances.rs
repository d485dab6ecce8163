//! What must not change when the question does not: another unit, another zero, another order of cells.

use proptest::prelude::*;

use crate::fdr::benjamini_hochberg;
use crate::getis_ord::{GetisOrdParameters, getis_ord};
use crate::global_moran::{GlobalMoranParameters, global_moran};
use crate::local_moran::{LocalMoranParameters, local_moran};
use crate::mann_kendall::{TrendTest, mann_kendall};
use crate::neighbours::Neighbours;
use crate::space_time::{Cube, SpaceTimeParameters, space_time_getis_ord};

const CELLS: usize = 14;

/// Whole numbers, so that a shift and a scale by powers of two leave every digit.
fn counts() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((0..40_u8).prop_map(f64::from), CELLS)
}

fn pairs() -> impl Strategy<Value = Vec<(u32, u32)>> {
    prop::collection::vec((0..14_u32, 0..14_u32), 5..40)
}

fn order() -> impl Strategy<Value = Vec<usize>> {
    Just((0..CELLS).collect::<Vec<usize>>()).prop_shuffle()
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        (a, b) => a.is_none() && b.is_none(),
    }
}

proptest! {
    #[test]
    fn scores_and_moran_do_not_depend_on_unit_and_zero(values in counts(), pairs in pairs()) {
        let neighbours = Neighbours::from_pairs(CELLS, pairs).unwrap();
        let other: Vec<f64> = values.iter().map(|x| 8.0 * x + 64.0).collect();
        let parameters = GetisOrdParameters::default();
        let (a, b) = (
            getis_ord(&values, &neighbours, &parameters).unwrap(),
            getis_ord(&other, &neighbours, &parameters).unwrap(),
        );
        for at in 0..CELLS {
            let (a, b) = (a.get(at), b.get(at));
            prop_assert!(near(a.map(|s| s.z), b.map(|s| s.z)));
            if let Some(score) = a {
                prop_assert!(score.q >= score.p);
            }
        }
        let parameters = GlobalMoranParameters { permutations: 19, ..GlobalMoranParameters::default() };
        let of = |values: &[f64]| global_moran(values, &neighbours, &parameters).unwrap();
        let (a, b) = (of(&values), of(&other));
        prop_assert!(near(a.map(|m| m.i), b.map(|m| m.i)));
        prop_assert!(near(a.and_then(|m| m.permutation_p), b.and_then(|m| m.permutation_p)));
        let parameters = LocalMoranParameters { permutations: 19, ..LocalMoranParameters::default() };
        let of = |values: &[f64]| local_moran(values, &neighbours, &parameters).unwrap();
        for (a, b) in of(&values).into_iter().zip(of(&other)) {
            prop_assert!(near(a.map(|m| m.i), b.map(|m| m.i)));
            prop_assert!(near(a.map(|m| m.p), b.map(|m| m.p)));
            if let Some(cell) = a {
                prop_assert!(cell.q >= cell.p);
            }
        }
    }

    #[test]
    fn scores_go_with_their_cells_whatever_the_order(values in counts(), pairs in pairs(), order in order()) {
        let neighbours = Neighbours::from_pairs(CELLS, pairs.iter().copied()).unwrap();
        let place = |cell: u32| u32::try_from(order.iter().position(|at| *at == cell as usize).unwrap()).unwrap();
        let moved = pairs.iter().map(|(a, b)| (place(*a), place(*b)));
        let moved = Neighbours::from_pairs(CELLS, moved).unwrap();
        let other: Vec<f64> = order.iter().map(|at| values[*at]).collect();
        let parameters = GetisOrdParameters::default();
        let (a, b) = (
            getis_ord(&values, &neighbours, &parameters).unwrap(),
            getis_ord(&other, &moved, &parameters).unwrap(),
        );
        for (at, from) in order.iter().enumerate() {
            prop_assert!(near(a.get(*from).map(|s| s.z), b.get(at).map(|s| s.z)));
            prop_assert!(near(a.get(*from).map(|s| s.q), b.get(at).map(|s| s.q)));
        }
    }

    #[test]
    fn a_cube_of_one_slice_is_a_map(values in counts(), pairs in pairs()) {
        let neighbours = Neighbours::from_pairs(CELLS, pairs).unwrap();
        let map = getis_ord(&values, &neighbours, &GetisOrdParameters::default()).unwrap();
        let cube = Cube::try_new(&values, 1).unwrap();
        let cube = space_time_getis_ord(cube, &neighbours, &SpaceTimeParameters::default()).unwrap();
        for at in 0..CELLS {
            prop_assert!(near(map.get(at).map(|s| s.z), cube.get(at).map(|s| s.z)));
        }
    }

    #[test]
    fn a_trend_depends_on_order_alone_and_turns_with_time(values in counts()) {
        let of = |values: &[f64]| mann_kendall(values, TrendTest::Original).unwrap().unwrap();
        let trend = of(&values);
        let other: Vec<f64> = values.iter().map(|x| (x / 7.0).exp() + 3.0).collect();
        prop_assert_eq!((trend.s, of(&other).s), (trend.s, trend.s));
        prop_assert!(near(Some(trend.z), Some(of(&other).z)));
        let turned: Vec<f64> = values.iter().rev().copied().collect();
        prop_assert_eq!(of(&turned).s, -trend.s);
        prop_assert!(near(Some(of(&turned).slope), Some(-trend.slope)));
        let scaled: Vec<f64> = values.iter().map(|x| 4.0 * x + 8.0).collect();
        prop_assert!(near(Some(of(&scaled).slope), Some(4.0 * trend.slope)));
    }

    #[test]
    fn a_q_value_is_never_below_its_p_value(p in prop::collection::vec(0.0..=1.0_f64, 0..60)) {
        let given: Vec<Option<f64>> = p.iter().map(|p| Some(*p)).collect();
        for (p, q) in p.iter().zip(benjamini_hochberg(&given).q) {
            prop_assert!(q.unwrap() >= *p && q.unwrap() <= 1.0);
        }
    }
}
