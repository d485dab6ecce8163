//! Which piece of the world lies under which pixels.

use std::f64::consts::PI;

/// Smallest width and height of a picture, pixels.
pub const SIZE_MIN: u32 = 64;
/// Largest width and height of a picture, pixels.
pub const SIZE_MAX: u32 = 4096;

/// A rectangle of the web mercator map (EPSG:3857) in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Width of the picture, pixels.
    pub width: u32,
    /// Height of the picture, pixels.
    pub height: u32,
    /// Upper left corner in the world, whose sides are 1 long: x from 180° west, y from about 85.05° north.
    corner: [f64; 2],
    /// Pixels for the side of the world.
    scale: f64,
}

/// Why there is no such frame.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The picture is too small or too large.
    #[error("{0} is not between {SIZE_MIN} and {SIZE_MAX} pixels")]
    Size(u32),
    /// The rectangle has no extent or lies outside of the world.
    #[error("west < east and south < north, within ±180° and ±85°, is the rule")]
    Rectangle,
}

impl Frame {
    /// The whole rectangle west, south, east, north (degrees) in the middle of a picture, with `margin` pixels around it at least.
    ///
    /// # Errors
    /// A size out of bounds, a rectangle without extent or outside of the world.
    pub fn fit(
        [west, south, east, north]: [f64; 4],
        [width, height]: [u32; 2],
        margin: f64,
    ) -> Result<Self, FrameError> {
        for size in [width, height] {
            if !(SIZE_MIN..=SIZE_MAX).contains(&size) {
                return Err(FrameError::Size(size));
            }
        }
        let inside = -180.0 <= west && west < east && east <= 180.0;
        if !(inside && -85.06 <= south && south < north && north <= 85.06) {
            return Err(FrameError::Rectangle);
        }
        let ([left, top], [right, bottom]) = (world(west, north), world(east, south));
        let room = |size: u32| (f64::from(size) - 2.0 * margin).max(f64::from(size) / 4.0);
        let scale = (room(width) / (right - left)).min(room(height) / (bottom - top));
        let corner = [
            f64::midpoint(left, right) - f64::from(width) / (2.0 * scale),
            f64::midpoint(top, bottom) - f64::from(height) / (2.0 * scale),
        ];
        Ok(Self {
            width,
            height,
            corner,
            scale,
        })
    }

    /// The tile of zoom `z`, column `x` and row `y` (XYZ scheme) as a square of `size` pixels.
    pub fn tile(z: u8, x: u32, y: u32, size: u32) -> Self {
        let tiles = f64::from(z).exp2();
        Self {
            width: size,
            height: size,
            corner: [f64::from(x) / tiles, f64::from(y) / tiles],
            scale: f64::from(size) * tiles,
        }
    }

    /// Where a position (longitude, latitude) lies in the picture, pixels from the upper left; it may lie outside.
    pub fn at(&self, lon: f64, lat: f64) -> [f64; 2] {
        let [x, y] = world(lon, lat);
        [
            (x - self.corner[0]) * self.scale,
            (y - self.corner[1]) * self.scale,
        ]
    }

    /// The position (longitude, latitude) at pixels from the upper left.
    pub fn position(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (x, y) = (
            self.corner[0] + x / self.scale,
            self.corner[1] + y / self.scale,
        );
        [
            x * 360.0 - 180.0,
            (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees(),
        ]
    }

    /// The rectangle that the picture shows: west, south, east, north in degrees.
    pub fn bbox(&self) -> [f64; 4] {
        let [west, north] = self.position([0.0, 0.0]);
        let [east, south] = self.position([f64::from(self.width), f64::from(self.height)]);
        [
            west.max(-180.0),
            south.max(-85.06),
            east.min(180.0),
            north.min(85.06),
        ]
    }

    /// The zoom of web maps (tiles of 512 pixels, as in MapLibre) that shows things as large.
    pub fn zoom(&self) -> f64 {
        (self.scale / 512.0).log2()
    }

    /// Metres on the ground for one pixel, in the middle of the picture.
    pub fn metres_per_pixel(&self) -> f64 {
        /// Equator of the mercator sphere (WGS 84's larger axis), metres.
        const EQUATOR_M: f64 = 2.0 * PI * 6_378_137.0;
        let [_, lat] = self.position([f64::from(self.width) / 2.0, f64::from(self.height) / 2.0]);
        EQUATOR_M * lat.to_radians().cos() / self.scale
    }
}

/// Web mercator in a square with sides of 1.
fn world(lon: f64, lat: f64) -> [f64; 2] {
    let lat = lat.clamp(-89.9, 89.9).to_radians();
    [
        (lon + 180.0) / 360.0,
        0.5 - (lat.tan().asinh()) / (2.0 * PI),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_lies_in_the_middle_and_comes_back() {
        let bbox = [116.0, 39.5, 117.0, 40.5];
        let frame = Frame::fit(bbox, [800, 600], 20.0).unwrap();
        let [left, top] = frame.at(116.0, 40.5);
        let [right, bottom] = frame.at(117.0, 39.5);
        assert!((left + right - 800.0).abs() < 1e-6 && (top + bottom - 600.0).abs() < 1e-6);
        assert!((top - 20.0).abs() < 1e-6, "the taller side decides");
        let [lon, lat] = frame.position(frame.at(116.3, 39.9));
        assert!((lon - 116.3).abs() < 1e-9 && (lat - 39.9).abs() < 1e-9);
    }

    #[test]
    fn a_tile_is_where_web_maps_have_it() {
        let frame = Frame::tile(1, 1, 0, 256);
        let [x, y] = frame.at(0.0, 0.0);
        assert!(x.abs() < 1e-9 && (y - 256.0).abs() < 1e-9);
        assert!(
            (frame.zoom() - 0.0).abs() < 1e-9,
            "256 pixels are half of MapLibre's"
        );
    }

    #[test]
    fn what_is_no_rectangle_is_refused() {
        assert_eq!(
            Frame::fit([1.0, 2.0, 1.0, 3.0], [100, 100], 0.0),
            Err(FrameError::Rectangle)
        );
        assert_eq!(
            Frame::fit([1.0, 2.0, f64::NAN, 3.0], [100, 100], 0.0),
            Err(FrameError::Rectangle)
        );
        assert_eq!(
            Frame::fit([1.0, 2.0, 2.0, 3.0], [100, 9000], 0.0),
            Err(FrameError::Size(9000))
        );
    }
}
