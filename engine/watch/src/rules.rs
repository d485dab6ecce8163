//! Standing rules over the stream of records.
//!
//! [`Rules`] takes in what the store publishes and the passing of time, and says what is so, what no longer is, and about what
//! ([`Told`]). It is a pure machine: the same records and the same instants give the same answers, whether they happen now or are
//! history that is played again. One record's way:
//!
//! 1. its texts become numbers (`words`, `report`);
//! 2. a new state of a known complaint takes the old one back (`recent`);
//! 3. category and place lead to the few watchers that it can concern (`routes`); each counts it (`count`, `trend`, `burst` …);
//! 4. keys that changed are judged (`desk`): for how long it is so, quiet hours, hysteresis, what was told already.
//!
//! Memory is bounded: see [`Memory`]. What goes beyond a bound is not counted, and [`Memory::dropped`] says how much that is.

mod burst;
mod chosen;
mod clocks;
mod count;
mod crossing;
mod desk;
mod near;
mod places;
mod recent;
mod repeats;
mod report;
mod silence;
mod steps;
mod streams;
mod subject;
mod told;
mod trend;
mod values;
mod watcher;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use citybrain_grid::{City, NOWHERE};
use citybrain_model::{AreaLevel, EventKind, Identity};
use citybrain_store::Table;

pub use subject::Subject;
pub use told::{Change, Resume, ResumeState, Told};

use self::burst::DayBook;
use self::chosen::Chosen;
use self::crossing::Crossing;
use self::desk::Desk;
use self::recent::Recent;
use self::report::{ComplaintColumns, ObservationColumns, Report, StepColumns};
use self::silence::{Silence, Speaker};
use self::steps::Steps;
use self::streams::Streams;
use self::values::Values;
use self::watcher::Watcher;
use crate::fast::Fast;
use crate::question::value;
use crate::{Condition, Records, Rule, RuleError};

/// What the rules keep, and the bounds of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Complaints that may still change a count.
    pub complaints: usize,
    /// At most so many of them.
    pub complaints_max: usize,
    /// Entries of windows, open orders, values, and what else is counted.
    pub entries: usize,
    /// At most so many of them.
    pub entries_max: usize,
    /// Texts.
    pub words: usize,
    /// At most so many of them.
    pub words_max: usize,
    /// Things that are so now.
    pub open: usize,
    /// What was not counted because a bound was reached, since the start.
    pub dropped: u64,
}

/// Most entries of all windows together: about 32 bytes each, with their keys at most 100.
const ENTRIES_MAX: usize = 8_000_000;
/// Most combinations of category and place whose watchers are remembered.
const ROUTES_MAX: usize = 500_000;
/// Most drawn areas in selections.
const FENCES_MAX: usize = 64;
/// Orders may be under way for so long before a rule about their time is made, µs.
const ORDERS_BACK: i64 = 31 * 86_400 * 1_000_000;

/// The standing rules of one city.
#[derive(Debug)]
pub struct Rules {
    desk: Desk,
    recent: Recent,
    watchers: Vec<(Chosen, Watcher)>,
    /// Which of them are about the time of orders.
    clocks: Vec<usize>,
    routes: HashMap<u64, Box<[u32]>, Fast>,
    fences: Vec<City>,
    streams: Streams,
    values: Vec<Values>,
    crossings: Vec<Crossing>,
    silences: Vec<Silence>,
    steps: Vec<Steps>,
    days: DayBook,
    needs_complaints: bool,
    needs_observations: bool,
    is_full: bool,
}

impl Rules {
    /// The rules of a city at an instant (µs since 1970, UTC), with nothing counted yet. Rules that are off are left out.
    /// `resume` is what was so before a restart.
    ///
    /// # Errors
    /// When a rule does not fit the city, or there are too many drawn areas.
    pub fn new(
        city: &Arc<City>,
        rules: &[Rule],
        resume: Vec<Resume>,
        now: i64,
    ) -> Result<Self, RuleError> {
        let mut on = Vec::with_capacity(rules.len());
        for rule in rules.iter().filter(|rule| rule.on) {
            rule.check(city)?;
            on.push(Arc::new(rule.clone()));
        }
        let width = on.iter().map(|rule| rule.when.width()).max().unwrap_or(0);
        let mut this = Self {
            desk: Desk::new(Arc::clone(city), &on, resume, now),
            recent: Recent::new(width),
            watchers: Vec::new(),
            clocks: Vec::new(),
            routes: HashMap::default(),
            fences: Vec::new(),
            streams: Streams::default(),
            values: Vec::new(),
            crossings: Vec::new(),
            silences: Vec::new(),
            steps: Vec::new(),
            days: DayBook::default(),
            needs_complaints: false,
            needs_observations: false,
            is_full: false,
        };
        for (number, rule) in on.iter().enumerate() {
            this.add(number, rule)?;
        }
        this.needs_complaints = !this.watchers.is_empty();
        this.needs_observations = !this.values.is_empty()
            || this
                .watchers
                .iter()
                .any(|(_, watcher)| matches!(watcher, Watcher::Near(_)));
        Ok(this)
    }

