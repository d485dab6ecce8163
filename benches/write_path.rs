//! The write path from inside: durable, placed and queryable observations a second, beside SQLite in the same run.
//!
//! `cargo bench -p citybrain-benches --bench write_path`. Each round measures all contenders one after another, so that other work
//! on the machine falls on all of them; figures are medians over the rounds. SQLite is what the journal is made of, driven as a
//! user would drive it (WAL, `synchronous = FULL`, one transaction a batch, four columns, no place): the floor that one
//! sender, who waits for each receipt, shares with us is the disk's fsync. `CITYBRAIN_BENCH_ROWS` (default 0) loads so many
//! observations at last, after `CITYBRAIN_BENCH_COMPLAINTS` complaints, and tells whether the rate falls as the lake grows, how many bytes a
//! row takes there, and how soon the store is open again.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a measuring program prints rounded figures, and ends at the first failure"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_benches::sample_city;
use citybrain_grid::City;
use citybrain_model::{Complaint, ComplaintDraft, Observation, ObservationDraft};
use citybrain_store::{Batch, Store, StoreOptions, Writer};
use parquet::file::reader::{FileReader, SerializedFileReader};

const ROUNDS: usize = 5;
const SECONDS: Duration = Duration::from_secs(2);
const SENSORS: u64 = 5_000;

fn main() {
    // `cargo test --benches` starts every bench once with this flag: there is nothing to measure then.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let city = Arc::new(sample_city());
    let positions = citybrain_synth::random_points(&city, SENSORS as usize, 1);
    let feed = Feed {
        next: AtomicU64::new(0),
        reported: AtomicU64::new(0),
        positions,
        begin: DateTime::from_timestamp(1_750_000_000, 0).unwrap(),
    };
    let scratch = tempfile::tempdir().unwrap();
    let (state, store) = store(&scratch.path().join("state"), &city);
    let mut figures: Vec<(String, Vec<f64>)> = Vec::new();
    let mut note = |name: &str, figure: f64| match figures.iter_mut().find(|(n, _)| n == name) {
        Some((_, all)) => all.push(figure),
        None => figures.push((name.to_owned(), vec![figure])),
    };
    for round in 0..ROUNDS {
        for batch in [1_000, 10_000] {
            let sqlite = sqlite(&scratch.path().join(format!("{round}-{batch}.db")), batch);
            note(&format!("SQLite, batches of {batch}, rows/s"), sqlite);
            let waiting = one_sender(&store.writer(), &feed, batch, 1);
            note(
                &format!("one sender, batches of {batch}, each receipt awaited, rows/s"),
                waiting,
            );
            let ahead = one_sender(&store.writer(), &feed, batch, 8);
            note(
                &format!("one sender, batches of {batch}, 8 on the way, rows/s"),
                ahead,
            );
        }
        let (rate, p50, p99) = many_senders(&store.writer(), &feed, 64);
        note("64 senders, single records, records/s", rate);
        note("64 senders, single records, p50 ms", p50);
        note("64 senders, single records, p99 ms", p99);
    }
    for (name, mut all) in figures {
        all.sort_by(f64::total_cmp);
        println!(
            "{name}: {:.1} ({:.1} to {:.1})",
            all[all.len() / 2],
            all[0],
            all[all.len() - 1]
        );
    }
    let asked = |name| std::env::var(name).map_or(0, |rows| rows.parse().unwrap());
    let (complaints, rows) = (
        asked("CITYBRAIN_BENCH_COMPLAINTS"),
        asked("CITYBRAIN_BENCH_ROWS"),
    );
    let writer = store.writer();
    load(&writer, "complaints", complaints, |rows| {
        feed.complaints(rows)
    });
    load(&writer, "observations", rows, |rows| feed.batch(rows));
    drop(writer);
    store.close().unwrap();
    sizes(&state);
    let begin = Instant::now();
    let store = Store::open(&state, city, StoreOptions::default()).unwrap();
    println!(
        "opened again after {} rows: {:.2} s",
        feed.next.load(Ordering::Relaxed),
        begin.elapsed().as_secs_f64()
    );
    store.close().unwrap();
}

fn store(dir: &Path, city: &Arc<City>) -> (std::path::PathBuf, Store) {
    Store::create(dir, city).unwrap();
    let store = Store::open(dir, Arc::clone(city), StoreOptions::default()).unwrap();
    (dir.to_owned(), store)
}

/// Observations without end: sensor after sensor, a value a minute.
struct Feed {
    next: AtomicU64,
    reported: AtomicU64,
    positions: Vec<(f64, f64)>,
    begin: DateTime<Utc>,
}

impl Feed {
    fn batch(&self, rows: u64) -> Batch {
        let first = self.next.fetch_add(rows, Ordering::Relaxed);
        let rows = (first..first + rows).map(|number| {
            let sensor = number % SENSORS;
            let at = self.begin + TimeDelta::minutes((number / SENSORS) as i64);
            let (lon, lat) = self.positions[sensor as usize];
            let draft = ObservationDraft {
                source: Some("bench".to_owned()),
                datastream: Some(format!("sensor-{sensor:04}")),
                phenomenon_time: Some(at),
                result: Some((number % 977) as f64 / 10.0),
                lon: Some(lon),
                lat: Some(lat),
                ..ObservationDraft::default()
            };
            Observation::try_new(draft, at).unwrap()
        });
        Batch::Observations(rows.collect())
    }
}

