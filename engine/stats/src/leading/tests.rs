#![expect(clippy::cast_precision_loss, reason = "small numbers")]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const HOURS: usize = 365 * 24;

/// Both series have a day; `coupling` says how strongly the complaints follow the sensor, six hours later.
fn city(seed: u64, coupling: f64) -> (Vec<f64>, Vec<f64>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = || (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    let mut level = 0.0;
    let levels: Vec<f64> = (0..HOURS)
        .map(|_| {
            level = 0.9 * level + 0.436 * normal();
            level
        })
        .collect();
    let day = |hour: usize| (hour as f64 * std::f64::consts::TAU / 24.0).sin();
    let sensor = (0..HOURS)
        .map(|hour| 40.0 + 15.0 * day(hour) + 10.0 * levels[hour])
        .collect();
    let complaints = (0..HOURS)
        .map(|hour| {
            let past = if hour >= 6 { levels[hour - 6] } else { 0.0 };
            let mean = (0.7 + 0.8 * day(hour) + coupling * past).exp();
            // Poisson by its waiting times.
            let (mut count, mut left) = (0.0, mean);
            loop {
                left += random.random::<f64>().max(1e-300).ln();
                if left < 0.0 {
                    break count;
                }
                count += 1.0;
            }
        })
        .collect();
    (sensor, complaints)
}

fn lead(sensor: &[f64], complaints: &[f64]) -> Option<Leading> {
    leading_sensors(&[sensor], &[complaints], &LeadingParameters::default()).unwrap()[0].leading
}

#[test]
fn a_sensor_that_leads_by_six_hours_is_found_and_warns_in_hours_never_seen() {
    let (sensor, complaints) = city(1, 0.6);
    let found = lead(&sensor, &complaints).unwrap();
    assert!((5..=7).contains(&found.lag), "{found:?}");
    assert!(found.correlation > 0.2 && found.p_value < 0.01, "{found:?}");
    let warning = found.warning.unwrap();
    assert!(warning.threshold > 0.0);
    let held_out = warning.held_out;
    assert!(
        held_out.warnings >= 10 && held_out.lift.unwrap() > 1.3,
        "{warning:?}"
    );
    assert!(
        (1.0..=13.0).contains(&held_out.lead_hours.unwrap()),
        "{warning:?}"
    );
    let precision = held_out.hits as f64 / held_out.warnings as f64;
    assert!((held_out.precision.unwrap() - precision).abs() < 1e-12);
}

#[test]
fn a_sensor_that_falls_before_complaints_warns_below_its_usual_value() {
    let (sensor, complaints) = city(2, -0.6);
    let found = lead(&sensor, &complaints).unwrap();
    assert!(found.correlation < -0.2 && found.p_value < 0.01);
    let warning = found.warning.unwrap();
    assert!(
        warning.threshold < 0.0 && warning.held_out.lift.unwrap() > 1.3,
        "{warning:?}"
    );
}

#[test]
fn a_common_day_is_no_lead() {
    let p: Vec<f64> = (10..60)
        .map(|seed| {
            let (sensor, complaints) = city(seed, 0.0);
            lead(&sensor, &complaints).unwrap().p_value
        })
        .collect();
    // 50 × 0.1 = 5 with a standard deviation of 2.1; the plain series correlate at 0.4 and more in each of them.
    let significant = p.iter().filter(|p| **p <= 0.1).count();
    assert!(significant <= 13, "{significant}");
    assert!(p.iter().any(|p| *p > 0.5));
}

#[test]
fn pairs_share_one_false_discovery_rate() {
    let (leads, complaints) = city(1, 0.6);
    let others: Vec<Vec<f64>> = (100..106).map(|seed| city(seed, 0.0).0).collect();
    let constant = vec![7.0; HOURS];
    let mut sensors: Vec<&[f64]> = others.iter().map(Vec::as_slice).collect();
    sensors.push(&leads);
    sensors.push(&constant);
    let one = LeadingParameters {
        threads: Some(1),
        ..LeadingParameters::default()
    };
    let many = LeadingParameters {
        threads: Some(5),
        ..one
    };
    let pairs = leading_sensors(&sensors, &[&complaints], &one).unwrap();
    assert_eq!(
        pairs,
        leading_sensors(&sensors, &[&complaints], &many).unwrap()
    );
    assert_eq!(pairs.len(), 8);
    assert_eq!((pairs[7].leading, pairs[7].q_value), (None, None));
    let best = pairs[6];
    let by_gumbel = best.leading.unwrap().gumbel_p_value.unwrap();
    assert!(by_gumbel < best.leading.unwrap().p_value, "{best:?}");
    assert!(
        (best.q_value.unwrap() / (7.0 * by_gumbel) - 1.0).abs() < 1e-9,
        "{best:?}"
    );
    assert!(
        pairs[..6]
            .iter()
            .all(|pair| pair.q_value.unwrap() > best.q_value.unwrap())
    );
}

#[test]
fn correlations_by_transform_are_those_of_the_definition() {
    let hours = 101;
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut series = || -> Vec<f64> { (0..hours).map(|_| random.random()).collect() };
    let (a, mut b) = (series(), series());
    b[17] = f64::NAN;
    let correlator = Correlator::new(hours);
    let fast = correlator.correlations(
        &correlator.spectrum(&a).unwrap(),
        &correlator.spectrum(&b).unwrap(),
    );
    let scaled = |values: &[f64]| -> Vec<f64> {
        let known: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| value.is_finite())
            .collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let size = known
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            .sqrt();
        values
            .iter()
            .map(|value| {
                if value.is_finite() {
                    (value - mean) / size
                } else {
                    0.0
                }
            })
            .collect()
    };
    let (a, b) = (scaled(&a), scaled(&b));
    for (lag, fast) in fast.iter().enumerate() {
        let slow: f64 = (0..hours)
            .map(|hour| a[hour] * b[(hour + lag) % hours])
            .sum();
        assert!((fast - slow).abs() < 1e-12);
    }
}

