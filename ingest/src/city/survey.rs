//! The long look at a city's boundaries.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use citybrain_grid::aligned;
use citybrain_grid::geo::MultiPolygon;
use citybrain_grid::survey::{Ground, gaps, neighbours, outside, overlaps, reading, uncovered};
use citybrain_grid::{Area, City, Level, cover};

use super::boundary::Strictness;
use super::display::counted;
use super::finding::named;
use super::read::{CityRead, read};
use super::{
    AlignedReport, BoundaryReport, CityError, CityReport, Finding, FindingRule, read_place_names,
};

/// Reads a city and looks for what is wrong with its boundaries: besides what [`read_city`](super::read_city()) reports, how the
/// even-odd rule reads invalid rings, overlaps and gaps within each boundary version, how areas lie in their parents (as of
/// the latest versions), and how many aligned cells there are. Nothing is repaired. It takes seconds for a large city.
///
/// # Errors
/// As [`read_city`](super::read_city()), except that an id which stands twice is a finding.
pub fn check(path: &Path) -> Result<CityReport, CityError> {
    examine(path).map(|(_, report)| report)
}

/// As [`check`](check()), with the city itself, in which the first area of an id stands for all of them: for a
/// [`picture`](super::picture()).
///
/// # Errors
/// As [`check`](check()).
pub fn examine(path: &Path) -> Result<(Arc<City>, CityReport), CityError> {
    let CityRead {
        city,
        mut report,
        given,
    } = read(path, Strictness::Report)?;
    // Names that lead nowhere are told as well.
    let city = Arc::new(city);
    read_place_names(path, Arc::clone(&city))?;
    report.base_cells = Some(cover(&city, city.base_resolution).len());
    report.aligned = Some(aligned_report(&city));
    let mut given = given.iter();
    let mut larger: Option<&Level> = None;
    for (level, level_report) in city.levels.iter().zip(&mut report.levels) {
        let boundaries = level.versions().iter().zip(&mut level_report.boundaries);
        for (version, boundary) in boundaries {
            if let Some(given) = given.next() {
                explain(given, &mut boundary.findings);
            }
            beside(&level.areas[version.range()], boundary);
        }
        if let (Some(larger), Some(latest)) = (larger, level_report.boundaries.last_mut()) {
            latest.findings.extend(nesting(level, larger));
        }
        larger = Some(level);
    }
    Ok((city, report))
}

fn aligned_report(city: &City) -> AlignedReport {
    match aligned::of(city) {
        Ok(grid) => {
            let (inner_cells, cut_cells) = grid.inner_and_cut();
            AlignedReport::Made {
                level: aligned::smallest(city).level,
                aligned_cells: grid.len(),
                inner_cells,
                cut_cells,
            }
        }
        Err(error) => AlignedReport::Missing {
            reason: error.to_string(),
        },
    }
}

/// Adds to the findings of invalid rings how the even-odd rule reads them.
fn explain(given: &HashMap<String, MultiPolygon<f64>>, findings: &mut [Finding]) {
    for finding in findings {
        let boundary = finding.areas.first().and_then(|id| given.get(id));
        let Some(boundary) = boundary.filter(|_| finding.rule == FindingRule::InvalidRing) else {
            continue;
        };
        let reading = reading(boundary);
        let holes = match reading.holes {
            0 => String::new(),
            holes => format!(" and {}", counted(holes, "hole")),
        };
        let parts = counted(reading.parts, "part");
        let mut message = format!("; read by the even-odd rule it has {parts}{holes}");
        if reading.left_out.is_none() && reading.taken_in.is_none() {
            message.push_str(", the same ground as its rings one by one");
        }
        for (ground, how) in [
            (
                reading.left_out,
                "without ground that its rings enclose twice",
            ),
            (reading.taken_in, "with ground of holes that lie outside"),
        ] {
            if let Some(ground) = ground {
                message = format!("{message}, {how}: {}", m2(&ground));
                finding.area_m2 = Some(finding.area_m2.unwrap_or(0.0) + ground.area_m2);
                finding.shape.0.extend(ground.shape);
            }
        }
        finding.message.push_str(&message);
    }
}

