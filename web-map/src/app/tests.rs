//! The server from outside: a real listener, a real store, a small city.

mod append;
mod conformity;
mod life;
mod live;
mod map;
mod page;
mod questions;
mod server;
mod sql;

pub(crate) use server::{TestServer, city, complaint};
