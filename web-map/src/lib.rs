//! The citybrain server and command line.
//!
//! [`run`] is the whole program: it reads the command line and runs one of the `commands`. The server is [`serve`] over an
//! [`AppState`]; [`app`](mod@app) has the only list of its routes, and each route is a file in `routes`.

mod alerts;
mod aligned;
pub mod app;
mod basemap;
mod clock;
mod commands;
mod config;
mod engine;
mod erasure;
mod error;
mod feeds;
mod format;
mod http;
mod links;
mod live;
mod metrics;
mod page;
mod pictures;
mod problem;
mod replay;
mod retention;
mod routes;
mod schema;
mod server;
mod shutdown;
mod sta;
mod state;
mod terminal;
mod tiles;

pub use commands::run;
pub use config::{Config, ConfigError};
pub use retention::{OfSource, Retention, TableWord};
pub use server::{Certificate, CertificateError, ServeError, run as serve};
pub use state::AppState;
