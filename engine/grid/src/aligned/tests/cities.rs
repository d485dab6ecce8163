//! The aligned grids of the sample city and of real ones.

use rstest::rstest;

use super::*;
use crate::real;

/// A city of one level from a file; none when the real data are not there.
fn city_of(file: &str, id: &str) -> Option<City> {
    let areas = real::boundaries(file, id)?;
    Some(city(
        areas
            .into_iter()
            .map(|(id, boundary)| area(&id, boundary))
            .collect(),
    ))
}

/// All that the grid of a city promises. Which cells have no gaps is not known apart from the grid; most have none.
fn check(city: &City, resolution: Resolution, points: usize) {
    let grid = grid(city, resolution);
    // Cleaning an invalid boundary moves it against its neighbours by up to 2⁻³⁰ of its extent.
    let faults = smallest(city)
        .areas
        .iter()
        .any(|area| !area.faults.is_empty());
    assert_sums(city, &grid, if faults { 1e-8 } else { SHARES }, |_| false);
    assert_outlines(city, &grid, 1 + grid.len() / 200);
    assert_found(city, &grid, &hugging::points(city, &grid, points));
    let by_cell = grid.to_cells(resolution).unwrap();
    let shares = by_cell.sum(grid.shares());
    let full = shares
        .iter()
        .filter(|share| (**share - 1.0).abs() < SHARES)
        .count();
    let nothing = grid.shares().iter().filter(|share| **share <= 0.0).count();
    println!(
        "{} aligned cells, {nothing} of share 0; {} cells, {full} full",
        grid.len(),
        shares.len()
    );
    assert!(full * 5 > shares.len());
}

#[rstest]
fn real_cities_add_up_and_every_located_point_has_its_aligned_cell(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8)] level: usize,
) {
    let (file, id) = real::LEVELS[level];
    if let Some(city) = city_of(file, id) {
        // Beijing is twenty times as large as the others.
        let resolution = if level < 2 {
            Resolution::Seven
        } else {
            Resolution::Eight
        };
        check(&city, resolution, 20_000);
    }
}

#[test]
fn the_sample_city_adds_up_and_every_located_point_has_its_aligned_cell() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/sample-city/areas/community.geojson.gz"
    );
    let city = city_of(file, "code").unwrap();
    check(&city, Resolution::Eight, 20_000);
}
