use chrono::DateTime;

use std::path::Path;

use super::{Audit, Control};

/// The control state in a folder of its own.
pub(super) fn open_in(dir: &Path) -> Control {
    Control::open_file(&dir.join("control.db")).unwrap()
}

fn done(seconds: i64, subject: &str) -> Audit {
    Audit {
        at: DateTime::from_timestamp(seconds, 0).unwrap(),
        actor: "command line".to_owned(),
        action: "key.create".to_owned(),
        subject: subject.to_owned(),
        detail: "{}".to_owned(),
    }
}

#[test]
fn what_was_done_is_told_newest_first_by_every_handle() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.db");
    let (one, other) = (
        Control::open_file(&path).unwrap(),
        Control::open_file(&path).unwrap(),
    );
    for second in 0..5 {
        one.note(&done(second, &format!("key {second}"))).unwrap();
    }
    let newest = other.audited(None, 2).unwrap();
    assert_eq!(
        newest
            .iter()
            .map(|line| line.audit.subject.as_str())
            .collect::<Vec<_>>(),
        ["key 4", "key 3"]
    );
    let before = other.audited(Some(newest[1].id), 100).unwrap();
    assert_eq!(before.len(), 3);
    assert_eq!(before[0].audit, done(2, "key 2"));
}
