//! When a rhythm is high, in words.

use chrono::Weekday;
use citybrain_stats::periodic::Phase;

/// The language of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

const DAYS: [(&str, &str); 7] = [
    ("Monday", "周一"),
    ("Tuesday", "周二"),
    ("Wednesday", "周三"),
    ("Thursday", "周四"),
    ("Friday", "周五"),
    ("Saturday", "周六"),
    ("Sunday", "周日"),
];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// "Mondays 08–10", "15 Nov – 15 Mar"; local time.
pub(super) fn words(phase: &Phase, language: Language) -> String {
    let chinese = language == Language::Chinese;
    match *phase {
        Phase::Hours { from, to } if chinese => format!("每天 {}", clock(from, to)),
        Phase::Hours { from, to } => format!("daily {}", clock(from, to)),
        Phase::Weekdays { from, to, hours } => {
            let days = weekdays(from, to, chinese);
            match hours {
                Some((from, to)) => format!("{days} {}", clock(from, to)),
                None => days,
            }
        }
        Phase::DaysOfMonth { from, to } if chinese => {
            if from == to {
                format!("每月{from}日")
            } else {
                format!("每月{from}日至{to}日")
            }
        }
        Phase::DaysOfMonth { from, to } => {
            if from == to {
                format!("day {from} of the month")
            } else {
                format!("days {from}–{to} of the month")
            }
        }
        Phase::Dates { from, to } if chinese => {
            format!("每年{}月{}日至{}月{}日", from.0, from.1, to.0, to.1)
        }
        Phase::Dates { from, to } => format!("{} – {}", date(from), date(to)),
        Phase::Every {
            start,
            hours,
            period_hours,
        } => {
            let (every, lasts) = (length(period_hours, chinese), length(hours, chinese));
            let start = start.format("%Y-%m-%d %H:%M");
            if chinese {
                format!("自{start}起每{every},持续{lasts}")
            } else {
                format!("every {every} for {lasts}, from {start}")
            }
        }
    }
}

fn clock(from: u32, to: u32) -> String {
    format!("{from:02}–{to:02}")
}

fn weekdays(from: Weekday, to: Weekday, chinese: bool) -> String {
    let name = |day: Weekday| {
        let (english, chinese) = DAYS[day.num_days_from_monday() as usize];
        (english, chinese)
    };
    match (from == to, chinese) {
        (true, true) => format!("每{}", name(from).1),
        (true, false) => format!("{}s", name(from).0),
        (false, true) => format!("每{}至{}", name(from).1, name(to).1),
        (false, false) => format!("{}s to {}s", name(from).0, name(to).0),
    }
}

fn date((month, day): (u32, u32)) -> String {
    let month = MONTHS
        .get((month as usize).wrapping_sub(1))
        .copied()
        .unwrap_or("?");
    format!("{day} {month}")
}

fn length(hours: f64, chinese: bool) -> String {
    let (number, unit) = if hours >= 48.0 {
        (hours / 24.0, if chinese { "天" } else { "days" })
    } else {
        (hours, if chinese { "小时" } else { "h" })
    };
    if chinese {
        format!("{number:.1}{unit}")
    } else {
        format!("{number:.1} {unit}")
    }
}
