//! When each feed sent records lately, by the minute.

use chrono::{DateTime, Utc};

use super::read::{self, instant_at, text_at};
use crate::statement::{Statement, instant};
use crate::{QueryError, Session};

/// What a feed sent in one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedActivity {
    /// The feed.
    pub source: String,
    /// When the minute begins.
    pub minute: DateTime<Utc>,
    /// Records of every kind that came in.
    pub records: u64,
}

impl Session {
    /// What each feed sent since `from`, minute by minute, in order of time; the first 200,000 of feeds and minutes.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn feed_activity(
        &self,
        from: DateTime<Utc>,
    ) -> Result<Vec<FeedActivity>, QueryError> {
        let statement =
            Statement::new(include_str!("feed_activity.sql")).bind("from", instant(from));
        let answer = self.rows(&statement).await?;
        let mut activity = Vec::with_capacity(answer.rows());
        for rows in &answer.batches {
            let source = read::text(rows, "source");
            let minute = read::instant(rows, "minute");
            let records = read::unsigned(rows, "records");
            let told = (0..rows.num_rows()).filter_map(|row| {
                Some(FeedActivity {
                    source: text_at(&source, row)?,
                    minute: instant_at(&minute, row)?,
                    records: records.value(row),
                })
            });
            activity.extend(told);
        }
        Ok(activity)
    }
}
