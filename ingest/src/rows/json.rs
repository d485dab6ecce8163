//! JSON: one object a line, or one document with an array of objects. GeoJSON features are objects with their properties as
//! columns.

use std::{
    cell::Cell,
    io::{BufRead, BufReader, Read},
    ops::ControlFlow,
    rc::Rc,
};

use citybrain_model::Refusal;
use csv::StringRecord;
use serde::de::{DeserializeSeed as _, IgnoredAny, MapAccess, SeqAccess};
use serde_json::Value;

pub(super) mod object;

use self::object::{Any, ByKind, Element, Members, apart, flat_object, members_of, value_of};
use super::{
    Columns, FileProblem, ROW_BYTES_MAX, Shape,
    chunk::{Emitter, Found},
    encoding,
    error::one_line,
    open::RowLimit,
};

/// Most columns that JSON rows may bring together; a member beyond them is left out.
const COLUMNS_MAX: usize = 2000;

/// The word in [`Shape::records`] that makes an object at the top of a document one row.
const ITSELF: &str = ".";

/// Reads NDJSON. A line that is no object is refused by rule `json`, one that is no text by rule `encoding`; a blank line is no
/// row.
pub(super) fn read_lines(
    reader: impl Read,
    shape: &Shape,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let text = encoding::decode(reader, &shape.encodings)
        .map_err(|error| FileProblem::of_io(error, 0, 0))?;
    if text.empty {
        return Err(FileProblem::Empty);
    }
    let mut reader = BufReader::new(text.reader);
    let mut rows = Rows::new(shape, emitter);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let size = reader
            .by_ref()
            .take(ROW_BYTES_MAX)
            .read_until(b'\n', &mut bytes)
            .map_err(|error| FileProblem::of_io(error, rows.emitter.rows(), line))?;
        if size == 0 {
            break;
        }
        if size as u64 == ROW_BYTES_MAX && !bytes.ends_with(b"\n") {
            let row = rows.emitter.rows();
            return Err(FileProblem::RowTooLong { row, line });
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        if rows
            .line(line, &bytes, text.decoded, shape.replace_invalid)
            .is_break()
        {
            return Ok(());
        }
    }
    rows.emitter.finish();
    Ok(())
}

/// Reads a document as a stream: an array of objects; or an object whose member named by the profile, else whose first array
/// of objects, holds them; or a single object, which is one row (and always is when the profile says `records = "."`).
pub(super) fn read_document(
    reader: impl Read,
    shape: &Shape,
    emitter: &mut Emitter<'_, '_>,
) -> Result<(), FileProblem> {
    let text = encoding::decode(reader, &shape.encodings)
        .map_err(|error| FileProblem::of_io(error, 0, 0))?;
    if text.empty {
        return Err(FileProblem::Empty);
    }
    let (limited, since_row) = RowLimit::new(text.reader);
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(limited));
    let mut document = Document {
        rows: Rows::new(shape, emitter),
        is_row: shape.records.as_deref() == Some(ITSELF),
        wanted: shape.records.as_deref(),
        since_row,
        found: false,
        stopped: false,
    };
    let read = Any(&mut document).deserialize(&mut json);
    let stopped = document.stopped;
    if stopped {
        return Ok(());
    }
    let found = document.found;
    let read = read.and_then(|rest| json.end().map(|()| rest));
    // Rows before a fault count.
    let emitter = document.rows.emitter;
    let rest = match read {
        Ok(rest) => rest,
        Err(error) => {
            emitter.finish();
            return Err(problem(error, emitter.rows()));
        }
    };
    if !found {
        let Some(members) = rest else {
            return Err(FileProblem::NoRows(
                "the document is no array and no object".to_owned(),
            ));
        };
        if let Some(wanted) = shape.records.as_ref().filter(|wanted| *wanted != ITSELF) {
            return Err(FileProblem::NoRows(format!("it has no array \"{wanted}\"")));
        }
        if Rows::new(shape, emitter).object(0, members).is_break() {
            return Ok(());
        }
    }
    emitter.finish();
    Ok(())
}

fn problem(error: serde_json::Error, rows: u64) -> FileProblem {
    if error.is_io() {
        return FileProblem::of_io(error.into(), rows, 0);
    }
    // The position is told apart from the message.
    let message = one_line(&error);
    let message = message.split(" at line ").next().unwrap_or_default();
    FileProblem::Json {
        line: error.line(),
        column: error.column(),
        rows,
        message: message.to_owned(),
    }
}

/// Turns objects into rows; a member that no earlier object had becomes a new column.
struct Rows<'r, 'a, 'e> {
    emitter: &'r mut Emitter<'a, 'e>,
    columns: Columns,
    whole: &'r [String],
    each: Option<&'r str>,
}

impl<'r, 'a, 'e> Rows<'r, 'a, 'e> {
    fn new(shape: &'r Shape, emitter: &'r mut Emitter<'a, 'e>) -> Self {
        Self {
            emitter,
            columns: Columns::default(),
            whole: &shape.whole,
            each: shape.each.as_deref(),
        }
    }

