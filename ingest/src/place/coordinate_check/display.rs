//! The report for people.

use std::fmt;

use super::{CandidateReport, CoordinateReport, Undecided, Verdict};

impl fmt::Display for CoordinateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "coordinates: {} of {} records have coordinates and a known area, {} compared",
            self.comparable, self.records, self.compared
        )?;
        for candidate in &self.candidates {
            let note = if candidate.system == self.set {
                " (set)"
            } else {
                ""
            };
            writeln!(f, "  {candidate}{note}")?;
        }
        write!(f, "  {}", self.verdict)
    }
}

impl fmt::Display for CandidateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text first, so that the column's width counts all of it.
        write!(f, "{:<18}", self.system.to_string())?;
        for agreement in &self.levels {
            let percent = agreement.share * 100.0;
            let (level, compared) = (agreement.level, agreement.compared);
            write!(f, "{percent:5.1} % in their {level} ({compared}), ")?;
        }
        write!(f, "{:.1} % outside the city", self.outside_share * 100.0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decided {
                system,
                same_here,
                is_set,
                level,
                share,
                margin,
            } => {
                let percent = share * 100.0;
                write!(
                    f,
                    "the coordinates are {system}: {percent:.1} % lie in their {level}"
                )?;
                if let Some(margin) = margin {
                    write!(f, ", {:.1} points more than next", margin * 100.0)?;
                }
                for same in same_here {
                    write!(f, "; {same} is the same here")?;
                }
                let setting = if *is_set { "right" } else { "WRONG" };
                write!(f, "; the setting is {setting}")
            }
            Self::CannotTell(reason) => write!(f, "cannot tell which is right: {reason}"),
        }
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { compared, needed } => {
                write!(f, "{compared} records to compare, {needed} are needed")
            }
            Self::NoneFits { best, share } => {
                let percent = share * 100.0;
                write!(
                    f,
                    "the best, {best}, has {percent:.1} % in their area, less than half"
                )
            }
            Self::TooClose { best, next, margin } => {
                let points = margin * 100.0;
                write!(
                    f,
                    "{best} is only {points:.2} points better than {next}, no more than chance"
                )
            }
        }
    }
}
