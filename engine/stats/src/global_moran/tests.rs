use super::*;
use crate::{getis_ord, real};

fn moran(
    values: &[f64],
    neighbours: &Neighbours,
    parameters: GlobalMoranParameters,
) -> Option<GlobalMoran> {
    global_moran(values, neighbours, &parameters).unwrap()
}

/// A neighbour list in GAL form: a header, then a line `id count` and a line of ids for each area.
pub(crate) fn gal(file: &str) -> Option<Neighbours> {
    let text = real::text(file)?;
    let lines: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let ids: Vec<&str> = lines.iter().step_by(2).map(|line| line[0]).collect();
    let number =
        |id: &str| u32::try_from(ids.iter().position(|other| *other == id).unwrap()).unwrap();
    let rows = lines.chunks(2).map(|two| (number(two[0][0]), two.get(1)));
    let pairs = rows.flat_map(|(area, row)| {
        row.into_iter()
            .flatten()
            .map(move |other| (area, number(other)))
    });
    Some(Neighbours::from_pairs(ids.len(), pairs).unwrap())
}

#[test]
fn two_published_maps_have_their_published_i() {
    for (folder, values, list, p) in [
        (
            "moran_stl",
            ("stl_hom.csv", "HR8893"),
            "stl.gal",
            0.000_135_739_313_854_688,
        ),
        (
            "moran_sids2",
            ("sids2.csv", "SIDR74"),
            "sids2.gal",
            5.791_653_907_449_845e-5,
        ),
    ] {
        let file = |name: &str| format!("reference-stats/{folder}/{name}");
        let Some(neighbours) = gal(&file(list)) else {
            return;
        };
        let rates = real::column(&file(values.0), values.1).unwrap();
        let expected = real::json(&file("expected.json")).unwrap();
        let number = |name: &str| expected["computed"][name].as_f64().unwrap();
        let moran = moran(&rates, &neighbours, GlobalMoranParameters::default()).unwrap();
        let random = moran.randomisation.unwrap();
        real::near(moran.i, number("I"), 1e-12);
        real::near(moran.normality.z, number("z_norm"), 1e-11);
        real::near(random.z, number("z_rand"), 1e-11);
        real::near(random.variance, number("VI_rand"), 1e-13);
        // Published one-tailed.
        assert!((moran.normality.p / 2.0 - p).abs() < 1e-8 * p);
        assert!(moran.permutation_p.unwrap() <= 0.006);
    }
}

#[test]
fn noise_complaints_of_new_york_have_the_i_of_esda() {
    let Some((_, totals, neighbours)) = getis_ord::tests::noise() else {
        return;
    };
    let expected = real::json("reference-stats/h3_gistar_nyc_noise/expected_global.json").unwrap();
    let number = |name: &str| expected[name].as_f64().unwrap();
    let parameters = GlobalMoranParameters {
        permutations: 99,
        ..GlobalMoranParameters::default()
    };
    let moran = moran(&totals, &neighbours, parameters).unwrap();
    real::near(moran.i, number("moran_I_rowstd"), 1e-12);
    real::near(moran.expected, number("moran_EI"), 1e-12);
    real::near(moran.normality.z, number("moran_z_norm"), 1e-11);
    real::near(
        moran.randomisation.unwrap().z,
        number("moran_z_rand"),
        1e-11,
    );
    // The smallest p-value of 99 permutations with two ends.
    assert!((moran.permutation_p.unwrap() - 0.02).abs() < 1e-12);
}

/// A path of cells.
fn path(cells: u32) -> Neighbours {
    Neighbours::from_pairs(cells as usize, (1..cells).map(|cell| (cell - 1, cell))).unwrap()
}

#[test]
fn what_is_not_defined_has_no_i() {
    let none = |values: &[f64], neighbours: &Neighbours| {
        assert_eq!(
            moran(values, neighbours, GlobalMoranParameters::default()),
            None
        );
    };
    none(&[], &path(0));
    none(&[0.1; 9], &path(9));
    none(&[1.0, 2.0], &path(2));
    none(&[1.0, f64::NAN, 2.0, f64::NAN, 5.0], &path(5));
    none(&[f64::MAX, -f64::MAX, f64::MAX, 0.0], &path(4));
    let three = moran(&[1.0, 2.0, 4.0], &path(3), GlobalMoranParameters::default()).unwrap();
    assert_eq!(three.randomisation, None);
    let error = global_moran(&[1.0], &path(2), &GlobalMoranParameters::default()).unwrap_err();
    assert_eq!(error.to_string(), "1 values for 2 cells");
}

#[test]
fn permutations_agree_with_the_formula_and_with_themselves() {
    // No pattern: the mean and variance of the permuted I are those of the formula, so are the p-values.
    let values: Vec<f64> = (0..60_u32).map(|i| f64::from(i * 7919 % 61)).collect();
    let run = |threads, seed, weights| {
        let parameters = GlobalMoranParameters {
            weights,
            permutations: 4999,
            seed,
            threads: NonZeroUsize::new(threads),
            ..GlobalMoranParameters::default()
        };
        moran(&values, &path(60), parameters).unwrap()
    };
    for weights in [Weights::RowStandardised, Weights::Binary] {
        let one = run(1, 7, weights);
        assert_eq!(one, run(3, 7, weights));
        assert_ne!(one.permutation_p, run(1, 8, weights).permutation_p);
        let (permuted, analytic) = (one.permutation_p.unwrap(), one.randomisation.unwrap().p);
        assert!(
            (permuted - analytic).abs() < 0.03,
            "{permuted} is not {analytic}"
        );
    }
}

#[test]
fn weights_that_are_not_mutual_have_the_sums_of_their_definition() {
    let neighbours = Neighbours::try_new(vec![0, 2, 3, 3, 5], vec![1, 3, 0, 1, 2]).unwrap();
    for weights in [Weights::Binary, Weights::RowStandardised] {
        let w = |i: usize, j: usize| -> f64 {
            let row = neighbours.of(i);
            let share = if weights == Weights::Binary {
                1.0
            } else {
                row.len() as f64
            };
            if row.contains(&u32::try_from(j).unwrap()) {
                1.0 / share
            } else {
                0.0
            }
        };
        let all = || (0..4).flat_map(|i| (0..4).map(move |j| (i, j)));
        let sums = Sums::of(&neighbours, weights);
        let s1: f64 = all().map(|(i, j)| (w(i, j) + w(j, i)).powi(2)).sum::<f64>() / 2.0;
        let s2: f64 = (0..4)
            .map(|i| (0..4).map(|j| w(i, j) + w(j, i)).sum::<f64>().powi(2))
            .sum();
        real::near(sums.s0, all().map(|(i, j)| w(i, j)).sum(), 1e-14);
        real::near(sums.s1, s1, 1e-14);
        real::near(sums.s2, s2, 1e-14);
    }
}
