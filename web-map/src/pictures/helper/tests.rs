use std::os::unix::fs::PermissionsExt;

use citybrain_grid::geo::{MultiPolygon, Rect, coord};
use citybrain_picture::{Border, Dot, Frame, Map, Scale};
use h3o::{CellIndex, LatLng, Resolution};

use super::*;

fn tile() -> MapTile {
    MapTile {
        size: 64,
        style: json!({}),
        layers: Vec::new(),
        bytes: vec![1, 2, 3],
    }
}

/// A helper that is a shell script.
fn helper(dir: &tempfile::TempDir, script: &str) -> Helper {
    let path = dir.path().join("helper");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Helper::new(path)
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let helper = Helper::new("/no/such/helper".into());
    let error = helper.paint(&tile(), [64, 64]).unwrap_err().to_string();
    assert!(error.starts_with("/no/such/helper: "), "{error}");
    assert!(matches!(
        helper.paint(&tile(), [64, 64]),
        Err(HelperError::Rests)
    ));
}

#[test]
fn a_program_that_ends_or_writes_nonsense_gives_no_picture() {
    let dir = tempfile::tempdir().unwrap();
    let ends = helper(&dir, "exit 0").paint(&tile(), [64, 64]);
    assert!(matches!(ends, Err(HelperError::Broken(_))), "{ends:?}");
    let nonsense =
        helper(&dir, "head -c 9999 /dev/zero | tr '\\0' 'x'; sleep 1").paint(&tile(), [64, 64]);
    assert!(
        matches!(nonsense, Err(HelperError::Broken(_))),
        "{nonsense:?}"
    );
}

#[test]
fn pixels_come_back_and_an_error_is_told() {
    let dir = tempfile::tempdir().unwrap();
    // 64 × 64 × 4 = 16,384 = 0x4000 bytes
    let paints = helper(
        &dir,
        "printf '\\000\\000\\100\\000\\000'; head -c 16384 /dev/zero; sleep 1",
    );
    assert_eq!(paints.paint(&tile(), [64, 32]).unwrap().size(), [64, 32]);
    let refuses = helper(&dir, "printf '\\001\\003\\000\\000\\000bad'; sleep 1");
    let error = refuses.paint(&tile(), [64, 64]).unwrap_err().to_string();
    assert_eq!(error, "it says: bad");
}

/// The helper program, where `make snapshot` put it.
fn built() -> Option<Helper> {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/test
    let program = test.ancestors().nth(2).unwrap().join("citybrain-snapshot");
    let there = program.is_file();
    if !there {
        println!("skipped: no helper program (make snapshot)");
    }
    there.then(|| Helper::new(program))
}

/// Hundreds of cells in all seven colours, and a border through them.
fn map(ground: &MultiPolygon<f64>) -> Map<'_> {
    let middle = LatLng::new(39.9, 116.4).unwrap().to_cell(Resolution::Eight);
    let cells: Vec<CellIndex> = middle.grid_disk(12);
    Map {
        frame: Frame::fit([116.2, 39.75, 116.6, 40.05], [640, 512], 10.0).unwrap(),
        ground: vec![ground],
        scale: Scale::try_new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]).unwrap(),
        cells: cells
            .into_iter()
            .zip((1..8).cycle().map(f64::from))
            .collect(),
        areas: Vec::new(),
        borders: vec![Border {
            areas: vec![ground],
            depth: 0,
        }],
        dots: vec![Dot { at: [116.25, 39.8] }],
        labels: Vec::new(),
    }
}

/// The largest mean difference of a colour over the cells between the two renderers, of 255.
const DIFFERENCE_MAX: f64 = 2.0;

#[test]
fn both_renderers_give_each_cell_the_same_colour() {
    let Some(helper) = built() else { return };
    let ground = MultiPolygon(vec![
        Rect::new(coord! {x: 116.22, y: 39.77}, coord! {x: 116.58, y: 40.03}).to_polygon(),
    ]);
    let map = map(&ground);
    let size = [map.frame.width, map.frame.height];
    let by_helper = helper.paint(&map.tile(), size).unwrap();
    let by_hand = Raster::of(&map.drawing()).unwrap();
    let (mut sum, mut compared) = (0.0, 0.0);
    let cells = map.cells.iter().map(|(cell, _)| {
        let at = LatLng::from(*cell);
        [at.lng(), at.lat()]
    });
    let dots = map.dots.iter().map(|dot| dot.at);
    for [lon, lat] in cells.chain(dots) {
        let [x, y] = map.frame.at(lon, lat);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "pixels of a picture"
        )]
        let (x, y) = (x as u32, y as u32);
        let (one, other) = (
            by_helper.colour(x, y).unwrap(),
            by_hand.colour(x, y).unwrap(),
        );
        for channel in 0..3 {
            sum += f64::from(one.0[channel].abs_diff(other.0[channel]));
            compared += 1.0;
        }
    }
    let difference = sum / compared;
    println!(
        "mean difference {difference:.3} of 255 over {} cells",
        map.cells.len()
    );
    assert!(difference <= DIFFERENCE_MAX, "{difference}");
}

#[test]
fn a_poisoned_tile_harms_nobody() {
    let Some(helper) = built() else { return };
    let poisoned = helper.paint(&tile(), [64, 64]);
    println!("{poisoned:?}");
    // Refused, or the program ended; either way the next picture comes, after its rest.
    let ground = MultiPolygon(vec![
        Rect::new(coord! {x: 116.22, y: 39.77}, coord! {x: 116.58, y: 40.03}).to_polygon(),
    ]);
    let map = map(&ground);
    let again = loop {
        match helper.paint(&map.tile(), [640, 512]) {
            Err(HelperError::Rests) => std::thread::sleep(REST / 10),
            other => break other,
        }
    };
    assert_eq!(again.unwrap().size(), [640, 512]);
}
