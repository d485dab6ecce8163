use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::*;

mod files;
mod json;
mod tables;

/// What was read, flat: each row as its cells by column name, or the rule that it breaks.
type Table = Vec<Read>;

#[derive(Debug, PartialEq)]
enum Read {
    Row(Vec<(String, String)>),
    Refused(String),
}

fn flat(chunks: &[Chunk]) -> Table {
    let mut table = Table::new();
    for chunk in chunks {
        for item in &chunk.items {
            table.push(match item {
                Item::Row(row) => {
                    let names = chunk.columns.names().iter().cloned();
                    let cells = row.cells.iter().map(str::to_owned);
                    Read::Row(
                        names
                            .zip(cells)
                            .filter(|(_, cell)| !cell.is_empty())
                            .collect(),
                    )
                }
                Item::Bad(bad) => Read::Refused(bad.refusal.rule.to_string()),
            });
        }
    }
    table
}

fn row<const N: usize>(cells: [(&str, &str); N]) -> Read {
    Read::Row(
        cells
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .into(),
    )
}

fn refused(rule: &str) -> Read {
    Read::Refused(rule.to_owned())
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

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400), which in 0..6_usize) {
        let format = [Format::Csv, Format::Tsv, Format::Ndjson, Format::Json, Format::Arrow, Format::Xlsx][which];
        drop(read(&bytes, format, &Shape::default()));
    }
}
