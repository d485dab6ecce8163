//! Counts in a window, shared by all rules that count the same.

use super::desk::{Desk, Key, Reading};
use super::report::Report;
use crate::sliding::Sliding;
use crate::{Per, Selection, Threshold};

/// One count, and the thresholds over it.
#[derive(Debug)]
pub(crate) struct Count {
    selection: Selection,
    per: Per,
    each_category: bool,
    width: i64,
    window: Sliding<Key>,
    /// Rule, from how many on, and below how many no longer.
    limits: Vec<(usize, i64, i64)>,
    /// The least count that makes any of them so.
    lowest: i64,
    touched: Vec<Key>,
}

impl Count {
    pub(crate) fn new(rule: usize, asked: &Threshold, now: i64) -> Self {
        let width = asked.window.micros();
        let mut count = Self {
            selection: asked.complaints.clone(),
            per: asked.per,
            each_category: asked.each_category,
            width,
            window: Sliding::new(width, now),
            limits: Vec::new(),
            lowest: i64::MAX,
            touched: Vec::new(),
        };
        count.limit(rule, asked);
        count
    }

    /// Does this rule count the same?
    pub(crate) fn is_of(&self, asked: &Threshold) -> bool {
        self.width == asked.window.micros()
            && self.per == asked.per
            && self.each_category == asked.each_category
            && self.selection == asked.complaints
    }

    /// One more rule over the count.
    pub(crate) fn limit(&mut self, rule: usize, asked: &Threshold) {
        let at_least = i64::try_from(asked.at_least).unwrap_or(i64::MAX);
        let clear = asked.clear_below.unwrap_or(asked.at_least);
        self.limits
            .push((rule, at_least, i64::try_from(clear).unwrap_or(i64::MAX)));
        self.lowest = self.lowest.min(at_least);
    }

    pub(crate) fn add(&mut self, report: &Report, weight: i32, desk: &Desk) {
        let Some(key) = self.per.key(self.each_category, report, &desk.places) else {
            return;
        };
        let Some(count) = self.window.add(report.at, key, weight) else {
            return;
        };
        // Below every limit nothing is so; what was so is looked at when the count falls.
        if count >= self.lowest || weight < 0 {
            self.touched.push(key);
        }
    }

    pub(crate) fn advance(&mut self, now: i64) {
        let touched = &mut self.touched;
        self.window.advance(now, |key, _| touched.push(key));
    }

    /// Everything is looked at.
    pub(crate) fn touch_all(&mut self) {
        self.touched.extend(self.window.counts().keys());
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk) {
        for key in std::mem::take(&mut self.touched) {
            let count = self.window.count(&key);
            for &(rule, at_least, clear) in &self.limits {
                if count < at_least && !desk.is_open(rule, &key) && !desk.resumes() {
                    continue;
                }
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
                let reading = Reading {
                    value: count as f64,
                    met: count >= at_least,
                    holds: count >= clear,
                };
                let per = self.per;
                desk.judge(rule, key, reading, |desk| desk.counted(per, key));
            }
        }
    }

    pub(crate) const fn entries(&self) -> usize {
        self.window.entries()
    }
}
