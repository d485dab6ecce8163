//! What is measured in a cell or an area.

use citybrain_store::Table;

/// What is measured in a cell or an area.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Measure {
    /// Complaints.
    #[default]
    Count,
    /// Complaints per km² of the cell's or the area's own surface.
    PerKm2,
    /// Complaints per 10,000 residents; areas only.
    Per10k,
    /// The mean result of the observations of a property (`PM10`, `noise` …).
    Mean {
        /// The observed property.
        property: String,
    },
}

/// A word that names no measure, or `mean` without a property.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownMeasure {
    /// Not a measure.
    #[error("measure=\"{0}\": must be count, per_km2, per_10k or mean")]
    Word(String),
    /// `mean` needs a property, and only `mean` takes one.
    #[error("property: must be given with measure=mean, and only then")]
    Property,
}

impl Measure {
    /// The measure that the parameters `measure` (`count` when it is missing) and `property` name.
    ///
    /// # Errors
    /// An unknown word, or a property where none is meant.
    pub fn try_new(
        measure: Option<&str>,
        property: Option<String>,
    ) -> Result<Self, UnknownMeasure> {
        match (measure.unwrap_or("count"), property) {
            ("mean", Some(property)) if !property.trim().is_empty() => Ok(Self::Mean { property }),
            ("mean", _) | ("count" | "per_km2" | "per_10k", Some(_)) => {
                Err(UnknownMeasure::Property)
            }
            ("count", None) => Ok(Self::Count),
            ("per_km2", None) => Ok(Self::PerKm2),
            ("per_10k", None) => Ok(Self::Per10k),
            (word, _) => Err(UnknownMeasure::Word(word.to_owned())),
        }
    }

    /// The word in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::PerKm2 => "per_km2",
            Self::Per10k => "per_10k",
            Self::Mean { .. } => "mean",
        }
    }

    /// The table whose records are measured.
    pub(crate) const fn table(&self) -> Table {
        match self {
            Self::Mean { .. } => Table::Observations,
            _ => Table::Complaints,
        }
    }
}
