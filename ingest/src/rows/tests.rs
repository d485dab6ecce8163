use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, types::Int32Type,
};
use rstest::rstest;

use super::*;

/// What was read, flat: each row as its cells by column name, or the rule that it breaks.
type Table = Vec<Result<Vec<(String, String)>, String>>;

fn flat(chunks: &[Chunk]) -> Table {
    let mut table = Table::new();
    for chunk in chunks {
        for item in &chunk.items {
            table.push(match item {
                Item::Row(row) => {
                    let names = chunk.columns.names().iter().cloned();
                    let cells = row.cells.iter().map(str::to_owned);
                    Ok(names
                        .zip(cells)
                        .filter(|(_, cell)| !cell.is_empty())
                        .collect())
                }
                Item::Bad(bad) => Err(bad.refusal.rule.to_string()),
            });
        }
    }
    table
}

fn row<const N: usize>(cells: [(&str, &str); N]) -> Result<Vec<(String, String)>, String> {
    Ok(cells
        .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
        .into())
}

fn refused(rule: &str) -> Result<Vec<(String, String)>, String> {
    Err(rule.to_owned())
}

fn read(bytes: &[u8], format: Format, shape: &Shape) -> (Table, Result<(), FileProblem>) {
    let mut chunks = Vec::new();
    let read = read_bytes(bytes, format, shape, &mut |chunk| {
        chunks.push(chunk);
        ControlFlow::Continue(())
    });
    (flat(&chunks), read)
}

fn table(bytes: &[u8], format: Format) -> Table {
    let (table, read) = read(bytes, format, &Shape::default());
    read.unwrap();
    table
}

fn of_file(path: &Path) -> (Table, Result<(), FileError>) {
    let mut chunks = Vec::new();
    let read = read_file(path, &Shape::default(), &Arc::default(), &mut |chunk| {
        chunks.push(chunk);
        ControlFlow::Continue(())
    });
    (flat(&chunks), read)
}

fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

const CSV: &str = "id,name\n1,\"a, b\"\n\n2,\"line\nbreak\"\n3\n4,x,y\n5,z\n";

fn csv_rows() -> Table {
    vec![
        row([("id", "1"), ("name", "a, b")]),
        row([("id", "2"), ("name", "line\nbreak")]),
        refused("columns"),
        refused("columns"),
        row([("id", "5"), ("name", "z")]),
    ]
}

#[test]
fn a_ragged_row_is_refused_and_the_next_is_read() {
    assert_eq!(table(CSV.as_bytes(), Format::Csv), csv_rows());
}

