//! Table functions over the shared history.

use crate::Answer;
use crate::fixture::Fixture;

fn ask(sql: &str) -> Answer {
    let fixture = Fixture::shared();
    fixture.wait(fixture.session().sql(sql, &[])).unwrap()
}

fn number(sql: &str) -> f64 {
    let answer = ask(sql);
    let column = answer.batches[0].column(0);
    datafusion::arrow::util::display::array_value_to_string(column, 0)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn hotspots_of_chosen_records_compare_their_share() {
    const FUNCTION: &str =
        "hotspots((SELECT cell, status = 'open' AS chosen FROM complaints), resolution => 8)";
    let answer = ask(&format!("SELECT * FROM {FUNCTION}"));
    assert_eq!(answer.parameters[0]["measure"], "share");
    assert_eq!(answer.parameters[0]["statistic"], "binomial");
    let outside = answer.parameters[0]["outside"].as_f64().unwrap();
    let cells = number("SELECT count(*) FROM complaints WHERE cell IS NOT NULL");
    let records = number(&format!("SELECT sum(records) FROM {FUNCTION}"));
    assert!(
        (records + outside - cells).abs() < 1e-9,
        "{records} + {outside} of {cells}"
    );
    // A fifth of a share is a fifth of its records.
    let open = number("SELECT count(*) FROM complaints WHERE cell IS NOT NULL AND status = 'open'");
    let chosen = number(&format!(
        "SELECT sum(value * records) FROM {FUNCTION} WHERE records > 0"
    ));
    assert!(chosen > 0.0 && (open - chosen) >= -1e-6 && open - chosen <= outside + 1e-6);
    // Status does not depend on the place in this history.
    assert!(number(&format!("SELECT count(*) FROM {FUNCTION} WHERE abs(z) > 6")) < 1.0);
}

#[test]
fn a_share_without_chosen_records_is_refused_by_name() {
    let fixture = Fixture::shared();
    let sql = "SELECT * FROM hotspots((SELECT cell FROM complaints), measure => 'share')";
    let error = fixture.wait(fixture.session().sql(sql, &[])).unwrap_err();
    assert!(error.to_string().contains("chosen"), "{error}");
}

#[test]
fn corrected_alarms_of_bursts_are_raw_ones_with_a_small_q() {
    let alarms = |arguments: &str, condition: &str| {
        number(&format!(
            "SELECT count(*) FROM bursts((SELECT district, category, requested_at FROM complaints), minimum_count => 1{arguments}) WHERE {condition}"
        ))
    };
    let (raw, corrected) = (
        alarms(", correction => 'raw'", "alarm"),
        alarms("", "alarm"),
    );
    assert!(raw > 0.0 && corrected <= raw, "{corrected} of {raw}");
    assert!(alarms("", "q > 0.05 OR q IS NULL") < 1.0);
    assert!((alarms(", correction => 'raw'", "alarm AND q <= 0.05") - corrected).abs() < 0.5);
}
