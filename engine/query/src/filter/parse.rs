//! Filter parameters as they come in a query string.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use citybrain_model::{AreaLevel, WeekHours};

use super::{Filter, FilterError, FilterRule};
use crate::Zone;

impl Filter {
    /// Reads the filter's parameters (`from`, `to`, `bbox`, `category`, `channel`, `status`, `urgency`, `area`, `cell`, `week`) and gives
    /// back the pairs that are not its own. A day stands for the whole local day of `time_zone`: `from` is its start, `to` its end.
    ///
    /// # Errors
    /// The first parameter that is repeated but may not be, empty, or not of its form.
    pub fn try_from_pairs<N: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, String)>,
        time_zone: Tz,
    ) -> Result<(Self, Vec<(N, String)>), FilterError> {
        let zone = Zone::of(time_zone);
        let mut filter = Self::default();
        let mut rest = Vec::new();
        let mut to_value = String::new();
        for (name, value) in pairs {
            match name.as_ref() {
                "from" => once("from", &mut filter.from, &value, |value| {
                    instant(value, &zone, 0)
                })?,
                "to" => {
                    once("to", &mut filter.to, &value, |value| {
                        instant(value, &zone, 1)
                    })?;
                    to_value = value;
                }
                "bbox" => once("bbox", &mut filter.bbox, &value, bbox)?,
                "area" => once("area", &mut filter.area, &value, area)?,
                "cell" => once("cell", &mut filter.cell, &value, |value| {
                    value.parse().map_err(|_error| FilterRule::Cell)
                })?,
                "week" => {
                    let hours: WeekHours = value.trim().parse().map_err(|_error| FilterError {
                        parameter: "week",
                        value,
                        rule: FilterRule::Week,
                    })?;
                    filter.week = Some(filter.week.map_or(hours, |known| known.union(hours)));
                }
                "category" => filter.categories.push(not_empty("category", value)?),
                "channel" => filter.channels.push(not_empty("channel", value)?),
                "status" => filter.statuses.push(not_empty("status", value)?),
                "urgency" => filter.urgencies.push(not_empty("urgency", value)?),
                _ => rest.push((name, value)),
            }
        }
        if matches!((filter.from, filter.to), (Some(from), Some(to)) if from > to) {
            return Err(FilterError {
                parameter: "to",
                value: to_value,
                rule: FilterRule::FromBeforeTo,
            });
        }
        Ok((filter, rest))
    }
}

fn once<T>(
    parameter: &'static str,
    field: &mut Option<T>,
    value: &str,
    parse: impl FnOnce(&str) -> Result<T, FilterRule>,
) -> Result<(), FilterError> {
    let refuse = |rule| FilterError {
        parameter,
        value: value.to_owned(),
        rule,
    };
    if field.is_some() {
        return Err(refuse(FilterRule::Once));
    }
    if value.trim().is_empty() {
        return Err(refuse(FilterRule::NotEmpty));
    }
    *field = Some(parse(value.trim()).map_err(refuse)?);
    Ok(())
}

fn not_empty(parameter: &'static str, value: String) -> Result<String, FilterError> {
    if value.trim().is_empty() {
        return Err(FilterError {
            parameter,
            value,
            rule: FilterRule::NotEmpty,
        });
    }
    Ok(value)
}

/// An instant with an offset, or the start of the local day `days_later` than the day that is given.
fn instant(value: &str, zone: &Zone, days_later: u64) -> Result<DateTime<Utc>, FilterRule> {
    if let Ok(day) = value.parse::<NaiveDate>() {
        let day = day
            .checked_add_days(Days::new(days_later))
            .ok_or(FilterRule::Instant)?;
        return Ok(zone.day_start(day));
    }
    // A form decoder turns the `+` of an offset into a blank.
    let with_plus = value
        .rsplit_once(' ')
        .map(|(wall, offset)| format!("{wall}+{offset}"));
    DateTime::parse_from_rfc3339(value)
        .or_else(|error| with_plus.map_or(Err(error), |value| DateTime::parse_from_rfc3339(&value)))
        .map(|instant| instant.to_utc())
        .map_err(|_error| FilterRule::Instant)
}

fn bbox(value: &str) -> Result<[f64; 4], FilterRule> {
    let numbers = value
        .split(',')
        .map(|number| number.trim().parse::<f64>())
        .collect::<Result<Vec<_>, _>>();
    let numbers: [f64; 4] = numbers
        .ok()
        .and_then(|numbers| numbers.try_into().ok())
        .ok_or(FilterRule::BBox)?;
    let [west, south, east, north] = numbers;
    // Not-a-number fails every comparison.
    if west <= east && south <= north && numbers.iter().all(|number| number.is_finite()) {
        return Ok(numbers);
    }
    Err(FilterRule::BBox)
}

fn area(value: &str) -> Result<(AreaLevel, String), FilterRule> {
    let (level, id) = value.split_once(':').ok_or(FilterRule::Area)?;
    let level = level.parse().map_err(|_error| FilterRule::Area)?;
    if id.is_empty() {
        return Err(FilterRule::Area);
    }
    Ok((level, id.to_owned()))
}
