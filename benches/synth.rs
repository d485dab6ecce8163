//! What the benchmarks run on: the synthetic city, and the built server.

mod square;

use citybrain_grid::City;
use citybrain_synth::SampleCitySpec;

pub use square::{Running, Server};

/// As the product has it: what is measured is its memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The sample city: 16 districts, 343 subdistricts, 7,000 communities.
///
/// # Panics
/// Never: the sample city keeps the rules of cities.
pub fn sample_city() -> City {
    let city = citybrain_synth::sample_city(1, &SampleCitySpec::default())
        .expect("the default city can be made");
    City::try_new(city.parts()).expect("a made city keeps the rules")
}
