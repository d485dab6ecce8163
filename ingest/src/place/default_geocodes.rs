//! Positions that repeat beyond what chance allows.

mod heavy;
mod repeats;

use std::fmt;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use self::{heavy::Heavy, repeats::Repeats};

/// Counts exact positions while records go by, and finds those that are a geocoder's default (a city hall, a district's middle):
/// they would be the first hotspots of the map.
///
/// **The rule.** A position is reported when it holds both
/// - at least 0.2 % of all records with a position, and
/// - more than 20 times as many as the 99.9th percentile of records at one position (over all
///   distinct positions, nearest rank below).
///
/// Busy addresses are in the upper thousandth by themselves and raise the percentile; a default stands out from it. Where many
/// positions are shared by hundreds of records (calls that are all put on their institution), nothing is reported. One caller who
/// floods the hotline from one address looks the same: a person has to look.
///
/// **Memory** is bounded, some 10 MB at most, for any number of records: frequent positions by the summary of Misra and Gries (Finding repeated
/// elements, 1982), pruned a batch at a time, whose counts are short by at most 1/8192 of the records; the percentile from a
/// sample of the distinct positions by their hash, with exact counts (Gibbons, Distinct sampling, 2001), all of them up to 65,536.
#[derive(Debug, Default)]
pub struct DefaultGeocodes {
    records: u64,
    heavy: Heavy,
    repeats: Repeats,
}

/// Least share of all located records.
const SHARE_MIN: f64 = 0.002;
/// More than so many times the percentile of repeats.
const TIMES_MIN: f64 = 20.0;
/// The percentile of repeats, as a share.
const PERCENTILE: f64 = 0.999;

/// A position as its bits, so that it is counted exactly: longitude, latitude.
type Bits = [u64; 2];

impl DefaultGeocodes {
    /// Counts one record's position, longitude first, as given. What is not finite is no position and not counted.
    pub fn observe(&mut self, lon: f64, lat: f64) {
        if !(lon.is_finite() && lat.is_finite()) {
            return;
        }
        self.records += 1;
        // Adding zero makes one zero of the two.
        let bits = [(lon + 0.0).to_bits(), (lat + 0.0).to_bits()];
        self.heavy.count(bits);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&bits[0].to_le_bytes());
        bytes[8..].copy_from_slice(&bits[1].to_le_bytes());
        self.repeats.count(bits, xxh3_64(&bytes));
    }

    /// What was found so far.
    pub fn report(&self) -> DefaultGeocodesReport {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of records are far below 2^53"
        )]
        let number = |count: u64| count as f64;
        let usual = self.repeats.percentile(PERCENTILE);
        let is_default = |count: u64| {
            number(count) >= SHARE_MIN * number(self.records)
                && number(count) > TIMES_MIN * number(usual)
        };
        let mut defaults: Vec<_> = self
            .heavy
            .counts()
            .filter(|(_, count)| is_default(*count))
            .map(|([lon, lat], records)| DefaultGeocode {
                lon: f64::from_bits(lon),
                lat: f64::from_bits(lat),
                records,
                share: number(records) / number(self.records),
            })
            .collect();
        defaults.sort_by(|a, b| {
            let position = |found: &DefaultGeocode| (found.lon, found.lat);
            let (a_at, b_at) = (position(a), position(b));
            b.records
                .cmp(&a.records)
                .then(a_at.0.total_cmp(&b_at.0))
                .then(a_at.1.total_cmp(&b_at.1))
        });
        DefaultGeocodesReport {
            records: self.records,
            usual_repeats: usual,
            short_by_at_most: self.heavy.short_by_at_most(),
            defaults,
        }
    }
}

/// The positions that are probably no places.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DefaultGeocodesReport {
    /// Records with a position.
    pub records: u64,
    /// The 99.9th percentile of records at one position.
    pub usual_repeats: u64,
    /// By how much a count may be too small.
    pub short_by_at_most: u64,
    /// What the rule finds, the most frequent first.
    pub defaults: Vec<DefaultGeocode>,
}

/// A position that is probably no place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DefaultGeocode {
    /// First coordinate, as given.
    pub lon: f64,
    /// Second coordinate, as given.
    pub lat: f64,
    /// How many records are there.
    pub records: u64,
    /// Their share of all records with a position.
    pub share: f64,
}

impl fmt::Display for DefaultGeocodesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.defaults.is_empty() {
            return write!(
                f,
                "default positions: none among {} records with a position",
                self.records
            );
        }
        write!(
            f,
            "default positions: {} among {} records with a position (999 in 1000 positions have at most {})",
            self.defaults.len(),
            self.records,
            self.usual_repeats
        )?;
        for found in &self.defaults {
            let (lon, lat, records) = (found.lon, found.lat, found.records);
            let percent = found.share * 100.0;
            write!(f, "\n  {lon} {lat}: {records} records, {percent:.1} %")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
