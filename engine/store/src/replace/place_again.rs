//! Rows that are there, placed by other boundaries.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::zip::zip;
use citybrain_grid::City;
use citybrain_model::AreaLevel;

use crate::Table;
use crate::columns::Placement;

/// The areas that `rows` get by the boundaries of their own time, by `AreaLevel::index()`. A row without a cell has no usable
/// position: its areas stay.
pub(super) fn areas_under(
    city: &City,
    table: Table,
    rows: &RecordBatch,
) -> Result<[ArrayRef; 4], ArrowError> {
    let cell = &rows["cell"];
    let degrees = |name: &str| -> Vec<f64> {
        let column = rows[name].as_primitive::<Float64Type>();
        (0..rows.num_rows())
            .map(|row| {
                if cell.is_valid(row) && column.is_valid(row) {
                    column.value(row)
                } else {
                    f64::NAN
                }
            })
            .collect()
    };
    let at = rows[table.time_column()].as_primitive::<TimestampMicrosecondType>();
    let placement = Placement::at(city, degrees("lon"), degrees("lat"), at.values().to_vec());
    let has_cell: BooleanArray = (0..rows.num_rows())
        .map(|row| Some(cell.is_valid(row)))
        .collect();
    let [district, subdistrict, community, grid] = AreaLevel::ALL.map(|level| {
        let (new, old) = (placement.areas(level), &rows[level.as_str()]);
        zip(&has_cell, &new, old)
    });
    Ok([district?, subdistrict?, community?, grid?])
}

/// `rows` with these areas.
pub(super) fn with_areas(
    rows: &RecordBatch,
    areas: &[ArrayRef; 4],
) -> Result<RecordBatch, ArrowError> {
    let columns = rows
        .schema_ref()
        .fields()
        .iter()
        .zip(rows.columns())
        .map(|(field, column)| {
            let level = AreaLevel::ALL
                .into_iter()
                .find(|level| level.as_str() == field.name());
            Arc::clone(level.map_or(column, |level| &areas[level.index()]))
        });
    RecordBatch::try_new(rows.schema(), columns.collect())
}
