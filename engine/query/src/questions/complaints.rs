//! Complaints one by one, a page at a time.

use chrono::{DateTime, Utc};
use citybrain_store::Table;
use datafusion::arrow::array::{
    Array, BooleanArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use serde::Serialize;

use super::Cursor;
use super::read::{self, instant_at, number_at, text_at};
use crate::statement::{Statement, instant};
use crate::{Filter, QueryError, Session};

/// A page of complaints, newest first; those of one instant in order of source and id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Complaints {
    /// The page.
    pub complaints: Vec<ComplaintRow>,
    /// The cursor of the next page; none after the last.
    #[serde(serialize_with = "next")]
    pub next: Option<Cursor>,
}

/// A complaint without its text. Instants are UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(
    missing_docs,
    reason = "each field is the column of the same name: see `Complaint` of the model"
)]
pub struct ComplaintRow {
    pub id: String,
    pub source: String,
    pub channel: Option<String>,
    pub kind: Option<String>,
    pub category: Option<String>,
    pub category_path: Option<String>,
    pub requested_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub dispatched_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub status: Option<String>,
    pub urgency: Option<String>,
    pub agency: Option<String>,
    /// Longitude, WGS 84 degrees.
    pub lon: Option<f64>,
    /// Latitude, WGS 84 degrees.
    pub lat: Option<f64>,
    pub address: Option<String>,
    /// The base cell as hex text.
    pub cell: Option<String>,
    pub district: Option<String>,
    pub subdistrict: Option<String>,
    pub community: Option<String>,
    pub grid: Option<String>,
    pub location_quality: String,
    pub contacted: Option<bool>,
    pub resolved: Option<String>,
    pub satisfaction: Option<String>,
    pub repeat_of: Option<String>,
    /// Labels, joined by `;`.
    pub tags: Option<String>,
}

impl Session {
    /// At most `limit` complaints after `cursor`, newest first. Pages do not overlap and leave nothing out while complaints come in
    /// or change their state.
    ///
    /// # Errors
    /// A filter that does not fit the city; the limits of the query.
    pub async fn complaints(
        &self,
        filter: &Filter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<Complaints, QueryError> {
        // One more than the page tells whether there is a next one.
        let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut statement = Statement::new(include_str!("complaints.sql")).bind("limit", fetched);
        if let Some(Cursor {
            requested_at,
            source,
            id,
        }) = cursor
        {
            statement = statement
                .with("filter", include_str!("after.sql").trim_end())
                .bind("after", instant(*requested_at))
                .bind("after_source", source.as_str())
                .bind("after_id", id.as_str());
        }
        let statement = filter.apply(statement, Table::Complaints, &self.snapshot.city)?;
        let answer = self.rows(&statement).await?;

        let mut complaints: Vec<ComplaintRow> =
            answer.batches.iter().flat_map(complaint_rows).collect();
        let more = complaints.len() > limit;
        complaints.truncate(limit);
        let next = complaints.last().filter(|_| more).map(|last| Cursor {
            requested_at: last.requested_at,
            source: last.source.clone(),
            id: last.id.clone(),
        });
        Ok(Complaints { complaints, next })
    }
}

/// The rows of a batch that has the columns of `complaints.sql`.
pub(super) fn complaint_rows(rows: &RecordBatch) -> Vec<ComplaintRow> {
    let columns = Columns { rows };
    let [id, source, channel, kind] = columns.texts(["id", "source", "channel", "kind"]);
    let [category, category_path] = columns.texts(["category", "category_path"]);
    let [requested_at, received_at] = columns.instants(["requested_at", "received_at"]);
    let [dispatched_at, due_at, closed_at] =
        columns.instants(["dispatched_at", "due_at", "closed_at"]);
    let [status, urgency, agency, address] =
        columns.texts(["status", "urgency", "agency", "address"]);
    let [lon, lat] = columns.numbers(["lon", "lat"]);
    let [cell, district, subdistrict] = columns.texts(["cell", "district", "subdistrict"]);
    let [community, grid, location_quality] =
        columns.texts(["community", "grid", "location_quality"]);
    let contacted: BooleanArray = read::boolean(rows, "contacted");
    let [resolved, satisfaction, repeat_of, tags] =
        columns.texts(["resolved", "satisfaction", "repeat_of", "tags"]);
    (0..rows.num_rows())
        .map(|row| ComplaintRow {
            id: id.value(row).to_owned(),
            source: source.value(row).to_owned(),
            channel: text_at(&channel, row),
            kind: text_at(&kind, row),
            category: text_at(&category, row),
            category_path: text_at(&category_path, row),
            requested_at: crate::zone::instant(requested_at.value(row)),
            received_at: crate::zone::instant(received_at.value(row)),
            dispatched_at: instant_at(&dispatched_at, row),
            due_at: instant_at(&due_at, row),
            closed_at: instant_at(&closed_at, row),
            status: text_at(&status, row),
            urgency: text_at(&urgency, row),
            agency: text_at(&agency, row),
            lon: number_at(&lon, row),
            lat: number_at(&lat, row),
            address: text_at(&address, row),
            cell: text_at(&cell, row),
            district: text_at(&district, row),
            subdistrict: text_at(&subdistrict, row),
            community: text_at(&community, row),
            grid: text_at(&grid, row),
            location_quality: location_quality.value(row).to_owned(),
            contacted: contacted.is_valid(row).then(|| contacted.value(row)),
            resolved: text_at(&resolved, row),
            satisfaction: text_at(&satisfaction, row),
            repeat_of: text_at(&repeat_of, row),
            tags: text_at(&tags, row),
        })
        .collect()
}

struct Columns<'a> {
    rows: &'a RecordBatch,
}

impl Columns<'_> {
    fn texts<const N: usize>(&self, names: [&str; N]) -> [StringArray; N] {
        names.map(|name| read::text(self.rows, name))
    }

    fn numbers<const N: usize>(&self, names: [&str; N]) -> [Float64Array; N] {
        names.map(|name| read::number(self.rows, name))
    }

    fn instants<const N: usize>(&self, names: [&str; N]) -> [TimestampMicrosecondArray; N] {
        names.map(|name| read::instant(self.rows, name))
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field by reference")]
pub(super) fn next<S: serde::Serializer>(
    cursor: &Option<Cursor>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    cursor.as_ref().map(Cursor::to_string).serialize(serializer)
}
