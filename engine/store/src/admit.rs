//! Admission: which rows of a batch are new, which replace an earlier state, which are there already.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use citybrain_grid::City;
use citybrain_model::Identity;
use futures::TryStreamExt;

use crate::columns::Placed;
use crate::cutoffs::Cutoffs;
use crate::follow::complaints_of;
use crate::identities::{contents_of, identities_of};
use crate::index::{Entries, Found, IndexFiles, Known, NUMBER, Recent};
use crate::lake::{LakeTable, rows_error};
use crate::schema::{MONTH, ROW_ID, ROW_NUMBER_BITS, SUPERSEDES};
use crate::writer::PlacedBatch;
use crate::{IndexError, LakeError, OpenError, Receipt, Table, rows_schema};

/// Knows every record that is there. What a group of batches adds is staged until the journal has it: [`Admitter::keep`] or
/// [`Admitter::forget`].
#[derive(Debug)]
pub(crate) struct Admitter {
    recent: [Recent; 3],
    files: [Arc<IndexFiles>; 3],
    /// Complaints that were erased: neither they nor their steps come in again.
    erased: HashSet<Identity>,
    /// How far back each table is kept.
    cutoffs: [Cutoffs; 3],
    /// What the runs know of the complaints of the group's steps.
    of_steps: HashMap<Identity, Known>,
    next_number: i64,
    /// The column of the city's largest level: a row is located when it is not null.
    largest_level: Option<&'static str>,
}

/// The rows that a group added to one table.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) replaces: bool,
}

impl Admitted {
    /// All rows in one batch, and whether some replace earlier ones.
    pub(crate) fn rows(self, table: Table) -> Option<(RecordBatch, bool)> {
        let rows = concat_batches(&rows_schema(table), &self.batches)
            .expect("batches of a table share its schema");
        (rows.num_rows() > 0).then_some((rows, self.replaces))
    }
}

impl Admitter {
    /// Knows what the runs know; the journal's tail is still to be learned.
    pub(crate) fn new(city: &City, files: [Arc<IndexFiles>; 3]) -> Self {
        let next_number = files.iter().map(|files| files.next_number()).max();
        Self {
            recent: Default::default(),
            files,
            erased: HashSet::new(),
            cutoffs: Default::default(),
            of_steps: HashMap::new(),
            next_number: next_number.unwrap_or(1),
            largest_level: city.levels.first().map(|level| level.level.as_str()),
        }
    }

    /// The runs of each table.
    pub(crate) const fn files(&self) -> &[Arc<IndexFiles>; 3] {
        &self.files
    }

    /// What came in since the last seal of a table.
    pub(crate) const fn recent(&mut self, table: Table) -> &mut Recent {
        &mut self.recent[table.index()]
    }

    /// The complaint neither comes in again nor do its steps.
    pub(crate) fn erase(&mut self, complaint: Identity) {
        self.erased.insert(complaint);
    }

    /// How far back a table is kept.
    pub(crate) const fn cutoffs(&self, table: Table) -> &Cutoffs {
        &self.cutoffs[table.index()]
    }

    /// Records of `table` that are older than `cutoffs` come in no more.
    pub(crate) fn keep_from(&mut self, table: Table, cutoffs: &Cutoffs) {
        let kept = &mut self.cutoffs[table.index()];
        *kept = std::mem::take(kept).merged(cutoffs);
    }

    /// Which rows of a batch are of complaints that were erased.
    fn erased_among(&self, placed: &Placed) -> Vec<bool> {
        let gone = |complaints: &[Identity]| {
            let gone = complaints.iter().map(|of| self.erased.contains(of));
            gone.collect()
        };
        match placed.table {
            _ if self.erased.is_empty() => Vec::new(),
            Table::Complaints => gone(&placed.identities),
            Table::ComplaintEvents => gone(&complaints_of(&placed.rows)),
            Table::Observations => Vec::new(),
        }
    }

