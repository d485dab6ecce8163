//! The slices of time that an analysis looks at: whole hours, days, weeks or months of the city's calendar.

use chrono_tz::Tz;
use citybrain_stats::holes::{HoleOptions, export_holes, in_use};
use datafusion::error::Result;
use serde_json::{Map, Value, json};

use super::AnalysisError;
use super::arguments::Arguments;
use crate::{Bin, Zone};

/// Most slices that an analysis looks at.
const SLICES_MAX: usize = 200_000;
/// A slice without a single record is a hole in the data, not a quiet one, when a slice has this many records on average: by
/// chance it would be empty once in 10^8 slices.
const BUSY: f64 = 20.0;
/// Fewest kinds of records in a query whose sum stands for the whole export: the quiet time of one kind is its season.
pub(super) const MANY_KINDS: usize = 5;
/// µs.
const DAY: i64 = 86_400_000_000;

/// What the caller says about time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) step: Bin,
    /// At or after, µs.
    pub(super) from: Option<i64>,
    /// Before, µs.
    pub(super) to: Option<i64>,
}

impl Span {
    /// Reads `step`, `from` and `to`.
    pub(super) fn read(arguments: &mut Arguments, step: Bin) -> Result<Self> {
        let step = arguments.word("step", Bin::WORDS)?.unwrap_or(step);
        let (from, to) = (arguments.instant("from")?, arguments.instant("to")?);
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            let rule = "must be after from".to_owned();
            return Err(arguments.broken("to", &Zone::of(chrono_tz::UTC).text(to), rule));
        }
        Ok(Self { step, from, to })
    }
}

/// Whole slices in order, and which of them are known.
#[derive(Debug)]
pub(super) struct Timeline {
    /// When each slice begins, µs; one more for the end of the last.
    starts: Vec<i64>,
    /// Is there any record at all in the slice, or too few in all to expect one?
    known: Vec<bool>,
    step: Bin,
    zone: std::sync::Arc<Zone>,
}

impl Timeline {
    /// The slices that lie wholly between the first and the last instant: those of the span, or else of the records (`counted`: start
    /// of a slice and records in it, in any order). The slices of the first and of the last record are not known to be whole and are
    /// left out, unless the span says that they are.
    pub(super) fn of(
        function: &'static str,
        span: Span,
        time_zone: Tz,
        counted: impl Iterator<Item = (i64, f64)>,
    ) -> Result<Self> {
        let zone = Zone::of(time_zone);
        let mut totals = std::collections::BTreeMap::<i64, f64>::new();
        for (start, records) in counted {
            *totals.entry(start).or_default() += records;
        }
        let first = span.from.map(|from| {
            let start = zone.bin_start(span.step, from);
            if start < from {
                zone.next_bin(span.step, start)
            } else {
                start
            }
        });
        let first = first.or_else(|| {
            let start = totals.keys().next()?;
            Some(zone.next_bin(span.step, *start))
        });
        let end = span.to.map(|to| zone.bin_start(span.step, to));
        let end = end.or_else(|| totals.keys().next_back().copied());
        let mut starts = Vec::new();
        if let (Some(first), Some(end)) = (first, end) {
            let mut start = first;
            while start <= end {
                if starts.len() > SLICES_MAX {
                    return Err(AnalysisError::Refused {
                        function,
                        reason: format!(
                            "the time spans more than {SLICES_MAX} slices of a {}: narrow it, or take a longer step",
                            span.step.as_str()
                        ),
                    }
                    .into());
                }
                starts.push(start);
                start = zone.next_bin(span.step, start);
            }
        }
        let slices = starts.len().saturating_sub(1);
        let within: f64 = match (starts.first(), starts.last()) {
            (Some(first), Some(last)) if first < last => totals
                .range(*first..*last)
                .map(|(_, records)| records)
                .sum(),
            _ => 0.0,
        };
        #[expect(clippy::cast_precision_loss, reason = "slices are few")]
        let busy = within >= BUSY * slices as f64;
        let known = starts
            .iter()
            .take(slices)
            .map(|start| !busy || totals.contains_key(start))
            .collect();
        Ok(Self {
            starts,
            known,
            step: span.step,
            zone,
        })
    }

