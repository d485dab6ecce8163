//! The values of expressions, and how they compare.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveTime};
use geo::Geometry;
use serde_json::Value;

use super::geometry::{from_geojson, from_wkt};
use crate::odata::{Literal, parse_interval, parse_time};

/// A value while an expression is evaluated. Instants and durations in µs.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "each is the type of the grammar's literal of this name"
)]
pub enum Datum {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// An instant is an interval whose ends are the same.
    Time(i64, i64),
    Duration(i64),
    Date(NaiveDate),
    TimeOfDay(NaiveTime),
    Geometry(Box<Geometry>),
    /// A JSON object or array.
    Json(Value),
}

impl From<&Literal> for Datum {
    fn from(literal: &Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Boolean(value) => Self::Boolean(*value),
            Literal::Number(value) => Self::Number(*value),
            Literal::Text(value) => Self::Text(value.clone()),
            Literal::Instant(at) => Self::Time(*at, *at),
            Literal::Interval(from, to) => Self::Time(*from, *to),
            Literal::Duration(micros) => Self::Duration(*micros),
            Literal::Date(date) => Self::Date(*date),
            Literal::TimeOfDay(time) => Self::TimeOfDay(*time),
            Literal::Geometry(wkt) => {
                from_wkt(wkt).map_or(Self::Null, |shape| Self::Geometry(Box::new(shape)))
            }
        }
    }
}

impl From<&Value> for Datum {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Boolean(*value),
            Value::Number(value) => value.as_f64().map_or(Self::Null, Self::Number),
            Value::String(text) => Self::Text(text.clone()),
            json => Self::Json(json.clone()),
        }
    }
}

impl Datum {
    /// The text of a time property: an instant or an interval.
    pub fn time(text: &str) -> Self {
        parse_time(text)
            .map(|at| Self::Time(at, at))
            .or_else(|| parse_interval(text).map(|(from, to)| Self::Time(from, to)))
            .unwrap_or(Self::Null)
    }

    /// Is it true?
    pub const fn is_true(&self) -> bool {
        matches!(self, Self::Boolean(true))
    }

    /// As a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    /// As a text.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Json(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// As an interval of time; a text is read as one.
    pub fn interval(&self) -> Option<(i64, i64)> {
        match self {
            Self::Time(from, to) => Some((*from, *to)),
            Self::Text(text) => match Self::time(text) {
                Self::Time(from, to) => Some((from, to)),
                _ => None,
            },
            Self::Date(date) => {
                let from = date.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
                Some((from, from))
            }
            _ => None,
        }
    }

    /// As a shape.
    pub fn geometry(&self) -> Option<Geometry> {
        match self {
            Self::Geometry(shape) => Some(Geometry::clone(shape)),
            Self::Json(value) => from_geojson(value),
            Self::Text(wkt) => from_wkt(wkt),
            _ => None,
        }
    }

    /// How it stands to another value of the same type; `None` when they do not compare: other types, intervals that overlap, null.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Time(..), Self::Time(..) | Self::Text(_) | Self::Date(_))
            | (Self::Text(_) | Self::Date(_), Self::Time(..)) => {
                let ((a, to_a), (b, to_b)) = (self.interval()?, other.interval()?);
                if a == b && to_a == to_b {
                    Some(Ordering::Equal)
                } else if to_a < b || (to_a == b && a < to_a) {
                    Some(Ordering::Less)
                } else if a > to_b || (a == to_b && b < to_b) {
                    Some(Ordering::Greater)
                } else {
                    None
                }
            }
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Text(b)) => a.partial_cmp(&b.parse().ok()?),
            (Self::Text(a), Self::Number(b)) => a.parse().ok().and_then(|a: f64| a.partial_cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::TimeOfDay(a), Self::TimeOfDay(b)) => Some(a.cmp(b)),
            (Self::Json(a), Self::Json(b)) => (a == b).then_some(Ordering::Equal),
            (Self::Geometry(a), Self::Geometry(b)) => (a == b).then_some(Ordering::Equal),
            _ => None,
        }
    }

    /// An order over all values, for lists: null first, then by type, then by value.
    pub fn order(&self, other: &Self) -> Ordering {
        const fn rank(datum: &Datum) -> u8 {
            match datum {
                Datum::Null => 0,
                Datum::Boolean(_) => 1,
                Datum::Number(_) => 2,
                Datum::Time(..) => 3,
                Datum::Duration(_) => 4,
                Datum::Date(_) => 5,
                Datum::TimeOfDay(_) => 6,
                Datum::Text(_) => 7,
                Datum::Geometry(_) => 8,
                Datum::Json(_) => 9,
            }
        }
        match (self, other) {
            (Self::Time(a, to_a), Self::Time(b, to_b)) => (a, to_a).cmp(&(b, to_b)),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (a, b) if rank(a) == rank(b) => a.compare(b).unwrap_or(Ordering::Equal),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }

    /// An instant µs after 1970 as the API writes it.
    pub fn show(micros: i64) -> String {
        let at = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let digits = if micros % 1_000 == 0 {
            chrono::SecondsFormat::Millis
        } else {
            chrono::SecondsFormat::Micros
        };
        at.to_rfc3339_opts(digits, true)
    }
}
