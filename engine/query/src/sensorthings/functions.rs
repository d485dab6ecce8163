//! The functions and the arithmetic of the grammar.

use chrono::{DateTime, Datelike, Timelike, Utc};
use geo::algorithm::line_measures::{Euclidean, Length};
use geo::{Distance, Geometry, Relate};

use super::value::Datum;
use crate::odata::{Function, Operator};

/// `add`, `sub`, `mul`, `div`, `mod` on numbers, instants and durations; null where they make no sense.
pub(super) fn arithmetic(operator: Operator, left: &Datum, right: &Datum) -> Datum {
    let shifted = |at: &Datum, by: i64| match at {
        Datum::Time(from, to) => match (from.checked_add(by), to.checked_add(by)) {
            (Some(from), Some(to)) => Datum::Time(from, to),
            _ => Datum::Null,
        },
        Datum::Date(date) => date
            .checked_add_signed(chrono::TimeDelta::microseconds(by))
            .map_or(Datum::Null, Datum::Date),
        _ => Datum::Null,
    };
    match (operator, left, right) {
        (Operator::Add, at @ (Datum::Time(..) | Datum::Date(_)), Datum::Duration(by))
        | (Operator::Add, Datum::Duration(by), at @ (Datum::Time(..) | Datum::Date(_))) => {
            shifted(at, *by)
        }
        (Operator::Sub, at @ (Datum::Time(..) | Datum::Date(_)), Datum::Duration(by)) => {
            by.checked_neg().map_or(Datum::Null, |by| shifted(at, by))
        }
        (Operator::Sub, Datum::Time(a, _), Datum::Time(b, _))
        | (Operator::Sub, Datum::Duration(a), Datum::Duration(b)) => {
            a.checked_sub(*b).map_or(Datum::Null, Datum::Duration)
        }
        (Operator::Add, Datum::Duration(a), Datum::Duration(b)) => {
            a.checked_add(*b).map_or(Datum::Null, Datum::Duration)
        }
        (Operator::Mul, Datum::Duration(by), Datum::Number(n))
        | (Operator::Mul, Datum::Number(n), Datum::Duration(by)) =>
        {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "a length of time as a factor says it; the cast saturates"
            )]
            Datum::Duration((*by as f64 * n) as i64)
        }
        _ => {
            let (Some(a), Some(b)) = (left.number(), right.number()) else {
                return Datum::Null;
            };
            let result = match operator {
                Operator::Add => a + b,
                Operator::Sub => a - b,
                Operator::Mul => a * b,
                Operator::Div => a / b,
                Operator::Mod => a % b,
                _ => f64::NAN,
            };
            if result.is_finite() {
                Datum::Number(result)
            } else {
                Datum::Null
            }
        }
    }
}

/// A function of up to three values; null where the values are of no use to it. `now` in µs since 1970, UTC.
pub(super) fn call(
    function: Function,
    first: &Datum,
    second: &Datum,
    third: &Datum,
    now: i64,
) -> Datum {
    of_text(function, first, second, third)
        .or_else(|| of_time(function, first, second, now))
        .or_else(|| of_number(function, first))
        .or_else(|| of_shape(function, first, second, third))
        .unwrap_or(Datum::Null)
}

fn of_text(function: Function, first: &Datum, second: &Datum, third: &Datum) -> Option<Datum> {
    let two = || Some((first.text()?, second.text()?));
    #[expect(clippy::cast_precision_loss, reason = "texts are shorter than 2^53")]
    let count = |count: usize| Datum::Number(count as f64);
    Some(match function {
        Function::Substringof => {
            let (part, whole) = two()?;
            Datum::Boolean(whole.contains(&part))
        }
        Function::Contains => {
            let (whole, part) = two()?;
            Datum::Boolean(whole.contains(&part))
        }
        Function::Startswith => {
            let (whole, part) = two()?;
            Datum::Boolean(whole.starts_with(&part))
        }
        Function::Endswith => {
            let (whole, part) = two()?;
            Datum::Boolean(whole.ends_with(&part))
        }
        Function::Length => count(first.text()?.chars().count()),
        Function::Indexof => {
            let (whole, part) = two()?;
            match whole.split_once(&part) {
                Some((before, _)) => count(before.chars().count()),
                None => Datum::Number(-1.0),
            }
        }
        Function::Substring => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates, and a text ends before that"
            )]
            let position = |number: f64| number.max(0.0) as usize;
            let start = position(second.number()?);
            let length = third.number().map_or(usize::MAX, position);
            let text = first.text()?;
            Datum::Text(text.chars().skip(start).take(length).collect())
        }
        Function::Tolower => Datum::Text(first.text()?.to_lowercase()),
        Function::Toupper => Datum::Text(first.text()?.to_uppercase()),
        Function::Trim => Datum::Text(first.text()?.trim().to_owned()),
        Function::Concat => {
            let (a, b) = two()?;
            Datum::Text(a + &b)
        }
        _ => return None,
    })
}

