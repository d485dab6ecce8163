//! The server's life: from a listener to a closed store.

mod certificate;
mod files;
mod listen;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use citybrain_store::{CloseError, Store};
use tokio::net::TcpListener;

pub use self::certificate::{Certificate, CertificateError};
use crate::app::app;
use crate::state::AppState;
use crate::{replay, retention, tiles};

/// How long open requests may take to end after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves on `listener`, over TLS when there is a certificate, until `shutdown` is done; then ends the live streams, lets open requests finish, seals and closes the
/// store. A client that is still served then is told that the store is closed.
///
/// # Errors
/// When the listener fails or sealing does. Nothing that was acknowledged is lost by either.
pub async fn run(
    listener: TcpListener,
    certificate: Option<Certificate>,
    state: AppState,
    store: Store,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let state = Arc::new(state);
    let (stop, tasks) = (state.stop.clone(), state.tasks.clone());
    tasks.spawn(until(&state, Arc::clone(&state).feel_pulse()));
    tasks.spawn(until(&state, keep_metrics(Arc::clone(&state))));
    tasks.spawn(until(&state, replay::forget_old(Arc::clone(&state))));
    tasks.spawn(until(&state, retention::keep(Arc::clone(&state))));
    let (alerts, until_stop) = (Arc::clone(&state.alerts), stop.clone());
    tasks.spawn_blocking(move || alerts.keep(&until_stop));
    tasks.spawn(until(&state, Arc::clone(&state.alerts).send()));
    let city = Arc::clone(state.engine.city());
    tasks.spawn_blocking(move || tiles::find_cells(&city));

    let certificate = certificate.map(Arc::new);
    if let Some(certificate) = &certificate {
        tasks.spawn(until(&state, Arc::clone(certificate).keep()));
    }
    let told = stop.clone();
    tasks.spawn(until(&state, async move {
        shutdown.await;
        tracing::info!("stopping");
        told.cancel();
    }));
    let patience = Duration::from_secs(state.config.head_seconds.max(1));
    let app = app(Arc::clone(&state));
    let serving = listen::serve(listener, app, certificate, patience, stop.clone());
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.map_err(ServeError::Listener)?,
        () = overdue => tracing::warn!("requests_cut_off"),
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    close(store).await
}

/// `work`, ended when the server stops.
fn until(
    state: &AppState,
    work: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    let stop = state.stop.clone();
    async move {
        stop.run_until_cancelled(work).await;
    }
}

/// Histograms are folded together now and then, also when nobody asks for them.
async fn keep_metrics(state: Arc<AppState>) {
    const EVERY: Duration = Duration::from_secs(5);
    let Some(metrics) = &state.metrics else {
        return;
    };
    loop {
        tokio::time::sleep(EVERY).await;
        metrics.run_upkeep();
    }
}

async fn close(store: Store) -> Result<(), ServeError> {
    match tokio::task::spawn_blocking(move || store.close()).await {
        Ok(closed) => closed.map_err(ServeError::Close),
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// Why a server ended otherwise than it was told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener failed.
    #[error("the server cannot listen any longer: {0}")]
    Listener(#[source] std::io::Error),
    /// The store could not be closed well.
    #[error(transparent)]
    Close(#[from] CloseError),
}
