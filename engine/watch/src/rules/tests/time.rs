//! For how long, at which hours, in which season, how often.

use super::*;
use crate::Hours;

const WINDOW: &str = r#"when = { kind = "threshold", window = "10min", at_least = 2"#;

fn two(now: i64) -> [Record; 2] {
    [
        record(&format!("a{now}"), now, 0),
        record(&format!("b{now}"), now, 0),
    ]
}

#[test]
fn it_stays_so_until_it_falls_below_the_lower_limit() {
    let mut rules = rules(&format!("{WINDOW}, clear_below = 1 }}"));
    assert_eq!(
        fold(
            &mut rules,
            Table::Complaints,
            &[record("1", NOON, 0), record("2", NOON + MINUTE, 0)],
            NOON + MINUTE
        ),
        ["+"]
    );
    // One is left, and one is enough for it to stay so.
    assert!(tick(&mut rules, NOON + 10 * MINUTE + 1).is_empty());
    assert_eq!(tick(&mut rules, NOON + 11 * MINUTE), ["-"]);
}

#[test]
fn it_must_be_so_for_as_long_as_the_rule_asks() {
    let text = format!("hold = \"5min\"\n{WINDOW} }}");
    let mut rules = rules(&text);
    assert!(fold(&mut rules, Table::Complaints, &two(NOON), NOON).is_empty());
    assert!(tick(&mut rules, NOON + 5 * MINUTE - 1).is_empty());
    rules.tick(NOON + 5 * MINUTE);
    let raised = rules.take();
    assert_eq!(raised[0].change, Change::Raised { since: NOON });
    // What is no longer so before that is not told.
    let mut rules = self::rules(&format!("hold = \"30min\"\n{WINDOW} }}"));
    fold(&mut rules, Table::Complaints, &two(NOON), NOON);
    assert!(tick(&mut rules, NOON + HOUR).is_empty());
}

#[test]
fn in_quiet_hours_nothing_is_told_and_afterwards_what_is_still_so() {
    // It is ten o'clock in Shanghai.
    let quiet = "quiet = { from = \"09:00\", to = \"10:05\" }";
    let mut rules = rules(&format!("{quiet}\n{WINDOW} }}"));
    assert!(fold(&mut rules, Table::Complaints, &two(NOON), NOON).is_empty());
    assert!(tick(&mut rules, NOON + 5 * MINUTE - 1).is_empty());
    assert_eq!(tick(&mut rules, NOON + 5 * MINUTE), ["+"]);
    // The hours go over midnight.
    let over = Hours {
        from: "22:00".parse().unwrap(),
        to: "07:00".parse().unwrap(),
    };
    let zone = city().time_zone;
    let held = [-4, -3, 5, 11, 12, 20].map(|hours| over.hold(zone, NOON + hours * HOUR));
    assert_eq!(held, [true, false, false, false, true, true]);
}

#[test]
fn out_of_season_a_rule_does_not_watch() {
    let season = |from: &str, to: &str| {
        format!("season = {{ from = \"{from}\", to = \"{to}\" }}\n{WINDOW} }}")
    };
    let mut winter = rules(&season("11-15", "03-15"));
    assert_eq!(
        fold(&mut winter, Table::Complaints, &two(NOON), NOON),
        ["+"]
    );
    let mut summer = rules(&season("06-01", "09-15"));
    assert!(fold(&mut summer, Table::Complaints, &two(NOON), NOON).is_empty());
}

#[test]
fn the_same_is_not_told_again_too_soon() {
    let mut rules = rules(&format!("again = \"1h\"\n{WINDOW} }}"));
    assert_eq!(fold(&mut rules, Table::Complaints, &two(NOON), NOON), ["+"]);
    assert_eq!(tick(&mut rules, NOON + 10 * MINUTE), ["-"]);
    let soon = NOON + 20 * MINUTE;
    assert!(fold(&mut rules, Table::Complaints, &two(soon), soon).is_empty());
    tick(&mut rules, NOON + 40 * MINUTE);
    let later = NOON + 71 * MINUTE;
    assert_eq!(
        fold(&mut rules, Table::Complaints, &two(later), later),
        ["+"]
    );
}
