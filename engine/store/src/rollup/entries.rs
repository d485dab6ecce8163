//! The counts of one immutable set of rows.

use std::collections::HashMap;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::dictionary::Dictionary;
use crate::schema::{ROW_ID, instant_type};

/// The columns that counts are made of, and the row's id.
pub(crate) const KEY_COLUMNS: [&str; 11] = [
    "cell",
    "district",
    "subdistrict",
    "community",
    "grid",
    "category",
    "category_path",
    "channel",
    "status",
    "requested_at",
    ROW_ID,
];

/// `rows` of complaints with nothing but [`KEY_COLUMNS`].
pub(crate) fn key_columns(rows: &RecordBatch) -> RecordBatch {
    let schema = rows.schema_ref();
    let columns: Vec<usize> = KEY_COLUMNS
        .iter()
        .filter_map(|name| schema.index_of(name).ok())
        .collect();
    rows.project(&columns).expect("the columns were found")
}

/// Counts by place, kind and day, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    place: Vec<u32>,
    kind: Vec<u16>,
    day: Vec<i32>,
    count: Vec<u16>,
    /// The dictionary's number of each kind that occurs.
    kinds: Vec<u32>,
    days: Option<(i32, i32)>,
}

impl Entries {
    /// Counts `rows`, which have [`KEY_COLUMNS`]; none when more kinds occur than can be numbered.
    pub(super) fn of(
        rows: &[RecordBatch],
        zone: Tz,
        names: &mut Dictionary,
    ) -> Result<Option<Self>, ArrowError> {
        let mut keys = Vec::with_capacity(rows.iter().map(RecordBatch::num_rows).sum());
        let mut days = Days::new(zone);
        for rows in rows {
            let texts = |name: &str| -> Result<StringArray, ArrowError> {
                Ok(cast(&rows[name], &DataType::Utf8)?
                    .as_string::<i32>()
                    .clone())
            };
            let cell = cast(&rows["cell"], &DataType::Int64)?;
            let cell = cell.as_primitive::<Int64Type>();
            let at = cast(&rows["requested_at"], &instant_type())?;
            let at = at.as_primitive::<TimestampMicrosecondType>();
            let texts = [
                texts("district")?,
                texts("subdistrict")?,
                texts("community")?,
                texts("grid")?,
                texts("category")?,
                texts("category_path")?,
                texts("channel")?,
                texts("status")?,
            ];
            let mut known: [HashMap<&str, u32>; 8] = Default::default();
            for row in 0..rows.num_rows() {
                let mut number = |column: usize| {
                    if texts[column].is_null(row) {
                        return 0;
                    }
                    let text = texts[column].value(row);
                    *known[column]
                        .entry(text)
                        .or_insert_with(|| names.text(text))
                };
                let areas = [number(0), number(1), number(2), number(3)];
                let kind = [number(4), number(5), number(6), number(7)];
                let cell = if cell.is_null(row) {
                    0
                } else {
                    cell.value(row).cast_unsigned()
                };
                let (place, kind) = (names.place((cell, areas)), names.kind(kind));
                keys.push((place, kind, days.of(at.value(row))));
            }
        }
        keys.sort_unstable();
        Ok(Self::from_sorted(&keys))
    }

    fn from_sorted(keys: &[(u32, u32, i32)]) -> Option<Self> {
        let mut entries = Self::default();
        let mut numbers: HashMap<u32, u16> = HashMap::new();
        for run in keys.chunk_by(|a, b| a == b) {
            let (place, kind, day) = run[0];
            let next = u16::try_from(numbers.len());
            let kind = if let Some(&number) = numbers.get(&kind) {
                number
            } else {
                let number = next.ok()?;
                numbers.insert(kind, number);
                entries.kinds.push(kind);
                number
            };
            let mut left = run.len();
            while left > 0 {
                let count = u16::try_from(left).unwrap_or(u16::MAX);
                entries.push(place, kind, day, count);
                left -= usize::from(count);
            }
        }
        Some(entries)
    }

    fn push(&mut self, place: u32, kind: u16, day: i32, count: u16) {
        self.place.push(place);
        self.kind.push(kind);
        self.day.push(day);
        self.count.push(count);
        let (first, last) = self.days.unwrap_or((day, day));
        self.days = Some((first.min(day), last.max(day)));
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.place.len() * 12 + self.kinds.len() * 4 + size_of::<Self>()
    }