    /// Sorts the rows of a batch into new, updated and duplicate; the first two go to `admitted` with their row ids.
    ///
    /// # Errors
    /// When the runs cannot be read: nothing of the batch is staged then.
    pub(crate) fn admit(
        &mut self,
        batch: PlacedBatch,
        admitted: &mut Admitted,
    ) -> Result<Receipt, IndexError> {
        let PlacedBatch {
            placed,
            contents,
            mut found,
            ..
        } = batch;
        let at = placed.table.index();
        let erased = self.erased_among(&placed);
        let cutoffs = &self.cutoffs[at];
        let expired = (!cutoffs.is_empty()).then(|| cutoffs.mark(placed.table, &placed.rows));
        look_again(&self.files[at], &placed.identities, &mut found)?;
        let recent = &mut self.recent[at];
        let months = placed.rows[MONTH].as_primitive::<Int32Type>().values();
        let mut receipt = Receipt::default();
        let mut keep = Vec::with_capacity(contents.len());
        let mut row_ids = Vec::with_capacity(contents.len());
        let mut replaced = Vec::with_capacity(contents.len());
        for (row, (((identity, &content), &month), found)) in placed
            .identities
            .iter()
            .zip(&contents)
            .zip(months)
            .zip(found.known)
            .enumerate()
        {
            if expired.as_ref().is_some_and(|expired| expired.value(row)) {
                receipt.expired += 1;
                keep.push(false);
                continue;
            }
            let known = recent.get(identity).or(found);
            let same = known.is_some_and(|known| known.content == content);
            if same || erased.get(row) == Some(&true) {
                receipt.duplicate += 1;
                keep.push(false);
                continue;
            }
            let row_id = (i64::from(month) << ROW_NUMBER_BITS) | self.next_number;
            self.next_number += 1;
            keep.push(true);
            row_ids.push(row_id);
            replaced.push(known.map(|known| known.row_id));
            match known {
                Some(_) => receipt.updated += 1,
                None => receipt.accepted += 1,
            }
            recent.stage(*identity, Known { row_id, content });
        }
        if row_ids.is_empty() {
            return Ok(receipt);
        }
        let rows = if row_ids.len() == keep.len() {
            placed.rows
        } else {
            filter_record_batch(&placed.rows, &BooleanArray::from(keep))
                .expect("the mask is as long as the batch")
        };
        self.count_places(&rows, &mut receipt);
        admitted.replaces |= receipt.updated > 0;
        admitted.batches.push(with_ids(&rows, row_ids, replaced));
        Ok(receipt)
    }

    /// The rows of `complaints` that a batch changes, by row id: its complaints that are there with other content, and those of
    /// its steps that are new.
    ///
    /// # Errors
    /// When the runs cannot be read.
    pub(crate) fn changed_by(&mut self, batch: &mut PlacedBatch) -> Result<Vec<i64>, IndexError> {
        let table = batch.placed.table;
        if table == Table::Observations {
            return Ok(Vec::new());
        }
        let identities = &batch.placed.identities;
        look_again(&self.files[table.index()], identities, &mut batch.found)?;
        let recent = &self.recent[table.index()];
        let known = |row: usize| recent.get(&identities[row]).or(batch.found.known[row]);
        let other =
            |row: &usize| known(*row).is_none_or(|known| known.content != batch.contents[*row]);
        let rows = (0..identities.len()).filter(other);
        let mut changed: Vec<i64> = Vec::new();
        match (&mut batch.complaints, table) {
            (Some(found), Table::ComplaintEvents) => {
                let complaints = complaints_of(&batch.placed.rows);
                look_again(&self.files[Table::Complaints.index()], &complaints, found)?;
                let recent = &self.recent[Table::Complaints.index()];
                for row in rows {
                    let complaint = complaints[row];
                    if let Some(known) = recent.get(&complaint).or(found.known[row]) {
                        self.of_steps.insert(complaint, known);
                        changed.push(known.row_id);
                    }
                }
            }
            _ => changed.extend(rows.filter_map(|row| Some(known(row)?.row_id))),
        }
        changed.sort_unstable();
        changed.dedup();
        Ok(changed)
    }

    /// What is known of a complaint that a step of the group is of, with what the group has done to it so far.
    pub(crate) fn complaint(&self, identity: Identity) -> Option<Known> {
        let recent = self.recent[Table::Complaints.index()].get(&identity);
        recent.or_else(|| self.of_steps.get(&identity).copied())
    }

    /// A complaint that is there gets another row, of `month`: the id of that.
    pub(crate) fn restate(&mut self, identity: Identity, month: i32) -> i64 {
        let row_id = (i64::from(month) << ROW_NUMBER_BITS) | self.next_number;
        self.next_number += 1;
        let content = self.complaint(identity).map_or(0, |known| known.content);
        let known = Known { row_id, content };
        self.recent[Table::Complaints.index()].stage(identity, known);
        row_id
    }

    /// The group is over, whatever became of it.
    pub(crate) fn end(&mut self) {
        self.of_steps.clear();
    }

    /// The journal has the group.
    pub(crate) fn keep(&mut self) {
        self.recent.iter_mut().for_each(Recent::keep);
    }

