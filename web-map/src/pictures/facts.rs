//! What a picture shows, read from the store.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use citybrain_grid::City;
use citybrain_picture::{Border, Caption, Dot, Frame, Label, LegendRow, Map, Scale};
use citybrain_query::{Filter, Measure, Session};
use h3o::CellIndex;

use super::{PictureRequest, Shown};
use crate::error::HttpError;

/// What a picture shows. It owns all but the areas' outlines, which are the city's.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) frame: Frame,
    pub(crate) caption: Option<Caption>,
    pub(crate) title: String,
    scale: Scale,
    cells: Vec<(CellIndex, f64)>,
    /// Position among the latest areas of the level, and value.
    areas: Option<(citybrain_model::AreaLevel, Vec<(usize, f64)>)>,
    dots: Vec<Dot>,
    labels: bool,
    language: &'static str,
}

/// Reads what the request asks for.
///
/// # Errors
/// A filter that does not fit the city, the limits of the query, a picture with more cells than [`CELLS_MAX`].
pub(crate) async fn facts(session: &Session, request: &PictureRequest) -> Result<Facts, HttpError> {
    let city = &session.snapshot().city;
    let (mut cells, mut areas, mut not_located) = (Vec::new(), None, 0);
    match request.shown {
        Shown::Cells(resolution) => {
            let mut filter = request.filter.clone();
            if filter.bbox.is_none() {
                filter.bbox = around(&request.frame, resolution, city);
            }
            let answer = session.cells(&filter, resolution, &request.measure).await?;
            if answer.cells.len() > CELLS_MAX {
                return Err(HttpError::parameter(
                    "resolution",
                    format!(
                        "the picture would have {} cells, more than {CELLS_MAX}: ask for a coarser resolution or a smaller bbox",
                        answer.cells.len()
                    ),
                ));
            }
            not_located = answer.totals.not_located + answer.totals.area_only;
            cells = answer
                .cells
                .iter()
                .map(|cell| (cell.cell, cell.value))
                .filter(|(_, value)| *value >= request.least)
                .collect();
        }
        Shown::Areas(level) => {
            let answer = session
                .areas(&request.filter, level, &request.measure)
                .await?;
            not_located += answer.totals.not_located;
            let latest = city.level(level).map_or(&[][..], |level| level.latest());
            let values = answer.areas.iter().filter_map(|area| {
                let at = latest
                    .binary_search_by(|other| other.id.as_str().cmp(&area.id))
                    .ok()?;
                Some((at, area.value.filter(|value| *value >= request.least)?))
            });
            areas = Some((level, values.collect::<Vec<_>>()));
        }
    }
    let values = cells.iter().map(|(_, value)| *value).chain(
        areas
            .iter()
            .flat_map(|(_, areas)| areas.iter().map(|(_, value)| *value)),
    );
    let scale = request
        .scale
        .clone()
        .unwrap_or_else(|| Scale::geometric(values));
    let dots = if request.sensors {
        dots(session).await?
    } else {
        Vec::new()
    };
    let title = request
        .title
        .clone()
        .unwrap_or_else(|| request.words.title(&city.name, &request.measure));
    let caption = if request.caption {
        Some(caption(session, request, &scale, &title, not_located).await?)
    } else {
        None
    };
    Ok(Facts {
        frame: request.frame,
        caption,
        title,
        scale,
        cells,
        areas,
        dots,
        labels: request.labels,
        language: request.words.code(),
    })
}

/// More cells than this are finer than pixels.
const CELLS_MAX: usize = 200_000;

impl Facts {
    /// The map, with the outlines of `city`.
    pub(crate) fn map<'a>(&self, city: &'a City) -> Map<'a> {
        let zoom = self.frame.zoom();
        let levels: Vec<_> = city.levels.iter().enumerate().collect();
        // A level's borders show from the zoom at which its areas are more than specks.
        let shows = |depth: usize| depth == 0 || zoom + 1.0 >= [0.0, 8.0, 10.5, 13.0][depth.min(3)];
        let borders = levels.iter().rev().filter(|(depth, _)| shows(*depth));
        let largest = city.largest().latest();
        let mut labels = Vec::new();
        if self.labels {
            for (depth, level) in levels.iter().filter(|(depth, _)| {
                *depth == 0 || zoom >= [0.0, 10.0, 12.5, 15.0][(*depth).min(3)]
            }) {
                labels.extend(level.latest().iter().map(|area| Label {
                    at: [area.label.x(), area.label.y()],
                    text: area.names.get(self.language).unwrap_or(&area.name),
                    depth: *depth,
                }));
            }
        }
        Map {
            frame: self.frame,
            ground: largest.iter().map(|area| &area.geometry).collect(),
            scale: self.scale.clone(),
            cells: self.cells.clone(),
            areas: self
                .areas
                .iter()
                .flat_map(|(level, areas)| {
                    let latest = city.level(*level).map_or(&[][..], |level| level.latest());
                    areas
                        .iter()
                        .filter_map(|(at, value)| Some((&latest.get(*at)?.geometry, *value)))
                })
                .collect(),
            borders: borders
                .map(|(depth, level)| Border {
                    areas: level.latest().iter().map(|area| &area.geometry).collect(),
                    depth: *depth,
                })
                .collect(),
            dots: self.dots.clone(),
            labels,
        }
    }
}

