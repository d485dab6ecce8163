//! `locate(lon, lat[, at])`: the H3 cell and the areas of a position, exactly, by the boundaries in force at an instant or by
//! the latest ones.

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_model::AreaLevel;
use datafusion::arrow::array::{Array, ArrayRef, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
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
    let places = city.locate_arrow(&lon, &lat, at.as_ref());
    let mut columns: Vec<ArrayRef> = vec![Arc::new(places.cell)];
    for ids in &places.areas {
        columns.push(cast(ids, &DataType::Utf8)?);
    }
    Ok(Arc::new(StructArray::try_new(fields(), columns, known)?))
}
