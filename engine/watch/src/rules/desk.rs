//! Where readings become alerts: what is so, since when, and whether it is told.

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;
use citybrain_grid::City;

use super::places::{Places, Whats};
use super::words::Words;
use super::{Change, Resume, ResumeState, Subject, Told};
use crate::Rule;
use crate::fast::Fast;

/// What a rule counts by: a place, order, sensor … and a second number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) place: u64,
    pub(crate) what: u32,
}

/// What was read for a key: the value, whether it makes the condition so, and whether it keeps it so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) value: f64,
    pub(crate) met: bool,
    pub(crate) holds: bool,
}

/// Most keys of one rule for which the condition is so at a time.
pub(crate) const GATES_MAX: usize = 10_000;

/// Turns readings into changes: each key of each rule goes from waiting (so, but not for long enough, or in quiet hours) to told, and
/// is forgotten when it is no longer so. Keys for which nothing is so cost nothing.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) city: Arc<City>,
    pub(crate) words: Words,
    pub(crate) whats: Whats,
    pub(crate) places: Places,
    pub(crate) now: i64,
    /// Counts are being read; nothing is judged.
    pub(crate) seeding: bool,
    pub(crate) dropped: u64,
    tellers: Vec<Teller>,
    told: Vec<Told>,
    resume: HashMap<(usize, String), Resume>,
}

#[derive(Debug)]
struct Teller {
    rule: Arc<Rule>,
    gates: HashMap<Key, Gate, Fast>,
    waiting: usize,
    cleared: HashMap<Key, i64, Fast>,
    in_season: bool,
    is_quiet: bool,
}

#[derive(Debug)]
struct Gate {
    since: i64,
    not_before: i64,
    is_told: bool,
    value: f64,
    subject: Subject,
}

impl Desk {
    pub(crate) fn new(city: Arc<City>, rules: &[Arc<Rule>], resume: Vec<Resume>, now: i64) -> Self {
        let tellers = rules
            .iter()
            .map(|rule| Teller {
                rule: Arc::clone(rule),
                gates: HashMap::default(),
                waiting: 0,
                cleared: HashMap::default(),
                in_season: true,
                is_quiet: false,
            })
            .collect();
        let number = |id: &str| rules.iter().position(|rule| rule.id == id);
        let resume = resume
            .into_iter()
            .filter_map(|known| Some(((number(&known.rule)?, known.subject.text()), known)))
            .collect();
        let mut desk = Self {
            city,
            words: Words::new(),
            whats: Whats::default(),
            places: Places::default(),
            now,
            seeding: false,
            dropped: 0,
            tellers,
            told: Vec::new(),
            resume,
        };
        desk.set_now(now);
        desk
    }

    pub(crate) fn zone(&self) -> Tz {
        self.city.time_zone
    }

    pub(crate) fn rule(&self, rule: usize) -> &Arc<Rule> {
        &self.tellers[rule].rule
    }

    /// How many rules there are.
    pub(crate) const fn rules(&self) -> usize {
        self.tellers.len()
    }

    /// Time goes on; [`tell_waiting`](Self::tell_waiting) follows when everything was judged.
    pub(crate) fn set_now(&mut self, now: i64) {
        self.now = self.now.max(now);
        let zone = self.zone();
        for teller in &mut self.tellers {
            let rule = &teller.rule;
            let season = rule.season.as_ref();
            teller.in_season = season.is_none_or(|season| season.holds(zone, self.now));
            teller.is_quiet = rule.quiet.is_some_and(|hours| hours.hold(zone, self.now));
            let again = rule.again.micros();
            teller.cleared.retain(|_, at| *at + again > self.now);
        }
    }

    /// What is still so is told when its time has come.
    pub(crate) fn tell_waiting(&mut self) {
        if self.seeding {
            return;
        }
        for teller in &mut self.tellers {
            if teller.waiting == 0 {
                continue;
            }
            let waiting: Vec<Key> = teller
                .gates
                .iter()
                .filter(|(_, gate)| !gate.is_told)
                .map(|(key, _)| *key)
                .collect();
            for key in waiting {
                teller.tell(key, self.now, &mut self.told);
            }
        }
    }

    /// Is the condition so for the key, told or waiting?
    pub(crate) fn is_open(&self, rule: usize, key: &Key) -> bool {
        self.tellers[rule].gates.contains_key(key)
    }

    /// The keys for which the condition is so.
    pub(crate) fn open_keys(&self, rule: usize) -> Vec<Key> {
        self.tellers[rule].gates.keys().copied().collect()
    }

    /// Is there anything from before a restart that waits to be found again?
    pub(crate) fn resumes(&self) -> bool {
        !self.resume.is_empty()
    }

