//! The aligned grid: cells of equal size that add up to areas.
//!
//! Statistics want equal cells, government counts by boundary, and no H3 cell belongs to one community. So what is counted is
//! counted by *aligned cell*: the part of one H3 cell that lies in one area of the city's smallest level. Counts of aligned cells
//! add up to H3 cells and to areas alike, without error.

mod block;
mod chunks;
mod clip;
mod error;
mod file;
mod outline;
mod rollup;
mod source;
mod tie;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use geo::MultiPolygon;
use h3o::{CellIndex, Resolution};

use crate::{BBox, City, Level, Version, area_km2};
pub(crate) use block::Block;
pub(crate) use clip::Region;
pub use error::{AlignedError, AlignedReadError};

pub(crate) use outline::Outline;
pub use rollup::{NoParent, Rollup};
pub(crate) use source::Source;
pub use source::make;

/// The aligned cells of one boundary version, in order of cell and area.
///
/// - The parts of a cell do not overlap: where areas do, the lowest id in byte order has the ground, as in
///   [`City::locate`]. Where areas leave a gap, a cell's shares add up to less than 1.
/// - Every pair of cell and area that [`City::locate`] gives for a point by this version is there, once. A cell
///   ends where H3 says, an outline in lon/lat up to a hundred-thousandth of its width beside that, and areas have closed borders:
///   so there are also aligned cells whose share is 0, where an area comes that near to a cell. One exception: points on edges
///   of an invalid boundary that enclose nothing (`Area::faults`) may have no aligned cell.
/// - The km² of an area's aligned cells add up to the ground that the area has by that rule, within 10⁻⁶ of it; the shares of a
///   cell without gaps add up to 1 within 10⁻⁹, also where boundaries are invalid.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedGrid {
    resolution: Resolution,
    /// Of the city whose areas these are.
    fingerprint: u64,
    /// The version's number among those of the smallest level.
    version: u32,
    cells: Vec<u64>,
    areas: Vec<u32>,
    km2: Vec<f64>,
    shares: Vec<f64>,
}

/// An aligned cell with its size.
struct Row {
    cell: u64,
    area: u32,
    km2: f64,
    share: f64,
}

impl AlignedGrid {
    /// The aligned grid of a version of the city's smallest level.
    ///
    /// The cells come in chunks, which all processors share; each chunk finds the areas near it once, and only cells that an
    /// area's edge touches are cut. Cost: some microseconds for each cell, some tens for each cell on a border.
    ///
    /// # Errors
    /// [`AlignedError::ForeignVersion`] when the version is not one of [`smallest`]'s; [`AlignedError::Antimeridian`] when
    /// the city comes near a pole or ±180°.
    pub fn try_new(
        city: &City,
        version: &Version,
        resolution: Resolution,
    ) -> Result<Self, AlignedError> {
        let level = smallest(city);
        let number = (0..)
            .zip(level.versions())
            .find(|(_, other)| std::ptr::eq(*other, version))
            .map(|(number, _)| number)
            .ok_or(AlignedError::ForeignVersion)?;
        let mut grid = Self::empty(city, number, resolution);
        for row in rows(level, version, resolution)? {
            grid.cells.push(row.cell);
            grid.areas.push(row.area);
            grid.km2.push(row.km2);
            grid.shares.push(row.share);
        }
        Ok(grid)
    }

