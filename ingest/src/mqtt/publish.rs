//! Observations for subscribers, on the topics of SensorThings.

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Float64Type, TimestampMicrosecondType},
};
use chrono::{DateTime, SecondsFormat};
use citybrain_model::Identity;
use citybrain_store::{Stream, Table};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::{MqttPublish, Seen, Surroundings, Told, client::Client};

/// What stands at the end of every payload that a link publishes.
pub(super) fn mark(client_id: &str) -> String {
    format!("\"@citybrain.from\":{}}}", Value::from(client_id))
}

/// What a link is called, and what it does not send back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) client_id: &'a str,
    /// Sources that come over the link.
    pub(super) own: &'a [String],
    /// Observations that came over it.
    pub(super) seen: &'a Seen,
}

/// Publishes every observation that is accepted from now on and did not come over the link. What cannot be published in time
/// is left out and told: it can be asked for.
pub(super) async fn run(
    what: &MqttPublish,
    names: Names<'_>,
    client: &Client,
    surroundings: &Surroundings,
) {
    let tell = |told: Told<'_>| (surroundings.tell)(names.client_id, told);
    let mark = mark(names.client_id);
    let wanted = |source: &str| {
        !names.own.iter().any(|own| own == source)
            && (what.sources.is_empty() || what.sources.iter().any(|wanted| wanted == source))
    };
    let mut published = surroundings.writer.watch();
    loop {
        let batch = match published.recv().await {
            Ok(batch) => batch,
            Err(RecvError::Lagged(batches)) => {
                tell(Told::Missed { batches });
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        if batch.table != Table::Observations {
            continue;
        }
        let (mut observations, mut missed) = (0, 0);
        // It names every datastream that has an observation.
        let catalog = (surroundings.catalog)().await.unwrap_or_default();
        for row in 0..batch.rows.num_rows() {
            let source = text(&batch.rows, "source", row).unwrap_or_default();
            let Some(datastream) = text(&batch.rows, "datastream", row).filter(|_| wanted(source))
            else {
                continue;
            };
            if names
                .seen
                .has(identity(&batch.rows, source, datastream, row))
            {
                continue;
            }
            let stream = Stream {
                source: source.to_owned(),
                datastream: datastream.to_owned(),
            };
            // One that was taken out of the API's sight has no topic.
            let Some(id) = catalog.of_stream(&stream).map(ToString::to_string) else {
                continue;
            };
            let topic = format!("{}/Datastreams({})/Observations", what.prefix, level(&id));
            let payload = payload(&batch.rows, row, &mark);
            if client.publish(&topic, payload.as_bytes()).await {
                observations += 1;
            } else {
                missed = 1;
            }
        }
        if observations > 0 {
            tell(Told::Published { observations });
        }
        if missed > 0 {
            tell(Told::Missed { batches: missed });
        }
    }
}

fn identity(rows: &RecordBatch, source: &str, datastream: &str, row: usize) -> Identity {
    if let Some(id) = text(rows, "id", row) {
        return Identity::of(source, id);
    }
    let column = rows.column_by_name("phenomenon_time");
    let at = column
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
        .map_or(0, |column| column.value(row));
    Identity::of_instant(source, datastream, at)
}

/// An id within one level of a topic.
fn level(id: &str) -> String {
    let mut level = String::with_capacity(id.len());
    for c in id.chars() {
        match c {
            '/' => level.push_str("%2F"),
            '+' => level.push_str("%2B"),
            '#' => level.push_str("%23"),
            '%' => level.push_str("%25"),
            c => level.push(c),
        }
    }
    level
}

fn payload(rows: &RecordBatch, row: usize, mark: &str) -> String {
    let mut body = Map::new();
    body.insert(
        "phenomenonTime".to_owned(),
        json!(instant(rows, "phenomenon_time", row)),
    );
    body.insert(
        "resultTime".to_owned(),
        json!(instant(rows, "result_time", row)),
    );
    let result = rows
        .column_by_name("result")
        .and_then(|column| column.as_primitive_opt::<Float64Type>())
        .and_then(|column| column.is_valid(row).then(|| column.value(row)));
    body.insert("result".to_owned(), json!(result));
    // What is no number, and what else there is to say.
    if let Some(details) = text(rows, "details", row)
        && let Ok(Value::Object(details)) = serde_json::from_str(details)
    {
        body.extend(details);
    }
    if let Some(quality) = text(rows, "quality", row) {
        body.insert("resultQuality".to_owned(), quality.into());
    }
    let mut body = Value::Object(body).to_string();
    // The mark ends the object.
    body.pop();
    body.push(',');
    body + mark
}

fn text<'r>(rows: &'r RecordBatch, column: &str, row: usize) -> Option<&'r str> {
    let column = rows.column_by_name(column)?.as_string_opt::<i32>()?;
    column.is_valid(row).then(|| column.value(row))
}

fn instant(rows: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = rows
        .column_by_name(column)?
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    let instant = column
        .is_valid(row)
        .then(|| DateTime::from_timestamp_micros(column.value(row)))??;
    Some(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
