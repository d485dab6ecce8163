//! The bulletin: one page that a street posts to its residents. Picture, figures, topics, what is expected to come back.
//!
//! Counts below [`LEAST`] are not shown, and no line says anything of a single complaint: no personal data.

use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use citybrain_grid::City;
use citybrain_model::AreaLevel;
use citybrain_picture::{Bar, Drawing, Frame, Page, Row, Table};
use citybrain_query::{Analysis, By, Filter, Measure, Session};

use super::facts::{local, number};
use super::{Facts, PictureRequest, Pictures, Shown, Words, facts};
use crate::error::HttpError;
use crate::tiles;

/// Which area and which time.
#[derive(Debug, Clone)]
pub(crate) struct BulletinRequest {
    /// The area; none for the whole city.
    pub(crate) area: Option<(AreaLevel, String)>,
    /// First day of the period, city time.
    pub(crate) from: NaiveDate,
    /// First day after the period, city time.
    pub(crate) to: NaiveDate,
    pub(crate) words: Words,
}

/// What the page says.
#[derive(Debug)]
pub(crate) struct Bulletin {
    title: String,
    below: String,
    picture: Facts,
    figures: Vec<(String, String)>,
    topics: Vec<Topic>,
    windows: Result<Vec<[String; 4]>, String>,
    foot: String,
    words: Words,
}

/// A category, what is said of its count, and how long its bar is.
#[derive(Debug)]
struct Topic {
    category: String,
    count: String,
    share: f32,
}

/// Smaller counts are not shown.
pub(crate) const LEAST: u64 = 5;
/// Topics on the page.
const TOPICS: usize = 8;
/// Expected windows on the page.
const WINDOWS: usize = 6;
/// Days of history in which what comes back is looked for.
const HISTORY_DAYS: u64 = 400;

impl BulletinRequest {
    /// Reads `2026-11`, `2026-W47`, `2026-11-23` or `2026-11-01..2026-11-15` (both days included) and `LEVEL:ID` or `city`.
    ///
    /// # Errors
    /// What cannot be read, or an area that the city does not have, by name.
    pub(crate) fn read(
        area: &str,
        period: &str,
        language: Option<&str>,
        city: &City,
    ) -> Result<Self, HttpError> {
        let area = match area {
            "" | "city" => None,
            text => Some(named_area(text, city)?),
        };
        let (from, to) = span_of(period).ok_or_else(|| {
            HttpError::parameter(
                "period",
                format!(
                    "\"{period}\" is not a month (2026-11), a week (2026-W47), a day (2026-11-23) or two days (2026-11-01..2026-11-15)"
                ),
            )
        })?;
        let main = city.languages.first().map_or("zh", String::as_str);
        Ok(Self {
            area,
            from,
            to,
            words: Words::of(language.unwrap_or(main)),
        })
    }

    fn filter(&self, from: NaiveDate, to: NaiveDate, zone: Tz) -> Filter {
        Filter {
            from: Some(start_of(from, zone)),
            to: Some(start_of(to, zone)),
            area: self.area.clone(),
            ..Filter::default()
        }
    }
}

fn named_area(text: &str, city: &City) -> Result<(AreaLevel, String), HttpError> {
    let wrong = || {
        HttpError::parameter(
            "area",
            format!("\"{text}\" is no area of the city: LEVEL:ID, or city"),
        )
    };
    let (level, id) = text.split_once(':').ok_or_else(wrong)?;
    let level: AreaLevel = level.parse().map_err(|_unknown| wrong())?;
    city.level(level)
        .and_then(|level| level.area(id))
        .ok_or_else(wrong)?;
    Ok((level, id.to_owned()))
}

/// First day and first day after.
fn span_of(period: &str) -> Option<(NaiveDate, NaiveDate)> {
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    if let Some((from, to)) = period.split_once("..") {
        let (from, to) = (day(from)?, day(to)?.checked_add_days(Days::new(1))?);
        return (from < to).then_some((from, to));
    }
    if let Some((year, week)) = period.split_once("-W") {
        let from = NaiveDate::from_isoywd_opt(
            year.parse().ok()?,
            week.parse().ok()?,
            chrono::Weekday::Mon,
        )?;
        return Some((from, from.checked_add_days(Days::new(7))?));
    }
    if let Some(from) = day(period) {
        return Some((from, from.checked_add_days(Days::new(1))?));
    }
    let from = day(&format!("{period}-01"))?;
    Some((from, from.checked_add_months(chrono::Months::new(1))?))
}

