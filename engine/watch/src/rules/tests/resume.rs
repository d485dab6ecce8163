//! What survives a restart.

use super::*;

const HELD: &str = r#"
hold = "5min"
when = { kind = "threshold", per = "community", window = "10min", at_least = 2 }
"#;

fn two() -> RecordBatch {
    rows(
        Table::Complaints,
        &[record("1", NOON, 0), record("2", NOON, 0)],
    )
}

fn subject() -> Subject {
    let mut rules = rules(HELD);
    rules.fold(Table::Complaints, &two(), NOON, false);
    rules.take().remove(0).subject
}

fn resumed(state: ResumeState, seeded: bool, now: i64) -> Vec<Told> {
    let resume = Resume {
        rule: "r".to_owned(),
        subject: subject(),
        state,
    };
    let mut rules = Rules::new(&city(), &[rule(HELD)], vec![resume], now).unwrap();
    if seeded {
        rules.seed(Table::Complaints, &two());
    }
    rules.begin();
    rules.tick(now);
    rules.end_resuming();
    rules.take()
}

#[test]
fn what_was_told_is_not_told_again_and_is_over_when_it_is_no_longer_so() {
    let now = NOON + 7 * MINUTE;
    let state = ResumeState::Told { since: NOON };
    assert_eq!(resumed(state, true, now), []);
    let over = resumed(state, false, now);
    assert_eq!((over.len(), over[0].change), (1, Change::Cleared));
}

#[test]
fn what_was_waiting_goes_on_waiting_from_when_it_began() {
    let state = ResumeState::Waiting { since: NOON };
    assert_eq!(resumed(state, true, NOON + 4 * MINUTE), []);
    let told = resumed(state, true, NOON + 5 * MINUTE);
    assert_eq!(told[0].change, Change::Raised { since: NOON });
    let dropped = resumed(state, false, NOON + 5 * MINUTE);
    assert_eq!(dropped[0].change, Change::Dropped);
}

#[test]
fn rules_that_begin_with_history_and_go_on_tell_what_rules_that_saw_all_tell() {
    let complaints: Vec<Record> = (0..40)
        .map(|n| record(&n.to_string(), NOON + n * MINUTE, (n % 3) as usize))
        .collect();
    let text =
        r#"when = { kind = "threshold", per = "community", window = "10min", at_least = 4 }"#;
    let all = |from: usize| {
        let begin = NOON + from as i64 * MINUTE;
        let mut rules = Rules::new(&city(), &[rule(text)], Vec::new(), begin).unwrap();
        rules.seed(
            Table::Complaints,
            &rows(Table::Complaints, &complaints[..from]),
        );
        rules.begin();
        told(&mut rules);
        let mut changes = Vec::new();
        for complaint in &complaints[from..] {
            changes.extend(fold(
                &mut rules,
                Table::Complaints,
                std::slice::from_ref(complaint),
                complaint.at,
            ));
        }
        changes.extend(tick(&mut rules, NOON + 2 * HOUR));
        changes
    };
    let whole = all(0);
    assert!(!whole.is_empty());
    let tail = all(20);
    assert_eq!(whole[whole.len() - tail.len()..], tail[..]);
}
