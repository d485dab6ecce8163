//! The buildings and corners that complaints come from again and again.

use std::sync::Arc;

use citybrain_grid::{Area, City, NOWHERE};
use rand::Rng;
use rand::seq::IndexedRandom;

use super::language::Language;
use crate::points::{point_in, residents, smallest};

/// A place with its exact areas.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) lon: f64,
    pub(super) lat: f64,
    /// Cell at the city's base resolution.
    pub(super) cell: u64,
    /// By `AreaLevel::index()`: the area's index in its level, or `NOWHERE`.
    pub(super) areas: [u32; 4],
    pub(super) address: Arc<str>,
}

/// The city's places and how much of all complaints each has, clustered as people live: every area has places in proportion to
/// its residents, and within an area a few places have most of the complaints.
pub(super) fn places(
    city: &City,
    language: Language,
    rng: &mut impl Rng,
) -> (Vec<Place>, Vec<f64>) {
    let areas = smallest(city).latest();
    let residents = residents(areas);
    let all: f64 = residents.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a number of areas")]
    let places = (60.0 * areas.len() as f64).clamp(600.0, 28_000.0);
    let (mut lon, mut lat, mut weights, mut streets) = (vec![], vec![], vec![], vec![]);
    for (area, residents) in areas.iter().zip(residents) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 28,000"
        )]
        let here = (places * residents / all).round().clamp(1.0, places) as u32;
        let harmonic: f64 = (1..=here).map(rank_weight).sum();
        for rank in 1..=here {
            let (x, y) = point_in(area, rng);
            lon.push(rounded(x));
            lat.push(rounded(y));
            weights.push(residents / all * rank_weight(rank) / harmonic);
            streets.push(street(area, language, rng));
        }
    }
    (located(city, &lon, &lat, streets), weights)
}

/// Places at positions, with the areas and cells that the city puts them in.
pub(super) fn located(
    city: &City,
    lon: &[f64],
    lat: &[f64],
    addresses: Vec<Arc<str>>,
) -> Vec<Place> {
    let found = city.locate(lon, lat, None);
    let places = lon.iter().zip(lat).zip(addresses).enumerate();
    places
        .map(|(i, ((&lon, &lat), address))| Place {
            lon,
            lat,
            cell: found.cell[i],
            areas: [0, 1, 2, 3].map(|level: usize| found.areas[level][i]),
            address,
        })
        .collect()
}

impl Place {
    /// The area's index at a level, when the place is in one.
    pub(super) fn area(&self, level: usize) -> Option<usize> {
        let area = self.areas[level];
        (area != NOWHERE).then_some(area as usize)
    }
}

/// Six decimals: about ten centimetres.
pub(super) fn rounded(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

fn rank_weight(rank: u32) -> f64 {
    1.0 / f64::from(rank).powf(0.8)
}

/// An address in the area.
pub(super) fn street(area: &Area, language: Language, rng: &mut impl Rng) -> Arc<str> {
    let number = rng.random_range(1..180);
    let area = &area.name;
    match language {
        Language::Zh => {
            let road = ROADS_ZH.choose(rng).expect("there are roads");
            let building = rng.random_range(1..16);
            format!("{area}{road}{number}号院{building}号楼").into()
        }
        Language::En => {
            let road = ROADS_EN.choose(rng).expect("there are roads");
            format!("{number} {road}, {area}").into()
        }
    }
}

const ROADS_ZH: [&str; 24] = [
    "柳荫路",
    "文津街",
    "望湖路",
    "清泉大街",
    "松竹路",
    "和平街",
    "梧桐路",
    "新安里",
    "东风路",
    "西江大街",
    "青年路",
    "学院路",
    "工人路",
    "体育场路",
    "永安街",
    "春晖路",
    "朝霞街",
    "石桥路",
    "兰亭路",
    "金桂街",
    "康乐里",
    "景明路",
    "长堤路",
    "南屏街",
];

const ROADS_EN: [&str; 16] = [
    "Maple Street",
    "Harbor Road",
    "Mill Lane",
    "Station Avenue",
    "Garden Street",
    "Hill Road",
    "Willow Way",
    "Market Street",
    "School Street",
    "Bridge Road",
    "Orchard Avenue",
    "Church Street",
    "River Street",
    "Cedar Road",
    "Union Street",
    "Meadow Lane",
];
