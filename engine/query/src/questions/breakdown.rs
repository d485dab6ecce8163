//! Complaints by what they have in common.

use std::collections::HashMap;

use citybrain_store::Table;
use serde::Serialize;

use super::read::{self, text_at};
use crate::statement::Statement;
use crate::{Filter, QueryError, Session};

/// What complaints are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The category, at the lowest level known.
    Category,
    /// The first part of the category path.
    TopCategory,
    /// The channel.
    Channel,
    /// The status.
    Status,
    /// How urgent they are.
    Urgency,
    /// The unit that handles it.
    Agency,
}

/// A word that names nothing to group by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("by=\"{0}\": must be category, top_category, channel, status, urgency or agency")]
pub struct UnknownBy(pub String);

impl By {
    const ALL: [Self; 6] = [
        Self::Category,
        Self::TopCategory,
        Self::Channel,
        Self::Status,
        Self::Urgency,
        Self::Agency,
    ];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::TopCategory => "top_category",
            Self::Channel => "channel",
            Self::Status => "status",
            Self::Urgency => "urgency",
            Self::Agency => "agency",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::TopCategory => "split_part(category_path, '->', 1)",
            by => by.as_str(),
        }
    }
}

impl std::str::FromStr for By {
    type Err = UnknownBy;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|by| by.as_str() == word)
            .ok_or_else(|| UnknownBy(word.to_owned()))
    }
}

/// Complaints by what they have in common, the largest group first; groups of one size in order of key, NULL last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breakdown {
    /// The snapshot that was read.
    pub seq: u64,
    /// What they are grouped by.
    pub by: By,
    /// The largest groups.
    pub groups: Vec<Group>,
    /// Records that the filter meets.
    pub total: u64,
    /// Records in groups that are not listed: `total` = the groups' values + `other`.
    pub other: u64,
    /// SQL that gives all groups.
    pub sql: String,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What its complaints have in common; none for those that lack it.
    pub key: Option<String>,
    /// Complaints.
    pub value: u64,
}

impl Session {
    /// The `limit` largest groups of complaints.
    ///
    /// # Errors
    /// A filter that does not fit the city; the limits of the query.
    pub async fn breakdown(
        &self,
        filter: &Filter,
        by: By,
        limit: usize,
    ) -> Result<Breakdown, QueryError> {
        let statement = Statement::new(include_str!("breakdown.sql")).with("key", by.key());
        let statement = filter.apply(statement, Table::Complaints, &self.snapshot.city)?;
        if let Some(all) = self.groups_rolled(filter, by).await? {
            let total = all.iter().map(|group| group.value).sum();
            let mut groups = all;
            groups.truncate(limit);
            let listed: u64 = groups.iter().map(|group| group.value).sum();
            return Ok(Breakdown {
                seq: self.snapshot.seq,
                by,
                groups,
                total,
                other: total - listed,
                sql: statement.shown(),
            });
        }
        let answer = self.rows(&statement).await?;

        let mut groups = Vec::new();
        let (mut total, mut other) = (0, 0);
        for rows in &answer.batches {
            let (key, value) = (read::text(rows, "key"), read::unsigned(rows, "value"));
            for (row, &value) in value.values().iter().enumerate() {
                total += value;
                if groups.len() < limit {
                    groups.push(Group {
                        key: text_at(&key, row),
                        value,
                    });
                } else {
                    other += value;
                }
            }
        }
        Ok(Breakdown {
            seq: self.snapshot.seq,
            by,
            groups,
            total,
            other,
            sql: statement.shown(),
        })
    }
}

impl Session {
    /// All groups from roll-ups, in order; none when these cannot tell.
    async fn groups_rolled(
        &self,
        filter: &Filter,
        by: By,
    ) -> Result<Option<Vec<Group>>, QueryError> {
        if matches!(by, By::Agency | By::Urgency) {
            return Ok(None);
        }
        let Some(rolled) = self.rolled(filter).await? else {
            return Ok(None);
        };
        let mut sums: HashMap<Option<String>, u64> = HashMap::new();
        let kinds = rolled.by_kind(|kind| {
            let key = match by {
                By::Category | By::Agency | By::Urgency => kind.category,
                By::TopCategory => kind.category_path.and_then(|path| path.split("->").next()),
                By::Channel => kind.channel,
                By::Status => kind.status,
            };
            key.map(str::to_owned)
        });
        for (key, records) in kinds {
            *sums.entry(key).or_default() += records;
        }
        for part in &rolled.rest {
            let statement = Statement::new(include_str!("breakdown.sql")).with("key", by.key());
            let statement = part.apply(statement, Table::Complaints, &self.snapshot.city)?;
            let answer = self.rows(&statement).await?;
            for rows in &answer.batches {
                let (key, value) = (read::text(rows, "key"), read::unsigned(rows, "value"));
                for (row, &value) in value.values().iter().enumerate() {
                    *sums.entry(text_at(&key, row)).or_default() += value;
                }
            }
        }
        let mut groups: Vec<Group> = sums
            .into_iter()
            .map(|(key, value)| Group { key, value })
            .collect();
        groups.sort_by(|a, b| {
            let order = |group: &Group| (std::cmp::Reverse(group.value), group.key.is_none());
            order(a).cmp(&order(b)).then_with(|| a.key.cmp(&b.key))
        });
        Ok(Some(groups))
    }
}
