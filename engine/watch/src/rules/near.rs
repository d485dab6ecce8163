//! A sensor's value beyond a limit, and complaints near it.

use std::collections::{BTreeMap, HashMap};

use super::desk::{Desk, Key, Reading};
use super::places::ANY;
use super::report::Report;
use super::streams::{Stream, Streams};
use crate::Combination;
use crate::fast::Fast;

/// Recent complaints by squares of the map, and the sensors whose value is beyond the limit.
#[derive(Debug)]
pub(crate) struct Near {
    rule: usize,
    asked: Combination,
    property: u32,
    /// Side of a square, degrees of latitude and of longitude.
    side: f64,
    squares: HashMap<(i32, i32), Vec<Spot>, Fast>,
    /// When complaints leave the window, and from which square.
    leaving: BTreeMap<i64, Vec<(i32, i32)>>,
    /// Streams whose value is beyond the limit.
    beyond: Vec<u32>,
    touched: Vec<u32>,
    entries: usize,
}

#[derive(Debug, Clone, Copy)]
struct Spot {
    identity: u128,
    at: i64,
    lon: f64,
    lat: f64,
}

/// Mean radius of the earth, metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;

impl Near {
    pub(crate) fn new(rule: usize, asked: &Combination, desk: &mut Desk) -> Self {
        Self {
            rule,
            property: desk.words.id(Some(&asked.property)),
            // A square is at least as wide as the radius anywhere up to 80 degrees of latitude.
            side: (asked.within_m / EARTH_M).to_degrees(),
            asked: asked.clone(),
            squares: HashMap::default(),
            leaving: BTreeMap::new(),
            beyond: Vec::new(),
            touched: Vec::new(),
            entries: 0,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a square is at least 1 m wide: there are fewer than 2^31 of them"
    )]
    fn square(&self, lon: f64, lat: f64) -> (i32, i32) {
        (
            (lon / self.side).floor() as i32,
            (lat / self.side).floor() as i32,
        )
    }

    pub(crate) fn add(
        &mut self,
        identity: u128,
        report: &Report,
        weight: i32,
        streams: &Streams,
        desk: &Desk,
    ) {
        if report.lon.is_nan() || report.at <= desk.now - self.asked.window.micros() {
            return;
        }
        let square = self.square(report.lon, report.lat);
        let spots = self.squares.entry(square).or_default();
        if weight < 0 {
            let before = spots.len();
            spots.retain(|spot| spot.identity != identity);
            self.entries -= before - spots.len();
        } else {
            spots.push(Spot {
                identity,
                at: report.at,
                lon: report.lon,
                lat: report.lat,
            });
            self.entries += 1;
            self.leaving
                .entry(report.at + self.asked.window.micros())
                .or_default()
                .push(square);
        }
        let near = |stream: &Stream| stream.is_within(report.lon, report.lat, self.asked.within_m);
        let beyond = self.beyond.iter();
        self.touched
            .extend(beyond.filter(|stream| near(streams.get(**stream))));
    }

    /// A stream has a new value.
    pub(crate) fn observed(&mut self, number: u32, stream: &Stream) {
        if stream.property == self.property {
            self.touched.push(number);
        }
    }

    pub(crate) fn advance(&mut self, desk: &Desk, streams: &Streams) {
        let out = desk.now - self.asked.window.micros();
        while let Some(entry) = self.leaving.first_entry()
            && *entry.key() <= desk.now
        {
            for square in entry.remove() {
                if let Some(spots) = self.squares.get_mut(&square) {
                    let before = spots.len();
                    spots.retain(|spot| spot.at > out);
                    self.entries -= before - spots.len();
                    if spots.is_empty() {
                        self.squares.remove(&square);
                    }
                }
            }
        }
        for key in desk.open_keys(self.rule) {
            self.touched.extend(u32::try_from(key.place));
        }
        let is_beyond = |number: &u32| self.is_beyond(streams.get(*number), desk.now);
        let mut beyond = self.beyond.clone();
        beyond.retain(is_beyond);
        self.beyond = beyond;
    }

    fn is_beyond(&self, stream: &Stream, now: i64) -> bool {
        stream.at > now - self.asked.value_age.micros()
            && (self.asked.above.is_some_and(|limit| stream.value > limit)
                || self.asked.below.is_some_and(|limit| stream.value < limit))
    }

    fn complaints_near(&self, stream: &Stream, now: i64) -> usize {
        if stream.lon.is_nan() {
            return 0;
        }
        let out = now - self.asked.window.micros();
        let (column, row) = self.square(stream.lon, stream.lat);
        // Meridians draw together: more columns further from the equator.
        #[expect(clippy::cast_possible_truncation, reason = "at most 60")]
        let columns = (1.0 / stream.lat.to_radians().cos().max(0.02)).ceil() as i32;
        let mut found = 0;
        for x in column - columns..=column + columns {
            for y in row - 1..=row + 1 {
                let spots = self.squares.get(&(x, y)).into_iter().flatten();
                found += spots
                    .filter(|spot| {
                        spot.at > out
                            && spot.at <= now
                            && stream.is_within(spot.lon, spot.lat, self.asked.within_m)
                    })
                    .count();
            }
        }
        found
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk, streams: &Streams) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for number in touched {
            let stream = streams.get(number);
            let beyond = self.is_beyond(stream, desk.now);
            if beyond && !self.beyond.contains(&number) {
                self.beyond.push(number);
            }
            let enough =
                beyond && self.complaints_near(stream, desk.now) as u64 >= self.asked.at_least;
            let reading = Reading {
                value: stream.value,
                met: enough,
                holds: enough,
            };
            let key = Key {
                place: number.into(),
                what: ANY,
            };
            desk.judge(self.rule, key, reading, |desk| stream.subject(desk));
        }
    }

    pub(crate) fn touch_all(&mut self, streams: &Streams) {
        let own =
            |(number, stream): (u32, &Stream)| (stream.property == self.property).then_some(number);
        self.touched.extend(streams.all().filter_map(own));
    }

    pub(crate) const fn entries(&self) -> usize {
        self.entries
    }
}

/// Great-circle distance on the sphere, metres.
pub(crate) fn distance_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.1.to_radians(), b.1.to_radians());
    let half = |difference: f64| (difference / 2.0).sin().powi(2);
    let h = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half((b.0 - a.0).to_radians());
    2.0 * EARTH_M * h.sqrt().min(1.0).asin()
}