/// The first instant of a local day: the hour that a change of clocks skips is passed over.
fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    (0..24)
        .find_map(|hour| {
            zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?)
                .earliest()
        })
        .map_or_else(
            || day.and_time(chrono::NaiveTime::MIN).and_utc(),
            |at| at.with_timezone(&Utc),
        )
}

impl Bulletin {
    /// Reads what the page says.
    ///
    /// # Errors
    /// The limits of the queries.
    pub(crate) async fn read(
        session: &Session,
        request: &BulletinRequest,
    ) -> Result<Self, HttpError> {
        let city = &session.snapshot().city;
        let (zone, words) = (city.time_zone, request.words);
        let days = (request.to - request.from).num_days().max(1);
        let before_from = request.from - chrono::TimeDelta::days(days);
        let filter = request.filter(request.from, request.to, zone);
        let earlier = request.filter(before_from, request.from, zone);

        let topics = session.breakdown(&filter, By::Category, TOPICS).await?;
        let total = topics.total;
        let before = session.breakdown(&earlier, By::Category, 1).await?.total;
        let most = topics.groups.first().map_or(1, |group| group.value.max(1));
        let name = request
            .area
            .as_ref()
            .and_then(|(level, id)| city.level(*level)?.area(id))
            .map_or(city.name.as_str(), |area| {
                area.names.get(words.code()).unwrap_or(&area.name)
            });
        let last = request.to - chrono::TimeDelta::days(1);
        Ok(Self {
            title: words.bulletin(name),
            below: format!("{} – {last}", request.from),
            picture: facts(session, &picture(request, city, &filter)?).await?,
            figures: figures(words, total, before, days),
            topics: topics
                .groups
                .iter()
                .filter_map(|group| {
                    Some(Topic {
                        category: group.key.clone()?,
                        count: shown(group.value, words),
                        share: if group.value < LEAST {
                            0.0
                        } else {
                            share(group.value, most)
                        },
                    })
                })
                .collect(),
            windows: windows(session, request, zone).await?,
            foot: foot(session, words).await?,
            words,
        })
    }

    /// The page as shapes: A4, a pixel is a point.
    pub(crate) fn page(&self, city: &City, pictures: &Pictures) -> Drawing {
        let words = self.words;
        let mut page = Page::new(pictures.fonts());
        page.title(&self.title, &self.below);
        page.figures(&self.figures);
        page.picture(&pictures.drawing(city, &self.picture));
        page.heading(words.topics());
        page.table(&Table {
            head: vec![words.category().to_owned(), words.count().to_owned()],
            rows: self
                .topics
                .iter()
                .map(|topic| Row {
                    cells: vec![topic.category.clone(), topic.count.clone()],
                    bar: Some(Bar(topic.share)),
                })
                .collect(),
            widths: vec![0.8, 0.2],
        });
        page.heading(words.windows());
        match &self.windows {
            Ok(windows) if !windows.is_empty() => page.table(&Table {
                head: [
                    words.category(),
                    words.when(),
                    words.next(),
                    words.expected(),
                ]
                .map(str::to_owned)
                .into(),
                rows: windows
                    .iter()
                    .map(|cells| Row {
                        cells: cells.to_vec(),
                        bar: None,
                    })
                    .collect(),
                widths: vec![0.27, 0.35, 0.26, 0.12],
            }),
            Ok(_) => page.line(words.none_found()),
            Err(reason) => page.line(&words.why_none(reason)),
        }
        page.finish(&self.foot)
    }

