//! `nearest_road(lon, lat[, max_m])`: the nearest named road of a position, and how far it is.

use std::sync::Arc;

use citybrain_grid::City;
use datafusion::arrow::array::{
    Array, ArrayRef, Float64Array, Float64Builder, StringBuilder, StructArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::ScalarUDF;

use super::FunctionError;
use super::arguments::Arguments;
use super::signature::{Takes, pure_in_forms};

const NAME: &str = "nearest_road";

/// A struct of the road's `name` and `distance_m`, the distance in metres on the ellipsoid's tangent plane (see
/// [`citybrain_grid::Roads`]). NULL where the position is NULL or none, and where no road is within `max_m`. Longitude and latitude
/// are WGS 84 degrees.
pub(super) fn function(city: Arc<City>) -> ScalarUDF {
    let anywhere: &[Takes] = &[Takes::Number, Takes::Number];
    let within: &[Takes] = &[Takes::Number, Takes::Number, Takes::Number];
    pure_in_forms(
        NAME,
        &[anywhere, within],
        DataType::Struct(fields()),
        move |arguments| roads(&city, arguments),
    )
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("distance_m", DataType::Float64, true),
    ])
}

fn roads(city: &City, arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let roads = city
        .roads()
        .ok_or(FunctionError::NoRoads { function: NAME })?;
    let (lon, lat) = (arguments.numbers(0)?, arguments.numbers(1)?);
    let within = match arguments.len() {
        2 => None,
        _ => Some(distances(arguments.numbers(2)?)?),
    };
    let mut names = StringBuilder::new();
    let mut metres = Float64Builder::new();
    let mut found = Vec::with_capacity(arguments.rows());
    for row in 0..arguments.rows() {
        let at = (lon.is_valid(row) && lat.is_valid(row)).then(|| (lon.value(row), lat.value(row)));
        let limit = match &within {
            None => Some(f64::INFINITY),
            Some(within) => within.is_valid(row).then(|| within.value(row)),
        };
        let road = at.zip(limit).and_then(|((lon, lat), limit)| {
            let (road, distance) = roads.nearest_road(lon, lat)?;
            (distance <= limit).then_some((roads.name(road)?, distance))
        });
        names.append_option(road.map(|(name, _)| name));
        metres.append_option(road.map(|(_, distance)| distance));
        found.push(road.is_some());
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(names.finish()), Arc::new(metres.finish())];
    let found = NullBuffer::from(found);
    Ok(Arc::new(StructArray::try_new(
        fields(),
        columns,
        Some(found),
    )?))
}

/// Distances in metres, each at least 0.
fn distances(values: Float64Array) -> Result<Float64Array, FunctionError> {
    let broken = |value: &f64| value.is_nan() || *value < 0.0;
    match values.iter().flatten().find(broken) {
        Some(value) => Err(FunctionError::NotADistance {
            function: NAME,
            value,
        }),
        None => Ok(values),
    }
}
