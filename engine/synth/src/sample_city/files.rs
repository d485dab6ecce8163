//! The sample city as the files of a city: `city.toml` and a GeoJSON file for each level.

use std::fmt::Write as _;

use geo::{MultiPolygon, Polygon};
use serde_json::{Value, json};

use super::gzip::gzip;
use super::parts::{COMMUNITY, DISTRICT, SUBDISTRICT};
use super::{SampleArea, SampleCity};

/// The city's files as (path relative to its folder, bytes), `city.toml` first. The same city gives the same bytes.
pub fn write_files(city: &SampleCity) -> Vec<(String, Vec<u8>)> {
    let levels = [
        ("district", "city", &city.districts),
        ("subdistrict", "parent", &city.subdistricts),
        ("community", "parent", &city.communities),
    ];
    let mut files = vec![("city.toml".to_owned(), city_toml(city).into_bytes())];
    for (level, parent, areas) in levels {
        let path = format!("areas/{level}.geojson.gz");
        files.push((path, gzip(feature_collection(areas, parent).as_bytes())));
    }
    files
}

fn city_toml(city: &SampleCity) -> String {
    let spec = &city.spec;
    let mut text = format!(
        "# A city that does not exist, made by `citybrain city generate --seed {} --communities {}`.\n\
         name = {}\ntime_zone = {}\nbase_resolution = {}\nlanguages = [\"zh\", \"en\"]\n\
         # The month of assessment is from the 19th to the 18th.\nassessment_month_day = 19\n",
        city.seed,
        spec.communities,
        quoted(&spec.name),
        quoted(spec.time_zone.name()),
        spec.base_resolution
    );
    for (level, (zh, en), parent) in [
        ("district", DISTRICT, "city"),
        ("subdistrict", SUBDISTRICT, "parent"),
        ("community", COMMUNITY, "parent"),
    ] {
        write!(
            text,
            "\n[[level]]\nlevel = \"{level}\"\nname = {{ zh = \"{zh}\", en = \"{en}\" }}\n\
             [[level.boundary]]\nfile = \"areas/{level}.geojson.gz\"\nid = \"code\"\nlabel = \"name\"\n\
             label_en = \"name_en\"\nparent = \"{parent}\"\npopulation = \"population\"\ncrs = \"wgs84\"\n"
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// A TOML basic string; JSON's escapes are among TOML's.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// One feature a line.
fn feature_collection(areas: &[SampleArea], parent: &str) -> String {
    let features: Vec<String> = areas
        .iter()
        .map(|area| {
            json!({
                "type": "Feature",
                "properties": {
                    "code": area.code,
                    "name": area.name,
                    "name_en": area.name_en,
                    parent: area.parent,
                    "population": area.population,
                },
                "geometry": geometry(&area.geometry),
            })
            .to_string()
        })
        .collect();
    format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n",
        features.join(",\n")
    )
}

fn geometry(shape: &MultiPolygon) -> Value {
    match shape.0.as_slice() {
        [polygon] => json!({ "type": "Polygon", "coordinates": rings(polygon) }),
        polygons => json!({
            "type": "MultiPolygon",
            "coordinates": polygons.iter().map(rings).collect::<Vec<_>>(),
        }),
    }
}

fn rings(polygon: &Polygon) -> Value {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings
        .map(|ring| ring.coords().map(|c| json!([c.x, c.y])).collect::<Value>())
        .collect()
}
