//! Cost of public functions on the synthetic city.

use std::hint::black_box;

use citybrain_benches::sample_city;
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

criterion_group!(benches, locate);
criterion_main!(benches);
