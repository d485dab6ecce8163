use std::io::Write;

use super::*;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn without_a_file_every_setting_has_its_default() {
    assert_eq!(Config::read(None).unwrap(), Config::default());
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    let file = file("listen = \"127.0.0.1:9\"\nquery_rows = 7\n");
    let expected = Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)),
        query_rows: 7,
        ..Config::default()
    };
    assert_eq!(Config::read(Some(file.path())).unwrap(), expected);
}

#[test]
fn an_unknown_name_is_refused_by_name() {
    let file = file("query_row = 7\n");
    let error = Config::read(Some(file.path())).unwrap_err().to_string();
    assert!(error.contains("query_row"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let error = Config::read(Some(Path::new("no/such.toml"))).unwrap_err();
    assert_eq!(error.to_string(), "no/such.toml: no such file");
}

#[test]
fn every_setting_can_come_from_the_environment() {
    let settings = serde_json::to_value(Config::default()).unwrap();
    let names: Vec<&str> = settings
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, NAMES);
}

#[test]
fn a_role_may_have_limits_of_its_own() {
    let file = file("query_rows = 7\n[role_limits.planner]\nquery_rows = 3\nquery_seconds = 2\n");
    let config = Config::read(Some(file.path())).unwrap();
    let of = |role| config.role_limits.of(role).map(|limits| limits.query_rows);
    assert_eq!(of(Role::Planner), Some(Some(3)));
    assert_eq!(of(Role::Admin), Some(None));
    assert_eq!(of(Role::Public), None);
    let unknown = self::file("[role_limits.mayor]\nquery_rows = 3\n");
    assert!(Config::read(Some(unknown.path())).is_err());
}
