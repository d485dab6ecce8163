//! A window against those before it.

use super::desk::{Desk, Key, Reading};
use super::report::Report;
use crate::Trend as Asked;
use crate::sliding::Sliding;

/// The count of a window, and of it with the windows before.
#[derive(Debug)]
pub(crate) struct Trend {
    rule: usize,
    asked: Asked,
    window: Sliding<Key>,
    all: Sliding<Key>,
    touched: Vec<Key>,
}

impl Trend {
    pub(crate) fn new(rule: usize, asked: &Asked, now: i64) -> Self {
        let width = asked.window.micros();
        Self {
            rule,
            asked: asked.clone(),
            window: Sliding::new(width, now),
            all: Sliding::new(width * (i64::from(asked.before) + 1), now),
            touched: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, report: &Report, weight: i32, desk: &Desk) {
        let key = self
            .asked
            .per
            .key(self.asked.each_category, report, &desk.places);
        if let Some(key) = key {
            self.window.add(report.at, key, weight);
            if self.all.add(report.at, key, weight).is_some() {
                self.touched.push(key);
            }
        }
    }

    pub(crate) fn advance(&mut self, now: i64) {
        let touched = &mut self.touched;
        self.window.advance(now, |key, _| touched.push(key));
        self.all.advance(now, |key, _| touched.push(key));
    }

    pub(crate) fn touch_all(&mut self) {
        self.touched.extend(self.all.counts().keys());
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(crate) fn settle(&mut self, desk: &mut Desk) {
        let at_least = i64::try_from(self.asked.at_least).unwrap_or(i64::MAX);
        let per = self.asked.per;
        for key in std::mem::take(&mut self.touched) {
            let count = self.window.count(&key);
            let before = (self.all.count(&key) - count) as f64 / f64::from(self.asked.before);
            let times = count as f64 / before.max(1.0);
            let clear = self.asked.clear_factor.unwrap_or(self.asked.factor);
            let reading = Reading {
                value: count as f64,
                met: count >= at_least && times >= self.asked.factor,
                holds: times >= clear,
            };
            desk.judge(self.rule, key, reading, |desk| desk.counted(per, key));
        }
    }

    pub(crate) const fn entries(&self) -> usize {
        self.window.entries() + self.all.entries()
    }
}
