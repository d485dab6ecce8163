use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::real::near;

/// Mardia & Jupp 2000, 6.3: for few events the expansion is compared with simulation, for n = 20 here by 20,000 rounds.
#[test]
fn p_is_the_share_of_even_phases_with_such_a_concentration() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for (events, rounds) in [(5, 20_000), (20, 20_000), (200, 4_000)] {
        let mut below = 0;
        for _ in 0..rounds {
            let test = rayleigh((0..events).map(|_| random.random::<f64>())).unwrap();
            below += usize::from(test.p_value <= 0.05);
        }
        near(below as f64 / f64::from(rounds), 0.05, 0.01);
    }
}

#[test]
fn events_at_one_phase_have_that_phase() {
    let test = rayleigh([0.95, 0.05, 1.0, -0.02, 2.02, 0.0]).unwrap();
    assert!(test.phase < 0.01 || test.phase > 0.99);
    assert!(test.concentration > 0.9 && test.p_value < 0.01);
    assert_eq!(rayleigh([0.1, 0.2, 0.3, f64::NAN, 0.5]), None);
}

#[test]
fn what_follows_the_city_is_not_periodic_of_its_own() {
    let city = [1.0, 1.0, 8.0, 2.0];
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut rejected = 0;
    for _ in 0..2000 {
        let phases: Vec<f64> = (0..60)
            .map(|_| {
                let at = random.random_range(0..12);
                let part = [0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3][at];
                (f64::from(part) + random.random::<f64>()) / 4.0
            })
            .collect();
        assert!(rayleigh(phases.iter().copied()).unwrap().p_value < 0.05);
        rejected += usize::from(rayleigh_against(phases, &city).unwrap().p_value <= 0.05);
    }
    near(rejected as f64 / 2000.0, 0.05, 0.02);

    let own = rayleigh_against((0..40).map(|j| 0.02 + 0.001 * f64::from(j)), &city).unwrap();
    assert!(own.p_value < 1e-10);
    near(own.phase, 0.04, 0.01);
    assert_eq!(rayleigh_against([0.1; 9], &[0.0, 0.0]), None);
    assert_eq!(rayleigh_against([0.1; 9], &[1.0, -1.0, 3.0]), None);
    assert_eq!(rayleigh_against([0.1; 9], &[]), None);
}
