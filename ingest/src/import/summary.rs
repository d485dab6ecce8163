//! What an import did.

use std::{collections::BTreeMap, time::Duration};

use citybrain_store::{Receipt, Refused};
use serde::Serialize;

use crate::decode::Notes;

/// What an import did, as it is printed. `read = accepted + updated + duplicate + rejected` and
/// `accepted + updated = located + not_located + outside`; of the located, `area_only` are in no cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Records read: one for each row, or one for each value of a row that holds several properties; a missing value is none.
    pub read: u64,
    /// New records.
    pub accepted: u64,
    /// Records that replace an earlier state of themselves.
    pub updated: u64,
    /// Records that were there already with the same content.
    pub duplicate: u64,
    /// Rows that are no record, and records that are older than what is kept.
    pub rejected: u64,
    /// Accepted or updated records in an area of the city's largest level.
    pub located: u64,
    /// Of the located: those that are known by their area alone, without a position and a cell.
    pub area_only: u64,
    /// Accepted or updated records that nothing places.
    pub not_located: u64,
    /// Accepted or updated records with a position outside the city.
    pub outside: u64,
    /// How long it took, in seconds.
    pub elapsed_s: f64,
    /// Records read in a second.
    pub rows_per_s: f64,
    /// How many rows each rule refused.
    pub reasons: BTreeMap<String, u64>,
    /// What else is to be known.
    #[serde(skip_serializing_if = "Notes::is_empty")]
    pub notes: Notes,
}

/// The rule that refuses records older than what is kept.
const EXPIRED: &str = "expired";

impl Summary {
    /// How many of the rows each rule refused.
    pub(crate) fn reasons_of(refused: &[Refused]) -> BTreeMap<String, u64> {
        let mut reasons = BTreeMap::new();
        for row in refused {
            *reasons
                .entry(row.refusal.rule.clone().into_owned())
                .or_default() += 1;
        }
        reasons
    }

    /// Counts a batch that was appended, and the reasons of the rows that were refused with it.
    pub(crate) fn count(&mut self, receipt: &Receipt, reasons: BTreeMap<String, u64>) {
        self.accepted += receipt.accepted;
        self.updated += receipt.updated;
        self.duplicate += receipt.duplicate;
        self.located += receipt.located;
        self.area_only += receipt.area_only;
        self.not_located += receipt.not_located;
        self.outside += receipt.outside;
        let expired = (receipt.expired > 0).then(|| (EXPIRED.to_owned(), receipt.expired));
        for (rule, count) in reasons.into_iter().chain(expired) {
            self.rejected += count;
            *self.reasons.entry(rule).or_default() += count;
        }
        self.read = self.accepted + self.updated + self.duplicate + self.rejected;
    }

    pub(crate) fn took(&mut self, elapsed: Duration) {
        self.elapsed_s = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let read = self.read as f64;
        self.rows_per_s = if self.elapsed_s > 0.0 {
            read / self.elapsed_s
        } else {
            0.0
        };
    }
}
