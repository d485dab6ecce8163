//! How long the searches for sudden problems take, on made-up data of a city's size:
//! `cargo run --release -p citybrain-stats --example sudden [part of a scan's name]`.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]
#![expect(clippy::cast_precision_loss, reason = "small numbers")]

use std::error::Error;
use std::time::Instant;

use citybrain_stats::ears::{EarsParameters, ears};
use citybrain_stats::farrington::{FarringtonParameters, farrington};
use citybrain_stats::leading::{LeadingParameters, leading_sensors};
use citybrain_stats::scan::{
    CircleLimits, Metric, Model, ScanParameters, Span, Study, Zones, scan,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const AREAS: usize = 343;
const DAYS: usize = 365;

fn main() -> Result<(), Box<dyn Error>> {
    let part = std::env::args().nth(1).unwrap_or_default();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let centroids: Vec<[f64; 2]> = (0..AREAS)
        .map(|_| [random.random(), random.random()])
        .collect();
    let zones = Zones::circles(&centroids, Metric::Planar, CircleLimits::default())?;
    let mean = |area: usize| 0.2 + (area % 10) as f64 / 5.0;
    let counts: Vec<f64> = (0..AREAS * DAYS)
        .map(|cell| {
            (0..10)
                .filter(|_| random.random::<f64>() < mean(cell / DAYS) / 10.0)
                .count() as f64
        })
        .collect();
    let population: Vec<f64> = (0..AREAS).map(mean).collect();
    println!(
        "{AREAS} areas, {DAYS} days, {} cases, 999 replicates",
        counts.iter().sum::<f64>()
    );
    scans(&counts, &population, &zones, &part)?;
    series(&counts, &mut random)
}

/// Scans of one year, those whose name has the part.
fn scans(
    counts: &[f64],
    population: &[f64],
    zones: &Zones,
    part: &str,
) -> Result<(), Box<dyn Error>> {
    let weekdays: Vec<u16> = (0..DAYS)
        .map(|day| u16::try_from(day % 7).unwrap_or(0))
        .collect();
    let prospective = ScanParameters {
        stop_after: None,
        ..ScanParameters::default()
    };
    let week = ScanParameters {
        span: Span::Retrospective,
        longest: Some(7),
        ..prospective
    };
    for (name, model, strata, parameters) in [
        (
            "prospective, permutation, up to 182 days",
            Model::Permutation,
            None,
            prospective,
        ),
        (
            "prospective, permutation in weekdays, up to 182 days",
            Model::Permutation,
            Some(&weekdays[..]),
            prospective,
        ),
        (
            "prospective, Poisson, up to 182 days",
            Model::Poisson { population },
            None,
            prospective,
        ),
        (
            "prospective, permutation, up to 30 days",
            Model::Permutation,
            None,
            ScanParameters {
                longest: Some(30),
                ..prospective
            },
        ),
        (
            "retrospective, permutation, up to 7 days",
            Model::Permutation,
            None,
            week,
        ),
        (
            "retrospective, permutation, up to 7 days, stop at 50",
            Model::Permutation,
            None,
            ScanParameters {
                stop_after: Some(50),
                ..week
            },
        ),
    ] {
        if !name.contains(part) {
            continue;
        }
        let study = Study {
            counts,
            slices: DAYS,
            zones,
            model,
            strata,
        };
        let start = Instant::now();
        let found = scan(&study, &parameters)?;
        println!(
            "scan, {name}: {:.2} s, {} cylinders, {} replicates, p {:?}",
            start.elapsed().as_secs_f64(),
            found.cylinders,
            found.replicates.len(),
            found.clusters.first().and_then(|best| best.p_value),
        );
    }
    Ok(())
}

/// EARS, Farrington and leading sensors.
fn series(counts: &[f64], random: &mut ChaCha8Rng) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let mut alarms = 0;
    for series in counts.chunks(DAYS) {
        alarms += ears(series, None, 0..series.len(), &EarsParameters::default())?
            .iter()
            .filter(|day| day.alarm == Some(true))
            .count();
    }
    println!(
        "EARS C2: {:.0} ns a day, {alarms} alarms",
        start.elapsed().as_secs_f64() * 1e9 / counts.len() as f64
    );

    let weeks: Vec<f64> = (0..313)
        .map(|_| f64::from(random.random_range(0..12_u32)))
        .collect();
    let start = Instant::now();
    let answers = farrington(&weeks, None, 265..313, &FarringtonParameters::default())?;
    println!(
        "Farrington: {:.2} ms a week",
        start.elapsed().as_secs_f64() * 1e3 / answers.len() as f64
    );

    let series: Vec<Vec<f64>> = (0..60)
        .map(|_| {
            (0..3 * 8760)
                .map(|_| f64::from(random.random_range(0..6_u32)))
                .collect()
        })
        .collect();
    let series: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
    let start = Instant::now();
    let pairs = leading_sensors(&series[..20], &series[20..], &LeadingParameters::default())?;
    println!(
        "leading sensors, 3 years of hours: {:.2} ms a pair",
        start.elapsed().as_secs_f64() * 1e3 / pairs.len() as f64
    );
    Ok(())
}
