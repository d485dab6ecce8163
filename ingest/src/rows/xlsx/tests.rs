use std::{
    io::{Cursor, Write as _},
    ops::ControlFlow,
};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::super::{Chunk, Format, Item, Shape, read_bytes};

/// A workbook of one sheet: the parts that a reader needs and nothing else. Style 1 is a date.
fn workbook(rows: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><sheets><sheet name=\"工单\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{RELATIONS}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{MAIN}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn text(cell: &str, text: &str) -> String {
    format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// The cells of a row, or the line and the rule of one that is refused.
type ReadRow = Result<Vec<String>, (u64, String)>;

fn read(bytes: &[u8], shape: &Shape) -> (Vec<Vec<String>>, Vec<ReadRow>) {
    let (mut headers, mut rows) = (Vec::new(), Vec::new());
    read_bytes(bytes, Format::Xlsx, shape, &mut |chunk: Chunk| {
        headers.push(chunk.columns.names().to_vec());
        for item in chunk.items {
            rows.push(match item {
                Item::Row(row) => Ok(row.cells.iter().map(str::to_owned).collect()),
                Item::Bad(bad) => Err((bad.line, bad.refusal.rule.to_string())),
            });
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    (headers, rows)
}

#[test]
fn a_sheet_becomes_rows_of_text() {
    let header = text("A1", "编号") + &text("B1", "时间") + &text("C1", "内容");
    let bytes = workbook(&format!(
        "<row r=\"1\">{header}</row><row r=\"2\"><c r=\"A2\"><v>101000295613</v></c><c r=\"B2\" s=\"1\"><v>45413.5</v></c>{}</row><row r=\"3\"></row><row r=\"5\">{}</row><row r=\"6\">{}{}</row>",
        text("C2", "噪声"),
        text("A5", "2"),
        text("A6", "3"),
        text("E6", "too far"),
    ));
    let (headers, rows) = read(&bytes, &Shape::default());
    assert_eq!(headers, [["编号", "时间", "内容"]]);
    let row = |cells: [&str; 3]| Ok(cells.map(str::to_owned).to_vec());
    assert_eq!(
        rows,
        [
            row(["101000295613", "2024-05-01T12:00:00", "噪声"]),
            row(["2", "", ""]),
            Err((6, "columns".to_owned())),
        ]
    );
}

#[test]
fn a_title_above_the_header_is_skipped_and_the_sheet_is_found_by_name() {
    let title = text("A1", "十二月工单");
    let rows = format!(
        "<row r=\"1\">{title}</row><row r=\"2\">{}</row><row r=\"3\">{}</row>",
        text("A2", "id"),
        text("A3", "7")
    );
    let shape = Shape {
        skip_rows: 1,
        sheet: Some("工单".to_owned()),
        ..Shape::default()
    };
    let (headers, rows) = read(&workbook(&rows), &shape);
    assert_eq!(
        (headers, rows),
        (vec![vec!["id".to_owned()]], vec![Ok(vec!["7".to_owned()])])
    );
}

#[test]
fn a_sheet_that_is_not_there_or_empty_is_told() {
    let other = Shape {
        sheet: Some("other".to_owned()),
        ..Shape::default()
    };
    for (bytes, shape) in [
        (workbook(""), Shape::default()),
        (workbook(&text("A1", "x")), other),
    ] {
        let read = read_bytes(&bytes, Format::Xlsx, &shape, &mut |_| {
            ControlFlow::Continue(())
        });
        assert!(
            matches!(read, Err(super::FileProblem::NoRows(_))),
            "{read:?}"
        );
    }
}

#[test]
fn a_workbook_that_unpacks_to_far_more_than_it_is_is_not_read() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let fast = SimpleFileOptions::default().compression_level(Some(1));
    zip.start_file("xl/sharedStrings.xml", fast).unwrap();
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..=(crate::rows::WHOLE_BYTES_MAX >> 20) {
        zip.write_all(&blanks).unwrap();
    }
    let bomb = zip.finish().unwrap().into_inner();
    assert!(bomb.len() < 4 << 20, "it is small when it is packed");
    let read = read_bytes(&bomb, Format::Xlsx, &Shape::default(), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(
        matches!(read, Err(super::FileProblem::Unpacked)),
        "{read:?}"
    );
}

#[test]
fn entities_of_a_sheet_that_stand_for_others_are_not_unfolded() {
    let rows = "<row r=\"1\">".to_owned()
        + &text("A1", "id")
        + "</row><row r=\"2\">"
        + &text("A2", "&b;")
        + "</row>";
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a \"{}\"><!ENTITY b \"{}\">]>",
        "a".repeat(1000),
        "&a;".repeat(1000)
    );
    for sheet in [rows.clone(), bomb + &rows] {
        let mut bytes = 0;
        // Whether it is read without them or not at all: nothing grows.
        let read = read_bytes(
            &workbook(&sheet),
            Format::Xlsx,
            &Shape::default(),
            &mut |chunk: Chunk| {
                for item in chunk.items {
                    if let Item::Row(row) = item {
                        bytes += row.cells.as_slice().len();
                    }
                }
                ControlFlow::Continue(())
            },
        );
        assert!(read.is_err() || bytes < 100, "{bytes}");
    }
}
