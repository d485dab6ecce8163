//! Random points for measurements and tests.

use citybrain_grid::{Area, City, Level};
use citybrain_model::AreaLevel;
use geo::Contains;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How random points are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Evenly over the rectangle around the city; some lie outside its areas.
    Rectangle,
    /// As many in each of the smallest areas as live there; all lie inside.
    Residents,
}

/// `n` longitudes and latitudes in WGS 84 degrees; the same seed gives the same points.
pub fn random_points(city: &City, n: usize, seed: u64, spread: Spread) -> (Vec<f64>, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    match spread {
        Spread::Rectangle => {
            let bbox = city.bbox();
            (0..n)
                .map(|_| {
                    (
                        rng.random_range(bbox.west..=bbox.east),
                        rng.random_range(bbox.south..=bbox.north),
                    )
                })
                .unzip()
        }
        Spread::Residents => {
            let areas = smallest(city).latest();
            let pick = WeightedIndex::new(residents(areas)).expect("residents are positive");
            (0..n)
                .map(|_| point_in(&areas[pick.sample(&mut rng)], &mut rng))
                .unzip()
        }
    }
}

/// The smallest level of the city that is a neighbourhood of people; unit grids only when there is nothing else.
pub(crate) fn smallest(city: &City) -> &Level {
    let levels = city.levels.iter().rev();
    levels
        .clone()
        .find(|level| level.level != AreaLevel::Grid && !level.latest().is_empty())
        .unwrap_or_else(|| city.largest())
}

/// Residents of each area, at least one; where the city does not know them, a guess from the areas' sizes.
pub(crate) fn residents(areas: &[Area]) -> Vec<f64> {
    let known = |area: &Area| area.population.filter(|n| n.is_finite() && *n >= 0.0);
    if areas.iter().all(|area| known(area).is_some()) {
        return areas
            .iter()
            .map(|area| known(area).unwrap_or(0.0).max(1.0))
            .collect();
    }
    areas
        .iter()
        .map(|area| 1.0 + 1000.0 * area.area_km2.max(0.0).sqrt())
        .collect()
}

/// A point inside the area; its label point when the area is so thin that trying does not find one.
pub(crate) fn point_in(area: &Area, rng: &mut impl Rng) -> (f64, f64) {
    for _ in 0..400 {
        let lon = rng.random_range(area.bbox.west..=area.bbox.east);
        let lat = rng.random_range(area.bbox.south..=area.bbox.north);
        if area.geometry.contains(&geo::Point::new(lon, lat)) {
            return (lon, lat);
        }
    }
    (area.label.x(), area.label.y())
}
