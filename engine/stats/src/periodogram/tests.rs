use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::real::{column, near};

const SUNSPOTS: &str = "reference-stats/periodicity/sunspot_year.csv";
const IN_R: &str = "reference-stats/periodicity/sunspot_year_periodogram_R.csv";

#[test]
fn sunspots_have_the_periodogram_of_r() {
    let (Some(spots), Some(frequency), Some(spec)) = (
        column(SUNSPOTS, "sunspots"),
        column(IN_R, "freq"),
        column(IN_R, "spec"),
    ) else {
        return;
    };
    let ours = periodogram(&spots, Detrend::Line).unwrap();
    assert_eq!(ours.frequency.len(), frequency.len());
    for at in 0..frequency.len() {
        near(ours.frequency[at], frequency[at], 1e-12);
        near(ours.power[at], spec[at], 1e-8);
    }
    let fisher = fisher_g(&ours).unwrap();
    near(1.0 / fisher.frequency, 11.115, 1e-3);
    assert!(fisher.p_value < 1e-10, "{fisher:?}");
}

/// Two lines share the sum as u and 1 − u with u even on 0 … 1, so P(g > x) = 2 (1 − x) from 1/2 on.
#[test]
fn two_lines_have_the_tail_that_can_be_derived() {
    for x in [0.5001, 0.6, 0.75, 0.99] {
        near(fisher_tail(x, 2), 2.0 * (1.0 - x), 1e-12);
    }
    assert!(fisher_tail(1.0, 5) <= 0.0);
    assert!(fisher_tail(0.001, 2000) > 0.999_999);
}

/// Lines of white noise are independent exponentials.
#[test]
fn the_tail_is_that_of_simulated_exponentials() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for lines in [5, 50, 700] {
        let rounds = 4000;
        let mut below = [0; 2];
        for _ in 0..rounds {
            let power: Vec<f64> = (0..lines).map(|_| -random.random::<f64>().ln()).collect();
            let g = power.iter().copied().fold(0.0, f64::max) / power.iter().sum::<f64>();
            let p = fisher_tail(g, lines);
            below[0] += usize::from(p <= 0.05);
            below[1] += usize::from(p <= 0.5);
        }
        // Four standard errors.
        near(below[0] as f64 / f64::from(rounds), 0.05, 0.014);
        near(below[1] as f64 / f64::from(rounds), 0.5, 0.032);
    }
}

#[test]
fn what_has_no_periodogram_is_none() {
    assert_eq!(periodogram(&[1.0, 2.0, 3.0], Detrend::Mean), None);
    assert_eq!(periodogram(&[7.0; 30], Detrend::Mean), None);
    assert_eq!(periodogram(&[0.0; 30], Detrend::Line), None);
    assert_eq!(
        periodogram(&[1.0, f64::NAN, 3.0, 1.0, 2.0], Detrend::Mean),
        None
    );
    let line: Vec<f64> = (0..50).map(|t| 3.0 + 0.1 * f64::from(t)).collect();
    assert_eq!(periodogram(&line, Detrend::Line), None);
}
