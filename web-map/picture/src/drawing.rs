//! A list of shapes in pixels: what every form of a picture is made from.

use geo::{LineString, MultiPolygon};
use tiny_skia::{Path, PathBuilder, Rect};

use crate::{Colour, Frame};

/// Shapes from bottom to top.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// From bottom to top.
    pub shapes: Vec<Shape>,
}

/// A path that is filled or stroked.
#[derive(Debug, Clone)]
pub struct Shape {
    pub(crate) path: Path,
    pub(crate) colour: Colour,
    /// Width of the stroke in pixels; none for a filled path.
    pub(crate) stroke: Option<f32>,
    /// What is outside of this rectangle is not drawn.
    pub(crate) clip: Option<Rect>,
}

impl Drawing {
    /// Nothing yet.
    pub const fn new(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// Adds a shape on top; an empty path adds nothing.
    pub(crate) fn add(&mut self, path: Option<Path>, colour: Colour, stroke: Option<f32>) {
        if let Some(path) = path {
            self.shapes.push(Shape {
                path,
                colour,
                stroke,
                clip: None,
            });
        }
    }

    /// Adds a filled rectangle, with round corners of `radius` pixels.
    pub(crate) fn panel(
        &mut self,
        [left, top, width, height]: [f32; 4],
        radius: f32,
        colour: Colour,
    ) {
        let Some(rect) = Rect::from_xywh(left, top, width, height) else {
            return;
        };
        let radius = radius.min(width / 2.0).min(height / 2.0);
        if radius <= 0.0 {
            self.add(Some(PathBuilder::from_rect(rect)), colour, None);
            return;
        }
        let (l, t, r, b) = (rect.left(), rect.top(), rect.right(), rect.bottom());
        let mut path = PathBuilder::new();
        path.move_to(l + radius, t);
        path.line_to(r - radius, t);
        path.quad_to(r, t, r, t + radius);
        path.line_to(r, b - radius);
        path.quad_to(r, b, r - radius, b);
        path.line_to(l + radius, b);
        path.quad_to(l, b, l, b - radius);
        path.line_to(l, t + radius);
        path.quad_to(l, t, l + radius, t);
        path.close();
        self.add(path.finish(), colour, None);
    }

    /// Adds the shapes of another drawing on top, moved by pixels and shrunk or grown by a factor, and cut at its edges.
    pub fn place(&mut self, other: &Self, [x, y]: [f32; 2], factor: f32) {
        let transform = tiny_skia::Transform::from_scale(factor, factor)
            .post_concat(tiny_skia::Transform::from_translate(x, y));
        let [width, height] =
            [other.width, other.height].map(|side| pixels(f64::from(side)) * factor);
        let edges = Rect::from_xywh(x, y, width, height);
        for shape in &other.shapes {
            let inner = shape.clip.and_then(|clip| clip.transform(transform));
            let clip = match (edges, inner) {
                (Some(edges), Some(inner)) => match edges.intersect(&inner) {
                    Some(both) => Some(both),
                    // Nothing of it is seen.
                    None => continue,
                },
                (edges, inner) => edges.or(inner),
            };
            if let Some(path) = shape.path.clone().transform(transform) {
                self.shapes.push(Shape {
                    path,
                    colour: shape.colour,
                    stroke: shape.stroke.map(|width| width * factor),
                    clip,
                });
            }
        }
    }
}

/// Polygons of any number as one path; rings that end outside of the picture by far are left out.
pub(crate) fn polygons<'a>(
    frame: &Frame,
    polygons: impl IntoIterator<Item = &'a MultiPolygon<f64>>,
) -> Option<Path> {
    let mut path = PathBuilder::new();
    for polygon in polygons.into_iter().flatten() {
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            add_ring(&mut path, frame, ring);
        }
    }
    path.finish()
}

fn add_ring(path: &mut PathBuilder, frame: &Frame, ring: &LineString<f64>) {
    let points: Vec<[f64; 2]> = ring.coords().map(|at| frame.at(at.x, at.y)).collect();
    if !near(frame, &points) {
        return;
    }
    add_points(path, points);
}

/// Closed outlines (positions of their corners) as one path.
pub(crate) fn outlines(
    frame: &Frame,
    outlines: impl IntoIterator<Item = Vec<[f64; 2]>>,
) -> Option<Path> {
    let mut path = PathBuilder::new();
    for outline in outlines {
        let points: Vec<[f64; 2]> = outline
            .into_iter()
            .map(|[lon, lat]| frame.at(lon, lat))
            .collect();
        if near(frame, &points) {
            add_points(&mut path, points);
        }
    }
    path.finish()
}

/// Corners nearer than this to the one before are left out, pixels: nobody sees them, and borders have thousands.
const THINNEST: f64 = 0.3;

fn add_points(path: &mut PathBuilder, points: Vec<[f64; 2]>) {
    let mut last: Option<[f64; 2]> = None;
    for point in points {
        let [x, y] = point;
        match last {
            None => path.move_to(pixels(x), pixels(y)),
            Some([from_x, from_y])
                if (x - from_x).abs() < THINNEST && (y - from_y).abs() < THINNEST =>
            {
                continue;
            }
            Some(_) => path.line_to(pixels(x), pixels(y)),
        }
        last = Some(point);
    }
    if last.is_some() {
        path.close();
    }
}

/// Does the rectangle around the points touch the picture?
fn near(frame: &Frame, points: &[[f64; 2]]) -> bool {
    let (mut least, mut most) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for point in points {
        for axis in 0..2 {
            least[axis] = least[axis].min(point[axis]);
            most[axis] = most[axis].max(point[axis]);
        }
    }
    let size = [f64::from(frame.width), f64::from(frame.height)];
    (0..2).all(|axis| most[axis] >= -4.0 && least[axis] <= size[axis] + 4.0)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "pixels: a 24-bit mantissa is enough, and what is farther out is clamped"
)]
pub(crate) const fn pixels(value: f64) -> f32 {
    value.clamp(-1e5, 1e5) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Raster;

    #[test]
    fn what_is_placed_ends_at_its_edges() {
        let red = Colour::rgb(0x00ff_0000);
        let mut inner = Drawing::new(10, 10);
        inner.panel([-50.0, -50.0, 200.0, 200.0], 0.0, red);
        let mut middle = Drawing::new(20, 20);
        middle.place(&inner, [15.0, 0.0], 1.0);
        let mut page = Drawing::new(40, 40);
        page.place(&middle, [10.0, 10.0], 1.0);
        let raster = Raster::of(&page).unwrap();
        let painted = |x, y| raster.colour(x, y) == Some(red);
        // The inner drawing begins at 25, 10; the middle one ends at 30.
        for (x, y, there) in [
            (27, 15, true),
            (24, 15, false),
            (31, 15, false),
            (27, 9, false),
            (27, 21, false),
        ] {
            assert_eq!(painted(x, y), there, "{x}, {y}");
        }
        let svg = page.svg("edges");
        assert!(svg.contains("<clipPath id=\"edges-0\"><rect x=\"25.0\" y=\"10.0\" width=\"5.0\" height=\"10.0\"/>"), "{svg}");
    }
}
