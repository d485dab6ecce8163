use super::*;
use crate::real;

const YEAR: f64 = 52.0;

fn old(years: usize) -> FarringtonParameters {
    FarringtonParameters {
        years,
        periods_per_year: YEAR,
        seasons: 1,
        recent_left_out: 3,
        reweight_above: 1.0,
        // The older method takes half of its level at each side.
        alpha: 0.025,
        trend_below: 0.05,
        threshold: ThresholdMethod::Delta(Power::TwoThirds),
        ..FarringtonParameters::default()
    }
}

fn flexible(threshold: ThresholdMethod, seasons: usize, trend_below: f64) -> FarringtonParameters {
    FarringtonParameters {
        years: 3,
        periods_per_year: YEAR,
        seasons,
        trend_below,
        threshold,
        ..FarringtonParameters::default()
    }
}

/// Series and expected columns of R, from `range.start` on.
fn reference(name: &str, column: &str) -> Option<(Vec<f64>, Range<usize>, Vec<f64>)> {
    let folder = "reference-stats/farrington";
    let counts = real::column(&format!("{folder}/{name}_series.csv"), "observed")?;
    let expected = real::column(&format!("{folder}/{name}_expected.csv"), column)?;
    let range = counts.len() - expected.len()..counts.len();
    Some((counts, range, expected))
}

#[test]
fn the_older_method_has_the_bounds_of_r() {
    let mut compared = 0;
    for name in ["salmonella_agona", "k1"] {
        let Some((counts, range, expected)) = reference(name, "farrington_upper") else {
            return;
        };
        let answers = farrington(&counts, None, range.clone(), &old(3)).unwrap();
        for ((answer, expected), week) in answers.iter().zip(&expected).zip(range) {
            match answer {
                Ok(answer) => {
                    real::near(answer.upper / expected, 1.0, 1e-5);
                    compared += 1;
                }
                // R writes 0 for what it does not judge.
                Err(silence) => assert!(*expected < 1e-9, "{name} {week}: {silence:?} {expected}"),
            }
        }
    }
    assert!(compared > 70, "{compared}");
}

#[test]
fn the_flexible_method_has_the_bounds_and_alarms_of_r() {
    let mut compared = 0;
    for name in ["salmonella_agona", "k1"] {
        let Some((counts, range, expected)) = reference(name, "flexible_upper") else {
            return;
        };
        let Some((_, _, alarms)) = reference(name, "flexible_alarm") else {
            return;
        };
        let parameters = flexible(ThresholdMethod::NegativeBinomial, 10, 1.0);
        let answers = farrington(&counts, None, range.clone(), &parameters).unwrap();
        for (((answer, expected), alarm), week) in
            answers.iter().zip(&expected).zip(alarms).zip(range)
        {
            match answer {
                Ok(answer) => {
                    real::near(answer.upper, *expected, 1e-9);
                    assert_eq!(answer.alarm, alarm > 0.5, "{name} {week}");
                    compared += 1;
                }
                Err(silence) => assert!(expected.is_nan(), "{name} {week}: {silence:?} {expected}"),
            }
        }
    }
    assert!(compared > 70, "{compared}");
}

/// R 4.2.2, surveillance 1.20.3, `farringtonFlexible` on salmonella agona, weeks 209 to 312, with b 3, w 3, `pastWeeksNotIncluded`
/// 26, weightsThreshold 2.58, alpha 0.05, after the two corrections of the module's doc: the line that replaces the working weights
/// removed, and the dispersion given to `predict.glm` instead of its data. For each of four settings: upper bound, p-value, φ and trend.
const FLEXIBLE: &str = include_str!("../../tests/golden/farrington_r.csv");

#[test]
fn bounds_p_values_dispersion_and_trend_are_those_of_r() {
    let Some((counts, range, _)) = reference("salmonella_agona", "observed") else {
        return;
    };
    let rows: Vec<Vec<f64>> = FLEXIBLE
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let delta = ThresholdMethod::Delta(Power::TwoThirds);
    let settings = [
        (flexible(ThresholdMethod::NegativeBinomial, 10, 0.05), 1e-9),
        (
            flexible(ThresholdMethod::NegativeBinomialUpperMean, 10, 1.0),
            1e-9,
        ),
        (flexible(delta, 1, 0.05), 1e-5),
        (flexible(delta, 10, 1.0), 1e-5),
    ];
    let mut trends = 0;
    for (setting, (parameters, tolerance)) in settings.iter().enumerate() {
        let answers = farrington(&counts, None, range.clone(), parameters).unwrap();
        assert_eq!(answers.len(), rows.len());
        for (row, answer) in rows.iter().zip(answers) {
            let [upper, p_value, dispersion, trend] = row[1 + 4 * setting..5 + 4 * setting] else {
                panic!("four numbers a setting");
            };
            let Ok(answer) = answer else {
                assert!(upper.is_nan());
                continue;
            };
            let close = |value: f64, expected: f64| {
                (value - expected).abs() <= 2e-5 * expected.abs().max(1e-3)
            };
            let place = format!("setting {setting}, week {}: {answer:?}", row[0]);
            assert!(
                (answer.upper - upper).abs() <= tolerance * upper.max(1.0),
                "{place}"
            );
            assert!(close(answer.dispersion, dispersion), "{place} {dispersion}");
            assert!(close(answer.p_value, p_value), "{place} {p_value}");
            assert_eq!(answer.trend.is_none(), trend.is_nan(), "{place}");
            if let Some(slope) = answer.trend {
                assert!(close(slope, trend), "{place} {trend}");
                trends += 1;
            }
        }
    }
    assert!(trends > 100, "{trends}");
}

