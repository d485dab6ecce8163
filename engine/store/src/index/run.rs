//! One run: identities in sorted order in a file, and in memory what finds them.
//!
//! A run never changes. The file holds a head, the entries (32 bytes each, by identity), and a directory: where each bucket of
//! about 16 entries begins, and 16 bits of each identity. The directory is in memory (2.25 bytes an entry), so a record that
//! is not in the run costs a file read once in about 4,000 times, and one that is costs one read of 32 bytes.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use citybrain_model::Identity;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::{IndexError, Known, NUMBER};
use crate::schema::ROW_NUMBER_BITS;

/// What a run's file says of itself, in its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Entries.
    pub(crate) entries: u64,
    /// The newest flush that is in the run; grows with each flush of a table.
    pub(crate) stamp: u64,
    /// First and last month of its rows.
    pub(crate) months: [i32; 2],
}

/// A run, open.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) path: PathBuf,
    pub(crate) head: Head,
    file: File,
    /// Where each bucket begins; one more than there are buckets.
    starts: Vec<u32>,
    /// The low 16 bits of each identity.
    marks: Vec<u16>,
}

/// An entry as it is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) identity: Identity,
    pub(super) known: Known,
}

const MAGIC: &[u8; 8] = b"cbrun\0\0\x01";
const HEAD_BYTES: usize = 48;
const ENTRY_BYTES: usize = 32;
/// Entries of a bucket, on average.
const BUCKET: u64 = 16;
/// Most entries of one run: their numbers are 32 bits wide.
pub(super) const ENTRIES_MAX: u64 = u32::MAX as u64;
const BUFFER: usize = 1 << 20;
/// Identities that are looked for together.
const TOGETHER: usize = 64;

