//! The coordinate system of a file: what the city file says, what the file itself says, and whether they agree.

use std::path::Path;

use citybrain_grid::BBox;
use citybrain_grid::geo::{CoordsIter, MapCoords};
use geojson::JsonValue;

use super::crs::{PositionError, SourceCrs};
use super::{CityError, Finding};

/// What a file says of its coordinate system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StatedCrs {
    /// The words of the file.
    pub(super) text: String,
    /// The code in the EPSG register; none when the words do not tell.
    pub(super) code: Option<u16>,
}

impl StatedCrs {
    /// A name such as `urn:ogc:def:crs:OGC:1.3:CRS84`, `urn:ogc:def:crs:EPSG::2263` or `EPSG:4326`.
    pub(super) fn of_name(name: &str) -> Self {
        let last = name.rsplit([':', '/']).next().unwrap_or_default();
        let code = match last {
            "CRS84" | "CRS84h" => Some(4326),
            number => number.parse().ok(),
        };
        Self {
            text: name.to_owned(),
            code,
        }
    }

    /// The `crs` member of GeoJSON before RFC 7946, and of TopoJSON.
    pub(super) fn of_member(crs: &JsonValue) -> Option<Self> {
        let name = crs.get("properties")?.get("name")?;
        Some(Self::of_name(name.as_str()?))
    }
}

/// The coordinate system of one file, while it is read.
#[derive(Debug)]
pub(super) struct FileCrs<'a> {
    path: &'a Path,
    /// What the city file says.
    key: Option<&'a SourceCrs>,
    crs: SourceCrs,
    /// Some position was no longitude and latitude.
    outside_degrees: bool,
}

/// A position of a file, and why it is none of the file's system.
#[derive(Debug)]
pub(super) struct NoPosition {
    pub(super) position: String,
    pub(super) reason: PositionError,
}

impl<'a> FileCrs<'a> {
    /// The system that the city file names; without one the file decides, and WGS 84 when that says nothing.
    pub(super) fn new(path: &'a Path, key: Option<&'a SourceCrs>) -> Self {
        Self {
            path,
            key,
            crs: key.cloned().unwrap_or_default(),
            outside_degrees: false,
        }
    }

    /// Takes in what the file says of its coordinate system after `count` features: it decides when the city file says nothing,
    /// and must not contradict it otherwise. GCJ-02 and BD-09 have no names, so a file in longitude and latitude may be any of
    /// those systems. What is to be known about it comes back.
    pub(super) fn states(
        &mut self,
        stated: &StatedCrs,
        count: usize,
    ) -> Result<Option<Finding>, CityError> {
        let path = || self.path.to_owned();
        let near = |crs: &SourceCrs| crs.is_near().then(|| Finding::datum(&stated.text));
        let Some(code) = stated.code else {
            return match self.key {
                Some(_) => Ok(None),
                None => Err(CityError::CrsNeeded {
                    path: path(),
                    crs: stated.text.clone(),
                }),
            };
        };
        let crs = SourceCrs::of_epsg(code);
        match (self.key, crs) {
            (Some(SourceCrs::LonLat(_)), Ok(crs)) if !crs.is_projected() => Ok(near(&crs)),
            (Some(SourceCrs::Epsg(_)), Ok(crs)) if crs == self.crs => Ok(None),
            (Some(key), _) => Err(CityError::CrsConflict {
                path: path(),
                crs: stated.text.clone(),
                key: key.to_string(),
            }),
            (None, Err(error)) => Err(CityError::FileCrs {
                path: path(),
                crs: stated.text.clone(),
                reason: error.to_string(),
            }),
            (None, Ok(crs)) if crs.is_projected() && count > 0 => Err(CityError::CrsNeeded {
                path: path(),
                crs: stated.text.clone(),
            }),
            (None, Ok(crs)) => {
                let finding = near(&crs);
                self.crs = crs;
                Ok(finding)
            }
        }
    }

    /// A geometry of the file in WGS 84 degrees.
    pub(super) fn in_wgs84<G>(&mut self, geometry: &G) -> Result<G, NoPosition>
    where
        G: MapCoords<f64, f64, Output = G> + CoordsIter<Scalar = f64>,
    {
        let mut positions = geometry.coords_iter();
        self.outside_degrees |= positions.any(|at| !BBox::EARTH.holds(at.x, at.y));
        geometry.try_map_coords(|at| {
            let wgs84 = self.crs.to_wgs84(at.x, at.y);
            wgs84.map(Into::into).map_err(|reason| NoPosition {
                position: format!("[{:?}, {:?}]", at.x, at.y),
                reason,
            })
        })
    }

    /// The system that the file was read in.
    ///
    /// # Errors
    /// When all positions of a system in metres were degrees: they would all fall on one spot near the system's origin.
    pub(super) fn finish(self) -> Result<SourceCrs, CityError> {
        if self.crs.is_projected() && !self.outside_degrees {
            return Err(CityError::Degrees {
                path: self.path.to_owned(),
                crs: self.crs.to_string(),
            });
        }
        Ok(self.crs)
    }
}
