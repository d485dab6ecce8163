use std::collections::{BTreeMap, BTreeSet};

use citybrain_model::AreaLevel;
use h3o::{CellIndex, LatLng, Resolution};
use rstest::rstest;

use super::decode::{Kind, Layer, decode};
use super::*;
use crate::aligned::{AlignedGrid, smallest};
use crate::sample::{area, city, four_districts, parts, square};
use crate::{City, cover};

fn sample() -> City {
    City::try_new(parts(four_districts())).unwrap()
}

/// The tile of a zoom that holds a position.
fn tile_at(z: u8, lon: f64, lat: f64) -> TileCoord {
    let (x, y) = world::world(lon, lat);
    let number = |v: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "tile numbers"
        )]
        let number = (v * f64::from(z).exp2()) as u32;
        number
    };
    TileCoord::try_new(z, number(x), number(y)).unwrap()
}

fn layers(bytes: &[u8]) -> BTreeMap<String, Layer> {
    decode(bytes)
        .into_iter()
        .map(|layer| (layer.name.clone(), layer))
        .collect()
}

#[test]
fn a_tile_knows_its_place() {
    let world = TileCoord::try_new(0, 0, 0).unwrap().bounds();
    assert_eq!((world.west, world.east), (-180.0, 180.0));
    // The square world ends where Web Mercator's y is π.
    assert!(
        (world.north - 85.051_128_779_806_59).abs() < 1e-12
            && (world.south + world.north).abs() < 1e-12
    );
    let tile = tile_at(10, 116.4, 39.9);
    assert_eq!((tile.z(), tile.x(), tile.y()), (10, 843, 388));
    assert!(tile.bounds().holds(116.4, 39.9));
}

#[rstest]
#[case(0, 1, 0)]
#[case(3, 0, 8)]
#[case(25, 0, 0)]
#[case(255, 0, 0)]
fn a_tile_outside_the_pyramid_is_refused(#[case] z: u8, #[case] x: u32, #[case] y: u32) {
    assert_eq!(TileCoord::try_new(z, x, y), Err(NoSuchTile { z, x, y }));
}

#[test]
fn areas_come_with_id_name_and_parent_and_their_names_as_points() {
    let city = sample();
    let level = city.level(AreaLevel::Subdistrict).unwrap();
    let layers = layers(&areas(level, tile_at(6, 116.4, 39.9)));
    assert_eq!(
        layers.keys().collect::<Vec<_>>(),
        ["areas-subdistrict", "labels"]
    );
    for layer in layers.values() {
        assert_eq!((layer.version, layer.extent), (2, 4096));
        let ids: BTreeSet<_> = layer
            .features
            .iter()
            .map(|feature| feature.text("id"))
            .collect();
        assert_eq!(ids.len(), 8);
        for feature in &layer.features {
            let (id, parent) = (feature.text("id"), feature.text("parent"));
            assert_eq!(feature.text("name"), format!("Area {id}"));
            assert!(id.starts_with(&parent));
        }
    }
    assert!(
        layers["labels"]
            .features
            .iter()
            .all(|feature| feature.kind == Kind::Point)
    );
}

/// Rings come as the specification wants them: outer ones with positive area by the surveyor's formula, holes with negative.
#[test]
fn a_hole_winds_the_other_way() {
    let shape = geo::wkt!(MULTIPOLYGON(((116.3 39.8,116.3 40.0,116.5 40.0,116.5 39.8,116.3 39.8),(116.35 39.85,116.35 39.95,116.45 39.95,116.45 39.85,116.35 39.85))));
    let city = city(vec![area("a", shape)]);
    let layers = layers(&areas(city.largest(), tile_at(8, 116.4, 39.9)));
    let rings = &layers["areas-district"].features[0].rings;
    assert_eq!(rings.len(), 2);
    assert!(doubled_area(&rings[0]) > 0 && doubled_area(&rings[1]) < 0);
}

fn doubled_area(ring: &[(i64, i64)]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| a.0 * b.1 - b.0 * a.1)
        .sum()
}

