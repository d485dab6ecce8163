//! Open311 GeoReport v2 as a client: other cities' servers are polled, quirks and all.
//!
//! A server is asked for the requests of a window of time that overlaps what was fetched before, so that later changes are seen; a
//! known request with other content is an update. The window ends where the answer is durable, and only then is it written down
//! how far the feed has come. A server that fails or asks to wait is left alone for longer and longer.

mod answer;
mod poll;
mod settings;

pub use self::{
    answer::{AnswerError, decode_answer},
    poll::{Poll, PollTold, Polling},
    settings::{Open311Format, Open311Settings, Open311SettingsError},
};
