use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::real;
use crate::significance::two_sided_p;

fn z(values: &[f64], neighbours: &Neighbours, statistic: Statistic) -> Vec<Option<f64>> {
    let parameters = GetisOrdParameters {
        statistic,
        ..GetisOrdParameters::default()
    };
    let scores = getis_ord(values, neighbours, &parameters).unwrap();
    scores
        .iter()
        .map(|score| score.map(|score| score.z))
        .collect()
}

/// Six points, neighbours up to a distance of 15: the docstring of esda's `getisord.py`, which has the first three digits of
/// each statistic; all digits by esda 2.9.0.
fn six_points() -> ([f64; 6], Neighbours) {
    let pairs = [(0, 1), (0, 3), (1, 3), (1, 4), (2, 4), (3, 4), (4, 5)];
    (
        [2.0, 3.0, 3.2, 5.0, 8.0, 7.0],
        Neighbours::from_pairs(6, pairs).unwrap(),
    )
}

#[test]
fn six_points_have_the_published_scores() {
    let (values, neighbours) = six_points();
    let star = [
        -1.397_276_262,
        -0.289_177_616,
        0.650_649_635,
        -0.289_177_616,
        1.234_520_884,
        2.024_243_309,
    ];
    let p = [
        0.162_330_51,
        0.772_445_46,
        0.515_272_68,
        0.772_445_46,
        0.217_008_87,
        0.042_945_12,
    ];
    let scores = getis_ord(&values, &neighbours, &GetisOrdParameters::default()).unwrap();
    for ((score, z), p) in scores.iter().zip(star).zip(p) {
        let score = score.unwrap();
        assert!((score.z - z).abs() < 1e-9, "{} is not {z}", score.z);
        assert!((score.p - p).abs() < 1e-8, "{} is not {p}", score.p);
    }
    let without = [
        -1.013_672_899,
        -0.043_615_894,
        1.315_587_029,
        -0.314_126_758,
        1.153_739_858,
        1.778_339_409,
    ];
    for (z, expected) in z(&values, &neighbours, Statistic::Gi)
        .into_iter()
        .zip(without)
    {
        assert!(
            (z.unwrap() - expected).abs() < 1e-9,
            "{z:?} is not {expected}"
        );
    }
}

#[test]
fn what_is_not_defined_has_no_score() {
    let (_, neighbours) = six_points();
    for statistic in [Statistic::GiStar, Statistic::Gi] {
        // Equal values, whose mean is not one of them by rounding.
        assert_eq!(z(&[0.1; 6], &neighbours, statistic), [None; 6]);
        assert_eq!(z(&[f64::NAN; 6], &neighbours, statistic), [None; 6]);
        assert_eq!(
            z(&[], &Neighbours::from_pairs(0, []).unwrap(), statistic),
            []
        );
        // Everything is everybody's neighbour.
        let all = Neighbours::from_pairs(3, [(0, 1), (1, 2), (0, 2)]).unwrap();
        assert_eq!(z(&[1.0, 2.0, 4.0], &all, statistic), [None; 3]);
        // Sums overflow.
        let huge = z(
            &[f64::MAX, f64::MAX, -f64::MAX, 1.0, 2.0, 3.0],
            &neighbours,
            statistic,
        );
        assert!(huge.iter().flatten().all(|z| z.is_finite()));
    }
    // Others are equal for the one that differs, and only for it.
    let lonely = z(&[0.1, 0.1, 0.1, 0.1, 0.1, 9.0], &neighbours, Statistic::Gi);
    assert_eq!(lonely[5], None);
    assert!(lonely[4].unwrap() > 0.4);
    // A cell without neighbours is its own neighbourhood, or none.
    let island = Neighbours::from_pairs(3, [(0, 1)]).unwrap();
    assert!(z(&[1.0, 2.0, 4.0], &island, Statistic::GiStar)[2].unwrap() > 1.0);
    assert_eq!(z(&[1.0, 2.0, 4.0], &island, Statistic::Gi)[2], None);
    let error = getis_ord(&[1.0], &island, &GetisOrdParameters::default()).unwrap_err();
    assert_eq!(error.to_string(), "1 values for 3 cells");
}

