use std::io::Write;

use citybrain_ingest::{Import, Profile};
use citybrain_store::StoreOptions;

use super::*;
use crate::app::tests::city;

/// A store with `good` complaint and `bad` rows of a file that has both.
fn store_with_refused(dir: &Path, profile: &str) -> (Store, Arc<Profile>, Context) {
    Store::create(dir, &city()).unwrap();
    let store = Store::open(dir, city(), StoreOptions::default()).unwrap();
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(b"id,when\ngood,2026-05-04T08:00:00Z\nbad,04/05/2026\nworse,\n")
        .unwrap();
    let profile = Profile::load(profile).unwrap();
    let context = Context {
        source: None,
        city_zone: city().time_zone,
        received_at: clock::now(),
        place_names: None,
    };
    let import = Import {
        profile: Arc::clone(&profile),
        context: context.clone(),
        progress: &mut |_| {},
    };
    let summary =
        citybrain_ingest::import(&mut store.writer(), &[file.path().to_owned()], import).unwrap();
    assert_eq!((summary.accepted, summary.rejected), (1, 2));
    (store, profile, context)
}

fn refused(store: &Store) -> Vec<String> {
    let rows = store.snapshot().rejected(0, 100).unwrap();
    rows.iter()
        .map(|row| shown(row, true)["raw"]["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_row_that_is_a_record_now_is_no_longer_refused_and_the_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("test.toml");
    let text = "title = \"test\"\nrecord = \"complaint\"\nzone = \"UTC\"\nTIMES[fields]\nid = \"id\"\nrequested_at = \"when\"\n";
    std::fs::write(&profile, text.replace("TIMES", "")).unwrap();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let (store, _, context) = store_with_refused(&state, profile.to_str().unwrap());
    assert_eq!(refused(&store), ["bad", "worse"]);

    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let replay = |store: &Store| {
        replay_refused(&store.writer(), runtime.handle(), &context, |_, _| true).unwrap()
    };
    assert_eq!(replay(&store).rejected, 2);
    std::fs::write(&profile, text.replace("TIMES", "times = [\"%d/%m/%Y\"]\n")).unwrap();
    let replayed = replay(&store);
    assert_eq!(
        (replayed.read, replayed.accepted, replayed.rejected),
        (2, 1, 1)
    );
    assert_eq!(refused(&store), ["worse"]);
    assert_eq!(replay(&store).read, 1);
    store.close().unwrap();
}
