//! Sensors that cross fences.

use std::collections::{HashMap, HashSet};

use citybrain_grid::{City, NOWHERE};
use citybrain_model::AreaLevel;

use super::Subject;
use super::desk::{Desk, Key, Reading};
use super::report::ObservationColumns;
use crate::fast::Fast;
use crate::question::value;
use crate::{Crossing as Asked, Direction, Outline, RuleError};

/// One rule over the positions of sensors.
#[derive(Debug)]
pub(crate) struct Crossing {
    rule: usize,
    asked: Asked,
    level: AreaLevel,
    /// The ids that are meant; none: all of the level.
    ids: HashSet<u32>,
    drawn: Option<City>,
    /// For each sensor when and in which area it was last; area 0 is none of those that are meant.
    last: HashMap<u32, (i64, u32), Fast>,
}

/// Most sensors whose last place one rule remembers.
const SENSORS_MAX: usize = 500_000;

/// The drawn area's number among areas.
const DRAWN: u32 = u32::MAX;

impl Crossing {
    pub(crate) fn new(rule: usize, asked: &Asked, desk: &mut Desk) -> Result<Self, RuleError> {
        let drawn = asked.fence.polygon.as_ref().map(Outline::fence);
        let level = asked.fence.level.unwrap_or(AreaLevel::District);
        let ids = asked.fence.ids.iter();
        let crossing = Self {
            rule,
            asked: asked.clone(),
            level,
            ids: ids.map(|id| desk.words.id(Some(id))).collect(),
            drawn: drawn.transpose()?,
            last: HashMap::default(),
        };
        desk.reopen(rule, |subject, words| {
            let area = match &subject.area {
                Some(area) => words.id(Some(area)),
                None => DRAWN,
            };
            let sensor = words.id(subject.sensor.as_deref());
            Some(key(area, sensor, subject.direction?))
        });
        Ok(crossing)
    }

    /// The sensor of a row is where the row says.
    pub(crate) fn observed(&mut self, rows: &ObservationColumns<'_>, row: usize, desk: &mut Desk) {
        let (_, lon, lat) = rows.place(row);
        let name = rows.sensor_name(row);
        let begins = self.asked.sensors.as_deref().unwrap_or_default();
        if lon.is_nan() || !name.starts_with(begins) {
            return;
        }
        let sensor = desk.words.id(Some(name));
        let area = if let Some(drawn) = &self.drawn {
            let inside = drawn.largest().locate(&[lon], &[lat])[0] != NOWHERE;
            if inside { DRAWN } else { 0 }
        } else {
            let id = desk.words.id(value(rows.areas[self.level.index()], row));
            let is_meant = self.ids.is_empty() || self.ids.contains(&id);
            if is_meant { id } else { 0 }
        };
        let at = rows.at.value(row);
        if self.last.len() >= SENSORS_MAX && !self.last.contains_key(&sensor) {
            desk.dropped += 1;
            return;
        }
        let before = self.last.get(&sensor).copied();
        if before.is_some_and(|(last, _)| at < last) {
            return;
        }
        self.last.insert(sensor, (at, area));
        let Some((_, before)) = before else {
            // What was told before a restart is over when the sensor is elsewhere now.
            for open in desk.open_keys(self.rule) {
                let (of, direction) = parts(open);
                let is_so = (direction == Direction::Enter) == (of == area);
                if open.place >> 32 == u64::from(sensor) && !is_so {
                    self.judge(of, sensor, direction, false, (lon, lat), desk);
                }
            }
            return;
        };
        if before == area {
            return;
        }
        for (of, inside) in [(before, false), (area, true)] {
            if of == 0 {
                continue;
            }
            self.judge(of, sensor, Direction::Enter, inside, (lon, lat), desk);
            self.judge(of, sensor, Direction::Exit, !inside, (lon, lat), desk);
        }
    }

    fn judge(
        &self,
        area: u32,
        sensor: u32,
        direction: Direction,
        is_so: bool,
        (lon, lat): (f64, f64),
        desk: &mut Desk,
    ) {
        let is_so = is_so && self.asked.on.contains(&direction);
        let reading = Reading {
            value: 1.0,
            met: is_so,
            holds: is_so,
        };
        let (level, is_drawn) = (self.level, self.drawn.is_some());
        desk.judge(self.rule, key(area, sensor, direction), reading, |desk| {
            let mut subject = Subject {
                sensor: desk.words.text(sensor).map(str::to_owned),
                direction: Some(direction),
                lon: Some(lon),
                lat: Some(lat),
                ..Subject::default()
            };
            if !is_drawn && let Some(id) = desk.words.text(area) {
                desk.put_area(&mut subject, level, id);
            }
            subject
        });
    }
}

fn key(area: u32, sensor: u32, direction: Direction) -> Key {
    Key {
        place: u64::from(sensor) << 32 | u64::from(area),
        what: u32::from(direction == Direction::Exit),
    }
}

fn parts(key: Key) -> (u32, Direction) {
    #[expect(clippy::cast_possible_truncation, reason = "the area is the low half")]
    let area = key.place as u32;
    let direction = if key.what == 1 {
        Direction::Exit
    } else {
        Direction::Enter
    };
    (area, direction)
}
