//! `locate(lon, lat[, at])`: the H3 cell and the areas of a position, exactly, by the boundaries in force at an instant or by
//! the latest ones.

use std::sync::Arc;

use citybrain_grid::{City, NOWHERE};
use citybrain_model::AreaLevel;
use datafusion::arrow::array::{
    Array, ArrayRef, Float64Array, StringArray, StructArray, UInt64Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::arguments::Arguments;
use super::signature::{Takes, pure_in_forms};

/// A struct of `cell` (the H3 cell at the city's base resolution) and the area's id at each level; a field is NULL where the
/// position has none. Longitude and latitude are WGS 84 degrees.
pub(super) fn function(city: Arc<City>) -> ScalarUDF {
    let now: &[Takes] = &[Takes::Number, Takes::Number];
    let then: &[Takes] = &[Takes::Number, Takes::Number, Takes::Instant];
    pure_in_forms(
        "locate",
        &[now, then],
        DataType::Struct(fields()),
        move |arguments| places(&city, arguments),
    )
}

fn fields() -> Fields {
    let levels = AreaLevel::ALL.map(|level| Field::new(level.as_str(), DataType::Utf8, true));
    std::iter::once(Field::new("cell", DataType::UInt64, true))
        .chain(levels)
        .collect()
}

fn places(city: &City, arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let (lon, lat) = (arguments.numbers(0)?, arguments.numbers(1)?);
    let at = if arguments.len() > 2 {
        Some(arguments.instants(2)?)
    } else {
        None
    };
    let known = NullBuffer::union(lon.nulls(), lat.nulls());
    let known = NullBuffer::union(known.as_ref(), at.as_ref().and_then(|at| at.nulls()));
    // What lies below a NULL may be anything: it must not be placed.
    let values = |column: &Float64Array| -> Vec<f64> {
        let values = column.iter().map(|value| value.unwrap_or(f64::NAN));
        values.collect()
    };
    let instants = at.as_ref().map(|at| {
        let instants = at.iter().map(Option::unwrap_or_default);
        instants.collect::<Vec<i64>>()
    });
    let places = city.locate(&values(&lon), &values(&lat), instants.as_deref());
    let cells: UInt64Array = places
        .cell
        .iter()
        .map(|cell| (*cell != 0).then_some(*cell))
        .collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(cells)];
    for level in AreaLevel::ALL {
        let areas = city.level(level).map_or(&[][..], |level| &level.areas);
        let ids: StringArray = places.areas[level.index()]
            .iter()
            .map(|area| match *area {
                NOWHERE => None,
                area => areas.get(area as usize).map(|area| area.id.as_str()),
            })
            .collect();
        columns.push(Arc::new(ids));
    }
    Ok(Arc::new(StructArray::try_new(fields(), columns, known)?))
}
