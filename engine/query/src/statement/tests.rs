use super::*;

#[test]
fn the_shown_text_has_the_values_written_out() {
    let at = "2026-01-31T00:00:00Z".parse().unwrap();
    let statement = Statement::new("SELECT $a, $ab FROM t WHERE :filter AND x < $n\n")
        .with("filter", "y = $text AND z >= $at")
        .bind("a", 1_i64)
        .bind("ab", 2.0_f64)
        .bind("n", 7_u64)
        .bind("text", "it's $a")
        .bind("at", instant(at));
    assert_eq!(
        statement.text(),
        "SELECT $a, $ab FROM t WHERE y = $text AND z >= $at AND x < $n"
    );
    assert_eq!(
        statement.shown(),
        "SELECT 1, 2.0 FROM t WHERE y = 'it''s $a' AND z >= '2026-01-31T00:00:00Z' AND x < 7"
    );
}
