//! The areas near some cells, and their parts in each.

use std::ops::Range;

use geo::{BooleanOps, Coord, LinesIter};
use h3o::{CellIndex, LatLng};

use super::clip::{Region, RingEdge, clip};
use super::outline::Outline;
use super::tie::{fitted, settled};
use crate::predicate::edges;
use crate::ring::crossings_odd;
use crate::{Area, BBox, Level, NOWHERE, Version};

/// The areas of one boundary version that come near a rectangle.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    level: &'a Level,
    version: &'a Version,
    near: Vec<Near<'a>>,
}

#[derive(Debug)]
struct Near<'a> {
    number: u32,
    area: &'a Area,
    edges: Vec<RingEdge>,
}

impl<'a> Block<'a> {
    /// The areas near a rectangle, with their edges there. Cost: a look at each area, and at each edge of those that are near.
    pub(crate) fn near(level: &'a Level, version: &'a Version, around: BBox) -> Self {
        let range: Range<u32> = version.areas.clone();
        let numbered = range.zip(&level.areas[version.range()]);
        let near = numbered.filter(|(_, area)| area.bbox.touches(&around));
        let near = near.map(|(number, area)| Near {
            number,
            area,
            edges: edges_near(area, &around),
        });
        Self {
            level,
            version,
            near: near.collect(),
        }
    }

    /// Whether no area comes near.
    pub(crate) fn is_empty(&self) -> bool {
        self.near.is_empty()
    }

    /// The areas that may hold a point of a cell, by number, with their parts of it, which do not overlap. `outline` is the
    /// cell's and lies in the block's rectangle.
    ///
    /// Every area is there that has a point in the cell and no lower area around the whole cell, also one whose part is
    /// nothing: its border comes within rounding of the cell, or lower areas have its ground.
    pub(crate) fn parts(&self, cell: CellIndex, outline: &Outline) -> Vec<(u32, Region)> {
        let touching: Vec<(&Near<'_>, Vec<RingEdge>)> = self
            .near
            .iter()
            .filter(|near| near.area.bbox.touches(&outline.bbox))
            .map(|near| (near, near.touching(outline)))
            .collect();
        let centre = LatLng::from(cell);
        let centre = Coord {
            x: centre.lng(),
            y: centre.lat(),
        };
        if touching.iter().all(|(_, edges)| edges.is_empty()) {
            return match self.version.locate(centre.x, centre.y) {
                NOWHERE => Vec::new(),
                area => vec![(area, Region::Whole)],
            };
        }
        let mut regions = Vec::new();
        for (near, edges) in touching {
            if !edges.is_empty() {
                regions.push((near.number, near.region(outline, &edges)));
            } else if holds(near.area, centre) {
                // It is around the whole cell: no area after it can have a point there.
                regions.push((near.number, Region::Whole));
                break;
            }
        }
        settled(outline, regions)
    }

    /// An area by the number in the parts.
    pub(crate) fn area(&self, number: u32) -> &'a Area {
        &self.level.areas[number as usize]
    }
}

impl Near<'_> {
    fn touching(&self, outline: &Outline) -> Vec<RingEdge> {
        let edges = self.edges.iter().copied();
        if outline.is_convex() {
            return edges.filter(|edge| outline.near(&edge.line)).collect();
        }
        let hull = outline.hull();
        edges.filter(|edge| hull.near(&edge.line)).collect()
    }

    /// The area's part of the cell, whether or not others have some of it too.
    fn region(&self, outline: &Outline, edges: &[RingEdge]) -> Region {
        let holds = |point| holds(self.area, point);
        if outline.is_convex() {
            return clip(outline, edges, holds).unwrap_or_else(|| {
                let shape = self.area.geometry.intersection(&outline.polygon());
                fitted(&shape, &[])
            });
        }
        let hull = outline.hull();
        let shape = match clip(&hull, edges, holds) {
            Some(Region::Nothing) => return Region::Nothing,
            Some(Region::Whole) => return Region::Whole,
            Some(Region::Part { shape, .. }) => shape,
            None => self.area.geometry.clone(),
        };
        let outline = outline.polygon();
        fitted(&shape.intersection(&outline), &[&shape, &outline])
    }
}

/// Whether the area's boundary holds a point, by the even-odd rule; its line counts as inside.
fn holds(area: &Area, point: Coord<f64>) -> bool {
    crossings_odd(area.geometry.lines_iter(), point).unwrap_or(true)
}

/// The area's edges whose box touches a rectangle.
fn edges_near(area: &Area, around: &BBox) -> Vec<RingEdge> {
    let mut near = Vec::new();
    let rings = area
        .geometry
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    for (ring, line) in (0..).zip(rings) {
        let before = near.len();
        let mut of = 0;
        for line in edges(line) {
            let bbox = BBox::EMPTY
                .with(line.start.x, line.start.y)
                .with(line.end.x, line.end.y);
            if bbox.touches(around) {
                near.push(RingEdge {
                    ring,
                    at: of,
                    of: 0,
                    line,
                });
            }
            of += 1;
        }
        near[before..].iter_mut().for_each(|edge| edge.of = of);
    }
    near
}
