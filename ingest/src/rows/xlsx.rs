//! Excel workbooks: the rows of one sheet.

mod unpacked;

use std::io::Cursor;

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};
use citybrain_model::Refusal;
use csv::StringRecord;

use super::{
    Columns, FileProblem, Shape,
    chunk::{Emitter, Found},
    error::one_line,
};

/// Most columns of a sheet; Excel's own limit is 16,384.
const COLUMNS_MAX: usize = 2000;

/// Reads a sheet: the row after the skipped ones is the header; a row without any cell is no row; a row that ends early has no
/// values in its last columns; one with a value beyond the header's last column is refused by rule `columns`. A date is written
/// as ISO 8601, a whole number without decimals.
pub(super) fn read(
    workbook: bytes::Bytes,
    shape: &Shape,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    unpacked::check(&workbook)?;
    let mut workbook = Xlsx::new(Cursor::new(workbook)).map_err(|error| damaged(0, &error))?;
    let sheets = workbook.sheet_names();
    let sheet = match &shape.sheet {
        Some(name) => sheets.into_iter().find(|sheet| sheet == name),
        None => sheets.into_iter().next(),
    };
    let sheet =
        sheet.ok_or_else(|| FileProblem::NoRows("the workbook lacks the sheet".to_owned()))?;
    let mut cells = workbook
        .worksheet_cells_reader(&sheet)
        .map_err(|error| damaged(0, &error))?;
    let mut header = shape.header.clone();
    if !header.is_empty()
        && emitter
            .columns(Columns::header(header.iter().cloned()))
            .is_break()
    {
        return Ok(());
    }

    let mut row = Vec::<String>::new();
    let mut row_number = 0;
    loop {
        let cell = cells
            .next_cell()
            .map_err(|error| damaged(emitter.rows(), &error))?;
        let position = cell.as_ref().map(calamine::Cell::get_position);
        let ended = position.is_none_or(|(number, _)| number != row_number);
        if ended && row_number >= shape.skip_rows && row.iter().any(|cell| !cell.is_empty()) {
            let line = u64::from(row_number) + 1;
            let full = std::mem::take(&mut row);
            if header.is_empty() {
                header = full;
                let names = header
                    .iter()
                    .enumerate()
                    .map(|(at, name)| match name.trim() {
                        "" => format!("column {}", at + 1),
                        name => name.to_owned(),
                    });
                if emitter.columns(Columns::header(names)).is_break() {
                    return Ok(());
                }
            } else if emit(full, header.len(), line, emitter).is_break() {
                return Ok(());
            }
        }
        let (Some(cell), Some((number, column))) = (cell, position) else {
            break;
        };
        if ended {
            row.clear();
            row_number = number;
        }
        let column = column as usize;
        if column < COLUMNS_MAX {
            row.resize(row.len().max(column + 1), String::new());
            row[column] = text(cell.get_value());
        }
    }
    if header.is_empty() {
        return Err(FileProblem::NoRows(format!(
            "the sheet \"{sheet}\" is empty"
        )));
    }
    emitter.finish();
    Ok(())
}

fn emit(
    mut row: Vec<String>,
    width: usize,
    line: u64,
    emitter: &mut Emitter<'_, '_>,
) -> std::ops::ControlFlow<()> {
    while row.len() > width && row.last().is_some_and(String::is_empty) {
        row.pop();
    }
    let found = row.len();
    row.resize(found.max(width), String::new());
    let cells = StringRecord::from(row);
    if found <= width {
        return emitter.row(line, cells);
    }
    let message = format!("row {line}: the row has {found} cells, the header has {width}");
    let refusal = Refusal::new("row", found.to_string(), "columns", message);
    emitter.bad(line, Found::Cells(cells.into_byte_record()), refusal)
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // `Display` of a whole float has no decimals, whatever its size.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(cell) => match cell.as_datetime().filter(|_| cell.is_datetime()) {
            Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.f").to_string(),
            None => cell.as_f64().to_string(),
        },
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

fn damaged(rows: u64, error: &XlsxError) -> FileProblem {
    FileProblem::Table {
        what: "XLSX workbook",
        rows,
        cause: one_line(error),
    }
}

#[cfg(test)]
mod tests;
