//! The columns of the three record tables, the same in the journal, in hot rows and in the lake.
//!
//! Only types that Delta Lake knows: an H3 cell is an `Int64` (its top bit is always 0), an instant is in µs UTC. Three internal
//! columns stand at the end of each table: `row_id`, `supersedes` and `month`; before them `complaints` has `fold`, what its steps changed.

use std::sync::{Arc, LazyLock};

use arrow_array::{RecordBatch, new_null_array};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

/// A table of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// The latest state of each complaint.
    Complaints,
    /// Every step of every complaint.
    ComplaintEvents,
    /// Sensor values; an observation never changes, a correction is a further row.
    Observations,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 3] = [Self::Complaints, Self::ComplaintEvents, Self::Observations];

    /// The table's name in SQL and its folder in the lake.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complaints => "complaints",
            Self::ComplaintEvents => "complaint_events",
            Self::Observations => "observations",
        }
    }

    /// Do its rows have places? A step of a complaint has none of its own.
    pub(crate) const fn has_places(self) -> bool {
        !matches!(self, Self::ComplaintEvents)
    }

    /// Position in [`Table::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The instant that decides a row's month.
    pub const fn time_column(self) -> &'static str {
        match self {
            Self::Complaints => "requested_at",
            Self::ComplaintEvents => "at",
            Self::Observations => "phenomenon_time",
        }
    }

    /// The columns whose least and greatest value each file of the lake states, so that readers leave files out.
    pub(crate) const fn pruning_columns(self) -> &'static [&'static str] {
        match self {
            Self::Complaints => &[
                "id",
                "source",
                "category",
                "requested_at",
                "received_at",
                "closed_at",
                "lon",
                "lat",
                "cell",
                "district",
                "subdistrict",
                "community",
                ROW_ID,
                SUPERSEDES,
            ],
            Self::ComplaintEvents => &[
                "source",
                "complaint",
                "event",
                "at",
                "received_at",
                ROW_ID,
                SUPERSEDES,
            ],
            Self::Observations => &[
                "datastream",
                "property",
                "phenomenon_time",
                "received_at",
                "result",
                "cell",
                "district",
                "subdistrict",
                "community",
                ROW_ID,
                SUPERSEDES,
            ],
        }
    }

    /// Within a month, rows of the lake lie in this order, so that files prune by place and what.
    pub(crate) const fn sort_columns(self) -> &'static [&'static str] {
        match self {
            Self::Complaints => &["category", "cell", "requested_at"],
            Self::ComplaintEvents => &["source", "complaint", "at"],
            Self::Observations => &["datastream", "phenomenon_time"],
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The columns of `table`, internal ones last: `row_id` (Int64: month × 2^48 + a number that grows with arrival, unique in
/// the table), `supersedes` (the `row_id` that this row replaces, if any) and `month` (months since January 1970, UTC: the
/// lake's partition).
pub fn rows_schema(table: Table) -> SchemaRef {
    Arc::clone(&SCHEMAS[table.index()])
}

/// Rows that an earlier version of the program wrote, in the columns of today: what it did not know is null.
///
/// # Errors
/// When a column has another type, or one that must be there is missing.
pub(crate) fn in_todays_columns(
    table: Table,
    rows: &RecordBatch,
) -> Result<RecordBatch, ArrowError> {
    let schema = rows_schema(table);
    let columns = schema.fields().iter().map(|field| {
        rows.column_by_name(field.name()).map_or_else(
            || Ok(new_null_array(field.data_type(), rows.num_rows())),
            |column| cast(column, field.data_type()),
        )
    });
    let columns = columns.collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns)
}

/// Bits of a `row_id` below the month.
pub(crate) const ROW_NUMBER_BITS: u32 = 48;

/// The steps that changed a complaint, and what its record said before: see `fold.rs`.
pub(crate) const FOLD: &str = "fold";
/// What the engine's own checks have against an observation.
pub(crate) const DOUBT: &str = "doubt";
pub(crate) const ROW_ID: &str = "row_id";
pub(crate) const SUPERSEDES: &str = "supersedes";
pub(crate) const MONTH: &str = "month";

/// An instant: µs since 1970, UTC.
pub(crate) fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

static SCHEMAS: LazyLock<[SchemaRef; 3]> =
    LazyLock::new(|| [complaints(), complaint_events(), observations()]);

fn complaints() -> SchemaRef {
    table(vec![
        needed("id", DataType::Utf8),
        needed("source", DataType::Utf8),
        text("channel"),
        text("kind"),
        text("category"),
        text("category_path"),
        needed("requested_at", instant_type()),
        needed("received_at", instant_type()),
        instant("dispatched_at"),
        instant("due_at"),
        instant("closed_at"),
        text("status"),
        text("urgency"),
        text("agency"),
        number("lon"),
        number("lat"),
        text("address"),
        Field::new("cell", DataType::Int64, true),
        text("district"),
        text("subdistrict"),
        text("community"),
        text("grid"),
        needed("location_quality", DataType::Utf8),
        Field::new("contacted", DataType::Boolean, true),
        text("resolved"),
        text("satisfaction"),
        text("repeat_of"),
        text("tags"),
        text("text"),
        text("declared_district"),
        text("declared_subdistrict"),
        text("declared_community"),
        text(FOLD),
    ])
}

fn complaint_events() -> SchemaRef {
    table(vec![
        needed("source", DataType::Utf8),
        needed("complaint", DataType::Utf8),
        needed("event", DataType::Utf8),
        needed("at", instant_type()),
        needed("received_at", instant_type()),
        text("actor"),
        text("reason"),
        text("fields"),
    ])
}

fn observations() -> SchemaRef {
    table(vec![
        needed("datastream", DataType::Utf8),
        text("sensor"),
        text("property"),
        text("unit"),
        needed("phenomenon_time", instant_type()),
        instant("result_time"),
        needed("received_at", instant_type()),
        // None for a result that is no number: `details` has it.
        number("result"),
        needed("quality", DataType::Utf8),
        number("lon"),
        number("lat"),
        Field::new("cell", DataType::Int64, true),
        text("district"),
        text("subdistrict"),
        text("community"),
        text("grid"),
        needed("source", DataType::Utf8),
        text("id"),
        text("feature"),
        text("details"),
        text(DOUBT),
    ])
}

/// Some columns of a table, as a file has them, in the types of today.
pub(crate) fn with_types(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = rows_schema(table);
    let mut fields = Vec::with_capacity(rows.num_columns());
    let mut columns = Vec::with_capacity(rows.num_columns());
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        let field = schema.field_with_name(field.name())?.clone();
        columns.push(cast(column, field.data_type())?);
        fields.push(field);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn table(mut fields: Vec<Field>) -> SchemaRef {
    fields.push(needed(ROW_ID, DataType::Int64));
    fields.push(Field::new(SUPERSEDES, DataType::Int64, true));
    fields.push(needed(MONTH, DataType::Int32));
    Arc::new(Schema::new(fields))
}

fn needed(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}

fn instant(name: &str) -> Field {
    Field::new(name, instant_type(), true)
}
