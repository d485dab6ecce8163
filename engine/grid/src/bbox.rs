//! A rectangle of longitudes and latitudes.

use geo::MultiPolygon;

/// West, south, east and north in WGS 84 degrees; borders included. [`BBox::EMPTY`] holds nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BBox {
    /// Smallest longitude, degrees.
    pub west: f64,
    /// Smallest latitude, degrees.
    pub south: f64,
    /// Largest longitude, degrees.
    pub east: f64,
    /// Largest latitude, degrees.
    pub north: f64,
}

impl BBox {
    /// The rectangle that holds nothing: the start of a union.
    pub const EMPTY: Self = Self {
        west: f64::INFINITY,
        south: f64::INFINITY,
        east: f64::NEG_INFINITY,
        north: f64::NEG_INFINITY,
    };

    /// Every longitude and latitude.
    pub const EARTH: Self = Self {
        west: -180.0,
        south: -90.0,
        east: 180.0,
        north: 90.0,
    };

    /// The smallest rectangle that holds every vertex of every ring.
    pub fn of(boundary: &MultiPolygon<f64>) -> Self {
        let mut bbox = Self::EMPTY;
        for polygon in boundary {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                for coord in ring {
                    bbox = bbox.with(coord.x, coord.y);
                }
            }
        }
        bbox
    }

    /// This rectangle grown to hold the position.
    #[must_use]
    pub fn with(self, lon: f64, lat: f64) -> Self {
        Self {
            west: self.west.min(lon),
            south: self.south.min(lat),
            east: self.east.max(lon),
            north: self.north.max(lat),
        }
    }

    /// The smallest rectangle that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// Whether the two share a point, borders included.
    pub fn touches(&self, other: &Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }

    /// Whether the position lies in the rectangle or on its border; never for NaN.
    pub fn holds(&self, lon: f64, lat: f64) -> bool {
        (self.west..=self.east).contains(&lon) && (self.south..=self.north).contains(&lat)
    }
}
