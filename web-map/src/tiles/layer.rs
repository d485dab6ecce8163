//! The layers that tiles show.

use citybrain_grid::City;
use citybrain_grid::tile::{self, TileCoord};
use citybrain_model::AreaLevel;
use h3o::Resolution;

/// What a tile shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Layer {
    /// The areas of a level, and a label for each.
    Areas(AreaLevel),
    /// The cells of a resolution that touch the city.
    Cells(Resolution),
    /// The cells of the resolution that suits the zoom.
    CellsByZoom,
    /// The parts of cells that lie in one area of the smallest level.
    Aligned,
}

/// A name that is no layer of the city.
#[derive(Debug, thiserror::Error)]
#[error("layer \"{0}\"")]
pub(crate) struct UnknownLayer(pub(crate) String);

/// Below this zoom all cells are of one resolution.
const ZOOM_MIN: u8 = 7;
/// From 7 to 13 the resolution of the cells for each zoom; deeper zooms have that of 13.
const BY_ZOOM: [Resolution; 7] = [
    Resolution::Six,
    Resolution::Seven,
    Resolution::Seven,
    Resolution::Eight,
    Resolution::Nine,
    Resolution::Nine,
    Resolution::Ten,
];
/// How much finer than by its zoom the cells of a tile may be: each step is seven times as many.
const FINER_MAX: u8 = 2;

impl Layer {
    /// The layer of this name: `areas-LEVEL`, `cells-RESOLUTION`, `cells` or `aligned`.
    ///
    /// # Errors
    /// When the city has no such layer.
    pub(crate) fn parse(name: &str, city: &City) -> Result<Self, UnknownLayer> {
        let layer = match name.split_once('-') {
            None if name == "cells" => Some(Self::CellsByZoom),
            None if name == "aligned" => Some(Self::Aligned),
            Some(("areas", level)) => level
                .parse()
                .ok()
                .filter(|level| city.level(*level).is_some())
                .map(Self::Areas),
            Some(("cells", resolution)) => resolution
                .parse::<u8>()
                .ok()
                .and_then(|resolution| Resolution::try_from(resolution).ok())
                .filter(|resolution| (Resolution::Five..=city.base_resolution).contains(resolution))
                .map(Self::Cells),
            _ => None,
        };
        layer.ok_or_else(|| UnknownLayer(name.to_owned()))
    }

    /// The layer's name in addresses.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Areas(level) => format!("areas-{level}"),
            Self::Cells(resolution) => format!("cells-{}", u8::from(resolution)),
            Self::CellsByZoom => "cells".to_owned(),
            Self::Aligned => "aligned".to_owned(),
        }
    }

    /// The layer of a given resolution that stands for this one at a zoom; none when a tile would hold too many cells.
    pub(crate) fn at_zoom(self, zoom: u8, city: &City) -> Option<Self> {
        let suits = cells_at(zoom).min(city.base_resolution);
        match self {
            Self::Areas(_) => Some(self),
            Self::Aligned => (zoom >= tile::aligned_zoom_min(city)).then_some(self),
            Self::CellsByZoom => Some(Self::Cells(suits)),
            Self::Cells(resolution) => {
                (u8::from(resolution) <= u8::from(suits) + FINER_MAX).then_some(self)
            }
        }
    }

    /// The first zoom at which the layer has tiles.
    pub(crate) fn zoom_min(self, city: &City) -> u8 {
        (0..TileCoord::ZOOM_MAX)
            .find(|zoom| self.at_zoom(*zoom, city).is_some())
            .unwrap_or(0)
    }

    /// The tile's bytes (MVT). It may take long.
    pub(crate) fn tile(self, city: &City, tile: TileCoord) -> Vec<u8> {
        match self {
            Self::Areas(level) => city
                .level(level)
                .map_or_else(Vec::new, |level| tile::areas(level, tile)),
            Self::Cells(resolution) => tile::cells(city, resolution, tile),
            Self::Aligned => tile::aligned(city, tile),
            Self::CellsByZoom => {
                tile::cells(city, cells_at(tile.z()).min(city.base_resolution), tile)
            }
        }
    }
}

/// Works out which cells touch the city, at every resolution that the map shows, so that the first tiles need not. It takes about a
/// microsecond for each cell.
pub(crate) fn find_cells(city: &City) {
    for resolution in BY_ZOOM
        .into_iter()
        .filter(|resolution| *resolution <= city.base_resolution)
    {
        citybrain_grid::cover(city, resolution);
    }
}

/// The resolution of cells that suits a zoom.
pub(crate) fn cells_at(zoom: u8) -> Resolution {
    let step = usize::from(zoom.saturating_sub(ZOOM_MIN));
    BY_ZOOM[step.min(BY_ZOOM.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_grow_finer_as_the_map_zooms_in() {
        let by_zoom: Vec<u8> = [0, 7, 8, 9, 10, 11, 12, 13, 14, 22]
            .map(|zoom| cells_at(zoom).into())
            .into();
        assert_eq!(by_zoom, [6, 6, 7, 7, 8, 9, 9, 10, 10, 10]);
    }
}
