//! The analyses over the complaints that a filter meets: the same table functions as in SQL.

use std::collections::HashMap;
use std::fmt::Write as _;

use citybrain_grid::City;
use citybrain_model::AreaLevel;
use citybrain_store::Table;
use datafusion::arrow::array::RecordBatch;
use serde_json::{Map, Value};

use crate::rolled::cell_counts;
use crate::statement::Statement;
use crate::{Answer, Filter, QueryError, Session, analyses};

/// Most cells that a route tells, those first that are something: some 3 MB of JSON, and more than a map can show. SQL gives all.
const CELLS_MAX: usize = 20_000;

/// The place that an analysis is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Cells,
    /// The second largest level: the street, where there is one.
    Streets,
    /// The largest level: few sensors are in a street.
    Largest,
}

/// An analysis of complaints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Analysis {
    /// The name of its table function.
    pub function: &'static str,
    /// What it reads besides the place.
    columns: &'static str,
    /// By which place it is when nothing is said.
    of: Of,
    /// Does it read observations too?
    of_sensors: bool,
    /// In which order its rows are given.
    order: &'static str,
}

impl Analysis {
    /// All of them, in order of name.
    pub const ALL: &'static [Self] = &[
        Self {
            function: "backtest",
            columns: "category, requested_at",
            of: Of::Streets,
            of_sensors: false,
            order: "mae DESC",
        },
        Self {
            function: "bursts",
            columns: "category, requested_at, address",
            of: Of::Streets,
            of_sensors: false,
            order: "time DESC, score DESC",
        },
        Self {
            function: "clusters",
            columns: "requested_at",
            of: Of::Streets,
            of_sensors: false,
            order: "rank",
        },
        Self {
            function: "emerging_hotspots",
            columns: "requested_at",
            of: Of::Cells,
            of_sensors: false,
            order: "class_code = 0 NULLS LAST, class_code, abs(z) DESC NULLS LAST, cell",
        },
        Self {
            function: "forecast",
            columns: "category, requested_at",
            of: Of::Streets,
            of_sensors: false,
            order: "time, expected DESC",
        },
        Self {
            function: "global_moran",
            columns: "",
            of: Of::Cells,
            of_sensors: false,
            order: "i",
        },
        Self {
            function: "hotspots",
            columns: "requested_at",
            of: Of::Cells,
            of_sensors: false,
            order: "abs(bin) DESC NULLS LAST, z DESC NULLS LAST, cell",
        },
        Self {
            function: "leading_sensors",
            columns: "category, requested_at",
            of: Of::Largest,
            of_sensors: true,
            order: "q, abs(correlation) DESC",
        },
        Self {
            function: "local_moran",
            columns: "",
            of: Of::Cells,
            of_sensors: false,
            order: "q NULLS LAST, abs(i) DESC, cell",
        },
        Self {
            function: "periodic_issues",
            columns: "category, requested_at",
            of: Of::Streets,
            of_sensors: false,
            order: "q, strength DESC",
        },
    ];

    /// The analysis that has this name.
    pub fn named(function: &str) -> Option<&'static Self> {
        Self::ALL
            .iter()
            .find(|analysis| analysis.function == function)
    }

    /// The names of its arguments.
    pub fn arguments(&self) -> &'static [&'static str] {
        analyses::arguments_of(self.function)
    }
}

/// What an analysis found.
#[derive(Debug, Clone)]
pub struct Analysed {
    /// The snapshot that was read.
    pub seq: u64,
    /// The boundaries by which records were placed.
    pub boundary_version: String,
    /// How it was made.
    pub parameters: Map<String, Value>,
    /// SQL that gives these rows.
    pub sql: String,
    /// The rows.
    pub answer: Answer,
}

