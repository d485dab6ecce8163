use chrono::{DateTime, TimeDelta, Utc};

use super::{Control, NewKey, Role};

fn control() -> (tempfile::TempDir, Control) {
    let dir = tempfile::tempdir().unwrap();
    let control = Control::open_file(&dir.path().join("control.db")).unwrap();
    (dir, control)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn new(expires_at: Option<DateTime<Utc>>) -> NewKey {
    NewKey {
        name: "gate 4".to_owned(),
        role: Role::Integrator,
        feeds: vec!["noise".to_owned()],
        requests_per_second: Some(7),
        body_bytes: None,
        expires_at,
    }
}

#[test]
fn a_secret_opens_its_key_until_the_key_ends_and_is_nowhere_in_the_file() {
    let (dir, control) = control();
    assert!(!control.key_ring().unwrap().has_keys());
    let (key, secret) = control
        .create_key(&new(Some(at(100))), "test", at(0))
        .unwrap();
    let ring = control.key_ring().unwrap();
    assert_eq!(ring.find(secret.reveal(), at(99)).unwrap().as_ref(), &key);
    assert!(ring.find(secret.reveal(), at(100)).is_none());
    let mut wrong = secret.reveal().to_owned();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    for wrong in [wrong.as_str(), "", "cb_1_", "cb_x_0", "1"] {
        assert!(ring.find(wrong, at(1)).is_none(), "{wrong}");
    }
    assert_eq!(format!("{secret:?}"), "Secret");
    let random = secret.reveal().rsplit('_').next().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes
                .windows(random.len())
                .any(|window| window == random.as_bytes())
        );
    }
}

#[test]
fn a_rotated_key_knows_its_old_secret_for_the_overlap_and_a_revoked_one_none() {
    let (_dir, control) = control();
    let (key, old) = control.create_key(&new(None), "test", at(0)).unwrap();
    let session = control.begin_session(&key, at(1000), at(5)).unwrap();
    let new = control
        .rotate_key(key.id, TimeDelta::seconds(60), "test", at(10))
        .unwrap()
        .unwrap();
    let ring = control.key_ring().unwrap();
    let opens = |secret: &super::Secret, when| ring.find(secret.reveal(), at(when)).is_some();
    assert!(opens(&old, 69) && opens(&session, 69) && opens(&new, 69));
    assert!(!opens(&old, 70) && !opens(&session, 70) && opens(&new, 70));
    assert!(control.revoke_key(key.id, "test", at(80)).unwrap());
    assert!(!control.revoke_key(99, "test", at(80)).unwrap());
    let ring = control.key_ring().unwrap();
    assert!(ring.has_keys() && ring.find(new.reveal(), at(81)).is_none());
    assert!(
        control
            .rotate_key(key.id, TimeDelta::zero(), "test", at(90))
            .unwrap()
            .is_none()
    );
    let done: Vec<String> = control
        .audited(None, 10)
        .unwrap()
        .into_iter()
        .map(|line| line.audit.action)
        .collect();
    assert_eq!(
        done,
        ["key.revoke", "key.rotate", "session.begin", "key.create"]
    );
}

#[test]
fn a_session_ends_when_it_is_told_to_and_a_secret_does_not() {
    let (_dir, control) = control();
    let (key, secret) = control.create_key(&new(None), "test", at(0)).unwrap();
    let session = control.begin_session(&key, at(1000), at(5)).unwrap();
    control.end_session(session.reveal()).unwrap();
    control.end_session(secret.reveal()).unwrap();
    let ring = control.key_ring().unwrap();
    assert!(ring.find(session.reveal(), at(6)).is_none());
    assert!(ring.find(secret.reveal(), at(6)).is_some());
}
