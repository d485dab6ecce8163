//! Parquet and Arrow IPC: record batches as rows of text.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Seek},
    ops::ControlFlow,
};

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema};
use csv::StringRecord;
use parquet::{
    arrow::arrow_reader::ParquetRecordBatchReaderBuilder, errors::ParquetError,
    file::reader::ChunkReader,
};

use super::{Columns, FileProblem, chunk::Emitter, error::one_line};

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 1024;
/// What a list's elements are joined by.
const LIST_SEPARATOR: &str = ";";

/// Reads a Parquet file.
pub(super) fn read_parquet(
    file: impl ChunkReader + 'static,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| table("Parquet", 0, &error))?;
    let schema = builder.schema().clone();
    let batches = builder.with_batch_size(BATCH_ROWS).build();
    let batches = batches.map_err(|error: ParquetError| table("Parquet", 0, &error))?;
    read_batches("Parquet", &schema, batches, emitter)
}

/// Reads an Arrow IPC file, or a stream that was saved as a file.
pub(super) fn read_arrow(
    file: impl Read + Seek,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    const MAGIC: &[u8] = b"ARROW1";
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(FileProblem::Io)?;
    if !start.starts_with(MAGIC) {
        return read_arrow_stream(file, emitter);
    }
    let batches = FileReader::try_new(file, None).map_err(|error| table("Arrow", 0, &error))?;
    let schema = batches.schema();
    read_batches("Arrow", &schema, batches, emitter)
}

/// Reads an Arrow IPC stream.
pub(super) fn read_arrow_stream(
    stream: impl Read,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let batches = StreamReader::try_new(stream, None).map_err(|error| table("Arrow", 0, &error))?;
    let schema = batches.schema();
    read_batches("Arrow", &schema, batches, emitter)
}

fn read_batches(
    what: &'static str,
    schema: &Schema,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let names = schema.fields().iter().map(|field| field.name().clone());
    if emitter.columns(Columns::header(names)).is_break() {
        return Ok(());
    }
    for batch in batches {
        let rows = emitter.rows();
        let flow = batch.and_then(|batch| emit(&batch, emitter));
        match flow {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(()),
            Err(error) => {
                emitter.finish();
                return Err(table(what, rows, &error));
            }
        }
    }
    emitter.finish();
    Ok(())
}

fn emit(batch: &RecordBatch, emitter: &mut Emitter<'_, '_>) -> Result<ControlFlow<()>, ArrowError> {
    let options = FormatOptions::new();
    let columns = batch
        .columns()
        .iter()
        .map(|array| Column::try_new(array, &options))
        .collect::<Result<Vec<_>, _>>()?;
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        let mut cells = StringRecord::new();
        for column in &columns {
            text.clear();
            column.write(row, &mut text)?;
            cells.push_field(&text);
        }
        if emitter.row(0, cells).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// A column that writes its values as text: a null as nothing, an instant as RFC 3339, a list as its elements joined by `;`.
enum Column<'a> {
    Plain(ArrayFormatter<'a>),
    List(&'a ArrayRef),
}

impl<'a> Column<'a> {
    fn try_new(array: &'a ArrayRef, options: &'a FormatOptions<'a>) -> Result<Self, ArrowError> {
        match array.data_type() {
            DataType::List(_) => Ok(Self::List(array)),
            _ => ArrayFormatter::try_new(array, options).map(Self::Plain),
        }
    }

    fn write(&self, row: usize, text: &mut String) -> Result<(), ArrowError> {
        match self {
            Self::Plain(values) => values.value(row).write(text),
            Self::List(lists) if lists.is_null(row) => Ok(()),
            Self::List(lists) => {
                let elements = lists.as_list::<i32>().value(row);
                let options = FormatOptions::new();
                let values = ArrayFormatter::try_new(&elements, &options)?;
                for at in 0..elements.len() {
                    if at > 0 {
                        text.push_str(LIST_SEPARATOR);
                    }
                    write!(text, "{}", values.value(at).try_to_string()?)
                        .map_err(|error| ArrowError::from_external_error(Box::new(error)))?;
                }
                Ok(())
            }
        }
    }
}

fn table(what: &'static str, rows: u64, cause: &impl std::fmt::Display) -> FileProblem {
    FileProblem::Table {
        what,
        rows,
        cause: one_line(cause),
    }
}
