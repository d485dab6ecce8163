use arrow_array::{
    ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, types::Int32Type,
};

use super::*;

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

proptest::proptest! {
    #[test]
    fn a_damaged_arrow_stream_is_read_without_a_panic(changes in proptest::collection::vec((proptest::num::usize::ANY, proptest::num::u8::ANY), 1..6), length in 0..4_000_usize) {
        let mut stream = arrow_stream();
        for (at, byte) in changes {
            let at = at % stream.len();
            stream[at] = byte;
        }
        stream.truncate(length);
        drop(read(&stream, Format::Arrow, &Shape::default()));
    }
}
