use std::collections::HashMap;
use std::pin::pin;

use citybrain_watch::{Counts, Totals};
use futures::StreamExt;

use super::*;

fn freshness() -> Freshness {
    crate::live::Pulse::new(chrono::DateTime::UNIX_EPOCH, 0).freshness(chrono::DateTime::UNIX_EPOCH)
}

/// Counts with `n` complaints in one cell.
fn counts(n: u64) -> Counts {
    let totals = Totals {
        total: n,
        located: n,
        ..Totals::default()
    };
    Counts {
        seq: n,
        cells: HashMap::from([(0x0893_1aa0_c2db_ffff, n)]),
        totals,
        ..Counts::default()
    }
}

fn name(event: &Event) -> String {
    let text = format!("{event:?}");
    ["snapshot", "cells", "areas", "freshness"]
        .into_iter()
        .find(|name| text.contains(&format!("event: {name}")))
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_client_that_falls_behind_is_sent_everything_anew() {
    let view = Arc::new(View::still());
    let (_kept, told) = broadcast::channel(1);
    let open = Vec::new();
    let mut stream = pin!(events(
        Arc::clone(&view),
        Told { open, told },
        CancellationToken::new(),
        freshness,
    ));
    let mut next = async || name(&stream.next().await.unwrap().unwrap());
    assert_eq!(
        [next().await, next().await, next().await],
        ["snapshot", "areas", "freshness"]
    );
    view.change(counts(1));
    assert_eq!(next().await, "cells");
    // One more than is kept, while the client takes none.
    for n in 0..=View::changes_kept() as u64 {
        view.change(counts(2 + n));
    }
    assert_eq!(next().await, "snapshot");
}

#[tokio::test]
async fn a_client_of_a_view_that_knows_too_much_is_told_so_and_the_stream_ends() {
    let view = Arc::new(View::still());
    let (_kept, told) = broadcast::channel(1);
    let open = Vec::new();
    let stream = events(
        Arc::clone(&view),
        Told { open, told },
        CancellationToken::new(),
        freshness,
    );
    view.end();
    let events: Vec<_> = stream.map(Result::unwrap).collect().await;
    let last = format!("{:?}", events.last().unwrap());
    assert!(last.contains("event: problem"), "{last}");
    assert!(last.contains("live_records"), "{last}");
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let stop = CancellationToken::new();
    let (_kept, told) = broadcast::channel(1);
    let open = Vec::new();
    let mut stream = pin!(events(
        Arc::new(View::still()),
        Told { open, told },
        stop.clone(),
        freshness,
    ));
    assert!(stream.next().await.is_some());
    stop.cancel();
    let left: Vec<_> = stream.collect().await;
    assert!(left.len() <= 3, "{}", left.len());
}
