//! Opening a boundary file: its format and compression by the end of its name, held against its first bytes.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::CityError;

/// What a boundary file's name says that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// GeoJSON, a sequence of GeoJSON features, or TopoJSON: the text itself tells which.
    Json,
    GeoParquet,
    Shapefile,
    /// An archive with a shapefile in it.
    Zip,
}

impl Format {
    /// The format and compression that a boundary file's name tells.
    pub(super) fn of(path: &Path) -> Result<(Self, Compression), CityError> {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        let (name, compression) = match name.rsplit_once('.') {
            Some((stem, "gz")) => (stem, Compression::Gzip),
            Some((stem, "zst")) => (stem, Compression::Zstd),
            _ => (name.as_str(), Compression::Plain),
        };
        let format = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some(
                "geojson" | "json" | "topojson" | "geojsonl" | "geojsons" | "geojsonseq" | "ndjson"
                | "jsonl",
            ) => Self::Json,
            Some("parquet" | "geoparquet") => Self::GeoParquet,
            Some("shp") => Self::Shapefile,
            Some("zip") => Self::Zip,
            _ => {
                let path = path.to_owned();
                return Err(CityError::FileType { path });
            }
        };
        // Parquet and zip are compressed inside, and a shapefile is several files.
        if format != Self::Json && compression != Compression::Plain {
            let path = path.to_owned();
            return Err(CityError::CompressedTwice { path });
        }
        Ok((format, compression))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::GeoParquet => "Parquet",
            Self::Shapefile => "a shapefile",
            Self::Zip => "a zip archive",
        }
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Plain,
    Gzip,
    Zstd,
}

impl Compression {
    /// The error of a decoder or of the disk, as it concerns the file.
    pub(super) fn error(self, path: &Path, error: io::Error) -> CityError {
        let path = path.to_owned();
        match self {
            Self::Plain => CityError::File { path, error },
            Self::Gzip => CityError::Compression {
                path,
                method: "gzip",
                error,
            },
            Self::Zstd => CityError::Compression {
                path,
                method: "zstd",
                error,
            },
        }
    }
}

/// Checks that a path is a file with something in it.
pub(super) fn file_with_content(path: &Path) -> Result<(), CityError> {
    let of = |error| CityError::File {
        path: path.to_owned(),
        error,
    };
    let metadata = fs::metadata(path).map_err(of)?;
    if metadata.is_dir() {
        return Err(CityError::Directory {
            path: path.to_owned(),
        });
    }
    if metadata.len() == 0 {
        return Err(CityError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// A reader of the file's decompressed bytes, without a byte-order mark. What begins like another format is refused.
pub(super) fn open(
    path: &Path,
    format: Format,
    compression: Compression,
) -> Result<Box<dyn BufRead>, CityError> {
    let file = File::open(path).map_err(|error| CityError::File {
        path: path.to_owned(),
        error,
    })?;
    let file = BufReader::new(file);
    let failed = |error| compression.error(path, error);
    let mut bytes: Box<dyn BufRead> = match compression {
        Compression::Plain => Box::new(file),
        Compression::Gzip => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(file).map_err(failed)?;
            Box::new(BufReader::new(decoder))
        }
    };
    let start = bytes.fill_buf().map_err(failed)?;
    if start.is_empty() {
        return Err(CityError::Empty {
            path: path.to_owned(),
        });
    }
    if let Some(content) = content(start)
        && content != format.as_str()
    {
        return Err(CityError::Content {
            path: path.to_owned(),
            expected: format.as_str(),
            content,
        });
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        bytes.consume(3);
    }
    Ok(bytes)
}

/// All bytes of an uncompressed file.
pub(super) fn read_all(path: &Path, format: Format) -> Result<Vec<u8>, CityError> {
    let mut all = Vec::new();
    open(path, format, Compression::Plain)?
        .read_to_end(&mut all)
        .map_err(|error| Compression::Plain.error(path, error))?;
    Ok(all)
}

/// What the first bytes of a file say that it is.
fn content(start: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", Format::Zip.as_str()),
        (b"PAR1", Format::GeoParquet.as_str()),
        (b"\x00\x00\x27\x0a", Format::Shapefile.as_str()),
        (b"\x1f\x8b", "gzip data"),
        (b"\x28\xb5\x2f\xfd", "zstd data"),
    ];
    let signature = SIGNATURES
        .into_iter()
        .find(|(bytes, _)| start.starts_with(bytes));
    signature.map(|(_, name)| name)
}
