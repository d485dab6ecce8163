//! How the feeds are now, as the server hears them: what the table `feeds` takes its `state` from.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::Result;

/// The name in the view's SQL.
pub(super) const NAME: &str = "feed_states";

pub(super) fn table(states: &[(String, &'static str)]) -> Result<Arc<dyn TableProvider>> {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![text("source"), text("state")]));
    let sources: StringArray = states
        .iter()
        .map(|(source, _)| Some(source.as_str()))
        .collect();
    let words: StringArray = states.iter().map(|(_, state)| Some(*state)).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(sources), Arc::new(words)];
    let rows = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![rows]])?))
}
