//! What a view keeps: counts of complaints, or values of sensors.

use axum::response::sse::Event;
use citybrain_grid::City;
use citybrain_model::AreaLevel;
use citybrain_store::Published;
use citybrain_watch::{ChangedValues, Changes, Counts, LiveValues, LiveView, Window};
use h3o::Resolution;

use super::counts::{Read, question};
use super::event::{self, Shown};
use super::{Ask, Measure};

/// What a view keeps.
#[derive(Debug)]
pub(super) enum Kept {
    Counts(LiveView),
    Values(LiveValues),
}

/// What is to be sent.
pub(super) enum ToSend {
    Counts(Changes),
    Values(ChangedValues),
}

/// A copy of everything, to be written as events.
pub(super) enum Everything {
    Counts(Counts),
    Values(ChangedValues),
}

impl Kept {
    /// What `ask` wants, without anything in it yet; `now` is µs since 1970, UTC.
    pub(super) fn new(ask: &Ask, city: &City, now: i64) -> Self {
        let question = question(&ask.filter, city.time_zone);
        let zone = city.time_zone;
        match &ask.measure {
            Measure::Count => Self::Counts(match ask.window {
                None => LiveView::new(question, ask.resolution, ask.level),
                Some(window) => LiveView::windowed(
                    question,
                    ask.resolution,
                    ask.level,
                    ask.detail,
                    window,
                    zone,
                    now,
                ),
            }),
            Measure::Value {
                property,
                statistic,
            } => Self::Values(LiveValues::new(
                question,
                property.clone(),
                *statistic,
                ask.resolution,
                ask.window.unwrap_or(Window::Today),
                zone,
                now,
            )),
        }
    }

    pub(super) fn fold(&mut self, published: &Published) {
        match self {
            Self::Counts(counts) => counts.fold(published),
            Self::Values(values) => values.fold(published),
        }
    }

    pub(super) fn advance(&mut self, now: i64) {
        match self {
            Self::Counts(counts) => counts.advance(now),
            Self::Values(values) => values.advance(now),
        }
    }

    pub(super) fn missed(&mut self) {
        match self {
            Self::Counts(counts) => counts.missed(),
            Self::Values(values) => values.missed(),
        }
    }

    pub(super) fn is_stale(&self) -> bool {
        match self {
            Self::Counts(counts) => counts.is_stale(),
            Self::Values(values) => values.is_stale(),
        }
    }

    /// Records that it knows one by one.
    pub(super) fn known(&self) -> usize {
        match self {
            Self::Counts(counts) => counts.known(),
            Self::Values(values) => values.known(),
        }
    }

    /// Takes what was read anew.
    pub(super) fn reset(&mut self, read: Read) {
        match (self, read) {
            (Self::Counts(counts), Read::Counts(read)) => counts.reset(read),
            (Self::Counts(counts), Read::Records { rows, seq }) => counts.seed(&rows, seq),
            (Self::Values(values), Read::Records { rows, seq }) => values.seed(&rows, seq),
            (Self::Values(_), Read::Counts(_)) => {
                debug_assert!(false, "values are read from records");
            }
        }
    }

    /// The counts as they are; of values there are none.
    pub(super) fn counts(&self) -> Option<&Counts> {
        match self {
            Self::Counts(counts) => Some(counts.counts()),
            Self::Values(_) => None,
        }
    }

    pub(super) fn take_changes(&mut self) -> Option<ToSend> {
        match self {
            Self::Counts(counts) => counts.take_changes().map(ToSend::Counts),
            Self::Values(values) => values.take_changes().map(ToSend::Values),
        }
    }

    pub(super) fn everything(&self) -> Everything {
        match self {
            Self::Counts(counts) => Everything::Counts(counts.counts().clone()),
            Self::Values(values) => Everything::Values(values.all()),
        }
    }
}

impl ToSend {
    pub(super) fn events(&self, shown: &Shown) -> Vec<Event> {
        match self {
            Self::Counts(changes) => event::changed_only(changes, shown),
            Self::Values(changes) => event::changed_values(changes),
        }
    }
}

impl Everything {
    pub(super) fn events(self, shown: &Shown) -> Vec<Event> {
        match self {
            Self::Counts(counts) => event::everything(counts, shown),
            Self::Values(values) => event::all_values(values, shown),
        }
    }
}

/// Counts of everything at the city's largest level: what is asked when only the cells matter.
impl Ask {
    /// Counts of the complaints of a filter, without a window.
    pub(crate) fn counts(
        filter: citybrain_query::Filter,
        resolution: Resolution,
        level: AreaLevel,
    ) -> Self {
        Self {
            filter,
            resolution,
            level,
            window: None,
            detail: citybrain_watch::Detail::default(),
            measure: Measure::Count,
        }
    }
}
