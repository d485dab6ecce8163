//! Every foreign format becomes checked records.
//!
//! Two ways lead in. A **file** is read row by row ([`rows`]), each row becomes records by a source profile ([`profile`],
//! [`decode`]), and the records go to the store in batches ([`mod@import`]). A **body** of the HTTP API is a small file whose columns
//! are the fields' own names ([`body`]), also within the envelope of `CloudEvents` ([`cloud_events`]). A **message** of MQTT is one row, or several ([`message`], [`mqtt`]). Personal data are masked before anything leaves this crate ([`mask`]); a row that is no
//! record is kept with its reason and can be read again ([`mod@replay`]). A city's own files are read by [`city`].

pub mod body;
pub mod city;
pub mod cloud_events;
pub mod decode;
pub mod folder;
pub mod import;
pub mod mask;
pub mod message;
pub mod mqtt;
pub mod open311;
pub mod place;
pub mod profile;
pub mod quality;
pub mod replay;
pub mod rows;

pub use body::{BodyError, Rejected, decode_body};
pub use cloud_events::{decode_binary_cloud_event, decode_cloud_events};
pub use decode::{Context, Decoded, Decoder, Notes};
pub use import::{
    DryRun, Import, ImportError, PlaceCheck, PlaceCheckError, Progress, Sink, Summary, check_place,
    import,
};
pub use message::{Message, MessageReader};
pub use place::PlaceNames;
pub use profile::{Profile, ProfileError, RecordKind};
pub use replay::{Replayed, replay};
pub use rows::{FileError, FileProblem, Format};
