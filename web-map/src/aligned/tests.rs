use std::os::unix::fs::MetadataExt;

use citybrain_grid::h3o::Resolution;
use citybrain_synth::{SampleCitySpec, sample_city};
use rstest::rstest;

use super::*;

fn small_city(seed: u64) -> City {
    let made = sample_city(seed, &SampleCitySpec::with_communities(12)).unwrap();
    let mut parts = made.parts();
    parts.base_resolution = Resolution::Eight;
    City::try_new(parts).unwrap()
}

/// The grid that a process gets which starts now, and the file's number: another one after each writing.
fn start(state_dir: &Path, seed: u64) -> (AlignedGrid, u64) {
    let city = kept(small_city(seed), state_dir);
    let grid = aligned::of(&city).unwrap().clone();
    (grid, fs::metadata(state_dir.join(FILE)).unwrap().ino())
}

#[test]
fn the_second_start_reads_what_the_first_one_made() {
    let folder = tempfile::tempdir().unwrap();
    let (made, first) = start(folder.path(), 1);
    assert_eq!(made, aligned::make(&small_city(1)).unwrap());
    let (read, second) = start(folder.path(), 1);
    assert_eq!((read, second), (made, first));
    let names = fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [FILE]);
}

#[rstest]
#[case::cut_off(|bytes: &mut Vec<u8>| bytes.truncate(1000))]
#[case::empty(|bytes: &mut Vec<u8>| bytes.clear())]
#[case::a_bit_turned(|bytes: &mut Vec<u8>| bytes[500] ^= 1)]
#[case::another_layout(|bytes: &mut Vec<u8>| bytes[8] ^= 1)]
#[case::something_else(|bytes: &mut Vec<u8>| bytes.fill(b'x'))]
fn a_damaged_file_is_made_again(#[case] damage: fn(&mut Vec<u8>)) {
    let folder = tempfile::tempdir().unwrap();
    let (made, _) = start(folder.path(), 1);
    let file = folder.path().join(FILE);
    let whole = fs::read(&file).unwrap();
    let mut bytes = whole.clone();
    damage(&mut bytes);
    fs::write(&file, &bytes).unwrap();
    assert!(read(&file, &small_city(1)).is_err());
    assert_eq!(start(folder.path(), 1).0, made);
    assert_eq!(fs::read(&file).unwrap(), whole);
}

#[test]
fn the_grid_of_other_boundaries_or_of_another_resolution_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), 2);
    assert_eq!(
        start(folder.path(), 1).0,
        aligned::make(&small_city(1)).unwrap()
    );

    let city = small_city(1);
    let latest = aligned::smallest(&city).versions().last().unwrap();
    let coarser = city.base_resolution.pred().unwrap();
    let other = AlignedGrid::try_new(&city, latest, coarser).unwrap();
    let file = folder.path().join(FILE);
    write(&other, &file).unwrap();
    assert!(matches!(read(&file, &city), Err(Unusable::Other)));
    assert_eq!(start(folder.path(), 1).0, aligned::make(&city).unwrap());
}

#[test]
fn a_city_whose_directory_cannot_be_written_has_its_grid_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let city = kept(small_city(1), &folder.path().join("missing"));
    assert_eq!(
        *aligned::of(&city).unwrap(),
        aligned::make(&small_city(1)).unwrap()
    );
}
