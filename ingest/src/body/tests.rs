use arrow_array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int64Array, LargeStringArray,
    RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    types::Int32Type,
};
use citybrain_model::{Complaint, ComplaintEvent};
use citybrain_store::Batch;
use rstest::rstest;

use super::*;
use crate::import::tests::context;

fn decode(profile: &str, body: &str, format: Format) -> Result<Decoded, BodyError> {
    decode_body(
        body.as_bytes(),
        format,
        &Profile::load(profile).unwrap(),
        &context(),
    )
}

fn complaints(body: &str) -> (Vec<Complaint>, Vec<Rejected>) {
    let decoded = decode("http", body, Format::Json).unwrap();
    let Batch::Complaints(records) = decoded.batch else {
        panic!("complaints are expected")
    };
    (
        records,
        decoded.refused.iter().map(Rejected::from).collect(),
    )
}

fn events(body: &str, format: Format) -> (Vec<ComplaintEvent>, Vec<Rejected>) {
    let decoded = decode("http-events", body, format).unwrap();
    let Batch::Events(records) = decoded.batch else {
        panic!("events are expected")
    };
    (
        records,
        decoded.refused.iter().map(Rejected::from).collect(),
    )
}

#[test]
fn an_object_is_one_row_and_an_array_one_for_each_element() {
    let object = r#"{"id":"1","requested_at":"2026-11-23T17:04:00+08:00","lon":116.5,"lat":"39.9","category":"a->b","media":[{"url":"u"}]}"#;
    let (records, rejected) = complaints(object);
    assert_eq!(rejected, []);
    let [record] = &records[..] else {
        panic!("one record")
    };
    assert_eq!(
        (record.source.as_str(), record.category.as_deref()),
        ("http", Some("b"))
    );
    assert_eq!(
        record.requested_at.to_rfc3339(),
        "2026-11-23T09:04:00+00:00"
    );
    assert!(record.position.is_some());
    let (records, _) = complaints(&format!("[{object},{object}]"));
    assert_eq!(records.len(), 2);
    assert_eq!(complaints("[]").0.len(), 0);
}

#[test]
fn each_wrong_row_is_answered_with_its_index_field_and_rule() {
    let body = r#"[{"id":"1","requested_at":"2026-11-23T17:04:00Z"},
        {"requested_at":"2026-11-23T17:04:00Z"},
        {"id":"3","requested_at":"2026-11-23 17:04:00"},
        {"id":"4","requested_at":"soon"},
        {"id":"5","requested_at":"2026-11-23T17:04:00Z","lon":500,"lat":1},
        {"id":"6","requested_at":"2026-11-23T17:04:00Z","lon":[1],"lat":1},
        {"id":"7","requested_at":"2026-11-23T17:04:00Z","contacted":"perhaps"},
        5]"#;
    let (records, rejected) = complaints(body);
    assert_eq!(records.len(), 1);
    let told: Vec<_> = rejected
        .iter()
        .map(|row| (row.index, row.field.as_str(), row.rule.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (1, "id", "required"),
            (2, "requested_at", "zone"),
            (3, "requested_at", "time"),
            (4, "lon", "range"),
            (5, "lon", "number"),
            (6, "contacted", "boolean"),
            (7, "row", "json"),
        ]
    );
    let printed = serde_json::to_value(&rejected[0]).unwrap();
    assert_eq!(
        printed,
        serde_json::json!({"index":1,"field":"id","rule":"required","message":"the field is required"})
    );
}

#[test]
fn the_caller_is_not_kept_and_the_text_is_masked() {
    let row = r#""requested_at":"2026-11-23T17:04:00Z","caller":{"name":"张三","phone":"13812345678"},"text":"打 13812345678 或 a@b.org""#;
    let decoded = decode(
        "http",
        &format!("[{{\"id\":\"1\",{row}}},{{{row}}}]"),
        Format::Json,
    )
    .unwrap();
    let told = format!("{decoded:?}");
    assert!(
        !told.contains("张三") && !told.contains("13812345678") && !told.contains("a@b.org"),
        "{told}"
    );
    assert!(told.contains("打 *** 或 ***"), "{told}");
    assert_eq!((decoded.batch.len(), decoded.refused.len()), (1, 1));
}

#[test]
fn members_that_nobody_knows_are_left_out_and_named() {
    let body = r#"{"id":"1","requested_at":"2026-11-23T17:04:00Z","colour":"red","a":{"b":1}}"#;
    let decoded = decode("http", body, Format::Json).unwrap();
    assert_eq!(decoded.batch.len(), 1);
    assert_eq!(
        decoded.notes.columns_left_out().collect::<Vec<_>>(),
        ["a.b", "colour"]
    );
}

