//! A drawing as a PDF of one page.

use svg2pdf::{ConversionOptions, PageOptions};

use crate::Drawing;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be written as PDF: {0}")]
pub struct PdfError(String);

impl Drawing {
    /// The drawing as a PDF of one page, as many points wide as the drawing has pixels. It is all vectors, letters included.
    ///
    /// # Errors
    /// When the drawing cannot be converted.
    pub fn pdf(&self, title: &str) -> Result<Vec<u8>, PdfError> {
        let options = usvg::Options::default();
        let tree = usvg::Tree::from_str(&self.svg(title), &options)
            .map_err(|error| PdfError(error.to_string()))?;
        // A pixel of the drawing is a point of the page.
        let page = PageOptions { dpi: 72.0 };
        svg2pdf::to_pdf(&tree, ConversionOptions::default(), page)
            .map_err(|error| PdfError(error.to_string()))
    }
}
