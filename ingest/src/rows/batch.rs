//! Parquet and Arrow IPC: record batches as rows of text.

use std::{
    fmt::Write as _,
    io::{BufReader, Read},
    ops::ControlFlow,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Schema};
use csv::StringRecord;
use parquet::{
    arrow::arrow_reader::ParquetRecordBatchReaderBuilder, errors::ParquetError,
    file::reader::ChunkReader,
};

use self::ipc::Batches;
use super::{Columns, FileProblem, chunk::Emitter, error::one_line};

mod ipc;

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
    let schema = Arc::clone(builder.schema());
    let batches = builder.with_batch_size(BATCH_ROWS).build();
    let batches = batches.map_err(|error: ParquetError| table("Parquet", 0, &error))?;
    read_batches("Parquet", &schema, batches, emitter)
}

/// Reads Arrow IPC, file or stream.
pub(super) fn read_arrow(
    stream: impl Read,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let batches =
        Batches::try_new(BufReader::new(stream)).map_err(|error| table("Arrow", 0, &error))?;
    let schema = batches.schema().unwrap_or_else(|| Schema::empty().into());
    read_batches("Arrow", &schema, batches, emitter)
}

/// The record batches of an Arrow IPC body, `None` for one that is damaged; `None` of all when there is no schema.
pub(crate) fn arrow_batches(bytes: &[u8]) -> Option<impl Iterator<Item = Option<RecordBatch>>> {
    let batches = Batches::try_new(bytes).ok()?;
    Some(batches.map(Result::ok))
}

fn read_batches(
    what: &'static str,
    schema: &Schema,
    mut batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let names = schema.fields().iter().map(|field| field.name().clone());
    if emitter.columns(Columns::header(names)).is_break() {
        return Ok(());
    }
    loop {
        let rows = emitter.rows();
        let Some(batch) = guarded(|| batches.next().transpose()).map_err(|error| {
            emitter.finish();
            table(what, rows, &error)
        })?
        else {
            break;
        };
        let flow = guarded(|| emit(&batch, emitter));
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

/// What the library does, or an error where it panics over data that it does not understand.
fn guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    // What is left half done is dropped with the reader: nothing reads on after an error.
    match panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read,
        Err(_) => Err(ArrowError::ParseError("the data are damaged".to_owned())),
    }
}

fn table(what: &'static str, rows: u64, cause: &impl std::fmt::Display) -> FileProblem {
    FileProblem::Table {
        what,
        rows,
        cause: one_line(cause),
    }
}
