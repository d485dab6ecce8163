//! Real answers against the shapes that the API's document gives them.

use serde_json::{Value, json};

use super::{TestServer, complaint};
use crate::app::openapi;

/// Does `value` have the form of `schema`? Members that the schema does not name are faults too: the document is whole.
fn conforms(value: &Value, schema: &Value, document: &Value) -> Result<(), String> {
    let says = |ok: bool| {
        if ok {
            Ok(())
        } else {
            Err(format!("{value} is not {schema}"))
        }
    };
    if let Some(name) = schema["$ref"].as_str() {
        return conforms(
            value,
            document.pointer(name.trim_start_matches('#')).ok_or(name)?,
            document,
        );
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(options) = schema[word].as_array() {
            return says(
                options
                    .iter()
                    .any(|option| conforms(value, option, document).is_ok()),
            );
        }
    }
    if schema["allOf"].is_array() {
        return conforms(value, &merged(schema, document), document);
    }
    if let Some(words) = schema["enum"].as_array() {
        return says(words.contains(value));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    match value {
        Value::Null => says(types.contains(&"null")),
        Value::Bool(_) => says(types.contains(&"boolean")),
        Value::String(_) => says(types.contains(&"string")),
        Value::Number(number) => {
            says(types.contains(&"number") || types.contains(&"integer") && !number.is_f64())
        }
        Value::Array(items) => {
            says(types.contains(&"array"))?;
            if let Some(parts) = schema["prefixItems"].as_array() {
                says(items.len() == parts.len())?;
                return items
                    .iter()
                    .zip(parts)
                    .try_for_each(|(item, part)| conforms(item, part, document));
            }
            items
                .iter()
                .try_for_each(|item| conforms(item, &schema["items"], document))
        }
        Value::Object(members) => {
            says(types.contains(&"object"))?;
            for required in schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                members
                    .get(required)
                    .ok_or(format!("{required} is missing in {value}"))?;
            }
            members
                .iter()
                .try_for_each(|(name, member)| match schema["properties"].get(name) {
                    Some(property) => conforms(member, property, document),
                    None if schema.get("additionalProperties").is_some() => Ok(()),
                    None => Err(format!("{name} of {value} is not in {schema}")),
                })
        }
    }
}

/// One schema with the members of all parts of `allOf`.
fn merged(schema: &Value, document: &Value) -> Value {
    let mut whole = json!({"type": "object", "properties": {}, "required": []});
    for part in schema["allOf"].as_array().unwrap() {
        let mut part = part.clone();
        while let Some(name) = part["$ref"].as_str() {
            part = document
                .pointer(name.trim_start_matches('#'))
                .unwrap()
                .clone();
        }
        if part["allOf"].is_array() {
            part = merged(&part, document);
        }
        for (name, property) in part["properties"].as_object().unwrap() {
            whole["properties"][name] = property.clone();
        }
        let required = whole["required"].as_array_mut().unwrap();
        required.extend(part["required"].as_array().into_iter().flatten().cloned());
    }
    whole
}

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

fn answer_schema(document: &Value, method: &str, path: &str) -> Value {
    document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        .clone()
}

#[tokio::test]
async fn answers_have_the_form_that_the_document_gives_them() {
    let server = TestServer::start().await;
    let document = document();
    let mut placeless = complaint("3", 3);
    placeless
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name != "lon" && name != "lat");
    let receipt = server
        .post_json(
            "/v1/complaints",
            &json!([complaint("1", 1), complaint("2", 2), placeless, {"id": "4"}]),
        )
        .await;
    conforms(
        &receipt,
        &answer_schema(&document, "post", "/v1/complaints"),
        &document,
    )
    .unwrap();
    let step = json!({"complaint": "1", "event": "closed", "at": "2026-05-05T00:00:00Z", "fields": {"status": "closed"}});
    server.post_json("/v1/complaint-events", &step).await;
    let value = json!({"datastream": "d", "phenomenon_time": "2026-05-05T00:00:00Z", "result": 1.5, "property": "PM10"});
    server.post_json("/v1/observations", &value).await;

    let asked = [
        ("/v1/city", "/v1/city"),
        ("/v1/cells?measure=per_km2", "/v1/cells"),
        ("/v1/cells?measure=mean&property=PM10", "/v1/cells"),
        ("/v1/areas?level=community&measure=per_10k", "/v1/areas"),
        ("/v1/series?bin=week", "/v1/series"),
        ("/v1/breakdown?by=agency", "/v1/breakdown"),
        ("/v1/complaints?limit=1", "/v1/complaints"),
        ("/v1/complaints/1", "/v1/complaints/{id}"),
        ("/v1/complaints/http/3", "/v1/complaints/{source}/{id}"),
        ("/v1/sensors", "/v1/sensors"),
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
    ];
    for (path, route) in asked {
        let answer = server.json(path).await;
        let schema = answer_schema(&document, "get", route);
        assert!(schema.is_object(), "{route} has no schema");
        conforms(&answer, &schema, &document).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    }
    let rows = server
        .post_json(
            "/v1/sql",
            &json!({"sql": "SELECT id, lon, contacted FROM complaints"}),
        )
        .await;
    conforms(
        &rows,
        &answer_schema(&document, "post", "/v1/sql"),
        &document,
    )
    .unwrap();
    let (_, problem) = server.problem("/v1/cells?x=1").await;
    conforms(
        &problem,
        &document["components"]["schemas"]["Problem"],
        &document,
    )
    .unwrap();
}

#[test]
fn a_false_answer_does_not_conform() {
    let document = document();
    let schema = answer_schema(&document, "get", "/v1/breakdown");
    let good = json!({"seq": 1, "by": "category", "groups": [{"key": null, "value": 1}], "total": 1, "other": 0, "sql": ""});
    conforms(&good, &schema, &document).unwrap();
    for (name, false_value) in [
        ("seq", json!("1")),
        ("by", json!("colour")),
        ("groups", json!([{"key": 1}])),
        ("extra", json!(0)),
    ] {
        let mut wrong = good.clone();
        wrong[name] = false_value;
        assert!(conforms(&wrong, &schema, &document).is_err(), "{wrong}");
    }
    let mut short = good;
    short.as_object_mut().unwrap().remove("total");
    assert!(conforms(&short, &schema, &document).is_err());
}

#[test]
fn the_document_is_openapi_3_1_and_every_reference_in_it_leads_somewhere() {
    let document = document();
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document["openapi"]
    );
    let mut stack = vec![&document];
    while let Some(value) = stack.pop() {
        match value {
            Value::Object(members) => {
                if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                    assert!(
                        document.pointer(name.trim_start_matches('#')).is_some(),
                        "{name}"
                    );
                }
                stack.extend(members.values());
            }
            Value::Array(items) => stack.extend(items),
            _ => {}
        }
    }
}