/// Six years of weeks that repeat, 10 a week with a wave.
fn waves() -> Vec<f64> {
    let weeks = (0..313).map(f64::from);
    weeks
        .map(|week| (10.0 + 4.0 * (week * std::f64::consts::TAU / 52.1775).sin()).round())
        .collect()
}

#[test]
fn an_outbreak_is_an_alarm_and_an_old_one_does_not_hide_it() {
    let mut counts = waves();
    counts[312] = 30.0;
    let parameters = FarringtonParameters::default();
    let last = |counts: &[f64], parameters: &FarringtonParameters| {
        farrington(counts, None, 312..313, parameters).unwrap()[0].unwrap()
    };
    let quiet = last(&waves(), &parameters);
    assert!(!quiet.alarm && quiet.score.unwrap() < 1.0 && quiet.p_value > 0.05);
    let outbreak = last(&counts, &parameters);
    assert!(outbreak.alarm && outbreak.score.unwrap() > 1.0 && outbreak.p_value < 0.001);

    // The same weeks a year before were an outbreak too: reweighting keeps the bound lower.
    counts[259..263].fill(60.0);
    let plain = last(
        &counts,
        &FarringtonParameters {
            reweight: false,
            ..parameters
        },
    );
    let reweighted = last(&counts, &parameters);
    assert!(
        reweighted.upper < 0.8 * plain.upper,
        "{} {}",
        reweighted.upper,
        plain.upper
    );
}

#[test]
fn a_population_twice_as_large_doubles_what_is_expected() {
    let counts = waves();
    let mut people = vec![1000.0; counts.len()];
    people[312] = 2000.0;
    let parameters = FarringtonParameters {
        trend: false,
        ..FarringtonParameters::default()
    };
    let of = |people: Option<&[f64]>| {
        farrington(&counts, people, 312..313, &parameters).unwrap()[0].unwrap()
    };
    assert!((of(Some(&people)).expected / of(None).expected - 2.0).abs() < 1e-9);
    people[312] = 0.0;
    let unknown = farrington(&counts, Some(&people), 312..313, &parameters).unwrap()[0];
    assert_eq!(unknown, Err(Silence::Unknown));
}

#[test]
fn what_has_no_answer_says_why() {
    let mut counts = waves();
    let parameters = FarringtonParameters::default();
    let at = |counts: &[f64], week: usize| {
        farrington(counts, None, week..week + 1, &parameters).unwrap()[0]
    };
    assert_eq!(at(&counts, 200), Err(Silence::NoHistory));
    assert!(at(&counts, 264).is_ok());
    assert_eq!(at(&counts, 263), Err(Silence::NoHistory));
    counts[300] = f64::NAN;
    assert_eq!(at(&counts, 300), Err(Silence::Unknown));
    counts[304..308].fill(1.0);
    assert_eq!(at(&counts, 307), Err(Silence::FewCases));
    assert_eq!(
        farrington(&counts, None, 310..999, &parameters)
            .unwrap()
            .len(),
        3
    );
    assert_eq!(farrington(&[], None, 0..9, &parameters).unwrap(), vec![]);
    let empty = [0.0; 313].map(|_: f64| f64::NAN);
    assert_eq!(at(&empty, 312), Err(Silence::Unknown));
}

#[test]
fn a_first_case_after_years_of_none_is_an_alarm() {
    let mut counts = vec![0.0; 313];
    counts[312] = 6.0;
    let answer =
        farrington(&counts, None, 312..313, &FarringtonParameters::default()).unwrap()[0].unwrap();
    assert!(answer.alarm && answer.upper < 1.0, "{answer:?}");
}

#[test]
fn parameters_outside_their_range_are_refused_by_name() {
    let usual = FarringtonParameters::default();
    for (name, parameters) in [
        ("years", FarringtonParameters { years: 0, ..usual }),
        (
            "periods_per_year",
            FarringtonParameters {
                periods_per_year: f64::NAN,
                ..usual
            },
        ),
        (
            "half_window",
            FarringtonParameters {
                half_window: 26,
                ..usual
            },
        ),
        (
            "seasons",
            FarringtonParameters {
                seasons: 0,
                ..usual
            },
        ),
        (
            "seasons",
            FarringtonParameters {
                seasons: 47,
                ..usual
            },
        ),
        (
            "recent_left_out",
            FarringtonParameters {
                recent_left_out: 53,
                ..usual
            },
        ),
        (
            "reweight_above",
            FarringtonParameters {
                reweight_above: 0.0,
                ..usual
            },
        ),
        (
            "alpha",
            FarringtonParameters {
                alpha: 1.0,
                ..usual
            },
        ),
        (
            "trend_below",
            FarringtonParameters {
                trend_below: 0.0,
                ..usual
            },
        ),
        (
            "recent_cases",
            FarringtonParameters {
                recent_cases: -1.0,
                ..usual
            },
        ),
        (
            "recent_periods",
            FarringtonParameters {
                recent_periods: 0,
                ..usual
            },
        ),
    ] {
        let error = farrington(&[1.0], None, 0..1, &parameters).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("{name} is ")),
            "{error}"
        );
    }
    assert!(farrington(&[1.0], Some(&[]), 0..1, &usual).is_err());
}

proptest::proptest! {
    #[test]
    fn any_series_has_an_answer_for_each_week(
        counts in proptest::collection::vec(proptest::num::f64::ANY, 0..120),
        years in 1..4_usize,
        seasons in 1..5_usize,
        half_window in 0..3_usize,
    ) {
        let parameters = FarringtonParameters {
            years,
            seasons,
            half_window,
            periods_per_year: 13.0,
            recent_left_out: 3,
            recent_cases: 0.0,
            ..FarringtonParameters::default()
        };
        let answers = farrington(&counts, None, 0..counts.len(), &parameters).unwrap();
        proptest::prop_assert_eq!(answers.len(), counts.len());
    }
}
