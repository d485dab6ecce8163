//! The profiles that are part of the program.

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../data/sources/", $name, ".toml")))),*]
    };
}

/// Name and text of each shipped profile.
pub const SHIPPED: [(&str, &str); 22] = shipped![
    "beijing-air",
    "boston-311",
    "boston-311-2013-2019",
    "chicago-311-sanitation",
    "chirpstack-v4",
    "citybrain",
    "citybrain-events",
    "citybrain-observations",
    "cn-12345",
    "http",
    "http-events",
    "http-observations",
    "nyc-311",
    "nyc-311-export",
    "open311",
    "people-flow",
    "sensor-community",
    "sensorthings",
    "simulated",
    "simulated-observations",
    "ttn-v3",
    "zhengwu-messages",
];
