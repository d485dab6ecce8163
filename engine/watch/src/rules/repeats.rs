//! The same citizen again and again, as far as can be told without a name.

use std::collections::HashMap;

use citybrain_model::Identity;

use super::Subject;
use super::clocks::key_of;
use super::desk::{Desk, Key, Reading};
use super::report::{ComplaintColumns, Report};
use crate::fast::Fast;
use crate::question::value;
use crate::sliding::Sliding;
use crate::{Repeat, Same};

/// Counts by what complaints have in common.
#[derive(Debug)]
pub(crate) struct Repeats {
    rule: usize,
    asked: Repeat,
    window: Sliding<Key>,
    /// What each recent complaint has in common with others, and the first of its chain.
    known: HashMap<u128, Common, Fast>,
    touched: Vec<(Key, Newest)>,
}

#[derive(Debug, Clone)]
struct Common {
    root: u128,
    keys: Vec<Key>,
}

/// The newest complaint of a citizen.
#[derive(Debug, Clone, Default)]
struct Newest {
    source: String,
    id: String,
    report: Option<Report>,
}

impl Repeats {
    pub(crate) fn new(rule: usize, asked: &Repeat, now: i64) -> Self {
        Self {
            rule,
            asked: asked.clone(),
            window: Sliding::new(asked.window.micros(), now),
            known: HashMap::default(),
            touched: Vec::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        identity: Identity,
        report: &Report,
        weight: i32,
        row: Option<(&ComplaintColumns<'_>, usize)>,
    ) {
        let Some((rows, row)) = row.filter(|_| weight > 0) else {
            let before = self
                .known
                .get(&identity.0)
                .map(|common| common.keys.clone());
            for key in before.into_iter().flatten() {
                self.window.add(report.at, key, -1);
                self.touched.push((key, Newest::default()));
            }
            return;
        };
        let source = rows.source.value(row);
        let mut common = Common {
            root: identity.0,
            keys: Vec::with_capacity(self.asked.by.len()),
        };
        for same in &self.asked.by {
            let shared = match same {
                Same::Caller => value(rows.tags, row)
                    .and_then(|tags| tags.split(';').find_map(|tag| tag.strip_prefix("caller=")))
                    .map(|caller| Identity::of("caller", caller)),
                Same::Address => value(rows.address, row).map(|address| {
                    Identity::of(address, value(rows.category, row).unwrap_or_default())
                }),
                Same::RepeatOf => {
                    if let Some(first) = value(rows.repeat_of, row) {
                        let first = Identity::of(source, first).0;
                        common.root = self.known.get(&first).map_or(first, |known| known.root);
                    }
                    Some(Identity(common.root))
                }
            };
            if let Some(shared) = shared {
                common.keys.push(key_of(shared));
            }
        }
        for &key in &common.keys {
            if self
                .window
                .add(report.at, key, 1)
                .is_some_and(|count| count > 1)
            {
                let newest = Newest {
                    source: source.to_owned(),
                    id: rows.id.value(row).to_owned(),
                    report: Some(*report),
                };
                self.touched.push((key, newest));
            }
        }
        self.known.insert(identity.0, common);
    }

    /// A complaint is too old to count.
    pub(crate) fn forget(&mut self, identity: u128) {
        self.known.remove(&identity);
    }

    pub(crate) fn advance(&mut self, now: i64) {
        let touched = &mut self.touched;
        self.window
            .advance(now, |key, _| touched.push((key, Newest::default())));
    }

    pub(crate) fn touch_all(&mut self) {
        let keys = self.window.counts().keys();
        self.touched
            .extend(keys.map(|key| (*key, Newest::default())));
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk) {
        let at_least = i64::try_from(self.asked.at_least).unwrap_or(i64::MAX);
        for (key, newest) in std::mem::take(&mut self.touched) {
            let count = self.window.count(&key);
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            let reading = Reading {
                value: count as f64,
                met: count >= at_least,
                holds: count >= at_least,
            };
            desk.judge(self.rule, key, reading, |desk| {
                let mut subject = Subject {
                    same: Some(format!("{:016x}{:08x}", key.place, key.what)),
                    ..Subject::default()
                };
                if let Some(report) = newest.report {
                    subject.source = Some(newest.source);
                    subject.complaint = Some(newest.id);
                    let what = Key {
                        place: 1,
                        what: report.what,
                    };
                    subject.category = desk.counted(crate::Per::City, what).category;
                    if !report.lon.is_nan() {
                        (subject.lon, subject.lat) = (Some(report.lon), Some(report.lat));
                    }
                    desk.put_place(&mut subject, report.place);
                }
                subject
            });
        }
    }

    pub(crate) fn entries(&self) -> usize {
        self.window.entries() + 2 * self.known.len()
    }
}