    fn add(&mut self, number: usize, rule: &Rule) -> Result<(), RuleError> {
        let desk = &mut self.desk;
        match &rule.when {
            Condition::Value(asked) => {
                self.values
                    .push(Values::new(number, asked, &mut self.streams, desk));
            }
            Condition::Quiet(asked) => self.silences.push(Silence::new(number, asked, desk)),
            Condition::Crossing(asked) => self.crossings.push(Crossing::new(number, asked, desk)?),
            Condition::Steps(asked) => self.steps.push(Steps::new(number, asked, desk.now)),
            counted => {
                // Rules that count the same share the count.
                if let Condition::Threshold(asked) = counted
                    && self
                        .watchers
                        .iter_mut()
                        .any(|(_, watcher)| watcher.share(number, asked))
                {
                    return Ok(());
                }
                let Some((selection, watcher)) = Watcher::new(number, counted, desk) else {
                    return Ok(());
                };
                let fence = match &selection.polygon {
                    None => None,
                    Some(_) if self.fences.len() >= FENCES_MAX => {
                        return Err(RuleError::too_many_polygons(FENCES_MAX));
                    }
                    Some(polygon) => {
                        self.fences.push(polygon.fence()?);
                        u32::try_from(self.fences.len() - 1).ok()
                    }
                };
                let chosen = Chosen::new(selection, fence, &mut self.desk);
                if matches!(watcher, Watcher::Clocks(_)) {
                    self.clocks.push(self.watchers.len());
                }
                self.watchers.push((chosen, watcher));
            }
        }
        Ok(())
    }

    /// How far back records can still matter, µs: what is read when the rules start.
    pub fn horizon(&self) -> i64 {
        let orders = !self.clocks.is_empty();
        let values = self.streams.kept.values().copied().max().unwrap_or(0);
        // A feed or a sensor is known by what it said within a day, a week for those that are allowed a long silence.
        let widest = |rule: usize| self.desk.rule(rule).when.width();
        let others = (0..self.desk.rules()).map(widest).max().unwrap_or(0);
        others.max(values).max(if orders { ORDERS_BACK } else { 0 })
    }

    /// Do any rules ask for records of this table?
    pub fn reads(&self, table: Table) -> bool {
        let hears = !self.silences.is_empty();
        let clocks = !self.clocks.is_empty();
        match table {
            Table::Complaints => self.needs_complaints || hears,
            Table::ComplaintEvents => !self.steps.is_empty() || clocks || hears,
            Table::Observations => self.needs_observations || !self.crossings.is_empty() || hears,
        }
    }

    /// Counts records without judging: what there was when the rules start. [`Rules::begin`] ends it.
    pub fn seed(&mut self, table: Table, rows: &RecordBatch) {
        self.desk.seeding = true;
        self.take_in(table, rows, false);
        self.settle();
    }

    /// Judges everything that was counted so far.
    pub fn begin(&mut self) {
        self.desk.seeding = false;
        for (_, watcher) in &mut self.watchers {
            watcher.touch_all(&self.streams);
        }
        for values in &mut self.values {
            values.touch_all(&self.streams);
        }
        for steps in &mut self.steps {
            steps.touch_all();
        }
        self.settle();
    }

    /// Everything that there is was counted and judged: what was so before a restart and was not found again is over.
    pub fn end_resuming(&mut self) {
        self.desk.end_resuming();
    }

    /// Takes records in at `now` (µs since 1970, UTC). With `by_own_time` a record counts as received at its own time, as history does.
    pub fn fold(&mut self, table: Table, rows: &RecordBatch, now: i64, by_own_time: bool) {
        self.advance(now);
        self.take_in(table, rows, by_own_time);
        self.settle();
    }

