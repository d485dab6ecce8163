//! What an expression means on one entity.
//!
//! A path may lead to several entities (`Datastreams/ObservedProperty/name`): a comparison holds when it holds for one of them.

use citybrain_model::{EntityId, EntityKind};
use citybrain_store::{Catalog, Entity};
use serde_json::Value;

use super::functions::{arithmetic, call};
use super::observation::{ObservationRow, PlaceId};
use super::streams::Streams;
use super::value::Datum;
use crate::odata::{Expression, Operator};

/// What expressions are evaluated in.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The entities.
    pub catalog: &'a Catalog,
    /// What is known of the datastreams' observations.
    pub streams: &'a Streams,
    /// What `now()` means: µs since 1970, UTC.
    pub now: i64,
}

/// An entity that an expression is evaluated on.
#[derive(Debug, Clone)]
pub enum Row<'a> {
    /// An entity of the catalog.
    Entity(EntityKind, EntityId, &'a Entity),
    /// An observation.
    Observation(&'a ObservationRow),
    /// A feature of interest that is nothing but a place.
    Place(PlaceId),
}

impl<'a> Row<'a> {
    /// An entity by its id.
    pub fn of(catalog: &'a Catalog, kind: EntityKind, id: &EntityId) -> Option<Self> {
        if let (EntityKind::FeatureOfInterest, EntityId::Text(text)) = (kind, id)
            && let Ok(place) = text.parse()
        {
            return Some(Self::Place(place));
        }
        let entity = catalog.get(kind, id)?;
        Some(Self::Entity(kind, id.clone(), entity))
    }

    const fn kind(&self) -> EntityKind {
        match self {
            Self::Entity(kind, ..) => *kind,
            Self::Observation(_) => EntityKind::Observation,
            Self::Place(_) => EntityKind::FeatureOfInterest,
        }
    }
}

/// Does a filter hold for an entity?
pub fn holds(context: Context<'_>, expression: &Expression, row: &Row<'_>) -> bool {
    values(context, expression, row).iter().any(Datum::is_true)
}

/// The values of an expression: one, or one for each entity that its paths lead to.
pub fn values(context: Context<'_>, expression: &Expression, row: &Row<'_>) -> Vec<Datum> {
    match expression {
        Expression::Literal(literal) => vec![Datum::from(literal)],
        Expression::Path(path) => {
            let mut found = Vec::new();
            walk(context, row, path, &mut found);
            found
        }
        Expression::Not(inner) => vec![Datum::Boolean(!holds(context, inner, row))],
        Expression::Negative(inner) => values(context, inner, row)
            .iter()
            .map(|value| match value {
                Datum::Duration(micros) => Datum::Duration(-micros),
                value => value.number().map_or(Datum::Null, |n| Datum::Number(-n)),
            })
            .collect(),
        Expression::Binary(Operator::And, left, right) => {
            vec![Datum::Boolean(
                holds(context, left, row) && holds(context, right, row),
            )]
        }
        Expression::Binary(Operator::Or, left, right) => {
            vec![Datum::Boolean(
                holds(context, left, row) || holds(context, right, row),
            )]
        }
        Expression::Binary(operator, left, right) if operator.compares() => {
            let (left, right) = (values(context, left, row), values(context, right, row));
            vec![Datum::Boolean(compared_any(*operator, &left, &right))]
        }
        Expression::Binary(operator, left, right) => {
            let (left, right) = (values(context, left, row), values(context, right, row));
            pairs(&left, &right)
                .map(|(left, right)| arithmetic(*operator, left, right))
                .collect()
        }
        Expression::In(inner, list) => {
            let inner = values(context, inner, row);
            let found = list
                .iter()
                .any(|value| compared_any(Operator::Eq, &inner, &values(context, value, row)));
            vec![Datum::Boolean(found)]
        }
        Expression::Call(function, arguments) => {
            let arguments: Vec<Vec<Datum>> = arguments
                .iter()
                .map(|argument| values(context, argument, row))
                .collect();
            let none = [Datum::Null];
            let of = |at: usize| match arguments.get(at) {
                Some(values) if !values.is_empty() => values.as_slice(),
                _ => &none,
            };
            let mut found = Vec::new();
            for first in of(0) {
                for second in of(1) {
                    found.push(call(*function, first, second, &of(2)[0], context.now));
                }
            }
            found
        }
    }
}

/// The order of two entities by the values of their `$orderby` keys.
pub fn in_order(
    order: &[crate::odata::OrderBy],
    a: &[Option<Datum>],
    b: &[Option<Datum>],
) -> std::cmp::Ordering {
    for ((by, a), b) in order.iter().zip(a).zip(b) {
        let null = Datum::Null;
        let sorted = a
            .as_ref()
            .unwrap_or(&null)
            .order(b.as_ref().unwrap_or(&null));
        if sorted.is_ne() {
            return if by.descending {
                sorted.reverse()
            } else {
                sorted
            };
        }
    }
    std::cmp::Ordering::Equal
}

fn pairs<'a>(
    left: &'a [Datum],
    right: &'a [Datum],
) -> impl Iterator<Item = (&'a Datum, &'a Datum)> {
    left.iter()
        .flat_map(move |left| right.iter().map(move |right| (left, right)))
}

