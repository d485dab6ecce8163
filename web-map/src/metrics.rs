//! Every metric that the server gives, with its name, unit and meaning.

use std::time::Duration;

use citybrain_store::Receipt;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::feeds::FeedHealth;

const REQUESTS: &str = "citybrain_http_requests_total";
const REQUEST_SECONDS: &str = "citybrain_http_request_seconds";
const TURNED_AWAY: &str = "citybrain_turned_away_total";
const RECORDS: &str = "citybrain_records_total";
const APPEND_SECONDS: &str = "citybrain_append_seconds";
const QUERY_SECONDS: &str = "citybrain_query_seconds";
const LIVE_CLIENTS: &str = "citybrain_live_clients";
const LIVE_VIEWS: &str = "citybrain_live_views";
const LIVE_RESETS: &str = "citybrain_live_resets_total";
const TILE_CACHE_BYTES: &str = "citybrain_tile_cache_bytes";
const LINK_CONNECTED: &str = "citybrain_link_connected";
const LINK_MESSAGES: &str = "citybrain_link_messages_total";
const FEED_RECORDS: &str = "citybrain_feed_records_total";
const FEED_REFUSED: &str = "citybrain_feed_refused_total";
const FEED_MISSING: &str = "citybrain_feed_missing_total";
const FEED_AGE: &str = "citybrain_feed_age_seconds";
const FEED_LAG: &str = "citybrain_feed_lag_seconds";
const FEED_RATE: &str = "citybrain_feed_records_per_hour";
const FEED_USUAL: &str = "citybrain_feed_usual_records_per_hour";
const FEED_QUIET: &str = "citybrain_feed_quiet";
const FEED_STREAMS: &str = "citybrain_feed_datastreams";
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
    describe_counter!(
        TURNED_AWAY,
        Unit::Count,
        "Requests with records that were told to come again because too much was on its way."
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
    describe_feeds();
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

fn describe_feeds() {
    describe_counter!(
        FEED_RECORDS,
        Unit::Count,
        "Records of a feed by outcome: accepted, updated, duplicate."
    );
    describe_counter!(
        FEED_REFUSED,
        Unit::Count,
        "Rows of a feed that are no records, by rule."
    );
    describe_counter!(
        FEED_MISSING,
        Unit::Count,
        "Numbers that are missing in the counts of a feed's senders."
    );
    describe_gauge!(FEED_AGE, Unit::Seconds, "Time since a feed was heard.");
    describe_gauge!(
        FEED_LAG,
        Unit::Seconds,
        "Time from an event to its receipt: the median of a feed's latest records."
    );
    describe_gauge!(
        FEED_RATE,
        Unit::Count,
        "Records of a feed an hour, over the last ten minutes."
    );
    describe_gauge!(
        FEED_USUAL,
        Unit::Count,
        "Records of a feed an hour, over the week before this hour."
    );
    describe_gauge!(
        FEED_QUIET,
        Unit::Count,
        "1 while a feed is silent for longer than is usual for it."
    );
    describe_gauge!(
        FEED_STREAMS,
        Unit::Count,
        "Datastreams of a feed by state: all, silent, stuck, clock_off."
    );
}

/// A request was answered.
pub(crate) fn request(method: &str, route: &str, status: u16, elapsed: Duration) {
    let (method, route) = (method.to_owned(), route.to_owned());
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string()).increment(1);
    histogram!(REQUEST_SECONDS, "route" => route).record(elapsed);
}

/// A request was told to come again because too much was on its way.
pub(crate) fn turned_away() {
    counter!(TURNED_AWAY).increment(1);
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

/// How the feeds are, noted when somebody asks.
pub(crate) fn feeds(feeds: &[FeedHealth]) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    for feed in feeds {
        let source = || feed.source.clone();
        for (outcome, records) in [
            ("accepted", feed.accepted),
            ("updated", feed.updated),
            ("duplicate", feed.duplicate),
        ] {
            counter!(FEED_RECORDS, "source" => source(), "outcome" => outcome).absolute(records);
        }
        for (rule, rows) in &feed.refused {
            counter!(FEED_REFUSED, "source" => source(), "rule" => rule.clone()).absolute(*rows);
        }
        counter!(FEED_MISSING, "source" => source()).absolute(feed.missing);
        let told = [
            (FEED_AGE, feed.age_s),
            (FEED_LAG, feed.lag_s),
            (FEED_RATE, Some(feed.rate_now)),
            (FEED_USUAL, feed.rate_usual),
            (FEED_QUIET, Some(f64::from(u8::from(feed.state == "quiet")))),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                gauge!(name, "source" => source()).set(value);
            }
        }
        for (state, streams) in [
            ("all", feed.datastreams),
            ("silent", feed.silent),
            ("stuck", feed.stuck),
            ("clock_off", feed.clock_off),
        ] {
            gauge!(FEED_STREAMS, "source" => source(), "state" => state).set(streams as f64);
        }
    }
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
