//! A filter on observations as a plan over the lake, as far as columns can say it.
//!
//! A row without `details` is wholly described by its columns. What is translated is exact for such rows; one with details (a result that
//! is no number, a phenomenon time with an end) passes here whenever it could match, and is interpreted afterwards.

use citybrain_model::{EntityId, EntityKind};
use citybrain_store::Catalog;
use datafusion::functions::expr_fn::date_part;
use datafusion::prelude::{Expr, col, lit};

use super::evaluate::{Context, Row, values};
use super::observation::{ObservationId, PlaceId};
use super::value::Datum;
use crate::odata::{Expression, Function, Operator};
use crate::statement;
use crate::zone;

/// A conjunct as a condition that no matching row misses; `None` when it must be interpreted for every row.
pub(super) fn condition(context: Context<'_>, conjunct: &Expression) -> Option<Expr> {
    let condition = truth(context, conjunct)?;
    Some(if by_columns_alone(conjunct) {
        condition
    } else {
        condition.or(col("details").is_not_null())
    })
}

/// A column or arithmetic on columns to sort by.
pub(super) fn sort_key(context: Context<'_>, by: &Expression) -> Option<Expr> {
    match by {
        Expression::Path(path) => match path.as_slice() {
            [name] if name == "resultTime" => Some(col("result_time")),
            [name] if name == "phenomenonTime" => Some(col("phenomenon_time")),
            _ => number(context, by),
        },
        _ => number(context, by),
    }
}

/// An instant as a literal: µs since 1970, UTC.
pub(super) fn at(micros: i64) -> Expr {
    lit(statement::instant(zone::instant(micros)))
}

/// Does the condition hold for rows with details exactly as for others, or at least miss none?
fn by_columns_alone(conjunct: &Expression) -> bool {
    let mut alone = true;
    conjunct.paths(&mut |path| {
        alone &= path.first().is_some_and(|first| {
            matches!(
                first.as_str(),
                "phenomenonTime" | "resultTime" | "id" | "@iot.id" | "FeatureOfInterest"
            )
        });
    });
    let simple = match conjunct {
        Expression::Binary(operator, ..) => operator.compares() && *operator != Operator::Ne,
        Expression::In(..) => true,
        Expression::Call(function, _) => *function != Function::Overlaps,
        _ => false,
    };
    alone && simple
}

fn truth(context: Context<'_>, expression: &Expression) -> Option<Expr> {
    match expression {
        Expression::Not(inner) => Some(!truth(context, inner)?.is_true()),
        Expression::Binary(Operator::And, left, right) => {
            Some(truth(context, left)?.and(truth(context, right)?))
        }
        Expression::Binary(Operator::Or, left, right) => {
            Some(truth(context, left)?.or(truth(context, right)?))
        }
        Expression::Binary(operator, left, right) if operator.compares() => {
            if right.is_constant() {
                compare(context, *operator, left, &constant(context, right))
            } else if left.is_constant() {
                compare(context, operator.flipped(), right, &constant(context, left))
            } else {
                binary(*operator, number(context, left)?, number(context, right)?)
            }
        }
        Expression::In(inner, list) => {
            let mut any: Option<Expr> = None;
            for value in list {
                let one = compare(context, Operator::Eq, inner, &constant(context, value))?;
                any = Some(match any {
                    Some(before) => before.or(one),
                    None => one,
                });
            }
            any
        }
        Expression::Call(function, arguments) => relation(context, *function, arguments),
        _ => None,
    }
}

/// `during(phenomenonTime, …)` and its like.
fn relation(context: Context<'_>, function: Function, arguments: &[Expression]) -> Option<Expr> {
    let [Expression::Path(path), interval] = arguments else {
        return None;
    };
    if path != &["phenomenonTime"] || !interval.is_constant() {
        return None;
    }
    let (from, to) = constant(context, interval).interval()?;
    let time = || col("phenomenon_time");
    Some(match function {
        Function::During => time().gt_eq(at(from)).and(time().lt_eq(at(to))),
        Function::Before => time().lt(at(from)),
        Function::After => time().gt(at(to)),
        Function::Overlaps => time().lt_eq(at(to)).and(time().gt_eq(at(from))),
        _ => return None,
    })
}

fn constant(context: Context<'_>, expression: &Expression) -> Datum {
    let nowhere = Row::Place(PlaceId { lon: 0.0, lat: 0.0 });
    values(context, expression, &nowhere)
        .pop()
        .unwrap_or(Datum::Null)
}

