//! What a step changes of its complaint: the known fields of its JSON object, each of its type.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{Position, Refusal, rules};

/// Values of a complaint's columns by name: texts, instants as µs since 1970 (UTC), degrees, truths, and null for none.
pub type Values = BTreeMap<&'static str, Value>;

/// The type of a column that a step may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A short text.
    Label,
    /// A long text.
    Text,
    /// An instant: RFC 3339 with an offset on the wire, µs since 1970 (UTC) in [`Values`].
    Instant,
    /// WGS 84 degrees.
    Degrees,
    /// True or false.
    Truth,
}

/// The columns of a complaint that a step may change: the field's name on the wire, the column, its type.
pub const CHANGEABLE: [(&str, &str, ColumnType); 23] = [
    ("channel", "channel", ColumnType::Label),
    ("kind", "kind", ColumnType::Label),
    ("category", "category", ColumnType::Label),
    ("category_path", "category_path", ColumnType::Label),
    ("requested_at", "requested_at", ColumnType::Instant),
    ("dispatched_at", "dispatched_at", ColumnType::Instant),
    ("due_at", "due_at", ColumnType::Instant),
    ("closed_at", "closed_at", ColumnType::Instant),
    ("status", "status", ColumnType::Label),
    ("urgency", "urgency", ColumnType::Label),
    ("agency", "agency", ColumnType::Label),
    ("lon", "lon", ColumnType::Degrees),
    ("lat", "lat", ColumnType::Degrees),
    ("address", "address", ColumnType::Label),
    ("contacted", "contacted", ColumnType::Truth),
    ("resolved", "resolved", ColumnType::Label),
    ("satisfaction", "satisfaction", ColumnType::Label),
    ("repeat_of", "repeat_of", ColumnType::Label),
    ("tags", "tags", ColumnType::Label),
    ("text", "text", ColumnType::Text),
    ("district", "declared_district", ColumnType::Label),
    ("subdistrict", "declared_subdistrict", ColumnType::Label),
    ("community", "declared_community", ColumnType::Label),
];

/// What the JSON object `fields` of a step changes. A field that a complaint does not have changes nothing: senders may say more
/// than is read here. Null takes a value away; `category` may be a path (`a->b->c`); `tags` a list or a text.
///
/// # Errors
/// A known field with a value of another type, an instant without an offset or out of range, a position that is not whole or
/// not on the globe; the request time cannot be taken away.
pub(crate) fn changes(fields: &str) -> Result<Values, Refusal> {
    let object: Map<String, Value> = serde_json::from_str(fields).map_err(|_error| {
        Refusal::new("fields", fields, "json", "the fields must be a JSON object")
    })?;
    let mut values = Values::new();
    for (name, column, kind) in CHANGEABLE {
        let Some(value) = object.get(name) else {
            continue;
        };
        values.insert(column, typed(name, kind, value)?);
    }
    if values.get("requested_at").is_some_and(Value::is_null) {
        return Err(Refusal::required("fields.requested_at"));
    }
    match (values.get("lon"), values.get("lat")) {
        (None, None) => {}
        (Some(lon), Some(lat)) if lon.is_null() && lat.is_null() => {}
        (Some(lon), Some(lat)) => {
            let degrees =
                |value: &Value, name| value.as_f64().ok_or_else(|| Refusal::required(name));
            Position::try_new(degrees(lon, "fields.lon")?, degrees(lat, "fields.lat")?)?;
        }
        (Some(_), None) => return Err(Refusal::required("fields.lat")),
        (None, Some(_)) => return Err(Refusal::required("fields.lon")),
    }
    with_path(&mut values);
    Ok(values)
}

/// A category that is a path is both: the path, and its last part.
fn with_path(values: &mut Values) {
    let Some(category) = values.get("category").cloned() else {
        return;
    };
    let last = category
        .as_str()
        .and_then(|path| path.rsplit("->").next())
        .map(|last| Value::from(last.trim()));
    values.entry("category_path").or_insert(category);
    if let Some(last) = last {
        values.insert("category", last);
    }
}

fn typed(name: &'static str, kind: ColumnType, value: &Value) -> Result<Value, Refusal> {
    let wrong = |expected: &str| {
        Refusal::new(
            format!("fields.{name}"),
            value.to_string(),
            "type",
            format!("must be {expected} or null"),
        )
    };
    let named = |refusal: Refusal| Refusal {
        field: format!("fields.{name}").into(),
        ..refusal
    };
    if value.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        ColumnType::Label | ColumnType::Text => {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Array(parts) if name == "tags" => {
                    let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
                    parts.ok_or_else(|| wrong("a list of texts"))?.join(";")
                }
                _ => return Err(wrong("a text")),
            };
            let checked = if kind == ColumnType::Text {
                rules::text(name, Some(text))
            } else {
                rules::label(name, Some(text))
            };
            Ok(checked.map_err(named)?.map_or(Value::Null, Value::String))
        }
        ColumnType::Instant => {
            let instant = value
                .as_str()
                .and_then(|text| DateTime::parse_from_rfc3339(text.trim()).ok())
                .ok_or_else(|| wrong("an instant as RFC 3339 with an offset"))?;
            let instant = rules::instant(name, instant.with_timezone(&Utc)).map_err(named)?;
            Ok(Value::from(instant.timestamp_micros()))
        }
        ColumnType::Degrees => value
            .as_f64()
            .map(Value::from)
            .ok_or_else(|| wrong("a number")),
        ColumnType::Truth => value
            .as_bool()
            .map(Value::from)
            .ok_or_else(|| wrong("true or false")),
    }
}