    /// Also counts slices as unknown in which the records of *all* kinds are so few that the export must have a hole there: below a tenth of
    /// the usual for its weekday (hours and days) or a third of the usual (weeks and months), beside slices with at least twice as much.
    /// `counted`: start of a slice and records in it, in any order. Gives the number of slices.
    pub(super) fn find_holes(&mut self, counted: impl Iterator<Item = (i64, f64)>) -> usize {
        let sums = self.sums(counted);
        // Hours are judged by their day: nights are quiet.
        let day = |slice: usize| self.zone.local(self.starts[slice]).div_euclid(DAY);
        let part = |slice: usize| match self.step {
            Bin::Hour => usize::try_from(day(slice) - day(0)).unwrap_or(0),
            Bin::Day | Bin::Week | Bin::Month => slice,
        };
        let mut parts = vec![0.0; self.len().checked_sub(1).map_or(0, |last| part(last) + 1)];
        for (slice, sum) in sums.iter().enumerate() {
            parts[part(slice)] += sum;
        }
        let options = match self.step {
            Bin::Hour | Bin::Day => HoleOptions {
                season: 7,
                share: 0.1,
                ..HoleOptions::default()
            },
            Bin::Week | Bin::Month => HoleOptions::default(),
        };
        // The first and the last day may be parts of days.
        let inner = 1..parts.len().saturating_sub(1).max(1);
        let judged = match self.step {
            Bin::Hour => parts.get(inner.clone()).unwrap_or_default(),
            _ => &parts[..],
        };
        let offset = if self.step == Bin::Hour {
            inner.start
        } else {
            0
        };
        let holes = export_holes(judged, options).unwrap_or_default();
        let is_hole = |slice: usize| {
            let at = part(slice).checked_sub(offset);
            at.is_some_and(|at| holes.iter().any(|hole| hole.contains(&at)))
        };
        let found: Vec<usize> = (0..self.len()).filter(|slice| is_hole(*slice)).collect();
        for slice in &found {
            self.known[*slice] = false;
        }
        found.len()
    }

    /// The slices in which a kind of records was in use: before and after, its zeros are vocabulary. `counted` as in
    /// [`Timeline::find_holes`], of this kind in the whole city.
    pub(super) fn in_use(
        &self,
        counted: impl Iterator<Item = (i64, f64)>,
    ) -> std::ops::Range<usize> {
        let mut sums = self.sums(counted);
        for (sum, known) in sums.iter_mut().zip(&self.known) {
            if !known {
                *sum = f64::NAN;
            }
        }
        in_use(&sums)
    }

    fn sums(&self, counted: impl Iterator<Item = (i64, f64)>) -> Vec<f64> {
        let mut sums = vec![0.0; self.len()];
        for (start, records) in counted {
            if let Some(slice) = self.slice(start) {
                sums[slice] += records;
            }
        }
        sums
    }

    /// Number of slices.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The slice that begins at this instant.
    pub(super) fn slice(&self, start: i64) -> Option<usize> {
        let at = self.starts.binary_search(&start).ok()?;
        (at < self.len()).then_some(at)
    }

    /// Is anything known of a slice?
    pub(super) fn is_known(&self, slice: usize) -> bool {
        self.known[slice]
    }

    /// When a slice begins, µs; also the end of the last.
    pub(super) fn start(&self, slice: usize) -> i64 {
        self.starts[slice]
    }

    /// When the slices after the last one begin, µs.
    pub(super) fn following(&self, slices: usize) -> Vec<i64> {
        let next = |start: &i64| Some(self.zone.next_bin(self.step, *start));
        std::iter::successors(self.starts.last().copied(), next)
            .take(slices)
            .collect()
    }

    /// A series of zeros where nothing was counted, NaN where nothing is known.
    pub(super) fn blank(&self) -> Vec<f64> {
        self.known
            .iter()
            .map(|known| if *known { 0.0 } else { f64::NAN })
            .collect()
    }

    /// The city's weekday of each slice.
    pub(super) fn first_weekday(&self) -> chrono::Weekday {
        use chrono::Datelike as _;
        let local = self
            .starts
            .first()
            .map_or(0, |start| self.zone.local(*start));
        crate::zone::instant(local).weekday()
    }

    /// Step, first and last instant, slices and holes, as parameters of an answer.
    pub(super) fn note(&self, parameters: &mut Map<String, Value>) {
        parameters.insert("step".to_owned(), json!(self.step.as_str()));
        let text = |start: Option<&i64>| start.map(|start| self.zone.text(*start));
        parameters.insert("from".to_owned(), json!(text(self.starts.first())));
        parameters.insert("to".to_owned(), json!(text(self.starts.last())));
        parameters.insert("slices".to_owned(), json!(self.len()));
        let holes = self.known.iter().filter(|known| !**known).count();
        parameters.insert("holes".to_owned(), json!(holes));
    }
}
