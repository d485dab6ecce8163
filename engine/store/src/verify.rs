//! Is what a state directory keeps whole? Everything is read and compared; nothing is changed.

mod twins;

use std::collections::HashSet;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use citybrain_grid::City;
use citybrain_model::Identity;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use crate::admit::superseded_in;
use crate::identities::identities_of;
use crate::journal::Journal;
use crate::lake::{LakeTable, rows_error};
use crate::rollup::RollUps;
use crate::schema::{ROW_ID, SUPERSEDES, with_types};
use crate::store::runtime;
use crate::{LakeError, OpenError, StateDir, Table};

use twins::Twins;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `journal`, `control`, `lake/TABLE`, `identities/TABLE`, `roll-ups`.
    pub what: String,
    /// What was found, in a sentence.
    pub found: String,
    /// What is wrong with it: files and rows by name. Empty when it is whole.
    pub problems: Vec<String>,
}

/// Looks at a state directory, which another process may be writing to: the journal and the control state as SQLite sees them and
/// each batch decoded; the lake's files there, of the size and with the number of rows that its log says, every row read;
/// each record there once; the roll-ups equal to a recount. Call it outside of asynchronous code.
///
/// # Errors
/// When the directory is none or another city's. What is damaged is no error but a [`Check::problems`].
pub fn verify(dir: &Path, city: &City) -> Result<Vec<Check>, OpenError> {
    let state = StateDir::open(dir)?;
    state.belongs_to(city)?;
    let mut checks = vec![of_database("journal", &state.journal_file())];
    if state.control_file().exists() {
        checks.push(of_database("control", &state.control_file()));
    }
    let runtime = runtime(dir)?;
    // As for readers: the journal as of one moment, and then the lake.
    let journal = Journal::open_read_only(&state.journal_file())?;
    let last_seq = journal.last_seq()?;
    for table in Table::ALL {
        runtime.block_on(of_table(&state, &journal, last_seq, table, &mut checks));
    }
    checks.push(runtime.block_on(of_rollups(&state, city)));
    Ok(checks)
}

fn of_database(what: &str, path: &Path) -> Check {
    let ask = || -> rusqlite::Result<Vec<String>> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut select = connection.prepare("PRAGMA integrity_check")?;
        select.query_map([], |row| row.get(0))?.collect()
    };
    let mut problems = match ask() {
        Ok(lines) => lines,
        Err(error) => vec![error.to_string()],
    };
    problems.retain(|line| line != "ok");
    Check {
        what: what.to_owned(),
        found: format!("{}: read whole", path.display()),
        problems,
    }
}

async fn of_table(
    state: &StateDir,
    journal: &Journal,
    last_seq: u64,
    table: Table,
    checks: &mut Vec<Check>,
) {
    let mut problems = Vec::new();
    let mut seen = Seen::new(table);
    let mut position = 0;
    let mut files = 0;
    let mut opened = None;
    match LakeTable::open(state.lake_dir(), table, false).await {
        Ok(Some(lake)) => {
            let lake = opened.insert(lake);
            let read = async {
                lake.keep_to(state.pinned(table)).await?;
                lake.keep_to_seq(last_seq).await?;
                position = lake.journal_position().await?;
                seen.superseded = superseded_in(lake).await.unwrap_or_default();
                for file in lake.files()? {
                    files += 1;
                    match lake.file_rows(&file.path, seen.columns()).await {
                        Ok(batches) => {
                            let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
                            if file.rows.is_some_and(|wanted| wanted != rows as u64) {
                                problems.push(format!(
                                    "{}: has {rows} rows, and the log says {}",
                                    file.path,
                                    file.rows.unwrap_or_default()
                                ));
                            }
                            for rows in &batches {
                                seen.add(rows)?;
                            }
                        }
                        Err(error) => problems.push(format!("{}: {error}", file.path)),
                    }
                }
                Ok::<(), LakeError>(())
            };
            if let Err(error) = read.await {
                problems.push(error.to_string());
            }
        }
        Ok(None) => {}
        Err(error) => problems.push(error.to_string()),
    }
    let sealed = seen.rows;
    match journal.after(table, position) {
        Ok(batches) => {
            for rows in &batches {
                seen.superseded.extend(
                    rows[SUPERSEDES]
                        .as_primitive::<Int64Type>()
                        .iter()
                        .flatten(),
                );
            }
            for rows in &batches {
                if let Err(error) = seen.add(rows) {
                    problems.push(error.to_string());
                }
            }
        }
        Err(error) => problems.push(error.to_string()),
    }
    checks.push(Check {
        what: format!("lake/{table}"),
        found: format!(
            "{sealed} rows in {files} files, {} rows in the journal after position {position}",
            seen.rows - sealed
        ),
        problems,
    });
    if table == Table::Observations {
        let hot = journal.after(table, position).unwrap_or_default();
        checks.push(observations_once(opened.as_ref(), &hot, &seen).await);
    } else {
        checks.push(seen.identities());
    }
}

