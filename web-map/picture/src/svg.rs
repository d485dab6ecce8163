//! A drawing as SVG: for pages, and on the way to PDF.

use std::fmt::Write;

use tiny_skia::PathSegment;

use crate::{Drawing, Shape};

impl Drawing {
    /// The drawing as an SVG document with letters as paths: it looks the same everywhere and reads no font. `title` is what a
    /// reader hears who does not see it.
    pub fn svg(&self, title: &str) -> String {
        let (width, height) = (self.width, self.height);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{}</title>",
            escaped(title)
        );
        // Neighbours with the same edges are a group that is cut once.
        let groups = self.shapes.chunk_by(|one, next| one.clip == next.clip);
        for (number, shapes) in groups.enumerate() {
            let clip = shapes.first().and_then(|shape| shape.clip);
            if let Some(edges) = clip {
                // Writing to a String cannot fail.
                let _written = write!(
                    text,
                    "<clipPath id=\"edges-{number}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/></clipPath><g clip-path=\"url(#edges-{number})\">",
                    edges.x(),
                    edges.y(),
                    edges.width(),
                    edges.height()
                );
            }
            for shape in shapes {
                shape.write(&mut text);
            }
            if clip.is_some() {
                text.push_str("</g>");
            }
        }
        text.push_str("</svg>");
        text
    }
}

impl Shape {
    fn write(&self, text: &mut String) {
        let (colour, alpha) = (self.colour.hex(), self.colour.alpha());
        text.push_str("<path d=\"");
        for segment in self.path.segments() {
            write_segment(text, segment);
        }
        // Writing to a String cannot fail.
        let _written = match self.stroke {
            None => write!(text, "\" fill=\"{colour}\""),
            Some(width) => write!(
                text,
                "\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width:.2}\" stroke-linejoin=\"round\" stroke-linecap=\"round\""
            ),
        };
        if alpha < 1.0 {
            let _written = write!(text, " opacity=\"{alpha:.3}\"");
        }
        text.push_str("/>");
    }
}

/// A tenth of a pixel is more than anybody sees.
fn write_segment(text: &mut String, segment: PathSegment) {
    let _written = match segment {
        PathSegment::MoveTo(at) => write!(text, "M{:.1} {:.1}", at.x, at.y),
        PathSegment::LineTo(at) => write!(text, "L{:.1} {:.1}", at.x, at.y),
        PathSegment::QuadTo(control, at) => write!(
            text,
            "Q{:.1} {:.1} {:.1} {:.1}",
            control.x, control.y, at.x, at.y
        ),
        PathSegment::CubicTo(first, second, at) => write!(
            text,
            "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            first.x, first.y, second.x, second.y, at.x, at.y
        ),
        PathSegment::Close => write!(text, "Z"),
    };
}

/// Text for an SVG or HTML document.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
