//! Faults of the machine while records come in: the disk of the lake fills up, the directory cannot be written, the clock goes back,
//! files run out. Nothing that was acknowledged is lost or counted twice, and afterwards everything goes on.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use citybrain_tests::{Server, binary, run};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::import::{small_state, sql, write_small_city};

const PATIENCE: Duration = Duration::from_mins(2);

/// A small file system, when this user may mount one.
struct Mounted(TempDir);

impl Mounted {
    fn tmpfs(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        Self::mount(&["-t", "tmpfs", "-o", &options, "tmpfs"], dir)
    }

    fn mount(arguments: &[&str], dir: TempDir) -> Option<Self> {
        let mount = Command::new("mount")
            .args(arguments)
            .arg(dir.path())
            .output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(dir));
        }
        println!("skipped: no file system can be mounted here");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let mount = Command::new("mount")
            .args(["-o", &options])
            .arg(self.0.path())
            .status();
        assert!(mount.unwrap().success());
    }

    /// Leaves no room, as another program's file would.
    fn fill(&self) {
        let path = self.0.path().join("other");
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        let mut written = 0;
        while let Ok(more) = file.write(&[0; 4096]) {
            written += more;
            assert!(written < 1 << 30, "the file system is small");
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount")
            .arg("-l")
            .arg(self.0.path())
            .status()
            .ok();
    }
}

/// A state directory of the small city with its history in `lake`.
fn state_with_lake(lake: &Path) -> TempDir {
    let city = tempfile::tempdir().unwrap();
    write_small_city(city.path());
    let dir = tempfile::tempdir().unwrap();
    let city_file = city.path().join("city.toml");
    run([
        "init".as_ref(),
        "--city".as_ref(),
        city_file.as_os_str(),
        "--state-dir".as_ref(),
        dir.path().as_os_str(),
        "--lake".as_ref(),
        lake.as_os_str(),
    ])
    .succeeded();
    dir
}

/// Complaints that pack badly.
fn complaints(range: std::ops::Range<u64>, bytes: u64) -> Value {
    let rows: Vec<Value> = range
        .map(|id| {
            let noise: String = (0..bytes / 16)
                .map(|part| format!("{:016x}", mixed(id * 1_000_003 + part)))
                .collect();
            json!({"id": id.to_string(), "requested_at": "2024-01-01T00:00:00Z", "text": noise})
        })
        .collect();
    json!(rows)
}

