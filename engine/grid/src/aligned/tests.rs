mod cities;
mod hugging;
mod shapes;

use citybrain_model::AreaLevel;
use geo::{BooleanOps, Coord, CoordsIter, MultiPolygon};
use h3o::{LatLng, Resolution};
use proptest::prelude::*;

use super::*;
use crate::faults::{RingFault, RingRule, ring_faults};
use crate::random::Random;
use crate::sample::{area, city, four_districts, parts, square};
use crate::{AreaParts, NOWHERE};

/// Shares of a cell without gaps add up to 1 within this.
const SHARES: f64 = 1e-9;
/// The aligned cells of an area add up to its own within this share.
const KM2: f64 = 1e-6;

fn grid(city: &City, resolution: Resolution) -> AlignedGrid {
    AlignedGrid::try_new(city, smallest(city).latest_version(), resolution).unwrap()
}

fn numbered(shapes: Vec<MultiPolygon<f64>>) -> Vec<AreaParts> {
    let parts = shapes.into_iter().enumerate();
    let filled = parts.filter(|(_, shape)| !shape.0.is_empty());
    filled
        .map(|(at, shape)| area(&format!("{at:02}"), shape))
        .collect()
}

/// The ground that each area has by the tie rule, km², by overlays of whole areas.
fn own_km2(areas: &[crate::Area]) -> Vec<f64> {
    let mut own = Vec::new();
    for (at, area) in areas.iter().enumerate() {
        let mut rest = area.geometry.clone();
        for lower in &areas[..at] {
            if lower.bbox.touches(&area.bbox) {
                rest = rest.difference(&lower.geometry);
            }
        }
        own.push(area_km2(&rest));
    }
    own
}

/// Every located point must have its aligned cell.
fn assert_found(city: &City, grid: &AlignedGrid, points: &[Coord<f64>]) {
    let level = smallest(city).level.index();
    let lon: Vec<_> = points.iter().map(|c| c.x).collect();
    let lat: Vec<_> = points.iter().map(|c| c.y).collect();
    let places = city.locate(&lon, &lat, None);
    let mut located = 0;
    for (point, area) in points.iter().zip(&places.areas[level]) {
        if *area != NOWHERE {
            located += 1;
            let cell = LatLng::new(point.y, point.x)
                .unwrap()
                .to_cell(grid.resolution());
            assert!(
                grid.find(u64::from(cell), *area).is_some(),
                "{point:?} in {cell} and area {area}"
            );
        }
    }
    assert!(located * 20 > points.len(), "{located} of {}", points.len());
}

/// The sums of the grid: for each area its own ground, for each cell at most 1, and 1 where the areas fill it.
fn assert_sums(city: &City, grid: &AlignedGrid, is_full: impl Fn(CellIndex) -> bool) {
    let areas = &smallest(city).areas;
    let sums = grid.to_level(city, smallest(city).level).unwrap();
    let km2 = sums.sum(grid.area_km2());
    let mut by_area = vec![0.0; areas.len()];
    for (key, km2) in sums.keys.iter().zip(km2) {
        by_area[*key as usize] = km2;
    }
    for ((area, expected), found) in areas.iter().zip(own_km2(areas)).zip(by_area) {
        let apart = (found - expected).abs();
        assert!(
            apart <= KM2 * area.area_km2,
            "{}: {found} km², expected {expected}",
            area.id
        );
    }
    let by_cell = grid.to_cells(grid.resolution()).unwrap();
    let shares = by_cell.sum(grid.shares());
    for (cell, share) in by_cell.keys.iter().zip(shares) {
        assert!(share < 1.0 + SHARES, "{cell:x} has {share}");
        if is_full(CellIndex::try_from(*cell).unwrap()) {
            assert!((share - 1.0).abs() < SHARES, "{cell:x} has {share:.15}");
        }
    }
}

fn check_partition(shapes: Vec<MultiPolygon<f64>>, resolution: u8) {
    let city = city(numbered(shapes));
    let grid = grid(&city, Resolution::try_from(resolution).unwrap());
    let inside = BBox::of(&square(shapes::WEST, shapes::SOUTH, shapes::SIDE));
    assert_sums(&city, &grid, |cell| {
        let corners = Outline::of(cell).unwrap().corners;
        corners.iter().all(|c| inside.holds(c.x, c.y))
    });
    assert_outlines(&city, &grid, 7);
    assert_found(&city, &grid, &hugging::points(&city, &grid, 4000));
}

