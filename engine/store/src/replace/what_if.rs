//! What other boundaries would change, without changing anything.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_cast::cast;
use arrow_schema::ArrowError;
use citybrain_grid::City;
use citybrain_model::AreaLevel;
use deltalake::datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::changes::{Changes, Largest, compare};
use super::place_again::areas_under;
use super::{only_boundaries_differ, placed_tables};
use crate::lake::rows_error;
use crate::schema::ROW_ID;
use crate::{LakeError, ReplaceError, Snapshot, Table, TableSnapshot, rows_schema};

/// What a replacement by the boundaries of `to` would change of the records of `snapshot`. A batch of rows is in memory at a
/// time. Call it outside of asynchronous code.
///
/// # Errors
/// [`ReplaceError::Differs`] when the cities differ in more than their boundaries, and when the lake cannot be read.
pub fn changes_under(snapshot: &Snapshot, to: &City) -> Result<Changes, ReplaceError> {
    only_boundaries_differ(&snapshot.city, to)?;
    if snapshot.city.fingerprint == to.fingerprint {
        return Ok(Changes::default());
    }
    let runtime = crate::store::runtime(&snapshot.journal)?;
    let largest = Largest::of(&snapshot.city, to);
    let mut changes = Changes::default();
    for table in placed_tables() {
        let of_table = runtime.block_on(of_table(snapshot.table(table), to, largest))?;
        changes = changes.and(of_table);
    }
    Ok(changes)
}

async fn of_table(
    snapshot: &TableSnapshot,
    to: &City,
    largest: Largest,
) -> Result<Changes, LakeError> {
    let table = snapshot.table;
    let of_rows = |rows: &RecordBatch| -> Result<Changes, ArrowError> {
        let areas = areas_under(to, table, rows)?;
        let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        let read = |row: usize| !snapshot.superseded.contains(&ids[row]);
        Ok(compare(rows, &areas, largest, read))
    };
    let failed = |source: ArrowError| rows_error(table, source.into());
    let mut changes = Changes::default();
    for rows in &snapshot.hot {
        changes = changes.and(of_rows(rows).map_err(failed)?);
    }
    let Some(lake) = &snapshot.lake else {
        return Ok(changes);
    };
    let failed_reading = |source| rows_error(table, source);
    let columns = needed(table);
    let mut batches = SessionContext::new()
        .read_table(std::sync::Arc::clone(lake))
        .and_then(|frame| frame.select_columns(&columns))
        .map_err(failed_reading)?
        .execute_stream()
        .await
        .map_err(failed_reading)?;
    while let Some(rows) = batches.try_next().await.map_err(failed_reading)? {
        let rows = in_types(table, &rows).map_err(failed)?;
        changes = changes.and(of_rows(&rows).map_err(failed)?);
    }
    Ok(changes)
}

/// What places a row and what it is compared by.
fn needed(table: Table) -> Vec<&'static str> {
    let areas = AreaLevel::ALL.map(AreaLevel::as_str);
    ["lon", "lat", "cell", ROW_ID, table.time_column()]
        .into_iter()
        .chain(areas)
        .collect()
}

/// Rows as a reader gives them (text may come as views) in the types of the table's schema.
fn in_types(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = rows_schema(table);
    let columns = rows
        .schema_ref()
        .fields()
        .iter()
        .zip(rows.columns())
        .map(|(field, column)| {
            let field = schema.field_with_name(field.name())?;
            Ok((
                field.name(),
                cast(column, field.data_type())?,
                field.is_nullable(),
            ))
        })
        .collect::<Result<Vec<_>, ArrowError>>()?;
    RecordBatch::try_from_iter_with_nullable(columns)
}
