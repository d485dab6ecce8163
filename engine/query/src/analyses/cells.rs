//! The cells that an analysis looks at: those of the whole city, also where nobody complained.

use std::sync::Arc;

use citybrain_grid::{City, aligned, cover};
use citybrain_stats::neighbours::{Neighbours, NeighboursError};
use datafusion::arrow::array::{ArrayRef, UInt64Array};
use datafusion::common::HashMap;
use datafusion::error::{DataFusionError, Result};
use h3o::{CellIndex, Resolution};

use super::AnalysisError;
use crate::stop::Stop;

/// Most neighbours that are listed, four bytes each.
const NEIGHBOURS_MAX: usize = 60_000_000;

/// The cells of the city at a resolution that lie in it, even if only in part; in order of cell id.
pub(super) fn universe(city: &City, resolution: Resolution) -> &[CellIndex] {
    cover(city, resolution)
}

/// The cells as a column.
pub(super) fn column(cells: &[CellIndex]) -> ArrayRef {
    let numbers = cells.iter().map(|cell| Some(u64::from(*cell)));
    Arc::new(numbers.collect::<UInt64Array>())
}

/// For each cell those within `k` steps, without itself, that are cells of the list too; once for each `k`.
///
/// # Errors
/// When they are too many to list, or the sign to stop was given.
pub(super) fn disks(
    function: &'static str,
    cells: &[CellIndex],
    distances: &[u32],
    stop: &Stop,
) -> Result<Vec<Neighbours>> {
    for k in distances {
        let around = 3 * *k as usize * (*k as usize + 1);
        if cells.len().saturating_mul(around) > NEIGHBOURS_MAX {
            return Err(AnalysisError::Refused {
                function,
                reason: format!(
                    "{} cells with {around} neighbours each are too many: take a coarser resolution or a smaller k",
                    cells.len()
                ),
            }
            .into());
        }
    }
    let farthest = distances.iter().copied().max().unwrap_or(0);
    let numbers: HashMap<CellIndex, u32> = cells.iter().copied().zip(0..).collect();
    let mut lists = vec![(vec![0], Vec::new()); distances.len()];
    let mut near = Vec::new();
    for (at, &cell) in cells.iter().enumerate() {
        if at.is_multiple_of(1024) {
            stop.check()?;
        }
        near.clear();
        near.extend(
            cell.grid_disk_distances::<Vec<_>>(farthest)
                .into_iter()
                .filter(|(near, _)| *near != cell)
                .filter_map(|(near, steps)| Some((*numbers.get(&near)?, steps))),
        );
        near.sort_unstable();
        for ((offsets, targets), k) in lists.iter_mut().zip(distances) {
            targets.extend(
                near.iter()
                    .filter(|(_, steps)| steps <= k)
                    .map(|near| near.0),
            );
            offsets.push(targets.len());
        }
    }
    let neighbours = lists.into_iter().map(|(offsets, targets)| {
        Neighbours::try_new(offsets, targets)
            .map_err(|error: NeighboursError| DataFusionError::External(Box::new(error)))
    });
    neighbours.collect()
}

/// The same for one `k`.
pub(super) fn disk(
    function: &'static str,
    cells: &[CellIndex],
    k: u32,
    stop: &Stop,
) -> Result<Neighbours> {
    let mut disks = disks(function, cells, &[k], stop)?;
    disks
        .pop()
        .ok_or_else(|| DataFusionError::Internal("one list for each distance".to_owned()))
}

/// For each cell the cells of the list at 1, 2 … `k` steps.
pub(super) fn rings(cells: &[CellIndex], k: u32) -> Vec<Vec<Vec<u32>>> {
    let around = |cell: CellIndex| {
        let mut rings = vec![Vec::new(); k as usize];
        for (near, distance) in cell.grid_disk_distances::<Vec<_>>(k) {
            if let (Some(ring), Some(number)) = (
                (distance as usize)
                    .checked_sub(1)
                    .and_then(|ring| rings.get_mut(ring)),
                number(cells, near),
            ) {
                ring.push(number);
            }
        }
        for ring in &mut rings {
            ring.sort_unstable();
        }
        rings
    };
    cells.iter().map(|cell| around(*cell)).collect()
}

/// The place of a cell in a list in order.
pub(super) fn number(cells: &[CellIndex], cell: CellIndex) -> Option<u32> {
    u32::try_from(cells.binary_search(&cell).ok()?).ok()
}

/// Residents of each cell: each area's, spread evenly over it. `None` when no area of the smallest level has residents.
///
/// # Errors
/// When the city's aligned cells cannot be worked out.
pub(super) fn residents(
    city: &City,
    cells: &[CellIndex],
    resolution: Resolution,
) -> Result<Option<Vec<f64>>> {
    let level = aligned::smallest(city);
    if level.latest().iter().all(|area| area.population.is_none()) {
        return Ok(None);
    }
    let grid = aligned::of(city).map_err(|error| DataFusionError::Execution(error.to_string()))?;
    let mut residents = vec![0.0; cells.len()];
    for ((cell, area), km2) in grid.cells().iter().zip(grid.areas()).zip(grid.area_km2()) {
        let area = &level.areas[*area as usize];
        let Some(population) = area.population else {
            continue;
        };
        let cell = CellIndex::try_from(*cell)
            .ok()
            .and_then(|cell| cell.parent(resolution));
        if let Some(at) = cell.and_then(|cell| number(cells, cell))
            && area.area_km2 > 0.0
        {
            residents[at as usize] += population * km2 / area.area_km2;
        }
    }
    Ok(Some(residents))
}
