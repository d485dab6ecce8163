//! Well-known binary: polygons, lines and collections of either in either byte order, with or without heights, measures and a system's number.

use citybrain_grid::geo::{LineString, MultiLineString};

use super::RawGeometry;

/// Why bytes are no geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WkbError {
    #[error("the geometry's bytes end too early")]
    Cut,
    #[error("the geometry's byte order is {0}, neither 0 nor 1")]
    ByteOrder(u8),
    #[error("the geometry has the type number {0}, which WKB does not know")]
    Type(u32),
    #[error("{0} bytes follow the geometry")]
    Trailing(usize),
}

/// Reads a geometry (OGC 06-103r4 section 8, and the flags of `PostGIS` for Z, M and SRID).
pub(super) fn geometry(bytes: &[u8]) -> Result<RawGeometry, WkbError> {
    let mut reader = Reader {
        rest: bytes,
        big: false,
    };
    let (kind, dimensions) = reader.header()?;
    let polygons = match kind {
        LINE => {
            let line = reader.line(dimensions)?;
            return reader.end(RawGeometry::Lines(name(kind)?, MultiLineString(vec![line])));
        }
        MULTI_LINE => {
            let lines = reader.members(LINE, Reader::line)?;
            return reader.end(RawGeometry::Lines(name(kind)?, MultiLineString(lines)));
        }
        POLYGON => vec![reader.polygon(dimensions)?],
        MULTI_POLYGON => reader.members(POLYGON, Reader::polygon)?,
        other => return Ok(RawGeometry::Other(name(other)?)),
    };
    reader.end(RawGeometry::of_rings(polygons.into_iter()))
}

/// The name of a kind of geometry.
fn name(kind: u32) -> Result<String, WkbError> {
    let name = usize::try_from(kind).ok().and_then(|at| NAMES.get(at));
    Ok((*name.ok_or(WkbError::Type(kind))?).to_owned())
}

const LINE: u32 = 2;
const MULTI_LINE: u32 = 5;
const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;

/// The kinds of geometry by number.
const NAMES: [&str; 18] = [
    "Geometry",
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
    "CircularString",
    "CompoundCurve",
    "CurvePolygon",
    "MultiCurve",
    "MultiSurface",
    "Curve",
    "Surface",
    "PolyhedralSurface",
    "TIN",
    "Triangle",
];

struct Reader<'a> {
    rest: &'a [u8],
    /// The most significant byte comes first.
    big: bool,
}

impl Reader<'_> {
    /// Byte order, kind and number of dimensions.
    fn header(&mut self) -> Result<(u32, usize), WkbError> {
        self.big = match self.bytes::<1>()? {
            [0] => true,
            [1] => false,
            [other] => return Err(WkbError::ByteOrder(other)),
        };
        let word = self.u32()?;
        let flag = |bit: u32| word & bit != 0;
        if flag(0x2000_0000) {
            self.u32()?;
        }
        let number = word & 0x1fff_ffff;
        let (z, m) = match number / 1000 {
            0 => (flag(0x8000_0000), flag(0x4000_0000)),
            1 => (true, false),
            2 => (false, true),
            3 => (true, true),
            _ => return Err(WkbError::Type(word)),
        };
        Ok((number % 1000, 2 + usize::from(z) + usize::from(m)))
    }

    /// The geometry, when no byte is left.
    fn end(&self, geometry: RawGeometry) -> Result<RawGeometry, WkbError> {
        match self.rest.len() {
            0 => Ok(geometry),
            left => Err(WkbError::Trailing(left)),
        }
    }

    /// The members of a collection, each of this kind.
    fn members<T>(
        &mut self,
        of: u32,
        read: impl Fn(&mut Self, usize) -> Result<T, WkbError>,
    ) -> Result<Vec<T>, WkbError> {
        let mut members = Vec::new();
        for _ in 0..self.u32()? {
            let (kind, dimensions) = self.header()?;
            if kind != of {
                return Err(WkbError::Type(kind));
            }
            members.push(read(self, dimensions)?);
        }
        Ok(members)
    }

    fn polygon(&mut self, dimensions: usize) -> Result<Vec<LineString<f64>>, WkbError> {
        (0..self.u32()?).map(|_| self.line(dimensions)).collect()
    }

    /// A line, or a ring of a polygon.
    fn line(&mut self, dimensions: usize) -> Result<LineString<f64>, WkbError> {
        let mut coords = Vec::new();
        for _ in 0..self.u32()? {
            let (x, y) = (self.f64()?, self.f64()?);
            for _ in 2..dimensions {
                self.f64()?;
            }
            coords.push((x, y));
        }
        Ok(coords.into())
    }

    fn u32(&mut self) -> Result<u32, WkbError> {
        let bytes = self.bytes()?;
        Ok(if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn f64(&mut self) -> Result<f64, WkbError> {
        let bytes = self.bytes()?;
        Ok(if self.big {
            f64::from_be_bytes(bytes)
        } else {
            f64::from_le_bytes(bytes)
        })
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], WkbError> {
        let (first, rest) = self.rest.split_first_chunk().ok_or(WkbError::Cut)?;
        self.rest = rest;
        Ok(*first)
    }
}
