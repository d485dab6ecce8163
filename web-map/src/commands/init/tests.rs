use citybrain_synth::{SampleCitySpec, sample_city, write_files};
use tempfile::TempDir;

use super::*;

/// A folder with the files of a small city.
fn small_city(seed: u64) -> (TempDir, PathBuf, City) {
    let folder = tempfile::tempdir().unwrap();
    let city = sample_city(seed, &SampleCitySpec::with_communities(12)).unwrap();
    for (name, bytes) in write_files(&city) {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    let file = folder.path().join("city.toml");
    let (city, _) = city::read_city(&file).unwrap();
    (folder, file, city)
}

fn said(result: Result<(), Failure>) -> String {
    result.unwrap_err().message().unwrap()
}

#[test]
fn a_state_directory_holds_its_city_wherever_the_files_go() {
    let (folder, file, city) = small_city(1);
    let state = tempfile::tempdir().unwrap();
    init(&file, &city, state.path()).unwrap();
    folder.close().unwrap();
    assert_eq!(city_of(state.path()).unwrap().fingerprint, city.fingerprint);
}

#[test]
fn a_second_init_of_the_same_city_changes_nothing_and_of_another_one_is_refused() {
    let (_one, file, city) = small_city(1);
    let (_two, other_file, other) = small_city(2);
    let state = tempfile::tempdir().unwrap();
    init(&file, &city, state.path()).unwrap();
    let before = fs::read(state.path().join("state.json")).unwrap();
    init(&file, &city, state.path()).unwrap();
    assert_eq!(fs::read(state.path().join("state.json")).unwrap(), before);
    let refused = said(init(&other_file, &other, state.path()));
    assert!(refused.contains("holds the city"), "{refused}");
    assert_eq!(city_of(state.path()).unwrap().fingerprint, city.fingerprint);
}

#[test]
fn a_folder_that_is_not_ours_is_left_alone() {
    let (_folder, file, city) = small_city(1);
    let state = tempfile::tempdir().unwrap();
    let precious = state.path().join("city").join("precious.txt");
    fs::create_dir_all(precious.parent().unwrap()).unwrap();
    fs::write(&precious, "mine").unwrap();
    assert!(said(init(&file, &city, state.path())).contains("name another one"));
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
}

#[test]
fn an_init_that_was_cut_off_is_finished_by_the_next_one() {
    let (_folder, file, city) = small_city(1);
    let state = tempfile::tempdir().unwrap();
    // Before the copy was whole.
    fs::create_dir_all(state.path().join("city.citybrain-tmp").join("areas")).unwrap();
    assert!(city_of(state.path()).is_err());
    init(&file, &city, state.path()).unwrap();
    // After it was, but before the state file.
    fs::remove_file(state.path().join("state.json")).unwrap();
    assert!(city_of(state.path()).is_err());
    init(&file, &city, state.path()).unwrap();
    assert_eq!(city_of(state.path()).unwrap().fingerprint, city.fingerprint);
}

#[test]
fn a_second_init_brings_other_roads() {
    let (_folder, file, city) = small_city(1);
    let state = tempfile::tempdir().unwrap();
    init(&file, &city, state.path()).unwrap();
    let roads = file.with_file_name("roads.geojson");
    let road = |name: &str| {
        format!(
            r#"{{"type": "Feature", "properties": {{"name": "{name}"}}, "geometry": {{"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}}}"#
        )
    };
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("roads = \"roads.geojson\"\n{text}")).unwrap();
    for name in ["one", "two"] {
        fs::write(&roads, road(name)).unwrap();
        let args = Args {
            city: file.clone(),
            state_dir: state.path().to_owned(),
            lake: None,
        };
        run(&args).unwrap();
        let city = city_of(state.path()).unwrap();
        assert_eq!(city.roads().unwrap().name(0), Some(name));
    }
}