/// Where areas fill the tile, their parts in it must add up to it exactly: a gap or an overlap of one unit would show.
#[rstest]
fn areas_fill_a_tile_without_gap_or_overlap(#[values(10, 11, 12, 13, 15, 18, 22)] z: u8) {
    let city = sample();
    let corner = (116.41, 39.93);
    let tile = tile_at(z, corner.0, corner.1);
    let bounds = tile.grown(f64::from(BUFFER) / f64::from(EXTENT));
    let whole = city.bbox();
    let side = i64::from(EXTENT + 2 * BUFFER);
    for level in &city.levels {
        let layers = layers(&areas(level, tile));
        let features = &layers[&format!("areas-{}", level.level)].features;
        let sum: i64 = features
            .iter()
            .flat_map(|f| &f.rings)
            .map(|ring| doubled_area(ring))
            .sum();
        if whole.holds(bounds.west, bounds.south) && whole.holds(bounds.east, bounds.north) {
            assert_eq!(sum, 2 * side * side, "{}", level.level);
        } else {
            assert!(z < 12, "the city fills the tile at zoom {z}");
        }
        assert!(features.len() >= 2);
    }
}

#[test]
fn points_stay_in_the_buffered_tile_and_rings_have_three() {
    let city = sample();
    for z in 0..=20 {
        let layers = layers(&areas(&city.levels[1], tile_at(z, 116.41, 39.93)));
        let rings = layers
            .get("areas-subdistrict")
            .into_iter()
            .flat_map(|layer| &layer.features)
            .flat_map(|f| &f.rings);
        for ring in rings {
            assert!(ring.len() >= 3 && doubled_area(ring) != 0);
            let inside = |v: i64| (-64..=4096 + 64).contains(&v);
            assert!(
                ring.iter().all(|&(x, y)| inside(x) && inside(y)),
                "zoom {z}: {ring:?}"
            );
        }
    }
}

#[test]
fn a_tile_beside_the_city_is_empty() {
    let city = sample();
    let far = tile_at(10, -74.0, 40.7);
    assert!(areas(city.largest(), far).is_empty());
    assert!(cells(&city, Resolution::Seven, far).is_empty());
}

#[test]
fn each_label_is_in_one_tile_of_a_zoom() {
    let city = sample();
    let (first, last) = (tile_at(12, 116.3, 40.0), tile_at(12, 116.5, 39.8));
    let mut seen = BTreeMap::new();
    for x in first.x()..=last.x() {
        for y in first.y()..=last.y() {
            let tile = TileCoord::try_new(12, x, y).unwrap();
            for layer in decode(&areas(&city.levels[1], tile))
                .iter()
                .filter(|layer| layer.name == "labels")
            {
                for feature in &layer.features {
                    *seen.entry(feature.text("id")).or_insert(0) += 1;
                }
            }
        }
    }
    assert_eq!(seen.len(), 8);
    assert!(seen.values().all(|count| *count == 1));
}

#[rstest]
fn cells_are_those_of_the_cover_that_touch_the_tile(
    #[values(6, 8, 10, 12, 14)] z: u8,
    #[values(7, 9)] resolution: u8,
) {
    let city = sample();
    let resolution = Resolution::try_from(resolution).unwrap();
    let tile = tile_at(z, 116.31, 39.81);
    let found: Vec<CellIndex> = decode(&cells(&city, resolution, tile))
        .iter()
        .flat_map(|layer| &layer.features)
        .map(|feature| feature.text("cell").parse().unwrap())
        .collect();
    let unique: BTreeSet<_> = found.iter().copied().collect();
    assert_eq!(unique.len(), found.len());
    let bounds = tile.bounds();
    for cell in cover(&city, resolution) {
        let corners: Vec<_> = cell.boundary().iter().map(|c| (c.lng(), c.lat())).collect();
        let surely_in = corners.iter().any(|&(lon, lat)| bounds.holds(lon, lat));
        assert!(
            !surely_in || unique.contains(cell),
            "{cell} touches the tile"
        );
    }
    let cover: BTreeSet<_> = cover(&city, resolution).iter().copied().collect();
    assert!(unique.is_subset(&cover));
    for cell in unique {
        let centre = LatLng::from(cell);
        let reach = 3.0 * resolution.edge_length_rads().to_degrees();
        let buffered = tile.grown(f64::from(BUFFER) / f64::from(EXTENT));
        assert!((buffered.west - reach..=buffered.east + reach).contains(&centre.lng()));
        assert!((buffered.south - reach..=buffered.north + reach).contains(&centre.lat()));
    }
}

