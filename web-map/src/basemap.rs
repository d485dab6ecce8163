//! The basemap: one `PMTiles` file with streets, served by ranges of bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Where the page finds the basemap.
pub(crate) const PATH: &str = "/basemap.pmtiles";

/// What a file of the third version begins with.
const MAGIC: &[u8; 8] = b"PMTiles\x03";
/// The header's length, bytes.
const HEADER: usize = 127;

/// An open `PMTiles` file (version 3). It is read where a client asks, never as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Basemap {
    file: Arc<File>,
    /// Its length, bytes.
    pub(crate) bytes: u64,
    /// Changes when the file does: a client that mixes parts of two files would draw nonsense.
    pub(crate) tag: String,
}

/// Why a file is no basemap.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BasemapError {
    /// It cannot be read.
    #[error("basemap {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error("basemap {}: is no PMTiles file of version 3", .0.display())]
    Form(PathBuf),
}

impl Basemap {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// It cannot be read, or is no `PMTiles` file of version 3.
    pub(crate) fn open(path: &Path) -> Result<Self, BasemapError> {
        let failed = |source| BasemapError::File {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let told = file.metadata().map_err(failed)?;
        let mut head = [0; HEADER];
        match file.read_exact_at(&mut head, 0) {
            Ok(()) if told.is_file() && head.starts_with(MAGIC) => {}
            Ok(()) => return Err(BasemapError::Form(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(BasemapError::Form(path.to_owned()));
            }
            Err(error) => return Err(failed(error)),
        }
        let changed = told.modified().map_err(failed)?;
        let changed = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            file: Arc::new(file),
            bytes: told.len(),
            tag: format!("{:x}-{:x}", told.len(), changed.as_nanos()),
        })
    }

    /// The bytes from `first` to `last`, both included and inside the file. Blocks.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn read(&self, first: u64, last: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(last - first + 1).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, first)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_kind_is_no_basemap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("streets.pmtiles");
        for content in [&b"PMTiles\x02 and more"[..], b"", b"GIF89a"] {
            std::fs::write(&path, [content, &[0; 200]].concat()).unwrap();
            let error = Basemap::open(&path).unwrap_err();
            assert!(error.to_string().ends_with("no PMTiles file of version 3"));
        }
        std::fs::write(&path, MAGIC).unwrap();
        assert!(matches!(Basemap::open(&path), Err(BasemapError::Form(_))));
        assert!(matches!(
            Basemap::open(folder.path()),
            Err(BasemapError::File { .. } | BasemapError::Form(_))
        ));
    }

    #[test]
    fn what_is_read_lies_where_it_was_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("streets.pmtiles");
        let mut content = MAGIC.to_vec();
        content.extend((0..200).map(|byte: u8| byte));
        std::fs::write(&path, &content).unwrap();
        let basemap = Basemap::open(&path).unwrap();
        assert_eq!(basemap.bytes, 208);
        assert_eq!(basemap.read(8, 10).unwrap(), [0, 1, 2]);
    }
}