impl Run {
    /// Writes a run of `entries`, which come in order and once each, at most `entries_max`; it is on disk when this returns.
    pub(super) fn write(
        path: &Path,
        stamp: u64,
        entries_max: u64,
        entries: impl Iterator<Item = Result<Entry, IndexError>>,
    ) -> Result<Self, IndexError> {
        let failed = |source| IndexError::io(path, source);
        let file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let mut out = BufWriter::with_capacity(BUFFER, file);
        out.write_all(&[0; HEAD_BYTES]).map_err(failed)?;
        let buckets = buckets_of(entries_max);
        // As large as they become: one that grows holds up to twice of it.
        let room = |items: u64| usize::try_from(items).unwrap_or(0);
        let mut starts: Vec<u32> = Vec::with_capacity(room(buckets + 1));
        let mut marks: Vec<u16> = Vec::with_capacity(room(entries_max));
        let mut months = [i32::MAX, i32::MIN];
        for entry in entries {
            let entry = entry?;
            let bucket = bucket_of(entry.identity, buckets);
            // Buckets before this one that got no entry begin here too.
            while starts.len() as u64 <= bucket {
                starts.push(number32(marks.len()));
            }
            marks.push(mark_of(entry.identity));
            let month = month_of(entry.known.row_id);
            months = [months[0].min(month), months[1].max(month)];
            out.write_all(&to_bytes(entry)).map_err(failed)?;
        }
        while starts.len() as u64 <= buckets {
            starts.push(number32(marks.len()));
        }
        let head = Head {
            entries: marks.len() as u64,
            stamp,
            months,
        };
        let mut hash = Xxh3::new();
        let mut directory = |bytes: &[u8]| {
            hash.update(bytes);
            out.write_all(bytes)
        };
        for start in &starts {
            directory(&start.to_le_bytes()).map_err(failed)?;
        }
        for mark in &marks {
            directory(&mark.to_le_bytes()).map_err(failed)?;
        }
        let head_bytes = head.to_bytes(buckets);
        let sum = hash.digest() ^ xxh3_64(&head_bytes);
        out.write_all(&sum.to_le_bytes()).map_err(failed)?;
        let file = out
            .into_inner()
            .map_err(|error| IndexError::io(path, error.into_error()))?;
        file.write_all_at(&head_bytes, 0).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            head,
            file,
            starts,
            marks,
        })
    }

    /// Opens a run and reads its directory.
    pub(super) fn open(path: &Path) -> Result<Self, IndexError> {
        let failed = |source| IndexError::io(path, source);
        let damaged = |reason| IndexError::damaged(path, reason);
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let mut head_bytes = [0; HEAD_BYTES];
        file.read_exact_at(&mut head_bytes, 0).map_err(failed)?;
        let (head, buckets) =
            Head::from_bytes(&head_bytes).ok_or_else(|| damaged("its head cannot be read"))?;
        let at = HEAD_BYTES as u64 + head.entries * ENTRY_BYTES as u64;
        let directory_bytes = (buckets + 1) * 4 + head.entries * 2;
        if head.entries > ENTRIES_MAX || bytes != at + directory_bytes + 8 {
            return Err(damaged("it is cut off"));
        }
        let size =
            usize::try_from(directory_bytes).map_err(|_larger| damaged("it is too large"))?;
        let mut directory = vec![0; size + 8];
        file.read_exact_at(&mut directory, at).map_err(failed)?;
        let (directory, sum) = directory.split_at(size);
        if (xxh3_64(directory) ^ xxh3_64(&head_bytes)).to_le_bytes() != sum {
            return Err(damaged("the sum of its directory is wrong"));
        }
        let starts_bytes = directory.len() - 2 * usize::try_from(head.entries).unwrap_or(0);
        let (starts, marks) = directory.split_at(starts_bytes);
        let (starts, _) = starts.as_chunks::<4>();
        let (marks, _) = marks.as_chunks::<2>();
        Ok(Self {
            path: path.to_owned(),
            head,
            file,
            starts: starts
                .iter()
                .map(|&bytes| u32::from_le_bytes(bytes))
                .collect(),
            marks: marks
                .iter()
                .map(|&bytes| u16::from_le_bytes(bytes))
                .collect(),
        })
    }

    /// Looks for `identities`; what is found and newer than what `known` has takes its place.
    pub(super) fn find(
        &self,
        identities: &[Identity],
        known: &mut [Option<Known>],
    ) -> Result<(), IndexError> {
        let buckets = self.starts.len() as u64 - 1;
        // Each step by itself for many: the processor then waits for many places of the directory at once, not for one after another.
        let mut spans = [(0, 0); TOGETHER];
        let mut hits = [false; TOGETHER];
        for (identities, known) in identities.chunks(TOGETHER).zip(known.chunks_mut(TOGETHER)) {
            for (identity, span) in identities.iter().zip(&mut spans) {
                let bucket = usize::try_from(bucket_of(*identity, buckets)).unwrap_or(usize::MAX);
                *span = (
                    self.starts[bucket] as usize,
                    self.starts[bucket + 1] as usize,
                );
            }
            for ((identity, &(begin, end)), hit) in identities.iter().zip(&spans).zip(&mut hits) {
                let mark = mark_of(*identity);
                // Counted to the end: without a branch many are compared at once.
                let marks = self.marks[begin..end].iter();
                *hit = marks.filter(|found| **found == mark).count() > 0;
            }
            for (((identity, &span), _), known) in identities
                .iter()
                .zip(&spans)
                .zip(&hits)
                .zip(known)
                .filter(|((_, hit), _)| **hit)
            {
                self.look(*identity, span, known)?;
            }
        }
        Ok(())
    }

    /// Looks among the entries of one bucket.
    fn look(
        &self,
        identity: Identity,
        (begin, end): (usize, usize),
        known: &mut Option<Known>,
    ) -> Result<(), IndexError> {
        let mark = mark_of(identity);
        let marks = self.marks[begin..end].iter().enumerate();
        for (at, _) in marks.filter(|(_, found)| **found == mark) {
            let entry = self.entry(begin + at)?;
            if entry.identity == identity
                && known.is_none_or(|known| known.number() < entry.known.number())
            {
                *known = Some(entry.known);
            }
        }
        Ok(())
    }

    /// The entries in order.
    pub(super) fn entries(
        &self,
    ) -> Result<impl Iterator<Item = Result<Entry, IndexError>> + '_, IndexError> {
        let file = File::open(&self.path).map_err(|source| IndexError::io(&self.path, source))?;
        let mut input = BufReader::with_capacity(BUFFER, file);
        let mut head = [0; HEAD_BYTES];
        input
            .read_exact(&mut head)
            .map_err(|source| IndexError::io(&self.path, source))?;
        Ok((0..self.head.entries).map(move |_| {
            let mut bytes = [0; ENTRY_BYTES];
            input
                .read_exact(&mut bytes)
                .map_err(|source| IndexError::io(&self.path, source))?;
            from_bytes(&bytes).ok_or_else(|| self.damaged_entry())
        }))
    }

    fn entry(&self, at: usize) -> Result<Entry, IndexError> {
        let mut bytes = [0; ENTRY_BYTES];
        self.file
            .read_exact_at(&mut bytes, (HEAD_BYTES + at * ENTRY_BYTES) as u64)
            .map_err(|source| IndexError::io(&self.path, source))?;
        let entry = from_bytes(&bytes).ok_or_else(|| self.damaged_entry())?;
        if mark_of(entry.identity) != self.marks[at] {
            return Err(self.damaged_entry());
        }
        Ok(entry)
    }

    fn damaged_entry(&self) -> IndexError {
        IndexError::damaged(&self.path, "the sum of an entry is wrong")
    }
}