#[test]
fn the_same_rows_come_from_every_format() {
    let expected = decode(
        "http",
        r#"[{"id":"1","requested_at":"2026-11-23T17:04:00Z","tags":["a","b"],"lon":1.5,"lat":2},{"id":"2","requested_at":"2026-11-23T17:05:00Z"}]"#,
        Format::Json,
    )
    .unwrap();
    let ndjson = "{\"id\":\"1\",\"requested_at\":\"2026-11-23T17:04:00Z\",\"tags\":\"a;b\",\"lon\":1.5,\"lat\":2}\n{\"id\":2,\"requested_at\":\"2026-11-23T17:05:00Z\"}\n";
    let csv = "id,requested_at,tags,lon,lat\n1,2026-11-23T17:04:00Z,a;b,1.5,2\n2,2026-11-23T17:05:00Z,,,\n";
    let text = |decoded: &Decoded| format!("{:?}", decoded.batch);
    for (body, format) in [
        (ndjson, Format::Ndjson),
        (csv, Format::Csv),
        (&csv.replace(',', "\t"), Format::Tsv),
    ] {
        assert_eq!(
            text(&decode("http", body, format).unwrap()),
            text(&expected),
            "{format:?}"
        );
    }
    let batch = RecordBatch::try_from_iter([
        (
            "id",
            Arc::new(StringArray::from(vec!["1", "2"])) as ArrayRef,
        ),
        (
            "requested_at",
            Arc::new(
                TimestampSecondArray::from(vec![1_795_453_440, 1_795_453_500]).with_timezone("UTC"),
            ),
        ),
        ("tags", Arc::new(StringArray::from(vec![Some("a;b"), None]))),
        ("lon", Arc::new(Float64Array::from(vec![Some(1.5), None]))),
        ("lat", Arc::new(Float64Array::from(vec![Some(2.0), None]))),
    ])
    .unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    let stream = writer.into_inner().unwrap();
    let profile = Profile::load("http").unwrap();
    let arrow = decode_body(&stream, Format::Arrow, &profile, &context()).unwrap();
    assert_eq!(text(&arrow), text(&expected));
}

/// Two observations as an Arrow IPC stream, with these columns besides a datastream and a result.
fn observations(time: ArrayRef, more: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("datastream", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("result", Arc::new(Float64Array::from(vec![0.1, -2e9]))),
        ("phenomenon_time", time),
    ];
    columns.extend(more);
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    );
    let batch = batch.unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// The instant of the bodies, s since 1970.
const AT: i64 = 1_795_453_440;

