//! Pictures of the map without a browser.
//!
//! A [`Frame`] says which piece of the world lies under which pixels; a [`Map`] holds what is drawn there (ground, coloured cells or
//! areas, borders, sensors) and a [`Caption`] what is written around it. Both become a [`Drawing`], a list of filled and stroked
//! shapes in pixels, letters included, which is painted as PNG (tiny-skia), written as SVG, or as PDF. [`Map::tile`] gives the same map
//! as one vector tile and style, for a renderer that reads these.
//!
//! Longitude comes before latitude, in WGS 84 degrees; pixels count from the upper left. Nothing here reads a file, a clock or a socket:
//! fonts are handed in.

mod caption;
mod colour;
mod drawing;
mod fonts;
mod frame;
mod map;
mod page;
mod paint;
mod pdf;
mod scale;
mod svg;
mod tile;

pub use caption::{Caption, LegendRow};
pub use colour::Colour;
pub use drawing::{Drawing, Shape};
pub use fonts::{FontError, Fonts, Line, Weight};
pub use frame::{Frame, FrameError, SIZE_MAX, SIZE_MIN};
pub use map::{Border, Dot, Label, Map};
pub use page::{Bar, Page, Row, Table};
pub use paint::{PaintError, Raster};
pub use pdf::PdfError;
pub use scale::Scale;
pub use tile::MapTile;
