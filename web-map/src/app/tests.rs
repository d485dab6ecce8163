//! The server from outside: a real listener, a real store, a small city.

mod append;
mod conformity;
mod datastreams;
mod feeds;
mod heat;
mod intake;
mod keys;
mod life;
mod live;
mod map;
mod page;
mod questions;
mod sensorthings;
mod server;
mod sql;

pub(crate) use server::{TestServer, city, complaint};
