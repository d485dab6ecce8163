//! Places for records that come without a position.

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_model::{AreaLevel, Complaint, LocationQuality};

use super::{DeclaredAreas, DeclaredPlace, Found, Gazetteer, Outcome};
use crate::decode::Notes;

/// A position from the gazetteer.
const BY_GAZETTEER: &str = "placed_by_gazetteer";
/// The best name in the text belongs to several places.
const GAZETTEER_AMBIGUOUS: &str = "gazetteer_ambiguous";

/// The names by which a city's records are placed when they have no position.
///
/// 1. What has a position, also a default one, stays as it is.
/// 2. The declared areas are looked up, by the boundaries of the local day of the request.
/// 3. The gazetteer reads the address, and the text when the address names nothing. Its place is taken when no area is declared
///    or when it lies in the smallest one; it gives a position and a radius.
/// 4. Otherwise the record lies in the areas that are sure, in no cell. What has none is not placed.
#[derive(Debug)]
pub struct PlaceNames {
    city: Arc<City>,
    declared: DeclaredAreas,
    gazetteer: Option<Gazetteer>,
}

impl PlaceNames {
    /// The names of `city`: `declared` and `gazetteer` were made for it.
    pub const fn new(
        city: Arc<City>,
        declared: DeclaredAreas,
        gazetteer: Option<Gazetteer>,
    ) -> Self {
        Self {
            city,
            declared,
            gazetteer,
        }
    }

    /// The names of the areas alone.
    pub fn of_areas(city: Arc<City>) -> Self {
        let declared = DeclaredAreas::of(&city);
        Self::new(city, declared, None)
    }

    /// The city.
    pub const fn city(&self) -> &Arc<City> {
        &self.city
    }

    /// The areas that a record declares, by the boundaries of the local day of `requested_at`.
    pub fn declared(
        &self,
        declared: &[Option<String>; 3],
        requested_at: chrono::DateTime<chrono::Utc>,
    ) -> DeclaredPlace {
        let day = requested_at
            .with_timezone(&self.city.time_zone)
            .date_naive();
        let names = declared.each_ref().map(Option::as_deref);
        self.declared.find(names, Some(day))
    }

    /// Places a complaint that has no position, as far as its names tell; `notes` counts what they do not tell.
    pub fn place(&self, complaint: &mut Complaint, notes: &mut Notes) {
        if complaint.location_quality != LocationQuality::None {
            return;
        }
        let declared = self.declared(&complaint.declared, complaint.requested_at);
        match declared.outcome {
            Outcome::NotDeclared | Outcome::Matched => {}
            Outcome::Unknown => notes.count("declared_unknown"),
            Outcome::Ambiguous => notes.count("declared_ambiguous"),
            Outcome::Contradictory => notes.count("declared_contradictory"),
        }
        self.place_near(complaint, &declared, notes);
        complaint.place_in_areas(self.ids(&declared));
    }

    fn place_near(&self, complaint: &mut Complaint, declared: &DeclaredPlace, notes: &mut Notes) {
        let Some(gazetteer) = &self.gazetteer else {
            return;
        };
        let texts = [&complaint.address, &complaint.text];
        let named = texts.into_iter().flatten().find_map(|text| {
            match gazetteer.find([text.as_str()], Some(declared)) {
                Found::Nothing => None,
                // What the record declares is surer than a name in its words.
                Found::Place(place)
                    if declared.smallest().is_some() && place.in_declared != Some(true) =>
                {
                    None
                }
                found => Some(found),
            }
        });
        match named {
            Some(Found::Place(place)) => {
                complaint.place_near(place.position, place.radius_m);
                notes.count(BY_GAZETTEER);
            }
            Some(Found::Ambiguous { .. }) => notes.count(GAZETTEER_AMBIGUOUS),
            Some(Found::Nothing) | None => {}
        }
    }

    fn ids(&self, declared: &DeclaredPlace) -> [Option<String>; 4] {
        AreaLevel::ALL.map(|level| {
            let area = declared.areas[level.index()]?;
            let areas = &self.city.level(level)?.areas;
            areas.get(area as usize).map(|area| area.id.clone())
        })
    }
}

#[cfg(test)]
mod tests;
