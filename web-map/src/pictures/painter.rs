//! Who paints: the helper program where there is one, else this process. Few at a time.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use citybrain_grid::City;
use citybrain_picture::{Drawing, Fonts, PaintError, Raster};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Facts;
use super::helper::Helper;
use crate::error::HttpError;
use crate::page;

/// Which program painted a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renderer {
    /// The helper program, by maplibre-rs on Vulkan.
    MapLibre,
    /// This process, by tiny-skia.
    TinySkia,
}

impl Renderer {
    /// The word in the answer's header.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::MapLibre => "maplibre",
            Self::TinySkia => "tiny-skia",
        }
    }
}

/// A picture and who painted it.
#[derive(Debug)]
pub(crate) struct Painted {
    pub(crate) raster: Raster,
    pub(crate) renderer: Renderer,
}

/// The means of painting, shared by all requests.
#[derive(Debug)]
pub(crate) struct Pictures {
    /// Unpacked at the first picture: a few hundred milliseconds.
    fonts: OnceLock<Fonts>,
    helper: Option<Helper>,
    /// Pictures painted at the same time: each has its own pixels, up to 64 MiB of them.
    places: Semaphore,
    /// Pictures that are painted or wait for a place.
    waiting: Semaphore,
}

const AT_ONCE: usize = 2;
const WAITING: usize = 24;

impl Pictures {
    /// With the helper program at `helper`, if there is one.
    pub(crate) fn new(helper: Option<PathBuf>) -> Self {
        Self {
            fonts: OnceLock::new(),
            helper: helper.map(Helper::new),
            places: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
        }
    }

    /// A place among the pictures that are painted now.
    ///
    /// # Errors
    /// [`HttpError::Busy`] when too many wait already.
    pub(crate) async fn place(&self) -> Result<[SemaphorePermit<'_>; 2], HttpError> {
        let waiting = self
            .waiting
            .try_acquire()
            .map_err(|_full| HttpError::Busy {
                message: format!("{WAITING} pictures are being painted or wait already"),
                retry_after: Duration::from_secs(2),
            })?;
        let place = self
            .places
            .acquire()
            .await
            .map_err(|error| HttpError::internal(error.to_string()))?;
        Ok([waiting, place])
    }

    /// The letters of the page, from the binary. Without them a picture has boxes for letters.
    pub(crate) fn fonts(&self) -> &Fonts {
        self.fonts.get_or_init(|| {
            let slices = page::font_slices();
            Fonts::from_woff2(slices.iter().map(AsRef::as_ref)).unwrap_or_else(|error| {
                tracing::warn!(%error, "fonts_not_read");
                Fonts::default()
            })
        })
    }

    /// What a page of its own needs to show a text on a machine without fonts: the slices with its letters, as CSS.
    pub(crate) fn letters_of(&self, text: &str) -> String {
        let packed = page::font_slices();
        let rules = self.fonts().slices_of(text).into_iter().filter_map(|slice| {
            let data = BASE64.encode(packed.get(slice)?);
            let family = format!("letters-{slice}");
            let rule = format!(
                "@font-face {{ font-family: {family}; font-weight: 100 900; src: url(data:font/woff2;base64,{data}) format(\"woff2\") }}\n"
            );
            Some((family, rule))
        });
        let (mut families, rules): (Vec<String>, String) = rules.unzip();
        families.push("sans-serif".to_owned());
        rules + ":root { --letters: " + &families.join(", ") + " }"
    }

    /// The whole picture. It takes long: call it from a thread for blocking work.
    ///
    /// # Errors
    /// A picture without pixels; the helper's failure when only it was asked for.
    pub(crate) fn paint(
        &self,
        city: &City,
        facts: &Facts,
        wanted: Option<Renderer>,
    ) -> Result<Painted, PictureError> {
        let map = facts.map(city);
        let (mut raster, renderer) = match (wanted, &self.helper) {
            (Some(Renderer::TinySkia), _) | (None, None) => {
                (Raster::of(&map.drawing())?, Renderer::TinySkia)
            }
            (Some(Renderer::MapLibre), None) => return Err(PictureError::NoHelper),
            (wanted, Some(helper)) => {
                let size = [facts.frame.width, facts.frame.height];
                match helper.paint(&map.tile(), size) {
                    Ok(raster) => (raster, Renderer::MapLibre),
                    Err(error) if wanted.is_some() => {
                        return Err(PictureError::Helper(error.to_string()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "picture_helper_failed");
                        (Raster::of(&map.drawing())?, Renderer::TinySkia)
                    }
                }
            }
        };
        raster.paint(&self.over(city, facts));
        Ok(Painted { raster, renderer })
    }

    /// Names and caption on transparent ground.
    fn over(&self, city: &City, facts: &Facts) -> Drawing {
        let mut drawing = Drawing::new(facts.frame.width, facts.frame.height);
        facts.map(city).put_labels(&mut drawing, self.fonts());
        if let Some(caption) = &facts.caption {
            caption.put(&mut drawing, &facts.frame, self.fonts());
        }
        drawing
    }

    /// The whole picture as shapes: for SVG and PDF.
    pub(crate) fn drawing(&self, city: &City, facts: &Facts) -> Drawing {
        let mut drawing = facts.map(city).drawing();
        drawing.place(&self.over(city, facts), [0.0, 0.0], 1.0);
        drawing
    }
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    #[error(
        "there is no helper program: `make snapshot` builds it, the setting `snapshot_helper` names it"
    )]
    NoHelper,
    #[error("the helper program failed: {0}")]
    Helper(String),
    #[error(transparent)]
    Paint(#[from] PaintError),
}

impl From<PictureError> for HttpError {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::NoHelper | PictureError::Helper(_) => {
                Self::Unavailable(error.to_string())
            }
            PictureError::Paint(error) => Self::internal(error),
        }
    }
}
