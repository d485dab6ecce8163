//! Does a rule make sense in a city?

use std::borrow::Cow;

use citybrain_grid::City;
use citybrain_model::AreaLevel;

use super::{Condition, Fence, Per, Rule, Selection, Span, Statistic};

/// Why a rule cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The text is no rule.
    #[error("{0}")]
    Form(#[source] Box<toml::de::Error>),
    /// A field has no sense, or none in this city.
    #[error("{field} {message}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        message: Cow<'static, str>,
    },
}

impl RuleError {
    pub(super) fn field(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Field {
            field,
            message: message.into(),
        }
    }

    /// One rule more has a polygon than there may be.
    pub(crate) fn too_many_polygons(max: usize) -> Self {
        Self::field(
            "polygon",
            format!("is the polygon of one rule too many: at most {max} rules count within one"),
        )
    }

    /// The field that is wrong, when it is one.
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Form(_) => None,
            Self::Field { field, .. } => Some(field),
        }
    }
}

/// The longest window that counts are kept over.
const WINDOW_MAX: Span = Span::seconds(31 * 86_400);

impl Rule {
    /// Holds the rule to the city: levels and areas that it names are there, numbers are in their ranges.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self, city: &City) -> Result<(), RuleError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.id.is_empty() || self.id.len() > 64 || !self.id.chars().all(fits) {
            return Err(RuleError::field(
                "id",
                "must be 1 to 64 letters, digits, - _ or .",
            ));
        }
        if self
            .season
            .as_ref()
            .is_some_and(|season| !season.is_valid())
        {
            return Err(RuleError::field("season", "must be from MM-DD to MM-DD"));
        }
        if self.escalate.is_some_and(|span| span < Span::seconds(1)) {
            return Err(RuleError::field("escalate", "must be a second or more"));
        }
        if let Some(level) = self.level {
            level_of(city, "level", level)?;
        }
        self.when.check(city)
    }
}

impl Condition {
    fn check(&self, city: &City) -> Result<(), RuleError> {
        match self {
            Condition::Threshold(it) => {
                counted(city, &it.complaints, it.per, it.window, it.at_least)?;
                if it.clear_below.is_some_and(|clear| clear > it.at_least) {
                    return Err(RuleError::field(
                        "clear_below",
                        "must not be above at_least",
                    ));
                }
                Ok(())
            }
            Condition::Rate(it) => {
                let all =
                    Span::seconds(it.window.micros() / 1_000_000 * (i64::from(it.before) + 1));
                counted(city, &it.complaints, it.per, all, it.at_least)?;
                if !(1..=100).contains(&it.before) {
                    return Err(RuleError::field("before", "must be 1 to 100"));
                }
                if !(it.factor > 0.0 && it.factor.is_finite()) {
                    return Err(RuleError::field("factor", "must be above 0"));
                }
                if it.clear_factor.is_some_and(|clear| clear > it.factor) {
                    return Err(RuleError::field("clear_factor", "must not be above factor"));
                }
                Ok(())
            }
            Condition::Burst(it) => {
                if !(3..=28).contains(&it.baseline) {
                    return Err(RuleError::field("baseline", "must be 3 to 28 days"));
                }
                if it.alpha.is_some_and(|alpha| !(alpha > 0.0 && alpha < 1.0)) {
                    return Err(RuleError::field("alpha", "must be between 0 and 1"));
                }
                counted(city, &it.complaints, it.per, WINDOW_MAX, it.at_least)
            }
            Condition::Value(it) => {
                property(&it.property)?;
                one_side(it.above, it.below)?;
                areas(city, &it.areas)?;
                match (it.statistic, it.window) {
                    (Statistic::Latest, None) => Ok(()),
                    (Statistic::Latest, Some(_)) => {
                        Err(RuleError::field("window", "is not for the latest value"))
                    }
                    (_, Some(window)) => window_of(window),
                    (_, None) => Err(RuleError::field("window", "is needed by this statistic")),
                }
            }
            Condition::Quiet(it) => {
                if it.after < Span::seconds(1) {
                    return Err(RuleError::field("after", "must be a second or more"));
                }
                Ok(())
            }
            Condition::Crossing(it) => {
                if it.on.is_empty() {
                    return Err(RuleError::field("on", "must name enter, exit or both"));
                }
                fence(city, &it.fence)
            }
            Condition::Combination(it) => {
                property(&it.property)?;
                one_side(it.above, it.below)?;
                if !(1.0..=20_000.0).contains(&it.within_m) {
                    return Err(RuleError::field("within_m", "must be 1 to 20,000 metres"));
                }
                counted(city, &it.complaints, Per::City, it.window, it.at_least)
            }
            Condition::Clock(it) => selection(city, &it.complaints),
            Condition::Repeat(it) => {
                if it.by.is_empty() {
                    return Err(RuleError::field(
                        "by",
                        "must name caller, repeat_of or address",
                    ));
                }
                counted(city, &it.complaints, Per::City, it.window, it.at_least)
            }
            Condition::Steps(it) => {
                at_least_one(it.at_least)?;
                window_of(it.window)
            }
        }
    }
}

