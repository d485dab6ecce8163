//! A filter as SQL conditions.

use citybrain_grid::City;
use citybrain_store::Table;
use datafusion::scalar::ScalarValue;
use h3o::{CellIndex, Resolution};

use super::Filter;
use crate::QueryError;
use crate::statement::{self, Statement};

impl Filter {
    /// Puts the filter's conditions in the place of `:filter` and gives their names the values.
    ///
    /// # Errors
    /// When the city has no such level or area, the cell is finer than the city's base resolution, or the table has no
    /// categories, channels, statuses and urgencies.
    pub(crate) fn apply(
        &self,
        statement: Statement,
        table: Table,
        city: &City,
    ) -> Result<Statement, QueryError> {
        let mut conditions = Conditions::default();
        let time = table.time_column();
        for (name, compared, instant) in [("from", ">=", self.from), ("to", "<", self.to)] {
            if let Some(instant) = instant {
                conditions.add(
                    format!("{time} {compared} ${name}"),
                    [(name, statement::instant(instant))],
                );
            }
        }
        if let Some([west, south, east, north]) = self.bbox {
            conditions.add(
                "lon BETWEEN $west AND $east AND lat BETWEEN $south AND $north",
                [
                    ("west", west.into()),
                    ("south", south.into()),
                    ("east", east.into()),
                    ("north", north.into()),
                ],
            );
        }
        let texts = [
            ("category", &self.categories),
            ("channel", &self.channels),
            ("status", &self.statuses),
            ("urgency", &self.urgencies),
        ];
        for (column, values) in texts {
            if values.is_empty() {
                continue;
            }
            if table != Table::Complaints {
                return Err(QueryError::parameter(
                    column,
                    "is a filter of complaints, not of observations",
                ));
            }
            conditions.one_of(column, values);
        }
        if let Some((level, id)) = &self.area {
            known_area(city, *level, id)?;
            conditions.add(format!("{level} = $area"), [("area", id.as_str().into())]);
        }
        if let Some(cell) = self.cell {
            let (first, last) = base_cells(cell, city.base_resolution)?;
            // The range says the same; it lets the lake skip what lies elsewhere.
            conditions.add(
                "h3_cell_to_parent(cell, $cell_resolution) = $cell AND cell BETWEEN $cell_first AND $cell_last",
                [
                    ("cell", u64::from(cell).into()),
                    ("cell_resolution", i64::from(u8::from(cell.resolution())).into()),
                    ("cell_first", first.into()),
                    ("cell_last", last.into()),
                ],
            );
        }
        if let Some(week) = self.week {
            let local = format!("local({time})");
            let alternatives: Vec<String> = week
                .alike()
                .iter()
                .map(|(days, hours)| {
                    // In SQL Sunday is 0.
                    let days: Vec<u8> = days.iter().map(|day| day % 7).collect();
                    format!(
                        "date_part('dow', {local}) IN ({}) AND date_part('hour', {local}) IN ({})",
                        list(&days),
                        list(hours)
                    )
                })
                .collect();
            conditions.add(format!("({})", alternatives.join(" OR ")), []);
        }
        Ok(conditions.put_in(statement))
    }
}

fn list(numbers: &[u8]) -> String {
    let texts: Vec<String> = numbers.iter().map(u8::to_string).collect();
    texts.join(", ")
}

#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<(String, ScalarValue)>,
}

impl Conditions {
    fn add<const N: usize>(&mut self, text: impl Into<String>, values: [(&str, ScalarValue); N]) {
        self.texts.push(text.into());
        self.values
            .extend(values.map(|(name, value)| (name.to_owned(), value)));
    }

    /// `column` is one of `values`; for a category also one of the branches below a value.
    fn one_of(&mut self, column: &str, values: &[String]) {
        let mut alternatives = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let name = format!("{column}{at}");
            alternatives.push(format!("{column} = ${name}"));
            if column == "category" {
                let below = format!("{name}_below");
                alternatives.push(format!(
                    "category_path = ${name} OR starts_with(category_path, ${below})"
                ));
                self.values.push((below, format!("{value}->").into()));
            }
            self.values.push((name, value.as_str().into()));
        }
        self.texts.push(format!("({})", alternatives.join(" OR ")));
    }

    fn put_in(self, statement: Statement) -> Statement {
        let text = if self.texts.is_empty() {
            "true".to_owned()
        } else {
            self.texts.join("\n  AND ")
        };
        statement.with("filter", &text).bind_all(self.values)
    }
}

fn known_area(city: &City, level: citybrain_model::AreaLevel, id: &str) -> Result<(), QueryError> {
    let areas = &city.level(level).ok_or(QueryError::NoLevel(level))?.areas;
    if areas.iter().any(|area| area.id == id) {
        return Ok(());
    }
    Err(QueryError::NoArea {
        level,
        id: id.to_owned(),
    })
}

/// The first and the last cell below `cell` at the base resolution: descendants are neighbours in the order of numbers.
fn base_cells(cell: CellIndex, base: Resolution) -> Result<(u64, u64), QueryError> {
    let first = cell.center_child(base).ok_or_else(|| {
        QueryError::parameter(
            "cell",
            format!("must not be finer than the city's base resolution {base}"),
        )
    })?;
    // Each digit below the cell's resolution runs from 0 to 6.
    let digits = u8::from(base) - u8::from(cell.resolution());
    let unused = u8::from(Resolution::Fifteen) - u8::from(base);
    let sixes = (0..digits).fold(0_u64, |sixes, digit| {
        sixes | 6 << (3 * (u32::from(unused) + u32::from(digit)))
    });
    Ok((first.into(), u64::from(first) | sixes))
}
