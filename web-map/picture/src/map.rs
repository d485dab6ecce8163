//! What a map shows, from bottom to top: ground, coloured cells or areas, borders, sensors, names.

use geo::MultiPolygon;
use h3o::{CellIndex, LatLng};
use tiny_skia::PathBuilder;

use crate::drawing::{outlines, pixels, polygons};
use crate::{Colour, Drawing, Fonts, Frame, Scale, Weight};

/// One map. Its colours are opaque, mixed with the ground beforehand, so that a renderer that cannot mix shows the same.
#[derive(Debug, Clone)]
pub struct Map<'a> {
    /// Where it is.
    pub frame: Frame,
    /// The city's largest areas: the ground is drawn there.
    pub ground: Vec<&'a MultiPolygon<f64>>,
    /// How values become colours.
    pub scale: Scale,
    /// H3 cells and their values.
    pub cells: Vec<(CellIndex, f64)>,
    /// Areas and their values.
    pub areas: Vec<(&'a MultiPolygon<f64>, f64)>,
    /// Borders, the finest first.
    pub borders: Vec<Border<'a>>,
    /// Sensors and the like.
    pub dots: Vec<Dot>,
    /// Names, the most important first: one that has no room is left out.
    pub labels: Vec<Label<'a>>,
}

/// The borders of one level.
#[derive(Debug, Clone)]
pub struct Border<'a> {
    /// The areas.
    pub areas: Vec<&'a MultiPolygon<f64>>,
    /// 0 for the largest level.
    pub depth: usize,
}

/// A position that is marked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// Longitude and latitude, degrees.
    pub at: [f64; 2],
}

/// A name at a position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label<'a> {
    /// Longitude and latitude, degrees.
    pub at: [f64; 2],
    /// The name.
    pub text: &'a str,
    /// 0 for the largest level.
    pub depth: usize,
}

pub(crate) const OUTSIDE: Colour = Colour::rgb(0x000a_0e13);
pub(crate) const GROUND: Colour = Colour::rgb(0x0012_1922);
const BORDER: [Colour; 4] = [
    Colour::rgb(0x0051_677f),
    Colour::rgb(0x003b_4d61),
    Colour::rgb(0x002f_3e4f),
    Colour::rgb(0x002a_3644),
];
const BORDER_WIDTH: [f32; 4] = [1.6, 1.0, 0.7, 0.5];
const NAME: [Colour; 4] = [
    Colour::rgb(0x00ee_f4fa),
    Colour::rgb(0x00c9_d5e1),
    Colour::rgb(0x00b4_c1cf),
    Colour::rgb(0x00a8_b5c3),
];
const DOT: Colour = Colour::rgb(0x0050_d0c8);
/// How much of a value's colour shows; the page has the same.
pub(crate) const OPACITY: f32 = 0.88;

/// A filled layer of the map: what both renderers paint in the same way.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) path: tiny_skia::Path,
    pub(crate) colour: Colour,
    /// Width of the line in pixels; none for a fill.
    pub(crate) stroke: Option<f32>,
}

