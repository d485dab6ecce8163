//! One citizen report.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{AreaLevel, Identity, Position, Refusal, rules};

/// How good a complaint's position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationQuality {
    /// The position came with the record.
    Point,
    /// The position is the feed's default for "no address" (a city hall, 0/0): not a place, so the record is not located.
    Default,
    /// No position, but the record declares its area by name: it lies in `areas`, and in no cell.
    Area,
    /// The position is that of a place that the address or the text names; `location_radius_m` says how far off it may be.
    Gazetteer,
    /// Nothing to place it by.
    None,
}

impl LocationQuality {
    /// The word in SQL and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Default => "default",
            Self::Area => "area",
            Self::Gazetteer => "gazetteer",
            Self::None => "none",
        }
    }
}

/// One citizen report (Open311: service request) in its latest state. Instants are UTC.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Complaint {
    /// The feed or system that the id belongs to.
    pub source: String,
    /// The id within the source.
    pub id: String,
    /// How it came in: phone, app, web …
    pub channel: Option<String>,
    /// Complaint, enquiry, help, suggestion, report, praise.
    pub kind: Option<String>,
    /// What it is about: the code or name at the lowest level known.
    pub category: Option<String>,
    /// The category with its ancestors, from large to small, joined by `->`.
    pub category_path: Option<String>,
    /// When the citizen reported it.
    pub requested_at: DateTime<Utc>,
    /// When this engine took it in.
    pub received_at: DateTime<Utc>,
    /// When it was sent to the unit that handles it.
    pub dispatched_at: Option<DateTime<Utc>>,
    /// Until when it must be handled.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// The state's word.
    pub status: Option<String>,
    /// Urgency: emergency, urgent, ordinary …
    pub urgency: Option<String>,
    /// The unit that handles it.
    pub agency: Option<String>,
    /// Where, as given; see `location_quality` for whether it is a place.
    pub position: Option<Position>,
    /// The address as text.
    pub address: Option<String>,
    /// The areas that the record itself names, by level (district, subdistrict, community).
    pub declared: [Option<String>; 3],
    /// How good the position is.
    pub location_quality: LocationQuality,
    /// How far from `position` it may be, metres; only of a position from the gazetteer.
    pub location_radius_m: Option<f64>,
    /// The ids of the areas that it lies in, by [`AreaLevel::index`]; only of a record that is known by its area alone.
    pub areas: [Option<String>; 4],
    /// Was the citizen reached by the call-back?
    pub contacted: Option<bool>,
    /// The citizen's word on the solution: resolved, partly, unresolved.
    pub resolved: Option<String>,
    /// The citizen's satisfaction: satisfied, basically, dissatisfied, `not_rated`.
    pub satisfaction: Option<String>,
    /// The id of the complaint that this one repeats.
    pub repeat_of: Option<String>,
    /// Labels, in order.
    pub tags: Vec<String>,
    /// What was said; personal data are masked before it gets here.
    pub text: Option<String>,
}

/// What a decoder knows of a complaint before the rules are applied. `lon` and `lat` are WGS 84 degrees.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is the unchecked form of the field of the same name in `Complaint`"
)]
pub struct ComplaintDraft {
    pub source: Option<String>,
    pub id: Option<String>,
    pub channel: Option<String>,
    pub kind: Option<String>,
    pub category: Option<String>,
    pub category_path: Option<String>,
    pub requested_at: Option<DateTime<Utc>>,
    pub dispatched_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub status: Option<String>,
    pub urgency: Option<String>,
    pub agency: Option<String>,
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    /// The position is known to be the feed's default and no place.
    pub default_location: bool,
    pub address: Option<String>,
    pub declared: [Option<String>; 3],
    pub contacted: Option<bool>,
    pub resolved: Option<String>,
    pub satisfaction: Option<String>,
    pub repeat_of: Option<String>,
    pub tags: Vec<String>,
    pub text: Option<String>,
}

/// The tag of a complaint that came with a closing time before its request time; the closing time is dropped.
const CLOSED_BEFORE_REQUESTED: &str = "closed_before_requested";

/// The name of the tag that says how far off a position from the gazetteer may be.
const LOCATION_RADIUS_M: &str = "location_radius_m";

