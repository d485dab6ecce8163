//! A drawing of what is wrong with a city's boundaries.
//!
//! One panel for each boundary version: its areas in grey, the larger level's borders darker, and each finding as the ground
//! that it is about and a ring around the place, so that a sliver of a metre is seen too. Lines are thinned to what a pixel shows.

use std::collections::BTreeMap;

use citybrain_grid::geo::{Coord, LineString, MultiPolygon, Simplify};
use citybrain_grid::{Area, BBox, City, Level};
use svg::Document;
use svg::node::element::{Circle, Group, Line, Path, Rectangle, Text, Title};

use super::display::counted;
use super::{BoundaryReport, CityReport, Finding, FindingRule, Severity};

/// Width of a panel's map, pixels.
const MAP_PX: f64 = 900.0;
/// The tallest that a map may be, pixels.
const MAP_TALLEST_PX: f64 = 900.0;
/// Room for the legend beside a map, pixels.
const LEGEND_PX: f64 = 380.0;
/// Room around everything, and above a map for its title, pixels.
const MARGIN_PX: f64 = 16.0;
const TITLE_PX: f64 = 28.0;
/// Deviations below this are not drawn, pixels.
const THINNEST_PX: f64 = 0.35;

/// An SVG picture of a city and the findings of its report, which [`examine`](super::examine()) made together.
pub fn picture(city: &City, report: &CityReport) -> String {
    let view = View::of(&city.bbox());
    let panel_px = TITLE_PX + view.height.max(220.0) + MARGIN_PX;
    let mut panels = Vec::new();
    let mut larger: Option<&Level> = None;
    for (level, level_report) in city.levels.iter().zip(&report.levels) {
        for (version, boundary) in level.versions().iter().zip(&level_report.boundaries) {
            let top = MARGIN_PX + f64::from(u32::try_from(panels.len()).unwrap_or(0)) * panel_px;
            let areas = &level.areas[version.range()];
            let heading = heading(level, boundary);
            let panel = panel(&view, areas, larger, boundary, &heading);
            panels.push(panel.set("transform", format!("translate({MARGIN_PX} {top})")));
        }
        larger = Some(level);
    }
    let width = 3.0 * MARGIN_PX + view.width + LEGEND_PX;
    let height = MARGIN_PX + f64::from(u32::try_from(panels.len()).unwrap_or(0)) * panel_px;
    let page = Rectangle::new()
        .set("width", "100%")
        .set("height", "100%")
        .set("fill", "#ffffff");
    let document = Document::new()
        .set("width", round(width))
        .set("height", round(height))
        .set("viewBox", (0, 0, round(width), round(height)))
        .set("font-family", "sans-serif")
        .set("font-size", 13)
        .add(Title::new(format!("{}: boundaries", report.city)))
        .add(page);
    panels.into_iter().fold(document, Document::add).to_string()
}

fn heading(level: &Level, boundary: &BoundaryReport) -> String {
    let since = boundary
        .valid_from
        .map_or_else(String::new, |date| format!(" from {date}"));
    let count = |severity| {
        let findings = boundary.findings.iter();
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    };
    format!(
        "{}{since}: {}, {:.1} km², {}, {}",
        level.level,
        counted(boundary.areas, "area"),
        boundary.area_km2,
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning")
    )
}

fn panel(
    view: &View,
    areas: &[Area],
    larger: Option<&Level>,
    boundary: &BoundaryReport,
    heading: &str,
) -> Group {
    let mut map = Group::new().set("transform", format!("translate(0 {TITLE_PX})"));
    for area in areas {
        let path = view.path(&area.geometry).set("fill", "#f1f1ee");
        let path = path.set("stroke", "#a9a9a4").set("stroke-width", 0.6);
        map = map.add(path.add(Title::new(&area.name)));
    }
    for area in larger.into_iter().flat_map(Level::latest) {
        let path = view.path(&area.geometry).set("fill", "none");
        map = map.add(path.set("stroke", "#55554f").set("stroke-width", 1.1));
    }
    // Wide ground first, so that small pieces stay on top of it.
    let mut findings: Vec<&Finding> = boundary.findings.iter().collect();
    findings.sort_by(|a, b| size(b).total_cmp(&size(a)));
    for finding in findings {
        map = map.add(mark(view, areas, finding));
    }
    let title = Text::new(heading)
        .set("x", 0)
        .set("y", 16)
        .set("font-size", 16)
        .set("font-weight", "bold");
    let legend = legend(view, boundary).set(
        "transform",
        format!("translate({} {TITLE_PX})", round(view.width + MARGIN_PX)),
    );
    Group::new().add(title).add(map).add(legend)
}