fn compare(
    context: Context<'_>,
    operator: Operator,
    side: &Expression,
    value: &Datum,
) -> Option<Expr> {
    if let Expression::Path(path) = side {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["phenomenonTime" | "resultTime"] => {
                let column = if path[0] == "resultTime" {
                    "result_time"
                } else {
                    "phenomenon_time"
                };
                if matches!(value, Datum::Null) {
                    return match operator {
                        Operator::Eq => Some(col(column).is_null()),
                        Operator::Ne => Some(col(column).is_not_null()),
                        _ => None,
                    };
                }
                let (from, to) = match value {
                    Datum::Time(..) | Datum::Text(_) => value.interval()?,
                    _ => return None,
                };
                // An interval compares by both of its ends: interpreted.
                return (from == to && operator != Operator::Ne)
                    .then(|| binary(operator, col(column), at(from)))
                    .flatten();
            }
            ["result"] => {
                return match (operator, value) {
                    (_, Datum::Number(number)) => binary(operator, col("result"), lit(*number)),
                    (Operator::Eq, Datum::Null) => Some(col("result").is_null()),
                    (Operator::Ne, Datum::Null) => Some(col("result").is_not_null()),
                    _ => None,
                };
            }
            ["id" | "@iot.id"] if operator == Operator::Eq => {
                let id = value.text()?.parse().ok()?;
                return identity(context.catalog, &id);
            }
            ["FeatureOfInterest", "id" | "@iot.id"] if operator == Operator::Eq => {
                let id = match value {
                    #[expect(clippy::cast_possible_truncation, reason = "an id is a whole number")]
                    Datum::Number(number) => EntityId::Number(*number as i64),
                    Datum::Text(text) => EntityId::Text(text.clone()),
                    _ => return None,
                };
                return Some(of_feature(&id));
            }
            _ => {}
        }
    }
    match value {
        Datum::Number(value) => binary(operator, number(context, side)?, lit(*value)),
        _ => None,
    }
}

/// The rows of a feature of interest.
pub(super) fn of_feature(id: &EntityId) -> Expr {
    let named = col("feature").eq(lit(id.to_string()));
    let place = match id {
        EntityId::Text(text) => text.parse::<PlaceId>().ok(),
        EntityId::Number(_) => None,
    };
    match place {
        Some(place) => col("feature")
            .is_null()
            .and(col("lon").eq(lit(place.lon)))
            .and(col("lat").eq(lit(place.lat))),
        None => named,
    }
}

/// The row of an id; `None` when its datastream is not there.
pub(super) fn identity(catalog: &Catalog, id: &ObservationId) -> Option<Expr> {
    let stream = catalog
        .get(EntityKind::Datastream, &id.datastream)?
        .stream
        .as_ref()?;
    let own = match &id.own_id {
        Some(own) => col("id").eq(lit(own.as_str())),
        None => col("id").is_null(),
    };
    Some(
        col("datastream")
            .eq(lit(stream.datastream.as_str()))
            .and(col("source").eq(lit(stream.source.as_str())))
            .and(col("phenomenon_time").eq(at(id.phenomenon_time)))
            .and(own),
    )
}

fn number(context: Context<'_>, expression: &Expression) -> Option<Expr> {
    if expression.is_constant() {
        return constant(context, expression).number().map(lit);
    }
    match expression {
        Expression::Path(path) if path == &["result"] => Some(col("result")),
        Expression::Negative(inner) => Some(-number(context, inner)?),
        Expression::Binary(
            operator @ (Operator::Add | Operator::Sub | Operator::Mul),
            left,
            right,
        ) => {
            let (left, right) = (number(context, left)?, number(context, right)?);
            Some(match operator {
                Operator::Add => left + right,
                Operator::Sub => left - right,
                _ => left * right,
            })
        }
        Expression::Binary(operator @ (Operator::Div | Operator::Mod), left, right)
            if right.is_constant() =>
        {
            let by = constant(context, right).number().filter(|by| *by != 0.0)?;
            let left = number(context, left)?;
            Some(if *operator == Operator::Div {
                left / lit(by)
            } else {
                left % lit(by)
            })
        }
        Expression::Call(function, arguments) => {
            let [Expression::Path(path)] = arguments.as_slice() else {
                return None;
            };
            let column = match path.first().map(String::as_str) {
                Some("phenomenonTime") => "phenomenon_time",
                Some("resultTime") => "result_time",
                _ => return None,
            };
            let part = match function {
                Function::Year => "year",
                Function::Month => "month",
                Function::Day => "day",
                Function::Hour => "hour",
                Function::Minute => "minute",
                _ => return None,
            };
            Some(date_part(lit(part), col(column)))
        }
        _ => None,
    }
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Option<Expr> {
    Some(match operator {
        Operator::Eq => left.eq(right),
        Operator::Ne => left.not_eq(right),
        Operator::Gt => left.gt(right),
        Operator::Ge => left.gt_eq(right),
        Operator::Lt => left.lt(right),
        Operator::Le => left.lt_eq(right),
        _ => return None,
    })
}
