//! Feeds and sensors that fell silent.

use std::collections::HashMap;

use super::Subject;
use super::desk::{Desk, Key, Reading};
use crate::fast::Fast;
use crate::{Every, Records, Silence as Asked};

/// When each of them was last heard.
#[derive(Debug)]
pub(crate) struct Silence {
    rule: usize,
    asked: Asked,
    sources: Vec<u32>,
    heard: HashMap<Key, Last, Fast>,
}

/// When one was heard.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: i64,
    /// The longest time between two records that was no alert, µs.
    pause: i64,
}

/// Who speaks in a record: words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaker {
    pub(crate) source: u32,
    /// Sensor and datastream, of an observation.
    pub(crate) sensor: Option<(u32, u32)>,
}

/// Most of them that one rule remembers.
const HEARD_MAX: usize = 500_000;

impl Last {
    const fn at(at: i64) -> Self {
        Self { at, pause: 0 }
    }
}

impl Silence {
    pub(crate) fn new(rule: usize, asked: &Asked, desk: &mut Desk) -> Self {
        let sources: Vec<u32> = asked
            .sources
            .iter()
            .map(|source| desk.words.id(Some(source)))
            .collect();
        let mut heard = HashMap::default();
        if asked.every == Every::Source {
            // What is named is missed from now on, also when it never speaks.
            heard.extend(sources.iter().map(|&source| {
                let key = Key {
                    place: source.into(),
                    what: 0,
                };
                (key, Last::at(desk.now))
            }));
        }
        // Who was told to be silent before a restart is so until heard.
        let long_ago = desk.now - asked.after.micros();
        desk.reopen(rule, |subject, words| {
            let source = words.id(subject.source.as_deref());
            let of = subject.sensor.as_deref().or(subject.datastream.as_deref());
            let key = Key {
                place: u64::from(words.id(of)) << 32 | u64::from(source),
                what: 0,
            };
            heard.insert(key, Last::at(long_ago));
            Some(key)
        });
        Self {
            rule,
            asked: asked.clone(),
            sources,
            heard,
        }
    }

    pub(crate) fn hears(&self, records: Records) -> bool {
        self.asked.records == Records::Any || self.asked.records == records
    }

    pub(crate) fn heard(&mut self, speaker: Speaker, at: i64, desk: &mut Desk) {
        if !self.sources.is_empty() && !self.sources.contains(&speaker.source) {
            return;
        }
        let place = match (self.asked.every, speaker.sensor) {
            (Every::Source, _) => 0,
            (Every::Sensor, Some((sensor, _))) => sensor,
            (Every::Datastream, Some((_, datastream))) => datastream,
            _ => return,
        };
        let key = Key {
            place: u64::from(place) << 32 | u64::from(speaker.source),
            what: 0,
        };
        if self.heard.len() >= HEARD_MAX && !self.heard.contains_key(&key) {
            desk.dropped += 1;
            return;
        }
        let is_open = desk.is_open(self.rule, &key);
        let last = self.heard.entry(key).or_insert(Last::at(at));
        if !is_open {
            last.pause = last.pause.max(at - last.at);
        }
        last.at = last.at.max(at);
        let last = *last;
        if is_open {
            self.judge(key, last, desk);
        }
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk) {
        for (key, last) in &self.heard {
            if last.at + self.patience(*last) <= desk.now || desk.is_open(self.rule, key) {
                self.judge(*key, *last, desk);
            }
        }
    }

    /// How long one is waited for, µs.
    fn patience(&self, last: Last) -> i64 {
        let after = self.asked.after.micros();
        if self.asked.habit {
            after.max(last.pause + last.pause / 2)
        } else {
            after
        }
    }

    fn judge(&self, key: Key, last: Last, desk: &mut Desk) {
        let silent = desk.now - last.at >= self.patience(last);
        #[expect(clippy::cast_precision_loss, reason = "minutes are few")]
        let minutes = (desk.now - last.at) as f64 / 60e6;
        let reading = Reading {
            value: minutes.floor(),
            met: silent,
            holds: silent,
        };
        let every = self.asked.every;
        desk.judge(self.rule, key, reading, |desk| {
            #[expect(clippy::cast_possible_truncation, reason = "two words of 32 bits")]
            let (of, source) = ((key.place >> 32) as u32, key.place as u32);
            let text = |word| desk.words.text(word).map(str::to_owned);
            let mut subject = Subject {
                source: text(source),
                ..Subject::default()
            };
            match every {
                Every::Source => {}
                Every::Sensor => subject.sensor = text(of),
                Every::Datastream => subject.datastream = text(of),
            }
            subject
        });
    }

    pub(crate) fn entries(&self) -> usize {
        self.heard.len()
    }
}