fn size(finding: &Finding) -> f64 {
    finding.area_m2.unwrap_or(0.0)
}

/// The ground and the places of a finding. One that has no place of its own is marked in its areas, which a line joins.
fn mark(view: &View, areas: &[Area], finding: &Finding) -> Group {
    let color = color(finding.rule);
    let mut group = Group::new().set("stroke", color).set("fill", "none");
    group = group.add(Title::new(&finding.message));
    if !finding.shape.0.is_empty() {
        let path = view.path(&finding.shape).set("fill", color);
        group = group.add(path.set("fill-opacity", 0.55).set("stroke-width", 0.8));
    }
    let one = finding.lon.zip(finding.lat).map(|(x, y)| [x, y]);
    let several = !finding.places.is_empty();
    let places: Vec<Coord<f64>> = match one {
        _ if several => finding
            .places
            .iter()
            .map(|[x, y]| (*x, *y).into())
            .collect(),
        Some([x, y]) => vec![Coord { x, y }],
        None => finding
            .areas
            .iter()
            .filter_map(|id| areas.iter().find(|area| area.id == *id))
            .map(|area| area.label.into())
            .collect(),
    };
    let places: Vec<_> = places.into_iter().map(|at| view.at(at)).collect();
    // A name joins the areas that have it.
    for pair in places.windows(2).filter(|_| one.is_none()) {
        let line = Line::new()
            .set("x1", round(pair[0].x))
            .set("y1", round(pair[0].y))
            .set("x2", round(pair[1].x))
            .set("y2", round(pair[1].y));
        group = group.add(line.set("stroke-dasharray", "3 3"));
    }
    // A ring grows with the size: 3 pixels for a square metre, one more for each factor of ten. What is wide enough to be seen
    // needs none.
    let radius = 3.0 + size(finding).max(1.0).log10();
    let wide = view.extent_px(&finding.shape) > 3.0 * radius;
    for at in places.into_iter().filter(|_| !wide) {
        let ring = Circle::new()
            .set("cx", round(at.x))
            .set("cy", round(at.y))
            .set("r", round(radius));
        group = group.add(ring.set("stroke-width", 1.4));
    }
    group
}

/// What the colours mean, how many findings there are of each, and how long a kilometre is.
fn legend(view: &View, boundary: &BoundaryReport) -> Group {
    let mut by_rule: BTreeMap<(std::cmp::Reverse<Severity>, FindingRule), (usize, f64)> =
        BTreeMap::new();
    for finding in &boundary.findings {
        let key = (std::cmp::Reverse(finding.severity), finding.rule);
        let (count, m2) = by_rule.entry(key).or_default();
        *count += 1;
        *m2 += size(finding);
    }
    let mut legend = Group::new();
    let mut y = 14.0;
    if by_rule.is_empty() {
        legend = legend.add(Text::new("nothing found").set("y", round(y)));
        y += 22.0;
    }
    for ((_, rule), (count, m2)) in by_rule {
        let ring = Circle::new()
            .set("cx", 7)
            .set("cy", round(y - 4.0))
            .set("r", 5)
            .set("fill", color(rule))
            .set("fill-opacity", 0.55)
            .set("stroke", color(rule))
            .set("stroke-width", 1.4);
        let ground = if m2 > 0.0 {
            format!(", {m2:.0} m²")
        } else {
            String::new()
        };
        let text = format!("{}: {count}{ground}", rule.title());
        legend = legend
            .add(ring)
            .add(Text::new(text).set("x", 20).set("y", round(y)));
        y += 22.0;
    }
    let (km, px) = view.scale();
    let bar = Line::new()
        .set("x1", 0)
        .set("y1", round(y + 8.0))
        .set("x2", round(px))
        .set("y2", round(y + 8.0));
    let words = format!("{km} km; lines are drawn to a third of a pixel");
    legend
        .add(bar.set("stroke", "#333333").set("stroke-width", 2))
        .add(Text::new(words).set("y", round(y + 26.0)))
}

