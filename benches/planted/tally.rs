//! Planted, found, findings, false ones; added up over cities.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Of one analysis.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) planted: u32,
    pub(crate) found: u32,
    pub(crate) findings: u32,
    pub(crate) wrong: u32,
    /// Days from a burst to its first alarm.
    pub(crate) delays: Vec<i32>,
    /// Questions asked, and those that gave a false finding.
    pub(crate) asked: u32,
    pub(crate) asked_with_wrong: u32,
}

/// Of all analyses, by what was asked.
#[derive(Debug, Default)]
pub(crate) struct Tallies(BTreeMap<&'static str, Tally>);

impl Tallies {
    /// One more question.
    pub(crate) fn count(&mut self, what: &'static str, mut tally: Tally) {
        tally.asked = 1;
        tally.asked_with_wrong = u32::from(tally.wrong > 0);
        let mut one = Self::default();
        one.0.insert(what, tally);
        self.add(one);
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (what, tally) in other.0 {
            let sum = self.0.entry(what).or_default();
            sum.planted += tally.planted;
            sum.found += tally.found;
            sum.findings += tally.findings;
            sum.wrong += tally.wrong;
            sum.delays.extend(tally.delays);
            sum.asked += tally.asked;
            sum.asked_with_wrong += tally.asked_with_wrong;
        }
    }

    /// The table of cities with planted facts.
    pub(crate) fn planted(&self) -> String {
        let mut table = "| analysis | planted | found | recall | findings | false | FDR | delay, days |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
        for (what, tally) in &self.0 {
            let delay = if tally.delays.is_empty() {
                String::new()
            } else {
                let sum: i32 = tally.delays.iter().sum();
                let mean = f64::from(sum) / f64::from(tally.found.max(1));
                let most = tally.delays.iter().max().copied().unwrap_or(0);
                format!("mean {mean:.2}, at most {most}")
            };
            writeln!(
                table,
                "| {what} | {} | {} | {} | {} | {} | {} | {delay} |",
                tally.planted,
                tally.found,
                share(tally.found, tally.planted),
                tally.findings,
                tally.wrong,
                share(tally.wrong, tally.findings),
            )
            .unwrap();
        }
        table
    }

    /// The table of cities with nothing planted.
    pub(crate) fn nothing(&self) -> String {
        let mut table = "| analysis | asked | with a finding | share | findings in all |\n| --- | --- | --- | --- | --- |\n".to_owned();
        for (what, tally) in &self.0 {
            writeln!(
                table,
                "| {what} | {} | {} | {} | {} |",
                tally.asked,
                tally.asked_with_wrong,
                share(tally.asked_with_wrong, tally.asked),
                tally.findings,
            )
            .unwrap();
        }
        table
    }
}

fn share(part: u32, all: u32) -> String {
    if all == 0 {
        "–".to_owned()
    } else {
        format!("{:.3}", f64::from(part) / f64::from(all))
    }
}
