//! The fields that columns become.

use serde::Deserialize;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// One citizen report.
    Complaint,
    /// One step in a complaint's life.
    Event,
    /// One sensor value.
    Observation,
}

/// A field of a record, named as in the bodies of the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each is the field of the same name in the records of citybrain-model"
)]
pub enum Field {
    Id,
    Source,
    Channel,
    Kind,
    Category,
    CategoryPath,
    RequestedAt,
    DispatchedAt,
    DueAt,
    ClosedAt,
    Status,
    Urgency,
    Agency,
    Lon,
    Lat,
    Address,
    District,
    Subdistrict,
    Community,
    LocationQuality,
    Contacted,
    Resolved,
    Satisfaction,
    RepeatOf,
    Tags,
    Text,
    Complaint,
    Event,
    At,
    Actor,
    Reason,
    Fields,
    Datastream,
    Sensor,
    Property,
    Unit,
    PhenomenonTime,
    ResultTime,
    Result,
    Quality,
    Sequence,
}

use Field as F;

impl Field {
    /// Number of fields.
    pub const COUNT: usize = F::Sequence as usize + 1;

    /// The fields of a record.
    pub const fn of(record: RecordKind) -> &'static [Self] {
        match record {
            RecordKind::Complaint => &[
                F::Id,
                F::Source,
                F::Channel,
                F::Kind,
                F::Category,
                F::CategoryPath,
                F::RequestedAt,
                F::DispatchedAt,
                F::DueAt,
                F::ClosedAt,
                F::Status,
                F::Urgency,
                F::Agency,
                F::Lon,
                F::Lat,
                F::Address,
                F::District,
                F::Subdistrict,
                F::Community,
                F::LocationQuality,
                F::Contacted,
                F::Resolved,
                F::Satisfaction,
                F::RepeatOf,
                F::Tags,
                F::Text,
            ],
            RecordKind::Event => &[
                F::Source,
                F::Complaint,
                F::Event,
                F::At,
                F::Actor,
                F::Reason,
                F::Fields,
            ],
            RecordKind::Observation => &[
                F::Id,
                F::Source,
                F::Datastream,
                F::Sensor,
                F::Property,
                F::Unit,
                F::PhenomenonTime,
                F::ResultTime,
                F::Result,
                F::Quality,
                F::Sequence,
                F::Lon,
                F::Lat,
            ],
        }
    }

    /// The fields without which there is no record.
    pub const fn required(record: RecordKind) -> &'static [Self] {
        match record {
            RecordKind::Complaint => &[F::Id, F::RequestedAt],
            RecordKind::Event => &[F::Complaint, F::Event, F::At],
            RecordKind::Observation => &[F::Datastream, F::PhenomenonTime, F::Result],
        }
    }

    /// Does the field hold an instant?
    pub const fn is_time(self) -> bool {
        matches!(
            self,
            F::RequestedAt
                | F::DispatchedAt
                | F::DueAt
                | F::ClosedAt
                | F::At
                | F::PhenomenonTime
                | F::ResultTime
        )
    }

    /// The field's name in bodies and profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            F::Id => "id",
            F::Source => "source",
            F::Channel => "channel",
            F::Kind => "kind",
            F::Category => "category",
            F::CategoryPath => "category_path",
            F::RequestedAt => "requested_at",
            F::DispatchedAt => "dispatched_at",
            F::DueAt => "due_at",
            F::ClosedAt => "closed_at",
            F::Status => "status",
            F::Urgency => "urgency",
            F::Agency => "agency",
            F::Lon => "lon",
            F::Lat => "lat",
            F::Address => "address",
            F::District => "district",
            F::Subdistrict => "subdistrict",
            F::Community => "community",
            F::LocationQuality => "location_quality",
            F::Contacted => "contacted",
            F::Resolved => "resolved",
            F::Satisfaction => "satisfaction",
            F::RepeatOf => "repeat_of",
            F::Tags => "tags",
            F::Text => "text",
            F::Complaint => "complaint",
            F::Event => "event",
            F::At => "at",
            F::Actor => "actor",
            F::Reason => "reason",
            F::Fields => "fields",
            F::Datastream => "datastream",
            F::Sensor => "sensor",
            F::Property => "property",
            F::Unit => "unit",
            F::PhenomenonTime => "phenomenon_time",
            F::ResultTime => "result_time",
            F::Result => "result",
            F::Quality => "quality",
            F::Sequence => "sequence",
        }
    }
}
