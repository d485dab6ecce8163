//! Bad input gets one line that names what and where, the right exit code, and leaves nothing half-written.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use citybrain_tests::{Finished, Server, run, sample_city};
use rstest::rstest;

use crate::import::{import, number, small_state, sql, state_of, write_small_city};

/// The run failed with `code` and one line that holds all of `words`.
fn one_line(run: &Finished, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{run:?}");
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!(lines.len(), 1, "one line: {run:?}");
    for word in words {
        assert!(lines[0].contains(word), "\"{word}\" in {run:?}");
    }
}

fn import_of(state: &Path, file: &Path) -> Finished {
    run([
        OsStr::new("import"),
        OsStr::new("--state-dir"),
        state.as_os_str(),
        OsStr::new("--source"),
        OsStr::new("citybrain"),
        file.as_os_str(),
    ])
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let state = small_state();
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    one_line(&import_of(state.path(), &at("none.csv")), 1, &["none.csv"]);
    one_line(&import_of(state.path(), dir.path()), 1, &["directory"]);
    fs::write(at("empty.csv"), "").unwrap();
    one_line(
        &import_of(state.path(), &at("empty.csv")),
        1,
        &["empty.csv", "empty"],
    );
    // The magic number of zstd and then nothing that follows from it.
    fs::write(at("cut.csv.zst"), [0x28, 0xb5, 0x2f, 0xfd, 0x04]).unwrap();
    one_line(
        &import_of(state.path(), &at("cut.csv.zst")),
        1,
        &["cut.csv.zst"],
    );
    assert_eq!(
        sql(state.path(), "SELECT count(*) AS n FROM complaints"),
        "n\n0\n"
    );
}

#[test]
fn ragged_rows_and_wrong_bytes_are_refused_one_by_one_and_the_rest_stands() {
    let state = small_state();
    let file = state.path().join("in.csv");
    let mut bytes =
        b"id,requested_at,category\n1,2024-01-01T00:00:00Z,noise\n2,2024-01-01T00:00:00Z\n"
            .to_vec();
    bytes.extend(b"3,2024-01-01T00:00:00Z,\xff\xfe\n4,2024-01-01T00:00:00Z,noise\n");
    fs::write(&file, bytes).unwrap();
    let summary = import(state.path(), "citybrain", &file);
    assert_eq!(
        (
            number(&summary, "read"),
            number(&summary, "accepted"),
            number(&summary, "rejected")
        ),
        (4, 2, 2)
    );
    assert_eq!(
        sql(state.path(), "SELECT id FROM complaints ORDER BY id"),
        "id\n1\n4\n"
    );
}

#[test]
fn an_unknown_profile_lists_the_known_ones() {
    let state = small_state();
    let file = state.path().join("in.csv");
    fs::write(&file, "id\n1\n").unwrap();
    let arguments = [
        "import",
        "--state-dir",
        state.path().to_str().unwrap(),
        "--source",
        "nowhere",
        file.to_str().unwrap(),
    ];
    let refused = run(arguments);
    assert_ne!(refused.code, 0);
    assert!(
        refused.err.contains("nowhere") && refused.err.contains("boston-311"),
        "{refused:?}"
    );
}

#[test]
fn wrong_usage_exits_with_2() {
    assert_eq!(run(["fly"]).code, 2);
    assert_eq!(run(["import", "--no-such-option"]).code, 2);
}

