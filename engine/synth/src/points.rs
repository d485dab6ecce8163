//! Random points for measurements and tests.

use citybrain_grid::{Area, City, Level};
use citybrain_model::AreaLevel;
use geo::Contains;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `n` positions spread evenly over the rectangle around the city, longitude first, WGS 84 degrees; some lie outside its areas.
/// The same seed gives the same points.
pub fn random_points(city: &City, n: usize, seed: u64) -> Vec<(f64, f64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let bbox = city.bbox();
    let mut point = || {
        (
            rng.random_range(bbox.west..=bbox.east),
            rng.random_range(bbox.south..=bbox.north),
        )
    };
    (0..n).map(|_| point()).collect()
}

/// `n` positions spread as people live, longitude first, WGS 84 degrees: each of the smallest areas has as many as its share of
/// the residents, and all lie inside. The same seed gives the same points.
pub fn resident_points(city: &City, n: usize, seed: u64) -> Vec<(f64, f64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let areas = smallest(city).latest();
    let pick = WeightedIndex::new(residents(areas)).expect("residents are positive");
    (0..n)
        .map(|_| point_in(&areas[pick.sample(&mut rng)], &mut rng))
        .collect()
}

/// The smallest level of the city that is a neighbourhood of people; unit grids only when there is nothing else.
pub(crate) fn smallest(city: &City) -> &Level {
    let levels = city.levels.iter().rev();
    levels
        .clone()
        .find(|level| level.level != AreaLevel::Grid && !level.latest().is_empty())
        .unwrap_or_else(|| city.largest())
}

/// Residents of each area, at least one. Where the city does not know them all, a guess: a large area has more than a small one,
/// but far fewer to the square kilometre.
pub(crate) fn residents(areas: &[Area]) -> Vec<f64> {
    let known = |area: &Area| area.population.filter(|n| n.is_finite() && *n >= 0.0);
    if areas.iter().all(|area| known(area).is_some()) {
        return areas
            .iter()
            .map(|area| known(area).unwrap_or(0.0).max(1.0))
            .collect();
    }
    let guess = |area: &Area| 10_000.0 * (0.1 + area.area_km2.max(0.0)).powf(0.25);
    areas.iter().map(guess).collect()
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

#[cfg(test)]
mod tests {
    use citybrain_grid::NOWHERE;

    use super::*;
    use crate::{SampleCitySpec, sample_city};

    fn city() -> City {
        let sample = sample_city(3, &SampleCitySpec::with_communities(60));
        City::try_new(sample.unwrap().parts()).unwrap()
    }

    #[test]
    fn random_points_fill_the_rectangle_around_the_city() {
        let city = city();
        let points = random_points(&city, 4000, 7);
        assert_eq!(points, random_points(&city, 4000, 7));
        assert_ne!(points, random_points(&city, 4000, 8));
        let (lon, lat): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let bbox = city.bbox();
        for (values, low, high) in [(&lon, bbox.west, bbox.east), (&lat, bbox.south, bbox.north)] {
            let mut quarters = [0; 4];
            for value in values {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "between 0 and 4, and out of bounds otherwise"
                )]
                let quarter = (4.0 * (value - low) / (high - low)) as usize;
                quarters[quarter.min(3)] += 1;
            }
            assert!(
                quarters.iter().all(|n| (850..1150).contains(n)),
                "{quarters:?}"
            );
        }
    }

    #[test]
    fn resident_points_lie_in_areas_in_proportion_to_those_who_live_there() {
        let city = city();
        let points = resident_points(&city, 6000, 7);
        let (lon, lat): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let level = smallest(&city);
        let mut counts = vec![0; level.areas.len()];
        for area in &city.locate(&lon, &lat, None).areas[level.level.index()] {
            assert_ne!(*area, NOWHERE);
            counts[*area as usize] += 1;
        }
        let all: f64 = residents(&level.areas).iter().sum();
        for (count, residents) in counts.into_iter().zip(residents(&level.areas)) {
            let expected = 6000.0 * residents / all;
            assert!((f64::from(count) - expected).abs() < 5.0 * expected.sqrt() + 1.0);
        }
    }
}
