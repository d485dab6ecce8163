//! `citybrain locate`: places the points of a table.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::num::ParseFloatError;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use citybrain_grid::{City, NOWHERE};
use citybrain_ingest::city;
use citybrain_model::AreaLevel;
use citybrain_query::Zone;
use csv::{ByteRecord, Reader, Writer};

use super::Failure;
use crate::terminal;

/// Place the points of a CSV file: adds cell, district, subdistrict, community and grid to each row
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The city's file
    #[arg(long, value_name = "CITY.toml")]
    city: PathBuf,
    /// Place by the boundaries of this day instead of the latest ones
    #[arg(long, value_name = "YYYY-MM-DD")]
    at: Option<NaiveDate>,
    /// A CSV file with the columns lon and lat (WGS 84 degrees); `-` is stdin
    file: PathBuf,
    /// Write here instead of to stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The columns that are added.
const ADDED: [&str; 5] = ["cell", "district", "subdistrict", "community", "grid"];
/// Rows that are placed together.
const BATCH_ROWS: usize = 16_384;

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log("error");
    let (city, _) = city::read_city(&args.city)?;
    let at = args
        .at
        .map(|day| Zone::of(city.time_zone).day_start(day).timestamp_micros());
    let input: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(&args.file).map_err(Failure::file(&args.file))?;
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    let table = Table {
        city: &city,
        at,
        name: &args.file,
    };
    let Some(out) = &args.out else {
        return terminal::print(|out| table.locate(input, out));
    };

    // Whole or not at all: a table that broke off would look like a shorter one.
    let draft = out.with_extension("tmp");
    let file = File::create(&draft).map_err(Failure::file(&draft))?;
    let mut writer = BufWriter::new(file);
    let located = table
        .locate(input, &mut writer)
        .and_then(|()| writer.flush().map_err(Failure::file(&draft)));
    if let Err(failure) = located {
        std::fs::remove_file(&draft).ok();
        return Err(failure);
    }
    std::fs::rename(&draft, out).map_err(Failure::file(out))
}

/// A table of points on its way through a city.
struct Table<'a> {
    city: &'a City,
    /// µs since 1970, UTC.
    at: Option<i64>,
    name: &'a Path,
}

impl Table<'_> {
    fn locate(&self, input: impl Read, out: &mut dyn Write) -> Result<(), Failure> {
        let mut reader = Reader::from_reader(input);
        let mut writer = Writer::from_writer(out);
        let header = reader
            .byte_headers()
            .map_err(|error| self.unreadable(error))?
            .clone();
        let (lon_at, lat_at) = (
            self.column(&header, &["lon", "lng", "longitude"])?,
            self.column(&header, &["lat", "latitude"])?,
        );
        write(
            &mut writer,
            header
                .iter()
                .chain(ADDED.iter().map(|name| name.as_bytes())),
        )?;

        let mut rows = Vec::with_capacity(BATCH_ROWS);
        loop {
            rows.clear();
            for row in reader.byte_records().take(BATCH_ROWS) {
                rows.push(row.map_err(|error| self.unreadable(error))?);
            }
            if rows.is_empty() {
                writer.flush()?;
                return Ok(());
            }
            self.place(&rows, lon_at, lat_at, &mut writer)?;
        }
    }

    fn place(
        &self,
        rows: &[ByteRecord],
        lon_at: usize,
        lat_at: usize,
        writer: &mut Writer<&mut dyn Write>,
    ) -> Result<(), Failure> {
        let numbers = |column| {
            rows.iter()
                .map(|row| self.number(row, column))
                .collect::<Result<Vec<f64>, _>>()
        };
        let (lon, lat) = (numbers(lon_at)?, numbers(lat_at)?);
        let at = self.at.map(|at| vec![at; rows.len()]);
        let places = self.city.locate(&lon, &lat, at.as_deref());
        for (row, record) in rows.iter().enumerate() {
            let cell = match places.cell[row] {
                0 => String::new(),
                cell => format!("{cell:x}"),
            };
            let areas = AreaLevel::ALL.map(|level| {
                match (self.city.level(level), places.areas[level.index()][row]) {
                    (None, _) | (_, NOWHERE) => "",
                    (Some(level), area) => &level.areas[area as usize].id,
                }
            });
            let added =
                std::iter::once(cell.as_bytes()).chain(areas.iter().map(|id| id.as_bytes()));
            write(writer, record.iter().chain(added))?;
        }
        Ok(())
    }

    /// The column with one of these names, in any case.
    fn column(&self, header: &ByteRecord, names: &[&str]) -> Result<usize, Failure> {
        let is_named = |column: &[u8]| {
            names
                .iter()
                .any(|name| column.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        };
        header
            .iter()
            .position(is_named)
            .ok_or_else(|| Failure::Row {
                path: self.name.to_owned(),
                line: 1,
                message: format!("the header has no column {}", names[0]),
            })
    }

    /// The number in a column; an empty field is no number and places nothing.
    fn number(&self, row: &ByteRecord, column: usize) -> Result<f64, Failure> {
        let text = row.get(column).unwrap_or_default().trim_ascii();
        if text.is_empty() {
            return Ok(f64::NAN);
        }
        let text = String::from_utf8_lossy(text);
        text.parse()
            .map_err(|_error: ParseFloatError| Failure::Row {
                path: self.name.to_owned(),
                line: row.position().map_or(0, csv::Position::line),
                message: format!("\"{text}\" is not a number of degrees"),
            })
    }

    fn unreadable(&self, error: csv::Error) -> Failure {
        let line = error.position().map_or(0, csv::Position::line);
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => {
                format!("the row has {len} fields, the header {expected_len}")
            }
            _ => error.to_string(),
        };
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Failure::File {
                path: self.name.to_owned(),
                source,
            },
            _ => Failure::Row {
                path: self.name.to_owned(),
                line,
                message,
            },
        }
    }
}

fn write<'a>(
    writer: &mut Writer<&mut dyn Write>,
    fields: impl Iterator<Item = &'a [u8]>,
) -> Result<(), Failure> {
    writer
        .write_record(fields)
        .map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure::Stdout(error),
            other => Failure::Stdout(io::Error::other(format!("{other:?}"))),
        })
}

#[cfg(test)]
mod tests;