#[test]
fn a_ragged_row_is_told_with_its_line() {
    let mut lines = Vec::new();
    read_bytes(
        CSV.as_bytes(),
        Format::Csv,
        &Shape::default(),
        &mut |chunk| {
            for item in chunk.items {
                if let Item::Bad(bad) = item {
                    lines.push((bad.index, bad.line, bad.refusal.message));
                }
            }
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    assert_eq!(
        lines,
        [
            (
                2,
                6,
                "line 6: the row has 1 cells, the header has 2".to_owned()
            ),
            (
                3,
                7,
                "line 7: the row has 3 cells, the header has 2".to_owned()
            ),
        ]
    );
}

#[test]
fn tabs_and_other_delimiters_separate_cells() {
    let expected = vec![row([("a", "1"), ("b", "x,y")])];
    assert_eq!(table(b"a\tb\n1\tx,y\n", Format::Tsv), expected);
    let shape = Shape {
        delimiter: Some(b';'),
        ..Shape::default()
    };
    assert_eq!(read(b"a;b\r\n1;x,y\r\n", Format::Csv, &shape).0, expected);
}

#[test]
fn a_file_may_lack_its_header_or_have_lines_before_it() {
    let expected = vec![row([("a", "1"), ("b", "2")])];
    let headless = Shape {
        header: vec!["a".into(), "b".into()],
        ..Shape::default()
    };
    assert_eq!(read(b"1,2\n", Format::Csv, &headless).0, expected);
    let titled = Shape {
        skip_rows: 2,
        ..Shape::default()
    };
    assert_eq!(
        read(b"Export\nof,some,day\na,b\n1,2\n", Format::Csv, &titled).0,
        expected
    );
}

#[test]
fn columns_are_found_by_letters_and_digits_alone() {
    let columns = Columns::header(
        [
            "Unique Key",
            "x_coordinate_(state_plane)",
            "PM2.5",
            "来电人电话/账号",
        ]
        .map(str::to_owned),
    );
    assert_eq!(columns.find("unique_key"), Some(0));
    assert_eq!(columns.find("X Coordinate (State Plane)"), Some(1));
    assert_eq!(columns.find("pm2.5"), Some(2));
    assert_eq!(columns.find("来电人电话／账号"), Some(3));
    assert_eq!(columns.find("key"), None);
    let twins = Columns::header(["A b", "a_b", "ab"].map(str::to_owned));
    assert_eq!(twins.find("a_b"), Some(1));
    assert_eq!(twins.find("A-B"), Some(0));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column() {
    assert_eq!(
        table(b"\xef\xbb\xbfid\n7\n", Format::Csv),
        [row([("id", "7")])]
    );
    let utf16: Vec<u8> = "\u{feff}id\n七\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(table(&utf16, Format::Csv), [row([("id", "七")])]);
    assert_eq!(
        table(b"\xef\xbb\xbf{\"id\":7}", Format::Json),
        [row([("id", "7")])]
    );
}

#[test]
fn bytes_that_are_no_text_refuse_their_row_and_name_the_column() {
    let bytes = b"id,name\n1,ok\n2,\xff\xfe\n3,ok\n";
    let (table, _) = read(bytes, Format::Csv, &Shape::default());
    assert_eq!(table[1], refused("encoding"));
    assert_eq!(table[2], row([("id", "3"), ("name", "ok")]));
    read_bytes(bytes, Format::Csv, &Shape::default(), &mut |chunk| {
        let Item::Bad(bad) = &chunk.items[1] else {
            panic!("row 1 is bad")
        };
        assert_eq!((bad.line, bad.refusal.field.as_ref()), (3, "name"));
        ControlFlow::Continue(())
    })
    .unwrap();
    let replace = Shape {
        replace_invalid: true,
        ..Shape::default()
    };
    assert_eq!(
        read(bytes, Format::Csv, &replace).0[1],
        row([("id", "2"), ("name", "\u{fffd}\u{fffd}")])
    );
}

#[test]
fn text_valid_only_across_a_cell_border_is_refused() {
    // 中 is e4 b8 ad: its bytes in two cells are no text in either.
    let bytes = b"a,b\n\xe4,\xb8\xad\n";
    assert_eq!(table(bytes, Format::Csv), [refused("encoding")]);
}

#[test]
fn gb18030_is_read_where_it_is_named_and_utf8_does_not_fit() {
    let shape = |labels: &[&str]| Shape {
        encodings: labels
            .iter()
            .map(|label| Encoding::try_from((*label).to_owned()).unwrap())
            .collect(),
        ..Shape::default()
    };
    let text = "编号,内容\n1,噪声\n";
    let (gb18030, _, _) = encoding_rs::GB18030.encode(text);
    let expected = vec![row([("编号", "1"), ("内容", "噪声")])];
    for (bytes, labels) in [
        (gb18030.as_ref(), &["gb18030"][..]),
        (gb18030.as_ref(), &["utf-8", "gb18030"]),
        (text.as_bytes(), &["utf-8", "gb18030"]),
    ] {
        assert_eq!(
            read(bytes, Format::Csv, &shape(labels)).0,
            expected,
            "{labels:?}"
        );
    }
    let (_, wrong) = read(&gb18030, Format::Csv, &Shape::default());
    assert!(matches!(wrong, Err(FileProblem::Header(_))), "{wrong:?}");
    let mut broken = gb18030.to_vec();
    broken.extend(b"2,\xff\n3,x\n");
    let (table, _) = read(&broken, Format::Csv, &shape(&["gb18030"]));
    assert_eq!(
        table[1..],
        [refused("encoding"), row([("编号", "3"), ("内容", "x")])]
    );
}

#[test]
fn an_unclosed_quote_does_not_swallow_the_file() {
    let row_bytes = usize::try_from(ROW_BYTES_MAX).unwrap();
    let mut bytes = b"id,name\n1,a\n2,\"".to_vec();
    bytes.extend(std::iter::repeat_n(b"x\n", row_bytes).flatten());
    let (table, read) = read(&bytes, Format::Csv, &Shape::default());
    assert_eq!(table, []);
    assert!(
        matches!(read, Err(FileProblem::RowTooLong { row: 1, line: 3 })),
        "{read:?}"
    );
}

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

fn batch() -> RecordBatch {
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(Int64Array::from(vec![101_000_295_613, 2]))),
        (
            "zip",
            Arc::new(Float64Array::from(vec![Some(2121.0), None])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("噪声"), Some("")])),
        ),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![1_314_000_000_000_000, 0])
                    .with_timezone("UTC"),
            ),
        ),
        (
            "tags",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
                Some(vec![Some(1), Some(2)]),
                None,
            ])),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn batch_rows() -> Table {
    vec![
        row([
            ("id", "101000295613"),
            ("zip", "2121.0"),
            ("text", "噪声"),
            ("at", "2011-08-22T08:00:00Z"),
            ("tags", "1;2"),
        ]),
        row([("id", "2"), ("at", "1970-01-01T00:00:00Z")]),
    ]
}

