use proptest::prelude::*;

use super::*;
use crate::neighbours::Neighbours;
use crate::space_time::{SpaceTimeParameters, space_time_getis_ord};

/// Series of twenty slices, each designed for one class of hot spot when nearly everything else is near zero.
fn designed() -> Vec<(Pattern, Vec<f64>)> {
    let zigzag = |t: u32| if t.is_multiple_of(2) { 29.0 } else { 31.0 };
    let series = |value: &dyn Fn(u32) -> f64| (0..20).map(value).collect::<Vec<f64>>();
    let one_of = |hot: &[u32], cold: &[u32], t: u32| match t {
        t if hot.contains(&t) => 30.0,
        t if cold.contains(&t) => -30.0,
        _ => 0.0,
    };
    vec![
        (Pattern::New, series(&|t| one_of(&[19], &[], t))),
        (
            Pattern::Consecutive,
            series(&|t| if t < 15 { 0.0 } else { 30.0 }),
        ),
        (
            Pattern::Intensifying,
            series(&|t| 24.0 + f64::from(t) * 24.0 / 19.0),
        ),
        (Pattern::Persistent, series(&zigzag)),
        (
            Pattern::Diminishing,
            series(&|t| 48.0 - f64::from(t) * 24.0 / 19.0),
        ),
        (
            Pattern::Sporadic,
            series(&|t| one_of(&[2, 6, 7, 13, 19], &[], t)),
        ),
        (
            Pattern::Oscillating,
            series(&|t| one_of(&[1, 12, 18, 19], &[0, 7], t)),
        ),
        (
            Pattern::Historical,
            series(&|t| if t == 19 { 0.0 } else { zigzag(t) }),
        ),
    ]
}

fn classes(rows: &[Vec<f64>], parameters: &EmergingParameters) -> Vec<Option<Class>> {
    let quiet = (0..600_u32)
        .flat_map(|cell| (0..20_u32).map(move |t| f64::from((cell * 31 + t * 17) % 5) / 10.0));
    let values: Vec<f64> = rows.iter().flatten().copied().chain(quiet).collect();
    let cube = Cube::try_new(&values, 20).unwrap();
    let alone = Neighbours::from_pairs(cube.cells(), []).unwrap();
    let instant = SpaceTimeParameters {
        previous_slices: 0,
        ..SpaceTimeParameters::default()
    };
    let scores = space_time_getis_ord(cube, &alone, &instant).unwrap();
    let found = emerging(&scores, 20, parameters).unwrap();
    assert_eq!(found.len(), rows.len() + 600);
    assert!(
        found[rows.len()..]
            .iter()
            .all(|history| history.class == Some(Class::NoPattern))
    );
    found[..rows.len()]
        .iter()
        .map(|history| history.class)
        .collect()
}

#[test]
fn each_designed_series_has_its_class() {
    let mut rows = Vec::new();
    let mut expected = Vec::new();
    for (pattern, row) in designed() {
        rows.push(row.iter().map(|x| -x).collect());
        expected.push(Some(Class::Cold(pattern)));
        rows.push(row);
        expected.push(Some(Class::Hot(pattern)));
    }
    assert_eq!(classes(&rows, &EmergingParameters::default()), expected);
    let mut codes: Vec<u8> = expected
        .iter()
        .flatten()
        .map(|class| class.code())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, (1..=16).collect::<Vec<u8>>());
    assert_eq!(Class::NoPattern.code(), 0);
}

#[test]
fn a_place_that_was_sporadic_is_so_only_by_the_classic_text() {
    let row: Vec<f64> = (0..20)
        .map(|t| if [2, 6, 13].contains(&t) { 30.0 } else { 0.0 })
        .collect();
    let cold: Vec<f64> = row.iter().map(|x| -x).collect();
    let rows = [row, cold];
    assert_eq!(
        classes(&rows, &EmergingParameters::default()),
        [Some(Class::NoPattern); 2]
    );
    let classic = EmergingParameters {
        definition: Definition::Classic,
        ..EmergingParameters::default()
    };
    assert_eq!(
        classes(&rows, &classic),
        [
            Some(Class::Hot(Pattern::Sporadic)),
            Some(Class::Cold(Pattern::Sporadic))
        ]
    );
}

#[test]
fn a_place_that_changes_sides_is_what_it_is_now() {
    let mut bins = [Some(1_i8); 13];
    bins[12] = Some(-1);
    assert_eq!(class(&bins), Some(Class::Cold(Pattern::New)));
    assert_eq!(
        class(&bins.map(|bin| bin.map(|bin| -bin))),
        Some(Class::Hot(Pattern::New))
    );
}

fn class(bins: &[Option<i8>]) -> Option<Class> {
    classify(bins, None, &EmergingParameters::default())
        .unwrap()
        .class
}

