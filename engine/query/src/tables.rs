//! The tables of a snapshot, each made when a query names it.

mod aligned_cells;
mod areas;
mod audit;
mod calendar;
mod feed_states;
mod hourly;
mod records;
mod rejected;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use citybrain_store::{Snapshot, Table};
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};

pub(crate) use records::columns as shown_columns;

use crate::{Limits, Told, session};

/// Tables that other tables add up to, as SQL.
const VIEWS: [(&str, &str); 4] = [
    ("categories", include_str!("tables/categories.sql")),
    ("datastreams", include_str!("tables/datastreams.sql")),
    ("feeds", include_str!("tables/feeds.sql")),
    ("sensors", include_str!("tables/sensors.sql")),
];
const ALIGNED_CELLS: &str = "aligned_cells";
const AREAS: &str = "areas";
const AUDIT: &str = "audit";
const CALENDAR: &str = "calendar";
const HOURLY: &str = "observations_hourly";
const REJECTED: &str = "rejected";

/// The tables of one snapshot.
#[derive(Clone)]
pub(crate) struct Tables {
    snapshot: Arc<Snapshot>,
    limits: Limits,
    told: Told,
}

impl Tables {
    pub(crate) const fn new(snapshot: Arc<Snapshot>, limits: Limits, told: Told) -> Self {
        Self {
            snapshot,
            limits,
            told,
        }
    }

    /// The names of the tables that every session has, in order.
    pub(crate) fn names() -> Vec<&'static str> {
        let records = Table::ALL.iter().map(|table| table.as_str());
        let mut names: Vec<_> = records
            .chain(VIEWS.iter().map(|(name, _)| *name))
            .chain([ALIGNED_CELLS, AREAS, CALENDAR, HOURLY, REJECTED])
            .collect();
        names.sort_unstable();
        names
    }

    /// Plans a view's SQL over the other tables.
    async fn view(&self, sql: &str) -> Result<Arc<dyn TableProvider>> {
        let state = session::state(&self.snapshot, &self.limits, Arc::new(self.clone()));
        let plan = state.create_logical_plan(sql).await?;
        Ok(DataFrame::new(state, plan).into_view())
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        let told = self.told.audit.as_ref().map(|_| AUDIT);
        let names = Self::names().into_iter().chain(told);
        names.map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        if let Some(table) = Table::ALL.into_iter().find(|table| table.as_str() == name) {
            return records::table(self.snapshot.table(table), self.limits.partitions).map(Some);
        }
        if let Some((_, sql)) = VIEWS.iter().find(|(view, _)| *view == name) {
            return self.view(sql).await.map(Some);
        }
        match name {
            ALIGNED_CELLS => aligned_cells::table(&self.snapshot.city).map(Some),
            CALENDAR => calendar::table(&self.snapshot.city).map(Some),
            AREAS => areas::table(&self.snapshot.city).map(Some),
            HOURLY => self.view(hourly::sql(&self.snapshot)).await.map(Some),
            hourly::KEPT => Ok(hourly::kept(&self.snapshot)),
            AUDIT => self.told.audit.as_ref().map(audit::table).transpose(),
            feed_states::NAME => feed_states::table(&self.told.feed_states).map(Some),
            REJECTED => rejected::table(&self.snapshot).map(Some),
            _ => Ok(None),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        Self::names().contains(&name) || (name == AUDIT && self.told.audit.is_some())
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables")
            .field("seq", &self.snapshot.seq)
            .finish_non_exhaustive()
    }
}
