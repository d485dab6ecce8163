//! What is wrong with a query option.

/// Why a query option cannot be read: one line that names the option and the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ODataError {
    /// A text that does not follow the grammar.
    #[error("{option}: expected {expected} at position {position} of \"{text}\"")]
    Syntax {
        /// The option.
        option: &'static str,
        /// What could stand there.
        expected: String,
        /// Where, in characters from 0.
        position: usize,
        /// The text.
        text: String,
    },
    /// A value that the option does not take.
    #[error("{option}={value}: {rule}")]
    Value {
        /// The option.
        option: &'static str,
        /// The value.
        value: String,
        /// What it must be.
        rule: &'static str,
    },
    /// An option that there is not.
    #[error("{0} is no query option of this service")]
    UnknownOption(String),
    /// A function that there is not.
    #[error("there is no function {name}; there are {known}")]
    UnknownFunction {
        /// Its name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A function with too few or too many arguments.
    #[error("{name} takes {takes} arguments, not {given}")]
    Arguments {
        /// The function.
        name: &'static str,
        /// How many it takes.
        takes: &'static str,
        /// How many there are.
        given: usize,
    },
    /// Brackets in brackets in brackets.
    #[error("{option}: nested more than {max} deep")]
    Depth {
        /// The option.
        option: &'static str,
        /// The limit.
        max: usize,
    },
    /// Too much in one expression.
    #[error("{option}: more than {max} operators; a list of values is written with in")]
    Operators {
        /// The option.
        option: &'static str,
        /// The limit.
        max: usize,
    },
    /// A text that is too long.
    #[error("{option}: longer than {max} characters")]
    Length {
        /// The option.
        option: &'static str,
        /// The limit.
        max: usize,
    },
}