    /// Time goes on.
    pub fn tick(&mut self, now: i64) {
        self.advance(now);
        for silence in &mut self.silences {
            silence.settle(&mut self.desk);
        }
        self.settle();
    }

    /// What changed since the last call, in order.
    pub fn take(&mut self) -> Vec<Told> {
        self.desk.take()
    }

    /// What is kept.
    pub fn memory(&self) -> Memory {
        Memory {
            complaints: self.recent.len(),
            complaints_max: recent::RECENT_MAX,
            entries: self.entries(),
            entries_max: ENTRIES_MAX,
            words: self.desk.words.len(),
            words_max: words::WORDS_MAX,
            open: self.desk.open_count(),
            dropped: self.desk.dropped + self.streams.dropped,
        }
    }

    fn entries(&self) -> usize {
        let watchers = self.watchers.iter().map(|(_, watcher)| watcher.entries());
        let steps = self.steps.iter().map(Steps::entries);
        let silences = self.silences.iter().map(Silence::entries);
        watchers.chain(steps).chain(silences).sum::<usize>()
            + self.streams.samples()
            + self.streams.len()
    }

    fn advance(&mut self, now: i64) {
        self.desk.set_now(now);
        let now = self.desk.now;
        for (_, watcher) in &mut self.watchers {
            watcher.advance(&self.desk, &self.streams);
        }
        for values in &mut self.values {
            values.advance(&self.desk);
        }
        for steps in &mut self.steps {
            steps.advance(now);
        }
        let watchers = &mut self.watchers;
        self.recent.advance(now, |identity| {
            for (_, watcher) in watchers.iter_mut() {
                watcher.forget(identity);
            }
        });
        self.is_full = self.entries() >= ENTRIES_MAX;
    }

    fn settle(&mut self) {
        for (_, watcher) in &mut self.watchers {
            watcher.settle(&mut self.desk, &self.streams);
        }
        for values in &mut self.values {
            values.settle(&mut self.desk, &self.streams);
        }
        for steps in &mut self.steps {
            steps.settle(&mut self.desk);
        }
        self.desk.tell_waiting();
    }

    fn take_in(&mut self, table: Table, rows: &RecordBatch, by_own_time: bool) {
        match table {
            Table::Complaints => self.complaints(rows, by_own_time),
            Table::ComplaintEvents => self.events(rows, by_own_time),
            Table::Observations => self.observations(rows, by_own_time),
        }
    }

    fn complaints(&mut self, rows: &RecordBatch, by_own_time: bool) {
        let columns = ComplaintColumns::of(rows);
        let fences = self.fences_of(&columns, rows.num_rows());
        for row in 0..rows.num_rows() {
            if !self.silences.is_empty() {
                let speaker = Speaker {
                    source: self.desk.words.id(Some(columns.source.value(row))),
                    sensor: None,
                };
                let received = if by_own_time {
                    columns.requested_at
                } else {
                    columns.received_at
                };
                self.hear(Records::Complaints, speaker, received.value(row));
            }
            if self.needs_complaints {
                let report = self.report(&columns, row, fences.get(row).copied().unwrap_or(0));
                self.complaint(columns.identity(row), report, &columns, row);
            }
        }
    }

    /// Which drawn fences hold each row.
    fn fences_of(&self, columns: &ComplaintColumns<'_>, rows: usize) -> Vec<u64> {
        if self.fences.is_empty() {
            return Vec::new();
        }
        let places = (0..rows).map(|row| columns.place(row));
        let (lon, lat): (Vec<f64>, Vec<f64>) = places.map(|(_, lon, lat)| (lon, lat)).unzip();
        let mut held = vec![0; rows];
        for (bit, fence) in self.fences.iter().enumerate() {
            let inside = fence.largest().locate(&lon, &lat);
            for (held, area) in held.iter_mut().zip(inside) {
                *held |= u64::from(area != NOWHERE) << bit;
            }
        }
        held
    }

    fn report(&mut self, columns: &ComplaintColumns<'_>, row: usize, fences: u64) -> Report {
        let words = &mut self.desk.words;
        let category = words.id(value(columns.category, row));
        let path = words.id(value(columns.path, row));
        let (cell, lon, lat) = columns.place(row);
        Report {
            at: columns.requested_at.value(row),
            what: self.desk.whats.id(category, path),
            place: {
                let areas = columns.areas.map(|column| words.id(value(column, row)));
                self.desk.places.id(areas)
            },
            cell,
            lon,
            lat,
            words: columns.words.map(|column| words.id(value(column, row))),
            fences,
        }
    }

