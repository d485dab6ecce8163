//! The state of complaints as rows: what their steps add up to, beside what their own records said.
//!
//! A row of `complaints` shows the latest state. When steps have changed it, its internal column `fold` keeps these steps and what the
//! record itself said where they changed it, as JSON: so a step that comes in late, or a newer record, is folded in without
//! reading anything but this row.

mod gather;
mod names;

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, TimestampMicrosecondArray};
use citybrain_grid::City;
use citybrain_model::{
    AreaLevel, CHANGEABLE, ColumnType, LocationQuality, Step, Values, add_step, fold,
};
use serde_json::{Map, Value, json};

use crate::columns::{Placement, month_of_micros};
use crate::schema::{FOLD, MONTH};

pub(crate) use gather::{Rows, gathered};

/// The steps that a row's state is made of, and what its own record said in the columns that they changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fold {
    /// Column → value; null for none.
    told: Map<String, Value>,
    /// In the order of folding.
    steps: Vec<Step>,
}

impl Fold {
    /// The fold of a row; one without steps where it has none.
    pub(crate) fn of(rows: &RecordBatch, row: usize) -> Self {
        let column = rows[FOLD].as_string::<i32>();
        if column.is_null(row) {
            return Self::default();
        }
        // What cannot be read was not written by this engine: the row is what its record says then.
        let Ok(Value::Object(mut all)) = serde_json::from_str(column.value(row)) else {
            return Self::default();
        };
        let steps = match all.remove("steps") {
            Some(Value::Array(steps)) => steps.iter().filter_map(Step::from_json).collect(),
            _ => Vec::new(),
        };
        match all.remove("told") {
            Some(Value::Object(told)) => Self { told, steps },
            _ => Self {
                told: Map::new(),
                steps,
            },
        }
    }

    /// The steps without what the record said: for a row that is a newer record.
    pub(crate) fn of_newer_record(mut self) -> Self {
        self.told.clear();
        self
    }

    pub(crate) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    pub(crate) fn add(&mut self, step: Step) {
        add_step(&mut self.steps, step);
    }

    fn to_text(&self) -> Option<String> {
        if self.steps.is_empty() && self.told.is_empty() {
            return None;
        }
        let steps: Vec<Value> = self.steps.iter().map(Step::to_json).collect();
        Some(json!({ "told": self.told, "steps": steps }).to_string())
    }
}

/// Columns whose values go into [`Fold::told`] besides those that a step may name: they follow from the position.
const PLACED: [&str; 5] = [
    "location_quality",
    "district",
    "subdistrict",
    "community",
    "grid",
];

/// `rows` of complaints in the state that `folds` give them, one for each row: what the record said is put back, the steps are
/// applied, and the row is placed again where that moves it.
pub(crate) fn folded(city: &City, rows: &RecordBatch, folds: Vec<Fold>) -> RecordBatch {
    let mut states = Vec::with_capacity(folds.len());
    for (row, fold_of_row) in folds.into_iter().enumerate() {
        states.push(State::of(city, rows, row, fold_of_row));
    }
    let degrees = |name: &str| -> Vec<f64> {
        states
            .iter()
            .map(|state| {
                let degrees = state.values.get(name).and_then(Value::as_f64);
                degrees.filter(|_| state.has_position()).unwrap_or(f64::NAN)
            })
            .collect()
    };
    let requested: Vec<i64> = states
        .iter()
        .map(|state| state.micros("requested_at").unwrap_or(0))
        .collect();
    let place = Placement::at(city, degrees("lon"), degrees("lat"), requested.clone());
    let [cell, district, subdistrict, community, grid] =
        place.columns(|row, level| states[row].areas[level.index()].as_deref());
    let columns = rows.schema_ref().fields().iter().zip(rows.columns());
    let columns: Vec<ArrayRef> = columns
        .map(|(field, column)| match field.name().as_str() {
            "cell" => Arc::clone(&cell),
            "district" => Arc::clone(&district),
            "subdistrict" => Arc::clone(&subdistrict),
            "community" => Arc::clone(&community),
            "grid" => Arc::clone(&grid),
            "location_quality" => texts(states.iter().map(|state| Some(state.quality.as_str()))),
            FOLD => texts(states.iter().map(|state| state.fold.as_deref())),
            MONTH => Arc::new(
                requested
                    .iter()
                    .map(|&at| Some(month_of_micros(at)))
                    .collect::<Int32Array>(),
            ),
            name => {
                let values = states.iter().map(|state| state.values.get(name));
                changeable(name, values).unwrap_or_else(|| Arc::clone(column))
            }
        })
        .collect();
    RecordBatch::try_new(rows.schema(), columns).expect("columns keep their types")
}

/// `rows` as their own records said: what steps changed is put back. The places are those of the state.
pub(crate) fn as_told(rows: &RecordBatch) -> RecordBatch {
    let Some(column) = rows.column_by_name(FOLD) else {
        return rows.clone();
    };
    if column.null_count() == column.len() {
        return rows.clone();
    }
    let told: Vec<Values> = (0..rows.num_rows())
        .map(|row| told_values(rows, row, &Fold::of(rows, row).told))
        .collect();
    let quality: Vec<String> = (0..rows.num_rows())
        .map(|row| told_quality(rows, row, &Fold::of(rows, row).told))
        .collect();
    let columns = rows.schema_ref().fields().iter().zip(rows.columns());
    let columns = columns
        .map(|(field, column)| match field.name().as_str() {
            "location_quality" => texts(quality.iter().map(|word| Some(word.as_str()))),
            name => {
                let values = told.iter().map(|values| values.get(name));
                changeable(name, values).unwrap_or_else(|| Arc::clone(column))
            }
        })
        .collect();
    RecordBatch::try_new(rows.schema(), columns).expect("columns keep their types")
}

