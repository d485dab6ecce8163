use rstest::rstest;

use super::*;

#[test]
fn json_lines_are_rows_and_other_lines_are_refused() {
    let lines =
        b"{\"id\":1,\"b\":true,\"n\":null}\n\nno json\n[1]\n{\"c\":0.5,\"id\":\"2\"}\n\xff\n";
    assert_eq!(
        table(lines, Format::Ndjson),
        [
            row([("id", "1"), ("b", "true")]),
            refused("json"),
            refused("json"),
            row([("id", "2"), ("c", "0.5")]),
            refused("encoding"),
        ]
    );
}

#[rstest]
#[case::array(r#"[{"id":1},{"id":2}]"#)]
#[case::member(r#"{"page":1,"requests":[{"id":1},{"id":2}],"more":[{"x":1}]}"#)]
#[case::member_after_others(r#"{"a":{"x":[1]},"names":["p","q"],"requests":[{"id":1},{"id":2}]}"#)]
fn the_rows_of_a_document_are_found(#[case] document: &str) {
    let expected = vec![row([("id", "1")]), row([("id", "2")])];
    assert_eq!(table(document.as_bytes(), Format::Json), expected);
    if document.contains("requests") {
        let named = Shape {
            records: Some("requests".into()),
            ..Shape::default()
        };
        assert_eq!(read(document.as_bytes(), Format::Json, &named).0, expected);
    }
}

#[test]
fn an_object_without_an_array_of_objects_is_one_row() {
    let document = br#"{"id":1,"tags":["a","b"],"at":{"x":1,"y":{"z":2}}}"#;
    let expected = row([
        ("id", "1"),
        ("tags", r#"["a","b"]"#),
        ("at.x", "1"),
        ("at.y.z", "2"),
    ]);
    assert_eq!(table(document, Format::Json), [expected]);
    let itself = Shape {
        records: Some(".".into()),
        whole: vec!["At".into()],
        ..Shape::default()
    };
    let document = br#"{"id":1,"media":[{"url":"u"}],"at":{"x":1}}"#;
    let expected = row([
        ("id", "1"),
        ("media", r#"[{"url":"u"}]"#),
        ("at", r#"{"x":1}"#),
    ]);
    assert_eq!(read(document, Format::Json, &itself).0, [expected]);
}

#[test]
fn of_a_member_that_occurs_twice_the_first_counts() {
    let document = br#"[{"d":"null","x":1,"d":"true"},{"d":"2010-11-17","d":"null"}]"#;
    let expected = [row([("d", "null"), ("x", "1")]), row([("d", "2010-11-17")])];
    assert_eq!(table(document, Format::Json), expected);
}

#[test]
fn rows_before_a_fault_in_json_are_kept() {
    let (table, read) = read(
        b"[{\"id\":1},\n{\"id\":2},\n{\"id\":]",
        Format::Json,
        &Shape::default(),
    );
    assert_eq!(table.len(), 2);
    let Err(problem) = read else {
        panic!("the document is cut off")
    };
    assert!(
        matches!(
            problem,
            FileProblem::Json {
                line: 3,
                rows: 2,
                ..
            }
        ),
        "{problem}"
    );
    assert!(!problem.to_string().contains('\n'));
}

#[rstest]
#[case::text("\"hello\"")]
#[case::number("5")]
#[case::named_array_missing(r#"{"other":[{"id":1}]}"#)]
fn a_document_without_rows_is_told(#[case] document: &str) {
    let shape = Shape {
        records: Some("requests".into()),
        ..Shape::default()
    };
    let (_, read) = read(document.as_bytes(), Format::Json, &shape);
    assert!(matches!(read, Err(FileProblem::NoRows(_))), "{read:?}");
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let deep = "[".repeat(100_000);
    let (_, read) = read(deep.as_bytes(), Format::Json, &Shape::default());
    assert!(matches!(read, Err(FileProblem::Json { .. })), "{read:?}");
}

#[test]
fn features_are_rows_with_the_position_of_their_point() {
    let collection = br#"{"type":"FeatureCollection","features":[
        {"type":"Feature","id":5,"properties":{"name":"a","lat":null},"geometry":{"type":"Point","coordinates":[116.5,39.9,10]}},
        {"type":"Feature","properties":{"id":"own"},"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}},
        {"type":"Feature","properties":{"name":"c"},"geometry":null}]}"#;
    assert_eq!(
        table(collection, Format::GeoJson),
        [
            row([
                ("name", "a"),
                ("lat", "39.9"),
                ("id", "5"),
                ("lon", "116.5")
            ]),
            row([("id", "own")]),
            row([("name", "c")]),
        ]
    );
}
