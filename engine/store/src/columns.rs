//! Records to columns: places each record and lays a batch out in the order of its table's schema.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, TimestampMicrosecondArray,
    new_null_array,
};
use arrow_cast::cast;
use arrow_schema::DataType;
use chrono::{DateTime, Datelike, Utc};
use citybrain_grid::{City, PlaceColumns};
use citybrain_model::{
    AreaLevel, Complaint, ComplaintEvent, Doubt, Identity, Observation, Position, Quality,
};

use crate::{Batch, Table, rows_schema};

/// Records as columns with their places, and the identity of each row. `row_id` is still 0 and `supersedes` still null: the
/// writer thread knows them.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) table: Table,
    pub(crate) rows: RecordBatch,
    pub(crate) identities: Vec<Identity>,
}

/// Places the records of `batch` by the boundaries of their own time and lays them out as columns.
pub(crate) fn place(city: &City, batch: Batch) -> Placed {
    let table = batch.table();
    let (identities, columns) = match batch {
        Batch::Complaints(rows) => (
            rows.iter().map(Complaint::identity).collect::<Vec<_>>(),
            complaint_columns(city, &rows),
        ),
        Batch::Events(rows) => (
            rows.iter().map(ComplaintEvent::identity).collect(),
            event_columns(&rows),
        ),
        Batch::Observations(rows) => (
            rows.iter().map(Observation::identity).collect(),
            observation_columns(city, &rows),
        ),
    };
    let rows = RecordBatch::try_new(rows_schema(table), columns)
        .expect("columns are laid out by the table's schema");
    Placed {
        table,
        rows,
        identities,
    }
}

fn complaint_columns(city: &City, rows: &[Complaint]) -> Vec<ArrayRef> {
    let place = Placement::of(
        city,
        rows.iter().map(Complaint::placed_at),
        rows.iter().map(|row| row.requested_at),
    );
    let lon = |row: &Complaint| row.position.map(Position::lon);
    let lat = |row: &Complaint| row.position.map(Position::lat);
    let mut columns: Vec<ArrayRef> = vec![
        text(rows, |row| Some(&row.id)),
        text(rows, |row| Some(&row.source)),
        text(rows, |row| row.channel.as_deref()),
        text(rows, |row| row.kind.as_deref()),
        text(rows, |row| row.category.as_deref()),
        text(rows, |row| row.category_path.as_deref()),
        instant(rows, |row| Some(row.requested_at)),
        instant(rows, |row| Some(row.received_at)),
        instant(rows, |row| row.dispatched_at),
        instant(rows, |row| row.due_at),
        instant(rows, |row| row.closed_at),
        text(rows, |row| row.status.as_deref()),
        text(rows, |row| row.urgency.as_deref()),
        text(rows, |row| row.agency.as_deref()),
        Arc::new(rows.iter().map(lon).collect::<Float64Array>()),
        Arc::new(rows.iter().map(lat).collect::<Float64Array>()),
        text(rows, |row| row.address.as_deref()),
    ];
    columns.extend(place.columns(|row, level| rows[row].area(level)));
    columns.extend([
        text(rows, |row| Some(row.location_quality.as_str())),
        boolean(rows, |row| row.contacted),
        text(rows, |row| row.resolved.as_deref()),
        text(rows, |row| row.satisfaction.as_deref()),
        text(rows, |row| row.repeat_of.as_deref()),
        tags(rows),
        text(rows, |row| row.text.as_deref()),
        text(rows, |row| row.declared[0].as_deref()),
        text(rows, |row| row.declared[1].as_deref()),
        text(rows, |row| row.declared[2].as_deref()),
        new_null_array(&DataType::Utf8, rows.len()),
    ]);
    columns.extend(internal(rows.iter().map(|row| row.requested_at)));
    columns
}

fn event_columns(rows: &[ComplaintEvent]) -> Vec<ArrayRef> {
    let mut columns = vec![
        text(rows, |row| Some(&row.source)),
        text(rows, |row| Some(&row.complaint)),
        text(rows, |row| Some(row.event.as_str())),
        instant(rows, |row| Some(row.at)),
        instant(rows, |row| Some(row.received_at)),
        text(rows, |row| row.actor.as_deref()),
        text(rows, |row| row.reason.as_deref()),
        text(rows, |row| row.fields.as_deref()),
    ];
    columns.extend(internal(rows.iter().map(|row| row.at)));
    columns
}