/// `splitmix64`: numbers without a pattern.
const fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn files_in(lake: &Path) -> usize {
    let month = lake.join("complaints/month=648");
    std::fs::read_dir(month).map_or(0, Iterator::count)
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_full_disk_while_sealing_and_compacting_loses_nothing_and_work_goes_on_when_there_is_room() {
    let Some(small) = Mounted::tmpfs("1536k") else {
        return;
    };
    let lake = small.path().join("lake");
    let state = state_with_lake(&lake);
    let settings = [
        ("CITYBRAIN_SEAL_ROWS", "10"),
        ("CITYBRAIN_KEEP_REPLACED_SECONDS", "3600"),
    ];
    let server = Server::start_with(state.path(), &settings);
    // 80 kB a batch: after some seals, and a compaction that writes their rows once more, there is no room for another.
    let push = |batches: std::ops::Range<u64>| {
        for batch in batches {
            let answer = server
                .post("/v1/complaints")
                .json(&complaints(batch * 10..batch * 10 + 10, 8_000))
                .send()
                .unwrap();
            assert!(
                answer.status().is_success(),
                "the journal has room: {answer:?}"
            );
        }
    };
    push(0..20);
    until("sealing has begun", || files_in(&lake) > 0);
    // How far sealing gets in the meantime depends on the machine: whatever it left is taken by another.
    small.fill();
    push(20..30);
    let count = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM complaints";
    let all = &server.sql(count)[0];
    assert_eq!((&all["n"], &all["ids"]), (&json!(300), &json!(300)));
    server.kill();
    // What a sealing that failed gave back.
    small.fill();
    assert_eq!(sql(state.path(), count), "n,ids\n300,300\n");
    let server = Server::start_with(state.path(), &settings);
    assert_eq!(server.sql(count)[0]["n"], 300, "it starts with a full disk");
    server.kill();
    small.remount("size=64m");
    let settings = [
        ("CITYBRAIN_SEAL_ROWS", "10"),
        ("CITYBRAIN_KEEP_REPLACED_SECONDS", "1"),
    ];
    let server = Server::start_with(state.path(), &settings);
    server.post_json("/v1/complaints", &complaints(300..310, 100));
    until("small files become few", || {
        (1..8).contains(&files_in(&lake))
    });
    let all = &server.sql(count)[0];
    assert_eq!((&all["n"], &all["ids"]), (&json!(310), &json!(310)));
    server.stop();
    assert_eq!(sql(state.path(), count), "n,ids\n310,310\n");
    run(["verify", "--state-dir", state.path().to_str().unwrap()]).succeeded();
}

#[test]
fn a_directory_that_cannot_be_written_is_named_and_what_is_there_can_be_read() {
    let Some(mounted) = Mounted::tmpfs("64m") else {
        return;
    };
    let from = small_state();
    let server = Server::start(from.path());
    server.post_json("/v1/complaints", &complaints(0..10, 100));
    server.stop();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(from.path())
        .arg(mounted.path())
        .status();
    assert!(copied.unwrap().success());
    let state = mounted.path().join(from.path().file_name().unwrap());
    mounted.remount("ro");
    let refused = run([
        "serve".as_ref(),
        "--listen".as_ref(),
        "127.0.0.1:0".as_ref(),
        "--state-dir".as_ref(),
        state.as_os_str(),
    ]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert_eq!(refused.err.lines().count(), 1, "one line: {refused:?}");
    assert!(
        refused.err.to_lowercase().contains("read-only"),
        "{refused:?}"
    );
    assert_eq!(
        sql(&state, "SELECT count(*) AS n FROM complaints"),
        "n\n10\n"
    );
    mounted.remount("rw");
    let server = Server::start(&state);
    server.post_json("/v1/complaints", &complaints(5..20, 100));
    assert_eq!(
        server.sql("SELECT count(*) AS n FROM complaints")[0]["n"],
        20
    );
}

/// `libfaketime`, which shifts the clock of a process.
fn faketime() -> Option<PathBuf> {
    let found = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map(|machine| {
            Path::new("/usr/lib")
                .join(machine)
                .join("faketime/libfaketime.so.1")
        })
        .into_iter()
        .find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: no libfaketime");
    }
    found
}

#[test]
fn a_clock_that_goes_back_changes_neither_order_nor_counts() {
    let Some(faketime) = faketime() else {
        return;
    };
    let state = small_state();
    let one = |status: &str| json!([{"id": "1", "requested_at": "2024-01-01T00:00:00Z", "status": status}]);
    let server = Server::start(state.path());
    server.post_json("/v1/complaints", &one("first"));
    server.stop();
    let path = faketime.to_str().unwrap();
    let back = [
        ("LD_PRELOAD", path),
        ("FAKETIME", "-400d"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("CITYBRAIN_SEAL_ROWS", "1"),
    ];
    let server = Server::start_with(state.path(), &back);
    let before = server.post_json("/v1/complaints", &one("second"));
    assert_eq!(before["updated"], 1);
    server.post_json("/v1/complaints", &complaints(10..30, 100));
    let late = server.sql("SELECT count(*) AS n FROM complaints WHERE received_at < now()")[0]["n"]
        .clone();
    assert!(late.as_u64().unwrap() >= 20, "the clock is back: {late}");
    server.stop();
    let server = Server::start(state.path());
    let after = server.post_json("/v1/complaints", &one("third"));
    assert!(
        after["seq"].as_u64() > before["seq"].as_u64(),
        "numbers go on"
    );
    let rows = server.sql("SELECT status FROM complaints WHERE id = '1'");
    assert_eq!(rows, [json!({"status": "third"})]);
    let again = server.post_json("/v1/complaints", &complaints(10..30, 100));
    assert_eq!(again["duplicate"], 20);
    server.stop();
    run(["verify", "--state-dir", state.path().to_str().unwrap()]).succeeded();
}

#[test]
fn when_files_run_out_nothing_is_lost_and_the_server_goes_on_afterwards() {
    let state = small_state();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 96; exec \"$0\" \"$@\""])
        .arg(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--state-dir"])
        .arg(state.path())
        .env("CITYBRAIN_SEAL_ROWS", "20");
    let server = Server::launched(command);
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut acknowledged = 0;
    let push = |ids: std::ops::Range<u64>| {
        let sent = server
            .post("/v1/complaints")
            .timeout(Duration::from_secs(5));
        let answer = sent.json(&complaints(ids, 50)).send();
        answer.is_ok_and(|answer| answer.status().is_success())
    };
    for batch in 0..5 {
        assert!(push(batch * 10..batch * 10 + 10));
        acknowledged += 10;
    }
    let socket = address.parse().unwrap();
    // More than it has files for; those that it does not accept wait.
    let held: Vec<_> = (0..140)
        .map_while(|_| TcpStream::connect_timeout(&socket, Duration::from_secs(2)).ok())
        .collect();
    assert!(held.len() > 50, "connections take files: {}", held.len());
    let mut unanswered = Vec::new();
    for batch in 5..7 {
        let ids = batch * 10..batch * 10 + 10;
        if push(ids.clone()) {
            acknowledged += 10;
        } else {
            unanswered.push(ids);
        }
    }
    drop(held);
    let count = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM complaints";
    for ids in unanswered {
        until("records are taken again", || push(ids.clone()));
        acknowledged += 10;
    }
    let all = &server.sql(count)[0];
    assert_eq!(
        (&all["n"], &all["ids"]),
        (&json!(acknowledged), &json!(acknowledged))
    );
    server.stop();
    assert_eq!(
        sql(state.path(), count),
        format!("n,ids\n{acknowledged},{acknowledged}\n")
    );
    run(["verify", "--state-dir", state.path().to_str().unwrap()]).succeeded();
}
