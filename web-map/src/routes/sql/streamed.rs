//! A long answer on its way: rows are written as they come, so that neither the server nor the client holds all of them.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use citybrain_query::{Answer, RowStream};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::writer::StreamWriter;

use crate::format::{Format, FormatError, csv_rows, write_json_rows};
use crate::routes::sql::json_head;

/// Writes the parts of an answer in one format.
pub(super) enum Parts {
    Json { schema: SchemaRef, is_first: bool },
    Csv { schema: SchemaRef, is_first: bool },
    Arrow(Box<StreamWriter<Vec<u8>>>),
}

impl Parts {
    /// For a format that can be written in parts; `None` for those that cannot.
    pub(super) fn of(format: Format, schema: &SchemaRef) -> Result<Option<Self>, FormatError> {
        Ok(match format {
            Format::Json => Some(Self::Json {
                schema: Arc::clone(schema),
                is_first: true,
            }),
            Format::Csv => Some(Self::Csv {
                schema: Arc::clone(schema),
                is_first: true,
            }),
            Format::Arrow => {
                let writer = StreamWriter::try_new(Vec::new(), schema)?;
                Some(Self::Arrow(Box::new(writer)))
            }
            Format::Table | Format::Parquet | Format::Geojson | Format::Geoparquet => None,
        })
    }

    fn rows(&mut self, rows: RecordBatch) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::new();
        match self {
            Self::Json { schema, is_first } => {
                if *is_first {
                    out = json_head(schema)?;
                    out.push(b'[');
                }
                if rows.num_rows() > 0 {
                    let mut text = Vec::new();
                    write_json_rows(&one(schema, rows), &mut text)?;
                    let inner = text
                        .strip_prefix(b"[")
                        .and_then(|text| text.strip_suffix(b"]"))
                        .unwrap_or(&text);
                    if !std::mem::take(is_first) {
                        out.push(b',');
                    }
                    out.extend_from_slice(inner);
                }
            }
            Self::Csv { schema, is_first } => {
                let is_first = std::mem::take(is_first);
                csv_rows(&one(schema, rows), is_first, &mut out)?;
            }
            Self::Arrow(writer) => {
                writer.write(&rows)?;
                out = std::mem::take(writer.get_mut());
            }
        }
        Ok(out)
    }

    fn end(&mut self, end: &citybrain_query::StreamEnd) -> Result<Vec<u8>, FormatError> {
        match self {
            Self::Json { .. } => {
                let mut out =
                    format!("],\"truncated\":{},\"parameters\":", end.truncated).into_bytes();
                serde_json::to_writer(&mut out, &end.parameters).map_err(io::Error::from)?;
                out.push(b'}');
                Ok(out)
            }
            Self::Csv { .. } => Ok(Vec::new()),
            Self::Arrow(writer) => {
                writer.finish()?;
                Ok(std::mem::take(writer.get_mut()))
            }
        }
    }
}

fn one(schema: &SchemaRef, rows: RecordBatch) -> Answer {
    Answer {
        schema: Arc::clone(schema),
        batches: vec![rows],
        truncated: false,
        parameters: Vec::new(),
    }
}

/// The body of an answer whose first rows are known and whose others come as they are made. What fails on the way cuts the body off, so
/// that a part is never taken for the whole. `keep` lives as long as the body.
pub(super) fn body<K: Send + 'static>(
    parts: Parts,
    first: Vec<RecordBatch>,
    rest: RowStream,
    keep: K,
) -> Body {
    let stream = async_stream::stream! {
        let _keep = keep;
        let (mut parts, mut rest) = (parts, rest);
        for rows in first {
            yield written(&mut parts, |parts| parts.rows(rows)).await;
        }
        while let Some(rows) = rest.next().await {
            match rows {
                Ok(rows) => yield written(&mut parts, |parts| parts.rows(rows)).await,
                Err(error) => {
                    tracing::warn!(%error, "answer_cut_off");
                    yield Err(io::Error::other(error));
                    return;
                }
            }
        }
        let end = rest.end().cloned().unwrap_or_default();
        yield written(&mut parts, |parts| parts.end(&end)).await;
    };
    Body::from_stream(stream)
}

/// A few thousand rows take milliseconds to write: other tasks have their turn in between.
async fn written(
    parts: &mut Parts,
    write: impl FnOnce(&mut Parts) -> Result<Vec<u8>, FormatError>,
) -> io::Result<Bytes> {
    tokio::task::yield_now().await;
    write(parts).map(Bytes::from).map_err(io::Error::other)
}
