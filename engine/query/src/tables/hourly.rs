//! `observations_hourly`: for each datastream and hour how many numeric results there are that are not doubtful, and their sum, least, greatest and mean:
//! of observations that are there one by one and of those whose hours alone are kept.

use std::sync::Arc;

use citybrain_store::{Snapshot, Table};
use datafusion::catalog::TableProvider;

/// The hours alone, as the lake has them: a table of the view's own.
pub(super) const KEPT: &str = "observations_hourly_kept";

/// The view's SQL: without kept hours there is nothing to add.
pub(super) fn sql(snapshot: &Snapshot) -> &'static str {
    if snapshot.table(Table::Observations).hourly.is_some() {
        include_str!("observations_hourly.sql")
    } else {
        include_str!("observations_by_hour.sql")
    }
}

/// The hours alone.
pub(super) fn kept(snapshot: &Snapshot) -> Option<Arc<dyn TableProvider>> {
    snapshot.table(Table::Observations).hourly.clone()
}
