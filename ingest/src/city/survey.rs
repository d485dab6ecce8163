//! The long look at a city's boundaries.

use std::collections::BTreeMap;
use std::path::Path;

use citybrain_grid::survey::{Ground, gaps, outside, overlaps, uncovered};
use citybrain_grid::{Area, Level, cover};

use super::report::named;
use super::{BoundaryReport, CityError, CityReport, Finding, FindingRule, read_city};

/// Reads a city and looks for what is wrong with its boundaries: besides what [`read_city`](super::read_city) reports, overlaps
/// and gaps within each boundary version, and how areas lie in their parents (as of the latest versions). Nothing is repaired.
/// It takes seconds for a large city.
///
/// # Errors
/// As [`read_city`](super::read_city).
pub fn check(path: &Path) -> Result<CityReport, CityError> {
    let (city, mut report) = read_city(path)?;
    report.base_cells = Some(cover(&city, city.base_resolution).len());
    let mut larger: Option<&Level> = None;
    for (level, level_report) in city.levels.iter().zip(&mut report.levels) {
        let boundaries = level.versions().iter().zip(&mut level_report.boundaries);
        for (version, boundary) in boundaries {
            examine(&level.areas[version.range()], boundary);
        }
        if let (Some(larger), Some(latest)) = (larger, level_report.boundaries.last_mut()) {
            latest.findings.extend(nesting(level, larger));
        }
        larger = Some(level);
    }
    Ok(report)
}

/// Overlaps and gaps within one version.
fn examine(areas: &[Area], report: &mut BoundaryReport) {
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
            .push(finding(FindingRule::Overlap, ids, message, &shared));
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
        let message = format!("{} in no area", m2(&gap));
        report
            .findings
            .push(finding(FindingRule::Gap, Vec::new(), message, &gap));
    }
}

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
        findings.push(finding(
            rule,
            vec![area.id.clone(), parent.id.clone()],
            message,
            &out,
        ));
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
            findings.push(finding(
                FindingRule::Uncovered,
                vec![parent.id.clone()],
                message,
                &rest,
            ));
        }
    }
    findings
}

fn finding(rule: FindingRule, areas: Vec<String>, message: String, ground: &Ground) -> Finding {
    Finding::new(rule, areas, message)
        .at(ground.at.x(), ground.at.y())
        .of_size(ground.area_m2)
}

fn m2(ground: &Ground) -> String {
    match ground.pieces {
        1 => format!("{:.0} m²", ground.area_m2),
        pieces => format!("{:.0} m² in {pieces} pieces", ground.area_m2),
    }
}
