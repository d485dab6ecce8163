//! `POST /CreateObservations`: many observations as rows of values.

use citybrain_model::EntityId;
use serde_json::{Map, Value};

use super::create::id_in;
use super::observe::{keep, observed};
use super::path::in_link;
use super::{Reply, StaError, View};
use crate::state::AppState;

/// Most rows of one request.
const ROWS_MAX: usize = 100_000;

/// Keeps the rows and answers with a link for each, or `error`.
pub(super) async fn create_observations(
    state: &AppState,
    view: &mut View,
    base: &str,
    body: &Value,
) -> Result<Reply, StaError> {
    let groups = match body {
        Value::Array(groups) => groups.as_slice(),
        one @ Value::Object(_) => std::slice::from_ref(one),
        _ => return Err(StaError::bad("the body must be an array of data arrays")),
    };
    let mut rows = Vec::new();
    for group in groups {
        let datastream = group.get("Datastream").and_then(id_in).ok_or_else(|| {
            StaError::bad("a data array must name its Datastream: {\"@iot.id\": …}")
        })?;
        let components = group
            .get("components")
            .and_then(Value::as_array)
            .and_then(|all| all.iter().map(Value::as_str).collect::<Option<Vec<_>>>())
            .ok_or_else(|| {
                StaError::bad("a data array must have \"components\", an array of names")
            })?;
        let array = group
            .get("dataArray")
            .and_then(Value::as_array)
            .ok_or_else(|| {
                StaError::bad("a data array must have \"dataArray\", an array of rows")
            })?;
        if rows.len() + array.len() > ROWS_MAX {
            return Err(StaError::new(
                413,
                format!("more than {ROWS_MAX} rows; send them in parts"),
            ));
        }
        for values in array {
            let row = row_of(&components, values).and_then(|(object, feature)| {
                observed(
                    &view.catalog,
                    view.now,
                    Some(datastream.clone()),
                    feature,
                    &object,
                )
            });
            rows.push(row.map_err(|error| {
                (error, serde_json::json!({"Datastream": {"@iot.id": datastream}, "components": components, "dataArray": [values]}).to_string())
            }));
        }
    }
    let kept = keep(&state.engine, view, rows, None).await?;
    let links = kept
        .answers
        .into_iter()
        .map(|answer| match answer {
            Ok(id) => Value::String(format!("{base}/Observations({})", in_link(&id.entity()))),
            Err(_) => Value::String("error".to_owned()),
        })
        .collect();
    Ok(Reply {
        status: 201,
        body: Some(Value::Array(links)),
        ..Reply::default()
    })
}

fn row_of(components: &[&str], values: &Value) -> Result<(Value, Option<EntityId>), StaError> {
    let values = values
        .as_array()
        .filter(|values| values.len() == components.len())
        .ok_or_else(|| StaError::bad("a row must have a value for each of the components"))?;
    let mut object = Map::with_capacity(values.len());
    let mut feature = None;
    for (name, value) in components.iter().zip(values) {
        match *name {
            "FeatureOfInterest/id" | "FeatureOfInterest/@iot.id" => {
                feature = super::create::id_of(value);
            }
            "id" => {
                object.insert("@iot.id".to_owned(), value.clone());
            }
            name => {
                object.insert(name.to_owned(), value.clone());
            }
        }
    }
    Ok((Value::Object(object), feature))
}
