//! Numbers in JSON: a whole value is written without a fraction.

use serde::{Serialize, Serializer};

/// 2^53: whole numbers below it are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number as JSON shows it.
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number below 2^53 fits"
            )]
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

/// For a field with an optional number.
#[expect(clippy::ref_option, reason = "serde hands the field by reference")]
pub(super) fn option<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(Number).serialize(serializer)
}
