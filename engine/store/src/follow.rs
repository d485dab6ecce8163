//! Complaints follow their steps: what a group of batches does to `complaints` besides adding its rows.
//!
//! A step changes the row of its complaint, a newer record keeps the steps of the row that it replaces, a complaint finds the
//! steps that came in before it. The rows that are replaced are at hand: in memory, or fetched from the lake before the group began.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use citybrain_grid::City;
use citybrain_model::{EventKind, Identity, Step};

use crate::admit::{Admitted, Admitter, with_ids};
use crate::fold::{Fold, Rows, folded, gathered};
use crate::identities::identities_of;
use crate::journal::{Journal, StepChanges};
use crate::schema::{MONTH, SUPERSEDES};
use crate::table_state::TableState;
use crate::{JournalError, Table};

/// What complaints follow in one group: the city, what waits, and the rows that are there.
pub(crate) struct Following<'a> {
    pub(crate) city: &'a City,
    pub(crate) journal: &'a Journal,
    pub(crate) waited_for: &'a HashSet<Identity>,
    pub(crate) complaints: &'a TableState,
    /// Rows of the lake that the group changes.
    pub(crate) fetched: Vec<Arc<Rows>>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// The rows of `complaints` that the group replaces, as they were.
    pub(crate) replaced: Option<RecordBatch>,
    pub(crate) steps: StepChanges,
}

/// A complaint that gets another state.
struct Touched {
    /// Batch and row of the group's own row, which the new state takes the place of.
    own: Option<(usize, usize)>,
    /// The row that is there, if the group has none.
    before: Option<i64>,
    fold: Fold,
}

/// A step as it came: its complaint, instant, kind and fields.
type Arrived = (Identity, i64, EventKind, Option<String>);

