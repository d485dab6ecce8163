use super::*;

#[test]
fn values_in_a_list_are_many_and_operators_are_few() {
    let list: Vec<String> = (0..50_000).map(|number| format!("-{number}.5")).collect();
    check_size(&format!(
        "SELECT * FROM complaints WHERE lon IN ({})",
        list.join(", ")
    ))
    .unwrap();
    let chain = vec!["id = 'a'"; 300].join(" OR ");
    check_size(&format!("SELECT * FROM complaints WHERE {chain}")).unwrap();
    for (first, next) in [
        ("1", "+1"),
        ("1", " - 1"),
        ("true", " OR true"),
        ("'a'", "||'a'"),
        ("1", "::int"),
        ("a", "[1]"),
        ("SELECT 1", " UNION SELECT 1"),
    ] {
        let sql = format!("SELECT {first}{}", next.repeat(1_500));
        let error = check_size(&sql).unwrap_err().to_string();
        assert!(error.contains("1000 is the most"), "{error}");
    }
}
