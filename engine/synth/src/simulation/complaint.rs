//! One simulated complaint, and how it is written.

use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use citybrain_model::ComplaintDraft;
use serde::Serialize;

/// A complaint as the body of the API and the columns of a file have it. It has no source: that is whoever sends it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulatedComplaint {
    /// Unique in the simulation.
    pub id: String,
    /// When it was reported, in the city's local time.
    pub requested_at: DateTime<FixedOffset>,
    /// When it was sent to the unit that handles it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatched_at: Option<DateTime<FixedOffset>>,
    /// Until when it must be handled: 2 h, 24 h, 7 d or 15 d by its urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<FixedOffset>>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<DateTime<FixedOffset>>,
    /// `phone`, `app`, `wechat`, `web`, `grid_patrol`, `message_board` or `weibo`.
    pub channel: &'static str,
    /// `complaint`, `help`, `enquiry`, `report`, `suggestion` or `praise`.
    pub kind: &'static str,
    /// The category's name.
    pub category: Arc<str>,
    /// The category with its ancestors, joined by `->`.
    pub category_path: Arc<str>,
    /// `accepted`, `dispatched`, `in_hand`, `listed` (for the long term) or `closed`.
    pub status: &'static str,
    /// `emergency`, `urgent`, `ordinary` or `complex`.
    pub urgency: &'static str,
    /// The department or the subdistrict's office that handles it.
    pub agency: Arc<str>,
    /// Longitude in WGS 84 degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Latitude in WGS 84 degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// The address as text.
    pub address: Arc<str>,
    /// Name of the district, where the city has districts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<Arc<str>>,
    /// Name of the subdistrict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdistrict: Option<Arc<str>>,
    /// Name of the community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<Arc<str>>,
    /// What was said.
    pub text: String,
    /// Labels; in a file joined by `;`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Arc<str>>,
    /// Was the citizen reached by the call-back?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacted: Option<bool>,
    /// `resolved`, `partly` or `unresolved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<&'static str>,
    /// `satisfied`, `basically`, `dissatisfied` or `not_rated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<&'static str>,
    /// The id of the complaint that the same caller made before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_of: Option<String>,
}

impl SimulatedComplaint {
    /// The columns of a file of complaints: names of the API's body.
    pub const COLUMNS: [&'static str; 24] = [
        "id",
        "requested_at",
        "dispatched_at",
        "due_at",
        "closed_at",
        "channel",
        "kind",
        "category",
        "category_path",
        "status",
        "urgency",
        "agency",
        "lon",
        "lat",
        "address",
        "district",
        "subdistrict",
        "community",
        "text",
        "tags",
        "contacted",
        "resolved",
        "satisfaction",
        "repeat_of",
    ];

    /// Writes one row with the columns of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_csv<W: Write>(&self, out: &mut csv::Writer<W>) -> csv::Result<()> {
        let word = |area: &Option<Arc<str>>| area.clone().unwrap_or_default();
        let number = |degrees: Option<f64>| degrees.map(|n| n.to_string()).unwrap_or_default();
        out.write_field(&self.id)?;
        for at in [
            Some(self.requested_at),
            self.dispatched_at,
            self.due_at,
            self.closed_at,
        ] {
            out.write_field(at.map(rfc3339).unwrap_or_default())?;
        }
        out.write_field(self.channel)?;
        out.write_field(self.kind)?;
        out.write_field(&*self.category)?;
        out.write_field(&*self.category_path)?;
        out.write_field(self.status)?;
        out.write_field(self.urgency)?;
        out.write_field(&*self.agency)?;
        out.write_field(number(self.lon))?;
        out.write_field(number(self.lat))?;
        out.write_field(&*self.address)?;
        for area in [&self.district, &self.subdistrict, &self.community] {
            out.write_field(&*word(area))?;
        }
        out.write_field(&self.text)?;
        out.write_field(self.tags.join(";"))?;
        out.write_field(
            self.contacted
                .map_or("", |contacted| if contacted { "true" } else { "false" }),
        )?;
        out.write_field(self.resolved.unwrap_or_default())?;
        out.write_field(self.satisfaction.unwrap_or_default())?;
        out.write_field(self.repeat_of.as_deref().unwrap_or_default())?;
        out.write_record(None::<&[u8]>)
    }

    /// Writes one line of NDJSON; what is not known is left out.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_ndjson<W: Write>(&self, mut out: W) -> std::io::Result<()> {
        serde_json::to_writer(&mut out, self)?;
        out.write_all(b"\n")
    }

    /// The same as an unchecked record of a source, without the way through text.
    pub fn draft(&self, source: &str) -> ComplaintDraft {
        let word = |text: &str| Some(text.to_owned());
        let area = |area: &Option<Arc<str>>| area.as_deref().map(ToOwned::to_owned);
        ComplaintDraft {
            source: word(source),
            id: Some(self.id.clone()),
            channel: word(self.channel),
            kind: word(self.kind),
            category: word(&self.category),
            category_path: word(&self.category_path),
            requested_at: Some(self.requested_at.to_utc()),
            dispatched_at: self.dispatched_at.map(|at| at.to_utc()),
            due_at: self.due_at.map(|at| at.to_utc()),
            closed_at: self.closed_at.map(|at| at.to_utc()),
            status: word(self.status),
            urgency: word(self.urgency),
            agency: word(&self.agency),
            lon: self.lon,
            lat: self.lat,
            default_location: false,
            address: word(&self.address),
            declared: [
                area(&self.district),
                area(&self.subdistrict),
                area(&self.community),
            ],
            contacted: self.contacted,
            resolved: self.resolved.and_then(word),
            satisfaction: self.satisfaction.and_then(word),
            repeat_of: self.repeat_of.clone(),
            tags: self.tags.iter().map(ToString::to_string).collect(),
            text: word(&self.text),
        }
    }
}

/// RFC 3339 with offset; fractions of a second only when there are some.
pub(super) fn rfc3339(at: DateTime<FixedOffset>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