fn counted(
    city: &City,
    complaints: &Selection,
    per: Per,
    window: Span,
    at_least: u64,
) -> Result<(), RuleError> {
    at_least_one(at_least)?;
    window_of(window)?;
    selection(city, complaints)?;
    match per {
        Per::Area(level) => level_of(city, "per", level),
        Per::Cell(resolution) if resolution > city.base_resolution => Err(RuleError::field(
            "per",
            format!(
                "must not be finer than the city's base resolution {}",
                u8::from(city.base_resolution)
            ),
        )),
        Per::City | Per::Cell(_) => Ok(()),
    }
}

fn selection(city: &City, complaints: &Selection) -> Result<(), RuleError> {
    if let Some(polygon) = &complaints.polygon {
        polygon.fence()?;
    }
    areas(city, &complaints.areas)
}

fn areas(city: &City, areas: &[String]) -> Result<(), RuleError> {
    for area in areas {
        area_of(area)
            .and_then(|(level, id)| city.level(level)?.area(id))
            .ok_or_else(|| {
                RuleError::field(
                    "areas",
                    format!("has \"{area}\", which is no LEVEL:ID of an area of this city"),
                )
            })?;
    }
    Ok(())
}

/// Level and id of `LEVEL:ID`.
pub(crate) fn area_of(text: &str) -> Option<(AreaLevel, &str)> {
    let (level, id) = text.split_once(':')?;
    Some((level.parse().ok()?, id))
}

fn fence(city: &City, fence: &Fence) -> Result<(), RuleError> {
    match (fence.level, &fence.polygon) {
        (Some(level), None) => {
            level_of(city, "fence", level)?;
            let known = |id: &str| {
                city.level(level)
                    .is_some_and(|level| level.area(id).is_some())
            };
            match fence.ids.iter().find(|id| !known(id)) {
                Some(id) => Err(RuleError::field(
                    "fence",
                    format!("has the id \"{id}\", which no {level} has"),
                )),
                None => Ok(()),
            }
        }
        (None, Some(polygon)) if fence.ids.is_empty() => polygon.fence().map(|_city| ()),
        _ => Err(RuleError::field(
            "fence",
            "must be a level (with or without ids) or a polygon",
        )),
    }
}

fn level_of(city: &City, field: &'static str, level: AreaLevel) -> Result<(), RuleError> {
    if city.level(level).is_some() {
        return Ok(());
    }
    Err(RuleError::field(
        field,
        format!("is {level}, a level that this city does not have"),
    ))
}

fn property(name: &str) -> Result<(), RuleError> {
    if name.is_empty() {
        return Err(RuleError::field("property", "must not be empty"));
    }
    Ok(())
}

fn one_side(above: Option<f64>, below: Option<f64>) -> Result<(), RuleError> {
    if above.is_some() == below.is_some() {
        return Err(RuleError::field(
            "above",
            "or below must be given, not both",
        ));
    }
    Ok(())
}

fn at_least_one(at_least: u64) -> Result<(), RuleError> {
    if at_least == 0 {
        return Err(RuleError::field("at_least", "must be 1 or more"));
    }
    Ok(())
}

fn window_of(window: Span) -> Result<(), RuleError> {
    if window < Span::seconds(1) || window > WINDOW_MAX {
        return Err(RuleError::field("window", "must be 1s to 31d"));
    }
    Ok(())
}
