//! A profile's rules, bound to the columns of a file.

use std::{borrow::Cow, collections::HashSet};

use citybrain_model::Refusal;

use super::{
    Notes,
    cell::{CellRule, is_caseless, lower},
    made::{BoundRule, Way, found, hash},
    melt::{self, BoundMelt},
};
use crate::{
    profile::{Field, FieldRule, Profile, RecordKind},
    rows::{Columns, FileProblem, Row, folded},
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
    /// The columns of the properties that one row holds.
    pub(super) melt: Vec<BoundMelt>,
    /// A row holds properties, whether or not these columns are among them.
    pub(super) melts: bool,
    unknown: Vec<usize>,
}

impl Bound {
    pub(super) fn new(profile: &Profile, columns: &Columns) -> Result<Self, FileProblem> {
        let mut bound = Self {
            record: profile.record,
            fields: (0..Field::COUNT).map(|_| Vec::new()).collect(),
            nulls: lower(&profile.nulls),
            cells: (0..columns.len()).map(|_| None).collect(),
            personal: personal(&profile.personal, columns),
            personal_names: profile.personal.clone(),
            plain: HashSet::new(),
            melt: Vec::new(),
            melts: !profile.melt.is_empty() || !profile.spread.is_empty(),
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
        bound.melt = melt::bind(profile, columns);
        bound
            .plain
            .extend(bound.melt.iter().map(|melt| melt.column));
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
            .chain(bound.melt.iter().map(|melt| melt.column))
            .chain(melt::ignored(profile, columns))
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
            Some(melt) if self.melt.is_empty() && profile.spread.is_empty() => {
                Err(lacking(&melt.column))
            }
            _ => Ok(()),
        }
    }
}

/// A number in a text: digits with a point, perhaps an exponent; nothing that groups digits.
pub(super) fn number(field: &'static str, text: &str) -> Result<f64, Refusal> {
    let number = text.parse().ok();
    number.ok_or_else(|| Refusal::new(field, text, "number", "the value must be a number"))
}

/// The columns of these names, and those that members of their objects became.
fn personal(names: &[String], columns: &Columns) -> HashSet<usize> {
    let names: Vec<String> = names.iter().map(|name| folded(name)).collect();
    let is_personal = |column: &str| {
        let outer = column.split('.').next().unwrap_or_default();
        names.contains(&folded(column)) || names.contains(&folded(outer))
    };
    let columns = columns.names().iter().enumerate();
    columns
        .filter(|(_, name)| is_personal(name))
        .map(|(at, _)| at)
        .collect()
}
