//! A printed page: headings, a picture, figures as rows and bars, in a column of A4.

use crate::drawing::pixels;
use crate::{Colour, Drawing, Fonts, Weight};

/// A page of A4 (595 × 842 points; a pixel of the drawing is a point), filled from the top.
#[derive(Debug)]
pub struct Page<'a> {
    fonts: &'a Fonts,
    drawing: Drawing,
    /// How far down it is filled.
    y: f32,
}

/// A table: headings, rows of cells, and how wide each column is as a share of the width.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// A word above each column.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Shares of the width, one for each column.
    pub widths: Vec<f32>,
}

/// A row of a table.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// A text for each column.
    pub cells: Vec<String>,
    /// A bar behind the first column.
    pub bar: Option<Bar>,
}

/// How long a bar is, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar(pub f32);

const WIDTH: u32 = 595;
const HEIGHT: u32 = 842;
const MARGIN: f32 = 40.0;
const INK: Colour = Colour::rgb(0x0016_1d26);
const QUIET: Colour = Colour::rgb(0x0059_6675);
const RULE: Colour = Colour::rgb(0x00d5_dce3);
const BAR: Colour = Colour::rgb(0x00f6_ddcf);
const PAPER: Colour = Colour::rgb(0x00ff_ffff);

impl<'a> Page<'a> {
    /// An empty page.
    pub fn new(fonts: &'a Fonts) -> Self {
        let mut drawing = Drawing::new(WIDTH, HEIGHT);
        drawing.panel([0.0, 0.0, 595.0, 842.0], 0.0, PAPER);
        Self {
            fonts,
            drawing,
            y: MARGIN,
        }
    }

    /// Points from the left to the right margin.
    pub const fn width() -> f32 {
        595.0 - 2.0 * MARGIN
    }

    /// A large heading with a smaller line below.
    pub fn title(&mut self, title: &str, below: &str) {
        self.text(title, 22.0, Weight::Bold, INK);
        self.text(below, 10.5, Weight::Regular, QUIET);
        self.y += 8.0;
    }

    /// A heading of a part.
    pub fn heading(&mut self, text: &str) {
        self.y += 8.0;
        self.text(text, 13.0, Weight::Bold, INK);
        self.drawing
            .panel([MARGIN, self.y, Self::width(), 0.8], 0.0, RULE);
        self.y += 6.0;
    }

    /// A line of text, cut to the width.
    pub fn line(&mut self, text: &str) {
        self.text(text, 10.0, Weight::Regular, QUIET);
    }

    /// Figures side by side: a number and what it counts.
    pub fn figures(&mut self, figures: &[(String, String)]) {
        let count = pixels(f64::from(u32::try_from(figures.len().max(1)).unwrap_or(1)));
        let room = Self::width() / count;
        for (at, (number, what)) in figures.iter().enumerate() {
            let left = MARGIN + room * pixels(f64::from(u32::try_from(at).unwrap_or(0)));
            self.fonts
                .line_within(number, 20.0, Weight::Bold, room - 8.0)
                .put(&mut self.drawing, [left, self.y + 19.0], INK);
            self.fonts
                .line_within(what, 9.5, Weight::Regular, room - 8.0)
                .put(&mut self.drawing, [left, self.y + 34.0], QUIET);
        }
        self.y += 44.0;
    }

    /// A picture across the page.
    pub fn picture(&mut self, picture: &Drawing) {
        let factor = Self::width() / pixels(f64::from(picture.width.max(1)));
        self.drawing.place(picture, [MARGIN, self.y], factor);
        self.y += pixels(f64::from(picture.height)) * factor + 10.0;
    }

    /// A table, as far as the page has room.
    pub fn table(&mut self, table: &Table) {
        let lefts: Vec<f32> = table
            .widths
            .iter()
            .scan(MARGIN, |left, width| {
                let at = *left;
                *left += width * Self::width();
                Some(at)
            })
            .collect();
        let put = |drawing: &mut Drawing, y: f32, texts: &[String], size: f32, colour: Colour| {
            for ((text, left), width) in texts.iter().zip(&lefts).zip(&table.widths) {
                self.fonts
                    .line_within(text, size, Weight::Regular, width * Self::width() - 8.0)
                    .put(drawing, [*left, y], colour);
            }
        };
        put(&mut self.drawing, self.y + 9.0, &table.head, 8.5, QUIET);
        self.y += 15.0;
        for row in &table.rows {
            if self.y > pixels(f64::from(HEIGHT)) - MARGIN - 30.0 {
                break;
            }
            if let (Some(Bar(length)), Some(width)) = (row.bar, table.widths.first()) {
                let length = length.clamp(0.0, 1.0) * width * Self::width();
                self.drawing
                    .panel([MARGIN - 3.0, self.y, length, 14.0], 2.0, BAR);
            }
            put(&mut self.drawing, self.y + 10.5, &row.cells, 10.0, INK);
            self.y += 16.0;
        }
        self.y += 4.0;
    }

    /// The finished page, with a last line at its foot.
    pub fn finish(mut self, foot: &str) -> Drawing {
        let y = pixels(f64::from(HEIGHT)) - MARGIN;
        self.drawing
            .panel([MARGIN, y - 14.0, Self::width(), 0.8], 0.0, RULE);
        self.fonts
            .line_within(foot, 8.5, Weight::Regular, Self::width())
            .put(&mut self.drawing, [MARGIN, y], QUIET);
        self.drawing
    }

    fn text(&mut self, text: &str, size: f32, weight: Weight, colour: Colour) {
        self.y += size * 1.15;
        self.fonts
            .line_within(text, size, weight, Self::width())
            .put(&mut self.drawing, [MARGIN, self.y], colour);
        self.y += size * 0.35;
    }
}
