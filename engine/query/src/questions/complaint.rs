//! One complaint with all its steps.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::complaints::{ComplaintRow, complaint_rows};
use super::read::{self, text_at};
use crate::statement::Statement;
use crate::{QueryError, Session, zone};

/// One complaint with what was said and all its steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComplaintDetail {
    /// The complaint in its latest state.
    #[serde(flatten)]
    pub complaint: ComplaintRow,
    /// What was said: for roles that may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its steps in order of time.
    pub events: Vec<EventRow>,
}

/// One step of a complaint. Instants are UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// What happened.
    pub event: String,
    /// When.
    pub at: DateTime<Utc>,
    /// When this engine took the step in.
    pub received_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the step changes, as the text of a JSON object.
    pub fields: Option<String>,
}

impl Session {
    /// The complaint `id` of `source`, with its steps; none when there is no such complaint. Without a source the id must be that
    /// of one source only.
    ///
    /// # Errors
    /// [`QueryError::Parameter`] when several sources have the id; the limits of the query.
    pub async fn complaint(
        &self,
        source: Option<&str>,
        id: &str,
    ) -> Result<Option<ComplaintDetail>, QueryError> {
        let mut statement = Statement::new(include_str!("complaint.sql"))
            .with("source", source.map_or("", |_| " AND source = $source"))
            .bind("id", id);
        if let Some(source) = source {
            statement = statement.bind("source", source);
        }
        let answer = self.rows(&statement).await?;
        let mut found = answer.batches.iter().flat_map(|rows| {
            let text = read::text(rows, "text");
            complaint_rows(rows)
                .into_iter()
                .enumerate()
                .map(move |(row, complaint)| (complaint, text_at(&text, row)))
        });
        let Some((complaint, text)) = found.next() else {
            return Ok(None);
        };
        let others: Vec<String> = found.map(|(other, _)| other.source).collect();
        if !others.is_empty() {
            let rule = format!(
                "must be named: {} and {} have the id {id}",
                complaint.source,
                others.join(", ")
            );
            return Err(QueryError::parameter("source", rule));
        }
        let events = self.events(&complaint.source, id).await?;
        Ok(Some(ComplaintDetail {
            complaint,
            text,
            events,
        }))
    }

    async fn events(&self, source: &str, id: &str) -> Result<Vec<EventRow>, QueryError> {
        let statement = Statement::new(include_str!("events.sql"))
            .bind("source", source)
            .bind("id", id);
        let answer = self.rows(&statement).await?;
        let mut events = Vec::with_capacity(answer.rows());
        for rows in &answer.batches {
            let [event, actor, reason, fields] =
                ["event", "actor", "reason", "fields"].map(|name| read::text(rows, name));
            let [at, received_at] = ["at", "received_at"].map(|name| read::instant(rows, name));
            events.extend((0..rows.num_rows()).map(|row| EventRow {
                event: event.value(row).to_owned(),
                at: zone::instant(at.value(row)),
                received_at: zone::instant(received_at.value(row)),
                actor: text_at(&actor, row),
                reason: text_at(&reason, row),
                fields: text_at(&fields, row),
            }));
        }
        Ok(events)
    }
}
