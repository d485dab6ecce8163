//! When each feed was last heard.

use chrono::{DateTime, Utc};

use super::read::{self, instant_at, text_at};
use crate::statement::Statement;
use crate::{QueryError, Session};

impl Session {
    /// The sources, at most a thousand, and when the last record of each came in, UTC.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn feed_times(&self) -> Result<Vec<(String, DateTime<Utc>)>, QueryError> {
        let answer = self
            .rows(&Statement::new(include_str!("feed_times.sql")))
            .await?;
        let mut feeds = Vec::with_capacity(answer.rows());
        for rows in &answer.batches {
            let (source, received) = (
                read::text(rows, "source"),
                read::instant(rows, "received_at"),
            );
            let told = (0..rows.num_rows())
                .filter_map(|row| Some((text_at(&source, row)?, instant_at(&received, row)?)));
            feeds.extend(told);
        }
        Ok(feeds)
    }
}
