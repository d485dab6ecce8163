//! JSON values as they come, and objects as named texts.

use csv::StringRecord;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
    value::{MapAccessDeserializer, SeqAccessDeserializer},
};
use serde_json::Value;

use super::super::chunk::{Columns, folded};

/// An object's members in order; a name may occur twice.
pub(in crate::rows) type Members = Vec<(String, Value)>;

/// What to do with a value, by its kind. The scalar kinds of JSON are one case, so that a visitor is two methods and not ten.
pub(super) trait ByKind<'de>: Sized {
    type Out;

    fn scalar(self, value: Value) -> Self::Out;
    fn array<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Out, A::Error>;
    fn object<A: MapAccess<'de>>(self, members: A) -> Result<Self::Out, A::Error>;
}

/// Reads one value and handles it by its kind.
pub(super) struct Any<K>(pub(super) K);

impl<'de, K: ByKind<'de>> DeserializeSeed<'de> for Any<K> {
    type Value = K::Out;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Out, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, K: ByKind<'de>> Visitor<'de> for Any<K> {
    type Value = K::Out;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<K::Out, E> {
        Ok(self.0.scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<K::Out, E> {
        Ok(self.0.scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<K::Out, E> {
        Ok(self.0.scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<K::Out, E> {
        Ok(self.0.scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<K::Out, E> {
        Ok(self.0.scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<K::Out, E> {
        Ok(self.0.scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<K::Out, E> {
        Ok(self.0.scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<K::Out, A::Error> {
        self.0.array(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<K::Out, A::Error> {
        self.0.object(members)
    }
}

/// An element of an array of rows.
pub(in crate::rows) enum Element {
    /// A row.
    Object(Members),
    /// No row.
    Other(Value),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any(AsElement).deserialize(deserializer)
    }
}

struct AsElement;

impl<'de> ByKind<'de> for AsElement {
    type Out = Element;

    fn scalar(self, value: Value) -> Element {
        Element::Other(value)
    }

    fn array<A: SeqAccess<'de>>(self, elements: A) -> Result<Element, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(elements)).map(Element::Other)
    }

    fn object<A: MapAccess<'de>>(self, members: A) -> Result<Element, A::Error> {
        members_of(members).map(Element::Object)
    }
}

pub(super) fn members_of<'de, A: MapAccess<'de>>(mut access: A) -> Result<Members, A::Error> {
    let mut members = Members::new();
    while let Some(member) = access.next_entry()? {
        members.push(member);
    }
    Ok(members)
}

pub(super) fn value_of<'de, A: MapAccess<'de>>(members: A) -> Result<Value, A::Error> {
    Value::deserialize(MapAccessDeserializer::new(members))
}

/// An object's members as named texts, in order. A null is no value; an array and an object named in `whole` are JSON text; the
/// members of any other object are named `outer.inner`. Of a GeoJSON feature the properties count as its own members, and the
/// position of a point as `lon` and `lat`.
pub(in crate::rows) fn flat_object(members: Members, whole: &[String]) -> Vec<(String, String)> {
    let whole: Vec<String> = whole.iter().map(|name| folded(name)).collect();
    let is_feature = members
        .iter()
        .any(|(name, value)| name == "type" && value == "Feature");
    let mut flat = Vec::with_capacity(members.len());
    if !is_feature {
        for (name, value) in members {
            push(&mut flat, name, value, &whole);
        }
        return flat;
    }
    let mut position = None;
    let mut id = None;
    for (name, value) in members {
        match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, value) in properties {
                    push(&mut flat, name, value, &whole);
                }
            }
            ("geometry", geometry) => position = point(&geometry),
            ("id", value) => id = Some(value),
            _ => {}
        }
    }
    // The properties come first: of a name that occurs twice the first counts.
    if let Some(id) = id {
        push(&mut flat, "id".to_owned(), id, &whole);
    }
    if let Some([lon, lat]) = position {
        push(&mut flat, "lon".to_owned(), lon, &whole);
        push(&mut flat, "lat".to_owned(), lat, &whole);
    }
    flat
}

/// An object for each element of the list at the path `each`, with the element in the list's place; the object itself when it has
/// no such list, or an empty one.
pub(in crate::rows) fn apart(members: Members, each: &str) -> Vec<Members> {
    let (outer, inner) = match each.split_once('.') {
        Some((outer, inner)) => (outer, Some(inner)),
        None => (each, None),
    };
    let Some(at) = members.iter().position(|(name, _)| name == outer) else {
        return vec![members];
    };
    let elements: Vec<Value> = match (&members[at].1, inner) {
        (Value::Array(elements), None) => elements.clone(),
        (Value::Object(object), Some(inner)) => {
            let object: Members = object.clone().into_iter().collect();
            let parts = apart(object, inner);
            parts
                .into_iter()
                .map(|part| Value::Object(part.into_iter().collect()))
                .collect()
        }
        _ => Vec::new(),
    };
    if elements.is_empty() {
        return vec![members];
    }
    let with = |element: Value| {
        let mut members = members.clone();
        members[at].1 = element;
        members
    };
    elements.into_iter().map(with).collect()
}

/// The rows of a message's payload as named texts: an object, or several in an array. A payload that is no JSON object but a single
/// value is one row with the column `payload`, and so is any other text when the profile reads that column (`as_text`).
///
/// # Errors
/// The place and the cause when the payload is no JSON.
pub fn rows_of_payload(
    payload: &str,
    whole: &[String],
    each: Option<&str>,
    as_text: bool,
) -> Result<Vec<Vec<(String, String)>>, String> {
    const PAYLOAD: &str = "payload";
    let of_object = |members: Members| -> Vec<Vec<(String, String)>> {
        let objects = match each {
            Some(each) => apart(members, each),
            None => vec![members],
        };
        let rows = objects.into_iter();
        rows.map(|members| flat_object(members, whole)).collect()
    };
    let of_element = |element: Element| match element {
        Element::Object(members) => of_object(members),
        Element::Other(other) => vec![one(PAYLOAD, other)],
    };
    let read = if payload.trim_start().starts_with('[') {
        let elements = serde_json::from_str::<Vec<Element>>(payload);
        elements.map(|elements| elements.into_iter().flat_map(of_element).collect())
    } else {
        serde_json::from_str(payload).map(of_element)
    };
    match read {
        Ok(rows) => Ok(rows),
        Err(_) if as_text => Ok(vec![one(PAYLOAD, Value::String(payload.to_owned()))]),
        Err(error) => Err(error.to_string()),
    }
}

fn one(name: &str, value: Value) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    push(&mut flat, name.to_owned(), value, &[]);
    flat
}

/// The columns and the row of one object's JSON text, as it is read from a line of NDJSON; nothing when the text is no object.
pub fn row_of_object(json: &str, whole: &[String]) -> Option<(Columns, StringRecord)> {
    let Ok(Element::Object(members)) = serde_json::from_str(json) else {
        return None;
    };
    let mut columns = Columns::default();
    let mut cells = StringRecord::new();
    for (name, value) in flat_object(members, whole) {
        if columns.find_exact(&name).is_none() {
            columns.push(name);
            cells.push_field(&value);
        }
    }
    Some((columns, cells))
}

fn push(flat: &mut Vec<(String, String)>, name: String, value: Value, whole: &[String]) {
    match value {
        Value::Null => flat.push((name, String::new())),
        Value::String(text) => flat.push((name, text)),
        Value::Object(members) if !whole.contains(&folded(&name)) => {
            for (inner, value) in members {
                push(flat, format!("{name}.{inner}"), value, whole);
            }
        }
        other => flat.push((name, other.to_string())),
    }
}

fn point(geometry: &Value) -> Option<[Value; 2]> {
    if geometry.get("type")?.as_str()? != "Point" {
        return None;
    }
    let coordinates = geometry.get("coordinates")?.as_array()?;
    Some([coordinates.first()?.clone(), coordinates.get(1)?.clone()])
}