    /// The first and the last day that occur.
    pub(super) const fn days(&self) -> Option<(i32, i32)> {
        self.days
    }

    pub(super) fn for_each(&self, days: &Range<i32>, mut count: impl FnMut(u32, u32, i32, u16)) {
        let Some((first, last)) = self.days else {
            return;
        };
        if last < days.start || days.end <= first {
            return;
        }
        let all = days.start <= first && last < days.end;
        let places = self.place.iter().zip(&self.kind);
        let amounts = self.day.iter().zip(&self.count);
        for ((&place, &kind), (&day, &records)) in places.zip(amounts) {
            if all || days.contains(&day) {
                count(place, self.kinds[usize::from(kind)], day, records);
            }
        }
    }

    /// As bytes, little endian: the numbers of entries and kinds, then each column.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes() + 16);
        bytes.extend((self.place.len() as u64).to_le_bytes());
        bytes.extend((self.kinds.len() as u64).to_le_bytes());
        self.place
            .iter()
            .for_each(|value| bytes.extend(value.to_le_bytes()));
        self.kind
            .iter()
            .for_each(|value| bytes.extend(value.to_le_bytes()));
        self.day
            .iter()
            .for_each(|value| bytes.extend(value.to_le_bytes()));
        self.count
            .iter()
            .for_each(|value| bytes.extend(value.to_le_bytes()));
        self.kinds
            .iter()
            .for_each(|value| bytes.extend(value.to_le_bytes()));
        bytes
    }

    /// What [`Entries::to_bytes`] wrote; none for anything else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(16)?;
        let (entries, kinds) = head.split_at(8);
        let size = |bytes: &[u8]| usize::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok();
        let (entries, kinds) = (size(entries)?, size(kinds)?);
        let wanted = entries
            .checked_mul(12)?
            .checked_add(kinds.checked_mul(4)?)?;
        if rest.len() != wanted {
            return None;
        }
        let (place, rest) = rest.split_at(entries * 4);
        let (kind, rest) = rest.split_at(entries * 2);
        let (day, rest) = rest.split_at(entries * 4);
        let (count, numbers) = rest.split_at(entries * 2);
        let day = four_bytes(day).map(i32::from_le_bytes).collect::<Vec<_>>();
        let all = Self {
            place: four_bytes(place).map(u32::from_le_bytes).collect(),
            kind: two_bytes(kind).map(u16::from_le_bytes).collect(),
            days: day.iter().copied().min().zip(day.iter().copied().max()),
            day,
            count: two_bytes(count).map(u16::from_le_bytes).collect(),
            kinds: four_bytes(numbers).map(u32::from_le_bytes).collect(),
        };
        all.kind
            .iter()
            .all(|&kind| usize::from(kind) < all.kinds.len())
            .then_some(all)
    }
}

fn four_bytes(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes
        .chunks_exact(4)
        .map(|chunk| [chunk[0], chunk[1], chunk[2], chunk[3]])
}

fn two_bytes(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> + '_ {
    bytes.chunks_exact(2).map(|chunk| [chunk[0], chunk[1]])
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The local day of instants. The offset of a UTC day is looked up once where it does not change within it.
struct Days {
    zone: Tz,
    /// By UTC day: the offset in µs; none on a day of change.
    offsets: HashMap<i64, Option<i64>>,
}

impl Days {
    fn new(zone: Tz) -> Self {
        Self {
            zone,
            offsets: HashMap::new(),
        }
    }

    /// Days since 1970-01-01 at the wall clock.
    fn of(&mut self, at: i64) -> i32 {
        let (zone, day) = (self.zone, at.div_euclid(DAY));
        let offset = *self.offsets.entry(day).or_insert_with(|| {
            let begin = offset(zone, day * DAY);
            (begin == offset(zone, (day + 1) * DAY)).then_some(begin)
        });
        let offset = offset.unwrap_or_else(|| self::offset(zone, at));
        i32::try_from((at + offset).div_euclid(DAY)).unwrap_or(0)
    }
}

fn offset(zone: Tz, at: i64) -> i64 {
    let at = DateTime::from_timestamp_micros(at).unwrap_or_default();
    let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    i64::from(offset.local_minus_utc()) * SECOND
}
