//! Complaints as Open311 asks for them: by ids, services, state and time, newest first.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::Array;
use serde::Serialize;

use super::complaints::{ComplaintRow, complaint_rows};
use super::read::{self, text_at};
use crate::statement::{Statement, instant};
use crate::{QueryError, Session};

/// Which complaints are wanted; what is empty or none does not count.
#[derive(Debug, Clone, Default)]
pub struct ServiceRequestsWanted {
    /// Ids, each perhaps with its source.
    pub ids: Vec<(Option<String>, String)>,
    /// Category paths or categories.
    pub services: Vec<String>,
    /// Closed ones (true) or others.
    pub closed: Option<bool>,
    /// Requested at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Requested at this instant or before.
    pub until: Option<DateTime<Utc>>,
    /// At most so many.
    pub limit: usize,
    /// After so many.
    pub offset: usize,
}

/// A category as a service that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceRow {
    /// The category.
    pub category: String,
    /// The category with its ancestors, from large to small, joined by `->`.
    pub category_path: String,
    /// The largest ancestor.
    pub top_category: String,
}

/// Is a complaint closed?
const CLOSED: &str = "(closed_at IS NOT NULL OR lower(status) = 'closed')";

impl Session {
    /// The wanted complaints, newest first.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn service_requests(
        &self,
        wanted: &ServiceRequestsWanted,
    ) -> Result<Vec<ComplaintRow>, QueryError> {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let mut statement = Statement::new(include_str!("service_requests.sql"))
            .bind("limit", count(wanted.limit))
            .bind("offset", count(wanted.offset));
        let mut conditions = vec!["TRUE".to_owned()];
        if !wanted.ids.is_empty() {
            let mut any = Vec::with_capacity(wanted.ids.len());
            for (at, (source, id)) in wanted.ids.iter().enumerate() {
                statement = statement.bind(format!("id{at}"), id.as_str());
                any.push(match source {
                    None => format!("id = $id{at}"),
                    Some(source) => {
                        statement = statement.bind(format!("source{at}"), source.as_str());
                        format!("(id = $id{at} AND source = $source{at})")
                    }
                });
            }
            conditions.push(format!("({})", any.join(" OR ")));
        }
        if !wanted.services.is_empty() {
            let mut names = Vec::with_capacity(wanted.services.len());
            for (at, service) in wanted.services.iter().enumerate() {
                statement = statement.bind(format!("service{at}"), service.as_str());
                names.push(format!("$service{at}"));
            }
            let names = names.join(", ");
            conditions.push(format!(
                "(category_path IN ({names}) OR category IN ({names}))"
            ));
        }
        if let Some(closed) = wanted.closed {
            let not = if closed { "" } else { "NOT coalesce" };
            conditions.push(if closed {
                format!("{not}{CLOSED}")
            } else {
                format!("{not}({CLOSED}, FALSE)")
            });
        }
        if let Some(from) = wanted.from {
            statement = statement.bind("from", instant(from));
            conditions.push("requested_at >= $from".to_owned());
        }
        if let Some(until) = wanted.until {
            statement = statement.bind("until", instant(until));
            conditions.push("requested_at <= $until".to_owned());
        }
        let statement = statement.with("wanted", &conditions.join(" AND "));
        let answer = self.rows(&statement).await?;
        Ok(answer.batches.iter().flat_map(complaint_rows).collect())
    }

    /// Those of the ids that several sources have.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn shared_ids(&self, ids: &[String]) -> Result<HashSet<String>, QueryError> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let names: Vec<String> = (0..ids.len()).map(|at| format!("$id{at}")).collect();
        let mut statement = Statement::new(include_str!("shared_ids.sql"))
            .with("wanted", &format!("id IN ({})", names.join(", ")));
        for (at, id) in ids.iter().enumerate() {
            statement = statement.bind(format!("id{at}"), id.as_str());
        }
        let answer = self.rows(&statement).await?;
        let shared = answer.batches.iter().flat_map(|rows| {
            let id = read::text(rows, "id");
            (0..rows.num_rows())
                .map(|row| id.value(row).to_owned())
                .collect::<Vec<_>>()
        });
        Ok(shared.collect())
    }

    /// Every category that a complaint has, as a service.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn services(&self) -> Result<Vec<ServiceRow>, QueryError> {
        let answer = self
            .rows(&Statement::new(include_str!("services.sql")))
            .await?;
        let mut services = Vec::with_capacity(answer.rows());
        for rows in &answer.batches {
            let [category, path, top] =
                ["category", "category_path", "top_category"].map(|name| read::text(rows, name));
            services.extend((0..rows.num_rows()).map(|row| ServiceRow {
                category: category.value(row).to_owned(),
                category_path: if path.is_valid(row) {
                    path.value(row).to_owned()
                } else {
                    category.value(row).to_owned()
                },
                top_category: text_at(&top, row).unwrap_or_default(),
            }));
        }
        Ok(services)
    }
}
