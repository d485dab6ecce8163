//! Functions that give a list for each row.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, UInt64Builder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use h3o::CellIndex;

use super::FunctionError;
use super::arguments::Arguments;

/// Most cells in the lists of one batch of rows: 128 MiB.
const CELLS_MAX: u64 = 1 << 24;

/// The type of a list of `item`s.
pub(super) fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// A list of cells for each (cell, integer) row: `count` says how many it will be before `list` makes them.
pub(super) fn cell_lists<I: Iterator<Item = CellIndex>>(
    arguments: &Arguments<'_>,
    count: impl Fn(CellIndex, i64) -> Result<u64, FunctionError>,
    list: impl Fn(CellIndex, i64) -> Result<I, FunctionError>,
) -> Result<ArrayRef> {
    let (cells, integers) = (arguments.unsigned(0)?, arguments.integers(1)?);
    let mut lists = ListBuilder::new(UInt64Builder::new());
    let mut total = 0_u64;
    for row in 0..arguments.rows() {
        if cells.is_null(row) || integers.is_null(row) {
            lists.append_null();
            continue;
        }
        let (cell, integer) = (arguments.cell(cells.value(row))?, integers.value(row));
        total = total.saturating_add(count(cell, integer)?);
        if total > CELLS_MAX {
            return Err(FunctionError::TooManyCells {
                function: arguments.function,
                limit: CELLS_MAX,
            }
            .into());
        }
        list(cell, integer)?.for_each(|cell| lists.values().append_value(cell.into()));
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}
