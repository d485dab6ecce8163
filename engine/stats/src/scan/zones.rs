//! Families of zones: for each area, itself and then its nearest ones, in order.

/// Mean radius of the Earth, metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// How far apart two centroids are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Both coordinates in the same unit of length, which is the unit of distances.
    Planar,
    /// Longitude, then latitude, WGS 84 degrees; distances in metres on a sphere.
    Sphere,
}

/// How far a circle grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CircleLimits {
    /// Most areas in a circle; no limit by default.
    pub areas: usize,
    /// Largest radius, in the metric's unit; no limit by default.
    pub radius: f64,
}

impl Default for CircleLimits {
    fn default() -> Self {
        Self {
            areas: usize::MAX,
            radius: f64::INFINITY,
        }
    }
}

/// Why areas make no zones.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ZonesError {
    /// A centroid that is not finite.
    #[error("the centroid of area {area} is not finite")]
    Centroid {
        /// The area, from 0.
        area: usize,
    },
    /// A ring names an area that does not exist, or one twice.
    #[error(
        "the rings around area {center} name area {area}, which does not exist or was there before"
    )]
    Ring {
        /// The area in the middle, from 0.
        center: usize,
        /// The area named.
        area: u32,
    },
    /// More areas than a 32-bit number counts.
    #[error("{areas} areas are too many")]
    TooMany {
        /// Areas given.
        areas: usize,
    },
}

/// For each area (a center): the areas of its zones from near to far, and after which of them a zone is complete.
///
/// Zones around a center are nested, so that sums over them grow by one area at a time. Areas are numbered from 0.
#[derive(Debug, Clone)]
pub struct Zones {
    /// Where each center's areas start in `members`, and where the last ones end.
    starts: Vec<usize>,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) area: u32,
    /// Whether a zone ends here.
    pub(super) complete: bool,
}

impl Zones {
    /// Circles around each centroid, each through further centroids; areas at the same distance come together. Cost: areas² log
    /// areas, and 8 bytes for each area of each largest circle.
    ///
    /// # Errors
    /// [`ZonesError`] for a centroid that is not finite, or too many areas.
    pub fn circles(
        centroids: &[[f64; 2]],
        metric: Metric,
        limits: CircleLimits,
    ) -> Result<Self, ZonesError> {
        if let Some(area) = centroids
            .iter()
            .position(|at| !at.iter().all(|part| part.is_finite()))
        {
            return Err(ZonesError::Centroid { area });
        }
        let areas = number(centroids.len())?;
        let mut zones = Self::empty();
        let mut near: Vec<(f64, u32)> = Vec::with_capacity(centroids.len());
        for (center, here) in (0_u32..).zip(centroids) {
            near.clear();
            near.extend(
                (0..areas)
                    .zip(centroids)
                    // The center comes first also when another area has the same centroid.
                    .map(|(area, there)| {
                        if area == center {
                            (-1.0, area)
                        } else {
                            (metric.distance(*here, *there), area)
                        }
                    })
                    .filter(|(distance, _)| *distance <= limits.radius),
            );
            near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            near.truncate(limits.areas.max(1));
            let next = near.iter().skip(1).map(|(distance, _)| *distance);
            let next = next.chain([f64::INFINITY]);
            zones.members.extend(
                near.iter()
                    .zip(next)
                    .map(|((distance, area), next)| Member {
                        area: *area,
                        complete: next > *distance,
                    }),
            );
            zones.starts.push(zones.members.len());
        }
        Ok(zones)
    }

    /// Zones that grow ring by ring, as disks of H3 cells do: `rings[center][k]` are the areas of ring k + 1 (ring 0 is the
    /// center itself). Empty rings add no zone.
    ///
    /// # Errors
    /// [`ZonesError`] for an area that does not exist or comes twice around one center, or too many areas.
    pub fn rings(rings: &[Vec<Vec<u32>>]) -> Result<Self, ZonesError> {
        let areas = number(rings.len())?;
        let mut zones = Self::empty();
        // The last center around which an area was seen.
        let mut seen = vec![None; rings.len()];
        for (center, rings) in (0_u32..areas).zip(rings) {
            zones.members.push(Member {
                area: center,
                complete: true,
            });
            seen[center as usize] = Some(center);
            for ring in rings {
                for area in ring {
                    let before = seen
                        .get_mut(*area as usize)
                        .map(|last| last.replace(center));
                    if before.is_none_or(|last| last == Some(center)) {
                        return Err(ZonesError::Ring {
                            center: center as usize,
                            area: *area,
                        });
                    }
                    zones.members.push(Member {
                        area: *area,
                        complete: false,
                    });
                }
                if let Some(last) = zones.members.last_mut() {
                    last.complete = true;
                }
            }
            zones.starts.push(zones.members.len());
        }
        Ok(zones)
    }

    /// Number of areas.
    pub fn areas(&self) -> usize {
        self.starts.len() - 1
    }

    /// The areas of every zone around an area, smallest zone first, as nested prefixes of one list; empty for an area that does
    /// not exist.
    pub fn around(&self, center: usize) -> Vec<Vec<u32>> {
        let members = self.members(center);
        let complete = (1..=members.len()).filter(|size| members[size - 1].complete);
        complete
            .map(|size| members[..size].iter().map(|member| member.area).collect())
            .collect()
    }

    pub(super) fn members(&self, center: usize) -> &[Member] {
        match self.starts.get(center..center + 2) {
            Some([start, end]) => &self.members[*start..*end],
            _ => &[],
        }
    }

    fn empty() -> Self {
        Self {
            starts: vec![0],
            members: Vec::new(),
        }
    }
}

impl Metric {
    pub(super) fn distance(self, a: [f64; 2], b: [f64; 2]) -> f64 {
        match self {
            Self::Planar => (a[0] - b[0]).hypot(a[1] - b[1]),
            Self::Sphere => {
                let [lng, lat] = [0, 1].map(|part| (a[part] - b[part]).to_radians());
                let cosines = a[1].to_radians().cos() * b[1].to_radians().cos();
                let h = (lat / 2.0).sin().powi(2) + cosines * (lng / 2.0).sin().powi(2);
                2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
            }
        }
    }
}

fn number(areas: usize) -> Result<u32, ZonesError> {
    u32::try_from(areas).map_err(|_too_large| ZonesError::TooMany { areas })
}
