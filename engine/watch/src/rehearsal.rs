//! A rule played over history: when and where it would have told.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use citybrain_grid::City;
use citybrain_store::Table;

use crate::{Change, Rule, RuleError, Rules, Subject};

/// One time that a rule would have told.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// About what.
    pub subject: Subject,
    /// When it would have been told: µs since 1970, UTC.
    pub raised_at: i64,
    /// When it would have been over; none: still so at the end.
    pub cleared_at: Option<i64>,
    /// The value that decided.
    pub value: f64,
}

/// How finely time passes, µs; a longer stretch passes in at most so many steps.
const STEP_MIN: i64 = 60_000_000;
const STEPS_MAX: i64 = 50_000;

/// Plays a rule over history from `from` to `to`, µs since 1970, UTC. `history` holds records in order of their own time, also those
/// before `from` as far back as the rule looks ([`Rules::horizon`]); each counts as received at its own time, in its latest state.
/// Time passes by the minute, and in at most 50,000 steps.
///
/// # Errors
/// When the rule does not fit the city.
pub fn rehearse(
    city: &Arc<City>,
    rule: &Rule,
    history: &[(Table, RecordBatch)],
    from: i64,
    to: i64,
) -> Result<Vec<Fired>, RuleError> {
    let rule = Rule {
        on: true,
        ..rule.clone()
    };
    let mut rules = Rules::new(city, &[rule], Vec::new(), from)?;
    let mut parts: Vec<Part<'_>> = history
        .iter()
        .map(|(table, rows)| Part::new(*table, rows))
        .collect();
    for part in &mut parts {
        if let Some(rows) = part.until(from) {
            rules.seed(part.table, &rows);
        }
    }
    rules.begin();

    let mut fired: Vec<Fired> = Vec::new();
    let step = STEP_MIN.max((to - from) / STEPS_MAX);
    let mut now = from;
    while now < to {
        now = (now + step).min(to);
        for part in &mut parts {
            if let Some(rows) = part.until(now) {
                rules.fold(part.table, &rows, now, true);
            }
        }
        rules.tick(now);
        for told in rules.take() {
            match told.change {
                Change::Raised { .. } => fired.push(Fired {
                    subject: told.subject,
                    raised_at: told.at,
                    cleared_at: None,
                    value: told.value,
                }),
                Change::Cleared => {
                    let text = told.subject.text();
                    let open = fired
                        .iter_mut()
                        .rev()
                        .find(|fired| fired.cleared_at.is_none() && fired.subject.text() == text);
                    if let Some(open) = open {
                        open.cleared_at = Some(told.at);
                    }
                }
                Change::Waiting | Change::Dropped => {}
            }
        }
    }
    Ok(fired)
}

/// The records of one table, and how far they were played.
struct Part<'a> {
    table: Table,
    rows: &'a RecordBatch,
    times: &'a [i64],
    next: usize,
}

impl<'a> Part<'a> {
    fn new(table: Table, rows: &'a RecordBatch) -> Self {
        let times = rows
            .column_by_name(table.time_column())
            .expect("rows have the columns of their table");
        Self {
            table,
            rows,
            times: times.as_primitive::<TimestampMicrosecondType>().values(),
            next: 0,
        }
    }

    /// The records up to and with an instant that were not played yet.
    fn until(&mut self, instant: i64) -> Option<RecordBatch> {
        let left = &self.times[self.next..];
        let count = left.partition_point(|time| *time <= instant);
        if count == 0 {
            return None;
        }
        let rows = self.rows.slice(self.next, count);
        self.next += count;
        Some(rows)
    }
}
