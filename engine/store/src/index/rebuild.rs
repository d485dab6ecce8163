//! The index made again from the lake.

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;

use super::{Entries, IndexFiles, Known, NUMBER};
use crate::identities::{contents_of, identities_of};
use crate::lake::{LakeTable, LiveFile};
use crate::schema::ROW_ID;
use crate::{LakeError, OpenError, Table};

/// Entries in memory before they become a run (about 64 bytes each).
const FLUSH: usize = 2_000_000;

impl IndexFiles {
    /// Reads all rows of a lake table, a file at a time, and writes their identities as runs in `dir`. `position` is the
    /// journal position of the lake. A file that cannot be read is taken out of the table: its records are to be taken when they are
    /// sent again.
    pub(crate) async fn rebuild(
        dir: &Path,
        lake: &mut LakeTable,
        position: u64,
    ) -> Result<Self, OpenError> {
        let table = lake.table();
        let files = Self::empty(dir, table);
        files.sweep();
        let mut rows_read = 0;
        let mut entries: Entries = Entries::default();
        for file in lake.files()? {
            let rows = match all_rows(lake, &file).await {
                Err(LakeError::Unreadable { path, .. }) => {
                    lake.quarantine(&path).await?;
                    continue;
                }
                rows => rows?,
            };
            for rows in rows {
                rows_read += rows.num_rows();
                learn(table, &rows, &mut entries);
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

/// All rows of a file, or none when one of them cannot be read.
async fn all_rows(lake: &LakeTable, file: &LiveFile) -> Result<Vec<RecordBatch>, LakeError> {
    let bytes = lake.bytes_of(file).await?;
    lake.rows_in(file, bytes, None)?.collect()
}

fn learn(table: Table, rows: &RecordBatch, entries: &mut Entries) {
    let row_ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
    let known = row_ids.iter().zip(contents_of(rows));
    for (identity, (&row_id, content)) in identities_of(table, rows).into_iter().zip(known) {
        let entry = entries.entry(identity).or_insert(Known { row_id, content });
        // The lake gives rows in any order: the last arrival is the state.
        if (entry.row_id & NUMBER) <= (row_id & NUMBER) {
            *entry = Known { row_id, content };
        }
    }
}
