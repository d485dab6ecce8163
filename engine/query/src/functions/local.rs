//! `local(instant)`: the city's wall-clock time.

use std::sync::Arc;

use chrono_tz::Tz;
use datafusion::arrow::array::{ArrayRef, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::ScalarUDF;

use super::signature::{Takes, pure};
use crate::Zone;

pub(super) fn function(time_zone: Tz) -> ScalarUDF {
    let zone = Zone::of(time_zone);
    pure(
        "local",
        &[Takes::Instant],
        DataType::Timestamp(TimeUnit::Microsecond, None),
        move |arguments| {
            let local: TimestampMicrosecondArray =
                arguments.instants(0)?.unary(|instant| zone.local(instant));
            Ok(Arc::new(local) as ArrayRef)
        },
    )
}
