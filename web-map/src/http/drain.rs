//! What a refused request still sends is read and thrown away, up to a bound: a client that is sending when the connection closes sees only
//! that, and not the answer.
//!
//! A client that asks before it sends (`Expect: 100-continue`) is answered at once.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

/// Most bytes that are thrown away of one body.
const BYTES_MAX: usize = 256 << 20;
/// Longest time that this may take.
const TIME_MAX: Duration = Duration::from_secs(10);
/// How long the next piece may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads what is left of a request's body when it is answered.
pub(crate) async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let left = Arc::new(Left::default());
    let body = Body::new(Lent {
        body: Some(body),
        read: false,
        left: Arc::clone(&left),
    });
    let response = next.run(Request::from_parts(parts, body)).await;
    let rest = left.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((body, read)) = rest
        && (read || !asks_first)
        && response.status() != StatusCode::REQUEST_TIMEOUT
    {
        // What it ends with, or whether it ends in time, changes nothing.
        timeout(TIME_MAX, discard(body)).await.ok();
    }
    response
}

async fn discard(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut bytes = 0;
    while bytes < BYTES_MAX
        && let Ok(Some(Ok(chunk))) = timeout(PATIENCE, chunks.next()).await
    {
        bytes += chunk.len();
    }
}

/// The body that was given back, and whether anything of it was asked for; held to put it there and to take it.
#[derive(Default)]
struct Left(Mutex<Option<(Body, bool)>>);

/// A body that is given back when nobody reads it any more.
struct Lent {
    body: Option<Body>,
    read: bool,
    left: Arc<Left>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.read = true;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        let left = body.map(|body| (body, self.read));
        *self.left.0.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }
}
