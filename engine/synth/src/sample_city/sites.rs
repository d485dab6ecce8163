//! Where the communities of a sample city lie: points in a plane, dense in the core and in satellite towns, sparse in the hills.

use rand::Rng;
use spade::{DelaunayTriangulation, Point2, Triangulation};

/// Kilometres east and north of the city's centre.
pub(super) type Km = Point2<f64>;

/// The communities' sites, then those of the country around that gives the outline its shape.
#[derive(Debug)]
pub(super) struct Sites {
    pub(super) triangulation: DelaunayTriangulation<Km>,
    /// The first `inside` vertices are the city's communities.
    pub(super) inside: usize,
}

const RELAXATIONS: usize = 4;
const TOWNS: usize = 7;
/// Points of the ring far outside that keeps every cell of the city bounded.
const HORIZON: u32 = 96;

/// Draws `communities` sites inside the outline, evens them out (Lloyd's relaxation) and keeps the innermost.
pub(super) fn draw(communities: usize, radius_km: f64, rng: &mut impl Rng) -> Option<Sites> {
    let land = Land::draw(radius_km, rng);
    let mut points = Vec::with_capacity(communities * 3 / 2);
    let (mut inside, mut outside) = (0, 0);
    while inside < communities || outside < communities / 8 + 24 {
        let point = land.site(rng);
        let is_inside = land.reach(point) < 1.0;
        if is_inside && inside == communities {
            continue;
        }
        *(if is_inside { &mut inside } else { &mut outside }) += 1;
        points.push(point);
    }
    for k in 0..HORIZON {
        let (sin, cos) = libm::sincos(f64::from(k) * std::f64::consts::TAU / f64::from(HORIZON));
        points.push(Point2::new(radius_km * 1.9 * cos, radius_km * 1.9 * sin));
    }
    for _ in 0..RELAXATIONS {
        let triangulation = DelaunayTriangulation::bulk_load_stable(points).ok()?;
        points = relaxed(&triangulation, &land);
    }
    points.sort_by(|a, b| land.reach(*a).total_cmp(&land.reach(*b)));
    let triangulation = DelaunayTriangulation::bulk_load_stable(points).ok()?;
    Some(Sites {
        triangulation,
        inside: communities,
    })
}

/// Each site moves to the centre of its Voronoi cell; those of the far country stay.
fn relaxed(triangulation: &DelaunayTriangulation<Km>, land: &Land) -> Vec<Km> {
    triangulation
        .vertices()
        .map(|site| {
            let position = site.position();
            if land.reach(position) > 1.3 {
                return position;
            }
            let corners: Option<Vec<Km>> = site
                .as_voronoi_face()
                .adjacent_edges()
                .map(|edge| edge.from().position())
                .collect();
            corners.map_or(position, |corners| centroid(&corners))
        })
        .collect()
}

fn centroid(corners: &[Km]) -> Km {
    let (mut doubled, mut x, mut y) = (0.0, 0.0, 0.0);
    for (i, a) in corners.iter().enumerate() {
        let b = corners[(i + 1) % corners.len()];
        let cross = a.x * b.y - b.x * a.y;
        doubled += cross;
        x += (a.x + b.x) * cross;
        y += (a.y + b.y) * cross;
    }
    Point2::new(x / (3.0 * doubled), y / (3.0 * doubled))
}

/// The lie of the land: an outline, towns, and the direction of the hills.
struct Land {
    radius_km: f64,
    /// Amplitude and phase of the outline's second to sixth harmonic.
    outline: [(f64, f64); 5],
    /// Centre and spread of each satellite town.
    towns: [(Km, f64); TOWNS],
    hills: (f64, f64),
}

impl Land {
    fn draw(radius_km: f64, rng: &mut impl Rng) -> Self {
        let outline = [0.13, 0.09, 0.06, 0.04, 0.03]
            .map(|most: f64| (most * rng.random_range(0.5..1.0), angle(rng)));
        let turn = angle(rng);
        let mut town = 0.0;
        let towns = [(); TOWNS].map(|()| {
            town += std::f64::consts::TAU / 7.0;
            let (sin, cos) = libm::sincos(turn + town + rng.random_range(-0.3..0.3));
            let away = radius_km * rng.random_range(0.40..0.66);
            let spread = radius_km * rng.random_range(0.03..0.06);
            (Point2::new(away * cos, away * sin), spread)
        });
        // Hills to the north-west, as where a plain ends.
        let (sin, cos) = libm::sincos(rng.random_range(2.0..2.7));
        Self {
            radius_km,
            outline,
            towns,
            hills: (cos, sin),
        }
    }

    /// Distance from the centre as a share of the outline's distance in that direction: below 1 is inside.
    fn reach(&self, point: Km) -> f64 {
        let angle = libm::atan2(point.y, point.x);
        let waves: f64 = (2..)
            .zip(self.outline)
            .map(|(k, (amplitude, phase))| amplitude * libm::cos(f64::from(k) * angle + phase))
            .sum();
        libm::hypot(point.x, point.y) / (self.radius_km * (1.0 + waves))
    }

    /// One site: of the core (its density falls off exponentially), of a town, or of the country.
    fn site(&self, rng: &mut impl Rng) -> Km {
        let share: f64 = rng.random();
        if share < 0.38 {
            let (sin, cos) = libm::sincos(angle(rng));
            let away = 0.11 * self.radius_km * (exponential(rng) + exponential(rng));
            return Point2::new(away * cos, away * sin);
        }
        if share < 0.62 {
            let (centre, spread) = self.towns[rng.random_range(0..TOWNS)];
            let (sin, cos) = libm::sincos(angle(rng));
            let away = spread * libm::sqrt(2.0 * exponential(rng));
            return Point2::new(centre.x + away * cos, centre.y + away * sin);
        }
        loop {
            let edge = 1.5 * self.radius_km;
            let point = Point2::new(rng.random_range(-edge..edge), rng.random_range(-edge..edge));
            let uphill = (point.x * self.hills.0 + point.y * self.hills.1) / self.radius_km;
            let settled = 1.0 - 0.8 * ((uphill - 0.2) / 0.4).clamp(0.0, 1.0);
            if rng.random_bool(settled) {
                return point;
            }
        }
    }
}

fn angle(rng: &mut impl Rng) -> f64 {
    rng.random_range(0.0..std::f64::consts::TAU)
}

/// Exponentially distributed with mean 1; `libm`, because the city's bytes must be the same on every machine.
fn exponential(rng: &mut impl Rng) -> f64 {
    -libm::log(1.0 - rng.random::<f64>())
}
