//! What picture is asked for.

use citybrain_grid::City;
use citybrain_model::AreaLevel;
use citybrain_picture::{Frame, SIZE_MAX, SIZE_MIN, Scale};
use citybrain_query::{Filter, Measure};
use h3o::Resolution;

use super::{Renderer, Words};
use crate::error::HttpError;
use crate::http::filter::measure;
use crate::http::params::Params;
use crate::tiles;

/// What picture is asked for.
#[derive(Debug, Clone)]
pub(crate) struct PictureRequest {
    pub(crate) frame: Frame,
    pub(crate) shown: Shown,
    pub(crate) measure: Measure,
    pub(crate) filter: Filter,
    /// Cells and areas with a smaller value are not drawn.
    pub(crate) least: f64,
    /// The scale to use instead of one from the values.
    pub(crate) scale: Option<Scale>,
    pub(crate) title: Option<String>,
    pub(crate) words: Words,
    /// Title, legend, scale bar and source around the map.
    pub(crate) caption: bool,
    /// Names of areas.
    pub(crate) labels: bool,
    pub(crate) sensors: bool,
    pub(crate) renderer: Option<Renderer>,
}

/// What has values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The H3 cells of a resolution.
    Cells(Resolution),
    /// The areas of a level.
    Areas(AreaLevel),
}

/// Room between the edge and the rectangle that was asked for, pixels of a picture of 768.
const MARGIN: f64 = 24.0;

impl PictureRequest {
    /// Reads the parameters: `bbox`, `size`, `layer`, `resolution`, `measure`, `property`, `breaks`, `title`, `lang`, `caption`, `labels`,
    /// `sensors`, `renderer`, and the filter's.
    ///
    /// # Errors
    /// A value that cannot be used, or a parameter that nobody knows, by name.
    pub(crate) fn read(mut params: Params, city: &City) -> Result<Self, HttpError> {
        let size = size(&mut params)?;
        let bbox = if let Some(text) = params.text("bbox")? {
            bbox(&text)?
        } else {
            let all = city.bbox();
            [all.west, all.south, all.east, all.north]
        };
        let margin = MARGIN * f64::from(size[0].min(size[1])) / 768.0;
        let frame = Frame::fit(bbox, size, margin)
            .map_err(|error| HttpError::parameter("bbox", error.to_string()))?;
        let shown = shown(&mut params, &frame, city)?;
        let measure = measure(&mut params)?;
        let scale = breaks(&mut params)?;
        let words = match params.text("lang")?.as_deref() {
            None => Words::of(city.languages.first().map_or("zh", String::as_str)),
            Some(lang @ ("zh" | "en")) => Words::of(lang),
            Some(other) => {
                return Err(HttpError::parameter(
                    "lang",
                    format!("\"{other}\" is not zh or en"),
                ));
            }
        };
        let title = params.text("title")?;
        if title
            .as_ref()
            .is_some_and(|title| title.chars().count() > TITLE_MAX)
        {
            return Err(HttpError::parameter(
                "title",
                format!("is longer than {TITLE_MAX} characters"),
            ));
        }
        let caption = params.parsed("caption")?.unwrap_or(true);
        let labels = params.parsed("labels")?.unwrap_or(true);
        let sensors = params.parsed("sensors")?.unwrap_or(false);
        let renderer = match params.text("renderer")?.as_deref() {
            None | Some("auto") => None,
            Some("maplibre") => Some(Renderer::MapLibre),
            Some("tiny-skia") => Some(Renderer::TinySkia),
            Some(other) => {
                return Err(HttpError::parameter(
                    "renderer",
                    format!("\"{other}\" is not auto, maplibre or tiny-skia"),
                ));
            }
        };
        let filter = filter(params, city)?;
        Ok(Self {
            frame,
            shown,
            measure,
            filter,
            least: 0.0,
            scale,
            title,
            words,
            caption,
            labels,
            sensors,
            renderer,
        })
    }
}

const TITLE_MAX: usize = 200;

/// Reads the filter from what was left.
pub(super) fn filter(params: Params, city: &City) -> Result<Filter, HttpError> {
    let (filter, rest) = Filter::try_from_pairs(params.rest(), city.time_zone)?;
    match rest.into_iter().next() {
        None => Ok(filter),
        Some((name, _)) => Err(HttpError::unknown_parameter(name)),
    }
}

/// `1024` or `1200x800`; 1024 × 768 when it is missing.
fn size(params: &mut Params) -> Result<[u32; 2], HttpError> {
    let Some(text) = params.text("size")? else {
        return Ok([1024, 768]);
    };
    let wrong = || {
        HttpError::parameter(
            "size",
            format!(
                "\"{text}\" is not a number or WIDTHxHEIGHT from {SIZE_MIN} to {SIZE_MAX} pixels"
            ),
        )
    };
    let (width, height) = text.split_once('x').unwrap_or((&text, &text));
    let side = |side: &str| {
        side.parse::<u32>()
            .ok()
            .filter(|pixels| (SIZE_MIN..=SIZE_MAX).contains(pixels))
            .ok_or_else(wrong)
    };
    Ok([side(width)?, side(height)?])
}

/// `west,south,east,north`.
fn bbox(text: &str) -> Result<[f64; 4], HttpError> {
    let sides: Vec<f64> = text
        .split(',')
        .map_while(|side| side.trim().parse().ok())
        .collect();
    <[f64; 4]>::try_from(sides)
        .ok()
        .filter(|_| text.split(',').count() == 4)
        .ok_or_else(|| {
            HttpError::parameter(
                "bbox",
                format!("\"{text}\" is not west,south,east,north in degrees"),
            )
        })
}

/// `cells` or `areas-LEVEL`, and for cells the resolution; by default the one that suits the zoom.
fn shown(params: &mut Params, frame: &Frame, city: &City) -> Result<Shown, HttpError> {
    let layer = params.text("layer")?;
    let resolution = params.parsed::<u8>("resolution")?;
    match layer.as_deref() {
        None | Some("cells" | "heat") => {
            let base = city.base_resolution;
            let resolution = match resolution {
                None => {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a zoom from 0 to 22"
                    )]
                    let zoom = frame.zoom().round().clamp(0.0, 22.0) as u8;
                    tiles::cells_at(zoom).min(base)
                }
                Some(number) => Resolution::try_from(number)
                    .ok()
                    .filter(|resolution| (Resolution::Five..=base).contains(resolution))
                    .ok_or_else(|| {
                        HttpError::parameter(
                            "resolution",
                            format!("{number} is not between 5 and {}", u8::from(base)),
                        )
                    })?,
            };
            Ok(Shown::Cells(resolution))
        }
        Some(layer) => layer
            .strip_prefix("areas-")
            .and_then(|level| level.parse::<AreaLevel>().ok())
            .filter(|level| city.level(*level).is_some())
            .map(Shown::Areas)
            .ok_or_else(|| {
                HttpError::parameter(
                    "layer",
                    format!("\"{layer}\" is not cells or areas-LEVEL with a level of the city"),
                )
            }),
    }
}

/// Lower bounds of the classes: `1,5,20`.
pub(crate) fn breaks(params: &mut Params) -> Result<Option<Scale>, HttpError> {
    let Some(text) = params.text("breaks")? else {
        return Ok(None);
    };
    let wrong = || {
        HttpError::parameter(
            "breaks",
            format!("\"{text}\" is not one to seven rising numbers with commas"),
        )
    };
    let bounds: Result<Vec<f64>, _> = text.split(',').map(|bound| bound.trim().parse()).collect();
    Scale::try_new(bounds.map_err(|_error| wrong())?)
        .map(Some)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests;
