use datafusion::arrow::array::{
    ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

const CELL: u64 = 0x0893_1aa0_c2db_ffff;

fn answer() -> Answer {
    let columns: [(&str, ArrayRef); 4] = [
        (
            "cell",
            Arc::new(UInt64Array::from(vec![Some(CELL), Some(7), None])),
        ),
        (
            "word",
            Arc::new(StringArray::from(vec![Some("a, \"b\""), None, Some("")])),
        ),
        (
            "value",
            Arc::new(Float64Array::from(vec![Some(0.1), Some(f64::NAN), None])),
        ),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(0), None, None]).with_timezone("UTC"),
            ),
        ),
    ];
    let rows = RecordBatch::try_from_iter_with_nullable(
        columns.map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    Answer {
        schema: rows.schema(),
        batches: vec![rows],
        truncated: false,
        parameters: Vec::new(),
    }
}

fn written(format: Format, answer: &Answer) -> Vec<u8> {
    let mut out = Vec::new();
    format.write(answer, &mut out).unwrap();
    out
}

#[test]
fn json_has_cells_as_hex_text_and_other_numbers_as_numbers() {
    let rows: serde_json::Value =
        serde_json::from_slice(&written(Format::Json, &answer())).unwrap();
    let expected = serde_json::json!([
        {"cell": format!("{CELL:x}"), "word": "a, \"b\"", "value": 0.1, "at": "1970-01-01T00:00:00Z"},
        {"cell": 7, "word": null, "value": null, "at": null},
        {"cell": null, "word": "", "value": null, "at": null},
    ]);
    assert_eq!(rows, expected);
}

#[test]
fn json_of_no_rows_is_an_empty_array() {
    let empty = Answer {
        batches: Vec::new(),
        ..answer()
    };
    assert_eq!(written(Format::Json, &empty), b"[]\n");
}

#[test]
fn csv_has_a_header_and_quotes_what_needs_it() {
    let text = String::from_utf8(written(Format::Csv, &answer())).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "cell,word,value,at");
    assert_eq!(
        lines[1],
        format!("{CELL},\"a, \"\"b\"\"\",0.1,1970-01-01T00:00:00Z")
    );
    assert_eq!(lines[3], ",,,");
    assert_eq!(lines.len(), 4);
}

#[test]
fn arrow_and_parquet_read_back_as_the_same_rows() {
    let answer = answer();
    let arrow = written(Format::Arrow, &answer);
    let read: Vec<_> = StreamReader::try_new(arrow.as_slice(), None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    // A NaN is not equal to itself, so the texts are compared.
    assert_eq!(format!("{read:?}"), format!("{:?}", answer.batches));

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), written(Format::Parquet, &answer)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.reopen().unwrap())
        .unwrap()
        .build()
        .unwrap();
    let read: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(
        written(
            Format::Csv,
            &Answer {
                batches: read,
                ..answer.clone()
            }
        ),
        written(Format::Csv, &answer)
    );
}

#[test]
fn a_table_shows_its_columns_even_without_rows() {
    let empty = Answer {
        batches: Vec::new(),
        ..answer()
    };
    assert!(
        String::from_utf8(written(Format::Table, &empty))
            .unwrap()
            .contains("cell")
    );
}
