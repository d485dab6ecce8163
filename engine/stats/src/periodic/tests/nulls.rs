//! What has no period must not be given one, however it moves.

use super::*;

/// Shares of p ≤ 0.05 by rhythm.
fn rejected(bin: Bin, series: &[Vec<f64>]) -> Vec<(Rhythm, f64)> {
    let timeline = Timeline::try_new(at(2021, 1, 1, 0), bin, series[0].len()).unwrap();
    let slices: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
    let found = periodic(&timeline, &slices, &PeriodicOptions::default()).unwrap();
    [
        Rhythm::Daily,
        Rhythm::Weekly,
        Rhythm::Monthly,
        Rhythm::Yearly,
        Rhythm::Other,
    ]
    .into_iter()
    .filter_map(|rhythm| {
        let p: Vec<f64> = found
            .iter()
            .flat_map(|series| &series.periods)
            .filter(|period| period.rhythm == rhythm)
            .map(|period| period.p_value)
            .collect();
        let below = p.iter().filter(|&&p| p <= 0.05).count();
        (!p.is_empty()).then(|| (rhythm, below as f64 / p.len() as f64))
    })
    .collect()
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    (-2.0 * random.random::<f64>().ln()).sqrt() * (TAU * random.random::<f64>()).cos()
}

/// Log-rates that remember yesterday: correlation `memory` from bin to bin, standard deviation 0.5.
fn remembering(random: &mut ChaCha8Rng, bins: usize, mean: f64, memory: f64) -> Vec<f64> {
    let mut level = 0.0;
    (0..bins)
        .map(|_| {
            level = memory * level + (1.0 - memory * memory).sqrt() * normal(random);
            poisson(random, mean * (0.5 * level).exp())
        })
        .collect()
}

#[test]
fn noise_trends_and_memory_are_accepted_as_seldom_as_promised() {
    let mut random = ChaCha8Rng::seed_from_u64(99);
    for (name, bin, bins, mean, memory) in [
        ("even days", Bin::Day, 1096, 8.0, 0.0),
        ("days with memory", Bin::Day, 1096, 8.0, 0.7),
        ("days with long memory", Bin::Day, 1096, 8.0, 0.98),
        ("even hours", Bin::Hour, 24 * 100, 0.5, 0.0),
        ("hours with memory", Bin::Hour, 24 * 100, 0.5, 0.9),
        ("months with memory", Bin::Month, 72, 40.0, 0.5),
    ] {
        let series: Vec<Vec<f64>> = (0..400)
            .map(|_| remembering(&mut random, bins, mean, memory))
            .collect();
        for (rhythm, share) in rejected(bin, &series) {
            println!("{name}, {rhythm:?}: {share}");
            // 5 % and four standard errors of 400 series.
            assert!(share <= 0.05 + 0.044, "{name}, {rhythm:?}: {share}");
        }
    }
}
