//! One record's search, level by level.

use chrono::NaiveDate;
use citybrain_model::AreaLevel;

use super::{DeclaredAreas, DeclaredPlace, LevelMatch, Outcome, names::VersionNames};
use crate::place::{fold, fold::length, stem::stems};

pub(super) fn find(
    areas: &DeclaredAreas,
    declared: [Option<&str>; 3],
    on: Option<NaiveDate>,
) -> DeclaredPlace {
    let mut search = Search {
        city: &areas.city,
        versions: areas.on(on),
        possible: None,
        below_unknown: false,
        sure: [None; 4],
    };
    let mut levels = [const { LevelMatch::NotDeclared }; 3];
    let mut outcome = Outcome::NotDeclared;
    for at in 0..search.versions.len() {
        let level = search.versions[at].0;
        let Some(Some(text)) = declared.get(level.index()).map(|text| text.map(str::trim)) else {
            continue;
        };
        if text.is_empty() {
            continue;
        }
        let found = search.level(at, text);
        outcome = search.take(at, &found);
        levels[level.index()] = search.told(at, found);
        if outcome == Outcome::Contradictory {
            break;
        }
    }
    // An ambiguity that smaller levels left open.
    let is_open = search
        .possible
        .as_ref()
        .is_some_and(|(_, areas)| areas.len() > 1);
    if is_open && outcome != Outcome::Contradictory {
        outcome = Outcome::Ambiguous;
    }
    for (level, found) in AreaLevel::ALL.into_iter().zip(&mut levels) {
        if let (LevelMatch::Ambiguous(_), Some(area)) = (&*found, search.sure[level.index()]) {
            *found = LevelMatch::BySmaller(area);
        }
    }
    DeclaredPlace {
        areas: search.sure,
        levels,
        outcome,
    }
}

struct Search<'a> {
    city: &'a str,
    /// From large to small.
    versions: Vec<(AreaLevel, &'a VersionNames)>,
    /// The areas that the levels so far left possible, and the place of their level in `versions`.
    possible: Option<(usize, Vec<u32>)>,
    /// The level before was declared and is unknown.
    below_unknown: bool,
    /// By `AreaLevel::index()`, as indices into `Level::areas`.
    sure: [Option<u32>; 4],
}

/// What a text meets at one level; areas by their number in the version.
enum Met {
    Exact(Vec<u32>),
    Stem(Vec<u32>),
    /// Only outside of what is possible.
    Outside(Vec<u32>),
    Nothing,
}

