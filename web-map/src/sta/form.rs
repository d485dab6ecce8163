//! Sets in other forms: data arrays and GeoJSON.

use citybrain_model::{EntityId, EntityKind};
use citybrain_query::odata::Options;
use citybrain_query::sensorthings::ObservationId;
use serde_json::{Map, Value, json};

/// Observations as rows of values, one array for each datastream in a row.
pub(super) fn data_array(
    rows: Value,
    options: &Options,
    link: impl Fn(&EntityId) -> String,
) -> Value {
    let components: Vec<String> = if options.select.is_empty() {
        ["id", "phenomenonTime", "result", "resultTime"]
            .map(str::to_owned)
            .into()
    } else {
        options
            .select
            .iter()
            .map(|path| path[0].replace("@iot.id", "id"))
            .collect()
    };
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    let Value::Array(rows) = rows else {
        return Value::Null;
    };
    for row in rows {
        let id = row["@iot.id"]
            .as_str()
            .and_then(|id| id.parse::<ObservationId>().ok());
        let stream = id.map_or_else(String::new, |id| link(&id.datastream));
        let values = components
            .iter()
            .map(|name| {
                if name == "id" {
                    row["@iot.id"].clone()
                } else {
                    row[name.as_str()].clone()
                }
            })
            .collect();
        match groups.last_mut() {
            Some((last, all)) if *last == stream => all.push(Value::Array(values)),
            _ => groups.push((stream, vec![Value::Array(values)])),
        }
    }
    groups
        .into_iter()
        .map(|(stream, rows)| {
            json!({
                "Datastream@iot.navigationLink": stream,
                "components": components,
                "dataArray@iot.count": rows.len(),
                "dataArray": rows,
            })
        })
        .collect()
}

/// A page as a feature collection: an entity's own shape, or none.
pub(super) fn geojson(kind: EntityKind, answer: &Value) -> Value {
    let shape = |entity: &Value| -> Value {
        let own = match kind {
            EntityKind::Location => &entity["location"],
            EntityKind::FeatureOfInterest => &entity["feature"],
            EntityKind::Thing => &entity["Locations"][0]["location"],
            EntityKind::Datastream => &entity["observedArea"],
            EntityKind::Observation => &entity["FeatureOfInterest"]["feature"],
            _ => &Value::Null,
        };
        own.clone()
    };
    let features: Vec<Value> = answer["value"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entity| {
            let mut properties = Map::new();
            flatten("", entity, &mut properties);
            json!({"type": "Feature", "geometry": shape(entity), "properties": properties})
        })
        .collect();
    let mut collection = json!({"type": "FeatureCollection", "features": features});
    for name in ["@iot.count", "@iot.nextLink"] {
        if let Some(value) = answer.get(name) {
            collection[name] = value.clone();
        }
    }
    collection
}

/// `Thing/properties/owner` and the like; no links and no shapes.
fn flatten(prefix: &str, value: &Value, out: &mut Map<String, Value>) {
    let key = |name: &str| {
        if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}/{name}")
        }
    };
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if matches!(name.as_str(), "location" | "feature" | "observedArea")
                    || name.ends_with("Link")
                {
                    continue;
                }
                flatten(
                    &key(if name == "@iot.id" { "id" } else { name }),
                    value,
                    out,
                );
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(&key(&at.to_string()), value, out);
            }
        }
        plain => {
            out.insert(prefix.to_owned(), plain.clone());
        }
    }
}