    fn line(&mut self, line: u64, bytes: &[u8], decoded: bool, replace: bool) -> ControlFlow<()> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if replace || !decoded || !text.contains('\u{fffd}') => text.to_owned(),
            Err(_) if replace => String::from_utf8_lossy(bytes).into_owned(),
            _ => {
                let message = format!("line {line}: bytes that are no text in the file's encoding");
                let refusal = Refusal::new("row", "", "encoding", message);
                let found = Found::Line(String::from_utf8_lossy(bytes).trim().to_owned());
                return self.emitter.bad(line, found, refusal);
            }
        };
        match serde_json::from_str(&text) {
            Ok(Element::Object(members)) => self.object(line, members),
            Ok(Element::Other(_)) => self.no_object(line, &text, "is no JSON object"),
            Err(error) => self.no_object(line, &text, &format!("is no JSON: {}", one_line(&error))),
        }
    }

    fn no_object(&mut self, line: u64, text: &str, what: &str) -> ControlFlow<()> {
        let place = match line {
            0 => "the element".to_owned(),
            line => format!("line {line}"),
        };
        let refusal = Refusal::new("row", "", "json", format!("{place} {what}"));
        let found = Found::Line(text.trim().to_owned());
        self.emitter.bad(line, found, refusal)
    }

    fn object(&mut self, line: u64, members: Members) -> ControlFlow<()> {
        let Some(each) = self.each else {
            return self.flat(line, members);
        };
        for members in apart(members, each) {
            self.flat(line, members)?;
        }
        ControlFlow::Continue(())
    }

    fn flat(&mut self, line: u64, members: Members) -> ControlFlow<()> {
        let flat = flat_object(members, self.whole);
        let before = self.columns.len();
        let mut cells = vec![""; before];
        for (name, value) in &flat {
            let at = match self.columns.find_exact(name) {
                Some(at) => at,
                None if self.columns.len() < COLUMNS_MAX => {
                    self.columns.push(name.to_owned());
                    cells.push("");
                    self.columns.len() - 1
                }
                None => continue,
            };
            // Of a name that occurs twice the first counts.
            if let Some(cell) = cells.get_mut(at).filter(|cell| cell.is_empty()) {
                *cell = value;
            }
        }
        if self.columns.len() != before {
            self.emitter.columns(self.columns.clone())?;
        }
        self.emitter.row(line, StringRecord::from(cells))
    }
}

/// The top of a document: finds the array and takes its elements one at a time.
struct Document<'r, 'a, 'e, 's> {
    rows: Rows<'r, 'a, 'e>,
    /// An object at the top is one row.
    is_row: bool,
    /// The member that holds the rows.
    wanted: Option<&'s str>,
    since_row: Rc<Cell<u64>>,
    found: bool,
    stopped: bool,
}

impl Document<'_, '_, '_, '_> {
    /// Hands on one element; the error says that no more is wanted.
    fn element<E: serde::de::Error>(&mut self, element: Element) -> Result<(), E> {
        self.since_row.set(0);
        let flow = match element {
            Element::Object(members) => self.rows.object(0, members),
            Element::Other(value) => {
                self.rows
                    .no_object(0, &value.to_string(), "is no JSON object")
            }
        };
        if flow.is_break() {
            self.stopped = true;
            return Err(E::custom("stopped"));
        }
        Ok(())
    }
}

impl<'de> ByKind<'de> for &mut Document<'_, '_, '_, '_> {
    /// The members of the document's object, when the document is one and no array of rows was found in it.
    type Out = Option<Members>;

    fn scalar(self, _: Value) -> Self::Out {
        None
    }

    fn array<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Out, A::Error> {
        self.found = true;
        while let Some(element) = elements.next_element()? {
            self.element(element)?;
        }
        Ok(None)
    }

    fn object<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Out, A::Error> {
        if self.is_row {
            return members_of(members).map(Some);
        }
        let mut kept = Members::new();
        while let Some(name) = members.next_key::<String>()? {
            let wanted = self.wanted.is_none_or(|wanted| wanted == name);
            if self.found || !wanted {
                members.next_value::<IgnoredAny>()?;
            } else if let Some(value) = members.next_value_seed(Any(Member(&mut *self)))? {
                kept.push((name, value));
            }
        }
        Ok(Some(kept))
    }
}

/// A member of the document's object: an array of objects is taken as the rows, anything else is given back.
struct Member<'m, 'r, 'a, 'e, 's>(&'m mut Document<'r, 'a, 'e, 's>);

impl<'de> ByKind<'de> for Member<'_, '_, '_, '_, '_> {
    type Out = Option<Value>;

    fn scalar(self, value: Value) -> Self::Out {
        Some(value)
    }

    fn array<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Out, A::Error> {
        let document = self.0;
        // An array that the profile names holds rows also when it is empty.
        document.found = document.wanted.is_some();
        let mut others = Vec::new();
        while let Some(element) = elements.next_element()? {
            match element {
                Element::Other(value) if !document.found => others.push(value),
                element => {
                    document.found = true;
                    document.element(element)?;
                }
            }
        }
        Ok((!document.found).then_some(Value::Array(others)))
    }

    fn object<A: MapAccess<'de>>(self, members: A) -> Result<Self::Out, A::Error> {
        value_of(members).map(Some)
    }
}
