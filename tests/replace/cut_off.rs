//! Killed at any moment, a replacement goes on where it was; until it is finished every answer is by the boundaries before.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use citybrain_tests::{citybrain, run};
use rstest::rstest;
use tempfile::TempDir;

use super::{Cities, replace, replace_args, replace_until, rows, version};
use crate::import::{import, sql};
use crate::simulated::simulated_state;

/// A copy of a state directory that nobody writes to.
fn copy(state: &Path) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), &to).unwrap();
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    copy(state, dir.path());
    dir
}

/// Where the work may be cut off, and whether records can be added there.
#[rstest]
#[case("file 0 written", true)]
#[case("file 0 done", true)]
#[case("file 3 written", true)]
#[case("file 6 done", true)]
#[case("before the pin", true)]
#[case("after the pin", false)]
#[case("complaints moved", false)]
#[case("complaints over", false)]
#[case("observations moved", false)]
#[case("observations over", false)]
#[case("before the city", false)]
fn a_replacement_that_was_cut_off_is_finished_by_the_next_run(
    #[case] point: &str,
    #[case] open: bool,
) {
    let cities = Cities::write();
    let (state, fresh) = (cities.state("city.toml"), cities.state("new.toml"));
    let new = cities.path("new.toml");
    let told = |told: citybrain_tests::Finished| {
        let mut told = told.good().json();
        told.as_object_mut().unwrap().remove("elapsed_s");
        told
    };
    let city = ["--json".as_ref(), "--city".as_ref(), new.as_os_str()];
    let whole = told(replace(copy(state.path()).path(), city));
    let (before, old) = (rows(state.path()), version(state.path()));

    replace_until(state.path(), &new, point);
    assert_eq!(rows(state.path()), before, "{point}");
    assert_eq!(version(state.path()), old, "{point}");
    let asked = run([
        "sql",
        "--state-dir",
        state.path().to_str().unwrap(),
        "SELECT 1",
    ])
    .good();
    assert!(asked.err.contains("is not finished"), "{asked:?}");
    assert!(
        asked.err.contains(&old) && asked.err.contains(&version(fresh.path())),
        "{asked:?}"
    );

    // Records that come in between are not forgotten: a new one, and one whose file was done already.
    let more = cities.path("more.csv");
    fs::write(&more, "id,requested_at,lon,lat,status\n0,2024-01-01T00:30:00Z,0.31,0.2,closed\nnew,2024-04-05T00:00:00Z,0.4,0.4,open\n").unwrap();
    if open {
        for state in [&state, &fresh] {
            import(state.path(), "citybrain", &more);
        }
    } else {
        let args = ["import", "--source", "citybrain", "--state-dir"].map(AsRef::as_ref);
        let refused = run(args
            .into_iter()
            .chain([state.path().as_os_str(), more.as_os_str()]));
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(
            refused.err.contains("change over to other boundaries"),
            "{refused:?}"
        );
    }

    let finished = replace(state.path(), ["--json"]);
    assert_eq!(rows(state.path()), rows(fresh.path()), "{point}");
    assert_eq!(version(state.path()), version(fresh.path()), "{point}");
    if !open {
        assert_eq!(told(finished), whole, "{point}");
    }
    let again = replace(state.path(), [""; 0]).good();
    assert!(again.out.contains("nothing to do"), "{again:?}");
    assert!(!state.path().join("lake/complaints/_replace").exists());
}

#[test]
fn a_replacement_that_was_cut_off_after_its_last_step_is_finished() {
    let cities = Cities::write();
    let (state, fresh) = (cities.state("city.toml"), cities.state("new.toml"));
    let new = cities.path("new.toml");
    replace_until(state.path(), &new, "after the city");
    assert_eq!(rows(state.path()), rows(fresh.path()));
    let again = replace(state.path(), ["--city".as_ref(), new.as_os_str()]).good();
    assert!(again.out.contains("nothing to do"), "{again:?}");
}

/// Files of the lake that are written anew so far.
fn written(state: &Path) -> usize {
    let mut folders = vec![
        state.join("lake/complaints/_replace"),
        state.join("lake/observations/_replace"),
    ];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        // A folder may be made or gone at any moment.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
            }
        }
    }
    files
}

#[test]
fn a_replacement_killed_again_and_again_ends_as_one_that_was_not() {
    let other = tempfile::tempdir().unwrap();
    let out = other.path().to_str().unwrap();
    run(["city", "generate", "--out", out, "--seed", "77"]).succeeded();
    let city = other.path().join("city.toml");
    let state = simulated_state();
    let undisturbed = copy(state.path());
    let arguments = ["--city".as_ref(), city.as_os_str()];
    replace(undisturbed.path(), arguments).succeeded();

    let old = version(state.path());
    let mut kills = 0;
    // Each time it may get one file farther, so it is killed in the middle of other work.
    for goal in 1..20 {
        let mut child = citybrain(replace_args(state.path(), arguments))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let patience = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if written(state.path()) >= goal {
                break None;
            }
            assert!(patience.elapsed() < Duration::from_mins(2), "it goes on");
            std::thread::yield_now();
        };
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        if version(state.path()) == old {
            let moved = sql(
                state.path(),
                "SELECT count(*) AS n FROM complaints WHERE cell IS NOT NULL AND locate(lon, lat, requested_at)['community'] IS DISTINCT FROM community",
            );
            assert_eq!(
                moved, "n\n0\n",
                "answers are by the boundaries that they name"
            );
        }
    }
    assert!(kills >= 3, "the fault happened: {kills}");
    replace(state.path(), arguments).succeeded();
    assert_eq!(rows(state.path()), rows(undisturbed.path()));
    assert_ne!(version(state.path()), old);
}
