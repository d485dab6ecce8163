//! One table as the writer thread holds it: lake, rows being sealed, hot rows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use deltalake::datafusion::catalog::TableProvider;

use crate::hot::Hot;
use crate::lake::LakeTable;
use crate::schema::SUPERSEDES;
use crate::{LakeError, StoreOptions, Table, TableSnapshot, rows_schema};

/// Lake, rows on their way into it, and hot rows. While rows are being sealed readers still take them from memory; the moment
/// the lake has them they are dropped here, in one publication.
#[derive(Debug)]
pub(crate) struct TableState {
    table: Table,
    lake: Option<LakeTable>,
    provider: Option<Arc<dyn TableProvider>>,
    sealing: Option<Arc<Vec<RecordBatch>>>,
    sealing_bytes: usize,
    hot: Hot,
    hot_since: Option<Instant>,
    /// No sealing before this instant.
    rest_until: Option<Instant>,
    superseded: Arc<HashSet<i64>>,
    snapshot: Arc<TableSnapshot>,
}

impl TableState {
    pub(crate) async fn open(lake: LakeTable, superseded: HashSet<i64>) -> Result<Self, LakeError> {
        Self::read_only(lake.table(), Some(lake), superseded).await
    }

    pub(crate) async fn read_only(
        table: Table,
        lake: Option<LakeTable>,
        superseded: HashSet<i64>,
    ) -> Result<Self, LakeError> {
        let provider = match &lake {
            Some(lake) => Some(lake.provider().await?),
            None => None,
        };
        let superseded = Arc::new(superseded);
        let snapshot = Arc::new(TableSnapshot {
            table,
            schema: rows_schema(table),
            hot: Vec::new(),
            lake: provider.clone(),
            superseded: Arc::clone(&superseded),
        });
        Ok(Self {
            table,
            lake,
            provider,
            sealing: None,
            sealing_bytes: 0,
            hot: Hot::default(),
            hot_since: None,
            rest_until: None,
            superseded,
            snapshot,
        })
    }

    pub(crate) const fn table(&self) -> Table {
        self.table
    }

    pub(crate) const fn hot_bytes(&self) -> usize {
        self.sealing_bytes + self.hot.bytes()
    }

    pub(crate) fn snapshot(&self) -> Arc<TableSnapshot> {
        Arc::clone(&self.snapshot)
    }

    /// Takes accepted rows in.
    pub(crate) fn push(&mut self, rows: RecordBatch, now: Instant) {
        let replaced = rows[SUPERSEDES].as_primitive::<Int64Type>();
        if replaced.null_count() < replaced.len() {
            Arc::make_mut(&mut self.superseded).extend(replaced.iter().flatten());
        }
        self.hot_since.get_or_insert(now);
        self.hot.push(rows);
        self.renew();
    }

    /// Freezes the hot rows for sealing when they are many or old enough (or any, when `all`).
    pub(crate) fn start_sealing(
        &mut self,
        now: Instant,
        all: bool,
        options: &StoreOptions,
    ) -> Option<(LakeTable, Arc<Vec<RecordBatch>>)> {
        let due = all
            || self.hot.rows() >= options.seal_rows
            || self
                .hot_since
                .is_some_and(|since| now.duration_since(since) >= options.seal_age);
        let resting = !all && self.rest_until.is_some_and(|until| now < until);
        if !due || resting || self.sealing.is_some() || self.hot.rows() == 0 {
            return None;
        }
        let lake = self.lake.clone()?;
        let hot = std::mem::take(&mut self.hot);
        self.sealing_bytes = hot.bytes();
        self.hot_since = None;
        let frozen = Arc::new(hot.batches().to_vec());
        self.sealing = Some(Arc::clone(&frozen));
        Some((lake, frozen))
    }

    /// The lake has the frozen rows: read them from there.
    pub(crate) async fn adopt(&mut self, lake: LakeTable) -> Result<(), LakeError> {
        self.provider = Some(lake.provider().await?);
        self.lake = Some(lake);
        self.sealing = None;
        self.sealing_bytes = 0;
        self.rest_until = None;
        if self.table == Table::Complaints {
            // The lake has only latest states: what hot rows replace is all that is superseded.
            let replaced = self.hot.batches().iter().flat_map(|rows| {
                rows[SUPERSEDES]
                    .as_primitive::<Int64Type>()
                    .iter()
                    .flatten()
            });
            self.superseded = Arc::new(replaced.collect());
        }
        self.renew();
        Ok(())
    }

    /// The frozen rows stay hot; sealing rests until `rest_until`.
    pub(crate) fn sealing_failed(&mut self, rest_until: Instant) {
        let Some(frozen) = self.sealing.take() else {
            return;
        };
        let newer = std::mem::take(&mut self.hot);
        for rows in frozen.iter().chain(newer.batches()) {
            self.hot.push(rows.clone());
        }
        self.sealing_bytes = 0;
        self.hot_since.get_or_insert(rest_until);
        self.rest_until = Some(rest_until);
        self.renew();
    }

    fn renew(&mut self) {
        let frozen = self.sealing.iter().flat_map(|frozen| frozen.iter());
        self.snapshot = Arc::new(TableSnapshot {
            table: self.table,
            schema: rows_schema(self.table),
            hot: frozen.chain(self.hot.batches()).cloned().collect(),
            lake: self.provider.clone(),
            superseded: Arc::clone(&self.superseded),
        });
    }
}
