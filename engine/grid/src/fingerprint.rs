//! Hashes that tell one city's boundaries from another's.
//!
//! XXH3 over little-endian bytes, lengths before bytes: the same on every machine and in every run.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use h3o::Resolution;
use xxhash_rust::xxh3::Xxh3;

use crate::{AreaParts, Level};

/// The start of a city's fingerprint: the zone decides which day a record belongs to, the base resolution its cell.
pub(crate) fn of_city(time_zone: Tz, base_resolution: Resolution) -> Xxh3 {
    let mut hash = Xxh3::new();
    add_text(&mut hash, time_zone.name());
    hash.update(&[u8::from(base_resolution)]);
    hash
}

/// Adds one version's ids and vertices as given; `areas` are in order of id.
pub(crate) fn add_version(hash: &mut Xxh3, valid_from: Option<NaiveDate>, areas: &[AreaParts]) {
    let day = valid_from.map_or(i32::MIN, |date| date.num_days_from_ce());
    hash.update(&day.to_le_bytes());
    add_count(hash, areas.len());
    for area in areas {
        add_text(hash, &area.id);
        for polygon in &area.boundary {
            add_count(hash, 1 + polygon.interiors().len());
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                add_count(hash, ring.0.len());
                for coord in ring {
                    // Adding zero makes -0 the same place as 0.
                    hash.update(&(coord.x + 0.0).to_le_bytes());
                    hash.update(&(coord.y + 0.0).to_le_bytes());
                }
            }
        }
    }
}

/// The fingerprint of a city whose records are placed by names as well.
pub(crate) fn with_names(fingerprint: u64, names: u64) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&fingerprint.to_le_bytes());
    hash.update(&names.to_le_bytes());
    hash.digest()
}

/// The newest version's first day, if it has one, and twelve hex digits over the fingerprint and all that tiles and area
/// lists show.
pub(crate) fn boundary_version(fingerprint: u64, levels: &[Level]) -> String {
    let mut hash = Xxh3::new();
    hash.update(&fingerprint.to_le_bytes());
    for area in levels.iter().flat_map(|level| &level.areas) {
        add_text(&mut hash, &area.name);
        add_text(&mut hash, area.parent.as_deref().unwrap_or_default());
        let population = area.population.unwrap_or(-1.0);
        hash.update(&population.to_le_bytes());
        for (language, name) in &area.names {
            add_text(&mut hash, language);
            add_text(&mut hash, name);
        }
    }
    let hash = hash.digest() >> 16;
    let newest = levels
        .iter()
        .filter_map(|level| level.latest_version().valid_from)
        .max();
    match newest {
        Some(date) => format!("{date}-{hash:012x}"),
        None => format!("{hash:012x}"),
    }
}

fn add_text(hash: &mut Xxh3, text: &str) {
    add_count(hash, text.len());
    hash.update(text.as_bytes());
}

fn add_count(hash: &mut Xxh3, count: usize) {
    hash.update(&(count as u64).to_le_bytes());
}
