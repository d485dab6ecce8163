//! Which coordinate system puts records where they say they are.

mod display;
mod sample;
mod verdict;

use std::sync::Arc;

use citybrain_grid::{City, Crs, NOWHERE};
use citybrain_model::AreaLevel;
use serde::{Serialize, Serializer};

use self::sample::{Sample, Sampled};
pub use self::verdict::{Undecided, Verdict};
use super::DeclaredPlace;

/// A way to read two coordinates of a file as a position.
#[derive(Clone)]
pub struct System {
    word: String,
    swapped: bool,
    to_wgs84: Arc<dyn Fn(f64, f64) -> (f64, f64) + Send + Sync>,
}

impl System {
    /// One of the systems in degrees; `swapped` when the file has latitude where longitude should be.
    pub fn of(crs: Crs, swapped: bool) -> Self {
        Self::new(crs.as_str(), swapped, move |lon, lat| {
            crs.to_wgs84(lon, lat)
        })
    }

    /// Any system by its word, such as `epsg:3435`, and its way to WGS 84 degrees, longitude first. What has no position there
    /// becomes NaN.
    pub fn new(
        word: &str,
        swapped: bool,
        to_wgs84: impl Fn(f64, f64) -> (f64, f64) + Send + Sync + 'static,
    ) -> Self {
        Self {
            word: word.to_owned(),
            swapped,
            to_wgs84: Arc::new(to_wgs84),
        }
    }

    fn is(&self, other: &Self) -> bool {
        self.word == other.word && self.swapped == other.swapped
    }

    fn wgs84(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = if self.swapped { (y, x) } else { (x, y) };
        (self.to_wgs84)(x, y)
    }
}

impl std::fmt::Display for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.word)?;
        f.write_str(if self.swapped { ", swapped" } else { "" })
    }
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "System({self})")
    }
}

impl PartialEq for System {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Serialize for System {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Compares, while records go by, where their coordinates lie under each candidate system with the area that they declare.
///
/// Candidates are the system that is set, WGS 84, GCJ-02 and BD-09, each of them also with the axes swapped, and what else is given.
/// Memory is bounded: of all records with coordinates and a matched area 100,000 are kept, each with the
/// same chance (reservoir sampling, Vitter's algorithm R) by a generator with a fixed seed, so the same file gives the same report.
#[derive(Debug)]
pub struct CoordinateCheck {
    /// The one that is set comes first.
    candidates: Vec<System>,
    records: u64,
    sample: Sample,
}

/// Most records that are kept.
const SAMPLE_MAX: usize = 100_000;

impl CoordinateCheck {
    /// A check of a setting, with more candidates than the usual ones: projected systems.
    pub fn new(set: System, more: impl IntoIterator<Item = System>) -> Self {
        let mut candidates = vec![set];
        let usual = [false, true].into_iter().flat_map(|swapped| {
            [Crs::Wgs84, Crs::Gcj02, Crs::Bd09].map(|crs| System::of(crs, swapped))
        });
        for system in usual.chain(more) {
            if !candidates.contains(&system) {
                candidates.push(system);
            }
        }
        Self {
            candidates,
            records: 0,
            sample: Sample::default(),
        }
    }

    /// Takes one record's coordinates as the file has them (its longitude column first), its instant in µs since 1970, UTC, and
    /// its declared areas by the boundaries of that day. Only records with finite coordinates and a matched area are compared.
    pub fn observe(&mut self, lon: f64, lat: f64, at: i64, declared: &DeclaredPlace) {
        self.records += 1;
        if lon.is_finite() && lat.is_finite() && declared.smallest().is_some() {
            self.sample.offer(Sampled {
                lon,
                lat,
                at,
                areas: declared.areas.map(|area| area.unwrap_or(NOWHERE)),
            });
        }
    }

    /// What was found so far. Cost: one `locate` of the sample for each candidate.
    pub fn report(&self, city: &City) -> CoordinateReport {
        let tried: Vec<_> = self
            .candidates
            .iter()
            .map(|system| self.try_system(system, city))
            .collect();
        let verdict = verdict::of(&tried, &self.candidates);
        CoordinateReport {
            set: self.candidates[0].clone(),
            records: self.records,
            comparable: self.sample.offered(),
            compared: self.sample.rows().len(),
            candidates: tried.into_iter().map(|tried| tried.report).collect(),
            verdict,
        }
    }

    fn try_system(&self, system: &System, city: &City) -> Tried {
        let rows = self.sample.rows();
        let (lon, lat): (Vec<f64>, Vec<f64>) = rows
            .iter()
            .map(|row| system.wgs84(row.lon, row.lat))
            .unzip();
        let at: Vec<i64> = rows.iter().map(|row| row.at).collect();
        let places = city.locate(&lon, &lat, Some(&at));
        let outside = places.areas[city.largest().level.index()]
            .iter()
            .filter(|area| **area == NOWHERE)
            .count();
        let mut agrees = Vec::new();
        let mut levels = Vec::new();
        for level in &city.levels {
            let found = &places.areas[level.level.index()];
            let agreement: Vec<Option<bool>> = rows
                .iter()
                .zip(found)
                .map(|(row, found)| {
                    let declared = level.areas.get(row.areas[level.level.index()] as usize)?;
                    let found = level.areas.get(*found as usize);
                    Some(found.is_some_and(|found| found.id == declared.id))
                })
                .collect();
            let compared = agreement.iter().flatten().count();
            let agreeing = agreement.iter().flatten().filter(|agrees| **agrees).count();
            if compared > 0 {
                levels.push(Agreement {
                    level: level.level,
                    compared,
                    agree: agreeing,
                    share: share(agreeing, compared),
                });
                agrees.push(agreement);
            }
        }
        Tried {
            report: CandidateReport {
                system: system.clone(),
                compared: rows.len(),
                outside,
                outside_share: share(outside, rows.len()),
                levels,
            },
            agrees,
            lon,
            lat,
        }
    }
}

/// A candidate with what the verdict needs of it.
struct Tried {
    report: CandidateReport,
    /// For each level of the report, whether each record agrees; none where it declares no area of the level.
    agrees: Vec<Vec<Option<bool>>>,
    lon: Vec<f64>,
    lat: Vec<f64>,
}

/// What the coordinates of a file say about their system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoordinateReport {
    /// The system that is set.
    pub set: System,
    /// Records that went by.
    pub records: u64,
    /// Those that have coordinates and a matched area.
    pub comparable: u64,
    /// Those of them that were compared: all, or a sample.
    pub compared: usize,
    /// What each candidate gives; the one that is set comes first.
    pub candidates: Vec<CandidateReport>,
    /// Which one is right.
    pub verdict: Verdict,
}

/// What one candidate system gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidateReport {
    /// The system.
    pub system: System,
    /// Records compared.
    pub compared: usize,
    /// Those that lie in no area of the largest level.
    pub outside: usize,
    /// Their share, 0 when nothing was compared.
    pub outside_share: f64,
    /// For each level that records declare, from large to small.
    pub levels: Vec<Agreement>,
}

/// How many records lie in the area that they declare.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// The level.
    pub level: AreaLevel,
    /// Records that declare an area of the level, by its own name or by that of a smaller one.
    pub compared: usize,
    /// Those that lie in it.
    pub agree: usize,
    /// Their share.
    pub share: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "at most 100,000 records are compared"
)]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests;
