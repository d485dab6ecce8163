//! What a query gives to an analysis: its columns by the meaning of their names.
//!
//! - place: `cell`, or the id of an area in `district`, `subdistrict`, `community` or `grid`;
//! - time: `requested_at`, `phenomenon_time` or `time`;
//! - kind: `category` or `property`;
//! - choice: `chosen`, true for the records that are compared with all others;
//! - amount: a row is one record, or as many as its `count` says; `value` or `result` is what a mean is taken of.

use citybrain_model::AreaLevel;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Column;
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit, when};

use super::AnalysisError;
use super::grouped::CHOSEN;

const CELLS: [&str; 1] = ["cell"];
const TIMES: [&str; 3] = ["requested_at", "phenomenon_time", "time"];
const KINDS: [&str; 2] = ["category", "property"];
const VALUES: [&str; 2] = ["value", "result"];
const COUNTS: [&str; 1] = ["count"];
const CHOICES: [&str; 1] = ["chosen"];

/// A planned query and its columns.
#[derive(Debug)]
pub(super) struct Input {
    function: &'static str,
    plan: LogicalPlan,
}

/// The column that says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An H3 cell.
    Cell,
    /// The id of an area.
    Area(AreaLevel),
}

impl Place {
    /// The name of its column, in the query and in the answer.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Cell => "cell",
            Self::Area(level) => level.as_str(),
        }
    }
}

impl Input {
    pub(super) const fn new(function: &'static str, plan: LogicalPlan) -> Self {
        Self { function, plan }
    }

    /// The cell, as a `UInt64`.
    pub(super) fn cell(&self) -> Result<Expr> {
        self.required(&CELLS, DataType::UInt64, "a column cell")
    }

    /// The place: `by`, or the only column that is one.
    pub(super) fn place(&self, by: Option<&str>) -> Result<(Place, Expr)> {
        let known = std::iter::once(Place::Cell).chain(AreaLevel::ALL.map(Place::Area));
        let there: Vec<_> = known
            .filter(|place| by.is_none_or(|by| by == place.column()))
            .filter(|place| self.find(&[place.column()]).is_some())
            .collect();
        let place = match (there.as_slice(), by) {
            (&[place], _) => place,
            ([], Some(by)) => return Err(self.lacks(&format!("a column {by}"))),
            ([], None) => {
                return Err(
                    self.lacks("a place: a column cell, district, subdistrict, community or grid")
                );
            }
            (_, _) => {
                return Err(AnalysisError::Refused {
                    function: self.function,
                    reason: format!(
                        "the query has several places ({}): say by which, as in by => '{}'",
                        there
                            .iter()
                            .map(|place| place.column())
                            .collect::<Vec<_>>()
                            .join(", "),
                        there[0].column(),
                    ),
                }
                .into());
            }
        };
        let data_type = match place {
            Place::Cell => DataType::UInt64,
            Place::Area(_) => DataType::Utf8,
        };
        let column = self.required(&[place.column()], data_type, "a place")?;
        Ok((place, column))
    }

    /// The time, as an instant.
    pub(super) fn time(&self) -> Result<Expr> {
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        self.required(
            &TIMES,
            instant,
            "a time: a column requested_at, phenomenon_time or time",
        )
    }

    /// What kind a record is of; a NULL column when the query does not say.
    pub(super) fn kind(&self) -> Expr {
        self.find(&KINDS).map_or_else(
            || {
                cast(
                    lit(datafusion::scalar::ScalarValue::Utf8(None)),
                    DataType::Utf8,
                )
            },
            |column| cast(column, DataType::Utf8),
        )
    }

    /// The column that a mean is taken of.
    pub(super) fn value(&self) -> Option<Expr> {
        self.find(&VALUES)
            .map(|column| cast(column, DataType::Float64))
    }

    /// A column by its name.
    pub(super) fn column(&self, name: &str) -> Option<Expr> {
        self.find(&[name])
    }

    /// How many records a group has, as `Int64`.
    pub(super) fn records(&self) -> Expr {
        let records = match self.find(&COUNTS) {
            Some(column) => sum(cast(column, DataType::Int64)),
            None => count(lit(1_i64)),
        };
        records.alias("records")
    }

    /// How many of a group's records are chosen, as `Int64`; `None` when the query chooses none.
    pub(super) fn chosen(&self) -> Result<Option<Expr>> {
        let Some(choice) = self.find(&CHOICES) else {
            return Ok(None);
        };
        let one = match self.find(&COUNTS) {
            Some(column) => cast(column, DataType::Int64),
            None => lit(1_i64),
        };
        let counted = when(cast(choice, DataType::Boolean), one).otherwise(lit(0_i64))?;
        Ok(Some(sum(counted).alias(CHOSEN)))
    }

    /// One row for each of the keys' values. Keys and sums need names of their own.
    pub(super) fn group(self, keys: Vec<Expr>, sums: Vec<Expr>) -> Result<LogicalPlan> {
        LogicalPlanBuilder::from(self.plan)
            .aggregate(keys, sums)?
            .build()
    }

    /// The error that the query lacks something.
    pub(super) fn lacks(&self, column: &str) -> datafusion::error::DataFusionError {
        let columns: Vec<_> = self
            .plan
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        AnalysisError::NoColumn {
            function: self.function,
            column: column.to_owned(),
            columns: if columns.is_empty() {
                "none".to_owned()
            } else {
                columns.join(", ")
            },
        }
        .into()
    }

    fn required(&self, names: &[&str], data_type: DataType, what: &str) -> Result<Expr> {
        let column = self.find(names).ok_or_else(|| self.lacks(what))?;
        Ok(cast(column, data_type))
    }

    /// The first of the names that is a column, with the first of its tables.
    fn find(&self, names: &[&str]) -> Option<Expr> {
        names.iter().find_map(|name| {
            self.plan
                .schema()
                .iter()
                .find(|(_, field)| field.name() == name)
                .map(|(table, field)| Expr::Column(Column::new(table.cloned(), field.name())))
        })
    }
}