fn arrow_stream() -> Vec<u8> {
    let mut writer =
        arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn arrow_and_parquet_become_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    let arrow_file = writer.into_inner().unwrap();
    let mut parquet = Vec::new();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut parquet, batch().schema(), None).unwrap();
    writer.write(&batch()).unwrap();
    writer.close().unwrap();
    for (name, bytes) in [
        ("stream.arrow", &arrow_stream()),
        ("file.arrow", &arrow_file),
        ("table.parquet", &parquet),
        (
            "table.parquet.zst",
            &zstd::encode_all(&parquet[..], 1).unwrap(),
        ),
        (
            "file.feather.zst",
            &zstd::encode_all(&arrow_file[..], 1).unwrap(),
        ),
    ] {
        let (table, read) = of_file(&file(&folder, name, bytes));
        read.unwrap();
        assert_eq!(table, batch_rows(), "{name}");
    }
    assert_eq!(table(&arrow_stream(), Format::Arrow), batch_rows());
    for name in ["bad.parquet", "bad.arrow", "bad.xlsx"] {
        let (_, read) = of_file(&file(&folder, name, &parquet[..parquet.len() / 2]));
        let problem = read.unwrap_err();
        assert!(
            matches!(problem.problem, FileProblem::Table { .. }),
            "{problem}"
        );
    }
}

#[test]
fn packed_files_are_read_whatever_their_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(CSV.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(CSV.as_bytes(), 1).unwrap();
    for (name, bytes) in [
        ("a.csv", CSV.as_bytes()),
        ("a.csv.gz", &gzip),
        ("a.csv.zst", &zstd),
        ("unmarked.csv", &zstd),
        ("twice.csv.gz", &[&gzip[..], &gzip[..0]].concat()),
    ] {
        let (table, read) = of_file(&file(&folder, name, bytes));
        read.unwrap();
        assert_eq!(table, csv_rows(), "{name}");
    }
}

#[test]
fn the_members_of_a_gzip_and_the_frames_of_a_zstd_are_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let packed = |text: &str| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    let gzip = [packed("id\n1\n"), packed("2\n")].concat();
    let frame = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let zstd = [frame("id\n1\n"), frame("2\n")].concat();
    for (name, bytes) in [("a.csv.gz", gzip), ("a.csv.zst", zstd)] {
        let (table, _) = of_file(&file(&folder, name, &bytes));
        assert_eq!(table, [row([("id", "1")]), row([("id", "2")])], "{name}");
    }
}

#[test]
fn a_truncated_packed_file_gives_its_rows_and_then_an_error() {
    let folder = tempfile::tempdir().unwrap();
    // Random digits: packed data that are cut in half still hold many rows.
    let mut text = "id,number\n".to_owned();
    let mut number = 1_u64;
    for id in 0..50_000 {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text += &format!("{id},{number}\n");
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let packed = [
        ("a.csv.gz", gzip.finish().unwrap()),
        ("a.csv.zst", zstd::encode_all(text.as_bytes(), 1).unwrap()),
    ];
    for (name, bytes) in packed {
        let path = file(&folder, name, &bytes[..bytes.len() / 2]);
        let (table, read) = of_file(&path);
        assert!(
            (1_000..50_000).contains(&table.len()),
            "{name}: {} rows",
            table.len()
        );
        let message = read.unwrap_err().to_string();
        assert!(
            message.starts_with(path.to_str().unwrap()) && message.contains("cut off"),
            "{message}"
        );
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = file(&folder, "a.doc", b"x");
    let empty = file(&folder, "a.csv", b"");
    let packed_nothing = file(
        &folder,
        "b.csv.zst",
        &zstd::encode_all(&b""[..], 1).unwrap(),
    );
    let missing = folder.path().join("missing.csv");
    for (path, expected) in [
        (missing.as_path(), "no such file"),
        (folder.path(), "is a directory, not a file"),
        (&empty, "is empty"),
        (&packed_nothing, "is empty"),
        (&unknown, "unknown format: the name must end in csv, tsv"),
    ] {
        let (_, read) = of_file(path);
        let message = read.unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("{}: {expected}", path.display())),
            "{message}"
        );
    }
}

#[test]
fn reading_stops_when_no_more_is_wanted() {
    let rows: String = (0..10_000).map(|id| format!("{id}\n")).collect();
    let csv = format!("id\n{rows}");
    let ndjson: String = (0..10_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let json = format!("[{}]", ndjson.trim().replace('\n', ","));
    for (bytes, format) in [
        (csv, Format::Csv),
        (ndjson, Format::Ndjson),
        (json, Format::Json),
    ] {
        let mut chunks = 0;
        read_bytes(bytes.as_bytes(), format, &Shape::default(), &mut |_| {
            chunks += 1;
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!(chunks, 1, "{format:?}");
    }
}

#[test]
fn the_bytes_taken_from_the_file_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let packed = zstd::encode_all(CSV.as_bytes(), 1).unwrap();
    for (name, bytes) in [("a.csv", CSV.as_bytes()), ("a.csv.zst", &packed)] {
        let path = file(&folder, name, bytes);
        let counted = Arc::default();
        read_file(&path, &Shape::default(), &counted, &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(
            counted.load(Ordering::Relaxed),
            bytes.len() as u64,
            "{name}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400), which in 0..6_usize) {
        let format = [Format::Csv, Format::Tsv, Format::Ndjson, Format::Json, Format::Arrow, Format::Xlsx][which];
        let _ = read(&bytes, format, &Shape::default());
    }
}
