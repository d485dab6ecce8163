//! Letters as paths: the page's own font, so that a picture says the same with or without fonts on the machine.
//!
//! The font comes in slices by Unicode range (WOFF2). Each character is drawn from the slice that has it, at the weight asked for.
//! There is no shaping: Chinese, Latin, Greek and Cyrillic need none; scripts that do are drawn letter by letter.

use std::collections::{BTreeSet, HashMap};

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use tiny_skia::{Path, PathBuilder, Transform};

use crate::{Colour, Drawing};

/// The slices of one font.
#[derive(Debug, Default)]
pub struct Fonts {
    slices: Vec<Vec<u8>>,
    by_char: HashMap<char, (u16, GlyphId)>,
}

/// A slice that is no font.
#[derive(Debug, thiserror::Error)]
#[error("font slice {index}: {reason}")]
pub struct FontError {
    /// Its place among the slices.
    pub index: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// How bold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// 400
    Regular,
    /// 650
    Bold,
}

/// One line of text, ready to be put somewhere.
#[derive(Debug, Clone)]
pub struct Line {
    /// From the origin at the left end of the base line; none for blanks.
    path: Option<Path>,
    /// Width, pixels.
    pub width: f32,
}

impl Fonts {
    /// Unpacks the slices (WOFF2).
    ///
    /// # Errors
    /// The first slice that is no font.
    pub fn from_woff2<'a>(slices: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, FontError> {
        let mut fonts = Self::default();
        for (index, packed) in slices.into_iter().enumerate() {
            let wrong = |reason: String| FontError { index, reason };
            let slice =
                wuff::decompress_woff2(packed).map_err(|error| wrong(format!("{error:?}")))?;
            let font = FontRef::new(&slice).map_err(|error| wrong(error.to_string()))?;
            let at = u16::try_from(index).map_err(|error| wrong(error.to_string()))?;
            for (code, glyph) in font.charmap().mappings() {
                if let Some(letter) = char::from_u32(code) {
                    fonts.by_char.entry(letter).or_insert((at, glyph));
                }
            }
            fonts.slices.push(slice);
        }
        Ok(fonts)
    }

    /// Is there a letter to draw this character?
    pub fn has(&self, letter: char) -> bool {
        self.by_char.contains_key(&letter)
    }

    /// Which of the slices the letters of a text come from, rising: what a page needs to show it.
    pub fn slices_of(&self, text: &str) -> Vec<usize> {
        let slices: BTreeSet<usize> = text
            .chars()
            .filter_map(|letter| Some(usize::from(self.by_char.get(&letter)?.0)))
            .collect();
        slices.into_iter().collect()
    }

    /// Sets one line of text in letters of `size` pixels. A character that no slice has is an empty box.
    pub fn line(&self, text: &str, size: f32, weight: Weight) -> Line {
        let mut path = PathBuilder::new();
        let mut x = 0.0;
        for letter in text.chars() {
            let drawn = self.by_char.get(&letter).and_then(|(slice, glyph)| {
                let font = FontRef::new(self.slices.get(usize::from(*slice))?).ok()?;
                draw(&font, *glyph, size, weight, x, &mut path)
            });
            x += match drawn {
                Some(advance) => advance,
                None if letter.is_control() => 0.0,
                None if letter.is_whitespace() => size * 0.3,
                None => tofu(size, x, &mut path),
            };
        }
        Line {
            path: path.finish(),
            width: x,
        }
    }

    /// The text cut to what has room in `width` pixels, with an ellipsis when something was cut off.
    pub fn line_within(&self, text: &str, size: f32, weight: Weight, width: f32) -> Line {
        let whole = self.line(text, size, weight);
        if whole.width <= width {
            return whole;
        }
        let letters: Vec<char> = text.chars().collect();
        // Widths grow with the number of letters: the longest that fits is found by halves.
        let (mut fits, mut too_long) = (0, letters.len());
        while too_long - fits > 1 {
            let half = usize::midpoint(fits, too_long);
            let text: String = letters.iter().take(half).chain(&['…']).collect();
            if self.line(&text, size, weight).width <= width {
                fits = half;
            } else {
                too_long = half;
            }
        }
        let text: String = letters.iter().take(fits).chain(&['…']).collect();
        self.line(&text, size, weight)
    }
}

/// Adds a letter at `x` and gives its advance; none when the font cannot draw it.
fn draw(
    font: &FontRef<'_>,
    glyph: GlyphId,
    size: f32,
    weight: Weight,
    x: f32,
    path: &mut PathBuilder,
) -> Option<f32> {
    let weight = match weight {
        Weight::Regular => 400.0,
        Weight::Bold => 650.0,
    };
    let location = font.axes().location([("wght", weight)]);
    let location = LocationRef::from(&location);
    let size = Size::new(size);
    let advance = font.glyph_metrics(size, location).advance_width(glyph)?;
    if let Some(outline) = font.outline_glyphs().get(glyph) {
        let settings = DrawSettings::unhinted(size, location);
        outline.draw(settings, &mut Pen { path, x }).ok()?;
    }
    Some(advance)
}

/// A box for a character that is missing; gives its advance.
fn tofu(size: f32, x: f32, path: &mut PathBuilder) -> f32 {
    let (width, height, line) = (size * 0.5, size * 0.72, size * 0.05);
    let left = x + size * 0.06;
    let boxes = [
        (left, -height, width, height),
        (
            left + line,
            line - height,
            width - 2.0 * line,
            height - 2.0 * line,
        ),
    ];
    for (at, (left, top, width, height)) in boxes.into_iter().enumerate() {
        let (right, bottom) = (left + width, top + height);
        // The inner box turns the other way round: a hole.
        let (first, third) = if at == 0 {
            ((right, top), (left, bottom))
        } else {
            ((left, bottom), (right, top))
        };
        path.move_to(left, top);
        path.line_to(first.0, first.1);
        path.line_to(right, bottom);
        path.line_to(third.0, third.1);
        path.close();
    }
    size * 0.62
}

/// Font outlines have y upwards, pictures downwards.
struct Pen<'a> {
    path: &'a mut PathBuilder,
    x: f32,
}

impl OutlinePen for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, -y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, -y);
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + cx0, -cy0, self.x + x, -y);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.path
            .cubic_to(self.x + cx0, -cy0, self.x + cx1, -cy1, self.x + x, -y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

impl Line {
    /// Puts the line on a drawing: its base line begins at `x`, `y`.
    pub fn put(&self, drawing: &mut Drawing, [x, y]: [f32; 2], colour: Colour) {
        drawing.add(self.at([x, y]), colour, None);
    }

    /// As [`Line::put`], with a rim of `halo` pixels around the letters, so that they read on any ground.
    pub fn put_with_halo(
        &self,
        drawing: &mut Drawing,
        at: [f32; 2],
        colour: Colour,
        (halo, rim): (Colour, f32),
    ) {
        drawing.add(self.at(at), halo, Some(2.0 * rim));
        drawing.add(self.at(at), colour, None);
    }

    fn at(&self, [x, y]: [f32; 2]) -> Option<Path> {
        self.path
            .clone()?
            .transform(Transform::from_translate(x, y))
    }
}
