use std::os::unix::fs::PermissionsExt;

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