#[rstest]
fn a_heat_tile_has_the_shapes_of_the_cells_and_their_counts(#[values(8, 12)] z: u8) {
    let city = sample();
    let tile = tile_at(z, 116.31, 39.81);
    let counts: Vec<(CellIndex, u64)> = heat_cells(&city, Resolution::Eight, tile)
        .into_iter()
        .zip(1..)
        .collect();
    let drawn = decode(&heat(&counts, tile));
    let shapes = |layers: &[Layer]| -> BTreeMap<String, Vec<Vec<(i64, i64)>>> {
        let features = layers.iter().flat_map(|layer| &layer.features);
        features
            .map(|feature| (feature.text("cell"), feature.rings.clone()))
            .collect()
    };
    assert_eq!(
        shapes(&drawn),
        shapes(&decode(&cells(&city, Resolution::Eight, tile)))
    );
    let known: BTreeMap<String, u64> = counts
        .iter()
        .map(|(cell, count)| (cell.to_string(), *count))
        .collect();
    assert_eq!(drawn[0].name, "heat");
    for feature in &drawn[0].features {
        let count: u64 = feature.text("count").parse().unwrap();
        assert_eq!(known[&feature.text("cell")], count);
    }
    assert!(heat(&[], tile).is_empty());
}

#[test]
fn neighbouring_cells_meet_in_the_same_units() {
    let city = city(vec![area("a", square(116.3, 39.8, 0.2))]);
    let tile = tile_at(12, 116.4, 39.9);
    let decoded = decode(&cells(&city, Resolution::Nine, tile));
    let features = &decoded[0].features;
    let sum: i64 = features
        .iter()
        .flat_map(|f| &f.rings)
        .map(|ring| doubled_area(ring))
        .sum();
    let side = i64::from(EXTENT + 2 * BUFFER);
    assert_eq!(sum, 2 * side * side);
}

/// Every unit of a tile inside the city belongs to one aligned cell: a gap or an overlap of one unit would show in the sum.
#[rstest]
fn aligned_cells_fill_a_tile_without_gap_or_overlap(
    #[values(11, 12, 13, 14, 16, 19, 22, 24)] z: u8,
) {
    let city = sample();
    assert_eq!(aligned_zoom_min(&city), 11);
    let corner = (116.41, 39.93);
    let tile = tile_at(z, corner.0, corner.1);
    let layers = layers(&aligned(&city, tile));
    let features = &layers["aligned"].features;
    let rings = features.iter().flat_map(|f| &f.rings);
    let sum: i64 = rings.map(|ring| doubled_area(ring)).sum();
    let side = i64::from(EXTENT + 2 * BUFFER);
    let bounds = tile.grown(f64::from(BUFFER) / f64::from(EXTENT));
    let whole = city.bbox();
    if whole.holds(bounds.west, bounds.south) && whole.holds(bounds.east, bounds.north) {
        assert_eq!(sum, 2 * side * side);
    } else {
        assert!(z < 12, "the city fills the tile at zoom {z}");
    }
    assert!(features.len() >= 4);
}

#[test]
fn aligned_cells_come_with_cell_area_and_size_as_in_the_grid() {
    let city = sample();
    let level = smallest(&city);
    let base = city.base_resolution;
    let grid = AlignedGrid::try_new(&city, level.latest_version(), base).unwrap();
    let tile = tile_at(13, 116.41, 39.93);
    let layers = layers(&aligned(&city, tile));
    let mut pairs = BTreeSet::new();
    for feature in &layers["aligned"].features {
        let cell: CellIndex = feature.text("cell").parse().unwrap();
        let id = feature.text("area");
        let number = level.areas.iter().position(|area| area.id == id).unwrap();
        let at = grid
            .find(u64::from(cell), u32::try_from(number).unwrap())
            .unwrap();
        assert_eq!(feature.text("area_km2"), grid.area_km2()[at].to_string());
        assert_eq!(feature.text("share"), grid.shares()[at].to_string());
        assert!(pairs.insert((cell, id)));
    }
    let bounds = tile.bounds();
    for at in (0..grid.len()).filter(|at| grid.shares()[*at] > 1e-6) {
        let outline = grid.outline(&city, at);
        let mut vertices = outline.iter().flat_map(geo::Polygon::exterior);
        let id = &level.areas[grid.areas()[at] as usize].id;
        let cell = CellIndex::try_from(grid.cells()[at]).unwrap();
        let shown = pairs.contains(&(cell, id.clone()));
        assert!(
            shown || !vertices.any(|c| bounds.holds(c.x, c.y)),
            "{cell} in {id}"
        );
    }
}