impl Search<'_> {
    fn level(&self, at: usize, text: &str) -> Met {
        let (level, version) = self.versions[at];
        let mut outside: Vec<u32> = Vec::new();
        let mut inside_of = |hits: &[u32]| -> Option<Vec<u32>> {
            let (inside, more): (Vec<u32>, Vec<u32>) =
                hits.iter().partition(|area| self.is_possible(at, **area));
            outside.extend(more);
            (!inside.is_empty()).then_some(inside)
        };
        if let Some(area) = version.with_id(text)
            && let Some(inside) = inside_of(&[area])
        {
            return Met::Exact(inside);
        }
        let forms = self.forms(text);
        for form in &forms {
            for named in [&version.by_name, &version.by_alias] {
                let hits = named.get(form).map_or(&[][..], Vec::as_slice);
                if let Some(inside) = inside_of(hits) {
                    return Met::Exact(inside);
                }
            }
        }
        outside.sort_unstable();
        outside.dedup();
        if !self.below_unknown
            && let Some(mut inside) = self.by_stem(at, level, &forms)
        {
            // What has the very name elsewhere may be meant as well.
            inside.extend(outside);
            return Met::Stem(inside);
        }
        if outside.is_empty() {
            Met::Nothing
        } else {
            Met::Outside(outside)
        }
    }

    /// The possible areas of the longest stem that some have.
    fn by_stem(&self, at: usize, level: AreaLevel, forms: &[String]) -> Option<Vec<u32>> {
        let by_stem = &self.versions[at].1.by_stem;
        let by_name = &self.versions[at].1.by_name;
        forms.iter().find_map(|form| {
            // A single character is no name by itself.
            let whole = form.clone();
            Some(whole)
                .filter(|whole| length(whole) >= 2)
                .into_iter()
                .chain(stems(level, form))
                .find_map(|stem| {
                    // A city may call an area by what is another's stem.
                    let hits = [by_stem.get(&stem), by_name.get(&stem)];
                    let mut inside: Vec<u32> = hits
                        .into_iter()
                        .flatten()
                        .flatten()
                        .copied()
                        .filter(|area| self.is_possible(at, *area))
                        .collect();
                    inside.sort_unstable();
                    inside.dedup();
                    (!inside.is_empty()).then_some(inside)
                })
        })
    }

    /// The folded text, and what is left of it behind the city's and the larger area's name.
    fn forms(&self, text: &str) -> Vec<String> {
        let mut forms = vec![fold(text)];
        let mut strip = |name: &str| {
            let rest = forms.last().and_then(|form| form.strip_prefix(name));
            if let Some(rest) = rest.map(|rest| rest.trim_start_matches(','))
                && !rest.is_empty()
                && !name.is_empty()
            {
                let rest = rest.to_owned();
                forms.push(rest);
            }
        };
        strip(self.city);
        if let Some((at, areas)) = &self.possible
            && let [area] = areas[..]
        {
            for larger in 0..=*at {
                if let Some(area) = self.ancestor(*at, area, larger) {
                    for name in &self.versions[larger].1.names[area as usize] {
                        strip(name);
                    }
                }
            }
        }
        forms
    }

    /// Does the area lie in one of those that are possible? One without a known parent may.
    fn is_possible(&self, at: usize, area: u32) -> bool {
        self.possible.as_ref().is_none_or(|(larger, areas)| {
            self.ancestor(at, area, *larger)
                .is_none_or(|holder| areas.contains(&holder))
        })
    }

    /// The area of the level at `larger` that an area of the level at `at` lies in.
    fn ancestor(&self, at: usize, area: u32, larger: usize) -> Option<u32> {
        (larger..at).rev().try_fold(area, |area, above| {
            self.versions[above + 1]
                .1
                .parent(area, self.versions[above].1)
        })
    }

    /// Goes on from what a level met.
    fn take(&mut self, at: usize, met: &Met) -> Outcome {
        match met {
            Met::Nothing => {
                self.below_unknown = true;
                Outcome::Unknown
            }
            Met::Outside(areas) => {
                let outside: Vec<_> = areas.iter().map(|area| (at, *area)).collect();
                let declared = self.possible.take();
                let inside = declared
                    .into_iter()
                    .flat_map(|(at, areas)| areas.into_iter().map(move |area| (at, area)));
                let all: Vec<_> = outside.into_iter().chain(inside).collect();
                self.sure = [None; 4];
                self.share(&all);
                Outcome::Contradictory
            }
            Met::Exact(areas) | Met::Stem(areas) => {
                let all: Vec<_> = areas.iter().map(|area| (at, *area)).collect();
                let is_inside = areas.iter().all(|area| self.is_possible(at, *area));
                if !is_inside {
                    self.sure = [None; 4];
                }
                self.share(&all);
                self.possible = Some((at, areas.clone()));
                self.below_unknown = false;
                match areas[..] {
                    [_] => Outcome::Matched,
                    _ => Outcome::Ambiguous,
                }
            }
        }
    }

    /// Makes sure what all of these areas are or lie in.
    fn share(&mut self, areas: &[(usize, u32)]) {
        for larger in 0..self.versions.len() {
            let mut holders = areas.iter().map(|&(at, area)| {
                (larger <= at)
                    .then(|| self.ancestor(at, area, larger))
                    .flatten()
            });
            let first = holders.next().flatten();
            let (level, version) = self.versions[larger];
            if let Some(first) = first
                && holders.all(|holder| holder == Some(first))
            {
                self.sure[level.index()] = Some(version.start + first);
            }
        }
    }

    /// What a level met, as it is told: by indices into `Level::areas`.
    fn told(&self, at: usize, met: Met) -> LevelMatch {
        let start = self.versions[at].1.start;
        let indices = |areas: Vec<u32>| areas.into_iter().map(|area| start + area).collect();
        match met {
            Met::Nothing => LevelMatch::Unknown,
            Met::Exact(areas) if areas.len() == 1 => LevelMatch::Exact(start + areas[0]),
            Met::Stem(areas) if areas.len() == 1 => LevelMatch::Stem(start + areas[0]),
            Met::Exact(areas) | Met::Stem(areas) => LevelMatch::Ambiguous(indices(areas)),
            Met::Outside(areas) => LevelMatch::Contradictory(indices(areas)),
        }
    }
}
