//! A profile's rules, bound to the columns of a file.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use citybrain_model::Refusal;
use xxhash_rust::xxh3::Xxh3;

use super::{Notes, category::PATH_SEPARATOR};
use crate::{
    profile::{ColumnRule, Field, FieldRule, Other, Profile, RecordKind, TimeColumns},
    rows::{Columns, FileProblem, Row},
};

/// Most columns that a message lists.
const LISTED_MAX: usize = 40;

/// The rules of a profile, with the positions of their columns.
#[derive(Debug)]
pub(super) struct Bound {
    record: RecordKind,
    /// By [`Field`] as a number.
    fields: Vec<Vec<BoundRule>>,
    nulls: Vec<String>,
    cells: Vec<Option<CellRule>>,
    /// Columns that are never kept.
    pub(super) personal: HashSet<usize>,
    /// Their names in the profile, for lines that have no columns.
    pub(super) personal_names: Vec<String>,
    /// Columns whose cells are identities, times or numbers: masking free text must not touch them.
    pub(super) plain: HashSet<usize>,
    /// The columns of the properties that one row holds, with their positions in the profile's list.
    pub(super) melt: Vec<(usize, usize)>,
    unknown: Vec<usize>,
}

/// One way to make a field.
#[derive(Debug)]
struct BoundRule {
    way: Way,
    map: Option<ValueMap>,
    split: Option<String>,
}

#[derive(Debug)]
enum Way {
    Column(usize),
    Any(Vec<usize>),
    Join(Vec<usize>, String),
    Value(String),
    Hash(Vec<usize>),
    Parts([Option<usize>; 6]),
}

#[derive(Debug)]
struct ValueMap {
    exact: HashMap<String, String>,
    folded: HashMap<String, String>,
    other: Other,
}

#[derive(Debug)]
struct CellRule {
    nulls: Vec<String>,
    null_containing: Vec<String>,
    strip: Option<String>,
    digits: Option<usize>,
}

impl Bound {
    pub(super) fn new(profile: &Profile, columns: &Columns) -> Result<Self, FileProblem> {
        let mut bound = Self {
            record: profile.record,
            fields: (0..Field::COUNT).map(|_| Vec::new()).collect(),
            nulls: lower(&profile.nulls),
            cells: (0..columns.len()).map(|_| None).collect(),
            personal: found(&profile.personal, columns).collect(),
            personal_names: profile.personal.clone(),
            plain: HashSet::new(),
            melt: Vec::new(),
            unknown: Vec::new(),
        };
        for (name, rule) in &profile.columns {
            if let Some(cell) = columns.find(name).and_then(|at| bound.cells.get_mut(at)) {
                *cell = Some(CellRule::new(rule));
            }
        }
        for (field, rules) in &profile.fields {
            let made = &mut bound.fields[*field as usize];
            made.extend(
                rules
                    .0
                    .iter()
                    .filter_map(|rule| BoundRule::new(*field, rule, columns)),
            );
            if !matches!(
                field,
                Field::Text | Field::Reason | Field::Fields | Field::Address
            ) {
                let plain = rules.0.iter().flat_map(FieldRule::columns);
                bound
                    .plain
                    .extend(plain.filter_map(|name| columns.find(name)));
            }
        }
        for (at, melt) in profile.melt.iter().enumerate() {
            bound
                .melt
                .extend(columns.find(&melt.column).map(|column| (column, at)));
            bound.plain.extend(columns.find(&melt.column));
        }
        if columns.fixed {
            bound.has_required(profile, columns)?;
        }
        let known: HashSet<usize> = found(&profile.ignore, columns)
            .chain(
                profile
                    .mapped_columns()
                    .filter_map(|name| columns.find(name)),
            )
            .chain(bound.personal.iter().copied())
            .collect();
        bound.unknown = (0..columns.len())
            .filter(|at| !known.contains(at))
            .collect();
        Ok(bound)
    }

    /// Notes the columns that no rule names.
    pub(super) fn note_unknown(&self, columns: &Columns, notes: &mut Notes) {
        for at in &self.unknown {
            if let Some(name) = columns.names().get(*at) {
                notes.left_out(name);
            }
        }
    }

