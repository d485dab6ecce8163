//! The filter that all questions about complaints share.

use citybrain_query::{Filter, FilterError, Measure, QueryError};
use h3o::Resolution;
use utoipa::IntoParams;

use super::params::Params;
use crate::error::HttpError;
use crate::state::AppState;

/// Which complaints a question is about; all conditions hold.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes the parameters for the API's document; `Filter` reads them"
)]
pub(crate) struct FilterParams {
    /// Requested at or after: RFC 3339 with an offset, or a local day (its start).
    #[param(example = "2026-01-01")]
    from: Option<String>,
    /// Requested before: RFC 3339 with an offset, or a local day (its end).
    #[param(example = "2026-01-31")]
    to: Option<String>,
    /// A category by its code or name, or a branch of the tree by its path `a->b`; may be repeated.
    category: Option<Vec<String>>,
    /// A channel; may be repeated.
    channel: Option<Vec<String>>,
    /// A status; may be repeated.
    status: Option<Vec<String>>,
    /// An urgency; may be repeated.
    urgency: Option<Vec<String>>,
    /// An area: `LEVEL:ID`.
    #[param(example = "district:110101")]
    area: Option<String>,
    /// An H3 cell as hex text, of any resolution up to the base resolution.
    cell: Option<String>,
    /// A rectangle: `west,south,east,north` in WGS 84 degrees.
    bbox: Option<String>,
    /// Hours of the city's week, `DAYS:HOURS`: days from 1 (Monday) to 7, hours from 0 to 23, lists and spans; may be repeated.
    #[param(example = "1-5:7-9")]
    week: Option<Vec<String>>,
}

impl AppState {
    /// Reads the filter from what the route left of its parameters.
    ///
    /// # Errors
    /// A value that cannot be used, or a parameter that nobody knows, by name.
    pub(crate) fn filter(&self, params: Params) -> Result<Filter, HttpError> {
        let (filter, rest) = Filter::try_from_pairs(params.rest(), self.engine.city().time_zone)?;
        match rest.into_iter().next() {
            None => Ok(filter),
            Some((name, _)) => Err(HttpError::unknown_parameter(name)),
        }
    }

    /// Reads `resolution`, from 5 to the base resolution; 9, or the base resolution when that is coarser, by default.
    ///
    /// # Errors
    /// When it is no such number.
    pub(crate) fn resolution(&self, params: &mut Params) -> Result<Resolution, HttpError> {
        let base = self.engine.city().base_resolution;
        let Some(number) = params.parsed::<u8>("resolution")? else {
            return Ok(Resolution::Nine.min(base));
        };
        Resolution::try_from(number)
            .ok()
            .filter(|resolution| (Resolution::Five..=base).contains(resolution))
            .ok_or_else(|| {
                HttpError::parameter(
                    "resolution",
                    format!("{number} is not between 5 and {}", u8::from(base)),
                )
            })
    }
}

/// Reads `measure` and `property`.
///
/// # Errors
/// An unknown measure, or `mean` without a property.
pub(crate) fn measure(params: &mut Params) -> Result<Measure, HttpError> {
    let (measure, property) = (params.text("measure")?, params.text("property")?);
    let name = if measure.as_deref() == Some("mean") || property.is_some() {
        "property"
    } else {
        "measure"
    };
    Measure::try_new(measure.as_deref(), property)
        .map_err(|error| HttpError::parameter(name, error.to_string()))
}

impl From<FilterError> for HttpError {
    fn from(error: FilterError) -> Self {
        Self::parameter(
            error.parameter,
            format!("\"{}\" {}", error.value, error.rule),
        )
    }
}

impl From<&QueryError> for HttpError {
    fn from(error: &QueryError) -> Self {
        match error {
            QueryError::Parameter { parameter, rule } => Self::parameter(parameter.clone(), rule),
            QueryError::NoLevel(_) => Self::parameter("level", error.to_string()),
            QueryError::NoArea { .. } => Self::parameter("area", error.to_string()),
            QueryError::Timeout(_) | QueryError::Memory { .. } => Self::Limit(error.to_string()),
            error if error.is_mistake() => Self::Query(error.to_string()),
            // The text holds the causes.
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<QueryError> for HttpError {
    fn from(error: QueryError) -> Self {
        Self::from(&error)
    }
}
