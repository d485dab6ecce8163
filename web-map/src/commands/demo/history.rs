//! The demo's history: which one, and whether it is all there.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use citybrain_grid::City;
use citybrain_model::{Complaint, Observation, Refusal};
use citybrain_store::{Batch, Writer};
use citybrain_synth::{Simulation, SimulationSpec};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::super::Failure;
use crate::clock;

/// What a demo's history is, kept beside its state: the same numbers give the same records, so a history that was cut off is
/// simply written again, and the feed goes on in the same simulated world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct History {
    seed: u64,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    complaints_per_day: f64,
    sensors: usize,
    observation_minutes: u32,
    /// Is it all there?
    complete: bool,
}

/// Where it is kept, in the state directory.
const FILE: &str = "demo.json";
/// The source of everything simulated.
pub(super) const SOURCE: &str = "simulated";
/// Records that are appended together.
const BATCH_ROWS: usize = 20_000;

impl History {
    /// A history of the `days` before `now`.
    pub(super) fn new(now: DateTime<Utc>, days: u32, complaints_per_day: f64) -> Self {
        let spec = SimulationSpec::before(now, days, 1);
        let SimulationSpec { seed, from, to, .. } = spec;
        Self {
            seed,
            from,
            to,
            complaints_per_day,
            sensors: 24,
            observation_minutes: 60,
            complete: false,
        }
    }

    /// The history of a demo's state directory, if it is one.
    pub(super) fn of(state_dir: &Path) -> Result<Option<Self>, Failure> {
        let file = state_dir.join(FILE);
        match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| Failure::File {
                    path: file,
                    source: error.into(),
                }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file(&file)(error)),
        }
    }

    /// Writes down which history it is, before it begins.
    pub(super) fn begin(self, state_dir: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(state_dir).map_err(Failure::file(state_dir))?;
        self.keep(state_dir)?;
        Ok(self)
    }

    /// Appends what is not there yet, and gives the simulated world.
    pub(super) fn complete(
        mut self,
        state_dir: &Path,
        city: &City,
        writer: &Writer,
    ) -> Result<Simulation, Failure> {
        let simulation = Simulation::try_new(city, &self.spec())?;
        if !self.complete {
            Self::append(&simulation, writer)?;
            self.complete = true;
            self.keep(state_dir)?;
        }
        Ok(simulation)
    }

    fn spec(&self) -> SimulationSpec {
        SimulationSpec {
            seed: self.seed,
            from: self.from,
            to: self.to,
            complaints_per_day: self.complaints_per_day,
            sensors: self.sensors,
            observation_minutes: self.observation_minutes,
            planted: true,
        }
    }

    fn append(simulation: &Simulation, writer: &Writer) -> Result<(), Failure> {
        let received_at = clock::now();
        let totals = simulation.truth().totals;
        let bar = bar(totals.complaints + totals.observations);
        let complaints = simulation
            .complaints()
            .map(|complaint| Complaint::try_new(complaint.draft(SOURCE), received_at));
        append_all(complaints, Batch::Complaints, writer, &bar)?;
        let observations = simulation
            .observations()
            .map(|observation| Observation::try_new(observation.draft(SOURCE), received_at));
        append_all(observations, Batch::Observations, writer, &bar)?;
        bar.finish_and_clear();
        Ok(())
    }

    fn keep(&self, state_dir: &Path) -> Result<(), Failure> {
        let (draft, file): (PathBuf, PathBuf) =
            (state_dir.join("demo.json.tmp"), state_dir.join(FILE));
        let text =
            serde_json::to_string_pretty(self).expect("times and numbers have a form in JSON");
        fs::write(&draft, text + "\n").map_err(Failure::file(&draft))?;
        fs::rename(&draft, &file).map_err(Failure::file(&file))
    }
}

fn append_all<T>(
    mut records: impl Iterator<Item = Result<T, Refusal>>,
    batch: fn(Vec<T>) -> Batch,
    writer: &Writer,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    loop {
        let rows: Vec<T> = records
            .by_ref()
            .take(BATCH_ROWS)
            .map(|record| record.expect("the simulation keeps the rules of records"))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let count = rows.len() as u64;
        writer.append_blocking(batch(rows), Vec::new())?;
        bar.inc(count);
    }
}

/// Shown on a terminal's stderr only.
fn bar(records: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(records), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("history {wide_bar} {pos}/{len} records");
    bar.set_style(style.expect("the template is well formed"));
    bar
}

#[cfg(test)]
mod tests;
