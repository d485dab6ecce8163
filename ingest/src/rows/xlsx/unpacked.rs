//! How large a workbook is when it is unpacked: a small file may unpack to any size.

use std::io::{self, Cursor, Read};

use zip::{ZipArchive, result::ZipError};

use super::super::{FileProblem, UNPACKED_BYTES_MAX, WHOLE_BYTES_MAX, error::one_line};

/// Most parts of a workbook.
const PARTS_MAX: usize = 10_000;
/// The part that is held in memory as a whole.
const TEXTS: &str = "sharedstrings.xml";

/// Unpacks every part once, into nothing, and counts: what the parts say of their own size may be wrong.
///
/// # Errors
/// [`FileProblem::Unpacked`] beyond [`UNPACKED_BYTES_MAX`], or [`WHOLE_BYTES_MAX`] for the texts that cells share.
pub(super) fn check(workbook: &bytes::Bytes) -> Result<(), FileProblem> {
    let mut archive =
        ZipArchive::new(Cursor::new(workbook.clone())).map_err(|error| damaged(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(FileProblem::Unpacked);
    }
    let mut left = UNPACKED_BYTES_MAX;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let is_texts = part
            .name()
            .is_ok_and(|name| name.to_ascii_lowercase().ends_with(TEXTS));
        let limit = if is_texts {
            left.min(WHOLE_BYTES_MAX)
        } else {
            left
        };
        let size = io::copy(&mut part.take(limit + 1), &mut io::sink());
        let size = size.map_err(|error| damaged(&ZipError::Io(error)))?;
        if size > limit {
            return Err(FileProblem::Unpacked);
        }
        left -= size;
    }
    Ok(())
}

fn damaged(error: &ZipError) -> FileProblem {
    FileProblem::Table {
        what: "XLSX workbook",
        rows: 0,
        cause: one_line(error),
    }
}
