//! What a record of a city means and when it is valid.
//!
//! Three records enter the engine: a [`Complaint`] (one citizen report), a [`ComplaintEvent`] (one step in its life) and an
//! [`Observation`] (one sensor value). Each is made from a draft by `try_new`, which checks every rule once; a record that exists
//! is valid. A draft that breaks a rule gives a [`Refusal`] that names the field, the value and the rule.
//!
//! Nothing here reads a clock, a file or a socket: instants are arguments and always UTC, positions are WGS 84 degrees.

mod area;
mod calendar;
mod changes;
mod complaint;
mod event;
mod identity;
mod observation;
mod position;
mod quality;
mod refusal;
mod rules;
mod sensorthings;
mod state;
mod units;
mod week_hours;

pub use area::{AreaLevel, UnknownAreaLevel};
pub use calendar::CalendarDays;
pub use changes::{CHANGEABLE, ColumnType, Values};
pub use complaint::{Complaint, ComplaintDraft, LocationQuality};
pub use event::{ComplaintEvent, ComplaintEventDraft, EventKind};
pub use identity::Identity;
pub use observation::{Observation, ObservationDraft, Quality};
pub use position::Position;
pub use quality::{Doubt, Inspector, Limits, PropertyLimits, SenderCount, StreamState};
pub use refusal::Refusal;
pub use rules::{ID_CHARS_MAX, LABEL_CHARS_MAX, TEXT_CHARS_MAX, YEAR_MAX, YEAR_MIN};
pub use sensorthings::{BadEntityId, EntityId, EntityKind, Navigation};
pub use state::{STEPS_MAX, Step, add_step, fold};
pub use units::{canonical, ucum};
pub use week_hours::{BadWeekHours, WeekHours};
