//! What every format becomes: columns, rows, and rows that could not be read.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use citybrain_model::Refusal;
use csv::{ByteRecord, StringRecord};

use super::Emit;

/// A chunk is handed on when it has this many rows …
const CHUNK_ROWS: usize = 2048;
/// … or this many bytes of text.
const CHUNK_BYTES: usize = 1 << 20;

/// Column names, in the file's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Every row has every column: the file has a header.
    pub fixed: bool,
    names: Vec<String>,
    exact: HashMap<String, usize>,
    folded: HashMap<String, usize>,
}

impl Columns {
    /// The columns of a file's header; of two equal names the first is the one found.
    pub fn header(names: impl IntoIterator<Item = String>) -> Self {
        let mut columns = Self {
            fixed: true,
            ..Self::default()
        };
        for name in names {
            columns.push(name);
        }
        columns
    }

    /// Columns of rows that need not have them all.
    pub(crate) fn open(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            fixed: false,
            ..Self::header(names)
        }
    }

    /// The names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Are there no columns?
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The column of this name, else the first whose name has the same letters and digits whatever their case:
    /// `Unique Key`, `unique_key` and `UNIQUE-KEY` are one column.
    pub fn find(&self, name: &str) -> Option<usize> {
        let exact = self.exact.get(name);
        exact.or_else(|| self.folded.get(&folded(name))).copied()
    }

    pub(super) fn find_exact(&self, name: &str) -> Option<usize> {
        self.exact.get(name).copied()
    }

    pub(super) fn push(&mut self, name: String) {
        let at = self.names.len();
        self.exact.entry(name.clone()).or_insert(at);
        self.folded.entry(folded(&name)).or_insert(at);
        self.names.push(name);
    }
}

/// A column name's letters and digits in lower case: what two spellings of one name have in common.
pub fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// One row: its cells as text, in the order of the chunk's [`Columns`]; an empty or absent cell is "no value".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Position in the file, from 0, counted over readable and unreadable rows.
    pub index: u64,
    /// The line in the file on which the row begins, from 1; 0 when the format has no lines.
    pub line: u64,
    /// The cells.
    pub cells: StringRecord,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Position in the file, from 0.
    pub index: u64,
    /// The line in the file on which the row begins, from 1; 0 when the format has no lines.
    pub line: u64,
    /// What was there.
    pub found: Found,
    /// Why it is no row.
    pub refusal: Refusal,
}

/// What was found in the place of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Cells: too few, too many, or with bytes that are no text.
    Cells(ByteRecord),
    /// A line that is no JSON object.
    Line(String),
}

/// One position in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A row.
    Row(Row),
    /// What should have been one.
    Bad(BadRow),
}

/// Consecutive rows with the same columns. JSON rows may bring new columns on their way: then a new chunk begins.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The columns of every row in the chunk.
    pub columns: Arc<Columns>,
    /// The rows, in the file's order.
    pub items: Vec<Item>,
}

/// Gathers rows into chunks and hands them on.
pub(super) struct Emitter<'a, 'e> {
    columns: Arc<Columns>,
    items: Vec<Item>,
    bytes: usize,
    next_index: u64,
    emit: &'a mut Emit<'e>,
}

impl<'a, 'e> Emitter<'a, 'e> {
    pub(super) fn new(emit: &'a mut Emit<'e>) -> Self {
        Self {
            columns: Arc::default(),
            items: Vec::new(),
            bytes: 0,
            next_index: 0,
            emit,
        }
    }

    /// Sets the columns of the rows to come.
    pub(super) fn columns(&mut self, columns: Columns) -> ControlFlow<()> {
        self.flush()?;
        self.columns = Arc::new(columns);
        ControlFlow::Continue(())
    }

    pub(super) fn row(&mut self, line: u64, cells: StringRecord) -> ControlFlow<()> {
        self.bytes += cells.as_slice().len();
        let index = self.index();
        self.item(Item::Row(Row { index, line, cells }))
    }

    pub(super) fn bad(&mut self, line: u64, found: Found, refusal: Refusal) -> ControlFlow<()> {
        self.bytes += match &found {
            Found::Cells(record) => record.as_slice().len(),
            Found::Line(text) => text.len(),
        };
        let index = self.index();
        self.item(Item::Bad(BadRow {
            index,
            line,
            found,
            refusal,
        }))
    }

    /// The index that the next row gets: the number of rows so far.
    pub(super) fn rows(&self) -> u64 {
        self.next_index
    }

    /// The columns of the rows to come.
    pub(super) fn shared_columns(&self) -> Arc<Columns> {
        Arc::clone(&self.columns)
    }

    /// Hands on the last rows.
    pub(super) fn finish(&mut self) {
        // Whether more is wanted no longer matters.
        let _more_wanted = self.flush();
    }

    /// Hands on what is there.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        if self.items.is_empty() {
            return ControlFlow::Continue(());
        }
        self.bytes = 0;
        (self.emit)(Chunk {
            columns: Arc::clone(&self.columns),
            items: std::mem::take(&mut self.items),
        })
    }

    fn index(&mut self) -> u64 {
        let index = self.next_index;
        self.next_index += 1;
        index
    }

    fn item(&mut self, item: Item) -> ControlFlow<()> {
        self.items.push(item);
        if self.items.len() >= CHUNK_ROWS || self.bytes >= CHUNK_BYTES {
            return self.flush();
        }
        ControlFlow::Continue(())
    }
}
