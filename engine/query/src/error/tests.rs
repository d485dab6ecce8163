use crate::fixture::Fixture;
use crate::{Limits, QueryError, Session};

fn refused(sql: &str) -> QueryError {
    let fixture = Fixture::shared();
    fixture.wait(fixture.session().sql(sql, &[])).unwrap_err()
}

#[test]
fn mistakes_are_told_in_one_clear_line() {
    for (sql, told) in [
        (
            "SELEC 1",
            "the SQL cannot be read: Expected: an SQL statement, found: SELEC at Line: 1, Column: 1",
        ),
        (
            "SELECT categorie FROM complaints",
            "there is no column \"categorie\"; there is category",
        ),
        (
            "SELECT * FROM complaint",
            "there is no table \"complaint\"; there is complaint_events, complaints",
        ),
        (
            "SELECT h3_cell_to_parent(5, 3)",
            "h3_cell_to_parent: 5 is not an H3 cell",
        ),
        (
            "SELECT h3_latlng_to_cell(116.4, 39.9, 9)",
            "h3_latlng_to_cell: latitude 116.4 is not between -90 and 90 degrees",
        ),
        (
            "DROP TABLE complaints",
            "only queries are allowed: DDL not supported: DropTable",
        ),
        ("SELECT 1/0", "division by zero"),
    ] {
        let error = refused(sql);
        assert_eq!(
            error.to_string().to_lowercase(),
            told.to_lowercase(),
            "{sql}"
        );
        assert!(error.is_mistake(), "{sql}");
    }
}

#[test]
fn nothing_but_reading_is_allowed() {
    for sql in [
        "INSERT INTO complaints SELECT * FROM complaints",
        "DELETE FROM complaints",
        "UPDATE complaints SET status = 'closed'",
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'x'",
        "COPY complaints TO 'out.parquet'",
        "SET datafusion.execution.batch_size = 1",
        "DROP TABLE complaints",
    ] {
        let error = refused(sql);
        assert!(
            matches!(error, QueryError::Forbidden(_) | QueryError::Invalid(_)),
            "{sql}: {error:?}"
        );
    }
    for sql in [
        "SELECT * FROM 'out.parquet'",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_csv('x')",
    ] {
        assert!(refused(sql).is_mistake(), "{sql}");
    }
}

#[test]
fn limits_are_kept() {
    let fixture = Fixture::shared();
    let ask = |limits: Limits, sql: &str| {
        fixture.wait(Session::new(std::sync::Arc::clone(&fixture.snapshot), limits).sql(sql, &[]))
    };
    let slow = "SELECT count(*) FROM complaints a, complaints b, complaints c, complaints d WHERE a.lon < b.lon + c.lon + d.lon";
    let limits = Limits {
        timeout: std::time::Duration::from_millis(200),
        ..Limits::default()
    };
    assert!(matches!(ask(limits, slow), Err(QueryError::Timeout(_))));
    let limits = Limits {
        memory_bytes: 50_000,
        ..Limits::default()
    };
    let large = "SELECT * FROM complaints ORDER BY text, id, category";
    assert!(matches!(
        ask(limits, large),
        Err(QueryError::Memory { bytes: 50_000 })
    ));
    let limits = Limits {
        rows: 10,
        ..Limits::default()
    };
    let cut = ask(limits.clone(), "SELECT id FROM complaints").unwrap();
    assert_eq!((cut.rows(), cut.truncated), (10, true));
    let whole = ask(limits, "SELECT id FROM complaints LIMIT 10").unwrap();
    assert_eq!((whole.rows(), whole.truncated), (10, false));
}
