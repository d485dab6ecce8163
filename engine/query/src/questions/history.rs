//! Records of a stretch of time in order, as the store publishes them: to play them again.

use chrono::{DateTime, Utc};
use citybrain_store::{Table, rows_schema};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{Field, Schema};
use std::sync::Arc;

use crate::statement::Statement;
use crate::tables::shown_columns;
use crate::{Filter, QueryError, Session};

/// By what records of a stretch are in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InOrderOf {
    /// Their own time: `requested_at`, `at`, `phenomenon_time`.
    OwnTime,
    /// When they came in.
    Received,
}

/// Records of a stretch.
#[derive(Debug, Clone)]
pub struct History {
    /// The records in one batch, with the columns of [`rows_schema`] that SQL shows, but the text of complaints.
    pub rows: RecordBatch,
    /// Are there more than the limit?
    pub truncated: bool,
}

impl Session {
    /// The latest states of the records whose own time lies in a stretch, in order, at most as many as a user's query may have.
    ///
    /// # Errors
    /// The limits of the query.
    pub async fn history(
        &self,
        table: Table,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        order: InOrderOf,
    ) -> Result<History, QueryError> {
        let filter = Filter {
            from: Some(from),
            to: Some(to),
            ..Filter::default()
        };
        self.history_of(table, &filter, None, order).await
    }

    /// [`history`](Self::history) of the records that a filter meets, and of observations those of one property.
    ///
    /// # Errors
    /// A filter that does not fit the city or the table; the limits of the query.
    pub async fn history_of(
        &self,
        table: Table,
        filter: &Filter,
        property: Option<&str>,
        order: InOrderOf,
    ) -> Result<History, QueryError> {
        let (schema, shown) = (rows_schema(table), shown_columns(table));
        let fields: Vec<Arc<Field>> = schema
            .fields()
            .iter()
            .filter(|field| field.name() != LEFT_OUT && shown.contains(&field.name().as_str()))
            .cloned()
            .collect();
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let order = match order {
            InOrderOf::OwnTime => table.time_column(),
            InOrderOf::Received => "received_at",
        };
        let mut statement = Statement::new(include_str!("history.sql"))
            .with("columns", &names.join(", "))
            .with("table", table.as_str())
            .with("order", order);
        if let Some(property) = property {
            statement = statement
                .with("filter", ":filter\n  AND property = $property")
                .bind("property", property);
        }
        let statement = filter.apply(statement, table, &self.snapshot.city)?;
        let answer = self.limited_rows(&statement).await?;
        let schema = Arc::new(Schema::new(fields));
        let batches: Vec<RecordBatch> = answer
            .batches
            .iter()
            .map(|rows| {
                let columns = schema
                    .fields()
                    .iter()
                    .map(|field| {
                        let column = rows
                            .column_by_name(field.name())
                            .expect("the statement names the column");
                        cast(column, field.data_type()).expect("a record's column has one type")
                    })
                    .collect();
                RecordBatch::try_new(Arc::clone(&schema), columns)
                    .expect("columns were cast to the schema")
            })
            .collect();
        let rows = concat_batches(&schema, &batches).expect("batches share the schema");
        Ok(History {
            rows,
            truncated: answer.truncated,
        })
    }
}

/// What was said tells nothing to whoever plays history again.
const LEFT_OUT: &str = "text";
