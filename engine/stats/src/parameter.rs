//! Why a parameter is refused.

/// A parameter that breaks its rule.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{field} = {value}: {rule}")]
pub struct ParameterError {
    /// The field of the parameters.
    pub field: &'static str,
    /// The value given.
    pub value: f64,
    /// What the value must be.
    pub rule: &'static str,
}

/// Refuses a value whose rule does not hold.
pub(crate) fn require(
    holds: bool,
    field: &'static str,
    value: f64,
    rule: &'static str,
) -> Result<(), ParameterError> {
    if holds {
        Ok(())
    } else {
        Err(ParameterError { field, value, rule })
    }
}