fn compared_any(operator: Operator, left: &[Datum], right: &[Datum]) -> bool {
    // Nothing there is null.
    let null = [Datum::Null];
    let left = if left.is_empty() { &null } else { left };
    let right = if right.is_empty() { &null } else { right };
    pairs(left, right).any(|(left, right)| compared(operator, left, right))
}

/// Does a comparison hold between two values? What does not compare is not equal, and neither less nor greater.
pub fn compared(operator: Operator, left: &Datum, right: &Datum) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let null = |value: &Datum| matches!(value, Datum::Null);
    let order = if null(left) && null(right) {
        Some(Equal)
    } else {
        left.compare(right)
    };
    match operator {
        Operator::Eq => order == Some(Equal),
        Operator::Ne => order != Some(Equal),
        _ if null(left) || null(right) => false,
        Operator::Gt => order == Some(Greater),
        Operator::Ge => order == Some(Greater) || order == Some(Equal) || at_or_after(left, right),
        Operator::Lt => order == Some(Less),
        Operator::Le => order == Some(Less) || order == Some(Equal) || at_or_after(right, left),
        _ => false,
    }
}

/// An interval that begins when the other does, or later, and is not before it.
fn at_or_after(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Time(a, _), Datum::Time(b, to_b)) => a >= b && b == to_b,
        _ => false,
    }
}

/// Collects what a path leads to from an entity.
fn walk(context: Context<'_>, row: &Row<'_>, path: &[String], found: &mut Vec<Datum>) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    if let Some(way) = row.kind().navigation(step) {
        for next in follow(context, row, way.to) {
            // A way as the end of a path stands for the ids.
            if rest.is_empty() {
                found.push(id_of(&next));
            } else {
                walk(context, &next, rest, found);
            }
        }
        return;
    }
    let value = property(context, row, step);
    found.push(rest.iter().fold(value, |value, key| {
        match value {
            Datum::Json(value) => match key.parse::<usize>() {
                Ok(at) if value.is_array() => value.get(at),
                _ => value.get(key.as_str()),
            }
            .map_or(Datum::Null, Datum::from),
            _ => Datum::Null,
        }
    }));
}

/// The entities of kind `to` that an entity is linked with, but for observations.
fn follow<'a>(context: Context<'a>, row: &Row<'a>, to: EntityKind) -> Vec<Row<'a>> {
    let ids = match row {
        Row::Entity(kind, id, _) => context.catalog.linked(*kind, id, to),
        Row::Observation(observation) => match to {
            EntityKind::Datastream => vec![observation.datastream.clone()],
            EntityKind::FeatureOfInterest => observation.feature().into_iter().collect(),
            _ => Vec::new(),
        },
        Row::Place(_) => Vec::new(),
    };
    ids.iter()
        .filter_map(|id| Row::of(context.catalog, to, id))
        .collect()
}

fn id_of(row: &Row<'_>) -> Datum {
    let id = match row {
        Row::Entity(_, id, _) => id.clone(),
        Row::Observation(observation) => observation.id().entity(),
        Row::Place(place) => EntityId::Text(place.to_string()),
    };
    match id {
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of entities are far below 2^53"
        )]
        EntityId::Number(number) => Datum::Number(number as f64),
        EntityId::Text(text) => Datum::Text(text),
    }
}

fn property(context: Context<'_>, row: &Row<'_>, name: &str) -> Datum {
    if matches!(name, "id" | "@iot.id") {
        return id_of(row);
    }
    match row {
        Row::Observation(observation) => of_observation(observation, name),
        Row::Place(place) => match name {
            "name" | "description" => Datum::Text(place.to_string()),
            "encodingType" => Datum::Text("application/geo+json".to_owned()),
            "feature" => Datum::Geometry(Box::new(geo::Point::new(place.lon, place.lat).into())),
            _ => Datum::Null,
        },
        Row::Entity(kind, id, entity) => match (kind, name) {
            (EntityKind::Datastream, "phenomenonTime" | "resultTime" | "observedArea") => {
                let Some(range) = context.streams.of(context.catalog, id) else {
                    return Datum::Null;
                };
                match name {
                    "phenomenonTime" => Datum::Time(range.first, range.last),
                    "resultTime" => range
                        .result_times
                        .map_or(Datum::Null, |(from, to)| Datum::Time(from, to)),
                    _ => range.area().map_or(Datum::Null, |area| Datum::from(&area)),
                }
            }
            (EntityKind::HistoricalLocation, "time") => entity
                .properties
                .get(name)
                .and_then(Value::as_str)
                .map_or(Datum::Null, Datum::time),
            _ => entity.properties.get(name).map_or(Datum::Null, Datum::from),
        },
    }
}

fn of_observation(observation: &ObservationRow, name: &str) -> Datum {
    match name {
        "phenomenonTime" => Datum::Time(observation.phenomenon_time, observation.phenomenon_end()),
        "resultTime" => observation
            .result_time
            .map_or(Datum::Null, |at| Datum::Time(at, at)),
        "result" => Datum::from(&observation.result()),
        "validTime" => observation
            .detail(name)
            .and_then(Value::as_str)
            .map_or(Datum::Null, Datum::time),
        _ => observation.detail(name).map_or(Datum::Null, Datum::from),
    }
}
