//! Where a city's aligned grid comes from.

use std::fmt;

use super::{AlignedError, AlignedGrid, smallest};
use crate::City;

type Make = dyn Fn(&City) -> Result<AlignedGrid, AlignedError> + Send + Sync;

/// How the aligned grid of a city is come by when it is first asked for.
pub(crate) struct Source(Box<Make>);

impl Source {
    pub(crate) fn grid(&self, city: &City) -> Result<AlignedGrid, AlignedError> {
        (self.0)(city)
    }
}

impl Default for Source {
    fn default() -> Self {
        Self(Box::new(make))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

impl City {
    /// The city, whose aligned grid comes from `source` when [`of`](super::of()) is first called, such as from a file. `source` gives
    /// what [`make`] does.
    #[must_use]
    pub fn with_aligned_from(
        mut self,
        source: impl Fn(&Self) -> Result<AlignedGrid, AlignedError> + Send + Sync + 'static,
    ) -> Self {
        self.aligned_source = Source(Box::new(source));
        self
    }
}

/// Works out the aligned grid of a city by its latest boundaries at its base resolution. It takes seconds.
///
/// # Errors
/// [`AlignedError::Antimeridian`].
pub fn make(city: &City) -> Result<AlignedGrid, AlignedError> {
    AlignedGrid::try_new(city, smallest(city).latest_version(), city.base_resolution)
}
