//! How columns become a field.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::Rules;

/// How one field is made. In TOML the name of a column, or a table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// The column.
    #[serde(default)]
    pub column: Option<String>,
    /// Several columns of which the first with a value counts.
    #[serde(default)]
    pub any: Vec<String>,
    /// Several columns whose values are joined.
    #[serde(default)]
    pub join: Vec<String>,
    /// What joined values have between them; `->` in a category path, else a blank.
    #[serde(default)]
    pub with: Option<String>,
    /// The same value for every record.
    #[serde(default)]
    pub value: Option<String>,
    /// A 128-bit XXH3 of the values of these columns, as 32 hexadecimal digits; of all columns when the list is empty.
    #[serde(default)]
    pub hash: Option<Vec<String>>,
    /// A local time in integer columns.
    #[serde(default)]
    pub parts: Option<TimeColumns>,
    /// Values and what they become, whatever their case.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// What becomes of a value that `map` does not have.
    #[serde(default)]
    pub other: Other,
    /// What separates several values in one cell (`tags` only); `;` when not given.
    #[serde(default)]
    pub split: Option<String>,
}

/// What becomes of a value that a map does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Other {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is no value.
    Drop,
    /// The row is refused by rule `vocabulary`.
    Refuse,
}

/// A local time in integer columns; a column that is not named counts as the beginning (month 1, day 1, hour 0 …).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the column of that part of the time")]
pub struct TimeColumns {
    pub year: String,
    #[serde(default)]
    pub month: Option<String>,
    #[serde(default)]
    pub day: Option<String>,
    #[serde(default)]
    pub hour: Option<String>,
    #[serde(default)]
    pub minute: Option<String>,
    #[serde(default)]
    pub second: Option<String>,
}

impl TimeColumns {
    /// The columns, from large to small.
    pub fn columns(&self) -> [Option<&str>; 6] {
        [
            Some(self.year.as_str()),
            self.month.as_deref(),
            self.day.as_deref(),
            self.hour.as_deref(),
            self.minute.as_deref(),
            self.second.as_deref(),
        ]
    }
}

/// What is done to a column's cells before anything else, in this order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// Texts that mean "no value", whatever their case.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// A cell that holds one of these texts, whatever its case, has no value.
    #[serde(default)]
    pub null_containing: Vec<String>,
    /// A beginning that is cut off.
    #[serde(default)]
    pub strip: Option<String>,
    /// A text that is cut off with all that follows it: with `/` an interval is its beginning.
    #[serde(default)]
    pub until: Option<String>,
    /// A whole number that was written as a float loses its decimals, and a number gets zeros before it up to so many digits:
    /// `2121.0` becomes `02121`. 0 for no zeros.
    #[serde(default)]
    pub digits: Option<usize>,
}

impl FieldRule {
    fn of_column(column: String) -> Self {
        Self {
            column: Some(column),
            ..Self::default()
        }
    }

    /// The columns that the rule reads, without those of a hash.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let one = self.column.iter().map(String::as_str);
        let many = self.any.iter().chain(&self.join).map(String::as_str);
        let parts = self.parts.iter().flat_map(TimeColumns::columns).flatten();
        one.chain(many).chain(parts)
    }

    /// How many of the ways to make a field the rule names.
    pub(super) fn ways(&self) -> usize {
        [
            self.column.is_some(),
            !self.any.is_empty(),
            !self.join.is_empty(),
            self.value.is_some(),
            self.hash.is_some(),
            self.parts.is_some(),
        ]
        .into_iter()
        .filter(|named| *named)
        .count()
    }
}

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RulesVisitor)
    }
}

struct RulesVisitor;

impl<'de> Visitor<'de> for RulesVisitor {
    type Value = Rules;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name of a column, or a table that says how the field is made")
    }

    fn visit_str<E>(self, column: &str) -> Result<Rules, E> {
        Ok(Rules(vec![FieldRule::of_column(column.to_owned())]))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Rules, A::Error> {
        FieldRule::deserialize(MapAccessDeserializer::new(table)).map(|rule| Rules(vec![rule]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rules, A::Error> {
        let mut rules = Vec::new();
        while let Some(Rules(inner)) = list.next_element()? {
            rules.extend(inner);
        }
        Ok(Rules(rules))
    }
}