/// Outlines are valid and as large as the grid says.
fn assert_outlines(city: &City, grid: &AlignedGrid, step: usize) {
    for at in (0..grid.len()).step_by(step) {
        let outline = grid.outline(city, at);
        assert_eq!(outline.0.is_empty(), grid.shares()[at] <= 0.0);
        let apart = area_km2(&outline) - grid.area_km2()[at];
        assert!(apart.abs() <= f64::EPSILON, "{apart} km²");
        // Overlaid edges are rounded: beside a vertex they may cross by a hair.
        let hair = 1e-9;
        let beside = |fault: &RingFault| {
            let near =
                |c: Coord<f64>| (c.x - fault.lon).abs() < hair && (c.y - fault.lat).abs() < hair;
            outline.coords_iter().any(near)
        };
        let faults = ring_faults(&outline);
        let crossing = faults
            .iter()
            .find(|fault| fault.rule == RingRule::Crossing && !beside(fault));
        assert_eq!(crossing, None, "{outline:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn parts_of_a_partition_add_up_to_its_areas_and_to_its_cells(shapes in shapes::partition(None), resolution in 7_u8..10) {
        check_partition(shapes, resolution);
    }

    /// Their parts share edges, so they are invalid as given and built anew.
    #[test]
    fn parts_of_areas_that_were_repaired_add_up_as_well(shapes in shapes::partition(Some(7)), resolution in 7_u8..9) {
        check_partition(shapes, resolution);
    }

    #[test]
    fn parts_of_islands_and_lakes_add_up_to_their_areas_and_to_their_cells(shapes in shapes::islands(), resolution in 6_u8..10) {
        check_partition(shapes, resolution);
    }

    /// A gap of some floats is none: inner cells are full.
    #[test]
    fn parts_of_borders_that_were_drawn_twice_add_up_as_well(shapes in shapes::twice_drawn(), resolution in 7_u8..10) {
        check_partition(shapes, resolution);
    }

    #[test]
    fn where_areas_overlap_the_lowest_has_the_ground(shapes in shapes::stars(), resolution in 7_u8..10) {
        let city = city(numbered(shapes));
        let grid = grid(&city, Resolution::try_from(resolution).unwrap());
        assert_sums(&city, &grid, |_| false);
        assert_outlines(&city, &grid, 11);
        assert_found(&city, &grid, &hugging::points(&city, &grid, 4000));
    }

    #[test]
    fn the_parts_of_a_cell_do_not_overlap(shapes in shapes::stars()) {
        let city = city(numbered(shapes));
        let grid = grid(&city, Resolution::Eight);
        for cell in grid.cells().chunk_by(|a, b| a == b).filter(|cell| cell.len() > 1).take(20) {
            let first = grid.cells().partition_point(|other| *other < cell[0]);
            let parts: Vec<_> = (first..first + cell.len()).map(|at| grid.outline(&city, at)).collect();
            let whole = Outline::of(CellIndex::try_from(cell[0]).unwrap()).unwrap().km2();
            for (at, part) in parts.iter().enumerate() {
                for other in &parts[..at] {
                    prop_assert!(area_km2(&part.intersection(other)) < 1e-8 * whole);
                }
            }
        }
    }

    #[test]
    fn cells_have_the_corners_of_their_neighbours(lon in -179.0..179.0, lat in -75.0..75.0, resolution in 5_u8..=15) {
        let resolution = Resolution::try_from(resolution).unwrap();
        let cell = LatLng::new(lat, lon).unwrap().to_cell(resolution);
        let Ok(outline) = Outline::of(cell) else { return Ok(()); };
        let bits = |c: &Coord<f64>| (c.x.to_bits(), c.y.to_bits());
        let mut around: Vec<_> = Vec::new();
        for neighbour in cell.grid_ring::<Vec<_>>(1) {
            let Ok(outline) = Outline::of(neighbour) else { return Ok(()); };
            around.extend(outline.corners.iter().map(bits));
        }
        for corner in &outline.corners {
            prop_assert!(around.iter().filter(|other| **other == bits(corner)).count() >= 1);
        }
        let km2 = outline.km2();
        prop_assert!((km2 / cell.area_km2() - 1.0).abs() < 0.01);
    }
}

/// Cells on an edge of the icosahedron have more corners, and at odd resolutions some bend inward.
#[test]
fn cells_across_an_edge_of_the_icosahedron_are_cut_as_well() {
    let mut bent = 0;
    for cell in CellIndex::base_cells().flat_map(|base| base.children(Resolution::Three)) {
        let centre = LatLng::from(cell);
        if cell.boundary().len() <= 6
            || centre.lat().abs() > 60.0
            || centre.lng().abs() > 170.0
            || cell.is_pentagon()
        {
            continue;
        }
        let Some(cell) = cell
            .children(Resolution::Seven)
            .find(|cell| Outline::of(*cell).is_ok_and(|outline| !outline.is_convex()))
        else {
            continue;
        };
        bent += 1;
        let centre = LatLng::from(cell);
        let (x, y) = (centre.lng(), centre.lat());
        let side = 0.2;
        let halves = vec![
            area("a", square(x - side, y - side / 2.0, side)),
            area("b", square(x, y - side / 2.0, side)),
        ];
        let city = city(halves);
        let grid = grid(&city, Resolution::Seven);
        let by_cell = grid.to_cells(Resolution::Seven).unwrap();
        let at = by_cell.keys.binary_search(&u64::from(cell)).unwrap();
        let share = by_cell.sum(grid.shares())[at];
        assert!((share - 1.0).abs() < SHARES, "{cell} {share:.15}");
        assert_sums(&city, &grid, |_| false);
        if bent >= 5 {
            break;
        }
    }
    assert!(bent >= 1, "{bent}");
}

#[test]
fn a_version_of_another_level_or_city_is_refused() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let districts = city.largest().latest_version();
    let error = AlignedGrid::try_new(&city, districts, Resolution::Eight).unwrap_err();
    assert_eq!(error, AlignedError::ForeignVersion);
}

