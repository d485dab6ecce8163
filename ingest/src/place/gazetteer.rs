//! Place names in addresses and texts.

mod read;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use citybrain_grid::{City, NOWHERE};
use citybrain_model::{AreaLevel, Position};
use serde::{Deserialize, Serialize};

pub use self::read::{GazetteerError, read_gazetteer};
use super::{DeclaredPlace, fold, fold::length};

/// What a name in a gazetteer stands for, the more specific first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum GazetteerKind {
    /// A housing estate (小区).
    Estate,
    /// A building, a school, a station, a park: any single thing; also what the file gives no kind.
    #[default]
    Landmark,
    /// A road.
    Road,
    /// A neighbourhood, a village, a part of the city.
    Area,
}

impl GazetteerKind {
    /// How far from its point a place of this kind is taken to reach where the file gives no radius, metres: a convention of this
    /// project, wide enough for what is usual, no measurement.
    pub const fn radius_m(self) -> f64 {
        match self {
            Self::Landmark => 200.0,
            Self::Estate => 300.0,
            Self::Road | Self::Area => 1000.0,
        }
    }

    /// Estates and landmarks say as much, roads less, areas least.
    const fn rank(self) -> u8 {
        match self {
            Self::Estate | Self::Landmark => 0,
            Self::Road => 1,
            Self::Area => 2,
        }
    }
}

/// One place of a gazetteer file, in WGS 84 degrees.
#[derive(Debug, Clone, PartialEq)]
pub struct GazetteerEntry {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub position: Position,
    /// How far from the position it reaches, metres; by its kind when the file says nothing.
    pub radius_m: Option<f64>,
    /// What it is.
    pub kind: GazetteerKind,
    /// The id of the area that it belongs to; those that hold its position when the file says nothing.
    pub area: Option<String>,
}

/// A place that a text names.
#[derive(Debug, Clone, PartialEq)]
pub struct GazetteerPlace {
    /// Its name, as the gazetteer has it.
    pub name: String,
    /// What it is.
    pub kind: GazetteerKind,
    /// Where it is.
    pub position: Position,
    /// How far from the position the record may be, metres.
    pub radius_m: f64,
    /// Does it lie in the smallest area that the record declares? None when one of them is unknown.
    pub in_declared: Option<bool>,
}

/// What a gazetteer finds in a record's texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// No name of the gazetteer.
    Nothing,
    /// One place.
    Place(GazetteerPlace),
    /// The best name belongs to several places, and the declared area does not tell which.
    Ambiguous {
        /// The name.
        name: String,
        /// How many places it may be.
        places: usize,
    },
}

/// Finds a city's place names in texts in one pass, whatever their number: an Aho-Corasick automaton over names in the form of
/// [`fold`], where the leftmost and there the longest name counts. Latin names match whole words, Chinese ones anywhere.
///
/// Cost: one pass over the text, whatever the number of names. A million names of 6 to 8 characters take 17 s to build, 200 MB for the
/// automaton and 1 GB at the peak of the build; 5,500 bytes with a hundred names are searched in 2 ms (two shared cores of a
/// virtual machine, dependencies compiled at level 1, as the test `measure` does with `CITYBRAIN_GAZETTEER_NAMES=1000000`).
#[derive(Debug)]
pub struct Gazetteer {
    automaton: AhoCorasick,
    /// For each pattern of the automaton, where its places begin in `places`; one more at the end.
    starts: Vec<u32>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    name: Box<str>,
    position: Position,
    radius_m: f64,
    kind: GazetteerKind,
    /// By `AreaLevel::index()`: the index into `Level::areas`, or [`NOWHERE`].
    areas: [u32; 4],
}

/// Fewest characters of a name: a single one stands in half of all texts.
const NAME_CHARS_MIN: usize = 2;

impl Gazetteer {
    /// A gazetteer of these places in a city. Areas are those of the latest boundaries.
    ///
    /// # Errors
    /// The first entry, from 1, whose name is shorter than two characters, whose radius is no length or whose area the city lacks;
    /// [`GazetteerError::TooLarge`] when the automaton cannot hold the names.
    pub fn try_new(
        entries: impl IntoIterator<Item = GazetteerEntry>,
        city: &City,
    ) -> Result<Self, GazetteerError> {
        let mut named = Vec::new();
        for (at, entry) in entries.into_iter().enumerate() {
            let of = |rule: String| GazetteerError::Entry {
                entry: at + 1,
                rule,
            };
            let folded = fold(&entry.name);
            if length(&folded) < NAME_CHARS_MIN {
                return Err(of(format!(
                    "the name \"{}\" has fewer than {NAME_CHARS_MIN} characters",
                    entry.name
                )));
            }
            let radius_m = entry.radius_m.unwrap_or(entry.kind.radius_m());
            if !(radius_m.is_finite() && radius_m >= 0.0) {
                return Err(of(format!("the radius {radius_m} is no length in metres")));
            }
            let areas = match &entry.area {
                None => [NOWHERE; 4],
                Some(id) => areas_of_id(city, id)
                    .ok_or_else(|| of(format!("the city has no area \"{id}\"")))?,
            };
            named.push((
                folded,
                Place {
                    name: entry.name.into_boxed_str(),
                    position: entry.position,
                    radius_m,
                    kind: entry.kind,
                    areas,
                },
                entry.area.is_some(),
            ));
        }
        locate(city, &mut named);
        // Stable: among places of one name and kind the file's order stays.
        named.sort_by(|a, b| (&a.0, a.1.kind.rank()).cmp(&(&b.0, b.1.kind.rank())));
        let mut patterns: Vec<String> = Vec::new();
        let (mut starts, mut places) = (Vec::new(), Vec::with_capacity(named.len()));
        for (folded, place, _) in named {
            if patterns.last() != Some(&folded) {
                starts.push(count(places.len())?);
                patterns.push(folded);
            }
            places.push(place);
        }
        starts.push(count(places.len())?);
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .or(Err(GazetteerError::TooLarge))?;
        Ok(Self {
            automaton,
            starts,
            places,
        })
    }

