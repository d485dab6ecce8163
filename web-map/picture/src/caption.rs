//! What is written around a map: title, legend, scale bar, data cut and source.

use crate::drawing::pixels;
use crate::map::{GROUND, OPACITY, factor};
use crate::{Colour, Drawing, Fonts, Frame, Line, Scale, Weight};

/// The words around a map, in the reader's language.
#[derive(Debug, Clone, Default)]
pub struct Caption {
    /// What it shows.
    pub title: String,
    /// Which records, which time.
    pub subtitle: String,
    /// What the numbers of the legend are.
    pub legend_title: String,
    /// The classes; none: no legend.
    pub legend: Vec<LegendRow>,
    /// Data cut, source, boundaries: the last line of the picture.
    pub source: String,
}

/// A class of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LegendRow {
    /// Its colour on the map.
    pub colour: Colour,
    /// `12 – 30`, `≥ 200`.
    pub text: String,
}

const PANEL: Colour = Colour([13, 18, 25, 224]);
const BRIGHT: Colour = Colour::rgb(0x00f2_f6fa);
const QUIET: Colour = Colour::rgb(0x00b7_c4d1);

impl LegendRow {
    /// The classes of a scale, the largest values first.
    pub fn of(scale: &Scale, number: impl Fn(f64) -> String) -> Vec<Self> {
        let breaks = scale.breaks();
        let row = |class: usize| {
            let low = number(breaks[class]);
            let text = match breaks.get(class + 1) {
                Some(high) => format!("{low} – {}", number(*high)),
                None => format!("≥ {low}"),
            };
            Self {
                colour: scale.colour(class).with_alpha(OPACITY).over(GROUND),
                text,
            }
        };
        (0..breaks.len()).rev().map(row).collect()
    }
}

impl Caption {
    /// Puts the words on a drawing that shows `frame`. What has no room is left out: the legend first.
    pub fn put(&self, drawing: &mut Drawing, frame: &Frame, fonts: &Fonts) {
        let pen = Writing {
            fonts,
            unit: factor(frame.width, frame.height),
            width: pixels(f64::from(frame.width)),
            height: pixels(f64::from(frame.height)),
        };
        pen.head(self, drawing);
        let foot = pen.foot(self, drawing);
        pen.legend(self, drawing, foot);
        pen.scale_bar(frame, drawing, foot);
    }
}

struct Writing<'a> {
    fonts: &'a Fonts,
    /// Pixels for one pixel of a picture of 768.
    unit: f32,
    width: f32,
    height: f32,
}