    /// A cell's text, without surrounding blanks, null markers and by its column's rule.
    pub(super) fn cell<'r>(&self, row: &'r Row, column: usize) -> Option<Cow<'r, str>> {
        let text = row.cells.get(column)?.trim();
        if text.is_empty() || self.nulls.iter().any(|null| is_caseless(text, null)) {
            return None;
        }
        match self.cells.get(column)? {
            None => Some(Cow::Borrowed(text)),
            Some(rule) => rule.apply(text),
        }
    }

    /// The value of a field; `None` when no rule makes it or the row has none.
    ///
    /// # Errors
    /// A refusal by rule `vocabulary` when the value is not in the field's map and the map is complete.
    pub(super) fn text<'r>(
        &'r self,
        row: &'r Row,
        field: Field,
    ) -> Result<Option<Cow<'r, str>>, Refusal> {
        match self.fields[field as usize].first() {
            None => Ok(None),
            Some(rule) => self.made(rule, row, field),
        }
    }

    /// The value of a field as a text of its own.
    pub(super) fn owned(&self, row: &Row, field: Field) -> Result<Option<String>, Refusal> {
        Ok(self.text(row, field)?.map(Cow::into_owned))
    }

    /// A field's number.
    ///
    /// # Errors
    /// A refusal by rule `number` when the value is none.
    pub(super) fn number(&self, row: &Row, field: Field) -> Result<Option<f64>, Refusal> {
        self.text(row, field)?
            .map(|text| number(field.as_str(), &text))
            .transpose()
    }

    /// A field that is true or false.
    ///
    /// # Errors
    /// A refusal by rule `boolean` when the value is neither.
    pub(super) fn truth(&self, row: &Row, field: Field) -> Result<Option<bool>, Refusal> {
        const TRUE: [&str; 5] = ["true", "yes", "1", "y", "是"];
        const FALSE: [&str; 5] = ["false", "no", "0", "n", "否"];
        let Some(text) = self.text(row, field)? else {
            return Ok(None);
        };
        let is_one_of = |words: [&str; 5]| words.iter().any(|word| is_caseless(&text, word));
        if is_one_of(TRUE) {
            return Ok(Some(true));
        }
        if is_one_of(FALSE) {
            return Ok(Some(false));
        }
        let message = "the value must be true or false";
        Err(Refusal::new(field.as_str(), text, "boolean", message))
    }

    /// All values of all rules of a field, each cell taken apart.
    pub(super) fn list(&self, row: &Row, field: Field) -> Result<Vec<String>, Refusal> {
        let mut values = Vec::new();
        for rule in &self.fields[field as usize] {
            let Some(text) = self.made(rule, row, field)? else {
                continue;
            };
            if text.starts_with('[')
                && let Ok(list) = serde_json::from_str::<Vec<String>>(&text)
            {
                values.extend(list);
                continue;
            }
            let separator = rule.split.as_deref().unwrap_or(";");
            values.extend(text.split(separator).map(|part| part.trim().to_owned()));
        }
        Ok(values)
    }

    /// The integer columns of a time, when the field is made from such.
    pub(super) fn parts(&self, field: Field) -> Option<&[Option<usize>; 6]> {
        match &self.fields[field as usize].first()?.way {
            Way::Parts(parts) => Some(parts),
            _ => None,
        }
    }

    /// The name of the column that a field is made from, when it is one.
    pub(super) fn column_of<'c>(&self, field: &str, columns: &'c Columns) -> Option<&'c str> {
        let field = Field::of(self.record)
            .iter()
            .find(|known| known.as_str() == field)?;
        match self.fields[*field as usize].first()?.way {
            Way::Column(at) => columns.names().get(at).map(String::as_str),
            _ => None,
        }
    }

    fn made<'r>(
        &'r self,
        rule: &'r BoundRule,
        row: &'r Row,
        field: Field,
    ) -> Result<Option<Cow<'r, str>>, Refusal> {
        let value = match &rule.way {
            Way::Column(at) => self.cell(row, *at),
            Way::Any(columns) => columns.iter().find_map(|at| self.cell(row, *at)),
            Way::Join(columns, with) => self.joined(row, columns, with),
            Way::Value(value) => Some(Cow::Borrowed(value.as_str())),
            Way::Hash(columns) => Some(Cow::Owned(hash(row, columns))),
            Way::Parts(_) => None,
        };
        match (&rule.map, value) {
            (Some(map), Some(value)) => map.apply(value, field),
            (_, value) => Ok(value),
        }
    }

    fn joined<'r>(&self, row: &'r Row, columns: &[usize], with: &str) -> Option<Cow<'r, str>> {
        let mut values = columns.iter().filter_map(|at| self.cell(row, *at));
        let mut joined = values.next()?;
        for value in values {
            let all = joined.to_mut();
            all.push_str(with);
            all.push_str(&value);
        }
        Some(joined)
    }

    fn has_required(&self, profile: &Profile, columns: &Columns) -> Result<(), FileProblem> {
        let lacking = |wanted: &str| {
            let mut found = columns.names().join(", ");
            if columns.len() > LISTED_MAX {
                let shown = columns.names().iter().take(LISTED_MAX).cloned();
                found = shown.collect::<Vec<_>>().join(", ") + " …";
            }
            FileProblem::Column {
                wanted: wanted.to_owned(),
                found,
            }
        };
        for field in Field::required(profile.record) {
            let Some(rules) = profile.fields.get(field) else {
                continue;
            };
            if let Some(wanted) = rules.0.iter().find_map(|rule| rule.columns().next())
                && self.fields[*field as usize].is_empty()
            {
                return Err(lacking(wanted));
            }
        }
        match profile.melt.first() {
            Some(melt) if self.melt.is_empty() => Err(lacking(&melt.column)),
            _ => Ok(()),
        }
    }
}

