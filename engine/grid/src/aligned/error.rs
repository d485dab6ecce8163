//! Why there is no aligned grid.

use std::io;

use h3o::CellIndex;

/// Why a city has no aligned grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AlignedError {
    /// A cell that the city may touch holds a pole or lies across ±180°.
    #[error(
        "cell {cell} holds a pole or lies across 180 degrees of longitude, where it has no outline in longitude and latitude"
    )]
    Antimeridian {
        /// The cell.
        cell: CellIndex,
    },
    /// The boundary version is none of the city's smallest level.
    #[error("the boundary version is none of the city's smallest level")]
    ForeignVersion,
}

/// Why a saved grid cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlignedReadError {
    /// The bytes cannot be read, or end too early.
    #[error("the aligned grid cannot be read")]
    Io(#[from] io::Error),
    /// The bytes are no aligned grid.
    #[error("these are no bytes of an aligned grid")]
    Magic,
    /// Another layout than this program's.
    #[error("the aligned grid has layout {found}, this program reads layout {expected}")]
    Layout {
        /// The layout of the bytes.
        found: u32,
        /// The layout that is read.
        expected: u32,
    },
    /// Made for a city that is placed otherwise.
    #[error(
        "the aligned grid was made for a city with fingerprint {found:016x}, not {expected:016x}"
    )]
    City {
        /// The fingerprint in the bytes.
        found: u64,
        /// The city's own.
        expected: u64,
    },
    /// The content is not what was written.
    #[error("the bytes of the aligned grid are damaged")]
    Damaged,
}
