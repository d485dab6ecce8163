//! What follows complaints for a rule.

use citybrain_model::{EventKind, Identity};

use super::burst::Burst;
use super::clocks::Clocks;
use super::count::Count;
use super::desk::Desk;
use super::near::Near;
use super::repeats::Repeats;
use super::report::{ComplaintColumns, Report};
use super::streams::{Stream, Streams};
use super::trend::Trend;
use crate::{Condition, Selection, Threshold};

/// One of the ways to follow complaints. All are told of a complaint's new state (`weight` 1) and of the one before (-1), of time,
/// and when to judge.
#[derive(Debug)]
pub(crate) enum Watcher {
    Count(Count),
    Trend(Trend),
    Burst(Burst),
    Near(Near),
    Clocks(Clocks),
    Repeats(Repeats),
}

impl Watcher {
    /// The watcher for a condition about complaints, and which complaints it is about.
    pub(crate) fn new<'a>(
        rule: usize,
        condition: &'a Condition,
        desk: &mut Desk,
    ) -> Option<(&'a Selection, Self)> {
        let now = desk.now;
        Some(match condition {
            Condition::Threshold(it) => (&it.complaints, Self::Count(Count::new(rule, it, now))),
            Condition::Rate(it) => (&it.complaints, Self::Trend(Trend::new(rule, it, now))),
            Condition::Burst(it) => (&it.complaints, Self::Burst(Burst::new(rule, it, desk))),
            Condition::Combination(it) => (&it.complaints, Self::Near(Near::new(rule, it, desk))),
            Condition::Clock(it) => (&it.complaints, Self::Clocks(Clocks::new(rule, it))),
            Condition::Repeat(it) => (&it.complaints, Self::Repeats(Repeats::new(rule, it, now))),
            Condition::Value(_)
            | Condition::Quiet(_)
            | Condition::Crossing(_)
            | Condition::Steps(_) => return None,
        })
    }

    /// Takes one more rule when it counts the same.
    pub(crate) fn share(&mut self, rule: usize, asked: &Threshold) -> bool {
        match self {
            Self::Count(count) if count.is_of(asked) => {
                count.limit(rule, asked);
                true
            }
            _ => false,
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each kind of watcher needs some of them; a struct of them would have no other use"
    )]
    pub(crate) fn add(
        &mut self,
        identity: Identity,
        report: &Report,
        weight: i32,
        day: i64,
        row: Option<(&ComplaintColumns<'_>, usize)>,
        streams: &Streams,
        desk: &mut Desk,
    ) {
        match self {
            Self::Count(count) => count.add(report, weight, desk),
            Self::Trend(trend) => trend.add(report, weight, desk),
            Self::Burst(burst) => burst.add(report, weight, day, desk),
            Self::Near(near) => near.add(identity.0, report, weight, streams, desk),
            Self::Clocks(clocks) => clocks.add(identity, report, row, desk),
            Self::Repeats(repeats) => repeats.add(identity, report, weight, row),
        }
    }

    /// A complaint has a new state.
    pub(crate) fn renew(&mut self, identity: Identity) {
        if let Self::Clocks(clocks) = self {
            clocks.renew(identity);
        }
    }

    /// A complaint took a step.
    pub(crate) fn step(&mut self, identity: Identity, step: EventKind) {
        if let Self::Clocks(clocks) = self {
            clocks.step(identity, step);
        }
    }

    /// A datastream has a new value.
    pub(crate) fn observed(&mut self, number: u32, stream: &Stream) {
        if let Self::Near(near) = self {
            near.observed(number, stream);
        }
    }

    /// A complaint is too old to count.
    pub(crate) fn forget(&mut self, identity: u128) {
        if let Self::Repeats(repeats) = self {
            repeats.forget(identity);
        }
    }

    pub(crate) fn advance(&mut self, desk: &Desk, streams: &Streams) {
        match self {
            Self::Count(count) => count.advance(desk.now),
            Self::Trend(trend) => trend.advance(desk.now),
            Self::Burst(burst) => burst.advance(desk),
            Self::Near(near) => near.advance(desk, streams),
            Self::Clocks(clocks) => clocks.advance(desk),
            Self::Repeats(repeats) => repeats.advance(desk.now),
        }
    }

    /// Everything is looked at.
    pub(crate) fn touch_all(&mut self, streams: &Streams) {
        match self {
            Self::Count(count) => count.touch_all(),
            Self::Trend(trend) => trend.touch_all(),
            Self::Burst(burst) => burst.touch_all(),
            Self::Near(near) => near.touch_all(streams),
            Self::Clocks(clocks) => clocks.touch_all(),
            Self::Repeats(repeats) => repeats.touch_all(),
        }
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk, streams: &Streams) {
        match self {
            Self::Count(count) => count.settle(desk),
            Self::Trend(trend) => trend.settle(desk),
            Self::Burst(burst) => burst.settle(desk),
            Self::Near(near) => near.settle(desk, streams),
            Self::Clocks(clocks) => clocks.settle(desk),
            Self::Repeats(repeats) => repeats.settle(desk),
        }
    }

    pub(crate) fn entries(&self) -> usize {
        match self {
            Self::Count(count) => count.entries(),
            Self::Trend(trend) => trend.entries(),
            Self::Burst(burst) => burst.entries(),
            Self::Near(near) => near.entries(),
            Self::Clocks(clocks) => clocks.entries(),
            Self::Repeats(repeats) => repeats.entries(),
        }
    }
}
