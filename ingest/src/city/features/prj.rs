//! The coordinate system that a `.prj` file tells in well-known text.
//!
//! Most writers add the EPSG code (`AUTHORITY`, or `ID` in the newer form). `ArcGIS` does not: its names are known here for the
//! systems that cities use.

use super::super::file_crs::StatedCrs;

/// What the text says: its name, and the code as far as it can be told.
pub(super) fn stated(wkt: &str) -> StatedCrs {
    let name = wkt.split('"').nth(1).unwrap_or_default().trim();
    let code = authority(wkt).or_else(|| of_name(&key(name)));
    StatedCrs {
        text: if name.is_empty() {
            "a .prj file without a name".to_owned()
        } else {
            name.to_owned()
        },
        code,
    }
}

/// The code that stands in the outermost element: `PROJCS["…", …, AUTHORITY["EPSG","2263"]]`. Those further inside are of the
/// datum, the ellipsoid and the units.
fn authority(wkt: &str) -> Option<u16> {
    let (mut depth, mut quoted) = (0_usize, false);
    let mut word_start = 0;
    for (at, byte) in wkt.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'(' => {
                let word = wkt.get(word_start..at)?.trim();
                if depth == 1 && matches!(word, "AUTHORITY" | "ID") {
                    return code(wkt.get(at + 1..)?);
                }
                depth += 1;
                word_start = at + 1;
            }
            b']' | b')' => {
                depth = depth.saturating_sub(1);
                word_start = at + 1;
            }
            b',' => word_start = at + 1,
            _ => {}
        }
    }
    None
}

/// The code of `"EPSG","2263"]…` or `"EPSG",2263]…`.
fn code(rest: &str) -> Option<u16> {
    let mut parts = rest.split([',', ']', ')']);
    let unquoted = |part: &str| part.trim().trim_matches('"').to_owned();
    let authority = unquoted(parts.next()?);
    let code = unquoted(parts.next()?);
    (authority == "EPSG").then(|| code.parse().ok())?
}

/// A name in lower case, everything but letters and digits as one underscore.
fn key(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("_").to_ascii_lowercase()
}

/// Systems by their names in `ArcGIS` and in the EPSG register.
fn of_name(name: &str) -> Option<u16> {
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    let utm = |prefix: &str| {
        let zone = name.strip_prefix(prefix)?.strip_prefix("_utm_zone_")?;
        let (number, north) = match zone.strip_suffix('n') {
            Some(number) => (number, true),
            None => (zone.strip_suffix('s')?, false),
        };
        let number: u16 = number.parse().ok()?;
        (1..=60).contains(&number).then_some((number, north))
    };
    if let Some((zone, north)) = utm("wgs_1984").or_else(|| utm("wgs_84")) {
        return Some(if north { 32600 } else { 32700 } + zone);
    }
    if let Some((zone, true)) = utm("nad_1983").or_else(|| utm("nad83"))
        && zone <= 23
    {
        return Some(26900 + zone);
    }
    gauss_kruger(name)
}

/// The zones of CGCS2000: of three degrees by number or middle, of six degrees likewise.
fn gauss_kruger(name: &str) -> Option<u16> {
    let name = name
        .strip_prefix("cgcs2000_")
        .or_else(|| name.strip_prefix("cgcs_2000_"))?;
    let number = |prefix: &str, suffix: &str| -> Option<u16> {
        let rest = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
        rest.trim_start_matches('_').parse().ok()
    };
    let three = |text: &str| ["3_degree_gk", "3_degree_gauss_kruger"].map(|p| p.to_owned() + text);
    for prefix in three("_zone") {
        if let Some(zone @ 25..=45) = number(&prefix, "") {
            return Some(4513 + zone - 25);
        }
    }
    for prefix in three("_cm") {
        if let Some(middle @ 75..=135) = number(&prefix, "e").filter(|middle| middle % 3 == 0) {
            return Some(4534 + (middle - 75) / 3);
        }
    }
    for six in ["gk", "gauss_kruger"] {
        if let Some(zone @ 13..=23) = number(&format!("{six}_zone"), "") {
            return Some(4491 + zone - 13);
        }
        if let Some(middle @ 75..=135) =
            number(&format!("{six}_cm"), "e").filter(|middle| (middle - 75) % 6 == 0)
        {
            return Some(4502 + (middle - 75) / 6);
        }
    }
    None
}

const NAMES: [(&str, u16); 22] = [
    ("gcs_wgs_1984", 4326),
    ("wgs_84", 4326),
    ("gcs_china_geodetic_coordinate_system_2000", 4490),
    ("china_geodetic_coordinate_system_2000", 4490),
    ("gcs_north_american_1983", 4269),
    ("nad83", 4269),
    ("gcs_etrs_1989", 4258),
    ("etrs89", 4258),
    ("wgs_1984_web_mercator_auxiliary_sphere", 3857),
    ("wgs_84_pseudo_mercator", 3857),
    (
        "nad_1983_stateplane_new_york_long_island_fips_3104_feet",
        2263,
    ),
    (
        "nad_1983_stateplane_massachusetts_mainland_fips_2001",
        26986,
    ),
    (
        "nad_1983_stateplane_massachusetts_mainland_fips_2001_feet",
        2249,
    ),
    ("nad_1983_stateplane_illinois_east_fips_1201", 26971),
    ("nad_1983_stateplane_illinois_east_fips_1201_feet", 3435),
    ("nad_1983_stateplane_california_iii_fips_0403_feet", 2227),
    ("nad_1983_stateplane_california_v_fips_0405_feet", 2229),
    ("nad_1983_stateplane_washington_north_fips_4601_feet", 2285),
    (
        "nad_1983_stateplane_texas_south_central_fips_4204_feet",
        2278,
    ),
    ("british_national_grid", 27700),
    ("hong_kong_1980_grid", 2326),
    ("svy21_singapore_tm", 3414),
];

#[cfg(test)]
mod tests;
