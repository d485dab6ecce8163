//! Watched folders: a file that appears is read once, with the summary that `import` gives.

#![expect(clippy::disallowed_methods, reason = "a file is touched")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use citybrain_tests::Server;
use serde_json::Value;
use tempfile::TempDir;

use crate::import::{small_state, state_of};

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_mins(2), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A state directory, a folder that is watched, and the settings for it.
struct Watched {
    state: TempDir,
    folder: TempDir,
    settings: PathBuf,
}

impl Watched {
    fn with(state: TempDir, profile: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = state.path().join("citybrain.toml");
        let text = format!(
            "[[folder]]\npath = \"{}\"\nprofile = \"{profile}\"\nevery_seconds = 1\nsettle_seconds = 1\n{rest}",
            folder.path().display()
        );
        fs::write(&settings, text).unwrap();
        Self {
            state,
            folder,
            settings,
        }
    }

    fn serve(&self) -> Server {
        Server::configured(self.state.path(), &self.settings)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn rows(ids: std::ops::Range<u32>) -> String {
    let rows = ids.map(|id| format!("{id},2026-05-04T08:00:00Z,0.25,0.5\n"));
    "id,requested_at,lon,lat\n".to_owned() + &rows.collect::<String>()
}

fn imports(server: &Server) -> Vec<Value> {
    let mut imports = server.get("/v1/imports?limit=1000")["imports"]
        .as_array()
        .unwrap()
        .clone();
    imports.reverse();
    imports
}

fn count(server: &Server) -> u64 {
    server.sql("SELECT count(*) AS n FROM complaints")[0]["n"]
        .as_u64()
        .unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn a_file_is_read_once_and_its_summary_is_kept() {
    let watched = Watched::with(small_state(), "citybrain", "");
    watched.put(
        "one.csv",
        (rows(0..5) + ",2026-05-04T08:00:00Z,0,0\n").as_bytes(),
    );
    watched.put("two.csv.gz", &gzip(rows(5..8).as_bytes()));
    watched.put(
        "three.csv.zst",
        &zstd::encode_all(rows(8..9).as_bytes(), 1).unwrap(),
    );
    watched.put("coming.csv.part", rows(100..200).as_bytes());
    watched.put(".hidden.csv", rows(100..200).as_bytes());
    let server = watched.serve();
    until("the files are read", || imports(&server).len() == 3);
    let told = imports(&server);
    let one = told
        .iter()
        .find(|import| import["name"] == "one.csv")
        .unwrap();
    assert_eq!(
        (
            &one["error"],
            &one["summary"]["read"],
            &one["summary"]["accepted"]
        ),
        (&Value::Null, &6.into(), &5.into())
    );
    assert_eq!(one["summary"]["reasons"]["required"], 1);
    assert_eq!(count(&server), 9);
    drop(server);
    // Neither a restart nor a touch makes it read again; more content does.
    let server = watched.serve();
    let file = fs::File::options()
        .append(true)
        .open(watched.folder.path().join("one.csv"))
        .unwrap();
    file.set_modified(std::time::SystemTime::now()).unwrap();
    watched.put("two.csv.gz", &gzip(rows(5..20).as_bytes()));
    until("the grown file is read", || imports(&server).len() == 4);
    assert_eq!(imports(&server)[3]["summary"]["duplicate"], 4);
    assert_eq!(count(&server), 20);
    fs::rename(
        watched.folder.path().join("coming.csv.part"),
        watched.folder.path().join("coming.csv"),
    )
    .unwrap();
    until("the upload is read when it is whole", || {
        count(&server) == 120
    });
    assert_eq!(
        imports(&server).len(),
        5,
        "the touched file was not read again"
    );
}

#[test]
fn a_file_that_is_still_written_is_not_read_and_what_cannot_be_read_is_told() {
    let watched = Watched::with(small_state(), "citybrain", "after = \"move\"\n");
    let server = watched.serve();
    let path = watched.put("slow.csv", b"id,requested_at,lon,lat\n");
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    let since = Instant::now();
    let mut id = 0;
    // Longer than the folder's look and its patience: a reader that did not wait would have taken a part.
    while since.elapsed() < Duration::from_secs(4) {
        writeln!(file, "{id},2026-05-04T08:00:00Z,0.25,0.5").unwrap();
        file.sync_all().unwrap();
        id += 1;
        std::thread::sleep(Duration::from_millis(100));
        assert!(imports(&server).is_empty(), "a file that grows is not read");
    }
    until("it is read when it is whole", || count(&server) == id);
    assert!(watched.folder.path().join("done/slow.csv").exists() || imports(&server).len() == 1);
    let cut = gzip(rows(1000..3000).as_bytes());
    watched.put("cut.csv.gz", &cut[..cut.len() / 2]);
    watched.put("what.bin", b"???");
    watched.put("empty.csv", b"");
    until("what cannot be read is told", || {
        imports(&server)
            .iter()
            .filter(|import| !import["error"].is_null())
            .count()
            == 3
    });
    until("it is moved", || {
        watched.folder.path().join("failed/what.bin").exists()
    });
    assert!(watched.folder.path().join("done/slow.csv").exists());
}

#[cfg(unix)]
#[test]
fn links_and_odd_names_are_not_read() {
    let watched = Watched::with(small_state(), "citybrain", "");
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.csv"), rows(0..5)).unwrap();
    std::os::unix::fs::symlink(
        outside.path().join("secret.csv"),
        watched.folder.path().join("link.csv"),
    )
    .unwrap();
    std::os::unix::fs::symlink(outside.path(), watched.folder.path().join("folder.csv")).unwrap();
    watched.put("new\nline.csv", rows(5..6).as_bytes());
    let odd: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"odd\xff.csv");
    fs::write(watched.folder.path().join(odd), rows(6..7)).unwrap();
    fs::create_dir(watched.folder.path().join("inner.csv")).unwrap();
    watched.put("good..csv", rows(7..8).as_bytes());
    let server = watched.serve();
    until("the plain file is read", || imports(&server).len() == 1);
    until("the others are refused", || {
        let text = server.response("/metrics").text().unwrap();
        text.contains("citybrain_files_total{outcome=\"refused\"}")
    });
    assert_eq!(count(&server), 1);
}

#[test]
fn a_nightly_export_of_a_hotline_in_xlsx_and_gb18030_is_read() {
    let city = tempfile::tempdir().unwrap();
    crate::import::write_small_city(city.path());
    let state = state_of(&city.path().join("city.toml"));
    let watched = Watched::with(state, "cn-12345", "source = \"hotline\"\n");
    let csv = "工单编号,来电时间,问题分类,主要内容,来电人电话/账号\nB1,2026-05-04 08:00:00,环保->噪声,夜间施工,13812345678\n";
    let (bytes, _, _) = encoding_rs::GB18030.encode(csv);
    watched.put("夜间.csv", &bytes);
    watched.put(
        "export.xlsx",
        &workbook(&[
            &["工单编号", "来电时间", "问题分类", "主要内容"],
            &["X1", "2026-05-04 09:00:00", "环保->噪声", "狗叫"],
        ]),
    );
    let server = watched.serve();
    until("both are read", || imports(&server).len() == 2);
    let rows = server.sql("SELECT id, source, category_path, text FROM complaints ORDER BY id");
    let told: Vec<String> = rows.iter().map(Value::to_string).collect();
    assert_eq!(rows.len(), 2, "{:?}", imports(&server));
    assert!(
        told[0].contains("夜间施工") && told[1].contains("狗叫"),
        "{told:?}"
    );
    assert!(rows.iter().all(|row| row["source"] == "hotline"));
}

/// The bytes of a workbook with one sheet of texts.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    use std::fmt::Write as _;
    let mut sheet = String::new();
    for (at, cells) in rows.iter().enumerate() {
        write!(sheet, "<row r=\"{}\">", at + 1).unwrap();
        for (column, cell) in cells.iter().enumerate() {
            let column = char::from(b'A' + u8::try_from(column).unwrap());
            write!(
                sheet,
                "<c r=\"{column}{}\" t=\"inlineStr\"><is><t>{}</t></is></c>",
                at + 1,
                cell.replace('>', "&gt;")
            )
            .unwrap();
        }
        sheet.push_str("</row>");
    }
    let files = [
        ("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>".to_owned()),
        ("_rels/.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".to_owned()),
        ("xl/workbook.xml", "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"s\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>".to_owned()),
        ("xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>".to_owned()),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{sheet}</sheetData></worksheet>")),
    ];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_folder_that_is_none_is_told_before_the_server_answers() {
    let state = small_state();
    let settings = state.path().join("citybrain.toml");
    let run = |text: &str| {
        fs::write(&settings, text).unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--state-dir"].map(Path::new);
        citybrain_tests::run(arguments.into_iter().chain([
            state.path(),
            Path::new("--config"),
            &settings,
        ]))
    };
    let none = run("[[folder]]\npath = \"no/such\"\nprofile = \"citybrain\"\n");
    assert_eq!((none.code, none.err.lines().count()), (1, 1), "{none:?}");
    assert!(none.err.contains("no/such"), "{none:?}");
    let profile = run(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1\"\nclient_id = \"city\"\n[[mqtt.topic]]\nprofile = \"nothing\"\n",
    );
    assert!(
        profile.code == 1 && profile.err.contains("nothing"),
        "{profile:?}"
    );
}
