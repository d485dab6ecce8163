//! Where the next page of a list begins.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::zone;

/// The last complaint of a page: the next page begins after it. As text it is opaque to users: `MICROS.LENGTH.SOURCE` followed by
/// the id, LENGTH being the source's in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The complaint's `requested_at`.
    pub requested_at: DateTime<Utc>,
    /// Its source.
    pub source: String,
    /// Its id within the source.
    pub id: String,
}

/// A text that no answer gave as its cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cursor=\"{0}\": must be the text that the page before gave as next")]
pub struct BadCursor(pub String);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}{}",
            self.requested_at.timestamp_micros(),
            self.source.len(),
            self.source,
            self.id
        )
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (micros, rest) = text.split_once('.')?;
            let (length, names) = rest.split_once('.')?;
            let (source, id) = names.split_at_checked(length.parse().ok()?)?;
            let requested_at = zone::instant(micros.parse().ok()?);
            Some(Self {
                requested_at,
                source: source.to_owned(),
                id: id.to_owned(),
            })
        };
        read().ok_or_else(|| BadCursor(text.to_owned()))
    }
}
