//! Local times of many forms become instants.

use chrono::{
    DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta,
    TimeZone as _, Utc,
    format::{Fixed, Item, Numeric, Parsed, StrftimeItems, parse},
};
use chrono_tz::Tz;
use citybrain_model::Refusal;

use super::{Notes, bound::Bound};
use crate::{
    profile::{Clock, Field, Profile, Zone},
    rows::Row,
};

/// A local time that exists twice was read as the earlier of the two.
const TWICE: &str = "local_time_twice";
/// A local time that the clock skipped was moved forward by the gap.
const SKIPPED: &str = "local_time_missing";

/// A form that times are written in.
#[derive(Debug, Clone)]
pub struct TimeForm(Form);

#[derive(Debug, Clone)]
enum Form {
    EpochSeconds,
    EpochMillis,
    Pattern {
        items: Vec<Item<'static>>,
        has_offset: bool,
        has_time: bool,
    },
}

/// A time as it is written: an instant, or a local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Instant(DateTime<Utc>),
    Local(NaiveDateTime),
}

impl TimeForm {
    /// The form of a profile's word or pattern; `None` when it is no pattern or makes no time.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "epoch_s" => return Some(Self(Form::EpochSeconds)),
            "epoch_ms" => return Some(Self(Form::EpochMillis)),
            _ => {}
        }
        let items = StrftimeItems::new(word).parse_to_owned().ok()?;
        let has = |wanted: &dyn Fn(&Item<'_>) -> bool| items.iter().any(wanted);
        let has_year = has(&|item| {
            matches!(
                item,
                Item::Numeric(Numeric::Year | Numeric::YearMod100, _)
                    | Item::Fixed(Fixed::RFC2822 | Fixed::RFC3339)
            )
        });
        let has_time =
            has(&|item| matches!(item, Item::Numeric(Numeric::Hour | Numeric::Hour12, _)));
        let has_offset = has(&|item| {
            matches!(
                item,
                Item::Fixed(
                    Fixed::TimezoneOffset
                        | Fixed::TimezoneOffsetColon
                        | Fixed::TimezoneOffsetColonZ
                        | Fixed::TimezoneOffsetZ
                        | Fixed::RFC2822
                        | Fixed::RFC3339
                )
            )
        });
        has_year.then_some(Self(Form::Pattern {
            items,
            has_offset,
            has_time,
        }))
    }

    fn read(&self, text: &str) -> Option<Written> {
        match &self.0 {
            Form::EpochSeconds => {
                let seconds: f64 = text.parse().ok()?;
                // Microseconds of any year that is accepted fit.
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a year out of range is refused"
                )]
                let micros = (seconds * 1e6).round() as i64;
                DateTime::from_timestamp_micros(micros).map(Written::Instant)
            }
            Form::EpochMillis => {
                DateTime::from_timestamp_millis(text.parse().ok()?).map(Written::Instant)
            }
            Form::Pattern {
                items,
                has_offset,
                has_time,
            } => {
                let mut parsed = Parsed::new();
                parse(&mut parsed, text, items.iter()).ok()?;
                if *has_offset {
                    return Some(Written::Instant(parsed.to_datetime().ok()?.to_utc()));
                }
                let date = parsed.to_naive_date().ok()?;
                let time = match has_time {
                    true => parsed.to_naive_time().ok()?,
                    false => NaiveTime::MIN,
                };
                Some(Written::Local(date.and_time(time)))
            }
        }
    }
}

/// Reads the times of one source.
#[derive(Debug)]
pub(super) struct Clockwork {
    forms: Vec<TimeForm>,
    zone: Option<Tz>,
    clock: Clock,
}

impl Clockwork {
    pub(super) fn new(profile: &Profile, city_zone: Tz) -> Self {
        Self {
            forms: profile
                .times
                .iter()
                .filter_map(|form| TimeForm::parse(form))
                .collect(),
            zone: profile.zone.map(|zone| match zone {
                Zone::City => city_zone,
                Zone::Named(zone) => zone,
            }),
            clock: profile.clock,
        }
    }

