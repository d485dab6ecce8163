//! The same step of one order again and again.

use std::collections::HashMap;

use citybrain_model::Identity;

use super::Subject;
use super::clocks::key_of;
use super::desk::{Desk, Key, Reading};
use super::report::StepColumns;
use crate::Steps as Asked;
use crate::fast::Fast;
use crate::sliding::Sliding;

/// Steps of each order in a window.
#[derive(Debug)]
pub(crate) struct Steps {
    rule: usize,
    asked: Asked,
    window: Sliding<Key>,
    /// Source and id of the orders that have taken the step.
    orders: HashMap<Key, (Box<str>, Box<str>), Fast>,
    touched: Vec<Key>,
}

impl Steps {
    pub(crate) fn new(rule: usize, asked: &Asked, now: i64) -> Self {
        Self {
            rule,
            asked: asked.clone(),
            window: Sliding::new(asked.window.micros(), now),
            orders: HashMap::default(),
            touched: Vec::new(),
        }
    }

    pub(crate) fn step(&mut self, identity: Identity, rows: &StepColumns<'_>, row: usize) {
        if rows.event.value(row) != self.asked.step.as_str() {
            return;
        }
        let key = key_of(identity);
        if self.window.add(rows.at.value(row), key, 1).is_some() {
            self.orders.entry(key).or_insert_with(|| {
                (
                    rows.source.value(row).into(),
                    rows.complaint.value(row).into(),
                )
            });
            self.touched.push(key);
        }
    }

    pub(crate) fn advance(&mut self, now: i64) {
        let touched = &mut self.touched;
        self.window.advance(now, |key, _| touched.push(key));
    }

    pub(crate) fn touch_all(&mut self) {
        self.touched.extend(self.window.counts().keys());
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk) {
        let at_least = i64::try_from(self.asked.at_least).unwrap_or(i64::MAX);
        for key in std::mem::take(&mut self.touched) {
            let count = self.window.count(&key);
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
            let reading = Reading {
                value: count as f64,
                met: count >= at_least,
                holds: count >= at_least,
            };
            let order = self.orders.get(&key);
            desk.judge(self.rule, key, reading, |_| Subject {
                source: order.map(|(source, _)| source.to_string()),
                complaint: order.map(|(_, id)| id.to_string()),
                ..Subject::default()
            });
            if count == 0 {
                self.orders.remove(&key);
            }
        }
    }

    pub(crate) fn entries(&self) -> usize {
        self.window.entries() + 2 * self.orders.len()
    }
}