impl Writing<'_> {
    fn line(&self, text: &str, size: f32, weight: Weight, room: f32) -> Line {
        self.fonts
            .line_within(text, size * self.unit, weight, room.max(0.0))
    }

    /// Title and subtitle on a panel in the upper left.
    fn head(&self, caption: &Caption, drawing: &mut Drawing) {
        let unit = self.unit;
        let room = self.width - 56.0 * unit;
        let rows = [
            (&caption.title, 22.0, Weight::Bold, BRIGHT),
            (&caption.subtitle, 13.0, Weight::Regular, QUIET),
        ];
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|(text, ..)| !text.is_empty())
            .map(|(text, size, weight, colour)| (self.line(text, size, weight, room), size, colour))
            .collect();
        let Some(widest) = rows
            .iter()
            .map(|(line, ..)| line.width)
            .max_by(f32::total_cmp)
        else {
            return;
        };
        let height: f32 = rows.iter().map(|(_, size, _)| size * 1.45 * unit).sum();
        let (left, top) = (14.0 * unit, 14.0 * unit);
        drawing.panel(
            [left, top, widest + 28.0 * unit, height + 18.0 * unit],
            8.0 * unit,
            PANEL,
        );
        let mut y = top + 9.0 * unit;
        for (line, size, colour) in rows {
            line.put(
                drawing,
                [left + 14.0 * unit, y + size * 1.08 * unit],
                colour,
            );
            y += size * 1.45 * unit;
        }
    }

    /// The last line; gives the height that it takes.
    fn foot(&self, caption: &Caption, drawing: &mut Drawing) -> f32 {
        if caption.source.is_empty() {
            return 0.0;
        }
        let unit = self.unit;
        let height = 24.0 * unit;
        drawing.panel([0.0, self.height - height, self.width, height], 0.0, PANEL);
        self.line(
            &caption.source,
            11.0,
            Weight::Regular,
            self.width - 28.0 * unit,
        )
        .put(drawing, [14.0 * unit, self.height - 8.0 * unit], QUIET);
        height
    }

    /// The classes on a panel in the lower left.
    fn legend(&self, caption: &Caption, drawing: &mut Drawing, foot: f32) {
        let unit = self.unit;
        let (row, pad, swatch) = (19.0 * unit, 12.0 * unit, 16.0 * unit);
        let title = self.line(&caption.legend_title, 12.0, Weight::Bold, self.width * 0.45);
        let rows: Vec<_> = caption
            .legend
            .iter()
            .map(|class| {
                (
                    self.line(&class.text, 12.0, Weight::Regular, self.width * 0.3),
                    class.colour,
                )
            })
            .collect();
        let height = 2.0 * pad + row * pixels_of(rows.len() + 1);
        if rows.is_empty() || height > self.height * 0.6 {
            return;
        }
        let widest = rows
            .iter()
            .map(|(line, _)| line.width + swatch + 8.0 * unit)
            .fold(title.width, f32::max);
        let (left, top) = (14.0 * unit, self.height - foot - 14.0 * unit - height);
        drawing.panel([left, top, widest + 2.0 * pad, height], 8.0 * unit, PANEL);
        title.put(drawing, [left + pad, top + pad + 11.0 * unit], BRIGHT);
        for (at, (line, colour)) in rows.into_iter().enumerate() {
            let y = top + pad + row * pixels_of(at + 1);
            drawing.panel(
                [left + pad, y + 2.0 * unit, swatch, 13.0 * unit],
                2.0 * unit,
                colour,
            );
            line.put(
                drawing,
                [left + pad + swatch + 8.0 * unit, y + 13.0 * unit],
                QUIET,
            );
        }
    }

    /// A bar of a round length in the lower right.
    fn scale_bar(&self, frame: &Frame, drawing: &mut Drawing, foot: f32) {
        let unit = self.unit;
        let metres = frame.metres_per_pixel();
        let longest_m = f64::from(120.0 * unit) * metres;
        let Some(length_m) = round_length(longest_m) else {
            return;
        };
        let length = pixels(length_m / metres);
        let text = if length_m >= 1000.0 {
            format!("{} km", length_m / 1000.0)
        } else {
            format!("{length_m} m")
        };
        let line = self.line(&text, 12.0, Weight::Regular, self.width * 0.3);
        let right = self.width - 16.0 * unit;
        let base = self.height - foot - 16.0 * unit;
        let wide = line.width.max(length) + 20.0 * unit;
        drawing.panel(
            [
                right + 10.0 * unit - wide,
                base - 24.0 * unit,
                wide,
                32.0 * unit,
            ],
            6.0 * unit,
            PANEL,
        );
        line.put(
            drawing,
            [right - f32::midpoint(length, line.width), base - 9.0 * unit],
            QUIET,
        );
        let ends = [
            [right - length, base - 2.0 * unit, length, 2.0 * unit],
            [right - length, base - 6.0 * unit, 2.0 * unit, 6.0 * unit],
            [
                right - 2.0 * unit,
                base - 6.0 * unit,
                2.0 * unit,
                6.0 * unit,
            ],
        ];
        for part in ends {
            drawing.panel(part, 0.0, BRIGHT);
        }
    }
}

/// The largest of 1, 2, 5 × 10ⁿ metres that is no longer; none when there is none from 1 m up.
fn round_length(longest_m: f64) -> Option<f64> {
    (0..8)
        .rev()
        .flat_map(|power| [5.0, 2.0, 1.0].map(|digit| digit * 10f64.powi(power)))
        .find(|length| *length <= longest_m)
}

fn pixels_of(count: usize) -> f32 {
    pixels(f64::from(u32::try_from(count).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_bar_is_of_a_round_length() {
        assert_eq!(round_length(7400.0), Some(5000.0));
        assert_eq!(round_length(1999.0), Some(1000.0));
        assert_eq!(round_length(0.4), None);
    }

    #[test]
    fn the_legend_names_each_class_once() {
        let scale = Scale::try_new(vec![1.0, 10.0, 50.0]).unwrap();
        let rows = LegendRow::of(&scale, |value| format!("{value}"));
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts, ["≥ 50", "10 – 50", "1 – 10"]);
    }
}
