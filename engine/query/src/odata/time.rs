//! Instants, intervals and durations as texts.

use chrono::{DateTime, Utc};

/// An ISO 8601 instant with a zone: `2024-06-01T12:00:00Z`, `…+08:00`, `…+0800`; µs since 1970, UTC. None for any other text, also for one
/// with two zones.
pub fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = text.split_at_checked(10)?;
    if !date
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        return None;
    }
    // A plus sign that was not escaped in an address has become a blank.
    let time = time.replace(' ', "+");
    let text = format!("{date}{time}");
    let at = DateTime::parse_from_rfc3339(&text)
        .or_else(|_| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%#z"))
        .or_else(|_| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M%#z"))
        .or_else(|_| {
            let utc = text.strip_suffix('Z').unwrap_or("none");
            chrono::NaiveDateTime::parse_from_str(utc, "%Y-%m-%dT%H:%M")
                .map(|naive| naive.and_utc().fixed_offset())
        })
        .ok()?;
    Some(at.with_timezone(&Utc).timestamp_micros())
}

/// Two instants with a slash between them, the first not after the second.
pub fn parse_interval(text: &str) -> Option<(i64, i64)> {
    let (start, end) = text.split_once('/')?;
    let (start, end) = (parse_time(start)?, parse_time(end)?);
    (start <= end).then_some((start, end))
}

/// An ISO 8601 duration of weeks, days, hours, minutes and seconds (`P1D`, `PT1H30M`, `PT0.5S`, `P1W`, `-PT5M`) in µs. Months and years have no
/// length.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut rest = rest.strip_prefix('P')?;
    let (mut micros, mut in_time, mut parts) = (0.0_f64, false, 0);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            if in_time || after.is_empty() {
                return None;
            }
            (in_time, rest) = (true, after);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(end)?;
        let number: f64 = number.parse().ok()?;
        let unit = after.chars().next()?;
        let seconds = match (unit, in_time) {
            ('W', false) => 604_800.0,
            ('D', false) => 86_400.0,
            ('H', true) => 3_600.0,
            ('M', true) => 60.0,
            ('S', true) => 1.0,
            _ => return None,
        };
        micros += number * seconds * 1e6;
        parts += 1;
        rest = after.get(1..)?;
    }
    // Ten thousand years, far from where whole µs end.
    if parts == 0 || micros > 3.2e17 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounded above; less than a µs is nothing"
    )]
    Some(sign * micros.round() as i64)
}
