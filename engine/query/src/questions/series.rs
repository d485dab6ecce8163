//! Complaints in each hour, day, week or month of the city's calendar.

use std::collections::BTreeMap;

use serde::ser::SerializeTuple;
use serde::{Serialize, Serializer};

use citybrain_store::Table;

use super::read;
use crate::statement::Statement;
use crate::{Answer, Bin, Filter, QueryError, Session, Zone};

/// Most bins of a series.
const BINS_MAX: usize = 100_000;

/// Complaints in each bin of the city's calendar, in order; a bin without a complaint is there with 0. The first bin is that of
/// the filter's `from`, or of the first complaint; the last is the one before the filter's `to`, or that of the last complaint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Series {
    /// The snapshot that was read.
    pub seq: u64,
    /// The unit of the calendar.
    #[serde(serialize_with = "word")]
    pub bin: Bin,
    /// The bins.
    pub series: Vec<BinValue>,
    /// Records that the filter meets: the sum of the values.
    pub total: u64,
    /// SQL that gives the bins that are not empty.
    pub sql: String,
}

/// A bin and its value; in JSON a pair: the bin's start as RFC 3339 text with the city's offset, and the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinValue {
    /// When the bin begins: µs since 1970, UTC.
    pub start: i64,
    /// The start as RFC 3339 text with the city's offset.
    pub text: String,
    /// Complaints.
    pub value: u64,
}

impl Session {
    /// Complaints in each bin of the city's calendar.
    ///
    /// # Errors
    /// A filter that does not fit the city, a span of more than 100,000 bins; the limits of the query.
    pub async fn series(&self, filter: &Filter, bin: Bin) -> Result<Series, QueryError> {
        let zone = Zone::of(self.snapshot.city.time_zone);
        let statement = Statement::new(include_str!("series.sql")).bind("bin", bin.as_str());
        let statement = filter.apply(statement, Table::Complaints, &self.snapshot.city)?;
        let counted = self.binned(filter, bin, &zone, &statement).await?;
        let mut total = 0;
        let mut next = counted.iter().copied().peekable();
        let series = bins(filter, bin, &zone, &counted)?
            .into_iter()
            .map(|start| {
                let value = next
                    .next_if(|&(counted, _)| counted == start)
                    .map_or(0, |(_, value)| value);
                total += value;
                BinValue {
                    start,
                    text: zone.text(start),
                    value,
                }
            })
            .collect();
        Ok(Series {
            seq: self.snapshot.seq,
            bin,
            series,
            total,
            sql: statement.shown(),
        })
    }
}

impl Session {
    /// Bins that are not empty and their counts, in order: from roll-ups, or by the statement.
    async fn binned(
        &self,
        filter: &Filter,
        bin: Bin,
        zone: &Zone,
        statement: &Statement,
    ) -> Result<Vec<(i64, u64)>, QueryError> {
        let rolled = match bin {
            Bin::Hour => None,
            Bin::Day | Bin::Week | Bin::Month => self.rolled(filter).await?,
        };
        let Some(rolled) = rolled else {
            return Ok(values(&self.rows(statement).await?));
        };
        let mut sums: BTreeMap<i64, u64> = BTreeMap::new();
        for (day, records) in rolled.by_day() {
            let begin = zone.first_instant(i64::from(day) * 86_400_000_000);
            *sums.entry(zone.bin_start(bin, begin)).or_default() += records;
        }
        for part in &rolled.rest {
            let statement = Statement::new(include_str!("series.sql")).bind("bin", bin.as_str());
            let statement = part.apply(statement, Table::Complaints, &self.snapshot.city)?;
            for (start, records) in values(&self.rows(&statement).await?) {
                *sums.entry(start).or_default() += records;
            }
        }
        Ok(sums.into_iter().collect())
    }
}

fn values(answer: &Answer) -> Vec<(i64, u64)> {
    let mut counted = Vec::with_capacity(answer.rows());
    for rows in &answer.batches {
        let (start, value) = (read::instant(rows, "bin"), read::unsigned(rows, "value"));
        let starts = start.values().iter().copied();
        counted.extend(starts.zip(value.values().iter().copied()));
    }
    counted
}

/// The starts of all bins from the first to the last.
fn bins(
    filter: &Filter,
    bin: Bin,
    zone: &Zone,
    counted: &[(i64, u64)],
) -> Result<Vec<i64>, QueryError> {
    let first = filter
        .from
        .map(|from| from.timestamp_micros())
        .or(counted.first().map(|&(start, _)| start));
    let last = filter
        .to
        .map(|to| to.timestamp_micros() - 1)
        .or(counted.last().map(|&(start, _)| start));
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(Vec::new());
    };
    let too_many = || {
        QueryError::parameter(
            "bin",
            format!(
                "the time spans more than {BINS_MAX} bins of a {}",
                bin.as_str()
            ),
        )
    };
    if last.saturating_sub(first) / bin.longest() > i64::try_from(BINS_MAX).unwrap_or(i64::MAX) {
        return Err(too_many());
    }
    let mut starts = Vec::new();
    let mut start = zone.bin_start(bin, first);
    while start <= last {
        if starts.len() == BINS_MAX {
            return Err(too_many());
        }
        starts.push(start);
        start = zone.next_bin(bin, start);
    }
    Ok(starts)
}

impl Serialize for BinValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&self.text)?;
        pair.serialize_element(&self.value)?;
        pair.end()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field by reference"
)]
fn word<S: Serializer>(bin: &Bin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(bin.as_str())
}
