//! A grid of bins over a rectangle of the plane.

use geo::Coord;

use crate::BBox;

/// Bins of 2⁻ᵏ degrees. Bin (c, r) holds lon in [x(c), x(c + 1)) and lat in [y(r), y(r + 1)); its borders are exact numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bins {
    bbox: BBox,
    /// Bins for each degree, a power of two.
    per_degree: f64,
    /// Number of the first column and row, counted from 0°.
    first: (i32, i32),
    pub(super) columns: i32,
    pub(super) rows: i32,
}

/// Finest bins: 2⁻²⁰ degrees, a tenth of a metre; then 180° still fits an `i32`.
const FINEST: i32 = 20;

impl Bins {
    /// Bins over the rectangle, the finest of which there are at most `count`.
    pub(super) fn new(bbox: BBox, count: usize) -> Self {
        let mut bins = Self::with(bbox, 0);
        for k in 1..=FINEST {
            let finer = Self::with(bbox, k);
            if finer.len() > count {
                break;
            }
            bins = finer;
        }
        bins
    }

    fn with(bbox: BBox, k: i32) -> Self {
        let per_degree = f64::from(k).exp2();
        let bin = |degrees: f64| floor(degrees * per_degree);
        let first = (bin(bbox.west), bin(bbox.south));
        Self {
            bbox,
            per_degree,
            first,
            columns: bin(bbox.east) - first.0 + 1,
            rows: bin(bbox.north) - first.1 + 1,
        }
    }

    #[expect(clippy::cast_sign_loss, reason = "columns and rows are positive")]
    pub(super) fn len(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// The bin that holds the point; none outside the rectangle and for NaN.
    #[inline]
    pub(super) fn of(&self, lon: f64, lat: f64) -> Option<usize> {
        if !self.bbox.holds(lon, lat) {
            return None;
        }
        // Multiplying by a power of two is exact, so floor finds the true bin.
        let column = floor(lon * self.per_degree) - self.first.0;
        let row = floor(lat * self.per_degree) - self.first.1;
        Some(self.at(column, row))
    }

    #[inline]
    #[expect(clippy::cast_sign_loss, reason = "column and row are in the grid")]
    pub(super) fn at(&self, column: i32, row: i32) -> usize {
        row as usize * self.columns as usize + column as usize
    }

    /// Longitude of the west border of a column, exact.
    pub(super) fn x(&self, column: i32) -> f64 {
        f64::from(self.first.0 + column) / self.per_degree
    }

    /// Latitude of the south border of a row, exact.
    pub(super) fn y(&self, row: i32) -> f64 {
        f64::from(self.first.1 + row) / self.per_degree
    }

    /// The corner that a bin shares with the bin north-east of it, exact.
    pub(super) fn north_east(&self, bin: usize) -> Coord<f64> {
        let columns = usize::try_from(self.columns).expect("columns are positive");
        let number = |n: usize| i32::try_from(n).expect("a bin's column and row are i32");
        Coord {
            x: self.x(number(bin % columns) + 1),
            y: self.y(number(bin / columns) + 1),
        }
    }

    /// Where a longitude lies among the columns, rounded: for guesses.
    pub(super) fn column_near(&self, lon: f64) -> f64 {
        lon * self.per_degree - f64::from(self.first.0)
    }

    /// Where a latitude lies among the rows, rounded: for guesses.
    pub(super) fn row_near(&self, lat: f64) -> f64 {
        lat * self.per_degree - f64::from(self.first.1)
    }
}

/// Largest integer that is not above the value. `f64::floor` is a function call on plain x86-64; this is not.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees times 2^20 fit an i32"
)]
pub(super) fn floor(value: f64) -> i32 {
    let cut = value as i32;
    cut - i32::from(f64::from(cut) > value)
}
