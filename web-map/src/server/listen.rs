//! Connections: taken, spoken to over TLS when there is a certificate, and cut off when they only hold the place.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::certificate::Certificate;
use super::files;

/// The greetings of TLS have to be exchanged within this time.
const GREETING_PATIENCE: Duration = Duration::from_secs(10);
/// Largest head of a request, bytes. It is more than any browser sends, and a longer one is answered 431.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// The pause after the system has no more connections to give (no file descriptors, no memory).
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until `stop`, then lets those that there are finish what they are at. The head of a request has to come within
/// `patience`, and a connection without a request ends after it.
///
/// # Errors
/// When the listener fails for good.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    certificate: Option<Arc<Certificate>>,
    patience: Duration,
    stop: CancellationToken,
) -> io::Result<()> {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(files::connections()));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let Some((place, accepted)) = stop.run_until_cancelled(next).await else {
            break;
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "connection_not_taken");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (app, certificate, stop) = (app.clone(), certificate.clone(), stop.clone());
        connections.spawn(async move {
            speak(stream, app, certificate, patience, stop).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

/// Did only the one client go away?
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

async fn speak(
    stream: TcpStream,
    app: Router,
    certificate: Option<Arc<Certificate>>,
    patience: Duration,
    stop: CancellationToken,
) {
    // Answers are written whole; to wait for more to send would only hold them up.
    stream.set_nodelay(true).ok();
    let Some(certificate) = certificate else {
        return answer(stream, app, patience, stop).await;
    };
    let greeting = TlsAcceptor::from(certificate.config()).accept(stream);
    match timeout(GREETING_PATIENCE, greeting).await {
        Ok(Ok(stream)) => answer(stream, app, patience, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "tls_refused"),
        Err(_elapsed) => tracing::debug!("tls_timed_out"),
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    app: Router,
    patience: Duration,
    stop: CancellationToken,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        // A router is always ready.
        app.clone().call(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection_ended");
    }
}