#[test]
fn a_city_on_the_antimeridian_is_refused_with_the_cell() {
    let city = city(vec![area("a", square(179.9, 10.0, 0.1))]);
    let version = smallest(&city).latest_version();
    let error = AlignedGrid::try_new(&city, version, Resolution::Seven).unwrap_err();
    assert!(matches!(error, AlignedError::Antimeridian { .. }));
}

#[test]
fn counts_roll_up_to_cells_and_to_levels_without_error() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let grid = grid(&city, Resolution::Nine);
    let mut random = Random::new(7);
    let counts: Vec<u64> = (0..grid.len()).map(|_| random.below(1000) as u64).collect();
    let total: u64 = counts.iter().sum();
    for resolution in 0..=9 {
        let cells = grid
            .to_cells(Resolution::try_from(resolution).unwrap())
            .unwrap();
        assert_eq!(cells.sum(&counts).iter().sum::<u64>(), total);
        assert!(cells.keys.is_sorted() && cells.group.len() == grid.len());
    }
    let subdistricts = grid.to_level(&city, AreaLevel::Subdistrict).unwrap();
    let districts = grid.to_level(&city, AreaLevel::District).unwrap();
    assert_eq!((subdistricts.keys.len(), districts.keys.len()), (8, 4));
    assert_eq!(subdistricts.sum(&counts).iter().sum::<u64>(), total);
    assert_eq!(districts.sum(&counts).iter().sum::<u64>(), total);
    for (key, km2) in districts.keys.iter().zip(districts.sum(grid.area_km2())) {
        let area = &city.largest().areas[*key as usize];
        assert!((km2 / area.area_km2 - 1.0).abs() < KM2);
    }
    let finer = grid.to_cells(Resolution::Ten).unwrap_err();
    assert_eq!(
        finer.to_string(),
        "cells of resolution 9 have no parents at resolution 10"
    );
    assert!(grid.to_level(&city, AreaLevel::Grid).is_err());
}

#[test]
fn areas_without_a_parent_are_a_group_of_their_own() {
    let mut levels = four_districts();
    let far = area("zz", square(117.0, 39.8, 0.02));
    levels[1].versions[0].areas.push(far);
    let city = City::try_new(parts(levels)).unwrap();
    let grid = grid(&city, Resolution::Eight);
    let districts = grid.to_level(&city, AreaLevel::District).unwrap();
    assert_eq!(districts.keys.last(), Some(&NOWHERE));
    let ones = vec![1_u32; grid.len()];
    assert_eq!(
        districts.sum(&ones).iter().sum::<u32>() as usize,
        grid.len()
    );
}

