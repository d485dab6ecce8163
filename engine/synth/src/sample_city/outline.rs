//! Outlines of groups of communities, by leaving out the borders inside a group: what is left are exactly the vertices that
//! the neighbours have too, so that areas of all levels nest without gaps.

use std::collections::HashMap;

use geo::{Area, Contains, Coord, InteriorPoint, LineString, MultiPolygon, Polygon};

use super::mesh::{Border, Node};

/// The outline of each group; `group[community]` says which group a community is in.
pub(super) fn outlines(borders: &[Border], group: &[usize], groups: usize) -> Vec<MultiPolygon> {
    let mut paths: Vec<Vec<Vec<Node>>> = vec![Vec::new(); groups];
    for border in borders {
        let left = group[border.left];
        let right = border.right.map(|community| group[community]);
        if right == Some(left) {
            continue;
        }
        paths[left].push(border.path.clone());
        if let Some(right) = right {
            paths[right].push(border.path.iter().rev().copied().collect());
        }
    }
    paths.iter().map(|paths| outline(paths)).collect()
}

/// Puts paths that have the group on their left together to rings, shells with their holes.
fn outline(paths: &[Vec<Node>]) -> MultiPolygon {
    let mut next: HashMap<Node, Vec<usize>> = HashMap::new();
    for (i, path) in paths.iter().enumerate().rev() {
        next.entry(path[0]).or_default().push(i);
    }
    let mut used = vec![false; paths.len()];
    let mut rings = Vec::new();
    for first in 0..paths.len() {
        let mut walk: Vec<Node> = Vec::new();
        let mut at = (!used[first]).then_some(first);
        while let Some(i) = at {
            used[i] = true;
            let (last, body) = paths[i].split_last().expect("a border has two ends");
            walk.extend(body);
            at = next
                .get(last)
                .and_then(|candidates| candidates.iter().copied().find(|&j| !used[j]));
        }
        split(walk, &mut rings);
    }
    polygons(rings)
}

/// Cuts a closed walk where it comes back to a vertex, so that no ring touches itself.
fn split(walk: Vec<Node>, rings: &mut Vec<Vec<Node>>) {
    let mut open: Vec<Node> = Vec::with_capacity(walk.len());
    let mut place: HashMap<Node, usize> = HashMap::with_capacity(walk.len());
    for node in walk {
        if let Some(&from) = place.get(&node) {
            let ring: Vec<Node> = open.drain(from..).collect();
            for node in &ring {
                place.remove(node);
            }
            rings.push(ring);
        }
        place.insert(node, open.len());
        open.push(node);
    }
    if !open.is_empty() {
        rings.push(open);
    }
}

fn polygons(rings: Vec<Vec<Node>>) -> MultiPolygon {
    let (mut shells, mut holes) = (Vec::new(), Vec::new());
    for ring in rings {
        if ring.len() < 3 {
            continue;
        }
        let doubled = doubled_area(&ring);
        let line: LineString = ring.iter().map(|&node| degrees(node)).collect();
        let polygon = Polygon::new(line, Vec::new());
        if doubled > 0 {
            shells.push((doubled, polygon));
        } else {
            holes.push(polygon);
        }
    }
    shells.sort_by_key(|(doubled, _)| std::cmp::Reverse(*doubled));
    let mut shells: Vec<Polygon> = shells.into_iter().map(|(_, polygon)| polygon).collect();
    for hole in holes {
        let inside = hole.interior_point();
        let shell = shells
            .iter_mut()
            .rev()
            .find(|shell| inside.is_some_and(|point| shell.contains(&point)));
        if let Some(shell) = shell {
            shell.interiors_push(hole.into_inner().0);
        }
    }
    MultiPolygon::new(shells)
}

/// Twice the signed area in square millionths of a degree, exact: positive when the ring runs counter-clockwise.
pub(super) fn doubled_area(ring: &[Node]) -> i64 {
    let [x0, y0] = ring[0].map(i64::from);
    let at = |i: usize| {
        let [x, y] = ring[i % ring.len()].map(i64::from);
        (x - x0, y - y0)
    };
    (0..ring.len())
        .map(|i| {
            let ((ax, ay), (bx, by)) = (at(i), at(i + 1));
            ax * by - bx * ay
        })
        .sum()
}

/// A vertex in degrees: the double nearest to its six decimals, which is what a reader of the decimals gets.
pub(super) fn degrees([lon, lat]: Node) -> Coord {
    Coord {
        x: f64::from(lon) / 1e6,
        y: f64::from(lat) / 1e6,
    }
}

/// Square kilometres of an area near the latitude `lat`, as the sample city's plane has it.
pub(super) fn area_km2(geometry: &MultiPolygon, lat: f64) -> f64 {
    geometry.unsigned_area() * 111.2 * 111.2 * libm::cos(lat.to_radians())
}