/// The picture's rectangle with room for the cells that only partly lie in it; none when that is the whole city anyway.
fn around(frame: &Frame, resolution: h3o::Resolution, city: &City) -> Option<[f64; 4]> {
    let [west, south, east, north] = frame.bbox();
    let room_m = 3.0 * resolution.edge_length_m();
    let lat = room_m / 111_000.0;
    let lon = lat / north.abs().max(south.abs()).to_radians().cos().max(0.05);
    let grown = [west - lon, south - lat, east + lon, north + lat];
    let all = city.bbox();
    let holds_all = grown[0] <= all.west
        && grown[1] <= all.south
        && grown[2] >= all.east
        && grown[3] >= all.north;
    (!holds_all).then_some([
        grown[0].max(-180.0),
        grown[1].max(-90.0),
        grown[2].min(180.0),
        grown[3].min(90.0),
    ])
}

async fn dots(session: &Session) -> Result<Vec<Dot>, HttpError> {
    let sensors = session.sensors().await?.sensors;
    Ok(sensors
        .iter()
        .filter_map(|sensor| {
            Some(Dot {
                at: [sensor.lon?, sensor.lat?],
            })
        })
        .collect())
}

async fn caption(
    session: &Session,
    request: &PictureRequest,
    scale: &Scale,
    title: &str,
    not_located: u64,
) -> Result<Caption, HttpError> {
    let city = &session.snapshot().city;
    let words = request.words;
    let range = session.city_range().await?;
    let mut source = vec!["citybrain".to_owned(), city.name.clone()];
    source.extend(
        range
            .received_at
            .map(|instant| words.data_cut(&local(instant, city.time_zone))),
    );
    source.push(words.boundaries(&city.boundary_version()));
    if not_located > 0 && !matches!(request.measure, Measure::Mean { .. }) {
        source.push(words.not_located(not_located));
    }
    Ok(Caption {
        title: title.to_owned(),
        subtitle: [
            span(&request.filter, request.words.all_time(), city.time_zone),
            told(&request.filter, city),
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · "),
        legend_title: words.measure(&request.measure),
        legend: LegendRow::of(scale, number),
        source: source.join(" · "),
    })
}

/// The filter's span of time in the city's minutes, or in days, both included, when it begins and ends at midnight.
pub(super) fn span(filter: &Filter, all: &str, zone: Tz) -> String {
    let instant = |instant: DateTime<Utc>| local(instant, zone);
    match (filter.from, filter.to) {
        (Some(from), Some(to)) if [from, to].iter().all(|at| is_midnight(*at, zone)) => {
            let (first, last) = (instant(from), instant(to - TimeDelta::hours(12)));
            let last = last.get(..first.len()).unwrap_or(&last);
            if first == last {
                first
            } else {
                format!("{first} – {last}")
            }
        }
        (None, None) => all.to_owned(),
        (Some(from), None) => format!("≥ {}", instant(from)),
        (None, Some(to)) => format!("< {}", instant(to)),
        (Some(from), Some(to)) => format!("{} – {}", instant(from), instant(to)),
    }
}

/// What else the filter asks for.
fn told(filter: &Filter, city: &City) -> String {
    let words = [
        &filter.categories,
        &filter.channels,
        &filter.statuses,
        &filter.urgencies,
    ];
    let mut parts: Vec<String> = words
        .into_iter()
        .filter(|words| !words.is_empty())
        .map(|words| words.join(", "))
        .collect();
    if let Some((level, id)) = &filter.area {
        let name = city
            .level(*level)
            .and_then(|level| level.area(id))
            .map_or(id.as_str(), |area| area.name.as_str());
        parts.push(name.to_owned());
    }
    if let Some(week) = filter.week {
        parts.push(week.to_string());
    }
    parts.join(" · ")
}

fn is_midnight(instant: DateTime<Utc>, zone: Tz) -> bool {
    instant.with_timezone(&zone).time() == NaiveTime::MIN
}

/// `2026-11-29 08:15` in the city's zone; without the time at midnight.
pub(super) fn local(instant: DateTime<Utc>, zone: Tz) -> String {
    let text = instant
        .with_timezone(&zone)
        .format("%Y-%m-%d %H:%M")
        .to_string();
    text.strip_suffix(" 00:00")
        .map_or(text.clone(), str::to_owned)
}

/// Whole numbers with thin groups of three; others with two significant digits after the first.
pub(super) fn number(value: f64) -> String {
    if value.fract().abs() > f64::EPSILON || value.abs() >= 1e15 {
        return format!("{value}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        if at > 0 && left % 3 == 0 && digits.chars().nth(at - 1) != Some('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::{number, span};
    use citybrain_query::Filter;

    #[test]
    fn a_span_of_whole_days_is_told_by_its_first_and_last_day() {
        let zone = chrono_tz::Asia::Shanghai;
        let told = |from: &str, to: &str| {
            let filter = Filter {
                from: Some(from.parse().unwrap()),
                to: Some(to.parse().unwrap()),
                ..Filter::default()
            };
            span(&filter, "all", zone)
        };
        let (first, next) = ("2026-10-31T16:00:00Z", "2026-11-01T16:00:00Z");
        assert_eq!(
            told(first, "2026-11-30T16:00:00Z"),
            "2026-11-01 – 2026-11-30"
        );
        assert_eq!(told(first, next), "2026-11-01");
        assert_eq!(
            told(first, "2026-11-01T17:30:00Z"),
            "2026-11-01 – 2026-11-02 01:30"
        );
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(1_234_567.0), "1,234,567");
        assert_eq!(number(-123.0), "-123");
        assert_eq!(number(0.25), "0.25");
    }
}
