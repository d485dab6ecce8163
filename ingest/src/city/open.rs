//! Opening a boundary file: plain, gzip or zstd, by the end of its name.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::CityError;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Plain,
    Gzip,
    Zstd,
}

impl Compression {
    /// The compression that a boundary file's name tells.
    pub(super) fn of(path: &Path) -> Result<Self, CityError> {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        let (name, compression) = match name.rsplit_once('.') {
            Some((stem, "gz")) => (stem, Self::Gzip),
            Some((stem, "zst")) => (stem, Self::Zstd),
            _ => (name.as_str(), Self::Plain),
        };
        match name.rsplit_once('.') {
            Some((_, "geojson" | "json")) => Ok(compression),
            _ => Err(CityError::FileType {
                path: path.to_owned(),
            }),
        }
    }

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

/// A reader of the file's decompressed bytes, without a byte-order mark.
pub(super) fn open(path: &Path) -> Result<(Compression, Box<dyn Read>), CityError> {
    file_with_content(path)?;
    let compression = Compression::of(path)?;
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
    if start.starts_with(b"\xef\xbb\xbf") {
        bytes.consume(3);
    }
    Ok((compression, Box::new(bytes)))
}
