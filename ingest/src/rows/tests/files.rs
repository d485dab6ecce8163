use std::{fmt::Write as _, io::Write as _, sync::atomic::Ordering};

use super::*;

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
        writeln!(text, "{id},{number}").unwrap();
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
    let csv = (0..10_000).fold("id\n".to_owned(), |csv, id| csv + &format!("{id}\n"));
    let ndjson = (0..10_000).fold(String::new(), |lines, id| {
        lines + &format!("{{\"id\":{id}}}\n")
    });
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
