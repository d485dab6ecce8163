//! `citybrain serve`: the server.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use citybrain_grid::City;
use citybrain_store::{Control, StateDir, Store, StoreOptions, Writer};

use super::{Failure, init};
use crate::alerts::Book;
use crate::basemap::Basemap;
use crate::config::Config;
use crate::links::Links;
use crate::server::Certificate;
use crate::shutdown::Asked;
use crate::state::AppState;
use crate::{aligned, metrics, server, terminal};

/// Serve a state directory: the map, the API, the live stream
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// State directory, made by `citybrain init`
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Folder with files of standing rules (TOML), besides the shipped ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// `PMTiles` file with streets, drawn below the data
    #[arg(long, value_name = "FILE")]
    basemap: Option<PathBuf>,
    /// File of settings (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Certificate with the chain to its authority (PEM), to speak TLS; read again when the file changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serve others than this machine although what is sent is not encrypted, or no key was made and so it is open to all
    #[arg(long)]
    insecure: bool,
}

/// What the server notes by itself: its own steps, and troubles of what it is made of.
pub(super) const LOG: &str = "warn,citybrain=info,citybrain_store=info";

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log(LOG);
    let mut config = Config::read(args.config.as_deref())?;
    config.listen = args.listen.unwrap_or(config.listen);
    if let Some(rules) = &args.rules {
        config.rules = Some(rules.clone());
    }
    if args.basemap.is_some() {
        config.basemap.clone_from(&args.basemap);
    }
    if args.tls_cert.is_some() {
        config.tls_cert.clone_from(&args.tls_cert);
        config.tls_key.clone_from(&args.tls_key);
    }
    if !config.listen.ip().is_loopback() && !args.insecure {
        check_exposed(&args.state_dir, &config)?;
    }
    let scheme = if config.tls_cert.is_some() {
        "https"
    } else {
        "http"
    };
    serve(
        &args.state_dir,
        config,
        |_, _| Ok(()),
        |(), _| {},
        |address| format!("{scheme}://{address}"),
    )
}

/// A server that stops leaves up to so many rows of a table in the journal, or half of what is sealed at once: it stops at once, and makes no file for a handful of rows.
const LEAVE_ROWS: usize = 1_000;

/// A server that others reach speaks TLS and asks for keys.
fn check_exposed(state_dir: &Path, config: &Config) -> Result<(), Failure> {
    if config.tls_cert.is_none() {
        return Err(Failure::Exposed(config.listen));
    }
    let control = Control::open(&StateDir::open(state_dir)?)?;
    if control.key_ring()?.has_keys() {
        Ok(())
    } else {
        Err(Failure::Keyless(config.listen))
    }
}

/// Serves a state directory until the process is asked to stop. `prepare` is done before the server answers, `begin` starts what
/// runs beside it, `ready` is the line that is printed when it answers.
pub(super) fn serve<T>(
    state_dir: &Path,
    config: Config,
    prepare: impl FnOnce(&City, &Writer) -> Result<T, Failure>,
    begin: impl FnOnce(T, &AppState),
    ready: impl FnOnce(SocketAddr) -> String,
) -> Result<(), Failure> {
    let at = config.listen;
    let listen = |source| Failure::Listen {
        address: at,
        source,
    };
    let links = Links::of(&config)?;
    let certificate = match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => Some(Certificate::open(cert, key)?),
        (None, None) => None,
        _ => return Err(Failure::HalfTls),
    };
    // The port first: it is the quickest to be wrong.
    let listener = TcpListener::bind(at).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let city = Arc::new(init::city_of(state_dir)?);
    let options = config.store_options()?;
    let options = StoreOptions {
        leave_rows: LEAVE_ROWS.min(options.seal_rows / 2),
        ..options
    };
    let store = Store::open(state_dir, Arc::clone(&city), options)?;
    let place_names = init::place_names_of(state_dir, &city)?;
    Book::open(config.rules.as_deref(), &city)?;
    if let Some(basemap) = &config.basemap {
        Basemap::open(basemap)?;
    }
    let prepared = prepare(&city, &store.writer())?;
    let metrics = metrics::install().expect("a process serves once, so it collects metrics once");
    aligned::warm(&city);
    let control = Control::open(&StateDir::open(state_dir)?)?;
    let state = AppState::new(
        store.writer(),
        control,
        place_names,
        config,
        address,
        Some(metrics),
    );

    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let asked = Asked::listen()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        begin(prepared, &state);
        links.start(&state);
        terminal::print(|out| writeln!(out, "{}", ready(address)))?;
        Ok(server::run(listener, certificate, state, store, asked.done()).await?)
    })
}
