use super::*;

fn intake(bytes_max: usize, requests_max: usize) -> (Arc<Intake>, Instant) {
    let now = Instant::now();
    let config = Config {
        intake_bytes_max: bytes_max,
        intake_requests_max: requests_max,
        ..Config::default()
    };
    (Arc::new(Intake::new(&config, now)), now)
}

#[test]
fn sixty_four_single_senders_and_sixteen_of_the_largest_bodies_fit_by_default() {
    let (intake, now) = {
        let now = Instant::now();
        (Arc::new(Intake::new(&Config::default(), now)), now)
    };
    let large: Vec<_> = (0..15)
        .map(|_| intake.place(FIRST_BYTES_MAX, now).unwrap())
        .collect();
    for place in &large {
        place.grow(64 << 20);
    }
    let single: Vec<_> = (0..64).map(|_| intake.place(200, now).unwrap()).collect();
    assert_eq!(intake.load().requests, 79);
    drop((large, single));
    let load = intake.load();
    assert_eq!((load.requests, load.bytes), (0, 0));
}

#[test]
fn what_is_beyond_bytes_or_number_waits_until_something_is_done() {
    let (intake, now) = intake(64 << 10, 1_000);
    let held: Vec<_> = (0..16)
        .map(|_| intake.place(1 << 20, now).unwrap())
        .collect();
    assert_eq!(intake.place(1, now).unwrap_err(), Duration::from_secs(1));
    drop(held);
    assert!(intake.place(1, now).is_ok());

    let (intake, now) = self::intake(1 << 20, 2);
    let _held = [intake.place(1, now).unwrap(), intake.place(1, now).unwrap()];
    assert!(intake.place(1, now).is_err());
}

#[test]
fn one_request_alone_is_taken_however_small_the_room_is() {
    let (intake, now) = intake(0, 0);
    let alone = intake.place(1 << 20, now);
    assert!(alone.is_ok());
    assert!(intake.place(1, now).is_err());
}

#[test]
fn the_pause_is_what_the_bytes_on_their_way_need_at_the_present_rate() {
    let now = Instant::now();
    let load = |bytes, done| Load {
        bytes,
        requests: 1,
        done,
        since: now,
        rate: 0.0,
    };
    let in_two = now + Duration::from_secs(2);
    // 500 bytes a second.
    assert_eq!(load(4_000, 1_000).pause(in_two), Duration::from_secs(8));
    assert_eq!(load(10, 1_000).pause(in_two), Duration::from_secs(1));
    assert_eq!(load(1 << 30, 1_000).pause(in_two), Duration::from_secs(30));
    // Nothing moves: as long again as it has stood.
    assert_eq!(load(10, 0).pause(in_two), Duration::from_secs(2));
    assert_eq!(load(10, 0).pause(now), Duration::from_secs(1));
}
