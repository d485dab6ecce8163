use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Add(i64, u8, i32),
    Advance(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (-40_000_000_i64..40_000_000, 0_u8..4, prop_oneof![Just(1), Just(-1)])
            .prop_map(|(offset, key, weight)| Step::Add(offset, key, weight)),
        1 => (0_i64..9_000_000).prop_map(Step::Advance),
    ]
}

proptest! {
    /// Late, early, repeated and taken back: the counts are those of going through everything.
    #[test]
    fn counts_are_those_of_a_full_scan(steps in prop::collection::vec(step(), 1..200), width in 1_i64..30_000_000) {
        let start = 1_700_000_000_000_000;
        let mut now = start;
        let mut sliding = Sliding::new(width, now);
        // What the window knows: an entry that was out of it when it came is never counted.
        let mut all: Vec<(i64, u8, i32)> = Vec::new();
        let mut told: HashMap<u8, i64> = HashMap::new();
        for step in steps {
            match step {
                Step::Add(offset, key, weight) => {
                    let at = now + offset;
                    if at > now - width {
                        all.push((at, key, weight));
                    }
                    if let Some(count) = sliding.add(at, key, weight) {
                        told.insert(key, count);
                    }
                }
                Step::Advance(by) => {
                    now += by;
                    sliding.advance(now, |key, count| { told.insert(key, count); });
                }
            }
            for key in 0..4 {
                let scanned: i64 = all
                    .iter()
                    .filter(|(at, other, _)| *other == key && *at > now - width && *at <= now)
                    .map(|(_, _, weight)| i64::from(*weight))
                    .sum();
                prop_assert_eq!(sliding.count(&key), scanned);
                prop_assert_eq!(told.get(&key).copied().unwrap_or(0), scanned);
            }
        }
        sliding.advance(now + width + 80_000_000, |_, _| {});
        prop_assert_eq!(sliding.entries(), 0);
        prop_assert!(sliding.counts().is_empty());
    }
}
