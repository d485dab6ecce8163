//! A user's SQL reads and nothing else, within its limits, and whatever it does, what comes in is taken as if it were not there.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use citybrain_tests::Server;
use serde_json::{Value, json};

use crate::simulated::simulated_state;

/// A join of everything with everything, four times over: no machine gets to its end.
const RUNAWAY: &str = "SELECT count(*) FROM complaints a, complaints b, complaints c, complaints d \
                       WHERE a.id || b.id || c.id || d.id = 'never'";
/// An analysis that computes for long and looks at nobody meanwhile.
const LONG_ANALYSIS: &str = "SELECT count(*) FROM clusters((SELECT community, requested_at FROM complaints), \
                             replicates => 99999, maximum_share => 1.0)";

#[test]
fn sql_reads_and_does_nothing_else_and_long_answers_come_as_they_are_made() {
    let state = simulated_state();
    let server = Server::start(state.path());
    only_queries_over_the_tables_are_allowed(&server, state.path());
    long_answers_come_as_they_are_made_in_every_format_that_can(&server);
    what_would_take_the_server_with_it_is_refused(&server);
}

#[test]
fn limits_are_told_and_hold_whatever_a_query_does() {
    let state = simulated_state();
    rows_memory_and_time_have_limits_that_are_told(state.path());
    a_runaway_query_never_harms_what_comes_in(state.path());
}

fn only_queries_over_the_tables_are_allowed(server: &Server, state: &Path) {
    let outside = state.join("outside.csv");
    std::fs::write(&outside, "a\n1\n").unwrap();
    let outside = outside.display();
    for sql in [
        "INSERT INTO complaints SELECT * FROM complaints".to_owned(),
        "DELETE FROM complaints".to_owned(),
        "UPDATE complaints SET status = 'closed'".to_owned(),
        "CREATE TABLE mine AS SELECT 1".to_owned(),
        "CREATE VIEW mine AS SELECT 1".to_owned(),
        format!("CREATE EXTERNAL TABLE mine STORED AS CSV LOCATION '{outside}'"),
        format!("COPY (SELECT 1) TO '{outside}.copy.csv'"),
        format!("COPY complaints TO '{outside}.parquet' STORED AS PARQUET"),
        "DROP TABLE complaints".to_owned(),
        "SET datafusion.execution.target_partitions = 64".to_owned(),
        "SET TIME ZONE 'UTC'".to_owned(),
        "RESET datafusion.execution.batch_size".to_owned(),
        "PREPARE mine AS SELECT 1".to_owned(),
        "EXECUTE mine".to_owned(),
        "BEGIN".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        "EXPLAIN ANALYZE INSERT INTO areas SELECT * FROM areas".to_owned(),
        format!("SELECT * FROM '{outside}'"),
        format!("SELECT * FROM read_csv('{outside}')"),
        format!("SELECT * FROM read_parquet('{outside}')"),
        "SELECT * FROM '/etc/passwd'".to_owned(),
        "SELECT * FROM other.public.complaints".to_owned(),
        "SELECT * FROM hotspots('INSERT INTO areas SELECT * FROM areas')".to_owned(),
        "SELECT * FROM hotspots('DROP TABLE complaints')".to_owned(),
    ] {
        let answer = ask(server, &sql);
        let status = answer.status();
        let text = answer.text().unwrap();
        assert_eq!(status.as_u16(), 400, "{sql}: {text}");
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert!(
            problem["detail"].as_str().unwrap().len() > 10,
            "{sql}: {text}"
        );
    }
    let left: Vec<_> = std::fs::read_dir(state)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("outside") && name != "outside.csv")
        .collect();
    assert_eq!(left, Vec::<String>::new(), "a statement wrote a file");
    let rows = server.sql("SELECT count(*) AS n FROM complaints");
    assert!(rows[0]["n"].as_u64().unwrap() > 0);
}

fn rows_memory_and_time_have_limits_that_are_told(state: &Path) {
    let server = Server::start_with(
        state,
        &[
            ("CITYBRAIN_QUERY_ROWS", "15000"),
            ("CITYBRAIN_QUERY_SECONDS", "2"),
            ("CITYBRAIN_QUERY_MEMORY_BYTES", "30000000"),
        ],
    );
    // Short answers say so in the header, long ones are streamed and say so at their end.
    let many = "SELECT a.id FROM complaints a, (SELECT * FROM complaints LIMIT 100) b";
    let answer = server.post_json("/v1/sql", &json!({ "sql": many }));
    assert_eq!(answer["truncated"], true);
    assert_eq!(answer["rows"].as_array().unwrap().len(), 15_000);
    let few = server.post_json(
        "/v1/sql",
        &json!({"sql": "SELECT id FROM complaints LIMIT 10"}),
    );
    assert_eq!(
        (&few["truncated"], few["rows"].as_array().unwrap().len()),
        (&json!(false), 10)
    );

    let late = ask(&server, RUNAWAY);
    assert_eq!(late.status().as_u16(), 422);
    assert!(late.text().unwrap().contains("took longer than 2 s"));

    let sorted =
        "SELECT a.text || b.id AS t FROM complaints a, complaints b ORDER BY t LIMIT 10000000";
    let large = ask(&server, sorted);
    let status = large.status().as_u16();
    let text = large.text().unwrap();
    assert_eq!(status, 422, "{text}");
    assert!(
        text.contains("memory") || text.contains("took longer"),
        "{text}"
    );
}

