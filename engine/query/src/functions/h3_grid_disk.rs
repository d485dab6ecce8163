//! `h3_grid_disk(cell, k)`: the cells at most `k` steps away, the cell itself among them.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;
use h3o::CellIndex;

use super::FunctionError;
use super::arguments::Arguments;
use super::lists::{cell_lists, list_of};
use super::signature::{Takes, pure};

pub(super) fn function() -> ScalarUDF {
    pure(
        "h3_grid_disk",
        &[Takes::Cell, Takes::Integer],
        list_of(DataType::UInt64),
        disks,
    )
}

fn disks(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let rings = |k: i64| {
        // A larger k is over the limit of cells in any case.
        let k = k.min(i64::from(u16::MAX));
        u32::try_from(k).map_err(|_negative| FunctionError::NegativeK {
            function: arguments.function,
            value: k,
        })
    };
    cell_lists(
        arguments,
        |_cell, k| rings(k).map(h3o::max_grid_disk_size),
        |cell, k| rings(k).map(|k| cell.grid_disk::<Vec<CellIndex>>(k).into_iter()),
    )
}
