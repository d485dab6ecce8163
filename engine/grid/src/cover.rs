//! The H3 cells that touch a city.

use std::collections::HashSet;

use geo::Coord;
use h3o::{CellIndex, LatLng, Resolution};

use crate::predicate::edges;
use crate::{City, Level, NOWHERE};

/// The H3 cells of a resolution that hold a point of the city (of an area of its largest level, in any boundary version), in
/// order of cell id. Worked out at the first call for each resolution, then kept.
///
/// Cells on borders are found by following each edge from cell to cell, to a thousandth of a cell's edge; the cells inside by
/// spreading from there over all whose centre is inside. Cost: about a microsecond for each cell.
pub fn cover(city: &City, resolution: Resolution) -> &[CellIndex] {
    city.covers[usize::from(resolution)].get_or_init(|| {
        let level = city.largest();
        let mut found = border_cells(level, resolution);
        spread_inside(level, &mut found);
        let mut cells: Vec<_> = found.into_iter().collect();
        cells.sort_unstable();
        cells.into_boxed_slice()
    })
}

fn border_cells(level: &Level, resolution: Resolution) -> HashSet<CellIndex> {
    let mut found = HashSet::new();
    // Shortest piece that is still halved, degrees.
    let shortest = resolution.edge_length_rads().to_degrees() / 1000.0;
    let lines = level.areas.iter().flat_map(|area| &area.geometry);
    for ring in lines.flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())) {
        let mut last = None;
        for edge in edges(ring) {
            let start = last.unwrap_or_else(|| cell_at(edge.start, resolution));
            let end = cell_at(edge.end, resolution);
            found.insert(start);
            follow(&mut found, (edge.start, start), (edge.end, end), shortest);
            last = Some(end);
        }
    }
    found
}

/// Finds the cells between two points of an edge by halving it; cells are convex, so a piece with both ends in one cell is in
/// it.
fn follow(
    found: &mut HashSet<CellIndex>,
    start: (Coord<f64>, CellIndex),
    end: (Coord<f64>, CellIndex),
    shortest: f64,
) {
    let length = (end.0.x - start.0.x).abs().max((end.0.y - start.0.y).abs());
    if start.1 == end.1 || length < shortest {
        return;
    }
    let middle = (start.0 + end.0) / 2.0;
    let middle = (middle, cell_at(middle, start.1.resolution()));
    found.insert(middle.1);
    follow(found, start, middle, shortest);
    follow(found, middle, end, shortest);
}

/// Adds the cells whose centre is inside and that hang together with the border cells: all others inside, for an inside is
/// bounded by its border.
fn spread_inside(level: &Level, found: &mut HashSet<CellIndex>) {
    let mut todo: Vec<_> = found.iter().copied().collect();
    while let Some(cell) = todo.pop() {
        for neighbour in cell.grid_disk::<Vec<_>>(1) {
            if !found.contains(&neighbour) && holds_centre(level, neighbour) {
                found.insert(neighbour);
                todo.push(neighbour);
            }
        }
    }
}

fn holds_centre(level: &Level, cell: CellIndex) -> bool {
    let centre = LatLng::from(cell);
    let mut versions = level.versions().iter();
    versions.any(|version| version.locate(centre.lng(), centre.lat()) != NOWHERE)
}

fn cell_at(point: Coord<f64>, resolution: Resolution) -> CellIndex {
    LatLng::new(point.y, point.x)
        .expect("vertices of a city are positions on the earth")
        .to_cell(resolution)
}

#[cfg(test)]
mod tests;