impl Complaint {
    /// Checks a draft: source, id and request time are there; texts and instants keep the limits of this crate; a position is
    /// whole and on the globe. A closing time before the request time is dropped and the complaint tagged
    /// `closed_before_requested`: the report itself is real.
    ///
    /// # Errors
    /// The first rule that the draft breaks.
    pub fn try_new(draft: ComplaintDraft, received_at: DateTime<Utc>) -> Result<Self, Refusal> {
        let requested_at = draft
            .requested_at
            .ok_or_else(|| Refusal::required("requested_at"))?;
        let requested_at = rules::instant("requested_at", requested_at)?;
        let position = match (draft.lon, draft.lat) {
            (Some(lon), Some(lat)) => Some(Position::try_new(lon, lat)?),
            (None, None) => None,
            (Some(_), None) => return Err(Refusal::required("lat")),
            (None, Some(_)) => return Err(Refusal::required("lon")),
        };
        let [district, subdistrict, community] = draft.declared;
        let declared = [
            rules::label("district", district)?,
            rules::label("subdistrict", subdistrict)?,
            rules::label("community", community)?,
        ];
        let location_quality = match position {
            Some(_) if draft.default_location => LocationQuality::Default,
            Some(_) => LocationQuality::Point,
            None => LocationQuality::None,
        };
        let mut tags = Vec::with_capacity(draft.tags.len());
        for tag in draft.tags {
            tags.extend(rules::label("tags", Some(tag))?);
        }
        let mut closed_at = rules::optional_instant("closed_at", draft.closed_at)?;
        if closed_at.is_some_and(|closed_at| closed_at < requested_at) {
            closed_at = None;
            tags.push(CLOSED_BEFORE_REQUESTED.to_owned());
        }
        let category_path = rules::label("category_path", draft.category_path)?;
        let category = rules::label("category", draft.category)?;
        Ok(Self {
            source: rules::id("source", draft.source)?,
            id: rules::id("id", draft.id)?,
            channel: rules::label("channel", draft.channel)?,
            kind: rules::label("kind", draft.kind)?,
            category_path: category_path.or_else(|| category.clone()),
            category,
            requested_at,
            received_at,
            dispatched_at: rules::optional_instant("dispatched_at", draft.dispatched_at)?,
            due_at: rules::optional_instant("due_at", draft.due_at)?,
            closed_at,
            status: rules::label("status", draft.status)?,
            urgency: rules::label("urgency", draft.urgency)?,
            agency: rules::label("agency", draft.agency)?,
            position,
            address: rules::label("address", draft.address)?,
            declared,
            location_quality,
            location_radius_m: None,
            areas: [const { None }; 4],
            contacted: draft.contacted,
            resolved: rules::label("resolved", draft.resolved)?,
            satisfaction: rules::label("satisfaction", draft.satisfaction)?,
            repeat_of: rules::label("repeat_of", draft.repeat_of)?,
            tags,
            text: rules::text("text", draft.text)?,
        })
    }

    /// The position that places it: one that came with it or that the gazetteer gave. A default position is no place.
    pub fn placed_at(&self) -> Option<Position> {
        match self.location_quality {
            LocationQuality::Point | LocationQuality::Gazetteer => self.position,
            LocationQuality::Default | LocationQuality::Area | LocationQuality::None => None,
        }
    }

    /// The id of the area of a level that it lies in, when it is known by its area alone.
    pub fn area(&self, level: AreaLevel) -> Option<&str> {
        self.areas[level.index()].as_deref()
    }

    /// Puts a complaint that nothing places into areas, by [`AreaLevel::index`]. **What has a position keeps it**: then, and
    /// without any area, nothing changes.
    pub fn place_in_areas(&mut self, areas: [Option<String>; 4]) {
        let any = areas.iter().any(Option::is_some);
        if self.location_quality == LocationQuality::None && any {
            self.location_quality = LocationQuality::Area;
            self.areas = areas;
        }
    }

    /// Puts a complaint that nothing places at the position of a place that it names, at most `radius_m` metres off, and tags it
    /// `location_radius_m=` and the metres, so that whoever counts by cell can leave out what is too vague. **What has a
    /// position keeps it**: then nothing changes.
    pub fn place_near(&mut self, position: Position, radius_m: f64) {
        if self.location_quality == LocationQuality::None {
            self.location_quality = LocationQuality::Gazetteer;
            self.position = Some(position);
            self.location_radius_m = Some(radius_m);
            self.tags.push(format!("{LOCATION_RADIUS_M}={radius_m}"));
        }
    }

    /// (source, id).
    pub fn identity(&self) -> Identity {
        Identity::of(&self.source, &self.id)
    }
}

#[cfg(test)]
mod tests;
