//! Reading a GeoJSON feature collection feature by feature.

use std::fmt;
use std::path::Path;

use geojson::{Feature, JsonValue};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::CityError;
use super::open::open;

/// Calls `each` with every feature of a file, numbered from 1, and returns the name of the coordinate system that the file
/// states (the `crs` member of old GeoJSON), if it does. One feature is in memory at a time.
pub(super) fn read_features(
    path: &Path,
    mut each: impl FnMut(usize, Feature) -> Result<(), CityError>,
) -> Result<Option<String>, CityError> {
    let (compression, bytes) = open(path)?;
    let mut json = serde_json::Deserializer::from_reader(bytes);
    let mut read = Collection {
        each: &mut each,
        refused: None,
        count: 0,
        crs: None,
    };
    let result = read.deserialize(&mut json).and_then(|()| json.end());
    let Collection {
        refused,
        count,
        crs,
        ..
    } = read;
    if let Some(refused) = refused {
        return Err(refused);
    }
    match result {
        Ok(()) if count == 0 => Err(CityError::NoFeature {
            path: path.to_owned(),
        }),
        Ok(()) => Ok(crs),
        Err(error) if error.is_io() => Err(compression.error(path, error.into())),
        Err(error) => Err(CityError::NotGeoJson {
            path: path.to_owned(),
            message: match count {
                0 => error.to_string(),
                _ => format!("after feature {count}: {error}"),
            },
        }),
    }
}

struct Collection<'a, F> {
    each: &'a mut F,
    /// What `each` refused a feature with.
    refused: Option<CityError>,
    /// Features read.
    count: usize,
    crs: Option<String>,
}

impl<'de, F> DeserializeSeed<'de> for &mut Collection<'_, F>
where
    F: FnMut(usize, Feature) -> Result<(), CityError>,
{
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, F> Visitor<'de> for &mut Collection<'_, F>
where
    F: FnMut(usize, Feature) -> Result<(), CityError>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with \"type\": \"FeatureCollection\" and \"features\"")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut kind, mut has_features) = (None, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => kind = Some(map.next_value::<String>()?),
                "crs" => self.crs = crs_name(&map.next_value::<JsonValue>()?),
                "features" => {
                    map.next_value_seed(Features(self))?;
                    has_features = true;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match kind.as_deref() {
            Some("FeatureCollection") if has_features => Ok(()),
            Some("FeatureCollection") => Err(A::Error::missing_field("features")),
            Some(other) => Err(A::Error::custom(format_args!("its type is \"{other}\""))),
            None => Err(A::Error::missing_field("type")),
        }
    }
}

struct Features<'a, 'b, F>(&'a mut Collection<'b, F>);

impl<'de, F> DeserializeSeed<'de> for Features<'_, '_, F>
where
    F: FnMut(usize, Feature) -> Result<(), CityError>,
{
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, F> Visitor<'de> for Features<'_, '_, F>
where
    F: FnMut(usize, Feature) -> Result<(), CityError>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(feature) = seq.next_element::<Feature>()? {
            self.0.count += 1;
            if let Err(refused) = (self.0.each)(self.0.count, feature) {
                let message = A::Error::custom("refused");
                self.0.refused = Some(refused);
                return Err(message);
            }
        }
        Ok(())
    }
}

fn crs_name(crs: &JsonValue) -> Option<String> {
    let name = crs.get("properties")?.get("name")?;
    Some(name.as_str()?.to_owned())
}
