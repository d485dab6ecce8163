//! What `citybrain replace` does not do, and what it says then.

use std::fs;

use citybrain_tests::Server;
use rstest::rstest;

use super::{Cities, replace, replace_until, rows, version};

#[test]
fn a_replacement_is_refused_while_a_server_runs() {
    let cities = Cities::write();
    let state = cities.state("city.toml");
    let new = cities.path("new.toml");
    let server = Server::start(state.path());
    let refused = replace(state.path(), ["--city".as_ref(), new.as_os_str()]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("in use by process"), "{refused:?}");
    assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
    let version = version(state.path());
    assert_eq!(server.get("/v1/city")["boundary_version"], version.as_str());
    server.kill();
    assert!(!state.path().join("state.json.tmp").exists());
    replace(state.path(), ["--city".as_ref(), new.as_os_str()]).succeeded();
}

#[rstest]
#[case(&["--boundary", "province=new.geojson"], 2, &["province", "district, subdistrict"])]
#[case(&["--boundary", "district@soon=new.geojson"], 2, &["soon", "date"])]
#[case(&["--boundary", "grid=DIR/new.geojson"], 1, &["no level grid", "district"])]
#[case(&["--boundary", "district=DIR/absent.geojson"], 1, &["absent.geojson", "No such file"])]
#[case(&["--boundary", "district=DIR/broken.geojson"], 1, &["broken.geojson", "FeatureCollection"])]
#[case(&["--city", "DIR/coarse.toml"], 1, &["base_resolution", "9", "10", "only boundaries"])]
#[case(&["--city", "DIR/named.toml"], 1, &["name", "Three Districts", "Two Districts"])]
#[case(&["--city", "DIR/new.toml", "--boundary", "district=x.json"], 2, &["--city", "--boundary"])]
fn a_mistake_is_named_and_changes_nothing(
    #[case] args: &[&str],
    #[case] code: i32,
    #[case] words: &[&str],
) {
    let cities = Cities::write();
    let state = cities.state("city.toml");
    fs::write(cities.path("broken.geojson"), "{\"type\": \"Feature").unwrap();
    let text = fs::read_to_string(cities.path("new.toml")).unwrap();
    let coarse = text.replace("base_resolution = 10", "base_resolution = 9");
    assert_ne!(coarse, text);
    fs::write(cities.path("coarse.toml"), coarse).unwrap();
    let named = text.replace("Two Districts", "Three Districts");
    fs::write(cities.path("named.toml"), named).unwrap();
    let dir = cities.path("");
    let dir = dir.to_str().unwrap().trim_end_matches('/');
    let args: Vec<String> = args.iter().map(|arg| arg.replace("DIR", dir)).collect();
    let before = (
        rows(state.path()),
        fs::read(state.path().join("state.json")).unwrap(),
    );
    for more in [None, Some("--dry-run")] {
        let all = args.iter().map(String::as_str).chain(more);
        let refused = replace(state.path(), all);
        assert_eq!(refused.code, code, "{refused:?}");
        for word in words {
            assert!(refused.err.contains(word), "{word} in {refused:?}");
        }
        assert!(code != 1 || refused.err.lines().count() == 1, "{refused:?}");
    }
    let after = (
        rows(state.path()),
        fs::read(state.path().join("state.json")).unwrap(),
    );
    assert_eq!(after, before);
}

#[test]
fn other_boundaries_wait_until_what_was_begun_is_finished_or_given_up() {
    let cities = Cities::write();
    let state = cities.state("city.toml");
    let (new, other) = (cities.path("new.toml"), cities.path("new.geojson"));
    let before = (rows(state.path()), version(state.path()));
    let nothing = replace(state.path(), ["--give-up"]).good();
    assert!(nothing.out.contains("nothing was begun"), "{nothing:?}");

    replace_until(state.path(), &new, "file 2 done");
    let boundary = format!("district={}", other.display());
    let refused = replace(state.path(), ["--boundary", &boundary]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains("is not finished") && refused.err.contains("--give-up"),
        "{refused:?}"
    );
    assert!(state.path().join("lake/complaints/_replace").exists());
    replace(state.path(), ["--give-up"]).succeeded();
    assert!(!state.path().join("lake/complaints/_replace").exists());
    assert_eq!((rows(state.path()), version(state.path())), before);
    replace(state.path(), ["--boundary", &boundary]).succeeded();
    assert_ne!(version(state.path()), before.1);

    let again = cities.state("city.toml");
    replace_until(again.path(), &new, "complaints over");
    let late = replace(again.path(), ["--give-up"]);
    assert_eq!(late.code, 1, "{late:?}");
    assert!(late.err.contains("changing over already"), "{late:?}");
}

#[test]
fn init_of_a_city_whose_boundaries_were_replaced_says_how_boundaries_are_replaced() {
    let cities = Cities::write();
    let state = cities.state("city.toml");
    let (old, new) = (cities.path("city.toml"), cities.path("new.toml"));
    replace(state.path(), ["--city".as_ref(), new.as_os_str()]).succeeded();
    let init = |city: &std::path::Path| {
        citybrain_tests::run([
            "init".as_ref(),
            "--city".as_ref(),
            city.as_os_str(),
            "--state-dir".as_ref(),
            state.path().as_os_str(),
        ])
    };
    init(&new).succeeded();
    let refused = init(&old);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("citybrain replace"), "{refused:?}");
}
