//! Colours.

/// A colour in sRGB with its opacity: red, green, blue, alpha, not premultiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour(pub [u8; 4]);

impl Colour {
    /// Opaque, from `0xRRGGBB`.
    pub const fn rgb(hex: u32) -> Self {
        let [_, red, green, blue] = hex.to_be_bytes();
        Self([red, green, blue, 255])
    }

    /// The same colour with an opacity from 0 to 1.
    #[must_use]
    pub fn with_alpha(self, alpha: f32) -> Self {
        let [red, green, blue, _] = self.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=255 before"
        )]
        let alpha = (alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
        Self([red, green, blue, alpha])
    }

    /// What this colour looks like on an opaque ground: opaque.
    #[must_use]
    pub fn over(self, ground: Self) -> Self {
        let alpha = u32::from(self.0[3]);
        let mix = |top: u8, below: u8| {
            let sum = u32::from(top) * alpha + u32::from(below) * (255 - alpha);
            u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
        };
        let (top, below) = (self.0, ground.0);
        Self([
            mix(top[0], below[0]),
            mix(top[1], below[1]),
            mix(top[2], below[2]),
            255,
        ])
    }

    /// `#rrggbb`, without the opacity.
    pub fn hex(self) -> String {
        let [red, green, blue, _] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The opacity from 0 to 1.
    pub fn alpha(self) -> f32 {
        f32::from(self.0[3]) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use super::Colour;

    #[test]
    fn a_transparent_colour_shows_the_ground() {
        let (red, white) = (Colour::rgb(0x00ff_0000), Colour::rgb(0x00ff_ffff));
        assert_eq!(red.with_alpha(0.0).over(white), white);
        assert_eq!(red.over(white), red);
        assert_eq!(
            red.with_alpha(0.5).over(white),
            Colour([255, 127, 127, 255])
        );
        assert_eq!(red.hex(), "#ff0000");
    }
}
