//! A refused row as text that can be kept and read again: without personal columns, its free text masked.
//!
//! A row is a JSON object of its columns with a value; bytes that are no text are `{"bytes":"hex"}`. Cells without their columns
//! (a ragged row) are a JSON array. A line that is no row stays as it is.

use csv::{ByteRecord, StringRecord};
use serde_json::{Map, Value, json};

use super::bound::Bound;
use crate::{
    mask::{MASK, masked},
    rows::{BadRow, Columns, Encoding, Found, Row, Shape, row_of_object},
};

/// What stands in the place of a row that is not kept.
pub(super) const WITHHELD: &str = "\"withheld\"";

/// The key of bytes that are no text.
const BYTES: &str = "bytes";
/// The key of a text that lost bytes which were none.
const LOSSY: &str = "lossy";

/// Most bytes of a row that are kept: an id of a megabyte is no row that anybody mends.
const KEPT_BYTES_MAX: usize = 256 << 10;
/// How much is kept of a longer one.
const CUT_BYTES: usize = 4 << 10;

/// The row, cut when it is longer than can be of use.
pub(super) fn bounded(raw: String) -> String {
    if raw.len() <= KEPT_BYTES_MAX {
        return raw;
    }
    let end = (0..=CUT_BYTES).rev().find(|at| raw.is_char_boundary(*at));
    let begin = raw.get(..end.unwrap_or_default()).unwrap_or_default();
    json!({ "cut": begin, "of_bytes": raw.len() }).to_string()
}

/// The row.
pub(super) fn of_row(bound: &Bound, columns: &Columns, row: &Row) -> String {
    object(bound, columns, |at| row.cells.get(at), |_| true)
}

/// What one property of a wide row needs: the row without the other properties.
pub(super) fn of_melted_row(bound: &Bound, columns: &Columns, row: &Row, melt: usize) -> String {
    let is_other = |at| {
        let mut others = bound.melt.iter().enumerate();
        others.any(|(other, melted)| other != melt && melted.column == at)
    };
    object(bound, columns, |at| row.cells.get(at), |at| !is_other(at))
}

/// What was found in the place of a row.
pub(super) fn of_bad_row(bound: &Bound, columns: &Columns, bad: &BadRow) -> String {
    match &bad.found {
        Found::Cells(record) if record.len() == columns.len() => {
            cells_with_bytes(bound, columns, record)
        }
        Found::Cells(record) => ragged(bound, columns, record),
        Found::Line(line) if mentions_personal(bound, line) => MASK.to_owned(),
        Found::Line(line) => masked(line).into_owned(),
    }
}

/// The columns and cells of a row that was kept, to be read again; `None` when it is no row, or has bytes that the profile still
/// cannot read as text.
pub(crate) fn read(raw: &str, shape: &Shape) -> Option<(Columns, StringRecord)> {
    let Ok(Value::Object(mut row)) = serde_json::from_str(raw) else {
        return None;
    };
    for (_, cell) in &mut row {
        let Value::Object(marked) = &*cell else {
            continue;
        };
        let text = match marked.iter().next() {
            Some((key, Value::String(hex))) if key == BYTES => text_of_bytes(hex, shape)?,
            Some((key, Value::String(text))) if key == LOSSY => {
                shape.replace_invalid.then(|| text.clone())?
            }
            _ => continue,
        };
        *cell = text.into();
    }
    row_of_object(&Value::Object(row).to_string(), &shape.whole)
}

fn text_of_bytes(hex: &str, shape: &Shape) -> Option<String> {
    let pairs = hex.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let bytes = bytes?;
    let candidates = shape.encodings.iter().chain([&Encoding::UTF_8]);
    let text = candidates
        .into_iter()
        .find_map(|encoding| encoding.decode(&bytes));
    text.or_else(|| {
        let lossy = || String::from_utf8_lossy(&bytes).into_owned();
        shape.replace_invalid.then(lossy)
    })
}

/// A row of the right width in which some cells are no text.
fn cells_with_bytes(bound: &Bound, columns: &Columns, record: &ByteRecord) -> String {
    let mut row = Map::new();
    for (at, (name, bytes)) in columns.names().iter().zip(record).enumerate() {
        if bytes.is_empty() || bound.personal.contains(&at) {
            continue;
        }
        let lossy = String::from_utf8_lossy(bytes);
        let cell = match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\u{fffd}') => shown(bound, at, text).into(),
            // Free text must be masked, and bytes cannot be.
            Err(_) if bound.plain.contains(&at) => {
                let hex = hex(bytes);
                json!({ BYTES: hex })
            }
            _ => json!({ LOSSY: shown(bound, at, &lossy) }),
        };
        row.entry(name).or_insert(cell);
    }
    Value::Object(row).to_string()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
        .collect()
}

/// A row of another width than the header: from where a personal cell may have slipped to, everything is withheld.
fn ragged(bound: &Bound, columns: &Columns, record: &ByteRecord) -> String {
    let missing = columns.len().saturating_sub(record.len());
    let first_personal = bound.personal.iter().min();
    let open = first_personal.map_or(usize::MAX, |at| at.saturating_sub(missing));
    let cells = record.iter().enumerate().map(|(at, bytes)| {
        let text = String::from_utf8_lossy(bytes);
        Value::from(if at < open {
            masked(&text)
        } else {
            MASK.into()
        })
    });
    Value::Array(cells.collect()).to_string()
}

/// A line that is no JSON cannot be searched for its personal members.
fn mentions_personal(bound: &Bound, line: &str) -> bool {
    bound
        .personal_names
        .iter()
        .any(|name| line.contains(name.as_str()))
}

fn object<'r>(
    bound: &Bound,
    columns: &Columns,
    cell: impl Fn(usize) -> Option<&'r str>,
    keep: impl Fn(usize) -> bool,
) -> String {
    let mut row = Map::new();
    for (at, name) in columns.names().iter().enumerate() {
        let text = cell(at).unwrap_or_default();
        if !text.is_empty() && keep(at) && !bound.personal.contains(&at) {
            row.entry(name)
                .or_insert_with(|| shown(bound, at, text).into());
        }
    }
    Value::Object(row).to_string()
}

fn shown(bound: &Bound, column: usize, text: &str) -> String {
    if bound.plain.contains(&column) {
        return text.to_owned();
    }
    masked(text).into_owned()
}
