//! The calendars of a city file: shipped ones by name, or files of the city's own, worked out day by day.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, NaiveDate, Weekday};
use chrono_tz::Tz;
use citybrain_model::CalendarDays;
use serde::Deserialize;
use toml::Value;

use super::CityError;
use super::open::file_with_content;
use super::read::beside;
use super::spec::{Broken, toml_error};

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../data/calendars/", $name, ".toml")))),*]
    };
}

/// Name and text of each shipped calendar.
const SHIPPED: [(&str, &str); 6] = shipped![
    "cn",
    "cn-beijing",
    "us",
    "us-boston",
    "us-chicago",
    "us-new-york",
];
/// The years for which rules are worked out.
const YEARS: RangeInclusive<i32> = 2000..=2050;
/// Most days around a date.
const DAYS_MAX: i64 = 366;

/// Is it a file of the city's own?
pub(super) fn is_file(calendar: &str) -> bool {
    Path::new(calendar)
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

/// Checks the key `calendars` as far as it can be without the files.
pub(super) fn check(calendars: &[String]) -> Result<(), Broken> {
    let is_known = |name: &str| SHIPPED.iter().any(|(shipped, _)| *shipped == name);
    match calendars
        .iter()
        .find(|name| !is_file(name) && !is_known(name))
    {
        None => Ok(()),
        Some(unknown) => {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            let rule = format!(
                "\"{unknown}\" is neither a .toml file nor one of {}",
                names.join(", ")
            );
            Err(("calendars".to_owned(), rule))
        }
    }
}

/// The days of the calendars of a city file, or of its zone when it names none.
pub(super) fn read_calendars(
    city_file: &Path,
    calendars: Option<&[String]>,
    time_zone: Tz,
) -> Result<Vec<CalendarDays>, CityError> {
    let names: Vec<&str> = match calendars {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => of_zone(time_zone).to_vec(),
    };
    let mut days = Vec::new();
    for name in names {
        let (path, text, name) = if is_file(name) {
            let path = beside(city_file, Path::new(name));
            file_with_content(&path)?;
            let text = fs::read_to_string(&path).map_err(|error| CityError::File {
                path: path.clone(),
                error,
            })?;
            let stem = path.file_stem().unwrap_or_default();
            let stem = stem.to_string_lossy().into_owned();
            (path, text, stem)
        } else {
            let text = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
            let text = text.map(|(_, text)| (*text).to_owned()).unwrap_or_default();
            (PathBuf::from(name), text, name.to_owned())
        };
        let raw: RawCalendar =
            toml::from_str(&text).map_err(|error| toml_error(&path, &text, &error))?;
        for window in &raw.window {
            let occurrences = window.days().map_err(|(key, rule)| CityError::Key {
                path: path.clone(),
                key: format!("window {}: {key}", window.id),
                rule,
            })?;
            days.extend(occurrences.into_iter().map(|(first, last)| CalendarDays {
                calendar: name.clone(),
                id: window.id.clone(),
                names: window.name.clone(),
                first,
                last,
            }));
        }
    }
    Ok(days)
}

/// The calendars of a zone.
fn of_zone(zone: Tz) -> &'static [&'static str] {
    match zone.name() {
        "Asia/Shanghai" | "Asia/Urumqi" | "Asia/Chongqing" | "Asia/Harbin" | "PRC" => {
            &["cn", "cn-beijing"]
        }
        "America/New_York"
        | "America/Chicago"
        | "America/Denver"
        | "America/Los_Angeles"
        | "America/Phoenix"
        | "America/Detroit"
        | "America/Anchorage"
        | "Pacific/Honolulu" => &["us"],
        name if name.starts_with("US/") || name.starts_with("America/Indiana/") => &["us"],
        _ => &[],
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCalendar {
    #[expect(dead_code, reason = "the name is for the readers of the file")]
    #[serde(default)]
    name: BTreeMap<String, String>,
    #[serde(default)]
    window: Vec<RawWindow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWindow {
    id: String,
    #[serde(default)]
    name: BTreeMap<String, String>,
    each_year: Option<RawSpan>,
    periods: Option<Vec<RawSpan>>,
    dates: Option<Vec<Value>>,
    weekday: Option<RawWeekday>,
    days: Option<[i64; 2]>,
    valid_from: Option<Value>,
    valid_to: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSpan {
    from: Value,
    to: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWeekday {
    month: u32,
    weekday: String,
    nth: i8,
}

/// First and last day.
type Span = (NaiveDate, NaiveDate);

impl RawWindow {
    /// Its occurrences, as far as they begin while it is valid.
    fn days(&self) -> Result<Vec<Span>, Broken> {
        let spans = match (&self.each_year, &self.periods, &self.dates, &self.weekday) {
            (Some(span), None, None, None) => each_year(span)?,
            (None, Some(periods), None, None) => periods
                .iter()
                .map(|span| Ok((date("from", &span.from)?, date("to", &span.to)?)))
                .collect::<Result<_, Broken>>()?,
            (None, None, Some(dates), None) => {
                let days = dates.iter().map(|value| date("dates", value));
                self.around(days.collect::<Result<_, _>>()?)?
            }
            (None, None, None, Some(rule)) => self.around(rule.days()?)?,
            _ => {
                let rule = "needs one of each_year, periods, dates or weekday, and only one";
                return Err(("each_year".to_owned(), rule.to_owned()));
            }
        };
        if let Some((first, last)) = spans.iter().find(|(first, last)| last < first) {
            let rule = format!("ends on {last}, before it begins on {first}");
            return Err(("to".to_owned(), rule));
        }
        let bound = |name: &str, value: &Option<Value>| {
            value.as_ref().map(|value| date(name, value)).transpose()
        };
        let (from, to) = (
            bound("valid_from", &self.valid_from)?,
            bound("valid_to", &self.valid_to)?,
        );
        Ok(spans
            .into_iter()
            .filter(|(first, _)| {
                from.is_none_or(|from| *first >= from) && to.is_none_or(|to| *first <= to)
            })
            .collect())
    }

    /// The days around each date.
    fn around(&self, dates: Vec<NaiveDate>) -> Result<Vec<Span>, Broken> {
        let [before, after] = self.days.unwrap_or([0, 0]);
        if before.abs() > DAYS_MAX || after.abs() > DAYS_MAX || after < before {
            let rule = "must be two numbers of days, the first not above the second";
            return Err(("days".to_owned(), rule.to_owned()));
        }
        let shifted = |day: NaiveDate, by: i64| {
            let days = Days::new(by.unsigned_abs());
            if by < 0 {
                day.checked_sub_days(days)
            } else {
                day.checked_add_days(days)
            }
        };
        let span = |day: NaiveDate| Some((shifted(day, before)?, shifted(day, after)?));
        Ok(dates.into_iter().filter_map(span).collect())
    }
}

impl RawWeekday {
    /// The nth such weekday of the month in each year, from the end for negative numbers.
    fn days(&self) -> Result<Vec<NaiveDate>, Broken> {
        let broken = |rule: &str| Err(("weekday".to_owned(), rule.to_owned()));
        let Ok(weekday) = self.weekday.parse::<Weekday>() else {
            return broken("must be a day of the week, such as \"monday\"");
        };
        if !(1..=12).contains(&self.month) {
            return broken("needs a month from 1 to 12");
        }
        let nth = usize::from(self.nth.unsigned_abs());
        if !(1..=5).contains(&nth) {
            return broken("needs nth from 1 to 5, or from -1 for the last to -5");
        }
        let of_year = |year: i32| {
            let first = NaiveDate::from_ymd_opt(year, self.month, 1)?;
            let mut days: Vec<NaiveDate> = first
                .iter_days()
                .take_while(|day| day.month() == self.month)
                .filter(|day| day.weekday() == weekday)
                .collect();
            if self.nth < 0 {
                days.reverse();
            }
            days.get(nth - 1).copied()
        };
        Ok(YEARS.filter_map(of_year).collect())
    }
}

/// The same days of every year, over the new year when they end before they begin. A 29 February is the 28th in other years.
fn each_year(span: &RawSpan) -> Result<Vec<Span>, Broken> {
    let (from, to) = (month_day("from", &span.from)?, month_day("to", &span.to)?);
    let of_year = |year: i32, (month, day): (u32, u32)| {
        NaiveDate::from_ymd_opt(year, month, day)
            .or_else(|| NaiveDate::from_ymd_opt(year, month, day - 1))
    };
    let end = |year: i32| if to < from { year + 1 } else { year };
    Ok(YEARS
        .filter_map(|year| Some((of_year(year, from)?, of_year(end(year), to)?)))
        .collect())
}

/// `MM-DD`.
fn month_day(key: &str, value: &Value) -> Result<(u32, u32), Broken> {
    let parts = value.as_str().and_then(|text| text.split_once('-'));
    let numbers = parts.and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    // A leap year has every day.
    match numbers.filter(|(month, day)| NaiveDate::from_ymd_opt(2000, *month, *day).is_some()) {
        Some(numbers) => Ok(numbers),
        None => Err((
            key.to_owned(),
            format!("{value} is not a month and a day, such as \"11-15\""),
        )),
    }
}

/// A date, in quotes or not.
fn date(key: &str, value: &Value) -> Result<NaiveDate, Broken> {
    let text = match value {
        Value::Datetime(date) => date.to_string(),
        other => other.to_string(),
    };
    text.trim_matches('"').parse().map_err(|_malformed| {
        let rule = format!("{text} is not a date, such as 2026-02-17");
        (key.to_owned(), rule)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(name: &str) -> Vec<CalendarDays> {
        let names = [name.to_owned()];
        read_calendars(Path::new("city.toml"), Some(&names), Tz::UTC).unwrap()
    }

    fn first_days(days: &[CalendarDays], id: &str, years: [i32; 2]) -> Vec<String> {
        let of = days.iter().filter(|days| days.id == id);
        of.filter(|days| (years[0]..=years[1]).contains(&days.first.year()))
            .map(|days| format!("{}/{}", days.first, days.last))
            .collect()
    }

    #[test]
    fn every_shipped_calendar_reads_and_knows_all_years() {
        for (name, _) in SHIPPED {
            let days = shipped(name);
            assert!(days.iter().all(|days| days.first <= days.last), "{name}");
            assert!(
                days.iter().all(|days| !days.name("zh").is_empty()),
                "{name}"
            );
            for year in [2009, 2026, 2050] {
                assert!(days.iter().any(|days| days.first.year() == year), "{name}");
            }
        }
    }

    #[test]
    fn windows_lie_on_their_days() {
        let cn = shipped("cn");
        // The State Council's notices: 除夕 and 初六 of these years.
        assert_eq!(
            first_days(&cn, "spring-festival", [2024, 2027]),
            [
                "2024-02-09/2024-02-16",
                "2025-01-28/2025-02-04",
                "2026-02-16/2026-02-23",
                "2027-02-05/2027-02-12"
            ]
        );
        // 2020 was postponed.
        assert_eq!(
            first_days(&cn, "gaokao", [2019, 2021]),
            [
                "2019-06-05/2019-06-08",
                "2020-07-05/2020-07-08",
                "2021-06-05/2021-06-08"
            ]
        );
        assert_eq!(
            first_days(&shipped("cn-beijing"), "heating-season", [2025, 2025]),
            ["2025-11-15/2026-03-15"]
        );
        let us = shipped("us");
        assert_eq!(
            first_days(&us, "thanksgiving", [2025, 2026]),
            ["2025-11-27/2025-11-30", "2026-11-26/2026-11-29"]
        );
        assert_eq!(
            first_days(&us, "memorial-day", [2026, 2026]),
            ["2026-05-23/2026-05-25"]
        );
        assert_eq!(
            first_days(&us, "juneteenth", [2020, 2021]),
            ["2021-06-19/2021-06-19"]
        );
        assert_eq!(
            first_days(&shipped("us-boston"), "heating-season", [2022, 2023]),
            ["2022-09-16/2023-06-14", "2023-09-15/2024-05-31"]
        );
    }

    #[test]
    fn a_file_of_its_own_is_read_and_its_mistakes_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let city = folder.path().join("city.toml");
        let read = |text: &str| {
            fs::write(folder.path().join("own.toml"), text).unwrap();
            read_calendars(&city, Some(&["own.toml".to_owned()]), Tz::UTC)
        };
        let days = read(
            "[[window]]\nid = \"term\"\nperiods = [{ from = 2025-09-01, to = \"2026-01-23\" }]\n",
        )
        .unwrap();
        assert_eq!(
            (&*days[0].calendar, &*days[0].id, days[0].name("en")),
            ("own", "term", "term")
        );
        for (text, told) in [
            ("", "empty"),
            ("[[window]]\nid = \"a\"\n", "needs one of each_year"),
            (
                "[[window]]\nid = \"a\"\neach_year = { from = \"13-01\", to = \"01-02\" }\n",
                "window a: from: \"13-01\" is not a month and a day",
            ),
            (
                "[[window]]\nid = \"a\"\nperiods = [{ from = 2026-01-02, to = 2026-01-01 }]\n",
                "before it begins",
            ),
            (
                "[[window]]\nid = \"a\"\ndates = [\"soon\"]\n",
                "is not a date",
            ),
            (
                "[[window]]\nid = \"a\"\nweekday = { month = 2, weekday = \"someday\", nth = 1 }\n",
                "day of the week",
            ),
            ("[[window]]\nid = \"a\"\nwhen = 3\n", "line 3"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(
                error.contains(told) && error.contains("own.toml"),
                "{error}"
            );
        }
        let (key, rule) = check(&["mars".to_owned()]).unwrap_err();
        assert!(key == "calendars" && rule.contains("cn-beijing"), "{rule}");
    }

    #[test]
    fn a_city_without_calendars_has_those_of_its_zone() {
        let of = |zone: Tz| {
            let days = read_calendars(Path::new("city.toml"), None, zone).unwrap();
            let mut names: Vec<_> = days.into_iter().map(|days| days.calendar).collect();
            names.dedup();
            names
        };
        assert_eq!(of(Tz::Asia__Shanghai), ["cn", "cn-beijing"]);
        assert_eq!(of(Tz::America__Chicago), ["us"]);
        assert_eq!(of(Tz::Europe__Berlin), Vec::<String>::new());
    }
}
