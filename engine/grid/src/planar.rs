//! The planar index: which area of one boundary version holds a point.
//!
//! The plane of longitude and latitude is cut into bins whose sides are powers of two of a degree, so that a point's bin and a
//! bin's borders are exact numbers. A bin that no edge touches has one answer. Any other bin keeps the edges that touch it,
//! each once however many areas share it, and says which areas hold the bin's north-east corner.
//!
//! From the point there is a path to that corner inside the bin: east to the bin's border, then north. Each edge that the path
//! crosses switches the areas whose ring it belongs to between inside and outside. The path is thought to run an infinitely
//! small ε north of the point and an (infinitely larger) ε′ east of the border, so it meets no vertex and runs along no edge,
//! and every crossing is decided by comparisons and one exact predicate. A point on an edge is inside all areas of that edge.

mod bins;
mod build;
mod group;

use geo::MultiPolygon;

use crate::NOWHERE;
use bins::Bins;
use group::Groups;

/// The index over the areas of one boundary version. Areas are numbered in the order in which they are given, which is the
/// order of precedence: where several hold a point, the first one is the answer.
#[derive(Debug)]
pub(crate) struct PlanarIndex {
    bins: Bins,
    /// For each bin: an area, [`NOWHERE`], or [`GROUP`] plus the number of its first group.
    answers: Vec<u32>,
    groups: Groups,
}

/// Marks an entry of `answers` that refers to a group of edges.
const GROUP: u32 = 1 << 31;

impl PlanarIndex {
    /// The index over some boundaries; none when there are too many to number.
    pub(crate) fn try_new<'a>(
        boundaries: impl ExactSizeIterator<Item = &'a MultiPolygon<f64>>,
    ) -> Option<Self> {
        build::build(&boundaries.collect::<Vec<_>>())
    }

    /// The first area that holds the point, borders included, or [`NOWHERE`]; the same answer as the even-odd rule with exact
    /// predicates over all edges of all areas. NaN is nowhere.
    #[inline]
    pub(crate) fn locate(&self, lon: f64, lat: f64) -> u32 {
        let Some(bin) = self.bins.of(lon, lat) else {
            return NOWHERE;
        };
        let answer = self.answers[bin];
        if answer < GROUP || answer == NOWHERE {
            return answer;
        }
        self.groups.locate(answer - GROUP, lon, lat)
    }

    /// As [`PlanarIndex::locate`], for many points.
    ///
    /// The index is larger than the caches, so a point mostly waits for memory. Each step is done for a whole batch before the
    /// next one, without a branch in between, which lets the processor wait for many points at once.
    pub(crate) fn fill(&self, lon: &[f64], lat: &[f64], areas: &mut [u32]) {
        let points = lon.chunks(BATCH).zip(lat.chunks(BATCH));
        for ((lon, lat), areas) in points.zip(areas.chunks_mut(BATCH)) {
            for ((area, &lon), &lat) in areas.iter_mut().zip(lon).zip(lat) {
                *area = match self.bins.of(lon, lat) {
                    Some(bin) => self.answers[bin],
                    None => NOWHERE,
                };
            }
            let (mut waiting, mut count) = ([0; BATCH], 0);
            for (at, &answer) in areas.iter().enumerate() {
                waiting[count] = at;
                count += usize::from(answer >= GROUP && answer != NOWHERE);
            }
            let waiting = &waiting[..count];
            self.groups
                .touch(waiting.iter().map(|&at| areas[at] - GROUP));
            for &at in waiting {
                areas[at] = self.groups.locate(areas[at] - GROUP, lon[at], lat[at]);
            }
        }
    }
}

/// Points that are looked up together.
const BATCH: usize = 256;

#[cfg(test)]
mod tests;