    fn complaint(
        &mut self,
        identity: Identity,
        report: Report,
        columns: &ComplaintColumns<'_>,
        row: usize,
    ) {
        for &clock in &self.clocks {
            self.watchers[clock].1.renew(identity);
        }
        let (before, has_room) = self.recent.put(identity.0, report, self.desk.now);
        if !has_room || self.is_full && before.is_none() {
            self.desk.dropped += 1;
            return;
        }
        if let Some(before) = before {
            self.apply(identity, &before, -1, None);
        }
        self.apply(identity, &report, 1, Some((columns, row)));
    }

    fn apply(
        &mut self,
        identity: Identity,
        report: &Report,
        weight: i32,
        row: Option<(&ComplaintColumns<'_>, usize)>,
    ) {
        let route = u64::from(report.what) << 32 | u64::from(report.place);
        if !self.routes.contains_key(&route) {
            if self.routes.len() >= ROUTES_MAX {
                self.routes.clear();
            }
            let fits = |(number, (chosen, _)): (u32, &(Chosen, Watcher))| {
                chosen
                    .fits(report.what, report.place, &self.desk)
                    .then_some(number)
            };
            let numbers = (0..).zip(&self.watchers).filter_map(fits).collect();
            self.routes.insert(route, numbers);
        }
        let day = self.days.day(self.desk.zone(), report.at);
        for &number in &*self.routes[&route] {
            let (chosen, watcher) = &mut self.watchers[number as usize];
            if chosen.holds(report) {
                watcher.add(
                    identity,
                    report,
                    weight,
                    day,
                    row,
                    &self.streams,
                    &mut self.desk,
                );
            }
        }
    }

    fn events(&mut self, rows: &RecordBatch, by_own_time: bool) {
        let columns = StepColumns::of(rows);
        for row in 0..rows.num_rows() {
            let source = columns.source.value(row);
            if !self.silences.is_empty() {
                let speaker = Speaker {
                    source: self.desk.words.id(Some(source)),
                    sensor: None,
                };
                let received = if by_own_time {
                    columns.at
                } else {
                    columns.received_at
                };
                self.hear(Records::Complaints, speaker, received.value(row));
            }
            if columns.repeats(row) {
                continue;
            }
            let identity = Identity::of(source, columns.complaint.value(row));
            let step = EventKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == columns.event.value(row));
            let Some(step) = step else { continue };
            for steps in &mut self.steps {
                steps.step(identity, &columns, row);
            }
            for &clock in &self.clocks {
                self.watchers[clock].1.step(identity, step);
            }
        }
    }

    fn observations(&mut self, rows: &RecordBatch, by_own_time: bool) {
        let columns = ObservationColumns::of(rows);
        for row in 0..rows.num_rows() {
            if !self.silences.is_empty() {
                let words = &mut self.desk.words;
                let speaker = Speaker {
                    source: words.id(Some(columns.source.value(row))),
                    sensor: Some((
                        words.id(Some(columns.sensor_name(row))),
                        words.id(Some(columns.datastream.value(row))),
                    )),
                };
                let received = if by_own_time {
                    columns.at
                } else {
                    columns.received_at
                };
                self.hear(Records::Observations, speaker, received.value(row));
            }
            for crossing in &mut self.crossings {
                crossing.observed(&columns, row, &mut self.desk);
            }
            if !self.needs_observations {
                continue;
            }
            let (words, places) = (&mut self.desk.words, &mut self.desk.places);
            let Some(number) = self.streams.observe(&columns, row, words, places) else {
                continue;
            };
            let stream = self.streams.get(number);
            for values in &mut self.values {
                values.observed(number, stream);
            }
            for (_, watcher) in &mut self.watchers {
                watcher.observed(number, stream);
            }
        }
    }

    fn hear(&mut self, records: Records, speaker: Speaker, at: i64) {
        for silence in &mut self.silences {
            if silence.hears(records) {
                silence.heard(speaker, at, &mut self.desk);
            }
        }
    }
}

impl Subject {
    /// The level whose people an alert about this goes to first; none is the city.
    pub fn home(&self, rule: &Rule) -> Option<AreaLevel> {
        rule.level.or(self.level)
    }
}

#[cfg(test)]
pub(crate) mod tests;
