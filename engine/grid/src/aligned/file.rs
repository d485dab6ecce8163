//! The aligned grid as bytes.
//!
//! Little-endian, without gaps: the magic `CBALIGND`; the layout (u32); the city's fingerprint (u64); the version's number
//! (u32); the resolution (u32); the number of aligned cells (u64); the columns one after another: cell (u64), area (u32), km²
//! (f64), share (f64); at last XXH3 over all of it (u64).

use std::io::{self, Read, Write};

use h3o::{CellIndex, Resolution};
use xxhash_rust::xxh3::Xxh3;

use super::{AlignedGrid, AlignedReadError, smallest};
use crate::City;

const MAGIC: [u8; 8] = *b"CBALIGND";
/// Raised when bytes are laid out otherwise, and when the same city gets another grid: what was written before is then made anew.
const LAYOUT: u32 = 2;
/// Bytes that are read or written at once: a multiple of every column's width.
const PIECE: usize = 1 << 16;

impl AlignedGrid {
    /// Writes the grid as bytes, 28 for each aligned cell.
    ///
    /// # Errors
    /// Whatever the writer refuses.
    pub fn write(&self, writer: impl Write) -> io::Result<()> {
        let mut out = Hashed::new(writer);
        out.write(&MAGIC)?;
        out.write(&LAYOUT.to_le_bytes())?;
        out.write(&self.fingerprint.to_le_bytes())?;
        out.write(&self.version.to_le_bytes())?;
        out.write(&u32::from(u8::from(self.resolution)).to_le_bytes())?;
        out.write(&(self.len() as u64).to_le_bytes())?;
        out.write_column(&self.cells, u64::to_le_bytes)?;
        out.write_column(&self.areas, u32::to_le_bytes)?;
        out.write_column(&self.km2, f64::to_le_bytes)?;
        out.write_column(&self.shares, f64::to_le_bytes)?;
        let hash = out.hash.digest();
        out.inner.write_all(&hash.to_le_bytes())?;
        out.inner.flush()
    }

    /// Reads a grid that was written for this city. A city with other boundaries, another zone or base resolution is
    /// another city.
    ///
    /// # Errors
    /// [`AlignedReadError`]: the bytes end early, are something else, belong to another city, or are damaged.
    pub fn read(reader: impl Read, city: &City) -> Result<Self, AlignedReadError> {
        let mut source = Hashed::new(reader);
        if source.read()? != MAGIC {
            return Err(AlignedReadError::Magic);
        }
        let layout = u32::from_le_bytes(source.read()?);
        if layout != LAYOUT {
            return Err(AlignedReadError::Layout {
                found: layout,
                expected: LAYOUT,
            });
        }
        let found = u64::from_le_bytes(source.read()?);
        if found != city.fingerprint {
            return Err(AlignedReadError::City {
                found,
                expected: city.fingerprint,
            });
        }
        let version = u32::from_le_bytes(source.read()?);
        let resolution = u32::from_le_bytes(source.read()?);
        let resolution = u8::try_from(resolution)
            .ok()
            .and_then(|number| Resolution::try_from(number).ok())
            .ok_or(AlignedReadError::Damaged)?;
        let count = u64::from_le_bytes(source.read()?);
        let count = usize::try_from(count).or(Err(AlignedReadError::Damaged))?;
        let grid = Self {
            resolution,
            fingerprint: found,
            version,
            cells: source.read_column(count, u64::from_le_bytes)?,
            areas: source.read_column(count, u32::from_le_bytes)?,
            km2: source.read_column(count, f64::from_le_bytes)?,
            shares: source.read_column(count, f64::from_le_bytes)?,
        };
        let hash = source.hash.digest();
        if u64::from_le_bytes(source.read()?) != hash || !grid.is_sound(city) {
            return Err(AlignedReadError::Damaged);
        }
        Ok(grid)
    }

    /// Whether all that the methods rely on holds.
    fn is_sound(&self, city: &City) -> bool {
        let level = smallest(city);
        let Some(version) = level.versions().get(self.version()) else {
            return false;
        };
        let in_version = |area: &u32| version.areas.contains(area);
        let is_cell = |cell: &u64| {
            CellIndex::try_from(*cell).is_ok_and(|cell| cell.resolution() == self.resolution)
        };
        let pairs: Vec<_> = self.cells.iter().zip(&self.areas).collect();
        pairs.windows(2).all(|pair| pair[0] < pair[1])
            && self.areas.iter().all(in_version)
            && self.cells.iter().all(is_cell)
    }
}

/// A reader or writer that hashes what passes.
struct Hashed<T> {
    inner: T,
    hash: Xxh3,
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Xxh3::new(),
        }
    }
}

impl<W: Write> Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }

    fn write_column<V: Copy, const N: usize>(
        &mut self,
        values: &[V],
        bytes: fn(V) -> [u8; N],
    ) -> io::Result<()> {
        for values in values.chunks(PIECE / N) {
            let piece: Vec<u8> = values.iter().flat_map(|value| bytes(*value)).collect();
            self.write(&piece)?;
        }
        Ok(())
    }
}

impl<R: Read> Hashed<R> {
    fn read<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.hash.update(&bytes);
        Ok(bytes)
    }

    /// Memory grows with what is there, not with the count that the bytes claim.
    fn read_column<V, const N: usize>(
        &mut self,
        count: usize,
        value: fn([u8; N]) -> V,
    ) -> io::Result<Vec<V>> {
        let mut values = Vec::new();
        let mut piece = vec![0; PIECE];
        while values.len() < count {
            let bytes = &mut piece[..N * (PIECE / N).min(count - values.len())];
            self.inner.read_exact(bytes)?;
            self.hash.update(bytes);
            let (arrays, _) = bytes.as_chunks::<N>();
            values.extend(arrays.iter().map(|array| value(*array)));
        }
        Ok(values)
    }
}
