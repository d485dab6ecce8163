//! Every metric that the server gives, with its name, unit and meaning.

use std::time::Duration;

use citybrain_store::Receipt;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "citybrain_http_requests_total";
const REQUEST_SECONDS: &str = "citybrain_http_request_seconds";
const RECORDS: &str = "citybrain_records_total";
const APPEND_SECONDS: &str = "citybrain_append_seconds";
const QUERY_SECONDS: &str = "citybrain_query_seconds";
const LIVE_CLIENTS: &str = "citybrain_live_clients";
const LIVE_VIEWS: &str = "citybrain_live_views";
const LIVE_RESETS: &str = "citybrain_live_resets_total";
const TILE_CACHE_BYTES: &str = "citybrain_tile_cache_bytes";
const LINK_CONNECTED: &str = "citybrain_link_connected";
const LINK_MESSAGES: &str = "citybrain_link_messages_total";
const FILES: &str = "citybrain_files_total";
const REMOVED: &str = "citybrain_removed_total";
const SEQ: &str = "citybrain_journal_seq";

/// Upper bounds of the buckets of every duration, in seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// Starts to collect metrics for this process.
///
/// # Errors
/// When the process collects metrics already.
pub(crate) fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&SECONDS)?
        .install_recorder()?;
    describe();
    Ok(handle)
}

fn describe() {
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "Answered HTTP requests by method, route and status."
    );
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time from a request to the head of its answer, by route."
    );
    describe_counter!(
        RECORDS,
        Unit::Count,
        "Records that came in by table and outcome: accepted, updated, duplicate, rejected, expired."
    );
    describe_histogram!(
        APPEND_SECONDS,
        Unit::Seconds,
        "Time until a batch is durable and queryable."
    );
    describe_histogram!(
        QUERY_SECONDS,
        Unit::Seconds,
        "Time of a query, by what it answers."
    );
    describe_gauge!(LIVE_CLIENTS, Unit::Count, "Clients of the live stream.");
    describe_gauge!(
        LIVE_VIEWS,
        Unit::Count,
        "Different live views kept for them."
    );
    describe_counter!(
        LIVE_RESETS,
        Unit::Count,
        "Times that a live view was read anew because rows were replaced or batches missed."
    );
    describe_gauge!(
        LINK_CONNECTED,
        Unit::Count,
        "Links with MQTT brokers: 1 while connected, by client id."
    );
    describe_counter!(
        LINK_MESSAGES,
        Unit::Count,
        "Messages of MQTT by link and outcome: acknowledged, of these echo, refused and duplicate; published, missed."
    );
    describe_counter!(
        FILES,
        Unit::Count,
        "Files of watched folders by outcome: read, failed, refused."
    );
    describe_counter!(
        REMOVED,
        Unit::Count,
        "Records that went for good by table and reason: age, erasure."
    );
    describe_gauge!(TILE_CACHE_BYTES, Unit::Bytes, "Memory of ready map tiles.");
    describe_gauge!(
        SEQ,
        Unit::Count,
        "Sequence number up to which records are queryable."
    );
}

/// A request was answered.
pub(crate) fn request(method: &str, route: &str, status: u16, elapsed: Duration) {
    let (method, route) = (method.to_owned(), route.to_owned());
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string()).increment(1);
    histogram!(REQUEST_SECONDS, "route" => route).record(elapsed);
}

/// A batch was appended.
pub(crate) fn appended(table: &'static str, receipt: &Receipt, rejected: usize, elapsed: Duration) {
    records(table, receipt, rejected);
    histogram!(APPEND_SECONDS).record(elapsed);
}

/// What became of records.
pub(crate) fn records(table: &'static str, receipt: &Receipt, rejected: usize) {
    let outcomes = [
        ("accepted", receipt.accepted),
        ("updated", receipt.updated),
        ("duplicate", receipt.duplicate),
        ("rejected", rejected as u64),
        ("expired", receipt.expired),
    ];
    for (outcome, rows) in outcomes {
        counter!(RECORDS, "table" => table, "outcome" => outcome).increment(rows);
    }
}

/// A link with a broker came or went.
pub(crate) fn link_connected(link: &str, connected: bool) {
    gauge!(LINK_CONNECTED, "link" => link.to_owned()).set(f64::from(u8::from(connected)));
}

/// Messages of a link.
pub(crate) fn link_messages(link: &str, outcome: &'static str, messages: u64) {
    counter!(LINK_MESSAGES, "link" => link.to_owned(), "outcome" => outcome).increment(messages);
}

/// A file of a watched folder was dealt with.
pub(crate) fn files(outcome: &'static str) {
    counter!(FILES, "outcome" => outcome).increment(1);
}

/// Records went for good.
pub(crate) fn removed(table: &'static str, reason: &'static str, rows: usize) {
    counter!(REMOVED, "table" => table, "reason" => reason).increment(rows as u64);
}

/// A query was answered.
pub(crate) fn queried(what: &'static str, elapsed: Duration) {
    histogram!(QUERY_SECONDS, "what" => what).record(elapsed);
}

/// A client of the live stream came (+1) or went (-1).
pub(crate) fn live_clients(change: f64) {
    gauge!(LIVE_CLIENTS).increment(change);
}

/// A live view was made (+1) or dropped (-1).
pub(crate) fn live_views(change: f64) {
    gauge!(LIVE_VIEWS).increment(change);
}

/// A live view was read anew.
pub(crate) fn live_reset() {
    counter!(LIVE_RESETS).increment(1);
}

/// How things stand, noted when somebody asks.
pub(crate) fn standing(seq: u64, tile_cache_bytes: u64) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float; 2^53 is out of reach"
    )]
    {
        gauge!(SEQ).set(seq as f64);
        gauge!(TILE_CACHE_BYTES).set(tile_cache_bytes as f64);
    }
}
