//! A city's report for people.

use std::collections::BTreeMap;
use std::fmt;

use super::{
    AlignedReport, BoundaryReport, CityReport, Finding, FindingRule, ParentSource, RoadsReport,
    Severity,
};

/// How many findings of one rule are shown for one boundary version; a machine gets all of them.
const SHOWN: usize = 5;

impl fmt::Display for CityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}, cells of resolution {}",
            self.city, self.time_zone, self.base_resolution
        )?;
        if let Some(cells) = self.base_cells {
            write!(f, " ({cells} touch the city)")?;
        }
        writeln!(f, ", boundaries {}", self.boundary_version)?;
        for level in &self.levels {
            for boundary in &level.boundaries {
                write!(f, "{}: {boundary}", level.level)?;
            }
        }
        if let Some(roads) = &self.roads {
            write!(f, "{roads}")?;
        }
        if let Some(aligned) = &self.aligned {
            writeln!(f, "{aligned}")?;
        }
        let count = |severity| self.count(severity);
        write!(
            f,
            "{}, {}",
            counted(count(Severity::Error), "error"),
            counted(count(Severity::Warning), "warning")
        )
    }
}

impl fmt::Display for AlignedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made {
                level,
                aligned_cells,
                inner_cells,
                cut_cells,
            } => write!(
                f,
                "aligned cells of level {level}: {aligned_cells}, from {inner_cells} cells inside one area and {cut_cells} cut by borders"
            ),
            Self::Missing { reason } => write!(f, "no aligned cells: {reason}"),
        }
    }
}

impl fmt::Display for BoundaryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parents = match &self.parents {
            ParentSource::City => "parent: the city".to_owned(),
            ParentSource::Property(property) => format!("parent: property {property}"),
            ParentSource::Contained => "parent: by place".to_owned(),
        };
        write!(
            f,
            "{}, {:.2} km², {parents}, {} ({})",
            counted(self.areas, "area"),
            self.area_km2,
            self.file.display(),
            self.crs
        )?;
        if let Some(date) = self.valid_from {
            write!(f, ", from {date}")?;
        }
        writeln!(f)?;
        show_all(f, &self.findings)
    }
}

impl fmt::Display for RoadsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "roads: {}, {} without name or course, {} ({})",
            counted(self.roads, "named road"),
            counted(self.left_out, "feature"),
            self.file.display(),
            self.crs
        )?;
        show_all(f, &self.findings)
    }
}

/// Findings by severity and rule.
fn show_all(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    let mut by_rule: BTreeMap<(std::cmp::Reverse<Severity>, FindingRule), Vec<&Finding>> =
        BTreeMap::new();
    for finding in findings {
        let key = (std::cmp::Reverse(finding.severity), finding.rule);
        by_rule.entry(key).or_default().push(finding);
    }
    for ((severity, rule), findings) in by_rule {
        show(f, severity.0, rule, findings)?;
    }
    Ok(())
}

fn show(
    f: &mut fmt::Formatter<'_>,
    severity: Severity,
    rule: FindingRule,
    mut findings: Vec<&Finding>,
) -> fmt::Result {
    let word = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    write!(f, "  {word}: {}: {}", rule.title(), findings.len())?;
    let all_m2: f64 = findings.iter().filter_map(|finding| finding.area_m2).sum();
    if all_m2 > 0.0 {
        write!(f, ", {all_m2:.0} m²")?;
    }
    writeln!(f)?;
    findings.sort_by(|a, b| {
        b.area_m2
            .unwrap_or(0.0)
            .total_cmp(&a.area_m2.unwrap_or(0.0))
    });
    for finding in findings.iter().take(SHOWN) {
        write!(f, "    {}", finding.message)?;
        if let (Some(lon), Some(lat)) = (finding.lon, finding.lat) {
            write!(f, " at {lon:.6} {lat:.6}")?;
        }
        writeln!(f)?;
    }
    if findings.len() > SHOWN {
        writeln!(f, "    and {} more", findings.len() - SHOWN)?;
    }
    Ok(())
}

/// A number and its noun.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