impl BoundRule {
    /// The rule for these columns; `None` when the file has none of those that it reads.
    fn new(field: Field, rule: &FieldRule, columns: &Columns) -> Option<Self> {
        let some = |names: &[String]| -> Option<Vec<usize>> {
            let at: Vec<usize> = found(names, columns).collect();
            (!at.is_empty()).then_some(at)
        };
        let way = if let Some(name) = &rule.column {
            Way::Column(columns.find(name)?)
        } else if let Some(value) = &rule.value {
            Way::Value(value.clone())
        } else if let Some(names) = &rule.hash {
            let all = || (0..columns.len()).collect();
            Way::Hash(some(names).unwrap_or_else(all))
        } else if let Some(parts) = &rule.parts {
            Way::Parts(bound_parts(parts, columns)?)
        } else if rule.join.is_empty() {
            Way::Any(some(&rule.any)?)
        } else {
            let between = match field {
                Field::CategoryPath => PATH_SEPARATOR,
                _ => " ",
            };
            let with = rule.with.clone().unwrap_or_else(|| between.to_owned());
            Way::Join(some(&rule.join)?, with)
        };
        let map = (!rule.map.is_empty()).then(|| ValueMap {
            exact: rule.map.clone().into_iter().collect(),
            folded: rule
                .map
                .iter()
                .map(|(from, to)| (from.to_lowercase(), to.clone()))
                .collect(),
            other: rule.other,
        });
        Some(Self {
            way,
            map,
            split: rule.split.clone(),
        })
    }
}

fn bound_parts(parts: &TimeColumns, columns: &Columns) -> Option<[Option<usize>; 6]> {
    let mut bound = [None; 6];
    for (bound, name) in bound.iter_mut().zip(parts.columns()) {
        // A part that is named must be there: a time without its hour would be another time.
        *bound = name
            .map(|name| columns.find(name).ok_or(()))
            .transpose()
            .ok()?;
    }
    Some(bound)
}

impl ValueMap {
    fn apply<'r>(
        &'r self,
        value: Cow<'r, str>,
        field: Field,
    ) -> Result<Option<Cow<'r, str>>, Refusal> {
        let to = self.exact.get(value.as_ref());
        if let Some(to) = to.or_else(|| self.folded.get(&value.to_lowercase())) {
            // A value that becomes nothing is no value.
            return Ok((!to.is_empty()).then_some(Cow::Borrowed(to)));
        }
        match self.other {
            Other::Keep => Ok(Some(value)),
            Other::Drop => Ok(None),
            Other::Refuse => {
                let mut words: Vec<&str> = self.exact.keys().map(String::as_str).collect();
                words.sort_unstable();
                let message = format!("the value must be one of {}", words.join(", "));
                Err(Refusal::new(field.as_str(), value, "vocabulary", message))
            }
        }
    }
}

impl CellRule {
    fn new(rule: &ColumnRule) -> Self {
        Self {
            nulls: lower(&rule.nulls),
            null_containing: lower(&rule.null_containing),
            strip: rule.strip.clone(),
            digits: rule.digits,
        }
    }

    fn apply<'r>(&self, text: &'r str) -> Option<Cow<'r, str>> {
        let is_null = |text: &str| self.nulls.iter().any(|null| is_caseless(text, null));
        let lowered = || text.to_lowercase();
        if is_null(text)
            || (!self.null_containing.is_empty()
                && self
                    .null_containing
                    .iter()
                    .any(|part| lowered().contains(part)))
        {
            return None;
        }
        let text = match &self.strip {
            Some(start) => text.strip_prefix(start.as_str()).unwrap_or(text).trim(),
            None => text,
        };
        let Some(digits) = self.digits else {
            return Some(Cow::Borrowed(text));
        };
        let whole = without_decimals(text);
        if is_null(whole) {
            return None;
        }
        if whole.len() < digits && whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Cow::Owned(format!("{whole:0>digits$}")));
        }
        Some(Cow::Borrowed(whole))
    }
}

/// `2121.0` without its decimals; any other text as it is.
fn without_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|byte| byte.is_ascii_digit())
                && zeros.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => text,
    }
}

/// A number in a text: digits with a point, perhaps an exponent; nothing that groups digits.
pub(super) fn number(field: &'static str, text: &str) -> Result<f64, Refusal> {
    text.parse()
        .map_err(|_| Refusal::new(field, text, "number", "the value must be a number"))
}

/// Lengths go in before values, so that ("ab", "c") and ("a", "bc") differ.
fn hash(row: &Row, columns: &[usize]) -> String {
    let mut hasher = Xxh3::new();
    for at in columns {
        let cell = row.cells.get(*at).unwrap_or_default().trim();
        hasher.update(&(cell.len() as u64).to_le_bytes());
        hasher.update(cell.as_bytes());
    }
    format!("{:032x}", hasher.digest128())
}

fn found<'a>(names: &'a [String], columns: &'a Columns) -> impl Iterator<Item = usize> + 'a {
    names.iter().filter_map(|name| columns.find(name))
}

fn lower(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.to_lowercase()).collect()
}

fn is_caseless(text: &str, lower: &str) -> bool {
    text.eq_ignore_ascii_case(lower)
}
