use citybrain_grid::geo::{LineString, MultiPolygon, Polygon};
use citybrain_grid::{AreaParts, CityParts, LevelParts, Parents, VersionParts};
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
    format.write(answer, &city(), &mut out).unwrap();
    out
}

/// One district, a square.
fn city() -> City {
    let corners = [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)];
    let square = Polygon::new(LineString::from(corners.to_vec()), Vec::new());
    City::try_new(CityParts {
        name: "Square".to_owned(),
        time_zone: "UTC".parse().unwrap(),
        base_resolution: h3o::Resolution::Eight,
        languages: vec!["en".to_owned()],
        levels: vec![LevelParts {
            level: citybrain_model::AreaLevel::District,
            names: std::collections::BTreeMap::new(),
            versions: vec![VersionParts {
                valid_from: None,
                parents: Parents::City,
                areas: vec![AreaParts {
                    id: "d1".to_owned(),
                    name: "D1".to_owned(),
                    names: std::collections::BTreeMap::new(),
                    parent: None,
                    population: None,
                    boundary: MultiPolygon::new(vec![square]),
                }],
            }],
        }],
    })
    .unwrap()
}

/// A position, a cell, an area, and nothing.
fn places() -> Answer {
    let numbers = |values: Vec<Option<f64>>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let columns: [(&str, ArrayRef); 4] = [
        ("lon", numbers(vec![Some(1.5), None, None, None])),
        ("lat", numbers(vec![Some(0.5), Some(0.5), None, None])),
        (
            "cell",
            Arc::new(UInt64Array::from(vec![Some(CELL), Some(CELL), None, None])),
        ),
        (
            "district",
            Arc::new(StringArray::from(vec![
                Some("d1"),
                Some("d1"),
                Some("d1"),
                Some("d9"),
            ])),
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

#[test]
fn geojson_gives_each_row_the_most_exact_place_that_it_says() {
    let text = written(Format::Geojson, &places());
    let found: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(found["type"], "FeatureCollection");
    let kinds: Vec<_> = (0..4)
        .map(|at| found["features"][at]["geometry"]["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            Some("Point"),
            Some("MultiPolygon"),
            Some("MultiPolygon"),
            None
        ]
    );
    let point = &found["features"][0]["geometry"]["coordinates"];
    assert_eq!(point, &serde_json::json!([1.5, 0.5]));
    assert_eq!(
        found["features"][1]["properties"]["cell"],
        format!("{CELL:x}")
    );
    let square = &found["features"][2]["geometry"]["coordinates"][0][0];
    assert_eq!(square.as_array().unwrap().len(), 5, "{square}");
}

#[test]
fn geoparquet_says_what_its_geometries_are_and_keeps_the_columns() {
    let answer = places();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), written(Format::Geoparquet, &answer)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.reopen().unwrap()).unwrap();
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let note = notes.unwrap().iter().find(|note| note.key == "geo");
    let geo: serde_json::Value =
        serde_json::from_str(note.unwrap().value.as_ref().unwrap()).unwrap();
    assert_eq!(geo["primary_column"], "geometry");
    let column = &geo["columns"]["geometry"];
    assert_eq!(
        column["geometry_types"],
        serde_json::json!(["MultiPolygon", "Point"])
    );
    assert!(column["bbox"][0].as_f64().unwrap() <= 0.0, "{geo}");
    let rows: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    assert_eq!(rows[0].num_columns(), 5);
    let places = rows[0].column(4).as_binary::<i32>();
    // Little-endian, a point, two numbers.
    let point = places.value(0);
    assert_eq!((point.len(), &point[..5]), (21, &[1, 1, 0, 0, 0][..]));
    assert_eq!(point[5..13], 1.5_f64.to_le_bytes());
    assert!(places.is_null(3) && places.value(2)[1] == 6);
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