/// A ring as the set of its edges, which do not depend on where it begins.
fn ring_edges(ring: &[(i64, i64)]) -> BTreeSet<[(i64, i64); 2]> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| [*a, *b]).collect()
}

#[test]
fn at_the_first_zoom_an_area_is_one_feature_of_the_same_rings() {
    let city = sample();
    let first = aligned_zoom_min(&city);
    let tile = tile_at(first, 116.41, 39.93);
    let found = layers(&aligned(&city, tile));
    let mut by_area = BTreeMap::new();
    for feature in &found["aligned"].features {
        let rings: BTreeSet<_> = feature.rings.iter().map(|ring| ring_edges(ring)).collect();
        assert_eq!(rings.len(), feature.rings.len());
        assert!(by_area.insert(feature.text("area"), rings).is_none());
    }
    assert_eq!(by_area.len(), 8);
    // The parts as the tile would have them one by one.
    let (snap, level) = (world::Snap::new(tile), smallest(&city));
    let grid = AlignedGrid::try_new(&city, level.latest_version(), city.base_resolution).unwrap();
    let mut expected: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for at in 0..grid.len() {
        let mut shape = Shape::new();
        for polygon in &grid.outline(&city, at) {
            let open = &polygon.exterior().0[1..];
            let units = open.iter().map(|c| snap.unit(world::world(c.x, c.y)));
            shape.add(units.collect(), Role::Outer);
        }
        let Some(geometry) = shape.encode() else {
            continue;
        };
        let mut one = mvt::Tile::new(EXTENT);
        let layer = one.create_layer("aligned");
        one.add_layer(layer.into_feature(geometry).into_layer())
            .unwrap();
        let area = &level.areas[grid.areas()[at] as usize].id;
        for feature in &layers(&one.to_bytes().unwrap())["aligned"].features {
            let rings = feature.rings.iter().map(|ring| ring_edges(ring));
            expected.entry(area.clone()).or_default().extend(rings);
        }
    }
    assert_eq!(by_area, expected);
}

#[test]
fn a_tile_of_aligned_cells_stays_below_a_quarter_of_a_megabyte() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/sample-city/areas/community.geojson.gz"
    );
    let areas = crate::real::boundaries(file, "code").unwrap();
    let areas = areas.into_iter().map(|(id, shape)| area(&id, shape));
    let mut parts = parts(vec![crate::sample::level(
        AreaLevel::Community,
        vec![crate::sample::version(
            areas.collect(),
            crate::Parents::City,
        )],
    )]);
    parts.base_resolution = Resolution::Ten;
    let city = City::try_new(parts).unwrap();
    let bbox = city.bbox();
    let middle = (
        f64::midpoint(bbox.west, bbox.east),
        f64::midpoint(bbox.south, bbox.north),
    );
    for z in aligned_zoom_min(&city)..=16 {
        let bytes = aligned(&city, tile_at(z, middle.0, middle.1)).len();
        println!("zoom {z}: {bytes} bytes");
        assert!((1000..250_000).contains(&bytes), "zoom {z}: {bytes} bytes");
    }
}

#[test]
fn aligned_cells_are_drawn_from_the_zoom_where_they_can_be_told_apart() {
    let city = sample();
    let first = aligned_zoom_min(&city);
    assert!(aligned(&city, tile_at(first - 1, 116.41, 39.93)).is_empty());
    assert!(!aligned(&city, tile_at(first, 116.41, 39.93)).is_empty());
    assert!(aligned(&city, tile_at(first, -74.0, 40.7)).is_empty());
}