#[test]
fn a_gap_ends_a_run_and_leaves_the_shares() {
    let (no, hot) = (Some(0), Some(1));
    let mut bins = [no; 14];
    bins[12..].fill(hot);
    assert_eq!(class(&bins), Some(Class::Hot(Pattern::Consecutive)));
    // Two runs with a hole between them.
    bins[10] = hot;
    bins[11] = None;
    assert_eq!(class(&bins), Some(Class::Hot(Pattern::Sporadic)));
    // Nine of ten known slices.
    let mut bins = [hot; 14];
    bins[..4].fill(None);
    bins[5] = no;
    assert_eq!(class(&bins), Some(Class::Hot(Pattern::Persistent)));
    // Nine known slices are too few, and what is not known now is neither new nor over.
    bins[4] = None;
    assert_eq!(class(&bins), None);
    let mut bins = [hot; 14];
    bins[13] = None;
    let history = classify(&bins, None, &EmergingParameters::default()).unwrap();
    assert_eq!(
        (history.class, history.valid, history.hot, history.cold),
        (None, 13, 13, 0)
    );
    assert_eq!(class(&[]), None);
}

#[test]
fn the_level_decides_what_is_hot() {
    let bins = [Some(2_i8); 12];
    let at = |confidence| {
        let parameters = EmergingParameters {
            confidence,
            ..EmergingParameters::default()
        };
        classify(&bins, None, &parameters).unwrap().class
    };
    assert_eq!(
        at(Confidence::Percent95),
        Some(Class::Hot(Pattern::Persistent))
    );
    assert_eq!(at(Confidence::Percent99), Some(Class::NoPattern));
    let none = EmergingParameters {
        minimum_slices: 1,
        ..EmergingParameters::default()
    };
    assert_eq!(
        classify(&bins, None, &none).unwrap_err().to_string(),
        "minimum_slices = 1: must be at least 2"
    );
}

/// The predicates of the table, one by one, for the hot side; `None` if none holds.
fn by_table(hot: &[bool], cold: &[bool], up: i64, classic: bool) -> Option<Pattern> {
    let n = hot.len();
    let (h, c) = (
        hot.iter().filter(|x| **x).count(),
        cold.iter().filter(|x| **x).count(),
    );
    let run = hot.iter().rev().take_while(|x| **x).count();
    let (last, often) = (hot[n - 1], 10 * h >= 9 * n);
    let new = last && h == 1;
    let consecutive = last && run >= 2 && h == run && !often;
    let holds = [
        (Pattern::New, new),
        (Pattern::Consecutive, consecutive),
        (Pattern::Intensifying, last && often && up > 0),
        (Pattern::Diminishing, last && often && up < 0),
        (Pattern::Persistent, last && often && up == 0),
        (
            Pattern::Sporadic,
            last && h > 0 && !often && c == 0 && !new && !consecutive,
        ),
        (
            Pattern::Oscillating,
            last && c > 0 && !often && !new && !consecutive,
        ),
        (Pattern::Historical, !last && often),
        (Pattern::Sporadic, classic && h > 0 && !often && c == 0),
    ];
    holds
        .into_iter()
        .find(|(_, holds)| *holds)
        .map(|(pattern, _)| pattern)
}

proptest! {
    #[test]
    fn classes_are_those_of_the_table(
        bins in prop::collection::vec(prop_oneof![2 => Just(0_i8), 3 => Just(1), 1 => Just(-1)], 10..14),
        often in prop::option::of(0..14_usize),
        sign in prop_oneof![Just(1_i8), Just(-1)],
        direction in -1..=1_i64,
        classic in any::<bool>(),
    ) {
        // Half of the histories are hot or cold nearly always.
        let bins: Vec<i8> = match often {
            Some(odd) => bins.iter().enumerate().map(|(t, bin)| if t == odd { *bin } else { sign }).collect(),
            None => bins.into_iter().map(|bin| bin * sign).collect(),
        };
        let trend = Trend { observations: 9, s: direction * 20, variance: 1.0, tau: 0.0, z: 0.0, slope: 0.0,
            p: if direction == 0 { 0.11 } else { 0.1 } };
        let definition = if classic { Definition::Classic } else { Definition::Current };
        let parameters = EmergingParameters { definition, ..EmergingParameters::default() };
        let some: Vec<Option<i8>> = bins.iter().map(|&bin| Some(bin)).collect();
        let found = classify(&some, Some(trend), &parameters).unwrap().class.unwrap();
        let hot: Vec<bool> = bins.iter().map(|&bin| bin > 0).collect();
        let cold: Vec<bool> = bins.iter().map(|&bin| bin < 0).collect();
        let of_hot = by_table(&hot, &cold, direction, classic).map(Class::Hot);
        let of_cold = by_table(&cold, &hot, -direction, classic).map(Class::Cold);
        // Only a place that changed sides in the last slice satisfies both.
        prop_assert!(of_hot.is_none() || of_cold.is_none() || hot.last() != cold.last());
        let expected = if cold.last() == Some(&true) { of_cold.or(of_hot) } else { of_hot.or(of_cold) };
        prop_assert_eq!(found, expected.unwrap_or(Class::NoPattern));
    }
}