#[test]
fn nothing_of_an_hour_depends_on_later_hours_outside_training() {
    let (sensor, _) = city(3, 0.0);
    let parameters = LeadingParameters::default();
    let trained = share_of(HOURS, parameters.training);
    let whole = Residual::of(&sensor, trained, false, &parameters);
    let mut changed = sensor.clone();
    changed[HOURS - 100..].fill(1e6);
    let other = Residual::of(&changed, trained, false, &parameters);
    assert_eq!(
        format!("{:?}", &whole.values[..HOURS - 100]),
        format!("{:?}", &other.values[..HOURS - 100])
    );
    assert!(whole.values[..24].iter().all(|value| value.is_nan()));
    let (back, hour) = (
        whole.values[HOURS - 1] + whole.usual[HOURS - 1],
        sensor[HOURS - 1],
    );
    assert!((back - hour).abs() < 1e-9);
}

#[test]
fn too_little_to_judge_is_none() {
    let (mut sensor, complaints) = city(4, 0.6);
    for (hour, value) in sensor.iter_mut().enumerate() {
        if hour % 3 != 0 {
            *value = f64::NAN;
        }
    }
    assert_eq!(lead(&sensor, &complaints), None);
    assert_eq!(lead(&[], &[]), None);
    assert_eq!(lead(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), None);
    assert_eq!(lead(&[f64::NAN; 500], &[f64::INFINITY; 500]), None);
    assert_eq!(
        leading_sensors(&[], &[], &LeadingParameters::default()).unwrap(),
        vec![]
    );
}

#[test]
fn what_is_asked_for_wrongly_is_refused_by_name() {
    let usual = LeadingParameters::default();
    for (name, parameters) in [
        ("cycle", LeadingParameters { cycle: 0, ..usual }),
        (
            "slow",
            LeadingParameters {
                slow: Some(47),
                ..usual
            },
        ),
        (
            "longest_lag",
            LeadingParameters {
                longest_lag: 0,
                ..usual
            },
        ),
        (
            "training",
            LeadingParameters {
                training: 1.0,
                ..usual
            },
        ),
        ("shift", LeadingParameters { shift: 0, ..usual }),
        (
            "shortest_shift",
            LeadingParameters {
                shortest_shift: 95,
                ..usual
            },
        ),
        (
            "minimum_known",
            LeadingParameters {
                minimum_known: 0.0,
                ..usual
            },
        ),
        (
            "event_quantile",
            LeadingParameters {
                event_quantile: f64::NAN,
                ..usual
            },
        ),
        (
            "minimum_warnings",
            LeadingParameters {
                minimum_warnings: 0,
                ..usual
            },
        ),
    ] {
        let error = leading_sensors(&[], &[], &parameters).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("{name} is ")),
            "{error}"
        );
    }
    let error = leading_sensors(&[&[1.0]], &[&[1.0, 2.0]], &usual).unwrap_err();
    assert_eq!(
        error,
        LeadingError::Length {
            length: 2,
            hours: 1
        }
    );
}

#[test]
fn without_a_lead_p_by_gumbel_is_small_as_seldom_as_it_says() {
    let sensors: Vec<Vec<f64>> = (300..316).map(|seed| city(seed, 0.0).0).collect();
    let complaints: Vec<Vec<f64>> = (400..416).map(|seed| city(seed, 0.0).1).collect();
    let sensors: Vec<&[f64]> = sensors.iter().map(Vec::as_slice).collect();
    let complaints: Vec<&[f64]> = complaints.iter().map(Vec::as_slice).collect();
    let pairs = leading_sensors(&sensors, &complaints, &LeadingParameters::default()).unwrap();
    let share = |below: f64| {
        let p = pairs
            .iter()
            .map(|pair| pair.leading.unwrap().gumbel_p_value.unwrap());
        p.filter(|p| *p <= below).count() as f64 / pairs.len() as f64
    };
    // 256 pairs, of which those of one sensor are alike: five standard deviations.
    assert!(
        share(0.05) <= 0.12 && share(0.5) > 0.3 && share(0.001) <= 0.01,
        "{} {} {}",
        share(0.05),
        share(0.5),
        share(0.001)
    );
}