#[test]
fn a_written_grid_reads_back_and_nothing_else_does() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let grid = grid(&city, Resolution::Nine);
    let mut bytes = Vec::new();
    grid.write(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 44 + 28 * grid.len());
    assert_eq!(AlignedGrid::read(bytes.as_slice(), &city).unwrap(), grid);
    let read = |change: fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        AlignedGrid::read(bytes.as_slice(), &city).unwrap_err()
    };
    assert!(matches!(read(|b| b[0] = 0), AlignedReadError::Magic));
    assert!(matches!(
        read(|b| b[8] = 9),
        AlignedReadError::Layout {
            found: 9,
            expected: 2
        }
    ));
    assert!(matches!(
        read(|b| b[12] ^= 1),
        AlignedReadError::City { .. }
    ));
    assert!(matches!(read(|b| b[24] = 99), AlignedReadError::Damaged));
    assert!(matches!(read(|b| b[100] ^= 1), AlignedReadError::Damaged));
    assert!(matches!(
        read(|b| b.truncate(1000)),
        AlignedReadError::Io(_)
    ));
    // A count that no memory could hold ends where the bytes end.
    assert!(matches!(read(|b| b[35] = 0x7f), AlignedReadError::Io(_)));
    let other = crate::sample::city(vec![area("a", square(116.3, 39.8, 0.2))]);
    assert!(matches!(
        AlignedGrid::read(bytes.as_slice(), &other),
        Err(AlignedReadError::City { .. })
    ));
}

#[test]
fn vertices_of_outlines_are_those_of_the_areas_and_of_the_cells_and_crossings_of_both() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let grid = grid(&city, Resolution::Eight);
    let place = city.locate(&[116.41], &[39.93], None);
    let cell = LatLng::new(39.93, 116.41)
        .unwrap()
        .to_cell(Resolution::Eight);
    assert_ne!(place.areas[1][0], NOWHERE);
    let parts: Vec<_> = (0..grid.len())
        .filter(|at| grid.cells()[*at] == u64::from(cell))
        .map(|at| grid.outline(&city, at))
        .collect();
    assert!(parts.len() >= 4);
    let vertices: Vec<_> = parts.iter().flat_map(CoordsIter::coords_iter).collect();
    let meeting = Coord {
        x: 116.41,
        y: 39.93,
    };
    assert!(vertices.iter().filter(|vertex| **vertex == meeting).count() >= 4);
    for corner in Outline::of(cell).unwrap().corners {
        assert!(vertices.contains(&corner));
    }
}

#[test]
fn a_city_has_its_grid_from_where_it_was_told_and_asks_once() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let city = City::try_new(parts(four_districts())).unwrap();
    let city = city.with_aligned_from(move |city| {
        count.fetch_add(1, Ordering::Relaxed);
        make(city)
    });
    let grid = of(&city).unwrap();
    assert!(std::ptr::eq(grid, of(&city).unwrap()));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(
        *grid,
        make(&City::try_new(parts(four_districts())).unwrap()).unwrap()
    );
    assert!(grid.is_latest(&city));
    let coarser = self::grid(&city, Resolution::Eight);
    assert!(!coarser.is_latest(&city));
}

#[test]
fn a_cell_is_inside_one_area_or_cut() {
    let city = City::try_new(parts(four_districts())).unwrap();
    let grid = grid(&city, Resolution::Eight);
    let (inner, cut) = grid.inner_and_cut();
    let by_cell = grid.to_cells(Resolution::Eight).unwrap();
    assert_eq!(inner + cut, by_cell.keys.len());
    let level = smallest(&city);
    let inside = |cell: &&u64| {
        let cell = CellIndex::try_from(**cell).unwrap();
        let corners = Outline::of(cell).unwrap().corners;
        let (lon, lat): (Vec<_>, Vec<_>) = corners.iter().map(|c| (c.x, c.y)).unzip();
        let areas = level.locate(&lon, &lat);
        areas[0] != NOWHERE && areas.iter().all(|area| *area == areas[0])
    };
    // These areas are convex, so a cell with all corners in one is in it.
    assert_eq!(by_cell.keys.iter().filter(inside).count(), inner);
    assert!(cut > 20 && inner > cut);
}
