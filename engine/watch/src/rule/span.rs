//! A length of time as people write it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A length of time: `90s`, `30min`, `2h`, `7d`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Span(i64);

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no length of time: a whole number and s, min, h or d, at most 400d")]
pub struct UnknownSpan(String);

const SECOND: i64 = 1_000_000;
/// The units, the longest first, in µs.
const UNITS: [(&str, i64); 4] = [
    ("d", 86_400 * SECOND),
    ("h", 3_600 * SECOND),
    ("min", 60 * SECOND),
    ("s", SECOND),
];
/// The longest span, µs.
const LONGEST: i64 = 400 * 86_400 * SECOND;

impl Span {
    /// So many seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds * SECOND)
    }

    /// Its length, µs.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// No time at all?
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Span {
    type Err = UnknownSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownSpan(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: i64 = number.parse().map_err(|_not| unknown())?;
        let (_, length) = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit.trim())
            .ok_or_else(unknown)?;
        let micros = number.checked_mul(length).ok_or_else(unknown)?;
        (micros <= LONGEST)
            .then_some(Self(micros))
            .ok_or_else(unknown)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, length) = UNITS
            .into_iter()
            .find(|(_, length)| self.0 != 0 && self.0 % length == 0)
            .unwrap_or(("s", SECOND));
        write!(f, "{}{unit}", self.0 / length)
    }
}

impl TryFrom<String> for Span {
    type Error = UnknownSpan;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}
