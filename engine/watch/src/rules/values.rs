//! Values of datastreams beyond a limit.

use citybrain_model::AreaLevel;

use super::desk::{Desk, Key, Reading};
use super::places::ANY;
use super::streams::{Stream, Streams};
use crate::Value;
use crate::rule::area_of;

/// One rule over the datastreams of a property.
#[derive(Debug)]
pub(crate) struct Values {
    rule: usize,
    asked: Value,
    property: u32,
    areas: Vec<(AreaLevel, u32)>,
    touched: Vec<u32>,
}

impl Values {
    pub(crate) fn new(rule: usize, asked: &Value, streams: &mut Streams, desk: &mut Desk) -> Self {
        let property = desk.words.id(Some(&asked.property));
        if let Some(window) = asked.window {
            let kept = streams.kept.entry(property).or_default();
            *kept = (*kept).max(window.micros());
        }
        let areas = asked
            .areas
            .iter()
            .filter_map(|area| area_of(area))
            .map(|(level, id)| (level, desk.words.id(Some(id))))
            .collect();
        Self {
            rule,
            asked: asked.clone(),
            property,
            areas,
            touched: Vec::new(),
        }
    }

    pub(crate) fn observed(&mut self, number: u32, stream: &Stream) {
        if stream.property == self.property {
            self.touched.push(number);
        }
    }

    /// Values leave windows with time.
    pub(crate) fn advance(&mut self, desk: &Desk) {
        if self.asked.window.is_some() {
            let open = desk.open_keys(self.rule);
            self.touched
                .extend(open.iter().filter_map(|key| u32::try_from(key.place).ok()));
        }
    }

    pub(crate) fn touch_all(&mut self, streams: &Streams) {
        let own =
            |(number, stream): (u32, &Stream)| (stream.property == self.property).then_some(number);
        self.touched.extend(streams.all().filter_map(own));
    }

    pub(crate) fn settle(&mut self, desk: &mut Desk, streams: &Streams) {
        let asked = &self.asked;
        for number in std::mem::take(&mut self.touched) {
            let stream = streams.get(number);
            let places = desk.places.areas(stream.place);
            let is_meant = self.areas.is_empty()
                || self
                    .areas
                    .iter()
                    .any(|(level, word)| places[level.index()] == *word);
            let value = stream.statistic(asked, desk.now).filter(|_| is_meant);
            let reading = match (value, asked.above, asked.below) {
                (Some(value), Some(above), _) => Reading {
                    value,
                    met: value > above,
                    holds: value > asked.clear.unwrap_or(above),
                },
                (Some(value), None, Some(below)) => Reading {
                    value,
                    met: value < below,
                    holds: value < asked.clear.unwrap_or(below),
                },
                _ => Reading {
                    value: 0.0,
                    met: false,
                    holds: false,
                },
            };
            let key = Key {
                place: number.into(),
                what: ANY,
            };
            desk.judge(self.rule, key, reading, |desk| stream.subject(desk));
        }
    }
}
