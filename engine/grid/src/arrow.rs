//! Placing points that come as Arrow columns, into Arrow columns.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, UInt32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, PrimitiveArray, StringArray,
    TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use citybrain_model::AreaLevel;

use crate::{City, NOWHERE};

/// Where points lie, one row for each point; NULL where a point is nowhere.
#[derive(Debug, Clone)]
pub struct PlaceColumns {
    /// The H3 cell at the city's base resolution; NULL when there is no position.
    pub cell: UInt64Array,
    /// For each level, by `AreaLevel::index()`: the area's id, as an index into the ids of the level's areas of all versions. A
    /// level that the city lacks is NULL throughout.
    pub areas: [DictionaryArray<UInt32Type>; 4],
}

impl City {
    /// [`City::locate`] for columns. NULL in `lon` or `lat` is no position; NULL in `at` is placed by the latest boundaries.
    /// Columns without NULL are read where they lie, and no id is copied: the dictionaries of all answers are the same.
    ///
    /// # Panics
    /// When the columns differ in length.
    pub fn locate_arrow(
        &self,
        lon: &Float64Array,
        lat: &Float64Array,
        at: Option<&TimestampMicrosecondArray>,
    ) -> PlaceColumns {
        let (lon, lat) = (values_or(lon, f64::NAN), values_or(lat, f64::NAN));
        let at = at.map(|at| values_or(at, i64::MAX));
        let places = self.locate(&lon, &lat, at.as_deref());
        let ids = self.ids.get_or_init(|| ids(self));
        let has_cell = known(&places.cell, 0);
        let cell = UInt64Array::new(places.cell.into(), Some(has_cell.into()));
        let mut ids = ids.iter().map(Arc::clone);
        let areas = places.areas.map(|areas| {
            let has_area = known(&areas, NOWHERE);
            let numbers = UInt32Array::new(areas.into(), Some(has_area.into()));
            let ids = ids.next().expect("there are ids of four levels");
            DictionaryArray::try_new(numbers, ids).expect("areas are numbered as their ids")
        });
        PlaceColumns { cell, areas }
    }
}

/// By `AreaLevel::index()`, the ids of [`Level::areas`](crate::Level::areas).
fn ids(city: &City) -> [ArrayRef; 4] {
    AreaLevel::ALL.map(|level| {
        let areas = city.level(level).map_or(&[][..], |level| &level.areas);
        let ids = areas.iter().map(|area| area.id.as_str());
        Arc::new(StringArray::from_iter_values(ids)) as ArrayRef
    })
}

/// Which values are not the one that stands for NULL.
fn known<T: PartialEq + Copy>(values: &[T], unknown: T) -> Vec<bool> {
    values.iter().map(|value| *value != unknown).collect()
}

/// The column's values, with another one for NULL.
fn values_or<T: ArrowPrimitiveType>(
    column: &PrimitiveArray<T>,
    null: T::Native,
) -> Cow<'_, [T::Native]> {
    if column.null_count() == 0 {
        return Cow::Borrowed(column.values());
    }
    Cow::Owned(column.iter().map(|value| value.unwrap_or(null)).collect())
}

#[cfg(test)]
mod tests;