impl Session {
    /// Runs an analysis over the complaints of a filter. `arguments` are those of the table function as texts: a number, true or
    /// false, or a word. Its span of time is that of the filter, unless they say otherwise. Rows are at most those of the limits.
    ///
    /// # Errors
    /// A filter or an argument that does not fit, data that cannot carry the analysis; the limits of the query.
    pub async fn analysis(
        &self,
        analysis: &Analysis,
        filter: &Filter,
        arguments: &[(String, String)],
    ) -> Result<Analysed, QueryError> {
        let city = &self.snapshot.city;
        let (by, place) = place(analysis, arguments, city)?;
        let mut call = if analysis.of_sensors {
            sensors(place, filter)
        } else {
            String::new()
        };
        let takes = |name: &str| analysis.arguments().contains(&name);
        let given = |name: &str| arguments.iter().any(|(argument, _)| argument == name);
        // A map has slices of time only where a step is asked for.
        let is_sliced = !takes("resolution") || !takes("measure") || given("step");
        for (name, bound) in [("from", filter.from), ("to", filter.to)] {
            if let Some(bound) = bound
                && takes(name)
                && is_sliced
                && !given(name)
            {
                let bound = bound.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
                write!(call, ", {name} => '{bound}'").expect("writing to a text cannot fail");
            }
        }
        if takes("by") {
            write!(call, ", by => '{by}'").expect("writing to a text cannot fail");
        }
        let words = arguments
            .iter()
            .filter(|(name, _)| !["by", "sensors"].contains(&name.as_str()));
        for (name, value) in words {
            write!(call, ", {name} => {}", literal(value)).expect("writing to a text cannot fail");
        }
        let mut order = analysis.order.to_owned();
        if analysis.function == "hotspots" && given("step") {
            order.push_str(", time");
        }
        if analysis.of == Of::Cells {
            write!(order, "\nLIMIT {CELLS_MAX}").expect("writing to a text cannot fail");
        }
        let columns = [place, analysis.columns]
            .into_iter()
            .filter(|text| !text.is_empty());
        let statement = Statement::new(include_str!("analysis.sql"))
            .with("function", analysis.function)
            .with("columns", &columns.collect::<Vec<_>>().join(", "))
            .with("arguments", &call)
            .with("order", &order);
        let statement = filter.apply(statement, Table::Complaints, city)?;
        let by_counts = analysis.function == "hotspots"
            && by == "cell"
            // Kept counts have no time.
            && !given("step")
            && self.put_cells_rolled(filter).await?;
        let mut answer = if by_counts {
            let of_counts = Statement::new(include_str!("analysis_rolled.sql"))
                .with("function", analysis.function)
                .with("arguments", &call)
                .with("order", &order);
            self.limited_rows(&of_counts).await?
        } else {
            self.limited_rows(&statement).await?
        };
        let parameters = answer.parameters.pop().unwrap_or_default();
        let rows: usize = answer.batches.iter().map(RecordBatch::num_rows).sum();
        answer.truncated |= analysis.of == Of::Cells && rows == CELLS_MAX;
        Ok(Analysed {
            seq: self.snapshot.seq,
            boundary_version: city.boundary_version(),
            parameters,
            sql: statement.shown(),
            answer,
        })
    }
}

impl Session {
    /// Makes the counts of base cells that meet the filter the table `rolled.cells`, where roll-ups tell them.
    async fn put_cells_rolled(&self, filter: &Filter) -> Result<bool, QueryError> {
        let base = self.snapshot.city.base_resolution;
        let Some((cells, totals)) = self.cells_rolled(filter, base).await? else {
            return Ok(false);
        };
        let mut counts: HashMap<Option<u64>, u64> = cells
            .into_iter()
            .map(|(cell, records)| (Some(u64::from(cell)), records))
            .collect();
        let without_cell = totals.area_only + totals.not_located;
        if without_cell > 0 {
            counts.insert(None, without_cell);
        }
        self.put_rolled("cells", cell_counts(counts))?;
        Ok(true)
    }
}

/// By which place, and its column: the one that is asked for, or the one that fits the analysis.
fn place<'a>(
    analysis: &Analysis,
    arguments: &'a [(String, String)],
    city: &City,
) -> Result<(&'a str, &'a str), QueryError> {
    let asked = arguments
        .iter()
        .find(|(name, _)| name == "by")
        .map(|(_, by)| by.as_str());
    let by = match asked {
        None if analysis.of == Of::Cells => "cell",
        None => {
            let second = city.levels.get(1).filter(|_| analysis.of == Of::Streets);
            let level = second.unwrap_or_else(|| city.largest());
            return Ok((level.level.as_str(), level.level.as_str()));
        }
        Some(by) => by,
    };
    if by == "cell" {
        return Ok((by, by));
    }
    let level: AreaLevel = by.parse().map_err(|_unknown| {
        QueryError::parameter("by", format!("\"{by}\" is neither cell nor an area level"))
    })?;
    if city.level(level).is_none() {
        return Err(QueryError::NoLevel(level));
    }
    Ok((by, by))
}

/// The argument with the observations of the filter's time, each datastream apart.
fn sensors(place: &str, filter: &Filter) -> String {
    let mut bounds = String::new();
    for (order, bound) in [(">=", filter.from), ("<", filter.to)] {
        if let Some(bound) = bound {
            let bound = bound.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            let word = if bounds.is_empty() { "WHERE" } else { "AND" };
            write!(bounds, " {word} phenomenon_time {order} '{bound}'")
                .expect("writing to a text cannot fail");
        }
    }
    format!(
        ", sensors => (SELECT {place}, property, datastream, phenomenon_time, result FROM observations{bounds})"
    )
}

/// A value as SQL: a number or truth as it is, anything else as a text.
fn literal(value: &str) -> String {
    let plain = value.parse::<f64>().is_ok_and(f64::is_finite) || matches!(value, "true" | "false");
    if plain {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}