#[test]
fn a_missing_cell_is_as_if_it_were_not_there() {
    let (mut values, neighbours) = six_points();
    values[1] = f64::NAN;
    let keep = [true, false, true, true, true, true];
    for statistic in [Statistic::GiStar, Statistic::Gi] {
        let mut scores = z(&values, &neighbours, statistic);
        assert_eq!(scores.remove(1), None);
        assert_eq!(
            scores,
            z(
                &[2.0, 3.2, 5.0, 8.0, 7.0],
                &neighbours.among(&keep),
                statistic
            )
        );
    }
}

#[test]
fn a_very_large_value_takes_no_digits_from_the_others() {
    // Without the last cell, values are 0, 1, 0, 1, 1: its Gi, with the neighbour 4, is that of five cells.
    let (_, neighbours) = six_points();
    let scores = z(&[0.0, 1.0, 0.0, 1.0, 1.0, 1e15], &neighbours, Statistic::Gi);
    let deviation = (0.6_f64 * 0.4).sqrt();
    assert!((scores[5].unwrap() - 0.4 / deviation).abs() < 1e-12);
}

/// The noise complaints of New York in 2025 by H3 cell of resolution 8: cells, totals, neighbours at grid distance 1.
pub(crate) fn noise() -> Option<(Vec<h3o::CellIndex>, Vec<f64>, Neighbours)> {
    let text = real::text("complaints-nyc-noise-h3/hex_2025.csv")?;
    let mut totals = BTreeMap::<h3o::CellIndex, f64>::new();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.unwrap();
        *totals.entry(row[0].parse().unwrap()).or_default() += row[3].parse::<f64>().unwrap();
    }
    let (cells, totals): (Vec<_>, Vec<f64>) = totals.into_iter().unzip();
    let neighbours = Neighbours::from_pairs(cells.len(), disk_pairs(&cells, 1)).unwrap();
    Some((cells, totals, neighbours))
}

/// Pairs of sorted cells at most `k` apart.
pub(crate) fn disk_pairs(cells: &[h3o::CellIndex], k: u32) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        for other in cell.grid_disk::<Vec<_>>(k) {
            if let Ok(other) = cells.binary_search(&other) {
                pairs.push((u32::try_from(at).unwrap(), u32::try_from(other).unwrap()));
            }
        }
    }
    pairs
}

#[test]
fn noise_complaints_of_new_york_have_the_scores_of_esda() {
    let Some((cells, totals, neighbours)) = noise() else {
        return;
    };
    assert_eq!(cells.len(), 1094);
    let scores = getis_ord(&totals, &neighbours, &GetisOrdParameters::default()).unwrap();
    assert_eq!(scores.tested(), [1094]);
    let (mut high, mut significant) = (0, 0);
    let text = real::text("reference-stats/h3_gistar_nyc_noise/expected_gistar_2025.csv").unwrap();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.unwrap();
        let at = cells.binary_search(&row[0].parse().unwrap()).unwrap();
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        let score = scores.get(at).unwrap();
        assert_eq!((neighbours.of(at).len() + 1).to_string(), row[2]);
        real::near(totals[at], number(1), 0.0);
        real::near(score.z, number(3), 1e-10);
        assert!(
            (score.p - number(4)).abs() <= 1e-9 * number(4),
            "{} is not {}",
            score.p,
            &row[4]
        );
        assert_eq!(score.bin.abs() >= 2, &row[5] == "1", "q of {}", &row[0]);
        high += usize::from(score.z > 1.96);
        significant += usize::from(score.q <= 0.05);
    }
    assert_eq!((high, significant), (161, 113));
}

/// Census tracts of Boston that share a vertex: queen contiguity by libpysal 4.14.1 from
/// `boundaries-boston/boston_tracts_ecometrics_2010_2020.geojson.gz`. Each line is a tract and its neighbours with higher numbers; the
/// numbers are the order of the tracts in `gistar_by_year.csv`.
const TRACTS: &str = include_str!("boston_tracts.txt");

