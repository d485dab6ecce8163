//! Admission: which rows of a batch are new, which replace an earlier state, which are there already.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use citybrain_grid::City;
use citybrain_model::Identity;
use futures::TryStreamExt;

use crate::identities::{Identities, Known, contents_of, identities_of};
use crate::lake::{LakeTable, rows_error};
use crate::schema::{MONTH, ROW_ID, ROW_NUMBER_BITS, SUPERSEDES};
use crate::writer::PlacedBatch;
use crate::{LakeError, Receipt, Table, rows_schema};

/// Knows every record that is there. What a group of batches adds is staged until the journal has it: [`Admitter::keep`] or
/// [`Admitter::forget`].
#[derive(Debug)]
pub(crate) struct Admitter {
    known: [Identities; 3],
    staged: [Identities; 3],
    next_number: i64,
    /// The column of the city's largest level: a row is located when it is not null.
    largest_level: Option<&'static str>,
}

/// The rows that a group added to one table.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    batches: Vec<RecordBatch>,
    replaces: bool,
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
    pub(crate) fn new(city: &City) -> Self {
        Self {
            known: Default::default(),
            staged: Default::default(),
            next_number: 1,
            largest_level: city.levels.first().map(|level| level.level.as_str()),
        }
    }

    /// Sorts the rows of a batch into new, updated and duplicate; the first two go to `admitted` with their row ids.
    pub(crate) fn admit(&mut self, batch: PlacedBatch, admitted: &mut Admitted) -> Receipt {
        let PlacedBatch { placed, contents } = batch;
        let at = placed.table.index();
        let months = placed.rows[MONTH].as_primitive::<Int32Type>().values();
        let mut receipt = Receipt::default();
        let mut keep = Vec::with_capacity(contents.len());
        let mut row_ids = Vec::with_capacity(contents.len());
        let mut replaced = Vec::with_capacity(contents.len());
        for ((identity, &content), &month) in placed.identities.iter().zip(&contents).zip(months) {
            let known = self.staged[at]
                .get(identity)
                .or_else(|| self.known[at].get(identity));
            if known.is_some_and(|known| known.content == content) {
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
            self.staged[at].insert(*identity, Known { row_id, content });
        }
        if row_ids.is_empty() {
            return receipt;
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
        receipt
    }

    /// The journal has the group.
    pub(crate) fn keep(&mut self) {
        for (known, staged) in self.known.iter_mut().zip(&mut self.staged) {
            known.extend(staged.drain());
        }
    }

    /// The journal does not have the group.
    pub(crate) fn forget(&mut self) {
        self.staged.iter_mut().for_each(Identities::clear);
    }

    /// Learns rows from the journal, in order.
    pub(crate) fn learn(&mut self, table: Table, rows: &RecordBatch) {
        let identities = identities_of(table, rows);
        self.learn_as(table, rows, identities.into_iter().zip(contents_of(rows)));
    }

    fn learn_as(
        &mut self,
        table: Table,
        rows: &RecordBatch,
        records: impl Iterator<Item = (Identity, u64)>,
    ) {
        let row_ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        let known = &mut self.known[table.index()];
        known.reserve(row_ids.len());
        for (&row_id, (identity, content)) in row_ids.iter().zip(records) {
            self.next_number = self.next_number.max((row_id & NUMBER) + 1);
            let entry = known.entry(identity).or_insert(Known { row_id, content });
            // The lake gives rows in any order: the last arrival is the state.
            if (entry.row_id & NUMBER) <= (row_id & NUMBER) {
                *entry = Known { row_id, content };
            }
        }
    }

    /// Learns all rows of a lake table, a batch at a time; gives back which of them later rows replace.
    pub(crate) async fn learn_lake(&mut self, lake: &LakeTable) -> Result<HashSet<i64>, LakeError> {
        let table = lake.table();
        let schema = rows_schema(table);
        let columns: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        let mut superseded = HashSet::new();
        let mut batches = lake.stream(&columns).await?;
        while let Some(rows) = batches
            .try_next()
            .await
            .map_err(|source| rows_error(table, source))?
        {
            let rows = lake.in_schema(&rows)?;
            superseded.extend(
                rows[SUPERSEDES]
                    .as_primitive::<Int64Type>()
                    .iter()
                    .flatten(),
            );
            self.learn(table, &rows);
        }
        Ok(superseded)
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

/// Which rows of a lake table later rows replace.
pub(crate) async fn superseded_in(lake: &LakeTable) -> Result<HashSet<i64>, LakeError> {
    let mut superseded = HashSet::new();
    let mut batches = lake.stream(&[SUPERSEDES]).await?;
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

/// The low bits of a row id: its number by arrival.
const NUMBER: i64 = (1 << ROW_NUMBER_BITS) - 1;

fn with_ids(rows: &RecordBatch, row_ids: Vec<i64>, replaced: Vec<Option<i64>>) -> RecordBatch {
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