impl Head {
    fn to_bytes(self, buckets: u64) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.entries.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.stamp.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.months[0].to_le_bytes());
        bytes[28..32].copy_from_slice(&self.months[1].to_le_bytes());
        bytes[32..40].copy_from_slice(&buckets.to_le_bytes());
        let sum = xxh3_64(&bytes[..40]);
        bytes[40..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Option<(Self, u64)> {
        let number = |at: usize| Some(u64::from_le_bytes(*bytes[at..].first_chunk()?));
        let month = |at: usize| Some(i32::from_le_bytes(*bytes[at..].first_chunk()?));
        if &bytes[..8] != MAGIC || number(40)? != xxh3_64(&bytes[..40]) {
            return None;
        }
        let head = Self {
            entries: number(8)?,
            stamp: number(16)?,
            months: [month(24)?, month(28)?],
        };
        Some((head, number(32)?))
    }
}

fn to_bytes(entry: Entry) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    bytes[..16].copy_from_slice(&entry.identity.0.to_le_bytes());
    bytes[16..24].copy_from_slice(&entry.known.row_id.to_le_bytes());
    bytes[24..30].copy_from_slice(&entry.known.content.to_le_bytes()[..6]);
    let sum = sum_of(&bytes);
    bytes[30..].copy_from_slice(&sum);
    bytes
}

fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Option<Entry> {
    if bytes[30..] != sum_of(bytes) {
        return None;
    }
    let mut content = [0; 8];
    content[..6].copy_from_slice(&bytes[24..30]);
    Some(Entry {
        identity: Identity(u128::from_le_bytes(*bytes.first_chunk()?)),
        known: Known {
            row_id: i64::from_le_bytes(*bytes[16..].first_chunk()?),
            content: u64::from_le_bytes(content),
        },
    })
}

fn sum_of(bytes: &[u8; ENTRY_BYTES]) -> [u8; 2] {
    let sum = xxh3_64(&bytes[..30]).to_le_bytes();
    [sum[0], sum[1]]
}

fn buckets_of(entries: u64) -> u64 {
    entries.div_ceil(BUCKET).max(1)
}

/// The bucket grows with the identity, so entries in order are buckets in order.
const fn bucket_of(identity: Identity, buckets: u64) -> u64 {
    (((identity.0 >> 64) * buckets as u128) >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the low 16 bits are meant")]
const fn mark_of(identity: Identity) -> u16 {
    identity.0 as u16
}

fn month_of(row_id: i64) -> i32 {
    i32::try_from(row_id >> ROW_NUMBER_BITS).unwrap_or(i32::MAX)
}

fn number32(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}

impl Known {
    /// A row's number by arrival.
    pub(crate) const fn number(self) -> i64 {
        self.row_id & NUMBER
    }
}