const fn color(rule: FindingRule) -> &'static str {
    match rule {
        FindingRule::InvalidRing => "#7b2cbf",
        FindingRule::Overlap => "#d62828",
        FindingRule::Covered => "#6a040f",
        FindingRule::Gap => "#0077b6",
        FindingRule::Uncovered => "#48a9c5",
        FindingRule::OutsideParent => "#f77f00",
        FindingRule::WrongParent => "#9d0208",
        FindingRule::NoParent => "#b5838d",
        FindingRule::DuplicateId => "#c9184a",
        FindingRule::DuplicateName => "#2a9d3a",
        FindingRule::NoLabel | FindingRule::Datum | FindingRule::Encoding => "#777777",
    }
}

/// From degrees to pixels: an equirectangular map that is true along its middle latitude.
struct View {
    west: f64,
    north: f64,
    /// Pixels for a degree of longitude.
    px_lon: f64,
    /// Pixels for a degree of latitude.
    px_lat: f64,
    width: f64,
    height: f64,
}

impl View {
    fn of(bbox: &BBox) -> Self {
        let shrink = f64::midpoint(bbox.south, bbox.north).to_radians().cos();
        let (wide, tall) = (
            (bbox.east - bbox.west) * shrink.max(0.01),
            bbox.north - bbox.south,
        );
        let px_lat = (MAP_PX / wide.max(1e-9)).min(MAP_TALLEST_PX / tall.max(1e-9));
        Self {
            west: bbox.west,
            north: bbox.north,
            px_lon: px_lat * shrink.max(0.01),
            px_lat,
            width: wide * px_lat,
            height: tall * px_lat,
        }
    }

    fn at(&self, degrees: Coord<f64>) -> Coord<f64> {
        Coord {
            x: (degrees.x - self.west) * self.px_lon,
            y: (self.north - degrees.y) * self.px_lat,
        }
    }

    /// How wide or tall a shape is drawn, pixels.
    fn extent_px(&self, shape: &MultiPolygon<f64>) -> f64 {
        let bbox = BBox::of(shape);
        let (wide, tall) = (bbox.east - bbox.west, bbox.north - bbox.south);
        (wide * self.px_lon).max(tall * self.px_lat)
    }

    fn path(&self, shape: &MultiPolygon<f64>) -> Path {
        let mut data = String::new();
        for polygon in shape {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                let ring: LineString<f64> = ring.coords().map(|at| self.at(*at)).collect();
                for (at, point) in ring.simplify(THINNEST_PX).0.iter().enumerate() {
                    let step = if at == 0 { 'M' } else { 'L' };
                    data.push(step);
                    data.push_str(&round(point.x).to_string());
                    data.push(' ');
                    data.push_str(&round(point.y).to_string());
                }
                data.push('Z');
            }
        }
        Path::new().set("d", data).set("fill-rule", "evenodd")
    }

    /// A round number of kilometres and its length, a sixth of the map or less.
    fn scale(&self) -> (f64, f64) {
        /// Length of a degree of latitude, km.
        const DEGREE_KM: f64 = 111.2;
        let px_km = self.px_lat / DEGREE_KM;
        let km = self.width / 6.0 / px_km;
        let tens = 10_f64.powf(km.log10().floor());
        let digit = [5.0, 2.0, 1.0]
            .into_iter()
            .find(|digit| digit * tens <= km)
            .unwrap_or(1.0);
        (digit * tens, digit * tens * px_km)
    }
}

/// To a tenth of a pixel.
fn round(px: f64) -> f64 {
    // Zero is added so that what rounds to nothing has no sign.
    (px * 10.0).round() / 10.0 + 0.0
}