    /// Takes a reading. `subject` says what the key stands for; it is asked only when the condition becomes so.
    pub(crate) fn judge(
        &mut self,
        rule: usize,
        key: Key,
        reading: Reading,
        subject: impl FnOnce(&Self) -> Subject,
    ) {
        if self.seeding {
            return;
        }
        let teller = &mut self.tellers[rule];
        let met = reading.met && teller.in_season;
        if let Some(gate) = teller.gates.get_mut(&key) {
            gate.value = reading.value;
            if gate.is_told && !reading.holds || !gate.is_told && !met {
                teller.close(key, self.now, &mut self.told);
            } else {
                teller.tell(key, self.now, &mut self.told);
            }
            return;
        }
        let may_resume = reading.holds && !self.resume.is_empty();
        if !met && !may_resume {
            return;
        }
        let subject = subject(self);
        self.open(rule, key, reading.value, met, subject);
    }

    fn open(&mut self, rule: usize, key: Key, value: f64, met: bool, subject: Subject) {
        let known = (rule, subject.text());
        let before = self.resume.get(&known).map(|resume| resume.state);
        let teller = &mut self.tellers[rule];
        let mut gate = Gate {
            since: self.now,
            not_before: i64::MIN,
            is_told: false,
            value,
            subject,
        };
        let again = teller.rule.again.micros();
        if let Some(cleared) = teller.cleared.get(&key) {
            gate.not_before = cleared + again;
        }
        match before {
            Some(ResumeState::Told { since }) => {
                gate.since = since;
                gate.is_told = true;
            }
            _ if !met => return,
            Some(ResumeState::Waiting { since }) => gate.since = since,
            Some(ResumeState::Cleared { at }) => gate.not_before = at + again,
            None => {}
        }
        if teller.gates.len() >= GATES_MAX {
            self.dropped += 1;
            return;
        }
        self.resume.remove(&known);
        if !gate.is_told {
            teller.waiting += 1;
            if before.is_none() && !teller.rule.hold.is_zero() {
                self.told
                    .push(gate.told(&teller.rule, Change::Waiting, self.now));
            }
        }
        teller.gates.insert(key, gate);
        teller.tell(key, self.now, &mut self.told);
    }

    /// What was told before a restart and is about keys that only their own past explains: they are open at once.
    pub(crate) fn reopen(
        &mut self,
        rule: usize,
        mut key: impl FnMut(&Subject, &mut Words) -> Option<Key>,
    ) {
        let known: Vec<(usize, String)> = self
            .resume
            .iter()
            .filter(|((at, _), resume)| {
                *at == rule && matches!(resume.state, ResumeState::Told { .. })
            })
            .map(|(known, _)| known.clone())
            .collect();
        for known in known {
            let Some(resume) = self.resume.remove(&known) else {
                continue;
            };
            let ResumeState::Told { since } = resume.state else {
                continue;
            };
            if let Some(key) = key(&resume.subject, &mut self.words) {
                let gate = Gate {
                    since,
                    not_before: i64::MIN,
                    is_told: true,
                    value: 0.0,
                    subject: resume.subject,
                };
                self.tellers[rule].gates.insert(key, gate);
            }
        }
    }

    /// Everything that there is was read: what was told before a restart and was not found again is over.
    pub(crate) fn end_resuming(&mut self) {
        for ((rule, _), resume) in std::mem::take(&mut self.resume) {
            let change = match resume.state {
                ResumeState::Told { .. } => Change::Cleared,
                ResumeState::Waiting { .. } => Change::Dropped,
                ResumeState::Cleared { .. } => continue,
            };
            self.told.push(Told {
                rule: Arc::clone(&self.tellers[rule].rule),
                subject: resume.subject,
                change,
                at: self.now,
                value: 0.0,
            });
        }
    }

    /// What changed since the last call, in order.
    pub(crate) fn take(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Keys for which something is so.
    pub(crate) fn open_count(&self) -> usize {
        self.tellers.iter().map(|teller| teller.gates.len()).sum()
    }
}

impl Teller {
    /// Tells the key when it may be told.
    fn tell(&mut self, key: Key, now: i64, told: &mut Vec<Told>) {
        let Some(gate) = self.gates.get_mut(&key) else {
            return;
        };
        let long_enough = now >= gate.since + self.rule.hold.micros();
        if gate.is_told || !long_enough || now < gate.not_before || self.is_quiet || !self.in_season
        {
            return;
        }
        gate.is_told = true;
        self.waiting -= 1;
        let change = Change::Raised { since: gate.since };
        told.push(gate.told(&self.rule, change, now));
    }

    /// The condition is no longer so for the key.
    fn close(&mut self, key: Key, now: i64, told: &mut Vec<Told>) {
        let Some(gate) = self.gates.remove(&key) else {
            return;
        };
        if gate.is_told {
            if !self.rule.again.is_zero() {
                self.cleared.insert(key, now);
            }
            told.push(gate.told(&self.rule, Change::Cleared, now));
            return;
        }
        self.waiting -= 1;
        if !self.rule.hold.is_zero() {
            told.push(gate.told(&self.rule, Change::Dropped, now));
        }
    }
}

impl Gate {
    fn told(&self, rule: &Arc<Rule>, change: Change, at: i64) -> Told {
        Told {
            rule: Arc::clone(rule),
            subject: self.subject.clone(),
            change,
            at,
            value: self.value,
        }
    }
}
