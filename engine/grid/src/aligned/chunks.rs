//! The cells that a boundary version may touch, in chunks.

use std::collections::HashSet;

use geo::{Coord, Line};
use h3o::{CellIndex, LatLng, Resolution};

use crate::predicate::edges;
use crate::{Level, NOWHERE, Version};

/// How many resolutions lie between a cell and its chunk: 343 cells share what a chunk costs.
const STEP: u8 = 3;

/// The chunks of a resolution's cells: cells of a coarser resolution, in order of id, such that every cell with a point of an
/// area has its ancestor among them. There may be more.
///
/// A border is followed in steps of half a chunk's edge; each chunk there is taken with its neighbours, and so is all that lies
/// inside. A chunk's descendants reach out of it by less than its neighbours' width.
pub(super) fn chunks(level: &Level, version: &Version, resolution: Resolution) -> Vec<CellIndex> {
    let coarser = u8::from(resolution).saturating_sub(STEP);
    let chunk_resolution = Resolution::try_from(coarser).unwrap_or(Resolution::Zero);
    let step = chunk_resolution.edge_length_rads().to_degrees() / 2.0;
    let mut on_border = HashSet::new();
    let areas = &level.areas[version.range()];
    for ring in areas
        .iter()
        .flat_map(|area| &area.geometry)
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
    {
        for edge in edges(ring) {
            on_border.extend(
                points_on(&edge, step).filter_map(|point| cell_at(point, chunk_resolution)),
            );
        }
    }
    let mut found: HashSet<CellIndex> = on_border
        .iter()
        .flat_map(|chunk| chunk.grid_disk::<Vec<_>>(1))
        .collect();
    let mut todo: Vec<_> = found.iter().copied().collect();
    while let Some(chunk) = todo.pop() {
        for next in chunk.grid_disk::<Vec<_>>(1) {
            let centre = LatLng::from(next);
            if !found.contains(&next) && version.locate(centre.lng(), centre.lat()) != NOWHERE {
                found.insert(next);
                todo.push(next);
            }
        }
    }
    let mut chunks: Vec<_> = found.into_iter().collect();
    chunks.sort_unstable();
    chunks
}

/// Points on an edge from its start, at most a step of so many degrees apart; its end is the start of the next edge.
fn points_on(edge: &Line<f64>, step: f64) -> impl Iterator<Item = Coord<f64>> {
    let (start, delta) = (edge.start, edge.delta());
    // Longer than the edge is on the sphere, where degrees of longitude shrink.
    let length = delta.x.hypot(delta.y);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an edge is shorter than 403 degrees, a step longer than a cell of the finest resolution"
    )]
    let count = (length / step).ceil().max(1.0) as u32;
    (0..count).map(move |at| start + delta * (f64::from(at) / f64::from(count)))
}

fn cell_at(point: Coord<f64>, resolution: Resolution) -> Option<CellIndex> {
    Some(LatLng::new(point.y, point.x).ok()?.to_cell(resolution))
}
