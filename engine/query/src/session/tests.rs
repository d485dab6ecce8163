use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::Fixture;
use crate::{Held, Limits, Session};

#[test]
fn parameters_stand_for_values_in_order() {
    let fixture = Fixture::shared();
    let sql = "SELECT count(*) AS n FROM complaints WHERE status = $1 AND requested_at >= $2 AND lon > $3";
    let params = [json!("open"), json!("2024-06-01T00:00:00Z"), json!(-74.0)];
    let answer = fixture.wait(fixture.session().sql(sql, &params)).unwrap();
    let from: chrono::DateTime<chrono::Utc> = "2024-06-01T00:00:00Z".parse().unwrap();
    let expected = fixture
        .truth
        .iter()
        .map(|truth| &truth.complaint)
        .filter(|complaint| {
            complaint.status.as_deref() == Some("open")
                && complaint.requested_at >= from
                && complaint.position.is_some_and(|at| at.lon() > -74.0)
        });
    let counted =
        datafusion::arrow::util::display::array_value_to_string(answer.batches[0].column(0), 0)
            .unwrap();
    assert_eq!(counted, expected.count().to_string());
}

#[test]
fn a_missing_or_structured_parameter_is_refused() {
    let fixture = Fixture::shared();
    let ask = |params: &[serde_json::Value]| {
        fixture
            .wait(fixture.session().sql("SELECT $1", params))
            .unwrap_err()
    };
    assert!(ask(&[]).is_mistake());
    assert_eq!(
        ask(&[json!([1])]).to_string(),
        "$1: a value must be null, true, false, a number or a text"
    );
}

#[test]
fn the_tables_are_those_of_the_public_face() {
    let fixture = Fixture::shared();
    for table in crate::tables::Tables::names() {
        let answer = fixture
            .wait(
                fixture
                    .session()
                    .sql(&format!("SELECT * FROM {table}"), &[]),
            )
            .unwrap();
        assert!(!answer.schema.fields().is_empty(), "{table}");
        for field in answer.schema.fields() {
            assert!(
                !["row_id", "supersedes", "month"].contains(&field.name().as_str()),
                "{table} shows {}",
                field.name()
            );
        }
    }
}

/// Work that only the sign to stop can end: the thread is not given back, and nothing comes of it.
#[test]
fn work_ends_when_nobody_waits_for_it_any_more() {
    for endless in [
        "SELECT count(*) FROM generate_series(1, 10000000) AS a(x), generate_series(1, 10000000) AS b(y) WHERE a.x + b.y = -1",
        "SELECT count(*) FROM generate_series(1, 10000000) AS a(x) JOIN (SELECT 1 AS one, y FROM generate_series(1, 1000000) AS b(y)) AS b \
         ON a.x % 1 + 1 = b.one AND a.x + b.y = -1",
        "SELECT * FROM clusters((SELECT district, requested_at, 1000 AS count FROM complaints), span => 'retrospective', maximum_share => 1.0, \
         replicates => 99999, step => 'day')",
    ] {
        let fixture = Fixture::shared();
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let limits = Limits {
            timeout: Duration::from_millis(500),
            ..Limits::default()
        };
        let place: Held = Arc::new(());
        let session = Session::new(Arc::clone(&fixture.snapshot), limits)
            .on(threads.handle().clone())
            .holding(Arc::clone(&place));
        let rows = fixture.wait(async { session.sql_stream(endless, &[]).await?.collect().await });
        let error = rows.unwrap_err();
        assert!(
            matches!(error, crate::QueryError::Timeout(_)),
            "{endless}: {error}"
        );
        drop(session);
        let start = Instant::now();
        while Arc::strong_count(&place) > 1 {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "it goes on: {endless}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        threads.shutdown_background();
    }
}

/// Text and lists that fill a machine, plans too deep for a stack: each is refused in one line, or answered.
#[test]
fn a_few_words_fill_no_memory_and_no_stack() {
    let fixture = Fixture::shared();
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_stack_size(64 << 20)
        .enable_all()
        .build()
        .unwrap();
    let ask = |sql: &str| {
        let session = fixture.session().on(threads.handle().clone());
        fixture.wait(session.sql(sql, &[]))
    };
    for sql in [
        "SELECT length(repeat('x', 2000000000))",
        "SELECT sum(length(repeat(id, 1000000))) FROM complaints",
        "SELECT sum(length(lpad(id, 1000000, 'y'))) FROM complaints",
        "SELECT sum(length(rpad(id, 1000000))) FROM complaints",
        "SELECT cardinality(array_repeat(1, 100000000))",
        "SELECT cardinality(list_repeat(id, 100000000)) FROM complaints",
        "SELECT cardinality(array_resize([1], 100000000, 0))",
        "SELECT cardinality(range(0, 1000000000))",
        "SELECT cardinality(range(1000000000))",
        "SELECT cardinality(generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2026-01-01', INTERVAL '1' SECOND))",
        "SELECT count(*) FROM (SELECT unnest(range(0, length(id) * 10000)) FROM complaints)",
    ] {
        let error = ask(sql).unwrap_err();
        assert!(error.is_mistake(), "{sql}: {error}");
        assert!(error.to_string().contains("at once"), "{sql}: {error}");
    }
    for sql in [
        "SELECT count(*) FROM (SELECT unnest(range(0, 100000)) FROM complaints)",
        "SELECT h3_grid_disk(h3_latlng_to_cell(40.7, -74, 10), 1000) FROM complaints",
        "SELECT repeat('x', 100000) || id FROM complaints",
    ] {
        let error = ask(sql).unwrap_err().to_string();
        assert!(error.contains("every row would repeat"), "{sql}: {error}");
    }
    for sql in [
        "SELECT count(*) FROM (SELECT unnest(h3_grid_disk(h3_latlng_to_cell(40.7, -74, 10), 100)) AS cell)",
        "SELECT length(repeat('x', 100000))",
        "SELECT repeat('ab', 3)",
        "SELECT lpad(id, 12, '0') FROM complaints",
        "SELECT range(1, 10, 3)",
        "SELECT generate_series(DATE '2026-01-01', DATE '2026-12-31', INTERVAL '1' MONTH)",
        "SELECT array_repeat(1, 5)",
    ] {
        ask(sql).unwrap();
    }
    let deep = [
        format!("SELECT 1{}", "+1".repeat(900)),
        format!("SELECT 'a'{}", "||'a'".repeat(900)),
        format!(
            "SELECT count(*) FROM complaints WHERE id = 'a'{}",
            " OR id = 'b'".repeat(400)
        ),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(300)),
        format!("SELECT 1{}", "+1".repeat(100_000)),
        format!("SELECT 1 FROM areas a{}", ", areas a".repeat(20_000)),
        format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("SELECT {}1", "- ".repeat(20_000)),
        format!("SELECT {}true", "NOT ".repeat(20_000)),
        format!("SELECT {}1{}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("{}SELECT 1", "EXPLAIN ".repeat(20_000)),
        format!("{}SELECT 1", "EXPLAIN ".repeat(900)),
        format!(
            "SELECT * FROM hotspots('SELECT cell FROM complaints WHERE 1 = 1{}')",
            " OR 1 = 2".repeat(20_000)
        ),
    ];
    for sql in deep {
        // An answer or a sentence; that the process goes on is what is tested.
        println!("{}", sql.chars().take(60).collect::<String>());
        if let Err(error) = ask(&sql) {
            assert!(error.is_mistake(), "{error}");
        }
    }
}
