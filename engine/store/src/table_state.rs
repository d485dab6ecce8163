//! One table as the writer thread holds it: lake, rows being sealed, hot rows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use deltalake::datafusion::catalog::TableProvider;

use crate::fold::gathered;
use crate::hot::{Hot, find_in};
use crate::lake::LakeTable;
use crate::schema::SUPERSEDES;
use crate::seal::Tried;
use crate::{LakeError, StoreOptions, Table, TableSnapshot, rows_schema};

/// After so many seals small files are looked for also while much waits to be sealed.
const SEALS_LOOKED_AT: u32 = 16;

/// Replaced files are looked for at most so often.
const VACUUM_EVERY: Duration = Duration::from_secs(1);

/// What a seal moves into the lake.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) lake: LakeTable,
    pub(crate) rows: Arc<Vec<RecordBatch>>,
    /// The rows, hot or in the lake, that later rows replace.
    pub(crate) superseded: Arc<HashSet<i64>>,
    /// Attempts that failed.
    pub(crate) tried: Vec<Tried>,
}

/// The ids of the rows that `rows` replace.
pub(crate) fn replaced_by(rows: &RecordBatch) -> impl Iterator<Item = i64> + '_ {
    rows[SUPERSEDES]
        .as_primitive::<Int64Type>()
        .iter()
        .flatten()
}

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
    /// Compaction or vacuum runs.
    upkeep: bool,
    /// How often the lake changed since it was looked at for small files.
    seals: u32,
    /// No upkeep before this instant.
    upkeep_after: Option<Instant>,
    vacuumed_at: Option<Instant>,
    /// The lake has every row up to this position of the journal.
    sealed_up_to: u64,
    /// The position of the sealing that goes on.
    sealing_up_to: u64,
    /// Sealings that failed since one came through.
    tried: Vec<Tried>,
    /// Whatever is hot is to be sealed: somebody waits for it.
    seal_now: bool,
    /// Of observations: the hours of those that went.
    hourly: Option<Arc<dyn TableProvider>>,
    superseded: Arc<HashSet<i64>>,
    /// Of complaints: what hot rows replace, and what those that are being sealed replace; none when that is not known.
    replaced: Option<Hot>,
    replaced_by_sealing: Option<Hot>,
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
        let (hourly, sealed_up_to) = match &lake {
            Some(lake) => (hours_of(lake).await?, lake.journal_position().await?),
            None => (None, 0),
        };
        let superseded = Arc::new(superseded);
        let snapshot = Arc::new(TableSnapshot {
            table,
            schema: rows_schema(table),
            hot: Vec::new(),
            lake: provider.clone(),
            superseded: Arc::clone(&superseded),
            hourly: hourly.clone(),
            files: lake.clone(),
            replaced: Some(Vec::new()),
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
            upkeep: false,
            seals: 1,
            upkeep_after: None,
            vacuumed_at: None,
            sealed_up_to,
            sealing_up_to: sealed_up_to,
            tried: Vec::new(),
            seal_now: false,
            hourly,
            superseded,
            replaced: Some(Hot::default()),
            replaced_by_sealing: Some(Hot::default()),
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

    /// The lake as it is read now.
    pub(crate) fn lake(&self) -> Option<LakeTable> {
        self.lake.clone()
    }

    /// Batch and row of a row that is in memory.
    pub(crate) fn find(&self, row_id: i64) -> Option<(&RecordBatch, usize)> {
        let frozen = self.sealing.as_ref();
        frozen
            .and_then(|frozen| find_in(frozen, row_id))
            .or_else(|| self.hot.find(row_id))
    }

    /// What the hot rows replace, where the journal brought them back: rows of memory and of the lake.
    pub(crate) async fn learn_replaced(&mut self) -> Result<(), LakeError> {
        let replaced: Vec<i64> = self.hot.batches().iter().flat_map(replaced_by).collect();
        let (hot, sealed): (Vec<i64>, Vec<i64>) = replaced
            .into_iter()
            .partition(|&id| self.find(id).is_some());
        let mut rows = Hot::default();
        let here: Vec<_> = hot.into_iter().filter_map(|id| self.find(id)).collect();
        rows.extend(gathered(&here));
        self.replaced = None;
        let wanted = sealed.len();
        if let Some(lake) = &self.lake
            && wanted > 0
        {
            match lake.rows(sealed).await {
                Ok(found) if found.num_rows() == wanted => rows.extend(Some(found)),
                Ok(_) => return Ok(()),
                Err(error) => {
                    // A damaged file is not to stop the start; counts are scanned until the next seal.
                    tracing::warn!(table = %self.table, %error, "replaced_rows_not_read");
                    return Ok(());
                }
            }
        }
        self.replaced = Some(rows);
        self.renew();
        Ok(())
    }

    /// Takes accepted rows in. `replaced` are the rows that they replace, where that is known.
    pub(crate) fn push(&mut self, rows: RecordBatch, replaced: Option<RecordBatch>, now: Instant) {
        if rows[SUPERSEDES].null_count() < rows.num_rows() {
            Arc::make_mut(&mut self.superseded).extend(replaced_by(&rows));
            match (&mut self.replaced, replaced) {
                (Some(all), Some(rows)) => all.extend(Some(rows)),
                (all, None) => *all = None,
                (None, Some(_)) => {}
            }
        }
        self.hot_since.get_or_insert(now);
        self.hot.push(rows);
        self.renew();
    }

    /// Freezes the hot rows for sealing when they are many or old enough; when the store is `closing`, unless they are few.
    pub(crate) fn start_sealing(
        &mut self,
        now: Instant,
        closing: bool,
        options: &StoreOptions,
        position: u64,
    ) -> Option<Frozen> {
        let due = closing && self.hot.rows() > options.leave_rows
            || self.seal_now
            || self.hot.rows() >= options.seal_rows
            || self
                .hot_since
                .is_some_and(|since| now.duration_since(since) >= options.seal_age);
        let resting = !closing && self.rest_until.is_some_and(|until| now < until);
        if !due || resting || self.upkeep || self.sealing.is_some() || self.hot.rows() == 0 {
            return None;
        }
        let lake = self.lake.clone()?;
        self.seal_now = false;
        self.sealing_up_to = position;
        let hot = std::mem::take(&mut self.hot);
        self.sealing_bytes = hot.bytes();
        self.hot_since = None;
        self.replaced_by_sealing = self.replaced.replace(Hot::default());
        let frozen = Arc::new(hot.batches().to_vec());
        self.sealing = Some(Arc::clone(&frozen));
        Some(Frozen {
            lake,
            rows: frozen,
            superseded: Arc::clone(&self.superseded),
            tried: self.tried.clone(),
        })
    }

    /// The lake, when it changed since it was looked at for small files and there is time for that.
    pub(crate) fn start_compacting(
        &mut self,
        now: Instant,
        options: &StoreOptions,
    ) -> Option<LakeTable> {
        let due = self.seals >= SEALS_LOOKED_AT || (self.seals > 0 && self.is_calm(options));
        if !due || !self.may_be_kept_up(now) {
            return None;
        }
        self.seals = 0;
        self.upkeep = true;
        self.lake.clone()
    }

    /// The lake, when it is time to remove files that are no longer the table's.
    pub(crate) fn start_vacuum(
        &mut self,
        now: Instant,
        options: &StoreOptions,
    ) -> Option<LakeTable> {
        let last = *self.vacuumed_at.get_or_insert(now);
        let age = now.duration_since(last);
        let every = options.keep_replaced.max(VACUUM_EVERY);
        let due = age >= every && self.is_calm(options) || age >= 2 * every;
        if !due
            || !self.may_be_kept_up(now)
            || self.lake.as_ref().is_none_or(|lake| lake.version() == 0)
        {
            return None;
        }
        self.vacuumed_at = Some(now);
        self.upkeep = true;
        self.lake.clone()
    }

    fn may_be_kept_up(&self, now: Instant) -> bool {
        // Somebody waits for what is to be sealed.
        let first = self.seal_now;
        !self.upkeep
            && !first
            && self.sealing.is_none()
            && self.upkeep_after.is_none_or(|after| now >= after)
    }

    /// Little waits to be sealed.
    fn is_calm(&self, options: &StoreOptions) -> bool {
        self.hot.rows() <= options.seal_rows / 2
    }

    /// The lake, for a job that needs every row up to `seq` in it and nothing else at work on it; none when that is still to come:
    /// then it is brought on its way.
    pub(crate) fn start_removal(&mut self, seq: u64) -> Option<LakeTable> {
        let all_there = self.hot.rows() == 0 && self.sealing.is_none();
        if !all_there && self.sealed_up_to < seq {
            self.seal_now |= self.sealing.is_none();
            return None;
        }
        if self.upkeep || self.sealing.is_some() {
            return None;
        }
        self.upkeep = true;
        self.lake.clone()
    }

    /// Rows went out of the lake for good.
    pub(crate) async fn removed(&mut self, lake: LakeTable) -> Result<(), LakeError> {
        self.hourly = hours_of(&lake).await?;
        self.exchange(lake).await
    }

    /// Rows that later rows replace.
    pub(crate) fn superseded(&self) -> Arc<HashSet<i64>> {
        Arc::clone(&self.superseded)
    }

    /// Upkeep is over; after a failure the next one waits until `after`.
    pub(crate) const fn upkeep_ended(&mut self, after: Option<Instant>) {
        self.upkeep = false;
        self.upkeep_after = after;
    }

    /// The lake has the same rows in other files.
    pub(crate) async fn exchange(&mut self, lake: LakeTable) -> Result<(), LakeError> {
        self.provider = Some(lake.provider().await?);
        self.lake = Some(lake);
        // There may be more of them.
        self.seals += 1;
        self.renew();
        Ok(())
    }

    /// The lake has the frozen rows: read them from there.
    pub(crate) async fn adopt(&mut self, lake: LakeTable, position: u64) -> Result<(), LakeError> {
        self.sealed_up_to = position;
        self.tried.clear();
        self.provider = Some(lake.provider().await?);
        self.lake = Some(lake);
        self.sealing = None;
        self.sealing_bytes = 0;
        self.replaced_by_sealing = Some(Hot::default());
        self.rest_until = None;
        self.seals += 1;
        // The lake has only latest states: what hot rows replace is all that is superseded.
        self.superseded = Arc::new(self.hot.batches().iter().flat_map(replaced_by).collect());
        self.renew();
        Ok(())
    }

    /// The frozen rows stay hot; sealing rests until `rest_until`.
    /// False when none were frozen.
    pub(crate) fn sealing_failed(&mut self, rest_until: Instant) -> bool {
        let Some(frozen) = self.sealing.take() else {
            return false;
        };
        self.tried.push(Tried {
            position: self.sealing_up_to,
            rows: frozen.iter().map(RecordBatch::num_rows).sum(),
        });
        let newer = std::mem::take(&mut self.hot);
        for rows in frozen.iter().chain(newer.batches()) {
            self.hot.push(rows.clone());
        }
        let newer = self.replaced.take();
        self.replaced = self.replaced_by_sealing.replace(Hot::default());
        match (&mut self.replaced, newer) {
            (Some(all), Some(newer)) => newer
                .batches()
                .iter()
                .for_each(|rows| all.push(rows.clone())),
            (all, _) => *all = None,
        }
        self.sealing_bytes = 0;
        self.hot_since.get_or_insert(rest_until);
        self.rest_until = Some(rest_until);
        self.renew();
        true
    }

    fn renew(&mut self) {
        let frozen = self.sealing.iter().flat_map(|frozen| frozen.iter());
        let replaced =
            [&self.replaced_by_sealing, &self.replaced].map(|rows| rows.as_ref().map(Hot::batches));
        let replaced = match replaced {
            [Some(frozen), Some(hot)] => Some(frozen.iter().chain(hot).cloned().collect()),
            _ => None,
        };
        self.snapshot = Arc::new(TableSnapshot {
            table: self.table,
            schema: rows_schema(self.table),
            hot: frozen.chain(self.hot.batches()).cloned().collect(),
            lake: self.provider.clone(),
            superseded: Arc::clone(&self.superseded),
            hourly: self.hourly.clone(),
            files: self.lake.clone(),
            replaced,
        });
    }
}

/// The hours that stay of rows that went from a table.
async fn hours_of(lake: &LakeTable) -> Result<Option<Arc<dyn TableProvider>>, LakeError> {
    if lake.table() != Table::Observations {
        return Ok(None);
    }
    match lake.hours().await? {
        Some(hours) => hours.provider().await.map(Some),
        None => Ok(None),
    }
}
