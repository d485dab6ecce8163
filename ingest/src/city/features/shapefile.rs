//! Shapefiles, as files side by side or in a zip archive.
//!
//! A shape is a heap of rings; the format tells outer rings from holes by their turning, which many writers get wrong. So
//! the turning is not asked: a ring that lies in an even number of the others is an outer ring, one in an odd number is a hole
//! of the innermost. That is the even-odd rule, by which places are found.

use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use citybrain_grid::geo::coordinate_position::{CoordPos, CoordinatePosition};
use citybrain_grid::geo::{
    BoundingRect, Coord, Intersects, LineString, MultiPolygon, Polygon, Rect,
};
use shapefile::record::traits::HasXY;
use shapefile::{PolygonRing, Shape, ShapeReader};
use zip::ZipArchive;

use super::super::Finding;
use super::super::open::{Compression, Format, file_with_content, open, read_all};
use super::{CityError, RawFeature, RawGeometry, TakesFeatures, chosen, dbf, no_object, prj};

/// The files of a shapefile.
struct Parts {
    shp: Vec<u8>,
    dbf: Vec<u8>,
    /// The coordinate system.
    prj: Option<String>,
    /// The name of the attributes' encoding.
    cpg: Option<String>,
}

/// The file that belongs to a `.shp` and has another ending, in small or capital letters; none when there is no such file.
pub(in crate::city) fn sidecar(shp: &Path, ending: &str) -> Option<PathBuf> {
    [ending.to_owned(), ending.to_uppercase()]
        .iter()
        .map(|ending| shp.with_extension(ending))
        .find(|path| path.is_file())
}

/// Gives every shape of a `.shp` to `areas`, with its row of the `.dbf` beside it.
pub(super) fn read(path: &Path, areas: &mut dyn TakesFeatures) -> Result<(), CityError> {
    no_object(path, areas)?;
    let shp = read_all(path, Format::Shapefile)?;
    let failed = |path: PathBuf| move |error| CityError::File { path, error };
    let text = |ending| {
        let file = sidecar(path, ending);
        file.map(|file| {
            fs::read(&file)
                .map(|bytes| lossy(&bytes))
                .map_err(failed(file))
        })
        .transpose()
    };
    let dbf = sidecar(path, "dbf").ok_or_else(|| no_dbf(path))?;
    file_with_content(&dbf)?;
    let parts = Parts {
        shp,
        dbf: fs::read(&dbf).map_err(failed(dbf))?,
        prj: text("prj")?,
        cpg: text("cpg")?,
    };
    parts.read(path, areas)
}

/// Gives every shape of a shapefile in an archive to `areas`.
pub(super) fn read_zip(path: &Path, areas: &mut dyn TakesFeatures) -> Result<(), CityError> {
    drop(open(path, Format::Zip, Compression::Plain)?);
    let unreadable = |message: String| unreadable(path, "zip archive", &message);
    let file = File::open(path).map_err(|error| Compression::Plain.error(path, error))?;
    let mut archive = ZipArchive::new(file).map_err(|error| unreadable(error.to_string()))?;
    let members = archive.file_names().map(|name| name.map(Into::into));
    let members: Vec<String> = members
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(error.to_string()))?;
    let layers: Vec<&str> = members
        .iter()
        .filter_map(|name| layer(name, "shp"))
        .collect();
    if layers.is_empty() {
        return Err(unreadable("it holds no .shp".to_owned()));
    }
    let chosen = chosen(path, areas.object(), &layers)?;
    let mut member = |ending| -> Result<Option<Vec<u8>>, CityError> {
        let Some(name) = members
            .iter()
            .find(|name| layer(name, ending) == Some(chosen))
        else {
            return Ok(None);
        };
        let mut file = archive
            .by_name(name)
            .map_err(|error| unreadable(format!("{name}: {error}")))?
            .take(LARGEST_BYTES + 1);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| unreadable(format!("{name}: {error}")))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST_BYTES) {
            let gib = LARGEST_BYTES >> 30;
            return Err(unreadable(format!("{name}: is larger than {gib} GiB")));
        }
        Ok(Some(bytes))
    };
    let parts = Parts {
        shp: member("shp")?.unwrap_or_default(),
        dbf: member("dbf")?.ok_or_else(|| no_dbf(path))?,
        prj: member("prj")?.map(|bytes| lossy(&bytes)),
        cpg: member("cpg")?.map(|bytes| lossy(&bytes)),
    };
    parts.read(path, areas)
}

/// The most that one file of an archive may unpack to: no file of a shapefile can be longer than 2 GiB.
const LARGEST_BYTES: u64 = 2 << 30;

/// The path of a member without its ending, when it has this one. What macOS adds under `__MACOSX` is no layer.
fn layer<'a>(member: &'a str, ending: &str) -> Option<&'a str> {
    let (stem, of) = member.rsplit_once('.')?;
    let file = stem.rsplit('/').next().unwrap_or(stem);
    let shadow = member.starts_with("__MACOSX/") || file.starts_with('.');
    (of.eq_ignore_ascii_case(ending) && !shadow).then_some(stem)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn no_dbf(path: &Path) -> CityError {
    unreadable(path, "shapefile", "the .dbf with its attributes is missing")
}