fn of_time(function: Function, first: &Datum, second: &Datum, now: i64) -> Option<Datum> {
    match function {
        Function::Now => return Some(Datum::Time(now, now)),
        Function::Mindatetime => return Some(Datum::Time(0, 0)),
        // 9999-12-31T23:59:59.999999Z
        Function::Maxdatetime => {
            return Some(Datum::Time(
                253_402_300_799_999_999,
                253_402_300_799_999_999,
            ));
        }
        _ => {}
    }
    let (from, to) = first.interval().or(match first {
        Datum::TimeOfDay(time) => {
            let micros = i64::from(time.num_seconds_from_midnight()) * 1_000_000;
            Some((micros, micros))
        }
        _ => None,
    })?;
    let other = || second.interval();
    let relation = match function {
        Function::Before => Some(to < other()?.0),
        Function::After => Some(from > other()?.1),
        Function::Meets => {
            let (start, end) = other()?;
            Some(to == start || from == end)
        }
        Function::During => {
            let (start, end) = other()?;
            Some(from >= start && to <= end)
        }
        Function::Overlaps => {
            let (start, end) = other()?;
            Some(from <= end && to >= start)
        }
        Function::Starts => Some(from == other()?.0),
        Function::Finishes => Some(to == other()?.1),
        _ => None,
    };
    if let Some(relation) = relation {
        return Some(Datum::Boolean(relation));
    }
    let at: DateTime<Utc> = DateTime::from_timestamp_micros(from)?;
    let number = match function {
        Function::Year => f64::from(at.year()),
        Function::Month => f64::from(at.month()),
        Function::Day => f64::from(at.day()),
        Function::Hour => f64::from(at.hour()),
        Function::Minute => f64::from(at.minute()),
        Function::Second => f64::from(at.second()),
        Function::Fractionalseconds => f64::from(at.timestamp_subsec_micros()) / 1e6,
        // Every instant is kept in UTC.
        Function::Totaloffsetminutes => 0.0,
        Function::Date => return Some(Datum::Date(at.date_naive())),
        Function::Time => return Some(Datum::TimeOfDay(at.time())),
        _ => return None,
    };
    Some(Datum::Number(number))
}

fn of_number(function: Function, first: &Datum) -> Option<Datum> {
    let number = first.number()?;
    Some(Datum::Number(match function {
        Function::Round => number.round(),
        Function::Floor => number.floor(),
        Function::Ceiling => number.ceil(),
        _ => return None,
    }))
}

/// Distances and lengths are in degrees, the unit of the coordinate system that the shapes are in.
fn of_shape(function: Function, first: &Datum, second: &Datum, third: &Datum) -> Option<Datum> {
    let shape = first.geometry()?;
    if function == Function::GeoLength {
        return length(&shape).map(Datum::Number);
    }
    let other = second.geometry()?;
    if function == Function::GeoDistance {
        let distance = Euclidean.distance(&shape, &other);
        return distance.is_finite().then_some(Datum::Number(distance));
    }
    let how = || shape.relate(&other);
    Some(Datum::Boolean(match function {
        Function::GeoIntersects | Function::StIntersects => how().is_intersects(),
        Function::StEquals => how().is_equal_topo(),
        Function::StDisjoint => how().is_disjoint(),
        Function::StTouches => how().is_touches(),
        Function::StWithin => how().is_within(),
        Function::StOverlaps => how().is_overlaps(),
        Function::StCrosses => how().is_crosses(),
        Function::StContains => how().is_contains(),
        Function::StRelate => how().matches(&third.text()?).ok()?,
        _ => return None,
    }))
}

fn length(shape: &Geometry) -> Option<f64> {
    Some(match shape {
        Geometry::Line(line) => Euclidean.length(line),
        Geometry::LineString(line) => Euclidean.length(line),
        Geometry::MultiLineString(lines) => Euclidean.length(lines),
        _ => return None,
    })
}
