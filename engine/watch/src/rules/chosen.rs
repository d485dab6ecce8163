//! A selection, ready to be asked of many complaints.

use citybrain_model::AreaLevel;

use super::desk::Desk;
use super::report::{CHANNEL, KIND, Report, STATUS, URGENCY};
use crate::Selection;
use crate::rule::area_of;

/// A [`Selection`] with its texts as numbers. Category and area decide by (what, place) alone, which is remembered; the rest is
/// asked of each complaint.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    categories: Vec<String>,
    areas: Vec<(AreaLevel, u32)>,
    /// Word by word (channel, kind, status, urgency) those that are meant.
    words: Vec<(usize, Vec<u32>)>,
    fence: Option<u32>,
}

impl Chosen {
    /// `fence` is the number of the selection's drawn area.
    pub(crate) fn new(selection: &Selection, fence: Option<u32>, desk: &mut Desk) -> Self {
        let words = &mut desk.words;
        let areas = selection
            .areas
            .iter()
            .filter_map(|area| area_of(area))
            .map(|(level, id)| (level, words.id(Some(id))))
            .collect();
        let asked = [
            (CHANNEL, &selection.channels),
            (KIND, &selection.kinds),
            (STATUS, &selection.statuses),
            (URGENCY, &selection.urgencies),
        ];
        let words = asked
            .into_iter()
            .filter(|(_, meant)| !meant.is_empty())
            .map(|(at, meant)| {
                let ids = meant.iter().map(|word| words.id(Some(word))).collect();
                (at, ids)
            })
            .collect();
        Self {
            categories: selection.categories.clone(),
            areas,
            words,
            fence,
        }
    }

    /// Do category and place fit?
    pub(crate) fn fits(&self, what: u32, place: u32, desk: &Desk) -> bool {
        let in_area = self.areas.is_empty() || {
            let areas = desk.places.areas(place);
            self.areas
                .iter()
                .any(|(level, word)| areas[level.index()] == *word)
        };
        let (category, path) = desk.whats.pair(what);
        let (category, path) = (desk.words.text(category), desk.words.text(path));
        in_area
            && (self.categories.is_empty()
                || self.categories.iter().any(|meant| {
                    category == Some(meant)
                        || path.is_some_and(|path| crate::question::lies_in(path, meant))
                }))
    }

    /// Does the rest fit?
    pub(crate) fn holds(&self, report: &Report) -> bool {
        self.words
            .iter()
            .all(|(at, meant)| meant.contains(&report.words[*at]))
            && self
                .fence
                .is_none_or(|fence| report.fences >> fence & 1 == 1)
    }
}
