//! The live stream: standing questions of many clients, each question answered once.
//!
//! [`Hub`] keeps one [`View`] for each distinct question; the clients that ask it share the view, and it is dropped with the
//! last of them. [`Pulse`] knows how fresh the whole is.

mod counts;
pub(crate) mod event;
mod hub;
mod kept;
mod pulse;
mod view;

pub(crate) use hub::Hub;
pub(crate) use pulse::{Freshness, Pulse};
pub(crate) use view::{Ask, Measure, View};
