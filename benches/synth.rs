//! The synthetic city that the benchmarks run on.

use std::path::Path;

use citybrain_grid::City;

/// The sample city: 16 districts, 343 subdistricts, 7,000 communities.
///
/// # Panics
/// When its files are damaged.
pub fn sample_city() -> City {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the benches lie in the repository");
    let (city, _) = citybrain_ingest::city::read_city(&root.join("data/sample-city/city.toml"))
        .expect("the sample city is part of the repository");
    city
}