    /// The page as HTML that needs no other file.
    pub(crate) fn html(&self, city: &City, pictures: &Pictures) -> String {
        use std::fmt::Write as _;

        let words = self.words;
        let mut figures = String::new();
        for (figure, what) in &self.figures {
            // Writing to a String cannot fail.
            let _written = write!(
                figures,
                "<div><b>{}</b><span>{}</span></div>",
                escaped(figure),
                escaped(what)
            );
        }
        let mut topics = String::new();
        for topic in &self.topics {
            let _written = write!(
                topics,
                "<tr><td><i style=\"width:{:.1}%\"></i><span>{}</span></td><td>{}</td></tr>",
                topic.share * 100.0,
                escaped(&topic.category),
                escaped(&topic.count)
            );
        }
        let windows = match &self.windows {
            Ok(windows) if !windows.is_empty() => {
                let mut table = format!(
                    "<table><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>",
                    words.category(),
                    words.when(),
                    words.next(),
                    words.expected()
                );
                for row in windows {
                    table.push_str("<tr>");
                    for cell in row {
                        let _written = write!(table, "<td>{}</td>", escaped(cell));
                    }
                    table.push_str("</tr>");
                }
                table + "</table>"
            }
            Ok(_) => format!("<p>{}</p>", words.none_found()),
            Err(reason) => format!("<p>{}</p>", escaped(&words.why_none(reason))),
        };
        include_str!("bulletin.html")
            .replace("{{language}}", words.code())
            .replace(
                "{{picture}}",
                &pictures
                    .drawing(city, &self.picture)
                    .svg(&self.picture.title),
            )
            .replace("{{figures}}", &figures)
            .replace("{{topics_heading}}", words.topics())
            .replace("{{category}}", words.category())
            .replace("{{count}}", words.count())
            .replace("{{topics}}", &topics)
            .replace("{{windows_heading}}", words.windows())
            .replace("{{windows}}", &windows)
            // Texts of the data come last, so that braces in them mean nothing.
            .replace("{{below}}", &escaped(&self.below))
            .replace("{{foot}}", &escaped(&self.foot))
            .replace("{{title}}", &escaped(&self.title))
            .replace("{{letters}}", &pictures.letters_of(&self.said()))
    }

    /// Every text of the page that is not in the picture.
    fn said(&self) -> String {
        let words = self.words;
        let mut said = [
            self.title.as_str(),
            &self.below,
            &self.foot,
            words.topics(),
            words.category(),
            words.count(),
            words.windows(),
            words.when(),
            words.next(),
            words.expected(),
            words.none_found(),
        ]
        .concat();
        for (figure, what) in &self.figures {
            said.extend([figure.as_str(), what]);
        }
        for topic in &self.topics {
            said.extend([topic.category.as_str(), &topic.count]);
        }
        match &self.windows {
            Ok(windows) => said.extend(windows.iter().flatten().map(String::as_str)),
            Err(reason) => said.push_str(&words.why_none(reason)),
        }
        said
    }

    /// What the page is called.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn shown(count: u64, words: Words) -> String {
    if count < LEAST {
        words.fewer(LEAST)
    } else {
        number_of(count)
    }
}

fn number_of(count: u64) -> String {
    number(float(count))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a city are far below 2^52"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a share from 0 to 1")]
fn share(value: u64, most: u64) -> f32 {
    (float(value) / float(most)) as f32
}

fn figures(words: Words, total: u64, before: u64, days: i64) -> Vec<(String, String)> {
    let small = total < LEAST;
    #[expect(clippy::cast_precision_loss, reason = "days of a period")]
    let per_day = float(total) / days as f64;
    let change = if small || before < LEAST {
        "–".to_owned()
    } else {
        format!("{:+.0} %", (float(total) / float(before) - 1.0) * 100.0)
    };
    vec![
        (shown(total, words), words.total().to_owned()),
        (
            if small {
                "–".to_owned()
            } else {
                format!("{per_day:.1}")
            },
            words.per_day().to_owned(),
        ),
        (shown(before, words), words.before().to_owned()),
        (change, words.change().to_owned()),
    ]
}