/// One row in its new state.
struct State {
    values: Values,
    quality: String,
    /// The areas of a row without a position, by `AreaLevel::index()`.
    areas: [Option<String>; 4],
    fold: Option<String>,
}

impl State {
    fn of(city: &City, rows: &RecordBatch, row: usize, mut of_row: Fold) -> Self {
        let told = told_values(rows, row, &of_row.told);
        let told_quality = told_quality(rows, row, &of_row.told);
        let told_areas = AreaLevel::ALL.map(|level| match of_row.told.get(level.as_str()) {
            Some(value) => value.as_str().map(str::to_owned),
            None => text_at(rows, level.as_str(), row),
        });
        let values = fold(&told, &of_row.steps);

        let differs = |name: &str| values.get(name) != told.get(name);
        let mut quality = told_quality.clone();
        let mut areas = told_areas.clone();
        if differs("lon") || differs("lat") {
            let has = values.get("lon").is_some_and(|lon| !lon.is_null());
            let now = if has {
                LocationQuality::Point
            } else {
                LocationQuality::None
            };
            now.as_str().clone_into(&mut quality);
            areas = [const { None }; 4];
        }
        let named = [
            "declared_district",
            "declared_subdistrict",
            "declared_community",
        ];
        let by_area = [LocationQuality::Area, LocationQuality::None].map(LocationQuality::as_str);
        if by_area.contains(&quality.as_str())
            && (quality != told_quality || named.iter().any(|name| differs(name)))
        {
            let declared = named.map(|name| values.get(name).and_then(Value::as_str));
            areas = names::areas(
                city,
                declared,
                values.get("requested_at").and_then(Value::as_i64),
            );
            let any = areas.iter().any(Option::is_some);
            by_area[usize::from(!any)].clone_into(&mut quality);
        }

        of_row.told = CHANGEABLE
            .into_iter()
            .filter(|(_, column, _)| differs(column))
            .map(|(_, column, _)| {
                let value = told.get(column).cloned().unwrap_or(Value::Null);
                (column.to_owned(), value)
            })
            .collect();
        if quality != told_quality || areas != told_areas {
            let before = std::iter::once(Value::from(told_quality.clone()))
                .chain(told_areas.iter().map(|area| json!(area)));
            // A record with a position has the areas of that: they are found again by it.
            let kept = if by_area.contains(&told_quality.as_str()) {
                5
            } else {
                1
            };
            let before = PLACED.into_iter().zip(before).take(kept);
            of_row
                .told
                .extend(before.map(|(name, value)| (name.to_owned(), value)));
        }
        Self {
            values,
            quality,
            areas,
            fold: of_row.to_text(),
        }
    }

    fn has_position(&self) -> bool {
        let placing = [LocationQuality::Point, LocationQuality::Gazetteer];
        placing
            .iter()
            .any(|quality| quality.as_str() == self.quality)
    }

    fn micros(&self, name: &str) -> Option<i64> {
        self.values.get(name)?.as_i64()
    }
}

/// What the record of a row said in the columns that a step may change.
fn told_values(rows: &RecordBatch, row: usize, told: &Map<String, Value>) -> Values {
    CHANGEABLE
        .into_iter()
        .map(|(_, column, kind)| {
            let value = told
                .get(column)
                .cloned()
                .unwrap_or_else(|| value_at(rows, column, kind, row));
            (column, value)
        })
        .collect()
}

fn told_quality(rows: &RecordBatch, row: usize, told: &Map<String, Value>) -> String {
    match told.get("location_quality").and_then(Value::as_str) {
        Some(word) => word.to_owned(),
        None => text_at(rows, "location_quality", row).unwrap_or_default(),
    }
}

fn value_at(rows: &RecordBatch, name: &str, kind: ColumnType, row: usize) -> Value {
    let column = &rows[name];
    if column.is_null(row) {
        return Value::Null;
    }
    match kind {
        ColumnType::Label | ColumnType::Text => Value::from(column.as_string::<i32>().value(row)),
        ColumnType::Instant => {
            Value::from(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        ColumnType::Degrees => Value::from(column.as_primitive::<Float64Type>().value(row)),
        ColumnType::Truth => Value::from(column.as_boolean().value(row)),
    }
}

/// A column that a step may change, with these values; none for another column.
fn changeable<'a>(
    name: &str,
    values: impl ExactSizeIterator<Item = Option<&'a Value>>,
) -> Option<ArrayRef> {
    let (_, _, kind) = CHANGEABLE
        .into_iter()
        .find(|(_, column, _)| *column == name)?;
    Some(match kind {
        ColumnType::Label | ColumnType::Text => texts(values.map(|value| value?.as_str())),
        ColumnType::Instant => Arc::new(
            values
                .map(|value| value?.as_i64())
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
        ColumnType::Degrees => {
            let mut builder = Float64Builder::new();
            values.for_each(|value| builder.append_option(value.and_then(Value::as_f64)));
            Arc::new(builder.finish())
        }
        ColumnType::Truth => {
            let mut builder = BooleanBuilder::new();
            values.for_each(|value| builder.append_option(value.and_then(Value::as_bool)));
            Arc::new(builder.finish())
        }
    })
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    values.for_each(|value| builder.append_option(value));
    Arc::new(builder.finish())
}

fn text_at(rows: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = rows[name].as_string::<i32>();
    column.is_valid(row).then(|| column.value(row).to_owned())
}

#[cfg(test)]
mod tests;