impl Map<'_> {
    /// The drawing of the map: everything but names.
    pub fn drawing(&self) -> Drawing {
        let mut drawing = Drawing::new(self.frame.width, self.frame.height);
        let [width, height] = self.size();
        drawing.panel([0.0, 0.0, width, height], 0.0, OUTSIDE);
        for layer in self.layers() {
            drawing.add(Some(layer.path), layer.colour, layer.stroke);
        }
        drawing
    }

    /// Only the coloured cells and areas, as transparent as the page has them: for other maps to lie under.
    pub fn values_only(&self) -> Drawing {
        let mut drawing = Drawing::new(self.frame.width, self.frame.height);
        for (path, colour) in self.values() {
            drawing.add(Some(path), colour.with_alpha(OPACITY), None);
        }
        drawing
    }

    /// Ground, values, borders and dots, from bottom to top, in opaque colours.
    pub(crate) fn layers(&self) -> Vec<Layer> {
        let mut layers = Vec::new();
        let mut add = |path: Option<tiny_skia::Path>, colour, stroke| {
            layers.extend(path.map(|path| Layer {
                path,
                colour,
                stroke,
            }));
        };
        add(
            polygons(&self.frame, self.ground.iter().copied()),
            GROUND,
            None,
        );
        for (path, colour) in self.values() {
            add(Some(path), colour.with_alpha(OPACITY).over(GROUND), None);
        }
        let factor = self.factor();
        for border in &self.borders {
            let depth = border.depth.min(BORDER.len() - 1);
            add(
                polygons(&self.frame, border.areas.iter().copied()),
                BORDER[depth],
                Some(BORDER_WIDTH[depth] * factor),
            );
        }
        for (radius, colour) in [(4.2, OUTSIDE), (3.0, DOT)] {
            let mut path = PathBuilder::new();
            for dot in &self.dots {
                let [x, y] = self.frame.at(dot.at[0], dot.at[1]);
                path.push_circle(pixels(x), pixels(y), radius * factor);
            }
            add(path.finish(), colour, None);
        }
        layers
    }

    /// One path for each class of values, with its colour.
    fn values(&self) -> Vec<(tiny_skia::Path, Colour)> {
        let classes = self.scale.breaks().len();
        let mut cells: Vec<Vec<CellIndex>> = vec![Vec::new(); classes];
        for (cell, value) in &self.cells {
            if let Some(class) = self.scale.class(*value) {
                cells[class].push(*cell);
            }
        }
        let mut areas: Vec<Vec<&MultiPolygon<f64>>> = vec![Vec::new(); classes];
        for (area, value) in &self.areas {
            if let Some(class) = self.scale.class(*value) {
                areas[class].push(area);
            }
        }
        let mut values = Vec::new();
        for (class, (cells, areas)) in cells.into_iter().zip(areas).enumerate() {
            let colour = self.scale.colour(class);
            let cells = outlines(&self.frame, cells.into_iter().map(outline));
            let areas = polygons(&self.frame, areas);
            values.extend(
                [areas, cells]
                    .into_iter()
                    .flatten()
                    .map(|path| (path, colour)),
            );
        }
        values
    }

    /// Puts the names on a drawing, each where it hides no other.
    pub fn put_labels(&self, drawing: &mut Drawing, fonts: &Fonts) {
        let factor = self.factor();
        let mut taken: Vec<[f32; 4]> = Vec::new();
        let [width, height] = self.size();
        for label in &self.labels {
            let depth = label.depth.min(NAME.len() - 1);
            let size = [14.0, 12.0, 11.0, 10.0][depth] * factor;
            let weight = if depth == 0 {
                Weight::Bold
            } else {
                Weight::Regular
            };
            let line = fonts.line_within(label.text, size, weight, width / 3.0);
            let [x, y] = self.frame.at(label.at[0], label.at[1]);
            let (left, base) = (pixels(x) - line.width / 2.0, pixels(y) + size * 0.35);
            let pad = 3.0 * factor;
            let room = [
                left - pad,
                base - size - pad,
                left + line.width + pad,
                base + size * 0.3 + pad,
            ];
            let inside = room[0] >= 0.0 && room[1] >= 0.0 && room[2] <= width && room[3] <= height;
            let free = taken.iter().all(|other| {
                room[2] <= other[0]
                    || other[2] <= room[0]
                    || room[3] <= other[1]
                    || other[3] <= room[1]
            });
            if !inside || !free {
                continue;
            }
            taken.push(room);
            line.put_with_halo(drawing, [left, base], NAME[depth], (OUTSIDE, 1.6 * factor));
        }
    }

    /// How much larger than on a screen of 768 pixels lines and letters are.
    fn factor(&self) -> f32 {
        factor(self.frame.width, self.frame.height)
    }

    fn size(&self) -> [f32; 2] {
        [
            pixels(f64::from(self.frame.width)),
            pixels(f64::from(self.frame.height)),
        ]
    }
}

/// Lines and letters grow with the picture: a page of 4,096 pixels is looked at whole, like one of 768.
pub(crate) fn factor(width: u32, height: u32) -> f32 {
    (pixels(f64::from(width.min(height))) / 768.0).clamp(0.6, 5.0)
}

/// Corners of a cell: longitude and latitude.
fn outline(cell: CellIndex) -> Vec<[f64; 2]> {
    cell.boundary()
        .iter()
        .map(|corner: &LatLng| [corner.lng(), corner.lat()])
        .collect()
}
