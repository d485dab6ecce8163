//! The index made again from the lake.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use futures::TryStreamExt;

use super::{Entries, IndexFiles, Known, NUMBER};
use crate::identities::{contents_of, identities_of};
use crate::lake::{LakeTable, rows_error};
use crate::schema::ROW_ID;
use crate::{OpenError, rows_schema};

/// Entries in memory before they become a run (about 64 bytes each).
const FLUSH: usize = 2_000_000;

impl IndexFiles {
    /// Reads all rows of a lake table, a batch at a time, and writes their identities as runs in `dir`. `position` is the
    /// journal position of the lake.
    pub(crate) async fn rebuild(
        dir: &Path,
        lake: &LakeTable,
        position: u64,
    ) -> Result<Self, OpenError> {
        let table = lake.table();
        let files = Self::empty(dir, table);
        files.sweep();
        let schema = rows_schema(table);
        let columns: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let mut entries: Entries = Entries::default();
        let mut batches = lake.stream(&columns).await?;
        let mut rows_read = 0;
        while let Some(rows) = batches
            .try_next()
            .await
            .map_err(|source| rows_error(table, source))?
        {
            let rows = lake.in_schema(&rows)?;
            rows_read += rows.num_rows();
            let row_ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
            let known = row_ids.iter().zip(contents_of(&rows));
            for (identity, (&row_id, content)) in identities_of(table, &rows).into_iter().zip(known)
            {
                let entry = entries.entry(identity).or_insert(Known { row_id, content });
                // The lake gives rows in any order: the last arrival is the state.
                if (entry.row_id & NUMBER) <= (row_id & NUMBER) {
                    *entry = Known { row_id, content };
                }
            }
            if entries.len() >= FLUSH {
                files.flush(&entries, 0)?;
                files.merge()?;
                entries.clear();
            }
        }
        files.flush(&entries, position)?;
        if rows_read > 0 {
            tracing::info!(%table, rows = rows_read, "identities_made_from_lake");
        }
        Ok(files)
    }
}
