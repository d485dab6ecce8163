//! `areas`: the city's areas, of every level and every boundary version.

use std::sync::Arc;

use citybrain_grid::{Area, City};
use citybrain_model::AreaLevel;
use datafusion::arrow::array::{ArrayRef, Date32Array, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::Date32Type;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::Result;

/// The areas as a table; `lon`, `lat` is a point inside the area, WGS 84 degrees.
pub(super) fn table(city: &City) -> Result<Arc<dyn TableProvider>> {
    let areas: Vec<(AreaLevel, &Area)> = city
        .levels
        .iter()
        .flat_map(|level| level.areas.iter().map(move |area| (level.level, area)))
        .collect();
    let level: StringArray = areas
        .iter()
        .map(|(level, _)| Some(level.as_str()))
        .collect();
    let text = |value: fn(&Area) -> Option<&str>| -> ArrayRef {
        Arc::new(
            areas
                .iter()
                .map(|(_, area)| value(area))
                .collect::<StringArray>(),
        )
    };
    let number = |value: fn(&Area) -> Option<f64>| -> ArrayRef {
        Arc::new(
            areas
                .iter()
                .map(|(_, area)| value(area))
                .collect::<Float64Array>(),
        )
    };
    let day = |value: fn(&Area) -> Option<chrono::NaiveDate>| -> ArrayRef {
        let days = areas
            .iter()
            .map(|(_, area)| value(area).map(Date32Type::from_naive_date));
        Arc::new(days.collect::<Date32Array>())
    };
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("level", Arc::new(level) as ArrayRef, false),
        ("id", text(|area| Some(&area.id)), false),
        ("name", text(|area| Some(&area.name)), false),
        ("parent", text(|area| area.parent.as_deref()), true),
        ("population", number(|area| area.population), true),
        ("area_km2", number(|area| Some(area.area_km2)), false),
        ("lon", number(|area| Some(area.label.x())), false),
        ("lat", number(|area| Some(area.label.y())), false),
        ("valid_from", day(|area| area.valid_from), true),
        ("valid_to", day(|area| area.valid_to), true),
    ])?;
    Ok(Arc::new(MemTable::try_new(
        rows.schema(),
        vec![vec![rows]],
    )?))
}