    /// The instant of a field, from one text or from integer columns.
    ///
    /// # Errors
    /// A refusal by rule `time` when the text is no time of a known form, by rule `zone` when it has no offset and the profile no
    /// zone.
    pub(super) fn instant(
        &self,
        bound: &Bound,
        row: &Row,
        field: Field,
        notes: &mut Notes,
    ) -> Result<Option<DateTime<Utc>>, Refusal> {
        let name = field.as_str();
        if let Some(parts) = bound.parts(field) {
            let Some(local) = local_of_parts(bound, row, parts, name)? else {
                return Ok(None);
            };
            return self.of_local(local, name, notes).map(Some);
        }
        match bound.text(row, field)? {
            None => Ok(None),
            Some(text) => self.parse(&text, name, notes).map(Some),
        }
    }

    /// The instant that a text means.
    pub(super) fn parse(
        &self,
        text: &str,
        field: &'static str,
        notes: &mut Notes,
    ) -> Result<DateTime<Utc>, Refusal> {
        let written = self.forms.iter().find_map(|form| form.read(text));
        match written.or_else(|| standard(text)) {
            Some(Written::Instant(instant)) => Ok(instant),
            Some(Written::Local(local)) => self.of_local(local, field, notes),
            None => Err(Refusal::new(
                field,
                text,
                "time",
                "the time must be RFC 3339, as 2026-11-23T17:04:00+08:00, or of a form that the profile names",
            )),
        }
    }

    fn of_local(
        &self,
        local: NaiveDateTime,
        field: &'static str,
        notes: &mut Notes,
    ) -> Result<DateTime<Utc>, Refusal> {
        let Some(zone) = self.zone else {
            return Err(Refusal::new(
                field,
                local.to_string(),
                "zone",
                "the time needs an offset, as 2026-11-23T17:04:00+08:00",
            ));
        };
        let instant = match self.clock {
            Clock::Right => resolve(zone, local, notes),
            // The text is local time, taken for UTC and converted to local time again: undo the second, then the first.
            Clock::OffsetTwice => {
                let right = resolve(zone, local, &mut Notes::default());
                right.and_then(|right| resolve(zone, right.naive_utc(), notes))
            }
        };
        instant.ok_or_else(|| {
            Refusal::new(field, local.to_string(), "time", "the time is out of range")
        })
    }
}

/// Forms that need no profile.
fn standard(text: &str) -> Option<Written> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(Written::Instant(instant.to_utc()));
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(Written::Local(local))
}

/// The instant of a local time: of one that exists twice the earlier, of one that does not exist the one that a clock shows that
/// was not set forward.
fn resolve(zone: Tz, local: NaiveDateTime, notes: &mut Notes) -> Option<DateTime<Utc>> {
    /// Longer than any offset and any gap of a change of daylight-saving time together.
    const BEFORE_ANY_GAP: TimeDelta = TimeDelta::hours(26);
    let offset = match zone.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) => offset.fix(),
        MappedLocalTime::Ambiguous(one, other) => {
            notes.count(TWICE);
            let (one, other) = (one.fix(), other.fix());
            // The larger offset is the earlier instant.
            if one.local_minus_utc() >= other.local_minus_utc() {
                one
            } else {
                other
            }
        }
        MappedLocalTime::None => {
            notes.count(SKIPPED);
            let before = local.checked_sub_signed(BEFORE_ANY_GAP)?;
            zone.offset_from_utc_datetime(&before).fix()
        }
    };
    Some(local.checked_sub_offset(offset)?.and_utc())
}

fn local_of_parts(
    bound: &Bound,
    row: &Row,
    parts: &[Option<usize>; 6],
    field: &'static str,
) -> Result<Option<NaiveDateTime>, Refusal> {
    let mut numbers = [0, 1, 1, 0, 0, 0];
    for (number, column) in numbers.iter_mut().zip(parts) {
        let Some(column) = column else { continue };
        let Some(text) = bound.cell(row, *column) else {
            return Ok(None);
        };
        let part = text.parse::<u32>().ok();
        *number = part.ok_or_else(|| {
            Refusal::new(
                field,
                text,
                "time",
                "the parts of a time must be whole numbers",
            )
        })?;
    }
    let [year, month, day, hour, minute, second] = numbers;
    let date = i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    match date.and_then(|date| date.and_hms_opt(hour, minute, second)) {
        Some(local) => Ok(Some(local)),
        None => Err(Refusal::new(
            field,
            format!("{year}-{month}-{day} {hour}:{minute}:{second}"),
            "time",
            "there is no such time",
        )),
    }
}
