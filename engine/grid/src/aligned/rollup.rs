//! From aligned cells to coarser cells and larger areas.

use std::collections::HashMap;
use std::ops::AddAssign;

use citybrain_model::AreaLevel;
use h3o::{CellIndex, Resolution};

use super::{AlignedGrid, smallest};
use crate::{City, Level, NOWHERE};

/// To which group each aligned cell belongs. Sums over groups add up to the sum over aligned cells: integers exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup<K> {
    /// The groups, ascending.
    pub keys: Vec<K>,
    /// For each aligned cell, its group's place in `keys`.
    pub group: Vec<u32>,
}

/// There is nothing to roll up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoParent {
    /// The cells are coarser than that.
    #[error("cells of resolution {} have no parents at resolution {}", u8::from(*.base), u8::from(*.asked))]
    Finer {
        /// The grid's resolution.
        base: Resolution,
        /// The resolution asked for.
        asked: Resolution,
    },
    /// The city has no such level.
    #[error("the city has no level {level}")]
    Level {
        /// The level asked for.
        level: AreaLevel,
    },
}

impl AlignedGrid {
    /// The H3 cells of a resolution, the grid's own or a coarser one, that are the parents of aligned cells.
    ///
    /// # Errors
    /// [`NoParent::Finer`] when the resolution is finer than the grid's.
    pub fn to_cells(&self, resolution: Resolution) -> Result<Rollup<u64>, NoParent> {
        let no_parent = NoParent::Finer {
            base: self.resolution,
            asked: resolution,
        };
        let mut parents = Vec::with_capacity(self.len());
        for cell in &self.cells {
            let cell = CellIndex::try_from(*cell).ok();
            let parent = cell.and_then(|cell| cell.parent(resolution));
            parents.push(u64::from(parent.ok_or(no_parent)?));
        }
        Ok(Rollup::of(&parents))
    }

    /// The areas of a level that are the parents of aligned cells, as indices into its [`Level::areas`], by the parents that
    /// areas name; [`NOWHERE`] is the group of those that have none there. Of a larger level those areas count that are in
    /// force when the grid's own version ends.
    ///
    /// # Errors
    /// [`NoParent::Level`] when the city has no such level.
    pub fn to_level(&self, city: &City, level: AreaLevel) -> Result<Rollup<u32>, NoParent> {
        let asked = city.level(level).ok_or(NoParent::Level { level })?;
        let finest = smallest(city);
        let mut above: Vec<u32> = (0..).zip(&finest.areas).map(|(number, _)| number).collect();
        let mut below = finest;
        for larger in city.levels.iter().rev().skip(1) {
            if below.level == asked.level {
                break;
            }
            let parents = self.parents(finest, below, larger);
            for area in &mut above {
                *area = parents.get(*area as usize).copied().unwrap_or(NOWHERE);
            }
            below = larger;
        }
        let parents = self.areas.iter().map(|area| above[*area as usize]);
        Ok(Rollup::of(&parents.collect::<Vec<_>>()))
    }

    /// For each area of a level its parent's number in the next larger one.
    fn parents(&self, finest: &Level, below: &Level, larger: &Level) -> Vec<u32> {
        let next = finest.versions().get(self.version() + 1);
        let last_day = next.and_then(|version| version.valid_from?.pred_opt());
        let version = match last_day {
            Some(day) => larger.version_on(day),
            None => larger.latest_version(),
        };
        let numbers: HashMap<&str, u32> = version
            .areas
            .clone()
            .zip(&larger.areas[version.range()])
            .map(|(number, area)| (area.id.as_str(), number))
            .collect();
        let parent = |id: &Option<String>| numbers.get(id.as_deref()?).copied();
        let areas = below.areas.iter();
        areas
            .map(|area| parent(&area.parent).unwrap_or(NOWHERE))
            .collect()
    }
}

impl<K: Copy + Ord> Rollup<K> {
    fn of(groups: &[K]) -> Self {
        let mut keys = groups.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let place = |key: &K| {
            let at = keys.partition_point(|other| other < key);
            u32::try_from(at).expect("there are no more groups than aligned cells, below 2^32")
        };
        let group = groups.iter().map(place).collect();
        Self { keys, group }
    }

    /// The sum of the aligned cells' values in each group, in order of `keys`. A sum must fit its type.
    ///
    /// # Panics
    /// When there are not as many values as aligned cells.
    pub fn sum<T: Copy + Default + AddAssign>(&self, values: &[T]) -> Vec<T> {
        assert_eq!(
            values.len(),
            self.group.len(),
            "a value for each aligned cell"
        );
        let mut sums = vec![T::default(); self.keys.len()];
        for (group, value) in self.group.iter().zip(values) {
            sums[*group as usize] += *value;
        }
        sums
    }
}