fn texts(values: [Option<&str>; 2]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn seconds() -> ArrayRef {
    Arc::new(TimestampSecondArray::from(vec![AT, AT + 1]).with_timezone("UTC"))
}

/// Bodies in which everything is as expected.
fn expected_bodies() -> Vec<Vec<u8>> {
    vec![
        observations(seconds(), vec![]),
        observations(
            Arc::new(
                TimestampMillisecondArray::from(vec![AT * 1000 + 7, 0]).with_timezone("+08:00"),
            ),
            vec![
                (
                    "source",
                    Arc::new(StringViewArray::from(vec![Some("s"), None])),
                ),
                (
                    "sensor",
                    Arc::new(LargeStringArray::from(vec![Some("x"), None])),
                ),
                (
                    "property",
                    Arc::new(
                        vec!["pm10", "pm10"]
                            .into_iter()
                            .collect::<DictionaryArray<Int32Type>>(),
                    ),
                ),
                ("unit", texts([Some("mg/m3"), Some("°C")])),
                ("quality", texts([Some("doubtful"), None])),
                ("sequence", Arc::new(UInt64Array::from(vec![Some(7), None]))),
                ("lon", Arc::new(Float64Array::from(vec![Some(116.4), None]))),
                ("lat", Arc::new(Float64Array::from(vec![Some(39.9), None]))),
                ("id", texts([Some("1"), None])),
            ],
        ),
        observations(
            Arc::new(
                TimestampMicrosecondArray::from(vec![AT * 1_000_000 + 1, 1])
                    .with_timezone("Asia/Shanghai"),
            ),
            vec![(
                "result_time",
                Arc::new(
                    TimestampNanosecondArray::from(vec![Some(AT * 1_000_000_000 + 1), None])
                        .with_timezone("UTC"),
                ),
            )],
        ),
        observations(
            texts([
                Some("2026-11-23T17:04:00+08:00"),
                Some("2026-11-23T17:04:00.5Z"),
            ]),
            vec![],
        ),
    ]
}

/// Bodies with narrow numbers, whole ones, blanks, an unknown column, a wrong position, a wrong word, no time, no zone.
fn unexpected_bodies() -> Vec<Vec<u8>> {
    vec![
        observations(
            seconds(),
            vec![
                ("lon", Arc::new(Float32Array::from(vec![0.1, 0.2]))),
                ("lat", Arc::new(Float32Array::from(vec![0.1, 0.2]))),
            ],
        ),
        observations(
            seconds(),
            vec![("sequence", Arc::new(Int64Array::from(vec![1, -1])))],
        ),
        observations(seconds(), vec![("sensor", texts([Some(" x "), Some("")]))]),
        observations(seconds(), vec![("colour", texts([Some("red"), None]))]),
        observations(
            seconds(),
            vec![
                ("lon", Arc::new(Float64Array::from(vec![500.0, 1.0]))),
                ("lat", Arc::new(Float64Array::from(vec![1.0, 1.0]))),
            ],
        ),
        observations(seconds(), vec![("quality", texts([Some("fine"), None]))]),
        observations(
            Arc::new(TimestampSecondArray::from(vec![Some(AT), None]).with_timezone("UTC")),
            vec![],
        ),
        observations(Arc::new(TimestampSecondArray::from(vec![AT, AT])), vec![]),
    ]
}

#[test]
fn arrow_columns_of_observations_are_read_as_they_are_and_mean_what_their_text_means() {
    let profile = Profile::load("http-observations").unwrap();
    let (short, long) = (expected_bodies(), unexpected_bodies());
    let by_text = |body: &[u8]| {
        let mut decoder = Decoder::new(Arc::clone(&profile), &context());
        let mut all = Decoded::empty(profile.record);
        read_bytes(
            body,
            Format::Arrow,
            &profile.shape(),
            &mut |chunk: Chunk| {
                all.extend(decoder.chunk(&chunk).unwrap());
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        (format!("{:?}", all.batch), format!("{:?}", all.refused))
    };
    for (at, body) in short.iter().enumerate() {
        let columns = observations::decode(body, Format::Arrow, &profile, &context());
        let columns = columns.unwrap_or_else(|| panic!("body {at} is as expected"));
        assert_eq!(
            (
                format!("{:?}", columns.batch),
                format!("{:?}", columns.refused)
            ),
            by_text(body),
            "body {at}"
        );
        assert_eq!(columns.batch.len(), 2, "body {at}");
    }
    for (at, body) in long.iter().enumerate() {
        let short = observations::decode(body, Format::Arrow, &profile, &context());
        assert!(short.is_none(), "body {at} is not as expected");
        let decoded = decode_body(body, Format::Arrow, &profile, &context()).unwrap();
        assert_eq!(
            (
                format!("{:?}", decoded.batch),
                format!("{:?}", decoded.refused)
            ),
            by_text(body),
            "body {at}"
        );
    }
    // Cut off anywhere it is an error or fewer rows, and never more.
    let whole = &short[1];
    for end in 0..whole.len() {
        if let Ok(decoded) = decode_body(&whole[..end], Format::Arrow, &profile, &context()) {
            assert!(decoded.batch.len() <= 2);
        }
    }
}

#[test]
fn a_step_keeps_what_it_changes_and_no_caller() {
    let body = r#"{"complaint":"1","event":"closed","at":"2026-11-23T17:04:00Z","actor":"desk 3","reason":"call 617-555-1234","fields":{"status":"closed","caller":"张三","text":"a@b.org"}}"#;
    let (records, rejected) = events(body, Format::Json);
    assert_eq!(rejected, []);
    assert_eq!(
        records[0].fields.as_deref(),
        Some(r#"{"status":"closed","text":"***"}"#)
    );
    assert_eq!(records[0].reason.as_deref(), Some("call ***"));
    let csv = "complaint,event,at,fields\n1,closed,2026-11-23T17:04:00Z,\"{\"\"status\"\":\"\"closed\"\"}\"\n2,vanished,2026-11-23T17:04:00Z,\n3,closed,2026-11-23T17:04:00Z,[1]\n";
    let (records, rejected) = events(csv, Format::Csv);
    assert_eq!(records[0].fields.as_deref(), Some(r#"{"status":"closed"}"#));
    let told: Vec<_> = rejected
        .iter()
        .map(|row| (row.field.as_str(), row.rule.as_str()))
        .collect();
    assert_eq!(told, [("event", "vocabulary"), ("fields", "json")]);
}

#[rstest]
#[case::empty("", Format::Json)]
#[case::empty_csv("", Format::Csv)]
#[case::no_json("{\"id\":", Format::Json)]
#[case::scalar("7", Format::Json)]
#[case::after_the_end("{} {}", Format::Json)]
#[case::no_arrow("not arrow", Format::Arrow)]
#[case::no_header("1,2\n3,4\n", Format::Csv)]
#[case::parquet("x", Format::Parquet)]
fn a_body_that_is_not_in_its_format_is_an_error_as_a_whole(
    #[case] body: &str,
    #[case] format: Format,
) {
    for profile in ["http", "http-events", "http-observations"] {
        let message = decode(profile, body, format).unwrap_err().to_string();
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn a_body_with_too_many_rows_is_refused() {
    let row = r#"{"datastream":"d","phenomenon_time":"2026-11-23T17:04:00Z","result":1}"#;
    let rows = |n| format!("[{}]", vec![row; n].join(","));
    assert_eq!(
        decode("http-observations", &rows(BODY_ROWS_MAX), Format::Json)
            .unwrap()
            .read(),
        BODY_ROWS_MAX as u64
    );
    let error = decode("http-observations", &rows(BODY_ROWS_MAX + 1), Format::Json).unwrap_err();
    assert!(matches!(error, BodyError::TooManyRows));
}

#[test]
fn observations_take_the_short_way_only_when_everything_is_as_expected() {
    let profile = Profile::load("http-observations").unwrap();
    let short = |body: &str| {
        observations::decode(body.as_bytes(), Format::Json, &profile, &context()).is_some()
    };
    let row = r#"{"datastream":"d","phenomenon_time":"2026-11-23T17:04:00Z","result":1.5,"lon":116.4,"lat":39.9,"quality":"doubtful"}"#;
    assert!(short(row) && short(&format!("[{row}]")));
    for other in [
        row.replace("1.5", "\"1.5\""),
        row.replace("\"quality\":\"doubtful\"", "\"colour\":1"),
        row.replace('Z', ""),
        row.replace("39.9", "399"),
        row.replace("\"d\"", "\"\""),
        row.replace("\"d\"", "5"),
        row.replace("\"lat\"", "\"lon\""),
    ] {
        assert!(!short(&other), "{other}");
    }
}

proptest::proptest! {
    /// The long way is the definition: the short way agrees wherever it answers.
    #[test]
    fn the_short_way_and_the_long_way_agree(
        rows in proptest::collection::vec(
            (
                proptest::sample::select(vec!["\"d\"", "\" d \"", "\"\\u00e9\\n\"", "\"\"", "7"]),
                proptest::sample::select(vec!["\"2026-11-23T17:04:00Z\"", "\" 2026-11-23 17:04:00.25+08:00\"", "\"\"", "\"x\"", "null"]),
                proptest::sample::select(vec!["1", "-0.0", "1e300", "1e999", "0.1", "\"2\"", "null", "123456789012345678901234567890"]),
                proptest::sample::select(vec!["", ",\"id\":\"a\"", ",\"sensor\":\" \"", ",\"lon\":0,\"lat\":0", ",\"lon\":1,\"lat\":2", ",\"lon\":1", ",\"quality\":\"bad\"", ",\"unit\":null", ",\"source\":\"s\"", ",\"result_time\":\"2026-11-23T17:04:00Z\""]),
            ),
            0..4,
        ),
    ) {
        let rows: Vec<String> = rows
            .into_iter()
            .map(|(datastream, time, result, more)| format!("{{\"datastream\":{datastream},\"phenomenon_time\":{time},\"result\":{result}{more}}}"))
            .collect();
        let profile = Profile::load("http-observations").unwrap();
        let body = format!("[{}]", rows.join(","));
        if let Some(short) = observations::decode(body.as_bytes(), Format::Json, &profile, &context()) {
            let mut decoder = Decoder::new(Arc::clone(&profile), &context());
            let mut long = Decoded::empty(profile.record);
            read_bytes(body.as_bytes(), Format::Json, &profile.shape(), &mut |chunk| {
                long.extend(decoder.chunk(&chunk).unwrap());
                ControlFlow::Continue(())
            })
            .unwrap();
            proptest::prop_assert_eq!(format!("{:?}", short), format!("{:?}", long));
        }
    }
}