/// The picture of the area with what the period's complaints were, without names or counts of single cells: cells below
/// [`LEAST`] are not drawn.
fn picture(
    request: &BulletinRequest,
    city: &City,
    filter: &Filter,
) -> Result<PictureRequest, HttpError> {
    let area = request
        .area
        .as_ref()
        .and_then(|(level, id)| city.level(*level)?.area(id));
    let bbox = area.map_or_else(|| city.bbox(), |area| area.bbox);
    let frame = Frame::fit(
        [bbox.west, bbox.south, bbox.east, bbox.north],
        [760, 420],
        18.0,
    )
    .map_err(|error| HttpError::parameter("area", error.to_string()))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a zoom from 0 to 22"
    )]
    let zoom = frame.zoom().floor().clamp(0.0, 22.0) as u8;
    Ok(PictureRequest {
        frame,
        shown: Shown::Cells(tiles::cells_at(zoom).min(city.base_resolution)),
        measure: Measure::Count,
        filter: filter.clone(),
        least: float(LEAST),
        scale: None,
        title: Some(String::new()),
        words: request.words,
        caption: true,
        labels: true,
        sensors: false,
        renderer: None,
    })
}

/// What comes back, by the history before the period's end; or why that cannot be said.
async fn windows(
    session: &Session,
    request: &BulletinRequest,
    zone: Tz,
) -> Result<Result<Vec<[String; 4]>, String>, HttpError> {
    let from = request.to - Days::new(HISTORY_DAYS);
    let filter = request.filter(from, request.to, zone);
    let analysis = Analysis::named("periodic_issues")
        .ok_or_else(|| HttpError::internal("there is no periodic_issues"))?;
    let level = request
        .area
        .as_ref()
        .map_or(session.snapshot().city.largest().level, |(level, _)| *level);
    let arguments = [
        ("by".to_owned(), level.to_string()),
        ("language".to_owned(), request.words.code().to_owned()),
    ];
    let found = match session.analysis(analysis, &filter, &arguments).await {
        Ok(found) => found,
        Err(error) if error.is_mistake() => return Ok(Err(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let mut rows = Vec::new();
    crate::format::write_json_rows(&found.answer, &mut rows).map_err(HttpError::internal)?;
    let rows: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(&rows).map_err(HttpError::internal)?;
    let text = |row: &serde_json::Map<String, serde_json::Value>, name: &str| {
        row.get(name)
            .and_then(|value| value.as_str())
            .map(str::to_owned)
    };
    let mut windows: Vec<(String, [String; 4])> = rows
        .iter()
        .filter_map(|row| {
            let expected = row.get("expected")?.as_f64()?;
            let next = text(row, "next_from")?;
            (expected >= float(LEAST)).then(|| {
                let at = DateTime::parse_from_rfc3339(&next)
                    .map_or_else(|_| next.clone(), |at| local(at.with_timezone(&Utc), zone));
                let cells = [
                    text(row, "category").unwrap_or_default(),
                    text(row, "phase").unwrap_or_default(),
                    at,
                    format!("{expected:.0}"),
                ];
                (next, cells)
            })
        })
        .collect();
    windows.sort();
    windows.dedup_by(|one, other| one.1[0] == other.1[0] && one.1[1] == other.1[1]);
    windows.truncate(WINDOWS);
    Ok(Ok(windows.into_iter().map(|(_, cells)| cells).collect()))
}

async fn foot(session: &Session, words: Words) -> Result<String, HttpError> {
    let city = &session.snapshot().city;
    let range = session.city_range().await?;
    let cut = range
        .received_at
        .map(|at| words.data_cut(&local(at, city.time_zone)));
    let parts = [
        Some("citybrain".to_owned()),
        cut,
        Some(words.boundaries(&city.boundary_version())),
        Some(words.suppressed(LEAST)),
    ];
    Ok(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_month_a_week_a_day_or_two_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (period, from, to) in [
            ("2026-11", "2026-11-01", "2026-12-01"),
            ("2026-W01", "2025-12-29", "2026-01-05"),
            ("2026-11-23", "2026-11-23", "2026-11-24"),
            ("2026-11-01..2026-11-15", "2026-11-01", "2026-11-16"),
        ] {
            assert_eq!(span_of(period), Some((day(from), day(to))), "{period}");
        }
        for period in ["", "2026", "2026-13", "2026-W60", "2026-11-15..2026-11-01"] {
            assert_eq!(span_of(period), None, "{period}");
        }
    }

    #[test]
    fn small_counts_are_not_shown() {
        let figures = figures(Words::English, 4, 100, 7);
        assert_eq!(figures[0].0, "below 5");
        assert_eq!(figures[1].0, "–");
        assert_eq!(figures[3].0, "–");
    }
}
