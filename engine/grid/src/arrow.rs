//! Placing points that come as Arrow columns.

use std::borrow::Cow;

use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, Float64Array, PrimitiveArray, TimestampMicrosecondArray};

use crate::{City, Places};

impl City {
    /// [`City::locate`] for columns. NULL in `lon` or `lat` is no position; NULL in `at` is placed by the latest boundaries.
    /// Columns without NULL are read where they lie.
    ///
    /// # Panics
    /// When the columns differ in length.
    pub fn locate_arrow(
        &self,
        lon: &Float64Array,
        lat: &Float64Array,
        at: Option<&TimestampMicrosecondArray>,
    ) -> Places {
        let (lon, lat) = (values_or(lon, f64::NAN), values_or(lat, f64::NAN));
        let at = at.map(|at| values_or(at, i64::MAX));
        self.locate(&lon, &lat, at.as_deref())
    }
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
