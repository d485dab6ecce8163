//! What p-values are worth.

use super::*;

fn study<'a>(counts: &'a [f64], slices: usize, zones: &'a Zones) -> Study<'a> {
    Study {
        counts,
        slices,
        zones,
        model: Model::Permutation,
        strata: None,
    }
}

/// 5 × 5 areas × 30 days of noise.
fn noise(seed: u64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..25 * 30)
        .map(|_| (0..10).filter(|_| random.random::<f64>() < 0.08).count() as f64)
        .collect()
}

#[test]
fn a_planted_cluster_is_found_and_is_no_chance() {
    let zones = grid(5);
    let mut counts = noise(3);
    // Areas 12, 13 and 17 since day 26.
    for area in [12, 13, 17] {
        for day in 26..30 {
            counts[area * 30 + day] += 3.0;
        }
    }
    let found = scan(&study(&counts, 30, &zones), &ScanParameters::default()).unwrap();
    let best = &found.clusters[0];
    assert_eq!(best.slices, 26..30);
    assert!(
        [12, 13, 17].iter().all(|area| best.areas.contains(area)),
        "{best:?}"
    );
    assert_eq!(best.p_value, Some(0.001));
    assert!(best.gumbel_p_value.unwrap() < 1e-4, "{best:?}");
    assert!(best.relative_risk.unwrap() > 1.5, "{best:?}");
    assert!(
        (best.recurrence_interval.unwrap() - best.gumbel_p_value.unwrap().recip()).abs() < 1e-6
    );
    let areas: Vec<u32> = found
        .clusters
        .iter()
        .flat_map(|cluster| cluster.areas.clone())
        .collect();
    let mut once = areas.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(areas.len(), once.len());
    assert!(
        found
            .clusters
            .windows(2)
            .all(|pair| pair[0].score >= pair[1].score)
    );
}

#[test]
fn noise_is_significant_as_often_as_its_p_value_says() {
    let zones = grid(5);
    let parameters = ScanParameters {
        replicates: 99,
        stop_after: Some(20),
        longest: Some(7),
        ..ScanParameters::default()
    };
    let p: Vec<(f64, f64)> = (100..300)
        .map(|seed| {
            let found = scan(
                &study(&noise(seed), 30, &zones),
                &ScanParameters { seed, ..parameters },
            )
            .unwrap();
            found.clusters.first().map_or((1.0, 1.0), |best| {
                (best.p_value.unwrap(), best.gumbel_p_value.unwrap_or(1.0))
            })
        })
        .collect();
    // 200 × 0.1 = 20 with a standard deviation of 4.2; four of them at each side.
    let monte_carlo = p.iter().filter(|p| p.0 <= 0.1).count();
    let gumbel = p.iter().filter(|p| p.1 <= 0.1).count();
    assert!((4..=36).contains(&monte_carlo), "{monte_carlo}");
    assert!((4..=40).contains(&gumbel), "{gumbel}");
}

#[test]
fn replicates_stop_early_for_noise_only_and_the_p_value_stays_near() {
    let zones = grid(5);
    let counts = noise(1);
    let all = ScanParameters {
        stop_after: None,
        ..ScanParameters::default()
    };
    let full = scan(&study(&counts, 30, &zones), &all).unwrap();
    let early = scan(&study(&counts, 30, &zones), &ScanParameters::default()).unwrap();
    assert!(!full.stopped_early && full.replicates.len() == 999);
    assert!(early.stopped_early && early.replicates.len() < 500);
    assert_eq!(early.replicates, full.replicates[..early.replicates.len()]);
    let (p, q) = (
        early.clusters[0].p_value.unwrap(),
        full.clusters[0].p_value.unwrap(),
    );
    assert!((p - 50.0 / early.replicates.len() as f64).abs() < 1e-12);
    // The standard deviation of p from 50 hits is about p/7.
    assert!((p - q).abs() < 0.5 * q, "{p} {q}");
}

#[test]
fn the_answer_depends_on_the_seed_and_not_on_the_threads() {
    let zones = grid(5);
    let counts = noise(9);
    let answer = |seed, threads| {
        let parameters = ScanParameters {
            seed,
            threads: Some(threads),
            replicates: 200,
            stop_after: None,
            ..ScanParameters::default()
        };
        scan(&study(&counts, 30, &zones), &parameters).unwrap()
    };
    let one = answer(4, 1);
    assert_eq!(one, answer(4, 3));
    assert_eq!(one, answer(4, 50));
    assert_ne!(one.replicates, answer(5, 1).replicates);
}

#[test]
fn a_weekday_with_many_calls_in_one_place_is_no_cluster_of_its_stratum() {
    // One area's market has forty times the calls on Sundays; the last day is a Sunday.
    let zones = grid(5);
    let mut counts = noise(11)[..25 * 28].to_vec();
    for week in 0..4 {
        counts[7 * 28 + week * 7 + 6] += 30.0;
    }
    let strata: Vec<u16> = (0..28).map(|day| day % 7).collect();
    let plain = study(&counts, 28, &zones);
    let parameters = ScanParameters {
        longest: Some(7),
        stop_after: None,
        ..ScanParameters::default()
    };
    let blind = scan(&plain, &parameters).unwrap();
    let fair = scan(
        &Study {
            strata: Some(&strata),
            ..plain
        },
        &parameters,
    )
    .unwrap();
    assert!(blind.clusters[0].p_value.unwrap() < 0.01 && blind.clusters[0].areas.contains(&7));
    let market = fair
        .clusters
        .iter()
        .find(|cluster| cluster.areas.contains(&7));
    assert!(
        market.is_none_or(|cluster| cluster.p_value.unwrap() > 0.2),
        "{market:?}"
    );
}

#[test]
fn a_scan_stops_when_its_answer_is_no_longer_wanted() {
    let zones = grid(5);
    let counts = noise(3);
    let study = study(&counts, counts.len() / 25, &zones);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let parameters = ScanParameters {
        replicates: 1_000_000,
        stop_after: None,
        ..ScanParameters::default()
    };
    let is_wanted = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 3;
    let found = scan_while(&study, &parameters, &is_wanted);
    assert_eq!(found.unwrap_err(), ScanError::Stopped);
}
