//! Cost of public functions on the synthetic city.

use std::hint::black_box;

use citybrain_benches::sample_city;
use citybrain_model::AreaLevel;
use citybrain_stats::scan::{
    CircleLimits, Metric, Model, ScanParameters, Span, Study, Zones, scan,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const POINTS: usize = 100_000;

fn locate(criterion: &mut Criterion) {
    let city = sample_city();
    let (lon, lat): (Vec<f64>, Vec<f64>) = citybrain_synth::random_points(&city, POINTS, 1)
        .into_iter()
        .unzip();
    let mut group = criterion.benchmark_group("locate");
    group.throughput(Throughput::Elements(POINTS as u64));
    group.bench_function("sample city, all levels and the cell", |bencher| {
        bencher.iter(|| city.locate(black_box(&lon), black_box(&lat), None));
    });
    group.finish();
}

/// The space-time permutation scan of a year of days over the subdistricts, 999 replicates, none of them left out: 50 complaints a day,
/// more where the number of a subdistrict is low and on workdays.
fn space_time_scan(criterion: &mut Criterion) {
    const DAYS: usize = 365;
    let city = sample_city();
    let areas = city
        .level(AreaLevel::Subdistrict)
        .expect("it has them")
        .latest();
    let centroids: Vec<[f64; 2]> = areas
        .iter()
        .map(|area| [area.label.x(), area.label.y()])
        .collect();
    let zones =
        Zones::circles(&centroids, Metric::Sphere, CircleLimits::default()).expect("finite");
    let mut counts = vec![0.0; areas.len() * DAYS];
    let mut state = 1_u64;
    for complaint in 0..50 * DAYS {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (one, other) = ((state >> 33) as usize, (state >> 40) as usize);
        let area = (one % areas.len()).min(other % areas.len());
        let day = if complaint % 4 == 0 {
            one % DAYS
        } else {
            other % DAYS / 7 * 7 + one % 5
        };
        counts[area * DAYS + day.min(DAYS - 1)] += 1.0;
    }
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(10);
    for (name, span, longest) in [
        ("prospective", Span::Prospective, None),
        (
            "retrospective, up to 14 days",
            Span::Retrospective,
            Some(14),
        ),
    ] {
        let study = Study {
            counts: &counts,
            slices: DAYS,
            zones: &zones,
            model: Model::Permutation,
            strata: None,
        };
        let parameters = ScanParameters {
            span,
            longest,
            stop_after: None,
            ..ScanParameters::default()
        };
        group.bench_function(
            format!("{name}, {} areas, {DAYS} days, 999 replicates", areas.len()),
            |bencher| {
                bencher.iter(|| scan(black_box(&study), &parameters));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, locate, space_time_scan);
criterion_main!(benches);
