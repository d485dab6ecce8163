//! Sensors and their values.

use std::f64::consts::TAU;
use std::sync::Arc;

use chrono::Datelike;

use super::hash::{bell, mix, smooth, uniform};
use super::place::Place;
use super::rhythm::{Day, Season};
use super::zone::Clock;

/// A quantity that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Pm10,
    Pm25,
    Noise,
    WaterLevel,
    Temperature,
    Humidity,
}

impl Property {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pm10 => "PM10",
            Self::Pm25 => "PM2.5",
            Self::Noise => "noise",
            Self::WaterLevel => "water_level",
            Self::Temperature => "temperature",
            Self::Humidity => "humidity",
        }
    }

    /// The unit as UCUM code.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Self::Pm10 | Self::Pm25 => "ug/m3",
            Self::Noise => "dB",
            Self::WaterLevel => "m",
            Self::Temperature => "Cel",
            Self::Humidity => "%",
        }
    }
}

/// A device at a place.
#[derive(Debug)]
pub(super) struct Sensor {
    pub(super) id: Arc<str>,
    pub(super) lon: f64,
    pub(super) lat: f64,
    pub(super) areas: [u32; 4],
    pub(super) streams: Vec<Stream>,
}

/// One datastream: a property as one sensor measures it.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: Arc<str>,
    pub(super) property: Property,
    key: u64,
    city_key: u64,
}

const KINDS: [(&str, &[Property]); 5] = [
    ("AIR", &[Property::Pm10, Property::Pm25]),
    ("NOISE", &[Property::Noise]),
    ("WATER", &[Property::WaterLevel]),
    (
        "AIR",
        &[Property::Pm10, Property::Pm25, Property::Temperature],
    ),
    ("MET", &[Property::Temperature, Property::Humidity]),
];

/// The `index`th sensor of the city.
pub(super) fn sensor(seed: u64, index: usize, place: &Place) -> Sensor {
    let (prefix, properties) = KINDS[index % KINDS.len()];
    let id = format!("{prefix}-{:04}", index + 1);
    #[expect(clippy::cast_possible_wrap, reason = "at most a million sensors")]
    let sensor_key = mix(seed ^ 0x5e05_0000, index as i64);
    let streams = properties.iter().map(|&property| Stream {
        id: format!("{id}/{}", property.as_str()).into(),
        property,
        key: mix(sensor_key, property as i64),
        city_key: mix(seed ^ 0xc17f, property as i64),
    });
    Sensor {
        streams: streams.collect(),
        lon: place.lon,
        lat: place.lat,
        areas: place.areas,
        id: id.into(),
    }
}

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 86_400;

impl Stream {
    /// The value that the sensor sends for an instant, rounded as such sensors do. `lat` is its latitude in degrees.
    pub(super) fn result(&self, at_s: i64, clock: Clock, lat: f64) -> f64 {
        let day_of_year = f64::from(clock.date.ordinal0());
        // Warmest on 20 July in the north.
        let summer = (TAU * (day_of_year - 200.0) / 365.25).cos() * lat.signum();
        #[expect(clippy::cast_precision_loss, reason = "0 to 23")]
        let afternoon = (TAU * (clock.hour as f64 - 15.0) / 24.0).cos();
        let city = smooth(self.city_key, at_s, 60 * HOUR_S);
        let own = smooth(self.key, at_s, 9 * HOUR_S);
        let noise = bell(self.key ^ 0xb311, at_s);
        let excursion = self.excursion(at_s);
        let (value, decimals) = match self.property {
            Property::Pm10 => {
                let base = 62.0 + 26.0 * city + 9.0 * own - 14.0 * summer;
                (base + 5.0 * noise + 210.0 * excursion, 1)
            }
            Property::Pm25 => {
                let base = 38.0 + 20.0 * city + 6.0 * own - 12.0 * summer;
                (base + 3.0 * noise + 60.0 * excursion, 1)
            }
            Property::Noise => {
                let traffic = Day::Street.factor(clock.hour).min(2.0);
                (
                    49.0 + 5.0 * traffic + 1.5 * own + 1.2 * noise + 22.0 * excursion,
                    1,
                )
            }
            Property::WaterLevel => {
                let rain = Season::Rain.factor(clock.date);
                let base = 1.1 + 0.15 * rain + 0.2 * city + 0.05 * own;
                (base + 0.01 * noise + 1.6 * excursion, 2)
            }
            Property::Temperature => {
                let base = 27.0 - 0.33 * lat.abs() + 0.36 * lat.abs() * summer;
                (
                    base + 5.0 * afternoon + 4.0 * city + 0.6 * own + 0.2 * noise,
                    1,
                )
            }
            Property::Humidity => {
                let base = 55.0 + 12.0 * summer - 12.0 * afternoon + 16.0 * city;
                ((base + 3.0 * own + noise).min(100.0), 0)
            }
        };
        let value = match self.property {
            Property::Temperature => value,
            _ => value.max(0.0),
        };
        let scale = 10.0_f64.powi(decimals);
        (value * scale).round() / scale
    }

    /// How far out of the ordinary the value is: 0 nearly always, up to about 1.3 in episodes of some hours, about one in five
    /// days. Complaints follow it.
    pub(super) fn excursion(&self, at_s: i64) -> f64 {
        let key = self.key ^ 0xe415;
        let today = at_s.div_euclid(DAY_S);
        (today - 1..=today)
            .map(|day| {
                if uniform(key, 4 * day) >= 0.2 {
                    return 0.0;
                }
                #[expect(clippy::cast_possible_truncation, reason = "hours of a day")]
                let hours = |i: i64, most: f64| (uniform(key, 4 * day + i) * most) as i64;
                let start = day * DAY_S + hours(1, 24.0) * HOUR_S;
                let length = (6 + hours(2, 9.0)) * HOUR_S;
                if !(start..start + length).contains(&at_s) {
                    return 0.0;
                }
                #[expect(clippy::cast_precision_loss, reason = "seconds of an episode")]
                let phase = (at_s - start) as f64 / length as f64;
                (0.7 + 0.6 * uniform(key, 4 * day + 3)) * (phase * std::f64::consts::PI).sin()
            })
            .sum()
    }

    /// Is the datastream silent on this day (days since 1970, UTC)? One in 250 is.
    pub(super) fn is_out(&self, day: i64) -> bool {
        uniform(self.key ^ 0x0307, day) < 0.004
    }
}