    fn empty(city: &City, version: u32, resolution: Resolution) -> Self {
        Self {
            resolution,
            fingerprint: city.fingerprint,
            version,
            cells: Vec::new(),
            areas: Vec::new(),
            km2: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// How many aligned cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The resolution of the cells.
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The H3 cell of each aligned cell, ascending.
    pub fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// The area of each aligned cell, as an index into [`Level::areas`] of the [`smallest`] level.
    pub fn areas(&self) -> &[u32] {
        &self.areas
    }

    /// The area of each aligned cell on the ellipsoid, km²: see [`area_km2`](crate::area_km2()).
    pub fn area_km2(&self) -> &[f64] {
        &self.km2
    }

    /// The share of its H3 cell's area that each aligned cell has, 0 to 1.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Whether it is the grid that [`of`] gives for the city.
    pub fn is_latest(&self, city: &City) -> bool {
        self.fingerprint == city.fingerprint
            && self.resolution == city.base_resolution
            && self.version() + 1 == smallest(city).versions().len()
    }

    /// How many cells lie in one area altogether, and how many others there are: on a border or beside a gap.
    pub fn inner_and_cut(&self) -> (usize, usize) {
        let mut counts = (0, 0);
        let mut at = 0;
        for cell in self.cells.chunk_by(|a, b| a == b) {
            let shares = &self.shares[at..at + cell.len()];
            at += cell.len();
            // A whole cell's share is the number 1, not one near it.
            if shares.iter().any(|share| *share >= 1.0) {
                counts.0 += 1;
            } else {
                counts.1 += 1;
            }
        }
        counts
    }

    /// The version of the level's boundaries, by its place in [`Level::versions`].
    pub fn version(&self) -> usize {
        self.version as usize
    }

    /// The aligned cell of a place, as an index into the columns.
    pub fn find(&self, cell: u64, area: u32) -> Option<usize> {
        let start = self.cells.partition_point(|other| *other < cell);
        let count = self.cells[start..].partition_point(|other| *other == cell);
        let at = self.areas[start..start + count].binary_search(&area).ok()?;
        Some(start + at)
    }

    /// The outline of an aligned cell, lon/lat degrees, outer rings counter-clockwise; empty for one with share 0. Neighbours have
    /// the same vertices along their border. `city` is the one for which the grid was made. Cost: a look at each area, and at
    /// each edge of those near the cell.
    ///
    /// # Panics
    /// When `at` is not below [`len`](Self::len).
    pub fn outline(&self, city: &City, at: usize) -> MultiPolygon<f64> {
        let level = smallest(city);
        let nothing = MultiPolygon::new(Vec::new());
        let (cell, area) = (self.cells[at], self.areas[at]);
        let Some((cell, version)) = CellIndex::try_from(cell)
            .ok()
            .zip(level.versions().get(self.version()))
        else {
            return nothing;
        };
        let Ok(outline) = Outline::of(cell) else {
            return nothing;
        };
        let parts = Block::near(level, version, outline.bbox).parts(cell, &outline);
        match parts.into_iter().find(|(number, _)| *number == area) {
            None | Some((_, Region::Nothing)) => nothing,
            Some((_, Region::Whole)) => outline.polygon(),
            Some((_, Region::Part { shape, .. })) => shape,
        }
    }
}

/// The aligned grid of a city by its latest boundaries at its base resolution: worked out at the first call, or read where the
/// city has it from ([`City::with_aligned_from`]), then kept.
///
/// # Errors
/// [`AlignedError::Antimeridian`].
pub fn of(city: &City) -> Result<&AlignedGrid, &AlignedError> {
    city.aligned
        .get_or_init(|| city.aligned_source.grid(city))
        .as_ref()
}

/// The level whose areas aligned cells are parts of: the city's smallest.
pub fn smallest(city: &City) -> &Level {
    city.levels.last().expect("a city has a level")
}

/// All aligned cells, in order.
fn rows(
    level: &Level,
    version: &Version,
    resolution: Resolution,
) -> Result<Vec<Row>, AlignedError> {
    let chunks = chunks::chunks(level, version, resolution);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(at) else {
                return Ok(done);
            };
            done.push((at, rows_in(level, version, *chunk, resolution)?));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let done: Result<Vec<Vec<_>>, AlignedError> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("the work does not panic"))
            .collect()
    });
    let mut done: Vec<_> = done?.into_iter().flatten().collect();
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().flat_map(|(_, rows)| rows).collect())
}

/// The aligned cells of one chunk. A chunk's descendants are in order, and chunks in order have their descendants in order.
fn rows_in(
    level: &Level,
    version: &Version,
    chunk: CellIndex,
    resolution: Resolution,
) -> Result<Vec<Row>, AlignedError> {
    let outlines: Vec<_> = chunk
        .children(resolution)
        .map(|cell| Outline::of(cell).map(|outline| (cell, outline)))
        .collect::<Result<_, _>>()?;
    let around = outlines.iter().fold(BBox::EMPTY, |around, (_, outline)| {
        around.union(outline.bbox)
    });
    let block = Block::near(level, version, around);
    let mut rows = Vec::new();
    if block.is_empty() {
        return Ok(rows);
    }
    for (cell, outline) in &outlines {
        let parts = block.parts(*cell, outline);
        if parts.is_empty() {
            continue;
        }
        let whole = outline.km2();
        rows.extend(parts.into_iter().map(|(area, region)| {
            let (km2, share) = match region {
                Region::Nothing => (0.0, 0.0),
                Region::Whole => (whole, 1.0),
                Region::Part { shape, .. } => {
                    let km2 = area_km2(&shape);
                    (km2, km2 / whole)
                }
            };
            Row {
                cell: u64::from(*cell),
                area,
                km2,
                share,
            }
        }));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
