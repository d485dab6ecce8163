//! What every route shares: parameters, caching, and the layers around the routes.

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod boundaries;
pub(crate) mod caching;
pub(crate) mod drain;
pub(crate) mod escapes;
pub(crate) mod filter;
pub(crate) mod gate;
pub(crate) mod host;
pub(crate) mod idempotency;
pub(crate) mod intake;
pub(crate) mod observe;
pub(crate) mod origin;
pub(crate) mod panics;
pub(crate) mod params;
mod public;
pub(crate) mod security;
pub(crate) mod segments;
mod words;
