//! What is known of each datastream: its latest value, where it is, and its values over the longest window that a rule asks for.

use std::collections::{BTreeMap, HashMap};

use super::Subject;
use super::desk::Desk;
use super::near::distance_m;
use super::places::Places;
use super::report::ObservationColumns;
use super::words::Words;
use crate::fast::Fast;
use crate::question::value;
use crate::{Statistic, Value};

/// All datastreams by number.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    ids: HashMap<(u32, u32), u32, Fast>,
    all: Vec<Stream>,
    /// For each property, for how long its values are kept, µs.
    pub(crate) kept: HashMap<u32, i64>,
    samples: usize,
    pub(crate) dropped: u64,
}

/// One datastream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) source: u32,
    pub(crate) datastream: u32,
    pub(crate) sensor: u32,
    pub(crate) property: u32,
    /// The latest good value and its phenomenon time; `i64::MIN` before the first.
    pub(crate) at: i64,
    pub(crate) value: f64,
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    pub(crate) place: u32,
    samples: BTreeMap<i64, f64>,
}

/// Most datastreams, and most values that are kept for windows.
const STREAMS_MAX: usize = 500_000;
pub(crate) const SAMPLES_MAX: usize = 4_000_000;

impl Streams {
    pub(crate) fn get(&self, number: u32) -> &Stream {
        &self.all[number as usize]
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Stream)> {
        (0..).zip(&self.all)
    }

    /// Takes a value in; the number of its datastream. A value of an earlier phenomenon time changes only the windows; one of the same
    /// time is a correction.
    pub(crate) fn observe(
        &mut self,
        rows: &ObservationColumns<'_>,
        row: usize,
        words: &mut Words,
        places: &mut Places,
    ) -> Option<u32> {
        let source = words.id(Some(rows.source.value(row)));
        let datastream = words.id(Some(rows.datastream.value(row)));
        let number = if let Some(&number) = self.ids.get(&(source, datastream)) {
            number
        } else {
            if self.all.len() >= STREAMS_MAX || source == 0 || datastream == 0 {
                self.dropped += 1;
                return None;
            }
            let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            self.ids.insert((source, datastream), number);
            self.all.push(Stream {
                source,
                datastream,
                sensor: words.id(Some(rows.sensor_name(row))),
                property: words.id(value(rows.property, row)),
                at: i64::MIN,
                value: f64::NAN,
                lon: f64::NAN,
                lat: f64::NAN,
                place: places.id([0; 4]),
                samples: BTreeMap::new(),
            });
            number
        };
        let stream = &mut self.all[number as usize];
        let at = rows.at.value(row);
        let (_, lon, lat) = rows.place(row);
        if at >= stream.at && !lon.is_nan() {
            (stream.lon, stream.lat) = (lon, lat);
            let areas = rows.areas.map(|column| words.id(value(column, row)));
            stream.place = places.id(areas);
        }
        if rows.quality.value(row) == "doubtful" {
            return Some(number);
        }
        let result = rows.result.value(row);
        if at >= stream.at {
            (stream.at, stream.value) = (at, result);
        }
        if let Some(kept) = self.kept.get(&stream.property) {
            let out = stream.at - kept;
            if at > out && self.samples < SAMPLES_MAX {
                self.samples += usize::from(stream.samples.insert(at, result).is_none());
            } else if at > out {
                self.dropped += 1;
            }
            while let Some(first) = stream.samples.first_entry()
                && *first.key() <= out
            {
                first.remove();
                self.samples -= 1;
            }
        }
        Some(number)
    }

    /// Values that are kept for windows.
    pub(crate) const fn samples(&self) -> usize {
        self.samples
    }

    /// Datastreams.
    pub(crate) const fn len(&self) -> usize {
        self.all.len()
    }
}

impl Stream {
    /// Is it at most so far from a position?
    pub(crate) fn is_within(&self, lon: f64, lat: f64, metres: f64) -> bool {
        // Not a number where there is no position: then it is nowhere near.
        distance_m((self.lon, self.lat), (lon, lat)) <= metres
    }

    /// What a rule compares; none when there is no value in the window that ends at `now`.
    pub(crate) fn statistic(&self, asked: &Value, now: i64) -> Option<f64> {
        let Some(window) = asked.window else {
            return (self.at != i64::MIN).then_some(self.value);
        };
        let from = now - window.micros() + 1;
        if from > now {
            return None;
        }
        let mut values = self.samples.range(from..=now).map(|(_, value)| *value);
        let first = values.next()?;
        Some(match asked.statistic {
            Statistic::Latest => values.next_back().unwrap_or(first),
            Statistic::Max => values.fold(first, f64::max),
            Statistic::Min => values.fold(first, f64::min),
            Statistic::Change => values.next_back().unwrap_or(first) - first,
            Statistic::Mean => {
                let (sum, count) =
                    values.fold((first, 1.0), |(sum, n), value| (sum + value, n + 1.0));
                sum / count
            }
        })
    }

    pub(crate) fn subject(&self, desk: &Desk) -> Subject {
        let text = |word| desk.words.text(word).map(str::to_owned);
        let mut subject = Subject {
            source: text(self.source),
            sensor: text(self.sensor),
            datastream: text(self.datastream),
            lon: (!self.lon.is_nan()).then_some(self.lon),
            lat: (!self.lat.is_nan()).then_some(self.lat),
            ..Subject::default()
        };
        desk.put_place(&mut subject, self.place);
        subject
    }
}
