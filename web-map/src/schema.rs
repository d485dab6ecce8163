//! The shapes of answers that the query engine makes and of records as they are sent, for the API's document. A test holds real
//! answers against them.
#![expect(clippy::struct_field_names, reason = "the names are those of the API")]
#![expect(
    dead_code,
    reason = "these types only describe; what they describe is made and read elsewhere"
)]

mod alerts;
mod bodies;
mod counts;
mod records;
mod words;

pub(crate) use alerts::{
    Alert, AlertAbout, AlertStateWord, AlertStep, Delivery, DeliveryStateWord, RuleBody,
    SeverityWord,
};
pub(crate) use bodies::{ComplaintBody, ComplaintEventBody, ObservationBody};
pub(crate) use counts::{
    AlignedCells, Analysis, Areas, Breakdown, Cells, Series, SqlAnswer, SqlColumn,
};
pub(crate) use records::{
    ComplaintDetail, Complaints, FoundAddress, FoundComplaint, FoundSensor, RejectedRow,
    SensorObservations, Sensors,
};
pub(crate) use words::{
    AnalysisFormat, BinWord, ByWord, CellsFormat, LevelWord, LiveMeasureWord, MeasureWord,
};
