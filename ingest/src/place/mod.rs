//! Where a record is when it has no coordinates, and whether its coordinates are right.
//!
//! Three ways lead to a place, from sure to vague: a position that came with the record; the areas that it declares by name
//! ([`DeclaredAreas`]); a place name in its address or text ([`Gazetteer`]). What none of them settles stays without a place and
//! says why. Names of all kinds are compared in one form ([`fold`]).
//!
//! [`PlaceNames`] goes these ways for one record after the other.
//!
//! Two accumulators look at the coordinates of a file while it is read, in bounded memory: [`CoordinateCheck`] tells which
//! coordinate system puts records into the areas that they declare, [`DefaultGeocodes`] finds positions that are no place.

mod coordinate_check;
mod declared;
mod default_geocodes;
mod fold;
mod gazetteer;
#[cfg(test)]
pub(crate) mod made;
mod place_names;
mod stem;

pub use coordinate_check::{
    Agreement, CandidateReport, CoordinateCheck, CoordinateReport, System, Undecided, Verdict,
};
pub use declared::{Aliases, DeclaredAreas, DeclaredPlace, LevelMatch, Outcome, UnknownAlias};
pub use default_geocodes::{DefaultGeocode, DefaultGeocodes, DefaultGeocodesReport};
pub use fold::fold;
pub use gazetteer::{
    Found, Gazetteer, GazetteerEntry, GazetteerError, GazetteerKind, GazetteerPlace, read_gazetteer,
};
pub use place_names::PlaceNames;
