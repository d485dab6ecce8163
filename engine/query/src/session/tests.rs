use serde_json::json;

use crate::fixture::Fixture;

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
