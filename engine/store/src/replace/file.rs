//! One file of the lake, read and written again with other places.

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::ArrowError;
use citybrain_grid::City;
use deltalake::kernel::Add;

use super::changes::{Changes, Largest, compare};
use super::place_again::{areas_under, with_areas};
use crate::LakeError;
use crate::lake::{LakeTable, LiveFile, delta_error, rows_error};
use crate::schema::ROW_ID;

/// What is the same for all files of a table.
#[derive(Debug)]
pub(super) struct Rewriting<'a> {
    pub(super) lake: &'a LakeTable,
    pub(super) to: &'a City,
    pub(super) largest: Largest,
    /// Rows that later rows replace: they are placed like all others, but nobody reads them, so they are not counted.
    pub(super) superseded: &'a HashSet<i64>,
}

impl Rewriting<'_> {
    /// Writes the rows of `file`, in their order and with their new areas, into files aside; these are on disk when it
    /// returns.
    pub(super) async fn write(&self, file: &LiveFile) -> Result<(Vec<Add>, Changes), LakeError> {
        let table = self.lake.table();
        let failed = |source: ArrowError| rows_error(table, source.into());
        let bytes = self.lake.bytes_of(file).await?;
        let mut writer = self.lake.writer_aside()?;
        let mut changes = Changes::default();
        for rows in self.lake.rows_in(file, bytes, None)? {
            let rows = rows?;
            let areas = areas_under(self.to, table, &rows).map_err(failed)?;
            let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
            let read = |row: usize| !self.superseded.contains(&ids[row]);
            changes = changes.and(compare(&rows, &areas, self.largest, read));
            let rows = with_areas(&rows, &areas).map_err(failed)?;
            let written = writer.write(&rows).await;
            written.map_err(|source| delta_error(table, source))?;
        }
        let adds = writer.close().await;
        let adds = adds.map_err(|source| delta_error(table, source))?;
        self.lake.sync_aside(&adds)?;
        Ok((adds, changes))
    }
}