impl Following<'_> {
    /// Puts complaints into the state of their steps. `group` are the group's rows by table, and get the changed rows.
    ///
    /// # Errors
    /// When the steps that wait cannot be read.
    pub(crate) fn follow(
        &self,
        admitter: &mut Admitter,
        group: &mut [Admitted; 3],
    ) -> Result<Followed, JournalError> {
        let arrived: Vec<Arrived> = group[Table::ComplaintEvents.index()]
            .batches
            .iter()
            .flat_map(steps_of)
            .collect();
        let complaints = &mut group[Table::Complaints.index()];
        if arrived.is_empty() && !complaints.replaces && self.waited_for.is_empty() {
            return Ok(Followed::default());
        }
        let mut followed = Followed::default();
        let touched = self.touched(admitter, &complaints.batches, arrived, &mut followed.steps)?;
        self.restate(admitter, complaints, touched);
        if complaints.replaces {
            followed.replaced = self.replaced(&complaints.batches);
        }
        Ok(followed)
    }

    fn touched(
        &self,
        admitter: &Admitter,
        batches: &[RecordBatch],
        arrived: Vec<Arrived>,
        steps: &mut StepChanges,
    ) -> Result<BTreeMap<Identity, Touched>, JournalError> {
        let mut touched: BTreeMap<Identity, Touched> = BTreeMap::new();
        let mut own: HashMap<Identity, (usize, usize)> = HashMap::new();
        for (batch, rows) in batches.iter().enumerate() {
            let supersedes = rows[SUPERSEDES].as_primitive::<Int64Type>();
            for (row, identity) in identities_of(Table::Complaints, rows)
                .into_iter()
                .enumerate()
            {
                own.insert(identity, (batch, row));
                if let Some(touched) = touched.get_mut(&identity) {
                    touched.own = Some((batch, row));
                    continue;
                }
                let fold = if supersedes.is_valid(row) {
                    self.find(supersedes.value(row))
                        .map(|(rows, row)| Fold::of(rows, row).of_newer_record())
                } else if self.waited_for.contains(&identity) {
                    let mut fold = Fold::default();
                    for step in self.journal.steps_waiting_for(identity)? {
                        fold.add(step);
                    }
                    steps.came.push(identity);
                    Some(fold)
                } else {
                    None
                };
                if let Some(fold) = fold.filter(Fold::has_steps) {
                    let (own, before) = (Some((batch, row)), None);
                    touched.insert(identity, Touched { own, before, fold });
                }
            }
        }
        for (complaint, at, event, fields) in arrived {
            if let Entry::Vacant(entry) = touched.entry(complaint) {
                let own = own.get(&complaint).copied();
                let before = admitter
                    .complaint(complaint)
                    .filter(|_| own.is_none())
                    .map(|known| known.row_id);
                let fold = before.and_then(|row_id| self.find(row_id));
                let fold = fold.map_or_else(Fold::default, |(rows, row)| Fold::of(rows, row));
                if own.is_none() && before.is_none() {
                    steps.wait.push((complaint, at, event, fields));
                    continue;
                }
                entry.insert(Touched { own, before, fold });
            }
            if let Some(touched) = touched.get_mut(&complaint) {
                touched.fold.add(Step::new(at, event, fields.as_deref()));
            }
        }
        Ok(touched)
    }

    /// Gives the touched complaints their new rows.
    fn restate(
        &self,
        admitter: &mut Admitter,
        complaints: &mut Admitted,
        touched: BTreeMap<Identity, Touched>,
    ) {
        let mut dropped: Vec<Vec<bool>> = complaints
            .batches
            .iter()
            .map(|rows| vec![false; rows.num_rows()])
            .collect();
        let mut sources = Vec::with_capacity(touched.len());
        let mut folds = Vec::with_capacity(touched.len());
        let mut identities = Vec::with_capacity(touched.len());
        let mut replaced = Vec::with_capacity(touched.len());
        for (identity, Touched { own, before, fold }) in touched {
            if let Some((batch, row)) = own {
                dropped[batch][row] = true;
                let rows = &complaints.batches[batch];
                let supersedes = rows[SUPERSEDES].as_primitive::<Int64Type>();
                replaced.push(supersedes.is_valid(row).then(|| supersedes.value(row)));
                sources.push((rows, row));
            } else if let Some(before) = before
                && let Some(source) = self.find(before)
            {
                replaced.push(Some(before));
                sources.push(source);
            } else {
                // The writer fetches what a group changes before the group begins.
                tracing::error!("complaint_without_its_row");
                continue;
            }
            folds.push(fold);
            identities.push(identity);
        }
        let Some(rows) = gathered(&sources) else {
            return;
        };
        let rows = folded(self.city, &rows, folds);
        let months = rows[MONTH].as_primitive::<Int32Type>().values();
        let row_ids = identities
            .iter()
            .zip(months)
            .map(|(&identity, &month)| admitter.restate(identity, month))
            .collect();
        complaints.replaces |= replaced.iter().any(Option::is_some);
        let rows = with_ids(&rows, row_ids, replaced);
        for (rows, dropped) in complaints.batches.iter_mut().zip(dropped) {
            if dropped.contains(&true) {
                let keep: BooleanArray = dropped.iter().map(|dropped| Some(!dropped)).collect();
                *rows = filter_record_batch(rows, &keep).expect("the mask is as long as the batch");
            }
        }
        complaints.batches.push(rows);
    }

    /// All rows that `batches` replace.
    fn replaced(&self, batches: &[RecordBatch]) -> Option<RecordBatch> {
        let mut own = Rows::default();
        for rows in batches {
            own.add(rows.clone());
        }
        let ids = batches.iter().flat_map(|rows| {
            let supersedes = rows[SUPERSEDES].as_primitive::<Int64Type>();
            supersedes.iter().flatten()
        });
        let rows: Vec<_> = ids
            .filter_map(|id| self.find(id).or_else(|| own.find(id)))
            .collect();
        gathered(&rows)
    }

    fn find(&self, row_id: i64) -> Option<(&RecordBatch, usize)> {
        self.complaints
            .find(row_id)
            .or_else(|| self.fetched.iter().find_map(|rows| rows.find(row_id)))
    }
}

/// The identity of the complaint of each row of `complaint_events`.
pub(crate) fn complaints_of(rows: &RecordBatch) -> Vec<Identity> {
    let [source, complaint] = ["source", "complaint"].map(|name| rows[name].as_string::<i32>());
    (0..rows.num_rows())
        .map(|row| Identity::of(source.value(row), complaint.value(row)))
        .collect()
}

fn steps_of(rows: &RecordBatch) -> Vec<Arrived> {
    let [event, fields] = ["event", "fields"].map(|name| rows[name].as_string::<i32>());
    let at = rows["at"].as_primitive::<TimestampMicrosecondType>();
    complaints_of(rows)
        .into_iter()
        .enumerate()
        .filter_map(|(row, complaint)| {
            let kind = EventKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == event.value(row))?;
            let fields = fields.is_valid(row).then(|| fields.value(row).to_owned());
            Some((complaint, at.value(row), kind, fields))
        })
        .collect()
}
