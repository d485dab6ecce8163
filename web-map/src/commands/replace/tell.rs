//! What a replacement of the boundaries did, as it is told.

use std::fmt;
use std::time::Duration;

use citybrain_grid::City;
use citybrain_model::AreaLevel;
use citybrain_store::{Change, Changes};
use serde::Serialize;

/// What a replacement did, or would do. All counts are of records.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// The boundaries before.
    from: String,
    /// The boundaries afterwards.
    to: String,
    /// The boundaries were these already.
    nothing_to_do: bool,
    /// Nothing was written.
    dry_run: bool,
    read: u64,
    /// Without a usable position: they stay as they are.
    not_located: u64,
    /// In another area of at least one level than before.
    moved: u64,
    /// In no area of the largest level any more.
    now_outside: u64,
    /// In an area of the largest level, and in none before.
    now_inside: u64,
    /// The levels of either city.
    levels: Vec<LevelTold>,
    elapsed_s: f64,
}

#[derive(Debug, Serialize)]
struct LevelTold {
    level: AreaLevel,
    moved: u64,
    /// From area to area, the most first; null is outside of all areas.
    changes: Vec<Change>,
}

impl Told {
    /// The records are placed by these boundaries already.
    pub(super) fn nothing(city: &City) -> Self {
        let nothing = Self::new(city, city, &Changes::default(), false, Duration::ZERO);
        Self {
            nothing_to_do: true,
            ..nothing
        }
    }

    pub(super) fn new(
        from: &City,
        to: &City,
        changes: &Changes,
        dry_run: bool,
        elapsed: Duration,
    ) -> Self {
        let of_either = |level: &AreaLevel| [from, to].iter().any(|c| c.level(*level).is_some());
        let levels = AreaLevel::ALL.into_iter().filter(of_either).map(|level| {
            let mut list = changes.levels[level.index()].clone();
            // Equal counts stay in order of the ids.
            list.sort_by_key(|change| std::cmp::Reverse(change.records));
            LevelTold {
                level,
                moved: changes.moved_in(level),
                changes: list,
            }
        });
        Self {
            from: from.boundary_version(),
            to: to.boundary_version(),
            nothing_to_do: false,
            dry_run,
            read: changes.read,
            not_located: changes.not_located,
            moved: changes.moved,
            now_outside: changes.now_outside,
            now_inside: changes.now_inside,
            levels: levels.collect(),
            elapsed_s: elapsed.as_secs_f64(),
        }
    }
}

/// Changes of a level that are listed for people; JSON has all.
const LISTED: usize = 10;

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nothing_to_do {
            return writeln!(
                f,
                "nothing to do: all records are placed by the boundaries {}",
                self.to
            );
        }
        let would = if self.dry_run {
            " (dry run: nothing was changed)"
        } else {
            ""
        };
        writeln!(f, "boundaries {} -> {}{would}", self.from, self.to)?;
        writeln!(
            f,
            "{} records read, {} without a position; {} moved, {} now outside, {} now inside",
            self.read, self.not_located, self.moved, self.now_outside, self.now_inside
        )?;
        for LevelTold {
            level,
            moved,
            changes,
        } in &self.levels
        {
            writeln!(f, "{level}: {moved} moved")?;
            let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "(outside)".to_owned());
            for change in changes.iter().take(LISTED) {
                let (from, to) = (id(&change.from), id(&change.to));
                writeln!(f, "  {:>9}  {from} -> {to}", change.records)?;
            }
            if let Some(more) = changes.len().checked_sub(LISTED).filter(|more| *more > 0) {
                let rest = changes.iter().skip(LISTED).map(|change| change.records);
                writeln!(f, "  {:>9}  {more} others", rest.sum::<u64>())?;
            }
        }
        Ok(())
    }
}
