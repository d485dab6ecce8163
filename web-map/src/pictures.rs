//! Pictures of the map: what is asked for, what is read for it, and who paints it.
//!
//! A [`PictureRequest`] is read from parameters, the same for the route and for the command. [`Facts`] are what the answer to it says: cells or
//! areas with values, sensors, words. [`Pictures`] paints them, by the helper program where there is one, or by itself.

mod bulletin;
mod facts;
mod heat_tile;
mod helper;
mod painter;
mod request;
mod words;

pub(crate) use bulletin::{Bulletin, BulletinRequest};
pub(crate) use facts::{Facts, facts};
pub(crate) use heat_tile::heat_tile;
pub(crate) use painter::{Pictures, Renderer};
pub(crate) use request::{PictureRequest, Shown, breaks};
pub(crate) use words::Words;
