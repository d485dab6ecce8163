//! What an alert is about.

use citybrain_model::AreaLevel;
use serde::{Deserialize, Serialize};

use crate::Direction;

/// What an alert is about: a place, perhaps with a category; an order; a sensor; a feed. Two alerts of a rule are about the same when
/// [`Subject::text`] is the same.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subject {
    /// The level of `area`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<AreaLevel>,
    /// The id of the area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// The H3 cell, hex text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The source of the order, or the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The order's id within the source. Of a citizen who repeats: the newest order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complaint: Option<String>,
    /// What the orders of one citizen have in common, as a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<String>,
    /// The sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
    /// The datastream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastream: Option<String>,
    /// Which way a fence was crossed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Longitude of where it is, WGS 84 degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Latitude of where it is, WGS 84 degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
}

impl Subject {
    /// What tells subjects of one rule apart, as a line of text; where something is plays no part, nor which order of a citizen
    /// is the newest.
    pub fn text(&self) -> String {
        let level = self.level.map(AreaLevel::as_str);
        let direction = self.direction.map(|direction| match direction {
            Direction::Enter => "enter",
            Direction::Exit => "exit",
        });
        // Where orders have something in common they may lie anywhere, and the newest may be any.
        let own = self.same.is_none();
        // An order or a sensor is the same wherever it is, but for a fence that it crosses.
        let placed =
            own && self.complaint.is_none() && (self.sensor.is_none() || direction.is_some());
        let parts = [
            ("level", level.filter(|_| placed)),
            ("area", self.area.as_deref().filter(|_| placed)),
            ("cell", self.cell.as_deref()),
            ("category", self.category.as_deref().filter(|_| placed)),
            ("source", self.source.as_deref().filter(|_| own)),
            ("complaint", self.complaint.as_deref().filter(|_| own)),
            ("same", self.same.as_deref()),
            ("sensor", self.sensor.as_deref()),
            ("datastream", self.datastream.as_deref()),
            ("direction", direction),
        ];
        let told: Vec<String> = parts
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")))
            .collect();
        told.join(" ")
    }
}
