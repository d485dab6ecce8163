//! The demo's feed: new complaints and sensor values, each when it is due.

use std::time::Duration;

use citybrain_model::{Complaint, Observation};
use citybrain_store::{AppendError, Batch, Writer};
use citybrain_synth::Simulation;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::history::SOURCE;
use crate::clock;
use crate::state::AppState;

/// What is due is appended this often.
const EVERY: Duration = Duration::from_millis(150);
/// A sender that slept longer than this goes on from now.
const SLEPT_SECONDS: i64 = 30;

/// Starts the feed on the server's tasks; it ends with the server. Ids are made from the instant, so a later feed repeats none.
pub(super) fn start(simulation: Simulation, state: &AppState, per_second: f64) {
    let (writer, stop) = (state.engine.writer().clone(), state.stop.clone());
    state.tasks.spawn(async move {
        stop.run_until_cancelled(feed(simulation, writer, per_second))
            .await;
    });
}

async fn feed(simulation: Simulation, writer: Writer, per_second: f64) {
    let mut complaints = simulation.live(clock::now(), per_second);
    let mut observations = simulation.live_observations(clock::now());
    let (mut next_complaint, mut next_observation) = (complaints.next(), observations.next());
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let now = clock::now();
        if next_complaint
            .as_ref()
            .is_some_and(|next| (now - next.requested_at.to_utc()).num_seconds() > SLEPT_SECONDS)
        {
            complaints.skip_to(now);
            next_complaint = complaints.next();
        }
        let mut due = Vec::new();
        while let Some(complaint) = next_complaint.take_if(|next| next.requested_at <= now) {
            due.extend(Complaint::try_new(complaint.draft(SOURCE), now));
            next_complaint = complaints.next();
        }
        append(&writer, Batch::Complaints(due)).await;

        let mut due = Vec::new();
        while let Some(observation) = next_observation.take_if(|next| next.phenomenon_time <= now) {
            due.extend(Observation::try_new(observation.draft(SOURCE), now));
            next_observation = observations.next();
        }
        append(&writer, Batch::Observations(due)).await;
    }
}

/// Appends a batch; waits while the store is busy. A batch that the disk refuses is left out: the log says so.
async fn append(writer: &Writer, batch: Batch) {
    while !batch.is_empty() {
        match writer.append(batch.clone(), Vec::new()).await {
            Err(AppendError::Full { retry_after, .. }) => sleep(retry_after).await,
            Err(error) => {
                tracing::warn!(%error, "feed_not_appended");
                return;
            }
            Ok(_) => return,
        }
    }
}
