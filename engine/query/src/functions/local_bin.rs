//! `local_bin(bin, instant)`: the instant at which the `hour`, `day`, `week` (from Monday) or `month` of the city's calendar began.

use std::sync::Arc;

use chrono_tz::Tz;
use datafusion::arrow::array::{ArrayRef, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::ScalarUDF;

use super::FunctionError;
use super::signature::{Takes, pure};
use crate::{Bin, Zone};

pub(super) fn function(time_zone: Tz) -> ScalarUDF {
    let zone = Zone::of(time_zone);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    pure(
        "local_bin",
        &[Takes::Text, Takes::Instant],
        instant,
        move |arguments| {
            let bin = |word: &str| {
                word.parse::<Bin>()
                    .map_err(|_unknown| FunctionError::UnknownWord {
                        function: arguments.function,
                        value: word.to_owned(),
                        known: Bin::WORDS,
                    })
            };
            let instants = arguments.instants(1)?;
            let starts: TimestampMicrosecondArray = if let Some(word) = arguments.constant_text(0) {
                let bin = bin(word)?;
                instants.unary(|instant| zone.bin_start(bin, instant))
            } else {
                let words = arguments.texts(0)?;
                let starts = words.iter().zip(&instants).map(|pair| match pair {
                    (Some(word), Some(instant)) => Ok(Some(zone.bin_start(bin(word)?, instant))),
                    _ => Ok(None),
                });
                starts.collect::<Result<_, FunctionError>>()?
            };
            Ok(Arc::new(starts.with_timezone("UTC")) as ArrayRef)
        },
    )
}
