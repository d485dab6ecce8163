//! Units of measure: the many spellings of one unit, and the unit in which the engine keeps a quantity.
//!
//! Codes are those of UCUM (<https://ucum.org>). A unit that is not known here stays as it was sent.

use std::borrow::Cow;

/// Spellings, lower case and without blanks, and the UCUM code that they mean. Sound levels are kept as `dB`, however they are weighted.
const SPELLINGS: [(&str, &[&str]); 20] = [
    (
        "Cel",
        &[
            "cel",
            "°c",
            "℃",
            "degc",
            "celsius",
            "degreecelsius",
            "degreescelsius",
            "摄氏度",
        ],
    ),
    ("[degF]", &["[degf]", "°f", "℉", "degf", "fahrenheit"]),
    (
        "ug/m3",
        &[
            "ug/m3",
            "ug/m³",
            "ug/m^3",
            "ug.m-3",
            "ugm-3",
            "microgram/m3",
            "微克/立方米",
        ],
    ),
    (
        "mg/m3",
        &["mg/m3", "mg/m³", "mg/m^3", "mg.m-3", "mgm-3", "毫克/立方米"],
    ),
    ("ng/m3", &["ng/m3", "ng/m³", "ng/m^3", "ng.m-3"]),
    ("g/m3", &["g/m3", "g/m³", "g/m^3", "g.m-3"]),
    ("%", &["%", "percent", "pct", "%rh", "rh%", "％"]),
    ("[ppm]", &["[ppm]", "ppm"]),
    ("[ppb]", &["[ppb]", "ppb"]),
    ("dB", &["db", "dba", "db(a)", "dbspl", "db[spl]", "分贝"]),
    ("lx", &["lx", "lux"]),
    ("hPa", &["hpa", "mbar", "millibar", "hectopascal"]),
    ("kPa", &["kpa"]),
    ("Pa", &["pa", "pascal"]),
    ("m/s", &["m/s", "mps", "m.s-1", "ms-1", "米/秒"]),
    ("km/h", &["km/h", "kmh", "kph", "km.h-1", "公里/小时"]),
    ("mm", &["mm", "毫米"]),
    ("m", &["metre", "meter", "米"]),
    ("kW.h", &["kw.h", "kwh"]),
    ("min", &["minute", "minutes", "分钟"]),
];

/// A unit, the one that its quantity is kept in, and the line from the first to the second: factor, then summand.
const KEPT_AS: [(&str, &str, f64, f64); 5] = [
    ("[degF]", "Cel", 5.0 / 9.0, -160.0 / 9.0),
    ("K", "Cel", 1.0, -273.15),
    ("mg/m3", "ug/m3", 1e3, 0.0),
    ("g/m3", "ug/m3", 1e6, 0.0),
    ("ng/m3", "ug/m3", 1e-3, 0.0),
];

/// The UCUM code of a unit as people write it: `µg/m³` is `ug/m3`.
pub fn ucum(unit: &str) -> Cow<'_, str> {
    let is_code = SPELLINGS.iter().any(|(code, _)| *code == unit);
    if is_code {
        return unit.into();
    }
    let plain: String = unit
        .chars()
        .filter(|c| !c.is_whitespace())
        // The micro sign and the Greek letter.
        .map(|c| if matches!(c, 'µ' | 'μ') { 'u' } else { c })
        .flat_map(char::to_lowercase)
        .collect();
    let known = SPELLINGS
        .iter()
        .find(|(_, spellings)| spellings.contains(&plain.as_str()));
    known.map_or(unit.into(), |(code, _)| (*code).into())
}

/// The unit as a UCUM code, and the value in the unit that its quantity is kept in: 71.6 °F is 22 `Cel`. Digits beyond the ninth
/// decimal, which conversion makes, are dropped.
pub fn canonical(unit: &str, value: f64) -> (Cow<'_, str>, f64) {
    let code = ucum(unit);
    match KEPT_AS.iter().find(|(from, ..)| *from == code) {
        Some((_, to, factor, summand)) => {
            let converted = value.mul_add(*factor, *summand);
            ((*to).into(), (converted * 1e9).round() / 1e9)
        }
        None => (code, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_known_by_each_of_its_spellings() {
        for (written, code) in [
            ("µg/m³", "ug/m3"),
            ("μg/m3", "ug/m3"),
            ("ug/m3", "ug/m3"),
            ("°C", "Cel"),
            (" degC ", "Cel"),
            ("Cel", "Cel"),
            ("dB(A)", "dB"),
            ("%RH", "%"),
            ("ppm", "[ppm]"),
            ("V", "V"),
            ("Mg/m3", "mg/m3"),
            ("furlong", "furlong"),
            ("", ""),
        ] {
            assert_eq!(ucum(written), code, "{written}");
        }
    }

    #[test]
    fn a_value_is_kept_in_the_unit_of_its_quantity() {
        for (unit, value, kept, expected) in [
            ("°F", 71.6, "Cel", 22.0),
            ("K", 273.15, "Cel", 0.0),
            ("mg/m³", 0.0355, "ug/m3", 35.5),
            ("ng/m3", 500.0, "ug/m3", 0.5),
            ("hPa", 1013.0, "hPa", 1013.0),
            ("?", 1.25, "?", 1.25),
        ] {
            let (code, converted) = canonical(unit, value);
            assert_eq!(code, kept);
            assert!((converted - expected).abs() < 1e-12, "{unit}: {converted}");
        }
    }

    #[test]
    fn every_code_is_a_spelling_of_itself() {
        for (code, spellings) in SPELLINGS {
            assert_eq!(ucum(code), code);
            for spelling in spellings {
                assert_eq!(ucum(spelling), code, "{spelling}");
            }
        }
    }
}