fn observation_columns(city: &City, rows: &[Observation]) -> Vec<ArrayRef> {
    let place = Placement::of(
        city,
        rows.iter().map(|row| row.position),
        rows.iter().map(|row| row.phenomenon_time),
    );
    let lon = |row: &Observation| row.position.map(Position::lon);
    let lat = |row: &Observation| row.position.map(Position::lat);
    let mut columns: Vec<ArrayRef> = vec![
        text(rows, |row| Some(&row.datastream)),
        text(rows, |row| row.sensor.as_deref()),
        text(rows, |row| row.property.as_deref()),
        text(rows, |row| row.unit.as_deref()),
        instant(rows, |row| Some(row.phenomenon_time)),
        instant(rows, |row| row.result_time),
        instant(rows, |row| Some(row.received_at)),
        Arc::new(rows.iter().map(|row| row.result).collect::<Float64Array>()),
        text(rows, |row| {
            let quality = row.doubt.map_or(row.quality, |_| Quality::Doubtful);
            Some(quality.as_str())
        }),
        Arc::new(rows.iter().map(lon).collect::<Float64Array>()),
        Arc::new(rows.iter().map(lat).collect::<Float64Array>()),
    ];
    columns.extend(place.columns(|_, _| None));
    columns.push(text(rows, |row| Some(&row.source)));
    columns.push(text(rows, |row| row.id.as_deref()));
    columns.push(text(rows, |row| row.feature.as_deref()));
    columns.push(text(rows, |row| row.details.as_deref()));
    columns.push(text(rows, |row| row.doubt.map(Doubt::as_str)));
    columns.extend(internal(rows.iter().map(|row| row.phenomenon_time)));
    columns
}

/// Months since January 1970, UTC.
pub(crate) fn month_of(at: DateTime<Utc>) -> i32 {
    (at.year() - 1970) * 12 + at.month0().cast_signed()
}

/// [`month_of`] an instant in µs since 1970.
pub(crate) fn month_of_micros(at: i64) -> i32 {
    DateTime::from_timestamp_micros(at).map_or(0, month_of)
}

/// The places of a batch.
pub(crate) struct Placement(PlaceColumns);

impl Placement {
    fn of(
        city: &City,
        positions: impl Iterator<Item = Option<Position>>,
        instants: impl Iterator<Item = DateTime<Utc>>,
    ) -> Self {
        let (lon, lat): (Vec<f64>, Vec<f64>) = positions
            .map(|at| at.map_or((f64::NAN, f64::NAN), |at| (at.lon(), at.lat())))
            .unzip();
        let at: Vec<i64> = instants.map(|at| at.timestamp_micros()).collect();
        Self::at(city, lon, lat, at)
    }

    /// WGS 84 degrees, NaN where there is no position; instants in µs since 1970, UTC.
    pub(crate) fn at(city: &City, lon: Vec<f64>, lat: Vec<f64>, at: Vec<i64>) -> Self {
        Self(city.locate_arrow(&lon.into(), &lat.into(), Some(&at.into())))
    }

    /// `cell`, `district`, `subdistrict`, `community`, `grid`. `known` gives the id of the area that a row without a position is
    /// known to lie in.
    pub(crate) fn columns<'b>(
        &self,
        known: impl Fn(usize, AreaLevel) -> Option<&'b str>,
    ) -> [ArrayRef; 5] {
        let [district, subdistrict, community, grid] = AreaLevel::ALL.map(|level| -> ArrayRef {
            let placed = self.areas(level);
            let placed = placed.as_string::<i32>();
            if placed.null_count() == 0 {
                return Arc::new(placed.clone());
            }
            let mut ids = StringBuilder::with_capacity(placed.len(), placed.len() * 12);
            for (row, id) in placed.iter().enumerate() {
                ids.append_option(id.or_else(|| known(row, level)));
            }
            Arc::new(ids.finish())
        });
        let cells = self.0.cell.unary::<_, Int64Type>(u64::cast_signed);
        [Arc::new(cells), district, subdistrict, community, grid]
    }

    /// The ids of one level's areas; null outside of all of them.
    pub(crate) fn areas(&self, level: AreaLevel) -> ArrayRef {
        cast(&self.0.areas[level.index()], &DataType::Utf8).expect("ids are text")
    }
}

fn text<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> Option<&'a str>) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 12);
    for row in rows {
        builder.append_option(value(row));
    }
    Arc::new(builder.finish())
}

fn tags(rows: &[Complaint]) -> ArrayRef {
    let mut builder = StringBuilder::new();
    for row in rows {
        builder.append_option((!row.tags.is_empty()).then(|| row.tags.join(";")));
    }
    Arc::new(builder.finish())
}

fn boolean<T>(rows: &[T], value: impl Fn(&T) -> Option<bool>) -> ArrayRef {
    let mut builder = BooleanBuilder::with_capacity(rows.len());
    for row in rows {
        builder.append_option(value(row));
    }
    Arc::new(builder.finish())
}

fn instant<T>(rows: &[T], value: impl Fn(&T) -> Option<DateTime<Utc>>) -> ArrayRef {
    let micros = rows
        .iter()
        .map(|row| value(row).map(|at| at.timestamp_micros()));
    Arc::new(
        micros
            .collect::<TimestampMicrosecondArray>()
            .with_timezone("UTC"),
    )
}

fn internal(instants: impl ExactSizeIterator<Item = DateTime<Utc>>) -> [ArrayRef; 3] {
    let months: Int32Array = instants.map(|at| Some(month_of(at))).collect();
    let rows = months.len();
    [
        Arc::new(Int64Array::from(vec![0; rows])),
        new_null_array(&DataType::Int64, rows),
        Arc::new(months),
    ]
}
