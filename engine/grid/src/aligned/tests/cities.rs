//! The aligned grids of the sample city and of real ones.

use std::collections::{BTreeSet, HashMap};

use rstar::primitives::Rectangle;
use rstar::{AABB, RTree};
use rstest::rstest;

use super::*;
use crate::{oracle, real};

type Boundaries = Vec<(String, MultiPolygon<f64>)>;

/// All that the grid of a city of one level promises.
fn check(areas: &Boundaries, resolution: Resolution, points: usize) {
    let parts = areas.iter().map(|(id, shape)| area(id, shape.clone()));
    let city = city(parts.collect());
    let grid = grid(&city, resolution);
    let full = full_cells(areas, &grid);
    assert_sums(&city, &grid, |cell| full.contains(&u64::from(cell)));
    assert_outlines(&city, &grid, 1 + grid.len() / 200);
    assert_found(&city, &grid, &hugging::points(&city, &grid, points));
    let cells = grid.cells().chunk_by(|a, b| a == b);
    let cut = cells.filter(|cell| cell.len() > 1 && full.contains(&cell[0]));
    let (cut, nothing) = (
        cut.count(),
        grid.shares().iter().filter(|share| **share <= 0.0).count(),
    );
    println!(
        "resolution {resolution}: {} aligned cells, {nothing} of share 0; {} full cells, {cut} of them cut",
        grid.len(),
        full.len(),
    );
    // The fewest are New York's boroughs, with water between them.
    assert!(full.len() > 40 && cut > 10);
}

/// Cells that areas must fill, found without cutting anything: an odd number of areas hold the centre, and each edge near the
/// cell belongs to an even number of them. Crossing such an edge leaves the number odd, so it is nowhere zero.
fn full_cells(areas: &Boundaries, grid: &AlignedGrid) -> BTreeSet<u64> {
    let mut owners: HashMap<[[u64; 2]; 2], (geo::Line<f64>, usize)> = HashMap::new();
    for line in areas
        .iter()
        .flat_map(|(_, shape)| geo::LinesIter::lines_iter(shape))
    {
        let bits = |c: Coord<f64>| [c.x.to_bits(), c.y.to_bits()];
        let (a, b) = (bits(line.start), bits(line.end));
        owners.entry([a.min(b), a.max(b)]).or_insert((line, 0)).1 += 1;
    }
    let odd = owners.into_values().filter(|(_, count)| count % 2 == 1);
    let boxes = odd.map(|(line, _)| {
        let corner = |c: Coord<f64>| [c.x, c.y];
        Rectangle::from_aabb(AABB::from_corners(corner(line.start), corner(line.end)))
    });
    let lonely = RTree::bulk_load(boxes.collect());
    let boxes: Vec<_> = areas.iter().map(|(_, shape)| BBox::of(shape)).collect();
    let is_full = |cell: &u64| {
        let cell = CellIndex::try_from(*cell).unwrap();
        let around = Outline::of(cell).unwrap().bbox;
        let around = AABB::from_corners([around.west, around.south], [around.east, around.north]);
        if lonely
            .locate_in_envelope_intersecting(around)
            .next()
            .is_some()
        {
            return false;
        }
        let centre = LatLng::from(cell);
        let point = Coord {
            x: centre.lng(),
            y: centre.lat(),
        };
        let near = areas
            .iter()
            .zip(&boxes)
            .filter(|(_, bbox)| bbox.holds(point.x, point.y));
        near.filter(|((_, shape), _)| oracle::holds(shape, point))
            .count()
            % 2
            == 1
    };
    let mut cells = grid.cells().to_vec();
    cells.dedup();
    cells.into_iter().filter(is_full).collect()
}

/// The resolution, or a finer one that the environment says.
fn or_asked(resolution: Resolution) -> Resolution {
    std::env::var("CITYBRAIN_TEST_RESOLUTION").map_or(resolution, |asked| {
        asked.parse::<u8>().unwrap().try_into().unwrap()
    })
}

#[rstest]
fn real_cities_add_up_and_every_located_point_has_its_aligned_cell(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8)] level: usize,
) {
    let (file, id) = real::LEVELS[level];
    if let Some(areas) = real::boundaries(file, id) {
        // Beijing is twenty times as large as the others.
        let resolution = if level < 2 {
            Resolution::Seven
        } else {
            Resolution::Eight
        };
        check(&areas, or_asked(resolution), 20_000);
    }
}

#[test]
fn the_sample_city_adds_up_and_every_located_point_has_its_aligned_cell() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/sample-city/areas/community.geojson.gz"
    );
    let areas = real::boundaries(file, "code").unwrap();
    check(&areas, or_asked(Resolution::Eight), 20_000);
}
