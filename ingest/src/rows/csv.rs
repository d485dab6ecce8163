//! Comma and tab separated values.

use std::io::Read;

use citybrain_model::Refusal;
use csv::{ByteRecord, ErrorKind, ReaderBuilder, StringRecord};

use super::{
    Columns, FileProblem, Format, Shape,
    chunk::{Emitter, Found},
    encoding,
    open::RowLimit,
};

const BUFFER_BYTES: usize = 128 << 10;

/// Reads a table with a header line. A row with another number of cells than the header is refused by rule `columns`, one with
/// bytes that are no text by rule `encoding`; a blank line is no row.
pub(super) fn read(
    reader: impl Read,
    format: Format,
    shape: &Shape,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let text = encoding::decode(reader, &shape.encodings)
        .map_err(|error| FileProblem::of_io(error, 0, 0))?;
    if text.empty {
        return Err(FileProblem::Empty);
    }
    let (limited, since_row) = RowLimit::new(text.reader);
    let delimiter = match format {
        Format::Tsv => b'\t',
        _ => b',',
    };
    let mut table = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(shape.delimiter.unwrap_or(delimiter))
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(limited);
    let rules = Rules {
        decoded: text.decoded,
        replace_invalid: shape.replace_invalid,
    };

    let mut record = ByteRecord::new();
    for _ in 0..shape.skip_rows {
        since_row.set(0);
        read_record(&mut table, &mut record, 0)?;
    }
    if shape.header.is_empty() {
        since_row.set(0);
        read_record(&mut table, &mut record, 0)?;
        if emitter.columns(header(&record, rules)?).is_break() {
            return Ok(());
        }
    } else if emitter
        .columns(Columns::header(shape.header.iter().cloned()))
        .is_break()
    {
        return Ok(());
    }
    let columns = emitter.shared_columns();

    loop {
        since_row.set(0);
        let mut record = ByteRecord::with_capacity(record.as_slice().len(), columns.len());
        if !read_record(&mut table, &mut record, emitter.rows())? {
            break;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let flow = match rules.row(record, &columns, line) {
            Ok(cells) => emitter.row(line, cells),
            Err((found, refusal)) => emitter.bad(line, Found::Cells(found), refusal),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
    emitter.finish();
    Ok(())
}

/// What makes a record a row.
#[derive(Clone, Copy)]
struct Rules {
    decoded: bool,
    replace_invalid: bool,
}

impl Rules {
    fn row(
        self,
        record: ByteRecord,
        columns: &Columns,
        line: u64,
    ) -> Result<StringRecord, (ByteRecord, Refusal)> {
        let (found, width) = (record.len(), columns.len());
        if found != width {
            let message = format!("line {line}: the row has {found} cells, the header has {width}");
            let refusal = Refusal::new("row", found.to_string(), "columns", message);
            return Err((record, refusal));
        }
        if self.replace_invalid {
            return Ok(StringRecord::from_byte_record_lossy(record));
        }
        let no_text = |column: usize| {
            let name = columns.names().get(column).cloned().unwrap_or_default();
            let message = format!("line {line}: bytes that are no text in the file's encoding");
            Refusal::new(name, "", "encoding", message)
        };
        match StringRecord::from_byte_record(record) {
            Ok(cells) if self.decoded && cells.as_slice().contains('\u{fffd}') => {
                let column = cells.iter().position(|cell| cell.contains('\u{fffd}'));
                let refusal = no_text(column.unwrap_or_default());
                Err((cells.into_byte_record(), refusal))
            }
            Ok(cells) => Ok(cells),
            Err(error) => {
                let refusal = no_text(error.utf8_error().field());
                Err((error.into_byte_record(), refusal))
            }
        }
    }
}

fn header(record: &ByteRecord, rules: Rules) -> Result<Columns, FileProblem> {
    if record.is_empty() {
        return Err(FileProblem::Header("there is none".to_owned()));
    }
    let no_text = || FileProblem::Header("it is no text in the file's encoding".to_owned());
    let names = StringRecord::from_byte_record(record.clone())
        .ok()
        .ok_or_else(no_text)?;
    if rules.decoded && names.as_slice().contains('\u{fffd}') {
        return Err(no_text());
    }
    Ok(Columns::header(names.iter().enumerate().map(
        |(at, name)| match name.trim() {
            "" => format!("column {}", at + 1),
            name => name.to_owned(),
        },
    )))
}

fn read_record<R: Read>(
    table: &mut csv::Reader<R>,
    record: &mut ByteRecord,
    row: u64,
) -> Result<bool, FileProblem> {
    let line = table.position().line();
    table
        .read_byte_record(record)
        .map_err(|error| match error.into_kind() {
            ErrorKind::Io(error) => FileProblem::of_io(error, row, line),
            // Byte records of any length have no other faults.
            other => FileProblem::Io(std::io::Error::other(format!("{other:?}"))),
        })
}
