//! The pure-Rust renderer: a drawing painted by tiny-skia.

use tiny_skia::{
    FillRule, LineCap, LineJoin, Mask, Paint, PathBuilder, Pixmap, PixmapPaint, Rect, Stroke,
    Transform,
};

use crate::drawing::pixels;
use crate::{Colour, Drawing};

/// Pixels: rows from the top, each pixel red, green, blue and alpha, premultiplied.
#[derive(Debug, Clone)]
pub struct Raster(Pixmap);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaintError {
    /// The picture has no pixels or too many.
    #[error("{width} × {height} pixels cannot be painted")]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The pixels do not make a PNG.
    #[error("the picture cannot be written: {0}")]
    Png(String),
}

impl Raster {
    /// Paints a drawing on transparent ground.
    ///
    /// # Errors
    /// [`PaintError::Size`].
    pub fn of(drawing: &Drawing) -> Result<Self, PaintError> {
        let pixmap = Pixmap::new(drawing.width, drawing.height).ok_or(PaintError::Size {
            width: drawing.width,
            height: drawing.height,
        })?;
        let mut raster = Self(pixmap);
        raster.paint(drawing);
        Ok(raster)
    }

    /// Pixels that another renderer made: red, green, blue, alpha, rows from the top; opaque ones.
    ///
    /// # Errors
    /// [`PaintError::Size`] when there are not width × height of them.
    pub fn from_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self, PaintError> {
        tiny_skia::IntSize::from_wh(width, height)
            .and_then(|size| Pixmap::from_vec(rgba, size))
            .map(Self)
            .ok_or(PaintError::Size { width, height })
    }

    /// Paints a drawing on top.
    pub fn paint(&mut self, drawing: &Drawing) {
        let mut cut: Option<(Rect, Option<Mask>)> = None;
        for shape in &drawing.shapes {
            if cut.as_ref().map(|(edges, _)| *edges) != shape.clip {
                cut = shape.clip.map(|edges| (edges, self.mask(edges)));
            }
            let mask = cut.as_ref().and_then(|(_, mask)| mask.as_ref());
            let mut paint = Paint {
                anti_alias: true,
                ..Paint::default()
            };
            let [red, green, blue, alpha] = shape.colour.0;
            paint.set_color_rgba8(red, green, blue, alpha);
            match shape.stroke {
                None => self.0.fill_path(
                    &shape.path,
                    &paint,
                    FillRule::Winding,
                    Transform::identity(),
                    mask,
                ),
                Some(width) => {
                    let stroke = Stroke {
                        width,
                        line_join: LineJoin::Round,
                        line_cap: LineCap::Round,
                        ..Stroke::default()
                    };
                    self.0
                        .stroke_path(&shape.path, &paint, &stroke, Transform::identity(), mask);
                }
            }
        }
    }

    /// Only the inside of a rectangle; none when that is all of the picture.
    fn mask(&self, edges: Rect) -> Option<Mask> {
        let whole = Rect::from_xywh(
            0.0,
            0.0,
            pixels(f64::from(self.0.width())),
            pixels(f64::from(self.0.height())),
        )?;
        if edges.intersect(&whole) == Some(whole) {
            return None;
        }
        let mut mask = Mask::new(self.0.width(), self.0.height())?;
        let path = PathBuilder::from_rect(edges);
        mask.fill_path(&path, FillRule::Winding, true, Transform::identity());
        Some(mask)
    }

    /// The part that begins at `left`, `top`: what lies outside is transparent.
    ///
    /// # Errors
    /// [`PaintError::Size`].
    pub fn part(
        &self,
        [left, top]: [i32; 2],
        [width, height]: [u32; 2],
    ) -> Result<Self, PaintError> {
        let mut part = Pixmap::new(width, height).ok_or(PaintError::Size { width, height })?;
        part.draw_pixmap(
            -left,
            -top,
            self.0.as_ref(),
            &PixmapPaint::default(),
            Transform::identity(),
            None,
        );
        Ok(Self(part))
    }

    /// Width and height, pixels.
    pub fn size(&self) -> [u32; 2] {
        [self.0.width(), self.0.height()]
    }

    /// The colour of a pixel; none outside.
    pub fn colour(&self, x: u32, y: u32) -> Option<Colour> {
        let colour = self.0.pixel(x, y)?.demultiply();
        Some(Colour([
            colour.red(),
            colour.green(),
            colour.blue(),
            colour.alpha(),
        ]))
    }

    /// As PNG.
    ///
    /// # Errors
    /// [`PaintError::Png`].
    pub fn png(&self) -> Result<Vec<u8>, PaintError> {
        self.0
            .encode_png()
            .map_err(|error| PaintError::Png(error.to_string()))
    }
}
