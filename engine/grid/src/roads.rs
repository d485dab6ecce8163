//! Which road is nearest.

use geo::{Coord, MultiLineString};
use rstar::{AABB, PointDistance, RTree, RTreeObject};

/// A road of a city: its name and its course, WGS 84 degrees, longitude first. A `LineString` is a course of one line.
#[derive(Debug, Clone, PartialEq)]
pub struct RoadParts {
    /// The name.
    pub name: String,
    /// The course.
    pub course: MultiLineString<f64>,
}

/// A road that cannot be found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RoadError {
    /// A vertex is no position on the earth.
    #[error(
        "the road \"{name}\" has a vertex at {lon} {lat}, which is no longitude and latitude in degrees"
    )]
    Coordinate {
        /// The road.
        name: String,
        /// The vertex's first coordinate.
        lon: f64,
        /// The vertex's second coordinate.
        lat: f64,
    },
    /// More roads than can be numbered.
    #[error("there are more than 2^32 roads")]
    TooMany,
}

/// The roads of a city, indexed by their segments: made once, never changed.
///
/// Distances are those on a plane that touches the WGS 84 ellipsoid at the latitude of the point asked for, segments being straight
/// in longitude and latitude. The error against the geodesic distance *d* grows with the latitudes in between: it is below
/// *d* · (0.002 + *d* / R · tan |φ|), R = 6,371 km, for |φ| up to 70° and *d* up to 20 km: 0.5 % at 20 km, a quarter of a
/// percent at 3 km in Beijing, less nearby. So of two roads whose distances differ by less, either may be called the nearest.
/// Roads must not cross the antimeridian.
///
/// Cost: logarithmic in the number of segments; about 100 bytes for each.
#[derive(Debug)]
pub struct Roads {
    names: Vec<String>,
    tree: RTree<Segment>,
    /// The tree's x is longitude times this: the cosine of the middle latitude.
    squeeze: f64,
}

impl Roads {
    /// The roads, in their order. One without a segment is never the nearest; a line of one vertex is a point.
    ///
    /// # Errors
    /// The first [`RoadError`].
    pub fn try_new(roads: Vec<RoadParts>) -> Result<Self, RoadError> {
        let (mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY);
        for road in &roads {
            for vertex in road.course.iter().flatten() {
                let on_earth = vertex.x.abs() <= 180.0 && vertex.y.abs() <= 90.0;
                if !on_earth {
                    return Err(RoadError::Coordinate {
                        name: road.name.clone(),
                        lon: vertex.x,
                        lat: vertex.y,
                    });
                }
                (south, north) = (south.min(vertex.y), north.max(vertex.y));
            }
        }
        let middle = if south <= north {
            f64::midpoint(south, north)
        } else {
            0.0
        };
        // Not zero at the poles, where the tree would lose the longitude.
        let squeeze = middle.to_radians().cos().max(0.01);
        let mut segments = Vec::new();
        for (at, road) in roads.iter().enumerate() {
            let road_index = u32::try_from(at).or(Err(RoadError::TooMany))?;
            for line in &road.course {
                let segment = |from, to| Segment {
                    road: road_index,
                    from,
                    to,
                    squeeze,
                };
                if let [only] = line.0[..] {
                    segments.push(segment(only, only));
                }
                segments.extend(line.0.windows(2).map(|ends| segment(ends[0], ends[1])));
            }
        }
        Ok(Self {
            names: roads.into_iter().map(|road| road.name).collect(),
            tree: RTree::bulk_load(segments),
            squeeze,
        })
    }

    /// The name of a road by its index.
    pub fn name(&self, road: usize) -> Option<&str> {
        self.names.get(road).map(String::as_str)
    }

    /// The nearest road to a position in WGS 84 degrees: its index and the distance in metres. Of roads at the same distance, the
    /// one with the lowest index. None without roads and for what is no position.
    pub fn nearest_road(&self, lon: f64, lat: f64) -> Option<(usize, f64)> {
        if !(lon.abs() <= 180.0 && lat.abs() <= 90.0) {
            return None;
        }
        let point = Coord { x: lon, y: lat };
        let metres = Metres::at(lat);
        // Metres are at least this many times the tree's distance, so the search ends when the tree cannot hold a nearer one.
        let least = metres.north.min(metres.east / self.squeeze) * (1.0 - 1e-9);
        let mut best: Option<(f64, u32)> = None;
        let squeezed = [lon * self.squeeze, lat];
        for (segment, tree_distance_2) in self.tree.nearest_neighbor_iter_with_distance_2(squeezed)
        {
            if best.is_some_and(|(distance, _)| tree_distance_2.sqrt() * least > distance) {
                break;
            }
            let found = (
                distance(segment, point, metres.east, metres.north),
                segment.road,
            );
            if best.is_none_or(|best| found < best) {
                best = Some(found);
            }
        }
        best.map(|(distance, road)| (road as usize, distance))
    }
}

/// Metres in a degree at a latitude.
#[derive(Clone, Copy)]
struct Metres {
    east: f64,
    north: f64,
}

/// Semi-major axis of the WGS 84 ellipsoid, m.
const A_M: f64 = 6_378_137.0;
/// Its eccentricity squared.
const E2: f64 = 0.006_694_379_990_141_316;

impl Metres {
    /// From the radii of curvature in the parallel and in the meridian (Snyder, Map Projections, 1987, eq. 4-18 to 4-20).
    fn at(lat: f64) -> Self {
        let (sin, cos) = lat.to_radians().sin_cos();
        let w2 = 1.0 - E2 * sin * sin;
        Self {
            east: (A_M * cos / w2.sqrt()).to_radians(),
            north: (A_M * (1.0 - E2) / (w2 * w2.sqrt())).to_radians(),
        }
    }
}

/// A straight piece of a road, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Segment {
    road: u32,
    from: Coord<f64>,
    to: Coord<f64>,
    squeeze: f64,
}

/// The distance of a point from a segment where a degree of longitude is `east` and one of latitude is `north` long. At an end it
/// is the distance from that vertex, so that roads that meet there are equally far.
fn distance(segment: &Segment, point: Coord<f64>, east: f64, north: f64) -> f64 {
    let from_point = |end: Coord<f64>| ((end.x - point.x) * east, (end.y - point.y) * north);
    let (a, b) = (from_point(segment.from), from_point(segment.to));
    let along = (b.0 - a.0, b.1 - a.1);
    let length_2 = along.0 * along.0 + along.1 * along.1;
    let at = -(a.0 * along.0 + a.1 * along.1) / length_2;
    if at >= 1.0 {
        b.0.hypot(b.1)
    } else if at > 0.0 {
        (a.0 + at * along.0).hypot(a.1 + at * along.1)
    } else {
        // Also where the segment is a point and `at` no number.
        a.0.hypot(a.1)
    }
}

impl RTreeObject for Segment {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        let corner = |end: Coord<f64>| [end.x * self.squeeze, end.y];
        AABB::from_corners(corner(self.from), corner(self.to))
    }
}

impl PointDistance for Segment {
    fn distance_2(&self, point: &[f64; 2]) -> f64 {
        let point = Coord {
            x: point[0] / self.squeeze,
            y: point[1],
        };
        distance(self, point, self.squeeze, 1.0).powi(2)
    }
}

#[cfg(test)]
mod tests;
