use super::*;

/// First 40 weeks of salmonella agona (R surveillance), and R 1.20.3's `earsC` upper bounds for them:
/// `earsC(sts, control = list(method = "C1" or "C2", baseline = 7, minSigma = 0 or 0.5, alpha = 0.001))`.
const SERIES: &str = include_str!("../../tests/golden/ears_r.csv");

/// Columns: count, C1, C2, C1 with sigma 0.5, C2 with sigma 0.5; NaN where R has none.
fn golden() -> Vec<[f64; 5]> {
    let rows = SERIES.lines().skip(1).map(|line| {
        let values: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        values.try_into().unwrap()
    });
    rows.collect()
}

#[test]
fn c1_and_c2_have_the_upper_bounds_of_r() {
    let golden = golden();
    let counts: Vec<f64> = golden.iter().map(|row| row[0]).collect();
    let mut compared = 0;
    for (column, method, minimum_sigma) in [
        (1, EarsMethod::C1, 0.0),
        (2, EarsMethod::C2, 0.0),
        (3, EarsMethod::C1, 0.5),
        (4, EarsMethod::C2, 0.5),
    ] {
        let parameters = EarsParameters {
            method,
            minimum_sigma,
            minimum_count: 0.0,
            minimum_baseline: 7,
            ..EarsParameters::default()
        };
        let days = ears(&counts, None, 0..counts.len(), &parameters).unwrap();
        for (row, day) in golden.iter().zip(days) {
            assert_eq!(day.upper.is_none(), row[column].is_nan());
            if let Some(upper) = day.upper {
                crate::real::near(upper, row[column], 1e-9);
                assert_eq!(day.alarm.unwrap(), row[0] > row[column]);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 2 * (counts.len() - 7 + counts.len() - 9));
}

#[test]
fn c3_adds_what_c2_exceeds_one_by_over_three_days() {
    let counts: Vec<f64> = golden().iter().map(|row| row[0]).collect();
    let of = |method, minimum_count| {
        let parameters = EarsParameters {
            method,
            minimum_count,
            minimum_baseline: 7,
            ..EarsParameters::default()
        };
        ears(&counts, None, 0..counts.len(), &parameters).unwrap()
    };
    let (c2, c3) = (of(EarsMethod::C2, 0.0), of(EarsMethod::C3, 0.0));
    assert!(c3[10].statistic.is_none() && c3[11].statistic.is_some());
    for day in 11..counts.len() {
        let parts = c2[day - 2..=day]
            .iter()
            .map(|day| (day.statistic.unwrap() - 1.0).max(0.0));
        let sum: f64 = parts.sum();
        let answer = c3[day];
        crate::real::near(answer.statistic.unwrap(), sum, 1e-12);
        assert_eq!(answer.alarm.unwrap(), sum >= 1.959_963_984_540_054);
        // The bound of the count says the same as the statistic, where there is one.
        if let Some(upper) = answer.upper {
            assert_eq!(answer.alarm.unwrap(), counts[day] >= upper);
        }
    }
    assert!(c3.iter().any(|day| day.alarm == Some(true)));
}

#[test]
fn quiet_cells_alarm_only_from_the_floor_on() {
    let mut counts = vec![0.0; 20];
    counts[15] = 2.0;
    counts[19] = 3.0;
    let days = ears(&counts, None, 0..counts.len(), &EarsParameters::default()).unwrap();
    assert_eq!((days[15].alarm, days[19].alarm), (Some(false), Some(true)));
    let open = EarsParameters {
        minimum_count: 0.0,
        minimum_sigma: 0.0,
        ..EarsParameters::default()
    };
    let days = ears(&counts, None, 0..counts.len(), &open).unwrap();
    assert_eq!(
        (days[15].statistic, days[15].alarm),
        (Some(f64::INFINITY), Some(true))
    );
    assert_eq!(
        (days[14].statistic, days[14].alarm),
        (Some(0.0), Some(false))
    );
}

#[test]
fn working_days_are_compared_with_working_days() {
    // 20 calls on working days, 2 at weekends, for eight weeks that start on a Monday; a Saturday then has 9.
    let strata = weekend_strata(chrono::Weekday::Mon, 56);
    assert_eq!(strata[..8], [0, 0, 0, 0, 0, 1, 1, 0]);
    let mut counts: Vec<f64> = strata
        .iter()
        .map(|off| if *off == 0 { 20.0 } else { 2.0 })
        .collect();
    counts[54] = 9.0;
    let parameters = EarsParameters::default();
    let plain = ears(&counts, None, 0..counts.len(), &parameters).unwrap();
    let fair = ears(&counts, Some(&strata), 0..counts.len(), &parameters).unwrap();
    assert_eq!((plain[54].alarm, fair[54].alarm), (Some(false), Some(true)));
    assert_eq!(fair[54].expected, Some(2.0));
    // Thursdays, whose plain baseline is lifted by nothing and lowered by a weekend, stay quiet.
    assert_eq!(fair[52].alarm, Some(false));
}

#[test]
fn days_that_are_not_known_leave_the_baseline() {
    let mut counts = vec![4.0, 6.0, 5.0, 4.0, 6.0, 5.0, 5.0, 4.0, 5.0, 30.0, 5.0];
    counts[8] = f64::NAN;
    let c1 = EarsParameters {
        method: EarsMethod::C1,
        ..EarsParameters::default()
    };
    let days = ears(&counts, None, 0..counts.len(), &c1).unwrap();
    assert_eq!(days[8], EarsDay::default());
    assert_eq!(days[9].expected, Some(29.0 / 6.0));
    assert_eq!(days[9].alarm, Some(true));
    assert_eq!(days[2].alarm, None);
    assert_eq!(ears(&[], None, 0..0, &c1).unwrap(), vec![]);
}

#[test]
fn parameters_outside_their_range_are_refused_by_name() {
    let refuse = |parameters| {
        ears(&[1.0], None, 0..1, &parameters)
            .unwrap_err()
            .to_string()
    };
    let usual = EarsParameters::default();
    assert_eq!(
        refuse(EarsParameters {
            baseline: 2,
            ..usual
        }),
        "baseline is 2: it must be 3 or more days"
    );
    assert!(
        refuse(EarsParameters {
            minimum_baseline: 8,
            ..usual
        })
        .starts_with("minimum_baseline is 8")
    );
    assert!(
        refuse(EarsParameters {
            minimum_sigma: f64::NAN,
            ..usual
        })
        .starts_with("minimum_sigma")
    );
    assert!(
        refuse(EarsParameters {
            minimum_count: -1.0,
            ..usual
        })
        .starts_with("minimum_count")
    );
    assert!(
        refuse(EarsParameters {
            alpha: Some(1.0),
            ..usual
        })
        .starts_with("alpha")
    );
    assert!(ears(&[1.0], Some(&[]), 0..1, &usual).is_err());
}

proptest::proptest! {
    #[test]
    fn any_series_has_an_answer_for_each_day(
        counts in proptest::collection::vec(proptest::num::f64::ANY, 0..60),
        method in 0..3_usize,
    ) {
        let method = [EarsMethod::C1, EarsMethod::C2, EarsMethod::C3][method];
        let parameters = EarsParameters { method, ..EarsParameters::default() };
        proptest::prop_assert_eq!(ears(&counts, None, 0..counts.len(), &parameters).unwrap().len(), counts.len());
    }
}

#[test]
fn p_is_the_binomial_tail_of_the_day_among_its_baseline() {
    // Seven days of baseline, two guard days, then the day; variance below the mean, so nothing is divided.
    let counts = [2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0, 0.0, 0.0, 6.0];
    let days = ears(&counts, None, 0..counts.len(), &EarsParameters::default()).unwrap();
    let (n, share) = (16_i32, 1.0_f64 / 8.0);
    let mut tail = 0.0;
    for k in 6..=n {
        let ways = (0..k).fold(1.0, |ways, i| ways * f64::from(n - i) / f64::from(i + 1));
        tail += ways * share.powi(k) * (1.0 - share).powi(n - k);
    }
    assert!(
        (days[9].p_value.unwrap() - tail).abs() < 1e-12,
        "{:?} {tail}",
        days[9].p_value
    );

    // No complaint before: (1/8)^5. A baseline that varies more than Poisson bears more.
    let quiet = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0];
    let days = ears(&quiet, None, 0..quiet.len(), &EarsParameters::default()).unwrap();
    assert!((days[9].p_value.unwrap() - 0.125_f64.powi(5)).abs() < 1e-15);
    let wild = [0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0];
    let wild = ears(&wild, None, 0..wild.len(), &EarsParameters::default()).unwrap();
    assert!(wild[9].p_value.unwrap() > 0.05);
    let summed = EarsParameters {
        method: EarsMethod::C3,
        ..EarsParameters::default()
    };
    assert!(
        ears(&quiet, None, 0..quiet.len(), &summed)
            .unwrap()
            .iter()
            .all(|day| day.p_value.is_none())
    );
}

#[test]
fn a_range_gives_the_same_days_as_the_whole_series() {
    let counts: Vec<f64> = (0..60)
        .map(|day: u32| f64::from((day * 7 + day * day) % 11))
        .collect();
    let strata = weekend_strata(chrono::Weekday::Wed, counts.len());
    for method in [EarsMethod::C1, EarsMethod::C2, EarsMethod::C3] {
        let parameters = EarsParameters {
            method,
            ..EarsParameters::default()
        };
        let all = ears(&counts, Some(&strata), 0..60, &parameters).unwrap();
        for (start, end) in [(0, 3), (1, 2), (12, 40), (59, 60), (58, 90), (60, 61)] {
            let part = ears(&counts, Some(&strata), start..end, &parameters).unwrap();
            assert_eq!(part, all[start..end.min(60)], "{method:?} {start}..{end}");
        }
    }
}
