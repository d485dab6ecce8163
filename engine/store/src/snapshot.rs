//! One immutable view of everything that was accepted up to a moment.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use citybrain_grid::City;
use deltalake::datafusion::catalog::TableProvider;

use crate::journal::Journal;
use crate::lake::LakeTable;
use crate::rollup::RollUps;
use crate::{Counts, JournalError, LakeError, RejectedRow, Table};

/// Hot rows and one version of each lake table: all tables of a query read the same moment.
#[derive(Debug)]
pub struct Snapshot {
    /// Everything up to this sequence number of the journal is in.
    pub seq: u64,
    /// The city by whose boundaries the rows were placed.
    pub city: Arc<City>,
    pub(crate) tables: [Arc<TableSnapshot>; 3],
    pub(crate) journal: PathBuf,
    /// None for a reader beside the writer.
    pub(crate) rollups: Option<Arc<RollUps>>,
    /// A reader met a file that cannot be read.
    pub(crate) suspected: Arc<AtomicBool>,
}

/// One table of a [`Snapshot`]: its rows are those of `lake` and `hot` whose `row_id` is not in `superseded`.
#[derive(Debug)]
pub struct TableSnapshot {
    /// Which table.
    pub table: Table,
    /// The columns of `hot` and `lake`: [`rows_schema`](crate::rows_schema).
    pub schema: SchemaRef,
    /// Rows that are not in the lake yet, in order of arrival.
    pub hot: Vec<RecordBatch>,
    /// The lake table at one version; none before its first commit of rows.
    pub lake: Option<Arc<dyn TableProvider>>,
    /// Rows that later rows replace.
    pub superseded: Arc<HashSet<i64>>,
    /// Of observations: `source, datastream, hour, observations, sum, least, greatest` and where and what, of those that are no
    /// longer kept one by one. A datastream's hour may have several rows, which add up.
    pub hourly: Option<Arc<dyn TableProvider>>,
    /// The lake table itself.
    pub(crate) files: Option<LakeTable>,
    /// Of complaints: the rows that rows of `hot` replace, with what they are counted by; none when that is not known.
    pub(crate) replaced: Option<Vec<RecordBatch>>,
}

impl Snapshot {
    /// One table.
    pub fn table(&self, table: Table) -> &Arc<TableSnapshot> {
        &self.tables[table.index()]
    }

    /// How many complaints there are of each place, kind and day: the same as a scan would count. None when that cannot be told without one.
    ///
    /// # Errors
    /// When a file of the lake is not counted yet and cannot be read.
    pub async fn counts(&self) -> Result<Option<Counts>, LakeError> {
        match &self.rollups {
            Some(rollups) => rollups.counts(self.table(Table::Complaints)).await,
            None => Ok(None),
        }
    }

    /// A file of the lake could not be read: the writer looks for damaged ones and puts them aside, so that the rest is served.
    pub fn suspect(&self) {
        self.suspected.store(true, Ordering::Relaxed);
    }

    /// Refused rows after number `after`, at most `limit`, in order of arrival: read from the journal's file as it is now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn rejected(&self, after: i64, limit: usize) -> Result<Vec<RejectedRow>, JournalError> {
        Journal::open_read_only(&self.journal)?.rejected(after, limit)
    }
}

/// What one group commit added to one table, in the order of publication.
#[derive(Debug)]
pub struct Published {
    /// The sequence number; a snapshot with this or a larger `seq` holds the rows.
    pub seq: u64,
    /// The table.
    pub table: Table,
    /// The accepted rows with their places. A complaint that its steps changed is a row here too.
    pub rows: RecordBatch,
    /// Of `complaints`: the rows that `rows` replace, as they were (a row that comes and goes within the batch is in both).
    pub replaced: Option<RecordBatch>,
    /// Some rows replace earlier ones: counts of the earlier ones must be read anew.
    pub replaces: bool,
}

impl Published {
    /// Rows left the table for good (erased, too old, or in a file that cannot be read), and it is not said which: whoever keeps
    /// anything of the table reads it anew.
    pub fn is_removal(&self) -> bool {
        self.replaces && self.rows.num_rows() == 0
    }
}
