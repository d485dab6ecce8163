//! A city that does not exist: nested areas with shared curved borders, populations and names.

mod files;
mod gzip;
mod hierarchy;
mod mesh;
mod names;
mod outline;
mod parts;
mod plan;
mod sites;
mod spec;

use std::collections::HashSet;

use geo::{MultiPolygon, Validation};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub use files::write_files;
pub use spec::{SampleCityError, SampleCitySpec};

use self::mesh::{Border, Frame};
use self::plan::Plan;

/// A city that does not exist. Areas of one level never overlap and leave no gaps; the parts of an area make it up exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleCity {
    /// The seed that it was made from.
    pub seed: u64,
    /// What was asked for.
    pub spec: SampleCitySpec,
    /// Districts, in the order of their codes.
    pub districts: Vec<SampleArea>,
    /// Subdistricts, in the order of their codes.
    pub subdistricts: Vec<SampleArea>,
    /// Communities, in the order of their codes.
    pub communities: Vec<SampleArea>,
}

impl SampleCity {
    /// The seed of the sample city that comes with the project.
    pub const SEED: u64 = 1;
}

/// One area of the sample city.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleArea {
    /// 6 digits for a district, 9 for a subdistrict, 12 for a community; the longer begins with its parent's.
    pub code: String,
    /// Chinese name, unique within the parent.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Code of the area that it lies in; a district lies in the city.
    pub parent: String,
    /// Residents; a parent's are the sum of its parts'.
    pub population: u64,
    /// Longitude and latitude in WGS 84 degrees of six decimals.
    pub geometry: MultiPolygon,
}

const ATTEMPTS: u64 = 16;

/// Makes the city of `seed`: the same seed and spec give the same city on every machine.
///
/// # Errors
/// When the spec does not fit a map or its counts do not nest.
///
/// ```
/// use citybrain_synth::{SampleCitySpec, sample_city};
///
/// let city = sample_city(1, &SampleCitySpec::with_communities(40))?;
/// assert_eq!(city.communities.len(), 40);
/// # Ok::<(), citybrain_synth::SampleCityError>(())
/// ```
pub fn sample_city(seed: u64, spec: &SampleCitySpec) -> Result<SampleCity, SampleCityError> {
    spec.check()?;
    let frame = Frame {
        lon: spec.centre.0,
        lat: spec.centre.1,
    };
    for attempt in 0..ATTEMPTS {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(attempt);
        let Some(sites) = sites::draw(spec.communities, spec.radius_km, &mut rng) else {
            continue;
        };
        let mut borders = mesh::borders(&sites, frame, &mut rng);
        let Some(shapes) = valid_shapes(&mut borders, spec.communities) else {
            continue;
        };
        return Plan::new(spec, &sites, &borders, shapes, &mut rng).city(seed, &mut rng);
    }
    Err(SampleCityError::NoPartition(ATTEMPTS))
}

/// The communities' polygons. A border that makes one invalid loses its bend; `None` when that does not help or when the city
/// as a whole is not one polygon without holes.
fn valid_shapes(borders: &mut [Border], communities: usize) -> Option<Vec<MultiPolygon>> {
    let whole = outline::outlines(borders, &vec![0; communities], 1);
    if whole[0].0.len() != 1 || !whole[0].0[0].interiors().is_empty() {
        return None;
    }
    let own: Vec<usize> = (0..communities).collect();
    for _ in 0..3 {
        let shapes = outline::outlines(borders, &own, communities);
        let bad: HashSet<usize> = (0..communities)
            .filter(|&i| shapes[i].0.len() != 1 || !shapes[i].is_valid())
            .collect();
        if bad.is_empty() {
            return Some(shapes);
        }
        for border in &mut *borders {
            let touched = |i: usize| bad.contains(&i);
            if touched(border.left) || border.right.is_some_and(touched) {
                border.path.drain(1..border.path.len() - 1);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
