//! A look at the coordinates of files, that keeps nothing.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::Serialize;

use crate::city::SourceCrs;
use crate::decode::{Context, Decoder};
use crate::place::{
    CoordinateCheck, CoordinateReport, DefaultGeocodes, DefaultGeocodesReport, PlaceNames, System,
};
use crate::profile::{PositionRule, Profile, RecordKind};
use crate::rows::{FileError, probe_file, read_file};

/// What the coordinates of files say of themselves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceCheck {
    /// Rows read.
    pub read: u64,
    /// Of these, rows that are none or whose coordinates are no numbers.
    pub unreadable: u64,
    /// Rows at a position that the profile knows as a default; they are not compared with their area.
    pub known_default: u64,
    /// Which coordinate system puts rows into the areas that they declare.
    pub coordinates: CoordinateReport,
    /// Positions that repeat beyond chance, in the numbers of the file; also those that the profile knows.
    pub defaults: DefaultGeocodesReport,
}

/// Why coordinates were not looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceCheckError {
    /// The profile's records declare no areas.
    #[error(
        "profile {0}: only complaints declare areas that their coordinates can be held against"
    )]
    NotComplaints(String),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Reads files and holds where their coordinates lie, as the profile says and under each other system, against the areas that the
/// rows declare by name.
///
/// # Errors
/// A profile of other records than complaints; the first file that cannot be read.
pub fn check_place(
    files: &[PathBuf],
    profile: &Arc<Profile>,
    context: &Context,
    names: &PlaceNames,
) -> Result<PlaceCheck, PlaceCheckError> {
    if profile.record != RecordKind::Complaint {
        return Err(PlaceCheckError::NotComplaints(profile.name.clone()));
    }
    let shape = profile.shape();
    for file in files {
        probe_file(file, &shape)?;
    }
    let set = system(profile.position.as_ref(), false);
    let mut checking = Checking {
        names,
        check: CoordinateCheck::new(set, [system(profile.position.as_ref(), true)]),
        defaults: DefaultGeocodes::default(),
        read: 0,
        unreadable: 0,
        known_default: 0,
    };
    for file in files {
        let mut decoder = Decoder::new(Arc::clone(profile), context);
        let mut problem = None;
        read_file(
            file,
            &shape,
            &Arc::new(AtomicU64::new(0)),
            &mut |chunk| match decoder.given(&chunk) {
                Ok(rows) => {
                    for given in rows {
                        checking.take(given);
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    problem = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        if let Some(problem) = problem {
            let path = file.clone();
            return Err(FileError { path, problem }.into());
        }
    }
    Ok(checking.told())
}

/// The system that the profile sets, or the same with the other order of axes.
fn system(rule: Option<&PositionRule>, other_order: bool) -> System {
    let crs = rule.map_or_else(SourceCrs::default, |rule| rule.crs.clone());
    let swapped = rule.is_some_and(|rule| rule.swap) != other_order;
    match crs {
        SourceCrs::LonLat(crs) => System::of(crs, swapped),
        SourceCrs::Epsg(_) => System::new(&crs.to_string(), swapped, move |x, y| {
            crs.to_wgs84(x, y).unwrap_or((f64::NAN, f64::NAN))
        }),
    }
}

/// A check on its way.
struct Checking<'a> {
    names: &'a PlaceNames,
    check: CoordinateCheck,
    defaults: DefaultGeocodes,
    read: u64,
    unreadable: u64,
    known_default: u64,
}

impl Checking<'_> {
    fn take(&mut self, given: Option<crate::decode::Given>) {
        self.read += 1;
        let Some(given) = given else {
            self.unreadable += 1;
            return;
        };
        self.defaults.observe(given.lon, given.lat);
        if given.is_default {
            self.known_default += 1;
            return;
        }
        let declared = self.names.declared(&given.declared, given.requested_at);
        let at = given.requested_at.timestamp_micros();
        self.check.observe(given.lon, given.lat, at, &declared);
    }

    fn told(self) -> PlaceCheck {
        PlaceCheck {
            read: self.read,
            unreadable: self.unreadable,
            known_default: self.known_default,
            coordinates: self.check.report(self.names.city()),
            defaults: self.defaults.report(),
        }
    }
}

impl std::fmt::Display for PlaceCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "rows: {} read, {} of them unreadable, {} at a default position that the profile knows",
            self.read, self.unreadable, self.known_default
        )?;
        writeln!(f, "{}", self.coordinates)?;
        write!(f, "{}", self.defaults)
    }
}

#[cfg(test)]
mod tests;