    /// The journal does not have the group.
    pub(crate) fn forget(&mut self) {
        self.recent.iter_mut().for_each(Recent::forget);
    }

    /// Learns rows of the journal's tail, in order.
    pub(crate) fn learn(&mut self, table: Table, rows: &RecordBatch) {
        let recent = &mut self.recent[table.index()];
        let row_ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        let identities = identities_of(table, rows);
        for ((identity, &row_id), content) in
            identities.into_iter().zip(row_ids).zip(contents_of(rows))
        {
            self.next_number = self.next_number.max((row_id & NUMBER) + 1);
            recent.learn(identity, Known { row_id, content });
        }
    }

    fn count_places(&self, rows: &RecordBatch, receipt: &mut Receipt) {
        let cells = rows.column_by_name("cell");
        let areas = self
            .largest_level
            .and_then(|level| rows.column_by_name(level));
        let has = |column: Option<&ArrayRef>, row| column.is_some_and(|c| c.is_valid(row));
        for row in 0..rows.num_rows() {
            match (has(cells, row), has(areas, row)) {
                (true, true) => receipt.located += 1,
                (false, true) => {
                    receipt.located += 1;
                    receipt.area_only += 1;
                }
                (true, false) => receipt.outside += 1,
                (false, false) => receipt.not_located += 1,
            }
        }
    }
}

/// Adds what runs know that were flushed since somebody looked.
fn look_again(
    files: &IndexFiles,
    identities: &[Identity],
    found: &mut Found,
) -> Result<(), IndexError> {
    if files.stamp() > found.stamp {
        let newer = files.find(identities, found.stamp, None)?;
        for (known, newer) in found.known.iter_mut().zip(newer.known) {
            *known = newer.or(*known);
        }
        found.stamp = newer.stamp;
    }
    Ok(())
}

/// The runs of a table: as they are, or made again from the lake when they are not to be relied on.
pub(crate) async fn open_index(
    dir: &Path,
    lake: &mut LakeTable,
    last_seq: u64,
) -> Result<IndexFiles, OpenError> {
    std::fs::create_dir_all(dir).map_err(|source| OpenError::Io {
        path: dir.to_owned(),
        source,
    })?;
    let position = lake.journal_position().await?;
    if let Some(files) = IndexFiles::open(dir, lake.table(), position, last_seq)? {
        return Ok(files);
    }
    let files = IndexFiles::rebuild(dir, lake, position).await;
    // Files that could not be read are not in it.
    lake.take_quarantined();
    files
}

/// Writes the identities of the journal's tail as a run, before the lake gets the rows.
pub(crate) async fn flush_tail(
    dir: &Path,
    lake: &mut LakeTable,
    rows: &[RecordBatch],
    last_seq: u64,
) -> Result<(), OpenError> {
    let files = open_index(dir, lake, last_seq).await?;
    let mut entries = Entries::default();
    for rows in rows {
        let row_ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        let identities = identities_of(lake.table(), rows).into_iter();
        for ((identity, &row_id), content) in identities.zip(row_ids).zip(contents_of(rows)) {
            entries.insert(identity, Known { row_id, content });
        }
    }
    Ok(files.flush(&entries, last_seq)?)
}

/// Which rows of a lake table later rows replace. Since sealing takes such rows out there are none but in tables that an
/// earlier version wrote; files without any are not read.
pub(crate) async fn superseded_in(lake: &LakeTable) -> Result<HashSet<i64>, LakeError> {
    let mut superseded = HashSet::new();
    let mut batches = lake.replacing().await?;
    while let Some(rows) = batches
        .try_next()
        .await
        .map_err(|source| rows_error(lake.table(), source))?
    {
        superseded.extend(
            rows[SUPERSEDES]
                .as_primitive::<Int64Type>()
                .iter()
                .flatten(),
        );
    }
    Ok(superseded)
}

pub(crate) fn with_ids(
    rows: &RecordBatch,
    row_ids: Vec<i64>,
    replaced: Vec<Option<i64>>,
) -> RecordBatch {
    let row_ids: ArrayRef = Arc::new(Int64Array::from(row_ids));
    let replaced: ArrayRef = Arc::new(Int64Array::from(replaced));
    let columns = rows
        .schema_ref()
        .fields()
        .iter()
        .zip(rows.columns())
        .map(|(field, column)| {
            Arc::clone(match field.name().as_str() {
                ROW_ID => &row_ids,
                SUPERSEDES => &replaced,
                _ => column,
            })
        });
    RecordBatch::try_new(rows.schema(), columns.collect())
        .expect("only columns of the same type were exchanged")
}