/// Is each observation there once? They are too many to hold all of theirs in memory. A file that cannot be read was named before.
async fn observations_once(lake: Option<&LakeTable>, hot: &[RecordBatch], seen: &Seen) -> Check {
    const COLUMNS: [&str; 5] = ["source", "datastream", "id", "phenomenon_time", ROW_ID];
    let table = Table::Observations;
    let rows = seen.rows as u64;
    let files = lake.and_then(|lake| lake.files().ok()).unwrap_or_default();
    let mut problems = Problems::default();
    let records = |rows: &RecordBatch| {
        let rows = with_types(table, rows).ok()?;
        let ids = rows[ROW_ID].as_primitive::<Int64Type>().values().to_vec();
        Some(identities_of(table, &rows).into_iter().zip(ids))
    };
    let parts = Twins::parts(rows);
    for part in 0..parts {
        let mut twins = Twins::of(rows, part, parts);
        for again in [false, true] {
            let mut take = |rows: &RecordBatch| {
                for (identity, row_id) in records(rows).into_iter().flatten() {
                    if again {
                        twins.look(identity, row_id);
                    } else {
                        twins.mark(identity);
                    }
                }
            };
            for file in &files {
                let Some(lake) = lake else { continue };
                let batches = lake.file_rows(&file.path, &COLUMNS).await;
                batches.unwrap_or_default().iter().for_each(&mut take);
            }
            hot.iter().for_each(&mut take);
        }
        for (one, other) in twins.found(|row_id| seen.superseded.contains(&row_id)) {
            problems.same(one, other);
        }
    }
    Check {
        what: format!("identities/{table}"),
        found: format!(
            "{} records, each compared with all others",
            rows.saturating_sub(seen.superseded.len() as u64)
        ),
        problems: problems.listed(),
    }
}

/// Rows of the same record, the first of them by name.
#[derive(Debug, Default)]
struct Problems {
    listed: Vec<String>,
    more: usize,
}

impl Problems {
    fn same(&mut self, one: i64, other: i64) {
        if self.listed.len() < PROBLEMS_MAX {
            self.listed
                .push(format!("rows {one} and {other} are the same record"));
        } else {
            self.more += 1;
        }
    }

    fn listed(mut self) -> Vec<String> {
        if self.more > 0 {
            self.listed.push(format!("and {} more", self.more));
        }
        self.listed
    }
}

/// The rows of a table, as they are read.
struct Seen {
    table: Table,
    rows: usize,
    superseded: HashSet<i64>,
    /// Of complaints and steps.
    records: Vec<(Identity, i64)>,
}

impl Seen {
    fn new(table: Table) -> Self {
        Self {
            table,
            rows: 0,
            superseded: HashSet::new(),
            records: Vec::new(),
        }
    }

    const fn columns(&self) -> &'static [&'static str] {
        match self.table {
            Table::Complaints => &["source", "id", ROW_ID],
            Table::ComplaintEvents => &["source", "complaint", "event", "at", ROW_ID],
            Table::Observations => &[ROW_ID],
        }
    }

    fn add(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        self.rows += rows.num_rows();
        if self.table == Table::Observations {
            return Ok(());
        }
        let rows =
            with_types(self.table, rows).map_err(|source| rows_error(self.table, source.into()))?;
        let ids = rows[ROW_ID].as_primitive::<Int64Type>().values();
        let records = identities_of(self.table, &rows)
            .into_iter()
            .zip(ids.iter().copied());
        self.records.extend(records);
        Ok(())
    }

    fn identities(mut self) -> Check {
        let superseded = &self.superseded;
        self.records
            .retain(|(_, row_id)| !superseded.contains(row_id));
        let read = self.records.len();
        self.records.sort_unstable();
        let mut problems = Problems::default();
        for pair in self.records.windows(2) {
            if pair[0].0 == pair[1].0 {
                problems.same(pair[0].1, pair[1].1);
            }
        }
        Check {
            what: format!("identities/{}", self.table),
            found: format!("{read} records, each compared with all others"),
            problems: problems.listed(),
        }
    }
}

/// Problems of one kind that are listed one by one.
const PROBLEMS_MAX: usize = 20;

async fn of_rollups(state: &StateDir, city: &City) -> Check {
    let check = |found: String, problems: Vec<String>| Check {
        what: "roll-ups".to_owned(),
        found,
        problems,
    };
    if !state.rollups_file().exists() {
        return check("none kept yet".to_owned(), Vec::new());
    }
    let Some(rollups) = RollUps::open(&state.rollups_file(), city.time_zone) else {
        return check(
            "cannot be opened".to_owned(),
            vec!["they will be made anew".to_owned()],
        );
    };
    let compared = async {
        match LakeTable::open(state.lake_dir(), Table::Complaints, false).await? {
            Some(lake) => rollups.compare(&lake).await,
            None => Ok((0, Vec::new())),
        }
    };
    match compared.await {
        Ok((files, wrong)) => check(
            format!("counts of {files} files compared with a recount"),
            wrong
                .into_iter()
                .map(|path| format!("{path}: its counts are others"))
                .collect(),
        ),
        Err(error) => check("not compared".to_owned(), vec![error.to_string()]),
    }
}