#[rstest]
#[case("name = \"Two", "nmae = \"Two", &["city.toml", "nmae"])]
#[case("level = \"district\"", "level = \"province\"", &["city.toml", "province"])]
#[case("time_zone = \"UTC\"", "time_zone = \"Mars/Olympus\"", &["city.toml", "Mars/Olympus"])]
#[case("crs = \"wgs84\"", "crs = \"flat\"", &["city.toml", "flat"])]
#[case("district.geojson", "absent.geojson", &["absent.geojson"])]
#[case("id = \"code\"", "id = \"kode\"", &["district.geojson", "kode"])]
fn a_mistake_in_a_city_file_is_named(
    #[case] right: &str,
    #[case] wrong: &str,
    #[case] words: &[&str],
) {
    let dir = tempfile::tempdir().unwrap();
    write_small_city(dir.path());
    let file = dir.path().join("city.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(right));
    fs::write(&file, text.replace(right, wrong)).unwrap();
    one_line(
        &run([OsStr::new("city"), OsStr::new("check"), file.as_os_str()]),
        1,
        words,
    );
    let state = dir.path().join("state");
    let init = [
        "init".as_ref(),
        "--city".as_ref(),
        file.as_os_str(),
        "--state-dir".as_ref(),
        state.as_os_str(),
    ];
    one_line(&run(init), 1, words);
    assert!(!state.exists(), "nothing is half-written");
}

#[rstest]
#[case("not json at all")]
#[case("{\"type\": \"FeatureCollection\"}")]
#[case("[1, 2, 3]")]
#[case("")]
fn a_boundary_file_that_is_not_geojson_is_named(#[case] text: &str) {
    let dir = tempfile::tempdir().unwrap();
    write_small_city(dir.path());
    fs::write(dir.path().join("district.geojson"), text).unwrap();
    let file = dir.path().join("city.toml");
    one_line(
        &run([OsStr::new("city"), OsStr::new("check"), file.as_os_str()]),
        1,
        &["district.geojson"],
    );
}

#[test]
fn a_port_in_use_is_named() {
    let state = small_state();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run([
        "serve",
        "--state-dir",
        state.path().to_str().unwrap(),
        "--listen",
        &address,
    ]);
    one_line(&refused, 1, &[&address, "in use"]);
}

#[test]
fn an_open_address_is_refused_unless_told_otherwise() {
    let state = small_state();
    let refused = run([
        "serve",
        "--state-dir",
        state.path().to_str().unwrap(),
        "--listen",
        "0.0.0.0:0",
    ]);
    one_line(&refused, 1, &["0.0.0.0"]);
}

#[test]
fn a_state_directory_of_a_newer_version_is_refused() {
    let state = small_state();
    fs::write(state.path().join("state.json"), "{\"format\": 4242}").unwrap();
    let refused = run([
        "serve",
        "--state-dir",
        state.path().to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
    ]);
    one_line(&refused, 1, &["4242"]);
}

#[test]
fn a_directory_that_is_no_state_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = run([
        "sql",
        "--state-dir",
        dir.path().to_str().unwrap(),
        "SELECT 1",
    ]);
    one_line(&refused, 1, &["not a state directory", "citybrain init"]);
}

#[test]
fn a_second_writer_is_refused_by_name_and_readers_are_not() {
    let state = state_of(&sample_city());
    let server = Server::start(state.path());
    let file = state.path().join("in.csv");
    fs::write(&file, "id,requested_at\n1,2024-01-01T00:00:00Z\n").unwrap();
    one_line(&import_of(state.path(), &file), 1, &["in use by process"]);
    server.post_json(
        "/v1/complaints",
        &serde_json::json!([{"id": "1", "requested_at": "2024-01-01T00:00:00Z"}]),
    );
    assert_eq!(
        sql(state.path(), "SELECT id FROM complaints"),
        "id\n1\n",
        "a reader sees what is acknowledged"
    );
}

#[test]
fn a_query_that_would_change_something_is_refused() {
    let state = small_state();
    for query in [
        "DROP TABLE complaints",
        "DELETE FROM complaints",
        "COPY complaints TO 'x.csv'",
        "SELEKT 1",
    ] {
        let refused = run(["sql", "--state-dir", state.path().to_str().unwrap(), query]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
    }
}

#[test]
fn a_full_disk_refuses_the_batch_and_loses_nothing_that_was_acknowledged() {
    let Some(small) = Tmpfs::mount() else { return };
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    let state = small.0.path().join("state");
    let city_file = city.path().join("city.toml");
    let init = [
        "init".as_ref(),
        "--city".as_ref(),
        city_file.as_os_str(),
        "--state-dir".as_ref(),
        state.as_os_str(),
    ];
    run(init).succeeded();
    let server = Server::start(&state);
    let mut acknowledged = 0;
    let mut refused = false;
    for batch in 0..200 {
        let text = "x".repeat(20_000);
        let rows: Vec<_> = (0..10)
            .map(|row| serde_json::json!({"id": format!("{batch}-{row}"), "requested_at": "2024-01-01T00:00:00Z", "text": text}))
            .collect();
        let answer = server.post("/v1/complaints").json(&rows).send().unwrap();
        if answer.status().is_success() {
            acknowledged += rows.len() as u64;
        } else {
            refused = true;
            assert_eq!(answer.status().as_u16(), 503, "{answer:?}");
            break;
        }
    }
    assert!(refused, "the disk was filled");
    assert_eq!(
        server.sql("SELECT count(*) AS n FROM complaints")[0]["n"],
        acknowledged
    );
    server.kill();
    assert_eq!(
        sql(&state, "SELECT count(*) AS n FROM complaints"),
        format!("n\n{acknowledged}\n")
    );
}

/// A file system of a few MiB, when this user may mount one.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(dir.path())
            .output()
            .ok()?;
        if mount.status.success() {
            return Some(Self(dir));
        }
        println!("skipped: no small file system can be mounted here");
        None
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        std::process::Command::new("umount")
            .arg("-l")
            .arg(self.0.path())
            .status()
            .ok();
    }
}