fn unreadable(path: &Path, format: &'static str, message: &str) -> CityError {
    CityError::Unreadable {
        path: path.to_owned(),
        format,
        message: message.replace('\n', "; "),
    }
}

impl Parts {
    fn read(self, path: &Path, areas: &mut dyn TakesFeatures) -> Result<(), CityError> {
        if let Some(wkt) = &self.prj {
            areas.states(&prj::stated(wkt))?;
        }
        let table = dbf::read(&self.dbf, self.cpg.as_deref())
            .map_err(|error| unreadable(path, "shapefile", &format!(".dbf: {error}")))?;
        if let Some(encoding) = table.guessed {
            areas.finding(Finding::encoding(encoding));
        }
        let broken = |message: String| unreadable(path, "shapefile", &message);
        let mut shapes = ShapeReader::new(Cursor::new(&self.shp))
            .map_err(|error| broken(format!(".shp: {error}")))?;
        let mut records = table.records.into_iter();
        for (at, shape) in shapes.iter_shapes().enumerate() {
            let shape =
                shape.map_err(|error| broken(format!(".shp: shape {}: {error}", at + 1)))?;
            let record = records
                .next()
                .ok_or_else(|| broken(format!("the .dbf ends before shape {}", at + 1)))?;
            // A deleted row deletes its shape.
            if let Some(properties) = record {
                areas.feature(RawFeature {
                    id: None,
                    properties,
                    geometry: geometry(shape),
                })?;
            }
        }
        match records.count() {
            0 => Ok(()),
            more => Err(broken(format!("the .dbf has {more} rows more than shapes"))),
        }
    }
}

fn geometry(shape: Shape) -> RawGeometry {
    let polygon = match shape {
        Shape::NullShape => return RawGeometry::None,
        Shape::Polygon(polygon) => rings(polygon.rings()),
        Shape::PolygonM(polygon) => rings(polygon.rings()),
        Shape::PolygonZ(polygon) => rings(polygon.rings()),
        Shape::Polyline(line) => return lines(line.parts()),
        Shape::PolylineM(line) => return lines(line.parts()),
        Shape::PolylineZ(line) => return lines(line.parts()),
        other => return RawGeometry::Other(other.shapetype().to_string()),
    };
    RawGeometry::Polygons(nested(polygon))
}

/// The parts of a polyline.
fn lines<P: HasXY>(parts: &[Vec<P>]) -> RawGeometry {
    let line = |part: &Vec<P>| -> LineString<f64> {
        let coords = part.iter().map(|at| Coord {
            x: at.x(),
            y: at.y(),
        });
        coords.collect()
    };
    RawGeometry::Lines("Polyline".to_owned(), parts.iter().map(line).collect())
}

fn rings<P: HasXY>(rings: &[PolygonRing<P>]) -> Vec<LineString<f64>> {
    let ring = |ring: &PolygonRing<P>| {
        let coords = ring.points().iter().map(|at| Coord {
            x: at.x(),
            y: at.y(),
        });
        coords.collect()
    };
    rings.iter().map(ring).collect()
}

/// Polygons from rings by how they lie in each other. Cost: each ring against those whose rectangles hold its own.
fn nested(rings: Vec<LineString<f64>>) -> MultiPolygon<f64> {
    let shapes: Vec<(Polygon<f64>, Option<Rect<f64>>)> = rings
        .into_iter()
        .map(|ring| {
            let shape = Polygon::new(ring, Vec::new());
            let rect = shape.bounding_rect();
            (shape, rect)
        })
        .collect();
    let around = |at: usize| -> Vec<usize> {
        let (ring, rect) = &shapes[at];
        let near = (0..shapes.len()).filter(|&other| {
            let (Some(rect), Some(around)) = (rect, shapes[other].1) else {
                return false;
            };
            other != at && around.intersects(rect) && lies_in(ring, &shapes[other].0)
        });
        near.collect()
    };
    let around: Vec<Vec<usize>> = (0..shapes.len()).map(around).collect();
    let is_hole = |at: usize| around[at].len() % 2 == 1;
    let mut holes: Vec<Vec<LineString<f64>>> = vec![Vec::new(); shapes.len()];
    for at in (0..shapes.len()).filter(|&at| is_hole(at)) {
        // The innermost ring around it has the most rings around itself.
        let outer = around[at].iter().copied().filter(|&other| !is_hole(other));
        if let Some(outer) = outer.max_by_key(|&other| around[other].len()) {
            holes[outer].push(shapes[at].0.exterior().clone());
        }
    }
    let polygons = shapes.iter().zip(holes).enumerate();
    polygons
        .filter(|(at, _)| !is_hole(*at))
        .map(|(_, ((shape, _), holes))| Polygon::new(shape.exterior().clone(), holes))
        .collect()
}

/// Whether a ring lies in another, by its first vertex that is not on the other's edge.
fn lies_in(ring: &Polygon<f64>, other: &Polygon<f64>) -> bool {
    let positions = ring.exterior().coords();
    let mut positions = positions.map(|at| other.coordinate_position(at));
    positions.find(|position| *position != CoordPos::OnBoundary) == Some(CoordPos::Inside)
}
