//! Answers that are given again to a request that is sent again under the same name (`Idempotency-Key`).

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};

use super::{Control, ControlError};

/// An answer and the request that it was given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// A hash of the request.
    pub request: Vec<u8>,
    /// The HTTP status.
    pub status: u16,
    /// Headers, by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

impl Control {
    /// The answer that `caller` got under `name` within the last day.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn kept_answer(
        &self,
        caller: &str,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<KeptAnswer>, ControlError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT request, status, headers, body FROM kept_answers WHERE caller = ?1 AND name = ?2 AND at > ?3",
                )?
                .query_row(params![caller, name, (now - KEPT).timestamp_micros()], |row| {
                    let headers: String = row.get(2)?;
                    Ok(KeptAnswer {
                        request: row.get(0)?,
                        status: row.get(1)?,
                        headers: serde_json::from_str(&headers).unwrap_or_default(),
                        body: row.get(3)?,
                    })
                })
                .optional()
        })
    }

    /// Keeps an answer for a day; those that are older go.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn keep_answer(
        &self,
        caller: &str,
        name: &str,
        answer: &KeptAnswer,
        now: DateTime<Utc>,
    ) -> Result<(), ControlError> {
        let headers = serde_json::to_string(&answer.headers).expect("texts have a form in JSON");
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM kept_answers WHERE at <= ?1")?
                .execute([(now - KEPT).timestamp_micros()])?;
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO kept_answers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    caller,
                    name,
                    answer.request,
                    answer.status,
                    headers,
                    answer.body,
                    now.timestamp_micros(),
                ])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_again_for_a_day_and_to_its_caller_alone() {
        let dir = tempfile::tempdir().unwrap();
        let control = Control::open_file(&dir.path().join("control.db")).unwrap();
        let at = |hours: i64| DateTime::from_timestamp_millis(hours * 3_600_000).unwrap();
        let answer = KeptAnswer {
            request: vec![1, 2],
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: b"{}".to_vec(),
        };
        control.keep_answer("one", "a", &answer, at(0)).unwrap();
        assert_eq!(
            control.kept_answer("one", "a", at(23)).unwrap(),
            Some(answer.clone())
        );
        assert_eq!(control.kept_answer("other", "a", at(1)).unwrap(), None);
        assert_eq!(control.kept_answer("one", "a", at(25)).unwrap(), None);
        control.keep_answer("one", "b", &answer, at(30)).unwrap();
        assert_eq!(control.kept_answer("one", "a", at(1)).unwrap(), None);
    }
}
