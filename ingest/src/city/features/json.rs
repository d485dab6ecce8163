//! GeoJSON, sequences of GeoJSON features (RFC 8142, or one a line), and TopoJSON.
//!
//! The text is read value by value. A `FeatureCollection` gives its features one by one, without holding the others; a
//! `Feature` may be followed by more of them; a `Topology` is held whole, since its arcs may come last.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::path::Path;

use geojson::{Feature, Geometry, JsonObject, JsonValue};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::file_crs::StatedCrs;
use super::super::open::{Compression, Format, open};
use super::topology::{Topology, Transform};
use super::{CityError, RawFeature, RawGeometry, TakesFeatures, no_object};

/// Gives every feature of a JSON file to `areas`.
pub(super) fn read(
    path: &Path,
    compression: Compression,
    areas: &mut dyn TakesFeatures,
) -> Result<(), CityError> {
    let mut bytes = Separated(open(path, Format::Json, compression)?);
    let mut last = None;
    loop {
        let more = bytes.skip_blanks();
        if !more.map_err(|error| compression.error(path, error))? {
            return Ok(());
        }
        let mut document = Document {
            path,
            areas,
            refused: None,
        };
        let mut json = serde_json::Deserializer::from_reader(&mut bytes);
        let result = document.deserialize(&mut json);
        let refused = document.refused.take();
        if let Some(refused) = refused {
            return Err(refused);
        }
        let kind = result.map_err(|error| failed(path, compression, areas, error))?;
        // Only features come in sequences.
        if last.is_some_and(|last| last != Kind::Feature || kind != Kind::Feature) {
            return Err(CityError::NotGeoJson {
                path: path.to_owned(),
                message: format!("after feature {}: another value follows", areas.count()),
            });
        }
        last = Some(kind);
    }
}

fn failed(
    path: &Path,
    compression: Compression,
    areas: &dyn TakesFeatures,
    error: serde_json::Error,
) -> CityError {
    if error.is_io() {
        return compression.error(path, error.into());
    }
    CityError::NotGeoJson {
        path: path.to_owned(),
        message: match areas.count() {
            0 => error.to_string(),
            count => format!("after feature {count}: {error}"),
        },
    }
}

/// Bytes with the record separators of RFC 8142 turned into line ends. Neither may stand inside a JSON text.
struct Separated(Box<dyn BufRead>);

impl Separated {
    const RECORD_SEPARATOR: u8 = 0x1e;

    /// Goes to the next value; false at the end.
    fn skip_blanks(&mut self) -> io::Result<bool> {
        loop {
            let buffer = self.0.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == Self::RECORD_SEPARATOR;
            let blanks = buffer.iter().take_while(|byte| blank(byte)).count();
            let found = blanks < buffer.len();
            self.0.consume(blanks);
            if found {
                return Ok(true);
            }
        }
    }
}

impl Read for Separated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        for byte in buffer.iter_mut().take(count) {
            if *byte == Self::RECORD_SEPARATOR {
                *byte = b'\n';
            }
        }
        Ok(count)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Collection,
    Feature,
    Topology,
}

struct Document<'a, 'b> {
    path: &'a Path,
    areas: &'a mut (dyn TakesFeatures + 'b),
    /// What `areas` refused a feature or a system with.
    refused: Option<CityError>,
}

/// The members of a document that is no feature collection.
#[derive(Default)]
struct Members {
    kind: Option<String>,
    has_features: bool,
    id: Option<JsonValue>,
    geometry: Option<Geometry>,
    properties: Option<JsonValue>,
    arcs: Option<JsonValue>,
    objects: Option<JsonObject>,
    transform: Option<Transform>,
}

impl Document<'_, '_> {
    fn take<E: serde::de::Error>(&mut self, result: Result<(), CityError>) -> Result<(), E> {
        result.map_err(|refused| {
            self.refused = Some(refused);
            E::custom("refused")
        })
    }

    /// What is left to do when all members are read.
    fn finish<E: serde::de::Error>(&mut self, members: Members) -> Result<Kind, E> {
        match members.kind.as_deref() {
            Some("FeatureCollection") if members.has_features => {
                let object = no_object(self.path, self.areas);
                self.take(object)?;
                Ok(Kind::Collection)
            }
            Some("FeatureCollection") => Err(E::missing_field("features")),
            Some("Feature") => {
                let object = no_object(self.path, self.areas);
                self.take(object)?;
                let feature = RawFeature {
                    id: members.id,
                    properties: match members.properties {
                        Some(JsonValue::Object(properties)) => properties,
                        _ => JsonObject::new(),
                    },
                    geometry: members
                        .geometry
                        .map_or(RawGeometry::None, |geometry| geometry.value.into()),
                };
                let result = self.areas.feature(feature);
                self.take(result)?;
                Ok(Kind::Feature)
            }
            Some("Topology") => {
                let arcs = members.arcs.ok_or_else(|| E::missing_field("arcs"))?;
                let topology = Topology {
                    arcs: serde_json::from_value(arcs)
                        .map_err(|error| E::custom(format_args!("arcs: {error}")))?,
                    objects: members.objects.ok_or_else(|| E::missing_field("objects"))?,
                    transform: members.transform,
                };
                let result = topology.read(self.path, self.areas);
                self.take(result)?;
                Ok(Kind::Topology)
            }
            Some(other) => Err(E::custom(format_args!("its type is \"{other}\""))),
            None => Err(E::missing_field("type")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Document<'_, '_> {
    type Value = Kind;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Kind, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Document<'_, '_> {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with \"type\": \"FeatureCollection\" and \"features\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut members = Members::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => members.kind = Some(map.next_value()?),
                "crs" => {
                    if let Some(stated) = StatedCrs::of_member(&map.next_value()?) {
                        let result = self.areas.states(&stated);
                        self.take(result)?;
                    }
                }
                "features" => {
                    map.next_value_seed(Features(self))?;
                    members.has_features = true;
                }
                "id" => members.id = Some(map.next_value()?),
                "geometry" => members.geometry = map.next_value()?,
                "properties" => members.properties = Some(map.next_value()?),
                "arcs" => members.arcs = Some(map.next_value()?),
                "objects" => members.objects = Some(map.next_value()?),
                "transform" => members.transform = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        self.finish(members)
    }
}

struct Features<'a, 'b, 'c>(&'a mut Document<'b, 'c>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(feature) = seq.next_element::<Feature>()? {
            let result = self.0.areas.feature(feature.into());
            self.0.take(result)?;
        }
        Ok(())
    }
}