/// Overlaps and gaps within one version.
fn beside(areas: &[Area], report: &mut BoundaryReport) {
    let mut taken_m2: BTreeMap<usize, f64> = BTreeMap::new();
    for (first, second, shared) in overlaps(areas) {
        *taken_m2.entry(second).or_default() += shared.area_m2;
        let (first, second) = (&areas[first], &areas[second]);
        let message = format!(
            "{} and {} share {}",
            named(first),
            named(second),
            m2(&shared)
        );
        let ids = vec![first.id.clone(), second.id.clone()];
        report
            .findings
            .push(Finding::new(FindingRule::Overlap, ids, message).on(shared));
    }
    for (area, taken_m2) in taken_m2 {
        let area = &areas[area];
        if taken_m2 >= area.area_km2 * 1e6 * 0.999_999 {
            let message = format!(
                "{} is covered by areas with lower ids: no point can be placed in it",
                named(area)
            );
            let ids = vec![area.id.clone()];
            let finding = Finding::new(FindingRule::Covered, ids, message);
            report
                .findings
                .push(finding.at(area.label.x(), area.label.y()));
        }
    }
    for gap in gaps(areas) {
        let around: Vec<&Area> = neighbours(&gap, areas)
            .into_iter()
            .map(|at| &areas[at])
            .collect();
        let names = around.iter().take(NAMED_MAX).map(|area| named(area));
        let mut names = names.collect::<Vec<_>>().join(" and ");
        if let Some(more @ 1..) = around.len().checked_sub(NAMED_MAX) {
            names = format!("{names} and {more} more");
        }
        let message = format!("{} in no area, between {names}", m2(&gap));
        let ids = around.iter().map(|area| area.id.clone()).collect();
        report
            .findings
            .push(Finding::new(FindingRule::Gap, ids, message).on(gap));
    }
}

/// How many areas around a gap are named in words; the finding has all their ids.
const NAMED_MAX: usize = 4;

/// How the areas of a level lie in those of the next larger one.
fn nesting(level: &Level, larger: &Level) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut parts: BTreeMap<&str, Vec<&Area>> = BTreeMap::new();
    for area in level.latest() {
        let Some(parent) = area.parent.as_deref().and_then(|id| larger.area(id)) else {
            continue;
        };
        parts.entry(&parent.id).or_default().push(area);
        let Some(out) = outside(area, parent) else {
            continue;
        };
        let whole = out.area_m2 >= area.area_km2 * 1e6 * 0.999_999;
        let rule = if whole {
            FindingRule::WrongParent
        } else {
            FindingRule::OutsideParent
        };
        let percent = out.area_m2 / (area.area_km2 * 1e4);
        let message = format!(
            "{percent:.3} % of {} lies outside its parent {}: {}",
            named(area),
            named(parent),
            m2(&out)
        );
        let ids = vec![area.id.clone(), parent.id.clone()];
        findings.push(Finding::new(rule, ids, message).on(out));
    }
    for parent in larger.latest() {
        let Some(parts) = parts.get(parent.id.as_str()) else {
            continue;
        };
        if let Some(rest) = uncovered(parent, parts.iter().copied()) {
            let percent = rest.area_m2 / (parent.area_km2 * 1e4);
            let message = format!(
                "{percent:.3} % of {} is in none of its parts: {}",
                named(parent),
                m2(&rest)
            );
            let ids = vec![parent.id.clone()];
            findings.push(Finding::new(FindingRule::Uncovered, ids, message).on(rest));
        }
    }
    findings
}

fn m2(ground: &Ground) -> String {
    match ground.pieces {
        1 => format!("{:.0} m²", ground.area_m2),
        pieces => format!("{:.0} m² in {pieces} pieces", ground.area_m2),
    }
}
