//! Why a study cannot be scanned.

/// The first thing in a [`Study`](super::Study) or its parameters that makes a scan impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// A parameter outside its range.
    #[error("{name} is {value}: it must be {rule}")]
    Parameter {
        /// The field of [`ScanParameters`](super::ScanParameters) or [`Study`](super::Study).
        name: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// A table of the wrong length.
    #[error("{name} has {length} values: {areas} areas and {slices} slices ask for another number")]
    Length {
        /// Which table.
        name: &'static str,
        /// Values given.
        length: usize,
        /// Areas of the zones.
        areas: usize,
        /// Slices of the study.
        slices: usize,
    },
    /// A number that is negative or not finite.
    #[error("{name} of area {area}, slice {slice}, is {value}: it must be 0 or more, and finite")]
    Value {
        /// Which table.
        name: &'static str,
        /// The area, from 0.
        area: usize,
        /// The slice, from 0.
        slice: usize,
        /// What it was.
        value: f64,
    },
    /// Cases where the model allows none.
    #[error(
        "area {area} has cases in slice {slice}, where none are possible (population or expected cases are 0)"
    )]
    Impossible {
        /// The area, from 0.
        area: usize,
        /// The slice, from 0.
        slice: usize,
    },
    /// The permutation model shuffles whole cases.
    #[error(
        "area {area} has {value} cases in slice {slice}: the permutation model needs whole cases"
    )]
    Fraction {
        /// The area, from 0.
        area: usize,
        /// The slice, from 0.
        slice: usize,
        /// What it was.
        value: f64,
    },
    /// More than 2^30 cases.
    #[error("{cases} cases are more than a scan counts (2^30)")]
    TooMany {
        /// All cases.
        cases: f64,
    },
    /// The answer was no longer wanted.
    #[error("the scan was stopped")]
    Stopped,
}