    /// How many places it has.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Has it no places?
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The place that a record's texts name, the surest text (the address) first.
    ///
    /// Of several names the best is taken: one with a place in a declared area before others; then an estate or landmark before a
    /// road before an area; then the longer; then the one that comes first. When that name has several places, those in the smallest
    /// declared area that holds any are meant; if they are still several, none is taken, nor any lesser name.
    pub fn find<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
        declared: Option<&DeclaredPlace>,
    ) -> Found {
        let mut best: Option<(Rank, &Place, usize)> = None;
        for text in texts {
            let folded = fold(text);
            for found in self.automaton.find_iter(&folded) {
                let (place, places) = self.meant(found.pattern().as_usize(), declared);
                let name = folded.get(found.range()).unwrap_or_default();
                let rank = Rank {
                    outside: in_declared(place, declared) == Some(false),
                    kind: place.kind.rank(),
                    shortness: std::cmp::Reverse(length(name)),
                };
                // Of equals the first stays.
                if best.as_ref().is_none_or(|(best, ..)| rank < *best) {
                    best = Some((rank, place, places));
                }
            }
        }
        match best {
            None => Found::Nothing,
            Some((_, place, 1)) => Found::Place(GazetteerPlace {
                name: place.name.to_string(),
                kind: place.kind,
                position: place.position,
                radius_m: place.radius_m,
                in_declared: in_declared(place, declared),
            }),
            Some((_, place, places)) => Found::Ambiguous {
                name: place.name.to_string(),
                places,
            },
        }
    }

    /// The first of a name's places that may be meant, and how many may be: those of the most specific kind, in the smallest
    /// declared area that holds any.
    fn meant(&self, pattern: usize, declared: Option<&DeclaredPlace>) -> (&Place, usize) {
        let range = self.starts[pattern] as usize..self.starts[pattern + 1] as usize;
        let places = &self.places[range];
        let declared_areas = AreaLevel::ALL.into_iter().rev().filter_map(|level| {
            let area = declared?.areas[level.index()]?;
            Some((level.index(), area))
        });
        declared_areas
            .map(|(level, area)| first_of_best_kind(places, |place| place.areas[level] == area))
            .find_map(|found| found)
            .or_else(|| first_of_best_kind(places, |_| true))
            .expect("every pattern comes from a place")
    }
}

/// What makes one name better than another: the smaller, the better.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    outside: bool,
    kind: u8,
    shortness: std::cmp::Reverse<usize>,
}

/// The first place that meets the condition, and how many of its kind do. Places are in order of kind.
fn first_of_best_kind(places: &[Place], meets: impl Fn(&Place) -> bool) -> Option<(&Place, usize)> {
    let mut meeting = places.iter().filter(|place| meets(place));
    let first = meeting.next()?;
    let others = meeting.take_while(|place| place.kind.rank() == first.kind.rank());
    Some((first, 1 + others.count()))
}

fn in_declared(place: &Place, declared: Option<&DeclaredPlace>) -> Option<bool> {
    let (level, area) = declared?.smallest()?;
    let own = place.areas[level.index()];
    (own != NOWHERE).then_some(own == area)
}

/// Gives the places that name no area those that hold them.
fn locate(city: &City, named: &mut [(String, Place, bool)]) {
    let lon: Vec<f64> = named.iter().map(|(_, p, _)| p.position.lon()).collect();
    let lat: Vec<f64> = named.iter().map(|(_, p, _)| p.position.lat()).collect();
    let located = city.locate(&lon, &lat, None);
    for (at, (_, place, has_area)) in named.iter_mut().enumerate() {
        if !*has_area {
            place.areas = std::array::from_fn(|level| located.areas[level][at]);
        }
    }
}

/// The area of the largest level that has the id, and what it lies in.
fn areas_of_id(city: &City, id: &str) -> Option<[u32; 4]> {
    let mut areas = [NOWHERE; 4];
    let start = city.levels.iter().position(|l| l.area(id).is_some())?;
    let mut id = Some(id);
    for level in city.levels[..=start].iter().rev() {
        let Some(wanted) = id else { break };
        let Ok(at) = level
            .latest()
            .binary_search_by(|area| area.id.as_str().cmp(wanted))
        else {
            break;
        };
        let at = level.latest_range().start + at;
        areas[level.level.index()] = u32::try_from(at).ok()?;
        id = level.areas[at].parent.as_deref();
    }
    Some(areas)
}

fn count(n: usize) -> Result<u32, GazetteerError> {
    u32::try_from(n).or(Err(GazetteerError::TooLarge))
}

#[cfg(test)]
mod tests;
