//! Orders whose time runs out.

use std::collections::{BTreeMap, HashMap};

use citybrain_model::{EventKind, Identity};

use super::Subject;
use super::desk::{Desk, Key, Reading};
use super::report::{ComplaintColumns, Report, instant};
use crate::Clock;
use crate::fast::Fast;
use crate::question::value;

/// The open orders that a rule is about, by when they are told.
#[derive(Debug)]
pub(crate) struct Clocks {
    rule: usize,
    asked: Clock,
    open: HashMap<Key, Open, Fast>,
    /// When orders are looked at next, µs.
    next: BTreeMap<i64, Vec<Key>>,
    /// Steps that came before their order.
    early: HashMap<Key, bool, Fast>,
    touched: Vec<Key>,
}

#[derive(Debug)]
struct Open {
    due: i64,
    /// A row says that it is closed, or it is no longer one of those that are meant.
    closed: bool,
    /// A step stopped its clock.
    stopped: bool,
    source: Box<str>,
    id: Box<str>,
    report: Report,
}

/// Most open orders of one rule, about 250 bytes each.
pub(crate) const ORDERS_MAX: usize = 500_000;
/// Most steps that wait for their order.
const EARLY_MAX: usize = 100_000;
/// States that end an order where no closing time says so.
const ENDED: [&str; 5] = ["closed", "resolved", "withdrawn", "cancelled", "merged"];

impl Clocks {
    pub(crate) fn new(rule: usize, asked: &Clock) -> Self {
        Self {
            rule,
            asked: asked.clone(),
            open: HashMap::default(),
            next: BTreeMap::new(),
            early: HashMap::default(),
            touched: Vec::new(),
        }
    }

    /// An order has a new state: it counts no more, unless [`Clocks::add`] says that it is still one of those that are meant.
    pub(crate) fn renew(&mut self, identity: Identity) {
        let key = key_of(identity);
        if let Some(open) = self.open.get_mut(&key) {
            open.closed = true;
            self.touched.push(key);
        }
    }

    /// An order that is meant has a new state. The state before needs not be taken back: [`Clocks::renew`] did.
    pub(crate) fn add(
        &mut self,
        identity: Identity,
        report: &Report,
        row: Option<(&ComplaintColumns<'_>, usize)>,
        desk: &mut Desk,
    ) {
        let key = key_of(identity);
        let Some((rows, row)) = row else {
            return;
        };
        let limit = self.asked.limit.map(|limit| report.at + limit.micros());
        let due = instant(rows.due_at, row).or(limit);
        let ended = instant(rows.closed_at, row).is_some()
            || value(rows.words[super::report::STATUS], row)
                .is_some_and(|status| ENDED.contains(&status));
        let known = self.open.get(&key).map(|open| open.stopped);
        let (Some(due), false) = (due, ended && known.is_none()) else {
            if let Some(open) = self.open.get_mut(&key) {
                open.closed = true;
                self.touched.push(key);
            }
            return;
        };
        if due + self.asked.give_up.micros() <= desk.now {
            return;
        }
        if known.is_none() && self.open.len() >= ORDERS_MAX {
            desk.dropped += 1;
            return;
        }
        let stopped = known.or_else(|| self.early.remove(&key)).unwrap_or(false);
        let open = Open {
            due,
            closed: ended,
            stopped,
            source: rows.source.value(row).into(),
            id: rows.id.value(row).into(),
            report: *report,
        };
        self.open.insert(key, open);
        self.touched.push(key);
        self.look_at(due - self.asked.before.micros(), key);
    }

    fn look_at(&mut self, at: i64, key: Key) {
        self.next.entry(at).or_default().push(key);
    }

    /// An order took a step.
    pub(crate) fn step(&mut self, identity: Identity, step: EventKind) {
        let stops = self.asked.until.contains(&step);
        if !stops && step != EventKind::Reopened {
            return;
        }
        let key = key_of(identity);
        match self.open.get_mut(&key) {
            Some(open) => {
                open.stopped = stops;
                if !stops {
                    open.closed = false;
                }
                self.touched.push(key);
            }
            None if self.early.len() < EARLY_MAX => {
                self.early.insert(key, stops);
            }
            None => {}
        }
    }

    pub(crate) fn advance(&mut self, desk: &Desk) {
        let give_up = self.asked.give_up.micros();
        while let Some(entry) = self.next.first_entry()
            && *entry.key() <= desk.now
        {
            for key in entry.remove() {
                let Some(open) = self.open.get(&key) else {
                    continue;
                };
                let forget_at = open.due + give_up;
                if forget_at <= desk.now {
                    self.open.remove(&key);
                } else {
                    self.next.entry(forget_at).or_default().push(key);
                }
                self.touched.push(key);
            }
        }
    }

    pub(crate) fn touch_all(&mut self) {
        self.touched.extend(self.open.keys());
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk) {
        for key in std::mem::take(&mut self.touched) {
            let Some(open) = self.open.get(&key) else {
                let reading = Reading {
                    value: 0.0,
                    met: false,
                    holds: false,
                };
                desk.judge(self.rule, key, reading, |_| Subject::default());
                continue;
            };
            let runs_out =
                !open.closed && !open.stopped && open.due - self.asked.before.micros() <= desk.now;
            #[expect(clippy::cast_precision_loss, reason = "minutes are few")]
            let left_min = (open.due - desk.now) as f64 / 60e6;
            let reading = Reading {
                value: (left_min * 10.0).round() / 10.0,
                met: runs_out,
                holds: runs_out,
            };
            desk.judge(self.rule, key, reading, |desk| {
                let mut subject = Subject {
                    source: Some(open.source.to_string()),
                    complaint: Some(open.id.to_string()),
                    ..desk.counted(
                        crate::Per::City,
                        Key {
                            place: 1,
                            what: open.report.what,
                        },
                    )
                };
                if !open.report.lon.is_nan() {
                    subject.lon = Some(open.report.lon);
                    subject.lat = Some(open.report.lat);
                }
                desk.put_place(&mut subject, open.report.place);
                subject
            });
        }
    }

    pub(crate) fn entries(&self) -> usize {
        self.open.len()
    }
}

/// 96 bits of an identity.
#[expect(clippy::cast_possible_truncation, reason = "parts of a hash")]
pub(crate) const fn key_of(identity: Identity) -> Key {
    Key {
        place: identity.0 as u64,
        what: (identity.0 >> 64) as u32,
    }
}