fn long_answers_come_as_they_are_made_in_every_format_that_can(server: &Server) {
    let many = "SELECT a.id, a.cell FROM complaints a, (SELECT * FROM complaints LIMIT 10) b";
    let whole = server.sql(&format!("SELECT count(*) AS n FROM ({many})"));
    let rows = usize::try_from(whole[0]["n"].as_u64().unwrap()).unwrap();
    assert!(rows > 20_000, "{rows} rows are no long answer");
    let answer = server.post_json("/v1/sql", &json!({ "sql": many }));
    assert_eq!(answer["rows"].as_array().unwrap().len(), rows);
    assert_eq!(answer["schema"][1]["name"], "cell");
    assert!(answer["rows"][0]["cell"].is_string(), "a cell is hex text");
    let csv = server
        .post("/v1/sql")
        .json(&json!({"sql": many, "format": "csv"}));
    let csv = csv.send().unwrap();
    assert_eq!(csv.headers()["x-citybrain-truncated"], "unknown");
    assert_eq!(csv.text().unwrap().lines().count(), rows + 1);
    let arrow = server
        .post("/v1/sql")
        .json(&json!({"sql": many, "format": "arrow"}));
    let arrow = arrow.send().unwrap().bytes().unwrap();
    // A stream of Arrow ends with its mark, and not in the middle of a batch.
    assert!(arrow.len() > 16 * rows, "{} bytes", arrow.len());
    assert_eq!(arrow[arrow.len() - 8..], [255, 255, 255, 255, 0, 0, 0, 0]);

    // With their places, for the map.
    let places = "SELECT id, lon, lat FROM complaints WHERE lon IS NOT NULL LIMIT 20";
    let answer = server.post_json("/v1/sql", &json!({"sql": places, "format": "geojson"}));
    assert_eq!(answer["features"].as_array().unwrap().len(), 20);
    assert_eq!(answer["features"][0]["geometry"]["type"], "Point");
    let areas = "SELECT level, id, name FROM areas WHERE level = 'district'";
    let answer = server.post_json("/v1/sql", &json!({"sql": areas, "format": "geojson"}));
    assert!(answer["features"][0]["geometry"]["coordinates"].is_array());
    let parquet = server
        .post("/v1/sql")
        .json(&json!({"sql": areas, "format": "geoparquet"}));
    let parquet = parquet.send().unwrap().bytes().unwrap();
    assert_eq!(&parquet[..4], b"PAR1");
}

fn a_runaway_query_never_harms_what_comes_in(state: &Path) {
    // Far more time than this test waits for anything.
    let server = Server::start_with(state, &[("CITYBRAIN_QUERY_SECONDS", "3600")]);
    // More of them than may run at once, and nobody waits for their answers yet.
    let mut clients: Vec<TcpStream> = [
        RUNAWAY,
        LONG_ANALYSIS,
        RUNAWAY,
        RUNAWAY,
        LONG_ANALYSIS,
        RUNAWAY,
    ]
    .iter()
    .map(|sql| send(&server, sql))
    .collect();
    // Once one of them has been at work for a while, all threads for queries are taken.
    std::thread::sleep(Duration::from_secs(2));
    let mut slowest = Duration::ZERO;
    for number in 0..40 {
        let complaint = json!({
            "id": format!("during-{number}"), "requested_at": "2026-03-01T08:00:00+08:00", "category": "noise",
        });
        let start = Instant::now();
        let receipt = server.post_json("/v1/complaints", &complaint);
        slowest = slowest.max(start.elapsed());
        assert_eq!(receipt["accepted"], 1, "{receipt}");
    }
    // No bound of speed on a loaded machine: a server that queries block does not answer before their time is up.
    assert!(
        slowest < Duration::from_secs(20),
        "a record waited {slowest:?}"
    );
    assert!(server.response("/healthz").status().is_success());
    let running = clients.iter_mut().map(is_open).filter(|open| *open).count();
    assert!(running > 0, "no query ran while the records came in");

    // Their clients go, and with them their work: the next question finds a place long before their time is up.
    drop(clients);
    let rows = server.sql("SELECT count(*) AS n FROM complaints WHERE id LIKE 'during-%'");
    assert_eq!(rows[0]["n"], 40);
}

/// Each of these would end the whole process if somebody tried it.
fn what_would_take_the_server_with_it_is_refused(server: &Server) {
    for (sql, told) in [
        (
            format!("SELECT 1{}", "+1".repeat(100_000)),
            "1000 is the most",
        ),
        (
            format!(
                "SELECT id FROM complaints WHERE id = ''{}",
                " OR id = 'x'".repeat(20_000)
            ),
            "1000 is the most",
        ),
        (
            format!("SELECT 1 FROM areas a{}", ", areas a".repeat(50_000)),
            "more than 1000 tables",
        ),
        (
            "SELECT sum(length(lpad(id, 1000000, 'y'))) FROM complaints".to_owned(),
            "lpad: it would make more than",
        ),
        (
            "SELECT sum(length(repeat(id, 1000000))) FROM complaints".to_owned(),
            "repeat: it would make more than",
        ),
    ] {
        let answer = ask(server, &sql);
        let status = answer.status().as_u16();
        let text = answer.text().unwrap();
        assert_eq!(status, 400, "{text}");
        assert!(text.contains(told), "{text}");
    }
    // And what is near the bound is answered.
    let rows = server.sql(&format!("SELECT 1{} AS n", "+1".repeat(900)));
    assert_eq!(rows[0]["n"], 901);
}

fn ask(server: &Server, sql: &str) -> reqwest::blocking::Response {
    let question = json!({ "sql": sql });
    server.post("/v1/sql").json(&question).send().unwrap()
}

/// Sends a question and leaves the connection open without reading.
fn send(server: &Server, sql: &str) -> TcpStream {
    let address = server.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let body = json!({ "sql": sql }).to_string();
    write!(
        stream,
        "POST /v1/sql HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream
}

/// Has the server not answered yet?
fn is_open(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut byte = [0];
    matches!(stream.read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
