//! Columns that an earlier version of the program did not know.

use arrow_schema::SchemaRef;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, MetadataExt, StructField, StructType};
use deltalake::protocol::DeltaOperation;
use deltalake::{DeltaTable, DeltaTableError};

use super::delta_error;
use crate::{LakeError, Table};

/// Gives a lake table of an earlier version the columns of today in one commit: new ones at the end, null in the rows that are
/// there, and null allowed where it is now. The files stay as they are.
pub(super) async fn bring_up_to_date(
    delta: &mut DeltaTable,
    table: Table,
    schema: &SchemaRef,
) -> Result<(), LakeError> {
    let failed = |source| delta_error(table, source);
    let snapshot = delta.snapshot().map_err(failed)?;
    let today: StructType = schema
        .as_ref()
        .try_into_kernel()
        .map_err(|cause| failed(DeltaTableError::Arrow { source: cause }))?;
    let known = snapshot.schema();
    let mut fields: Vec<StructField> = known
        .fields()
        .map(|field| match today.field(field.name()) {
            Some(now) if now.is_nullable() => StructField {
                nullable: true,
                ..field.clone()
            },
            _ => field.clone(),
        })
        .collect();
    let new: Vec<StructField> = today
        .fields()
        .filter(|field| known.field(field.name()).is_none())
        .cloned()
        .collect();
    if new.is_empty() && fields.iter().eq(known.fields()) {
        return Ok(());
    }
    fields.extend(new.iter().cloned());
    let schema = StructType::try_new(fields).map_err(|source| failed(source.into()))?;
    let metadata = MetadataExt::with_schema(snapshot.metadata().clone(), &schema);
    let commit = CommitBuilder::from(CommitProperties::default())
        .with_actions(vec![Action::Metadata(
            metadata.map_err(|source| failed(source.into()))?,
        )])
        .build(
            Some(snapshot.snapshot()),
            delta.log_store(),
            DeltaOperation::AddColumn { fields: new },
        )
        .await;
    commit.map_err(failed)?;
    delta.load().await.map_err(failed)
}