/// Complaints without end: one every nine seconds somewhere in the city, of two hundred categories.
impl Feed {
    fn complaints(&self, rows: u64) -> Batch {
        let first = self.reported.fetch_add(rows, Ordering::Relaxed);
        let rows = (first..first + rows).map(|number| {
            let at = self.begin + TimeDelta::seconds(9 * number as i64);
            // A walk over all positions in another order each time, and a step of up to some hundred metres.
            let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let (lon, lat) = self.positions[(mixed >> 20) as usize % self.positions.len()];
            let step = |bits: u64| ((bits & 0xfff) as f64 - 2048.0) * 1e-6;
            let draft = ComplaintDraft {
                source: Some("bench".to_owned()),
                id: Some(number.to_string()),
                requested_at: Some(at),
                closed_at: Some(at + TimeDelta::seconds((mixed >> 44) as i64)),
                category: Some(format!("category->{}", (mixed >> 52) % 200)),
                channel: Some(
                    ["phone", "app", "wechat", "web"][(mixed >> 60) as usize % 4].to_owned(),
                ),
                status: Some("closed".to_owned()),
                lon: Some(lon + step(mixed)),
                lat: Some(lat + step(mixed >> 12)),
                ..ComplaintDraft::default()
            };
            Complaint::try_new(draft, at).unwrap()
        });
        Batch::Complaints(rows.collect())
    }
}

/// Rows a second of one sender with `ahead` batches on the way.
fn one_sender(writer: &Writer, feed: &Feed, batch: u64, ahead: usize) -> f64 {
    let runtime = runtime();
    let begin = Instant::now();
    let rows = runtime.block_on(async {
        let mut on_the_way = tokio::task::JoinSet::new();
        let mut rows = 0;
        while begin.elapsed() < SECONDS {
            while on_the_way.len() < ahead {
                let (writer, batch) = (writer.clone(), feed.batch(batch));
                on_the_way.spawn(async move { writer.append(batch, vec![]).await.unwrap() });
            }
            rows += on_the_way.join_next().await.unwrap().unwrap().accepted;
        }
        while let Some(receipt) = on_the_way.join_next().await {
            rows += receipt.unwrap().accepted;
        }
        rows
    });
    rows as f64 / begin.elapsed().as_secs_f64()
}

/// Records a second of `senders` that send one at a time and await each receipt; p50 and p99 in ms.
fn many_senders(writer: &Writer, feed: &Feed, senders: usize) -> (f64, f64, f64) {
    let runtime = runtime();
    let begin = Instant::now();
    let mut times: Vec<f64> = runtime.block_on(async {
        let sender = || async {
            let mut times = Vec::new();
            while begin.elapsed() < SECONDS {
                let sent = Instant::now();
                writer.append(feed.batch(1), vec![]).await.unwrap();
                times.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            times
        };
        let all = futures::future::join_all((0..senders).map(|_| sender())).await;
        all.into_iter().flatten().collect()
    });
    let seconds = begin.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let count = times.len();
    (
        count as f64 / seconds,
        times[count / 2],
        times[count * 99 / 100],
    )
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Rows a second that SQLite takes, as its user would write them.
fn sqlite(path: &Path, batch: u64) -> f64 {
    let mut connection = rusqlite::Connection::open(path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    connection
        .pragma_update(None, "synchronous", "FULL")
        .unwrap();
    connection
        .execute_batch("CREATE TABLE obs (ts TEXT, sensor INTEGER, value REAL, quality INTEGER)")
        .unwrap();
    let begin = Instant::now();
    let mut rows = 0;
    while begin.elapsed() < SECONDS {
        let transaction = connection.transaction().unwrap();
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO obs VALUES (?1, ?2, ?3, ?4)")
                .unwrap();
            for number in rows..rows + batch {
                let at = format!("2025-06-15T{:02}:{:02}:00Z", number / 60 % 24, number % 60);
                let value = (number % 977) as f64 / 10.0;
                insert
                    .execute(rusqlite::params![
                        at,
                        (number % SENSORS).cast_signed(),
                        value,
                        0
                    ])
                    .unwrap();
            }
        }
        transaction.commit().unwrap();
        rows += batch;
    }
    rows as f64 / begin.elapsed().as_secs_f64()
}

/// Loads so many records in batches of 10,000 and tells the rate of each tenth, and the memory that the process holds.
fn load(writer: &Writer, what: &str, rows: u64, batch: impl Fn(u64) -> Batch) {
    if rows == 0 {
        return;
    }
    let (mut first, mut last) = (0.0, 0.0);
    for tenth in 1..=10 {
        let begin = Instant::now();
        for _ in 0..rows / 100_000 {
            writer.append_blocking(batch(10_000), vec![]).unwrap();
        }
        last = (rows / 100_000 * 10_000) as f64 / begin.elapsed().as_secs_f64();
        if tenth == 1 {
            first = last;
        }
        println!(
            "load, tenth {tenth} of {rows} {what}: {last:.0} rows/s, {} MiB resident",
            resident_mib()
        );
    }
    println!(
        "the last tenth of {what} beside the first: {:.2}",
        last / first
    );
}

/// What the tables take on disk, in all and a row.
fn sizes(state: &Path) {
    let mut rows_of = BTreeMap::<String, (u64, u64)>::new();
    let mut folders = vec![state.join("lake")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "parquet")
                && !path.to_string_lossy().contains("_delta_log")
            {
                let table = path.strip_prefix(state.join("lake")).unwrap();
                let table = table.iter().next().unwrap().to_string_lossy().into_owned();
                let file = std::fs::File::open(&path).unwrap();
                let reader = SerializedFileReader::new(file).unwrap();
                let rows = reader.metadata().file_metadata().num_rows();
                let sum = rows_of.entry(table).or_default();
                sum.0 += rows.cast_unsigned();
                sum.1 += entry.metadata().unwrap().len();
            }
        }
    }
    for (table, (rows, bytes)) in rows_of {
        println!(
            "{table}: {rows} rows in files of the lake, {:.2} bytes a row",
            bytes as f64 / rows as f64
        );
    }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