#[test]
fn tracts_of_boston_have_the_scores_of_esda_and_spdep_in_each_year() {
    let column = |name: &str| {
        real::column(
            "reference-stats/emerging_hotspots_boston/gistar_by_year.csv",
            name,
        )
    };
    let (Some(years), Some(values), Some(expected)) =
        (column("year"), column("value"), column("gistar_z"))
    else {
        return;
    };
    let row = |line: &str| {
        line.split(' ')
            .map(|number| number.parse().unwrap())
            .collect::<Vec<u32>>()
    };
    let pairs = TRACTS.lines().map(row).flat_map(|row| {
        row[1..]
            .iter()
            .map(|&other| (row[0], other))
            .collect::<Vec<_>>()
    });
    let neighbours = Neighbours::from_pairs(168, pairs).unwrap();
    for year in 2010..2020 {
        let of_year = |column: &[f64]| -> Vec<f64> {
            let rows = column.iter().zip(&years);
            rows.filter(|(_, other)| (**other - f64::from(year)).abs() < 0.5)
                .map(|(value, _)| *value)
                .collect()
        };
        let scores = z(&of_year(&values), &neighbours, Statistic::GiStar);
        assert_eq!(scores.len(), 168);
        for (score, expected) in scores.into_iter().zip(of_year(&expected)) {
            real::near(score.unwrap(), expected, 1e-10);
        }
    }
}

proptest! {
    #[test]
    fn scores_are_those_of_the_definition(
        values in prop::collection::vec(prop_oneof![4 => 0.0..9.0_f64, 1 => Just(f64::NAN)], 12),
        pairs in prop::collection::vec((0..12_u32, 0..12_u32), 0..40),
    ) {
        let neighbours = Neighbours::from_pairs(12, pairs).unwrap();
        for statistic in [Statistic::GiStar, Statistic::Gi] {
            let scores = z(&values, &neighbours, statistic);
            for (cell, score) in scores.into_iter().enumerate() {
                let expected = by_definition(&values, &neighbours, cell, statistic);
                match (score, expected) {
                    (Some(score), Some(expected)) => prop_assert!((score - expected).abs() < 1e-9, "{} {}", score, expected),
                    (score, expected) => prop_assert_eq!(score, expected),
                }
            }
        }
    }

    #[test]
    fn a_p_value_is_never_above_its_q_value(values in prop::collection::vec(0.0..9.0_f64, 6)) {
        let scores = getis_ord(&values, &six_points().1, &GetisOrdParameters::default()).unwrap();
        for score in scores.iter().flatten() {
            prop_assert!((score.p - two_sided_p(score.z)).abs() < 1e-15);
            prop_assert!(score.p <= score.q && score.q <= 1.0);
        }
    }
}

/// The formula as it stands in the paper, cell by cell.
fn by_definition(
    values: &[f64],
    neighbours: &Neighbours,
    cell: usize,
    statistic: Statistic,
) -> Option<f64> {
    let star = statistic == Statistic::GiStar;
    let of = |wanted: &dyn Fn(usize) -> bool| -> Vec<f64> {
        (0..values.len())
            .filter(|&at| !values[at].is_nan() && wanted(at))
            .map(|at| values[at])
            .collect()
    };
    let area = of(&|at| star || at != cell);
    let near =
        of(&|at| neighbours.of(cell).contains(&u32::try_from(at).unwrap()) || (star && at == cell));
    let (n, w) = (area.len() as f64, near.len() as f64);
    let mean = area.iter().sum::<f64>() / n;
    let deviation = (area.iter().map(|x| x * x).sum::<f64>() / n - mean * mean)
        .max(0.0)
        .sqrt();
    let defined = !values[cell].is_nan()
        && area.len() >= 2
        && deviation > 1e-9
        && !near.is_empty()
        && near.len() < area.len();
    defined.then(|| {
        (near.iter().sum::<f64>() - mean * w) / (deviation * (w * (n - w) / (n - 1.0)).sqrt())
    })
}
